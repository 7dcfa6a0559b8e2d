//! Ground truth that lies elsewhere than the captures: where, and how it is read.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, UInt64Array, cast::AsArray,
    types::Float64Type,
};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use quality::join::{ID, NEW, ORDER, TIME};
use store::{EVENT_ID, EVENT_TIME, GROUND_TRUTH, Plan, PlanOptions, PlanStatus, Source, Store, Task};

use super::{
    Counting,
    joining::{Joining, Rows},
    keys::{Side, TaskKeys},
    places::Places,
    sheet::given,
};
use crate::{
    Error, Progress, Settings, Watch,
    gather::{self, Fault, Pass, Trouble},
    profiles::Digest,
    run::list,
    settings::{GroundTruth, OnBadFile},
    time_column::instants,
};

/// Labels that lie elsewhere than the captures.
#[derive(Debug)]
pub(crate) struct Truth {
    plan: Arc<Plan>,
    id: String,
    label: String,
    arrived: Option<String>,
    as_of: Option<i64>,
    /// Where files stand among all.
    pub(super) places: Places,
    /// Files set aside: path and reason.
    bad: Mutex<Vec<(String, String)>>,
    /// Ids of the files that were read.
    read: Mutex<HashSet<String>>,
}

/// Which label files are read, and what for.
pub(super) struct Wanted<'a> {
    pub(super) files: &'a dyn Fn(&Source) -> bool,
    /// Whether their labels take part in a join for the first time.
    pub(super) new: bool,
    /// Whether the keys of their ids are kept.
    pub(super) keys: bool,
}

impl Truth {
    /// Looks for the labels that the settings name; `None` where they name none.
    ///
    /// # Errors
    /// Where the store does not answer, or columns that are named are not there.
    pub(crate) fn find(store: &Store, settings: &Settings, watch: Watch<'_>) -> Result<Option<Self>, Error> {
        let Some(GroundTruth { captures, id, label, arrived }) = &settings.ground_truth else {
            return Ok(None);
        };
        if settings.roles.id.is_none() {
            return Err(Error::Setting {
                name: "id".to_owned(),
                reason: "ground truth is joined by the id of predictions: name that column (--id COL)"
                    .to_owned(),
            });
        }
        let texts = id.iter().chain(&settings.roles.id).cloned().collect();
        let options = PlanOptions { texts, ..PlanOptions::default() };
        let (records, plan, aside) = match list(store, captures, watch) {
            Ok(listed) => {
                let records = listed.sources().any(|source| source.format.is_records());
                (records, store.plan_listed(listed, &options, &|_| ())?, Vec::new())
            }
            // A model may run for weeks before its first label.
            Err(Error::Store(store::Error::NotFound { .. } | store::Error::Empty { .. })) => {
                let reason = "no labels are there yet".to_owned();
                (false, store.nothing(), vec![(captures.to_string(), reason)])
            }
            Err(error) => return Err(error),
        };
        let own = |name: &str| records.then(|| name.to_owned());
        let setting =
            |name: &str, reason: String| Error::Setting { name: format!("ground_truth.{name}"), reason };
        let columns: std::collections::BTreeSet<&str> = plan
            .sources
            .iter()
            .filter_map(|source| source.schema.as_ref())
            .flat_map(|schema| schema.fields().iter().map(|field| field.name().as_str()))
            .collect();
        if !plan.sources.iter().any(|source| matches!(source.status, PlanStatus::Ready))
            && !plan.sources.is_empty()
        {
            let reason = plan.sources.iter().find_map(|source| match &source.status {
                PlanStatus::Quarantined(reason) => Some(format!("{}: {reason}", source.source.path)),
                _ => None,
            });
            let reason = reason.unwrap_or_default();
            return Err(setting(
                "captures",
                format!("no file in `{captures}` can be used; the first, {reason}"),
            ));
        }
        let id =
            id.clone().or_else(|| own(EVENT_ID)).or_else(|| settings.roles.id.clone()).ok_or_else(|| {
                setting("id", "expected the column that names the prediction of a label (id)".to_owned())
            })?;
        let in_records =
            || columns.iter().find(|name| name.starts_with(GROUND_TRUTH)).map(|name| (*name).to_owned());
        let role = settings.roles.label.clone();
        let label = label
            .clone()
            .or_else(|| role.clone().filter(|name| columns.contains(name.as_str())))
            .or_else(|| if records { in_records() } else { None })
            .or(role)
            .ok_or_else(|| setting("label", "expected the column of labels (label)".to_owned()))?;
        let arrived = arrived.clone().or_else(|| own(EVENT_TIME));
        let known = |name: &str| columns.is_empty() || columns.contains(name);
        for (key, name) in [("id", Some(&id)), ("label", Some(&label)), ("arrived", arrived.as_ref())] {
            if let Some(name) = name.filter(|name| !known(name)) {
                let listed: Vec<String> = columns.iter().take(12).map(|name| format!("`{name}`")).collect();
                return Err(setting(
                    key,
                    format!("no label file has a column `{name}`; they have {}", listed.join(", ")),
                ));
            }
        }
        if settings.as_of.is_some() && arrived.is_none() {
            return Err(setting(
                "arrived",
                "labels as of a moment take the column that says when each arrived".to_owned(),
            ));
        }
        let (as_of, places, bad) = (settings.as_of, Places::of_plan(&plan.sources), Mutex::new(aside));
        Ok(Some(Self {
            plan: Arc::new(plan),
            id,
            label,
            arrived,
            as_of,
            places,
            bad,
            read: Mutex::default(),
        }))
    }

