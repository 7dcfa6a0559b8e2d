//! driftscan's own pass: profiles by window and segment, merged and dropped as windows end; no scores, no tables.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicBool},
};

use profile::{Profile, Spec, Survey};
use rayon::ThreadPool;
use store::{Plan, Store};

use super::corrupt;
use crate::{
    Error, Settings, Watch,
    gather::{self, Pass},
    group::{Grouped, Part},
    grouping::Grouping,
    window::{Calendar, Every, Window},
};

/// Profiles of the segments of a window; `None` is all rows.
type Segments = BTreeMap<Option<Arc<str>>, Profile>;

/// All that a pass is made with.
#[derive(Clone, Copy)]
pub(super) struct Profiling<'a> {
    pub(super) store: &'a Store,
    pub(super) plan: &'a Arc<Plan>,
    pub(super) settings: &'a Settings,
    pub(super) pool: &'a ThreadPool,
    pub(super) stop: &'a AtomicBool,
}

/// What a pass came across.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) rows: u64,
    pub(super) windows: u64,
    pub(super) segments: BTreeSet<Arc<str>>,
    /// Columns that the page path left to the batch path, with the reason.
    pub(super) handed_over: BTreeMap<String, String>,
}

impl Profiling<'_> {
    /// Freezes a baseline of the first source that has rows; `None` if it was told to stop.
    pub(super) fn freeze(&self) -> Result<Option<Spec>, Error> {
        let mut first = self.plan.as_ref().clone();
        first.sources.retain(|source| source.rows > 0);
        first.sources.truncate(1);
        let first = Arc::new(first);
        let unfrozen = Spec::default();
        let calendar = Calendar::new(Every::All, self.settings.windows.timezone.clone());
        let grouping = Grouping {
            spec: &unfrozen,
            settings: self.settings,
            calendar,
            by_hour: false,
            pages: true,
            room: None,
            stop: self.stop,
        };
        let mut survey = Survey::default();
        let finished = self.pass(&first).run(
            |planned, task| grouping.survey(planned, &task),
            Survey::merge,
            &mut gather::planned(&first),
            |source, result, _| {
                survey = result.map_err(|fault| bad(&first, source, &fault.reason))?.unwrap_or_default();
                Ok(())
            },
        )?;
        if !finished {
            return Ok(None);
        }
        let spec = survey.freeze();
        if spec.features().is_empty() {
            let reason = "there is no row with a column to monitor: check --timestamp and --ignore";
            return Err(Error::NoData { reason: reason.to_owned() });
        }
        Ok(Some(spec))
    }

    /// Profiles everything, on the page path or on the batch path alone; `None` if it was told to stop.
    pub(super) fn run(&self, spec: &Spec, pages: bool) -> Result<Option<Seen>, Error> {
        let windows = &self.settings.windows;
        let calendar = Calendar::new(windows.every, windows.timezone.clone());
        let grouping = Grouping {
            spec,
            settings: self.settings,
            calendar,
            by_hour: false,
            pages,
            room: None,
            stop: self.stop,
        };
        let (mut open, mut seen) = (Open::default(), Seen::default());
        let finished = self.pass(self.plan).run(
            |planned, task| grouping.read(planned, &task),
            Grouped::merge,
            &mut gather::planned(self.plan),
            |source, result, _| {
                let grouped =
                    result.map_err(|fault| bad(self.plan, source, &fault.reason))?.unwrap_or_default();
                seen.rows += grouped.rows;
                seen.handed_over.extend(grouped.handed_over);
                grouped.parts.into_iter().for_each(|part| open.observe(spec, part));
                // Sources are in the order of their first times: nothing later starts before the next one.
                let next = self.plan.sources.get(source + 1);
                let frontier = next.map_or(i64::MAX, |next| next.time.map_or(i64::MIN, |(first, _)| first));
                open.close(frontier, &mut seen);
                Ok(())
            },
        )?;
        Ok(finished.then_some(seen))
    }

    fn pass<'a>(&'a self, plan: &'a Arc<Plan>) -> Pass<'a> {
        let watch = Watch { progress: &|_| (), stop: self.stop };
        Pass {
            columns: gather::columns(plan, self.settings),
            store: self.store,
            plan,
            settings: self.settings,
            pool: self.pool,
            watch,
        }
    }
}

fn bad(plan: &Plan, source: usize, reason: &str) -> Error {
    let path = &plan.sources[source].source.path;
    corrupt(path.as_ref(), None, gather::plain_reason(path, reason))
}

/// Windows that a later source may still touch.
#[derive(Default)]
struct Open(BTreeMap<Window, Segments>);

impl Open {
    fn observe(&mut self, spec: &Spec, part: Part) {
        let segments = self.0.entry(part.window).or_default();
        segments.entry(part.segment).or_insert_with(|| Profile::new(spec)).merge(&part.profile);
    }

    /// Ends the windows before `frontier`; all rows of one are its segments together.
    fn close(&mut self, frontier: i64, seen: &mut Seen) {
        while let Some(entry) = self.0.first_entry().filter(|entry| entry.key().end <= frontier) {
            let segments = entry.remove();
            seen.windows += 1;
            if segments.contains_key(&None) {
                continue;
            }
            let mut all = Profile::default();
            segments.values().for_each(|profile| all.merge(profile));
            seen.segments.extend(segments.into_keys().flatten());
        }
    }
}
