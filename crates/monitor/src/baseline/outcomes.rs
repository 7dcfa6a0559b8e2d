//! `outcomes.parquet`: how the predictions of the baseline turned out, segment by segment.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use arrow_array::{Array, BinaryArray, RecordBatch, StringArray, cast::AsArray};
use arrow_schema::{DataType, Field, Schema};
use profile::{Profile, Spec};
use quality::{Calibrate, ClassEstimator, Problem, State, Undefined, metric};
use rayon::ThreadPool;
use store::{Location, Plan, Store};

use super::other_monitors;
use crate::{
    Baseline, Error, Settings, Watch,
    outcomes::{Counting, Form, Outcomes, Truth, joined},
    score::unusable,
    window::Every,
};

pub(super) const FILE: &str = "outcomes.parquet";
/// Version of the file; another one is as good as none.
const FORMAT: &str = "2";

/// How the predictions of a baseline turned out.
#[derive(Debug, Clone, Default)]
pub(crate) struct BaselineOutcomes {
    /// Digest of the form that they were counted in.
    pub(crate) form: String,
    /// By segment; `None` is all rows.
    pub(crate) segments: BTreeMap<Option<Arc<str>>, Box<[u8]>>,
}

impl BaselineOutcomes {
    /// Reads them back; `None` where they were counted in another form.
    pub(crate) fn read(&self, form: &Form) -> Option<BTreeMap<Option<Arc<str>>, Outcomes>> {
        if self.form != form.digest() {
            return None;
        }
        // It promises nothing to itself.
        let form = &Form { estimator: None, ..form.clone() };
        let segments = self.segments.iter();
        segments
            .map(|(segment, bytes)| Some((segment.clone(), Outcomes::of_bytes(bytes, form).ok()?)))
            .collect()
    }
}

impl Baseline {
    /// What is counted of predictions and labels that are compared with this baseline; `None` where settings ask for nothing.
    ///
    /// # Errors
    /// [`Error::Setting`] for what cannot be counted.
    pub(crate) fn form(&self, settings: &Settings) -> Result<Option<Form>, Error> {
        let Some(mut form) = Form::of(settings, &self.spec)? else { return Ok(None) };
        let read = self.outcomes.as_ref().and_then(|outcomes| outcomes.read(&form));
        if let Some(State::Multiclass(state)) = read.as_ref().and_then(|read| Some(&read.get(&None)?.quality))
        {
            form.estimator = ClassEstimator::new(state, |_| Calibrate::default()).ok();
        }
        Ok(Some(form))
    }
}

/// Counts predictions and labels of a baseline; `None` when the run is to stop.
#[expect(clippy::too_many_arguments, reason = "what a baseline is made of, each from elsewhere")]
pub(super) fn count(
    store: &Store,
    plan: Plan,
    spec: &Spec,
    form: &Form,
    settings: &Settings,
    pool: &ThreadPool,
    stop: &AtomicBool,
    watch: Watch<'_>,
    notes: &mut Vec<String>,
) -> Result<Option<BaselineOutcomes>, Error> {
    let truth = Truth::find(store, settings, watch)?;
    let counting = Counting { store, settings, spec, form, every: Every::All, pool, stop };
    let plan = Arc::new(plan);
    let Some(counted) = counting.run(&plan, truth.as_ref(), watch)? else { return Ok(None) };
    let bad = counted.bad().collect::<Vec<_>>();
    notes.extend(counted.labels.as_ref().map(joined));
    let mut segments = counted.whole(form)?;
    if !segments.contains_key(&None) {
        let mut all = Outcomes::new(form);
        segments.values().for_each(|outcomes| all.add(outcomes));
        segments.insert(None, all);
    }
    notes.extend(
        truth
            .iter()
            .flat_map(Truth::bad)
            .map(|(path, reason)| format!("labels of {path} were left out: {reason}")),
    );
    notes.extend(
        bad.into_iter().map(|(path, reason)| format!("predictions of {path} were left out: {reason}")),
    );
    if let Some(all) = segments.get(&None).filter(|all| all.labelled == 0 && form.label.is_some()) {
        let why = unusable(&all.quality).map_or_else(String::new, |why| format!(" ({why})"));
        notes.push(format!(
            "none of {} rows has a label{why}: there is nothing to compare the quality of predictions with",
            all.rows
        ));
    }
    notes.extend(segments.get(&None).and_then(|all| one_class(&all.quality, settings)));
    let bytes = |(segment, outcomes): (Option<Arc<str>>, Outcomes)| {
        Ok((segment, outcomes.to_bytes()?.into_boxed_slice()))
    };
    let segments = segments.into_iter().map(bytes).collect::<Result<_, sketch::Error>>()?;
    Ok(Some(BaselineOutcomes { form: form.digest(), segments }))
}