    /// All label files.
    pub(super) fn files(&self) -> impl Iterator<Item = &Source> {
        self.plan.sources.iter().map(|planned| &planned.source)
    }

    /// Digest of all that depends on labels, if these files (id and version) were all there are.
    pub(super) fn digest<'a>(&self, files: impl Iterator<Item = (&'a str, String)>) -> String {
        let digest = Digest::new("truth").text(&self.id).text(&self.label);
        let digest = digest.text(format_args!("{:?} {:?}", self.arrived, self.as_of));
        let files: std::collections::BTreeMap<&str, String> = files.collect();
        files.into_iter().fold(digest, |digest, (id, version)| digest.text(id).text(version)).finish()
    }

    /// Reads labels. Says whether it came to its end.
    pub(super) fn read(
        &self,
        counting: &Counting<'_>,
        joining: &Joining,
        wanted: &Wanted<'_>,
        watch: Watch<'_>,
    ) -> Result<bool, Error> {
        let mut plan = Plan::clone(&self.plan);
        plan.sources.retain(|planned| (wanted.files)(&planned.source));
        let plan = Arc::new(plan);
        let ids = plan.sources.iter().map(|planned| planned.source.id.clone());
        self.read.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
        for planned in &plan.sources {
            if let PlanStatus::Quarantined(reason) = &planned.status {
                self.set_aside(counting.settings, &planned.source.path, reason)?;
            }
        }
        let (schema, new, keys) = (Self::schema(counting), wanted.new, wanted.keys);
        let names = [&self.id, &self.label].into_iter().chain(&self.arrived).map(String::as_str);
        let pass = Pass {
            store: counting.store,
            plan: &plan,
            settings: counting.settings,
            columns: gather::holding(&plan, names),
            pool: counting.pool,
            watch,
        };
        let mut progress: Progress = gather::planned(&plan);
        pass.run_within(
            &|_, rows| if keys { rows.saturating_mul(8) } else { 0 },
            |planned, task| {
                let owner = (Side::Labels, self.places.of(&planned.source.id), task.task);
                let mut rows = Rows { owner, first: 0, keys: keys.then(TaskKeys::default) };
                let outcome = self.task(counting, &task, &schema, joining, new, &mut rows);
                joining.done(rows)?;
                outcome
            },
            |(), ()| (),
            &mut progress,
            |at, result: Result<Option<()>, Fault>, _| {
                if let Err(fault) = result {
                    let path = &plan.sources[at].source.path;
                    self.set_aside(counting.settings, path, &fault.of_data(path)?.reason)?;
                }
                Ok(())
            },
        )
    }

    /// Files that cannot be used: those that were found out, and of those that were known before the ones that were not read.
    pub(super) fn aside(&self, before: &[(String, String)]) -> Vec<(String, String)> {
        let unread: HashSet<&str> = {
            let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            self.files().filter(|file| !read.contains(&file.id)).map(|file| file.path.as_str()).collect()
        };
        let mut aside = self.bad();
        aside.extend(before.iter().filter(|(path, _)| unread.contains(path.as_str())).cloned());
        aside
    }

    /// Files that could not be read: path and reason.
    pub(crate) fn bad(&self) -> Vec<(String, String)> {
        self.bad.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_aside(&self, settings: &Settings, path: &str, reason: &str) -> Result<(), Error> {
        let (path, reason) = (path.to_owned(), gather::plain_reason(path, reason));
        if settings.on_bad_file == OnBadFile::Fail {
            return Err(Error::BadFile { path, reason });
        }
        self.bad.lock().unwrap_or_else(PoisonError::into_inner).push((path, reason));
        Ok(())
    }

    /// The columns of labels.
    pub(super) fn schema(counting: &Counting<'_>) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new(ID, DataType::Utf8, true),
            Field::new(TIME, DataType::Int64, true),
            Field::new(ORDER, DataType::UInt64, false),
            Field::new(NEW, DataType::Boolean, false),
            counting.form.label_field(),
        ]))
    }

    fn task(
        &self,
        counting: &Counting<'_>,
        task: &Task,
        schema: &SchemaRef,
        joining: &Joining,
        new: bool,
        rows: &mut Rows,
    ) -> Result<(), Trouble> {
        for batch in task.batches(None) {
            let batch = batch?;
            let ids = ids(&batch, &self.id)?;
            let arrived = match &self.arrived {
                Some(name) => {
                    let times = times(&batch, name, counting.settings)?;
                    let given =
                        batch.column_by_name(name).map_or(0, |column| column.len() - column.null_count());
                    if given > 0 && times.null_count() == times.len() {
                        return Err(format!("column `{name}`: none of its values is a time").into());
                    }
                    times
                }
                None => Int64Array::new_null(batch.num_rows()),
            };
            let labels = counting
                .form
                .labels(&batch, &self.label)
                .ok_or_else(|| format!("no column `{}` of labels", self.label))?;
            let columns: Vec<ArrayRef> = vec![
                ids,
                Arc::new(arrived),
                Arc::new(order(rows, batch.num_rows())),
                Arc::new(BooleanArray::from(vec![new; batch.num_rows()])),
                labels,
            ];
            rows.first += batch.num_rows() as u64;
            let error = |error: ArrowError| error.to_string();
            let labels = RecordBatch::try_new(Arc::clone(schema), columns).map_err(error)?;
            // A row without a label is none: it must not take the place of one that came before it.
            let given = given(&labels);
            joining.labels(&filter_record_batch(&labels, &given).map_err(error)?, rows)?;
        }
        Ok(())
    }
}

