//! The pipeline: plan, read, group, close windows, score, check, write.

mod close;
mod describe;
mod identity;
mod open;
mod plan;
mod record;
mod summary;
mod writer;

use std::sync::Arc;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use store::{Location, Plan, PlanOptions, PlanStatus, Store};

use crate::{
    Baseline, Error, OnBadFile, Outcome, Settings, Watch,
    gather::{self, Pass},
    group::Grouped,
    grouping::Grouping,
    outcome::Detail,
    score::Scorer,
    tables::{SourceRow, SourceStatus},
    window::{Calendar, Every, Window},
};
use close::{Judge, Rows};
use open::OpenWindows;
pub(crate) use plan::{apart, plan_captures, range};
pub use record::record_run;
use writer::Writer;

/// Reads captures, compares every window with the baseline, and writes the result tables.
///
/// # Errors
/// When nothing can be read, a setting or the baseline cannot be used, or results cannot be written. Problems of the
/// data are rows of the results instead.
pub fn backfill(
    store: &Store,
    captures: &Location,
    baseline: &Location,
    results: &Location,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<Outcome, Error> {
    apart(captures, results)?;
    let baseline = Baseline::read(store, baseline)?;
    let (settings, widened) = plan::whole_windows(settings);
    let plan = plan::for_windows(store, captures, &settings, watch, &baseline.spec)?;
    identity::claim(store, results, &settings)?;
    let mut outcome = run(store, plan, &baseline, Some(results), &settings, watch)?;
    outcome.notes.extend(widened);
    Ok(outcome)
}

/// Compares all captures together, as one window, with the baseline; writes nothing.
///
/// # Errors
/// As [`backfill`].
pub fn check(
    store: &Store,
    captures: &Location,
    baseline: &Location,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<Outcome, Error> {
    let baseline = Baseline::read(store, baseline)?;
    let mut settings = settings.clone();
    settings.windows.every = Every::All;
    let options = PlanOptions { timestamp: settings.roles.timestamp.clone(), range: range(&settings) };
    let plan = plan_captures(store, captures, &options, &settings, watch, Some(&baseline.spec))?;
    run(store, plan, &baseline, None, &settings, watch)
}

/// Windows without rows in a row that are written unasked: three years of days.
const MAX_GAP: i64 = 1_100;

/// State of a run.
struct Run<'a> {
    settings: &'a Settings,
    plan: &'a Plan,
    baseline: &'a Baseline,
    judge: Judge<'a>,
    writer: Option<Writer<'a>>,
    pool: &'a rayon::ThreadPool,
    open: OpenWindows,
    calendar: Calendar,
    /// Earliest time of the sources from a position on; `i64::MIN` if one of them does not say.
    frontier: Vec<i64>,
    /// End of the last window that was written.
    written_to: Option<i64>,
    /// Sources set aside that have times: first, last, path and reason.
    lost: Vec<(i64, i64, String)>,
    sources: Vec<SourceRow>,
    outcome: Outcome,
}

fn run(
    store: &Store,
    plan: Plan,
    baseline: &Baseline,
    results: Option<&Location>,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<Outcome, Error> {
    let scorer = Scorer::new(&settings.metrics, &baseline.constraints)?;
    let pool = gather::pool(settings)?;
    let plan = Arc::new(plan);
    let paths: Vec<String> = plan.sources.iter().map(|source| source.source.path.clone()).collect();
    let windows = &settings.windows;
    let calendar = Calendar::new(windows.every, windows.timezone.clone());
    let judge = Judge {
        monitor: settings.monitor.as_str().into(),
        baseline,
        scorer,
        roles: &settings.roles,
        volumes: plan::volumes(baseline, &mut calendar.clone(), windows.every),
        paths: &paths,
    };
    let mut run = Run {
        settings,
        plan: &plan,
        baseline,
        judge,
        writer: results.map(|results| Writer::new(store, results)).transpose()?,
        pool: &pool,
        open: OpenWindows::new(Calendar::new(Every::Day, windows.timezone.clone())),
        calendar: calendar.clone(),
        frontier: plan::frontier(&plan),
        written_to: windows.from,
        lost: Vec::new(),
        sources: Vec::new(),
        outcome: Outcome::default(),
    };
    run.outcome.other_objects = plan.skipped;
    run.set_aside_unopened()?;

    let mut progress = gather::planned(&plan);
    let grouping = Grouping { spec: &baseline.spec, settings, calendar, by_hour: false, pages: true };
    let pass = Pass { store, plan: &plan, settings, pool: &pool, watch };
    let finished = pass.run(
        |planned, task| grouping.read(planned, &task),
        Grouped::merge,
        &mut progress,
        |source, result, progress| {
            run.source(source, result.map(Option::unwrap_or_default))?;
            progress.windows = run.outcome.windows.len() as u64;
            progress.violations = run.outcome.windows.iter().map(|window| window.violations).sum();
            Ok(())
        },
    )?;
    if finished {
        run.finish()?;
    }
    let mut outcome = run.outcome;
    outcome.interrupted = !finished;
    progress.windows = outcome.windows.len() as u64;
    progress.violations = outcome.windows.iter().map(|window| window.violations).sum();
    outcome.progress = progress;
    (watch.progress)(progress);
    Ok(outcome)
}

impl Run<'_> {
    /// Records the sources that the plan could not open or does not need.
    fn set_aside_unopened(&mut self) -> Result<(), Error> {
        for index in 0..self.plan.sources.len() {
            match &self.plan.sources[index].status {
                PlanStatus::Ready => {}
                PlanStatus::OutsideRange(reason) => {
                    self.outcome.outside_range += 1;
                    self.record(index, None, SourceStatus::OutsideRange, Some(reason.clone()));
                }
                PlanStatus::Quarantined(reason) => self.quarantine(index, reason.clone())?,
            }
        }
        Ok(())
    }

    /// Takes a whole source, then writes what no later one can touch.
    fn source(&mut self, index: usize, result: Result<Grouped, String>) -> Result<(), Error> {
        let observed = result.and_then(|mut grouped| {
            let any_time = grouped.rows_without_time < grouped.rows || grouped.rows == 0;
            if !any_time {
                let name = self.settings.roles.timestamp.as_deref().unwrap_or_default();
                return Err(format!("none of its {} rows has a readable time in `{name}`", grouped.rows));
            }
            self.open.observe(&self.baseline.spec, index, &mut grouped)?;
            Ok(grouped)
        });
        match observed {
            Ok(mut grouped) => {
                self.outcome.handed_over.append(&mut grouped.handed_over);
                self.outcome.rows_without_time += grouped.rows_without_time;
                self.record(index, Some(&grouped), SourceStatus::Profiled, None);
            }
            Err(reason) => self.quarantine(index, reason)?,
        }
        let frontier = self.frontier.get(index + 1).copied().unwrap_or(i64::MAX);
        if frontier < i64::MAX { self.write(frontier) } else { Ok(()) }
    }

    /// Writes what is left.
    fn finish(&mut self) -> Result<(), Error> {
        self.write(i64::MAX)?;
        self.sources.sort_by(|a, b| a.path.cmp(&b.path));
        if let Some(writer) = &self.writer {
            writer.sources(&self.sources)?;
        }
        Ok(())
    }

    /// Scores and writes the windows before `frontier`, those without rows in between included.
    fn write(&mut self, frontier: i64) -> Result<(), Error> {
        let closed = self.open.close(&self.baseline.spec, frontier);
        let last = frontier == i64::MAX;
        if closed.is_empty() && !last {
            return Ok(());
        }
        let mut due: Vec<(Window, Option<open::OpenWindow>)> = Vec::new();
        for (window, open) in closed {
            due.extend(self.gap(window.start));
            due.push((window, Some(open)));
            self.written_to = Some(window.end);
        }
        if let Some(to) = self.settings.windows.to.filter(|_| last) {
            due.extend(self.gap(to));
        }
        let judged: Vec<(Window, Rows)> = self.pool.install(|| {
            due.into_par_iter()
                .map(|(window, open)| {
                    let lost = self.lost_in(window);
                    let rows = match open {
                        Some(open) => self.judge.window(window, &open, lost.as_deref()),
                        None => self.judge.empty(window, lost),
                    };
                    (window, rows)
                })
                .collect()
        });
        let mut dates: Vec<(String, Rows)> = Vec::new();
        for (window, rows) in judged {
            summary::add(&mut self.outcome, &rows);
            let Some(_) = &self.writer else {
                let Rows { mut violations, scores, .. } = rows;
                violations.sort_by_key(|row| std::cmp::Reverse(row.severity));
                self.outcome.detail = Some(Detail { violations, scores });
                continue;
            };
            let date = self.calendar.date_of(window.start);
            match dates.last_mut() {
                Some((known, earlier)) if *known == date => earlier.append(rows),
                _ => dates.push((date, rows)),
            }
        }
        match &self.writer {
            Some(writer) => writer.dates(dates),
            None => Ok(()),
        }
    }

    /// Windows without rows between the last one written and `start`. One row with the clock at 1970 must not fill
    /// a disk with empty days, so a long gap is only filled when the range was asked for.
    fn gap(&mut self, start: i64) -> Vec<(Window, Option<open::OpenWindow>)> {
        let windows = &self.settings.windows;
        let Some(from) = self.written_to.filter(|_| windows.every != Every::All) else {
            return Vec::new();
        };
        let asked_for = windows.from.is_some() && windows.to.is_some();
        let length =
            self.calendar.window_of(from).map_or(1, |window| window.end.saturating_sub(window.start));
        if !asked_for && start.saturating_sub(from) / length.max(1) > MAX_GAP {
            let (before, after) = (self.calendar.date_of(from), self.calendar.date_of(start));
            self.outcome.notes.push(format!(
                "no capture has a row from {before} to {after}; these windows were left out (--from and --to make them)"
            ));
            return Vec::new();
        }
        self.calendar.windows_between(from, start).into_iter().map(|window| (window, None)).collect()
    }

    /// Which sources that were set aside may have had rows in a window.
    fn lost_in(&self, window: Window) -> Option<String> {
        let lost: Vec<_> = self
            .lost
            .iter()
            .filter(|(first, last, _)| *first < window.end && *last >= window.start)
            .collect();
        let (_, _, text) = lost.first()?;
        let more = if lost.len() > 1 { format!(" and {} more", lost.len() - 1) } else { String::new() };
        Some(format!("set aside: {text}{more}"))
    }

    fn quarantine(&mut self, index: usize, reason: String) -> Result<(), Error> {
        let planned = &self.plan.sources[index];
        let path = planned.source.path.clone();
        let reason = gather::plain_reason(&path, &reason);
        if self.settings.on_bad_file == OnBadFile::Fail {
            return Err(Error::BadFile { path, reason });
        }
        if let Some((first, last)) = planned.time {
            self.lost.push((first, last, format!("{path}: {reason}")));
        }
        self.record(index, None, SourceStatus::Quarantined, Some(reason.clone()));
        self.outcome.quarantined.push((path, reason));
        Ok(())
    }

    fn record(
        &mut self,
        index: usize,
        grouped: Option<&Grouped>,
        status: SourceStatus,
        reason: Option<String>,
    ) {
        let planned = &self.plan.sources[index];
        let times = grouped.and_then(|grouped| grouped.times);
        self.sources.push(SourceRow {
            path: planned.source.path.clone(),
            etag: planned.source.etag.clone(),
            bytes: planned.source.bytes,
            rows: planned.rows,
            rows_without_time: grouped.map_or(0, |grouped| grouped.rows_without_time),
            first_time: times.map(|(first, _)| first),
            last_time: times.map(|(_, last)| last),
            status,
            reason,
        });
    }
}