/// A remark on labels that are all of one class: a slip in the name of the positive one gives the best of all models.
fn one_class(state: &State, settings: &Settings) -> Option<String> {
    let undefined = |name: &str| state.score(metric(Problem::Binary, name)?)?.err();
    let which = match (undefined("recall"), undefined("true_negative_rate")) {
        (Some(Undefined::NoPositives), _) => "positive",
        (_, Some(Undefined::NoNegatives)) => "negative",
        _ => return None,
    };
    let positive = settings.quality.positive.as_deref().unwrap_or("1");
    Some(format!(
        "no label of the baseline is {which} (`{positive}` is positive: `positive` under [quality] says which is), so nearly \
         nothing of quality can be compared"
    ))
}

/// Writes the file and the documents that follow from it, or removes those of an earlier baseline.
pub(super) fn write(
    store: &Store,
    folder: &Location,
    outcomes: Option<&BaselineOutcomes>,
    form: Option<&Form>,
    profile: Option<(&Spec, &Profile)>,
    settings: &Settings,
) -> Result<(), Error> {
    let place = folder.join(FILE)?;
    if let Some(profile) = profile {
        let read = form.and_then(|form| outcomes?.read(form)).unwrap_or_default();
        let had_some = store.read(&place)?.is_some();
        let counted = form.zip(read.get(&None));
        other_monitors::write(store, folder, counted, profile, settings, had_some)?;
    }
    let Some(outcomes) = outcomes else { return Ok(store.delete(&place)?) };
    let metadata = [
        ("driftscan.format".to_owned(), FORMAT.to_owned()),
        ("driftscan.form".to_owned(), outcomes.form.clone()),
    ];
    let fields =
        vec![Field::new("segment", DataType::Utf8, true), Field::new("outcomes", DataType::Binary, false)];
    let schema = Schema::new_with_metadata(fields, metadata.into_iter().collect());
    let segments: StringArray = outcomes.segments.keys().map(Option::as_deref).collect();
    let bytes = BinaryArray::from_iter_values(outcomes.segments.values());
    let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(segments), Arc::new(bytes)])?;
    store.write_table(&place, &[batch])?;
    Ok(())
}

/// Reads the file; `None` where there is none, or one of another version.
pub(super) fn read(store: &Store, folder: &Location) -> Result<Option<BaselineOutcomes>, Error> {
    let batches = match store.read_parquet(&folder.join(FILE)?) {
        Ok(Some(batches)) => batches,
        Ok(None) => return Ok(None),
        Err(error @ store::Error::Corrupt { .. }) => {
            return Err(Error::Baseline {
                place: folder.to_string(),
                reason: format!("`{FILE}` cannot be read: {}", error.chain()),
            });
        }
        Err(error) => return Err(error.into()),
    };
    let metadata = batches.first().map(|batch| batch.schema().metadata().clone()).unwrap_or_default();
    if metadata.get("driftscan.format").map(String::as_str) != Some(FORMAT) {
        return Ok(None);
    }
    let mut read = BaselineOutcomes {
        form: metadata.get("driftscan.form").cloned().unwrap_or_default(),
        ..Default::default()
    };
    for batch in &batches {
        let segments = batch.column_by_name("segment").and_then(|column| column.as_string_opt::<i32>());
        let bytes = batch.column_by_name("outcomes").and_then(|column| column.as_binary_opt::<i32>());
        let Some((segments, bytes)) = segments.zip(bytes) else { return Ok(None) };
        for row in 0..batch.num_rows() {
            let segment = segments.is_valid(row).then(|| segments.value(row).into());
            read.segments.insert(segment, bytes.value(row).into());
        }
    }
    Ok(Some(read))
}
