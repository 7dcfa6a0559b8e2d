//! All captures as one window, for schedulers: nothing is stored.

use std::sync::Arc;

use store::{Location, PlanStatus, Store};

use super::{
    close::{Judge, Rows},
    history::Reference,
    plan::{self, plan_captures},
    segment::OpenWindow,
    summary,
    turned_out::TurnedOut,
};
use crate::{
    Baseline, Error, OnBadFile, Outcome, Settings, Watch, captured,
    gather::{self, Fault, Pass},
    group::Grouped,
    grouping::Grouping,
    outcome::Detail,
    outcomes::{self, Counting, Truth},
    score::{Answers, Cut, Scorer},
    window::{Calendar, Every, Window},
};

/// Compares all captures together, as one window, with the baseline; writes nothing.
///
/// # Errors
/// When nothing can be read, or a setting or the baseline cannot be used. Problems of the data are findings instead.
pub fn check(
    store: &Store,
    captures: &Location,
    baseline: &Location,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<Outcome, Error> {
    let baseline = Baseline::read(store, baseline, settings.compat)?;
    let listed = plan::list(store, captures, watch)?;
    let mut settings = captured::settle(settings, &listed, Some(&baseline.spec));
    settings.windows.every = Every::All;
    let plan = Arc::new(plan_captures(store, captures, listed, &settings, watch, Some(&baseline.spec))?);
    let pool = gather::pool(&settings)?;
    let paths: Vec<String> = plan.sources.iter().map(|source| source.source.path.clone()).collect();
    let form = baseline.form(&settings)?;
    let (turned_out, note) = form.as_ref().map(|form| TurnedOut::new(form, &settings, &baseline)).unzip();
    let judge = Judge {
        monitor: settings.monitor.as_str().into(),
        baseline: &baseline,
        scorer: Scorer::new(&settings.metrics, &baseline.constraints)?,
        answers: Answers::new(&settings, &baseline),
        cuts: settings.bins.map_or_else(Vec::new, |bins| Cut::all(&baseline, bins)),
        compat: settings.compat,
        theirs_are_known: settings.compat.is_some() || baseline.spec.has_arrival() == Some(true),
        emit: None,
        roles: &settings.roles,
        outcomes: turned_out,
        volumes: Vec::new(),
        paths: &paths,
    };
    let notes = Vec::from_iter(note.flatten());
    let mut outcome = Outcome { other_objects: plan.skipped, notes, ..Outcome::default() };
    let quarantine = |index: usize, reason: String, outcome: &mut Outcome| {
        let path = plan.sources[index].source.path.clone();
        let reason = gather::plain_reason(&path, &reason);
        if settings.on_bad_file == OnBadFile::Fail {
            return Err(Error::BadFile { path, reason });
        }
        outcome.quarantined.push((path, reason));
        Ok(())
    };
    for (index, source) in plan.sources.iter().enumerate() {
        match &source.status {
            PlanStatus::Ready => {}
            PlanStatus::OutsideRange(_) => outcome.outside_range += 1,
            PlanStatus::Quarantined(reason) => quarantine(index, reason.clone(), &mut outcome)?,
        }
    }
    let calendar = Calendar::new(Every::All, settings.windows.timezone.clone());
    let grouping = Grouping {
        spec: &baseline.spec,
        settings: &settings,
        calendar,
        by_hour: false,
        pages: true,
        room: None,
        stop: watch.stop,
    };
    let pass = Pass {
        columns: gather::columns(&plan, &settings),
        store,
        plan: &plan,
        settings: &settings,
        pool: &pool,
        watch,
    };
    let mut progress = gather::planned(&plan);
    let mut open = OpenWindow::default();
    let finished = pass.run(
        |planned, task| grouping.read(planned, &task),
        Grouped::merge,
        &mut progress,
        |source, result, _| {
            let result = result
                .map(Option::unwrap_or_default)
                .and_then(|grouped| grouped.timed(&settings).map_err(Fault::from));
            match result {
                Ok(mut grouped) => {
                    outcome.handed_over.append(&mut grouped.handed_over);
                    outcome.rows_without_time += grouped.rows_without_time;
                    outcome.bad_lines.add(&plan.sources[source].source.path, &grouped.left_out);
                    let position = u32::try_from(source).unwrap_or(u32::MAX);
                    for part in grouped.parts {
                        open.observe(&baseline.spec, position, part.segment, part.profile);
                    }
                    Ok(())
                }
                Err(fault) => quarantine(source, fault.reason, &mut outcome),
            }
        },
    )?;
    if finished {
        let window = Window { start: i64::MIN, end: i64::MAX };
        open.close(&baseline.spec);
        if let Some(form) = &form {
            let truth = Truth::find(store, &settings, watch)?;
            let (spec, stop) = (&baseline.spec, watch.stop);
            let counting =
                Counting { store, settings: &settings, spec, form, every: Every::All, pool: &pool, stop };
            let Some(counted) = counting.run(&plan, truth.as_ref(), watch)? else {
                outcome.interrupted = true;
                return Ok(outcome);
            };
            for (path, reason) in truth.iter().flat_map(Truth::bad).chain(counted.bad()) {
                if settings.on_bad_file == OnBadFile::Fail {
                    return Err(Error::BadFile { path, reason });
                }
                if !outcome.quarantined.iter().any(|(known, _)| *known == path) {
                    outcome.quarantined.push((path, reason));
                }
            }
            outcome.notes.extend(counted.labels.as_ref().map(outcomes::joined));
            for (segment, outcomes) in counted.whole(form)? {
                let _fits = open.observe_outcomes(segment, &outcomes);
            }
        }
        if !open.segments.is_empty() {
            let mut rows = pool.install(|| judge.window(window, &open, None, &Reference::Baseline))?;
            rows.quality = Rows::quality(&rows.scores);
            summary::add(&mut outcome, &rows);
            let Rows { mut violations, scores, .. } = rows;
            violations.sort_by_key(|row| std::cmp::Reverse(row.severity));
            outcome.detail = Some(Detail { violations, scores });
        }
    }
    outcome.notes.extend(judge.answers.note());
    outcome.interrupted = !finished;
    progress.windows = outcome.windows.len() as u64;
    progress.violations = outcome.windows.iter().map(|window| window.violations).sum();
    outcome.progress = progress;
    (watch.progress)(progress);
    Ok(outcome)
}