/// The ids of a batch, as text.
pub(super) fn ids(batch: &RecordBatch, name: &str) -> Result<ArrayRef, String> {
    let column = batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))?;
    // Whole numbers beside nulls are often written as doubles, and are no other ids for that.
    let whole = match column.data_type() {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => whole_numbers(column),
        _ => None,
    };
    let text = cast(whole.as_ref().unwrap_or(column), &DataType::Utf8)
        .map_err(|error| format!("column `{name}`: cannot be an id: {error}"))?;
    let text: StringArray = text.as_string::<i32>().clone();
    Ok(Arc::new(text))
}

/// Doubles as whole numbers; `None` where one is none, or may stand for several.
#[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
fn whole_numbers(column: &ArrayRef) -> Option<ArrayRef> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let doubles = cast(column, &DataType::Float64).ok()?;
    let doubles = doubles.as_primitive::<Float64Type>();
    let is_whole = |value: f64| value.fract() == 0.0 && value.abs() < EXACT;
    // NaN is how some write a missing one.
    let given = || doubles.iter().map(|value| value.filter(|value| !value.is_nan()));
    let whole: Int64Array = given().map(|value| Some(value? as i64)).collect();
    given().flatten().all(is_whole).then(|| Arc::new(whole) as ArrayRef)
}

pub(super) fn times(batch: &RecordBatch, name: &str, settings: &Settings) -> Result<Int64Array, String> {
    let column = batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))?;
    instants(column, &settings.windows.timezone).map_err(|reason| format!("column `{name}`: {reason}"))
}

/// Which row comes later where times do not say: by file, then by place in it.
pub(super) fn order(from: &Rows, rows: usize) -> UInt64Array {
    let (_, place, task) = from.owner;
    let base = u64::from(place) << 44 | (task as u64) << 28;
    UInt64Array::from_iter_values((0..rows as u64).map(|row| base + from.first + row))
}
