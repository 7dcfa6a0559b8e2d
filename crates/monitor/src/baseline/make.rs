//! Making a baseline: survey, freeze, profile, suggest, write.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use profile::{Kind, Profile, Spec, Survey};
use store::{Location, Plan, PlanStatus, Store};

use super::{
    outcomes, published_type,
    statistics::{self, Buckets},
    stored::{self, Stored},
    suggest::{self, suggest},
};
use crate::{
    Compat, Error, OnBadFile, Progress, Settings, Watch, captured,
    gather::{self, Pass},
    grouping::Grouping,
    outcomes::Form,
    run::{apart, list, plan_captures},
    score::deciding_metric,
    window::{Calendar, Every},
};

/// What a baseline came to.
#[derive(Debug, Default)]
pub struct BaselineOutcome {
    /// Rows in it.
    pub rows: u64,
    /// Files read.
    pub files: u64,
    /// Features, in the order of their columns.
    pub features: Vec<BaselineFeature>,
    /// Files set aside: path and reason.
    pub quarantined: Vec<(String, String)>,
    /// Remarks, each one sentence.
    pub notes: Vec<String>,
    /// Whether it was stopped before its end; then nothing was written.
    pub interrupted: bool,
}

/// One feature of a baseline.
#[derive(Debug, Clone)]
pub struct BaselineFeature {
    /// Name.
    pub name: String,
    /// Integral, Fractional, String or Unknown.
    pub inferred_type: &'static str,
    /// Share of rows with a value, 0 to 1.
    pub completeness: f64,
    /// Metric that decides on drift; empty where nothing can be compared.
    pub metric: &'static str,
    /// Different values, estimated.
    pub distinct: u64,
    /// Smallest and largest value, for numbers.
    pub range: Option<(f64, f64)>,
}

/// Profiles a baseline, suggests constraints and writes `statistics.json`, `constraints.json` and
/// `profile.parquet` into a folder; with labels, groups or attributions also `outcomes.parquet`, and what monitors of Model
/// Monitor compare with.
///
/// # Errors
/// When nothing can be read, a named column does not exist, or the folder cannot be written.
pub fn make_baseline(
    store: &Store,
    data: &Location,
    out: &Location,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<BaselineOutcome, Error> {
    apart(data, out)?;
    let listed = list(store, data, watch)?;
    let has_records = listed.sources().any(|source| source.format.is_records());
    let settings = &captured::settle(settings, &listed, None);
    let mut plan = plan_captures(store, data, listed, settings, watch, None)?;
    let mut outcome = BaselineOutcome::default();
    set_aside(&plan, settings, &mut outcome)?;

    let pool = gather::pool(settings)?;
    let unfrozen = Spec::default();
    let calendar = Calendar::new(Every::All, settings.windows.timezone.clone());
    let grouping = Grouping {
        spec: &unfrozen,
        settings,
        calendar,
        by_hour: false,
        pages: true,
        room: None,
        stop: watch.stop,
    };
    // A pass whose sources turn out bad is followed by one without them, so both see the same rows.
    let (spec, buckets) = loop {
        let mut bad: Vec<(usize, String)> = Vec::new();
        let mut survey = Survey::default();
        let mut progress = gather::planned(&plan);
        let shared = Arc::new(plan);
        let pass = Pass {
            columns: gather::columns(&shared, settings),
            store,
            plan: &shared,
            settings,
            pool: &pool,
            watch,
        };
        let finished = pass.run(
            |planned, task| grouping.survey(planned, &task),
            Survey::merge,
            &mut progress,
            |source, result, _| {
                match result {
                    Ok(part) => survey.merge(part.unwrap_or_default()),
                    Err(fault) => bad.push((source, fault.reason)),
                }
                Ok(())
            },
        )?;
        plan = Arc::try_unwrap(shared).unwrap_or_else(|shared| shared.as_ref().clone());
        if !finished {
            outcome.interrupted = true;
            return Ok(outcome);
        }
        if bad.is_empty() {
            let buckets = survey
                .numbers()
                .filter_map(|(name, values)| Some((name.to_owned(), statistics::exact_buckets(values)?)));
            let buckets: HashMap<String, Buckets> = buckets.collect();
            break (survey.freeze(), buckets);
        }
        for (source, reason) in bad {
            plan.sources[source].status = PlanStatus::Quarantined(reason);
        }
        outcome.quarantined.clear();
        set_aside(&plan, settings, &mut outcome)?;
    };
    let spec = match settings.compat {
        Some(Compat::Sagemaker) => spec.with_arrival(),
        None => spec,
    };
    outcome.notes.extend(nameless(&spec, settings, has_records));
    let form = Form::of(settings, &spec)?;
    let again = form.is_some().then(|| plan.clone());
    let Some(stored) = profile_baseline(store, plan, spec, settings, &pool, watch, &mut outcome)? else {
        return Ok(outcome);
    };
    let counted = match form.as_ref().zip(again) {
        Some((form, plan)) => {
            let (spec, stop, notes) = (&stored.spec, watch.stop, &mut outcome.notes);
            match outcomes::count(store, plan, spec, form, settings, &pool, stop, watch, notes)? {
                Some(counted) => Some(counted),
                None => {
                    outcome.interrupted = true;
                    return Ok(outcome);
                }
            }
        }
        None => None,
    };
    write(store, out, settings, &stored, &buckets, &mut outcome)?;
    let all = stored.profiles.get(&None).map(|profile| (&stored.spec, profile));
    outcomes::write(store, out, counted.as_ref(), form.as_ref(), all, settings)?;
    Ok(outcome)
}

/// A remark where values are called by their place alone.
fn nameless(spec: &Spec, settings: &Settings, has_records: bool) -> Option<String> {
    let by_place = |name: &str| name.strip_prefix("_c").is_some_and(|place| place.parse::<u32>().is_ok());
    let is_nameless = has_records
        && settings.records.names.is_empty()
        && spec.features().iter().any(|feature| by_place(&feature.name));
    is_nameless.then(|| {
        "the captured values have no names and are called by their place, `_c0` and so on: `names` under [records] of \
         driftscan.toml gives them some"
            .to_owned()
    })
}

/// The second pass: everything counted under the frozen spec.
fn profile_baseline(
    store: &Store,
    plan: Plan,
    spec: Spec,
    settings: &Settings,
    pool: &rayon::ThreadPool,
    watch: Watch<'_>,
    outcome: &mut BaselineOutcome,
) -> Result<Option<Stored>, Error> {
    let mut profiles: BTreeMap<Option<Arc<str>>, Profile> = BTreeMap::from([(None, Profile::new(&spec))]);
    let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
    let mut progress: Progress = gather::planned(&plan);
    let calendar = Calendar::new(Every::All, settings.windows.timezone.clone());
    // By batches, as the first pass: a file that only one of the two paths refuses must not end the baseline here.
    let grouping = Grouping {
        spec: &spec,
        settings,
        calendar,
        by_hour: true,
        pages: false,
        room: None,
        stop: watch.stop,
    };
    let plan = Arc::new(plan);
    let mut rows_without_time = 0;
    let pass = Pass { columns: gather::columns(&plan, settings), store, plan: &plan, settings, pool, watch };
    let finished = pass.run(
        |planned, task| grouping.read(planned, &task),
        crate::group::Grouped::merge,
        &mut progress,
        |source, result, _| {
            let grouped = result.map_err(|fault| Error::BadFile {
                path: plan.sources[source].source.path.clone(),
                reason: fault.reason,
            })?;
            let grouped = grouped.unwrap_or_default();
            outcome.files += 1;
            rows_without_time += grouped.rows_without_time;
            if grouped.left_out.count() > 0 {
                let path = &plan.sources[source].source.path;
                outcome.notes.push(format!("{path}: {}", grouped.left_out.describe()));
            }
            #[expect(clippy::iter_over_hash_type, reason = "adding counts gives the same in any order")]
            for (hour, rows) in grouped.hours {
                *hours.entry(hour).or_default() += rows;
            }
            for part in grouped.parts {
                if part.segment.is_some() {
                    profiles.entry(part.segment).or_insert_with(|| Profile::new(&spec)).merge(&part.profile);
                }
                if let Some(all) = profiles.get_mut(&None) {
                    all.merge(&part.profile);
                }
            }
            Ok(())
        },
    )?;
    if !finished {
        outcome.interrupted = true;
        return Ok(None);
    }
    if rows_without_time > 0 {
        outcome
            .notes
            .push(format!("{rows_without_time} rows have no readable time and are not in the baseline"));
    }
    Ok(Some(Stored { spec, profiles, hours }))
}

fn write(
    store: &Store,
    out: &Location,
    settings: &Settings,
    stored: &Stored,
    buckets: &HashMap<String, Buckets>,
    outcome: &mut BaselineOutcome,
) -> Result<(), Error> {
    let Some(all) = stored.profiles.get(&None).filter(|profile| profile.rows > 0) else {
        return Err(Error::NoData {
            reason: "the baseline has no rows: check the range (--from, --to) and the timestamp column"
                .to_owned(),
        });
    };
    if stored.spec.features().is_empty() {
        return Err(Error::NoData {
            reason: "no column is left to monitor: check --features and --ignore".to_owned(),
        });
    }
    let constraints = suggest(&stored.spec, all, &settings.roles);
    let document = |value: &serde_json::Value| serde_json::to_vec_pretty(value);
    stored::write(store, out, stored)?;
    let statistics = statistics::statistics(&stored.spec, all, buckets);
    store.write(&out.join("statistics.json")?, document(&statistics)?)?;
    store.write(&out.join("constraints.json")?, document(&serde_json::to_value(&constraints)?)?)?;
    outcome.rows = all.rows;
    for (spec, profile) in stored.spec.features().iter().zip(&all.features) {
        outcome.features.push(BaselineFeature {
            name: spec.name.clone(),
            inferred_type: published_type(spec, profile),
            completeness: suggest::completeness(profile),
            metric: deciding_metric(&spec.kind, None).map_or("", |metric| metric.name),
            distinct: profile.distinct(),
            range: match &spec.kind {
                Kind::Number { bins, .. } => bins.range(),
                _ => None,
            },
        });
    }
    let uncovered: BTreeSet<&str> = stored
        .spec
        .features()
        .iter()
        .filter(|feature| feature.kind == Kind::Uncovered)
        .map(|feature| feature.name.as_str())
        .collect();
    for name in uncovered {
        outcome
            .notes
            .push(format!("`{name}` has a type that is not profiled; its scores say `not_comparable`"));
    }
    Ok(())
}

/// Records what the plan could not open.
fn set_aside(plan: &Plan, settings: &Settings, outcome: &mut BaselineOutcome) -> Result<(), Error> {
    for source in &plan.sources {
        if let PlanStatus::Quarantined(reason) = &source.status {
            let path = source.source.path.clone();
            let reason = gather::plain_reason(&path, reason);
            if settings.on_bad_file == OnBadFile::Fail {
                return Err(Error::BadFile { path, reason });
            }
            outcome.quarantined.push((path, reason));
        }
    }
    if plan.sources.iter().all(|source| !matches!(source.status, PlanStatus::Ready)) {
        let first = outcome.quarantined.first();
        let why = first.map_or_else(
            || "all files lie outside the range".to_owned(),
            |(path, reason)| format!("no file can be used; the first is {path}: {reason}"),
        );
        return Err(Error::NoData { reason: why });
    }
    Ok(())
}
