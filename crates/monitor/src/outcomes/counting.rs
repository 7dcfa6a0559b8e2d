//! The pass that counts predictions and labels, source by source.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicBool},
};

use profile::{NONE, Spec};
use rayon::ThreadPool;
use store::{Plan, Store, Task};

use super::{
    Drawer, Form, Outcomes,
    joining::{Joining, Rows},
    keys::{Side, TaskKeys},
    places::Places,
    sheet::Place,
    truth::{Truth, Wanted},
};
use crate::{
    Error, Progress, Settings, Watch,
    gather::{self, Fault, Pass, Trouble},
    group::{Grouped, widen},
    grouping::Grouping,
    window::{Calendar, Every, Window},
};

/// How captures are counted.
pub(crate) struct Counting<'a> {
    pub(crate) store: &'a Store,
    pub(crate) settings: &'a Settings,
    pub(crate) spec: &'a Spec,
    pub(crate) form: &'a Form,
    /// Length of the windows.
    pub(crate) every: Every,
    pub(crate) pool: &'a ThreadPool,
    /// Once it is set, the run is to stop.
    pub(crate) stop: &'a AtomicBool,
}

/// What came of a source.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) rows: u64,
    pub(crate) rows_without_time: u64,
    pub(crate) times: Option<(i64, i64)>,
}

/// A source that was read.
#[derive(Debug)]
pub(crate) struct Read {
    path: String,
    pub(super) seen: Result<Seen, Fault>,
}

/// Which captures are read, and what is done with them.
pub(super) struct Captures<'a> {
    pub(super) plan: &'a Arc<Plan>,
    /// Where they stand among all.
    pub(super) places: &'a Places,
    /// Where their records meet labels that lie elsewhere.
    pub(super) joining: Option<&'a Joining>,
    /// Whether the keys of their ids are kept.
    pub(super) keys: bool,
}

/// What was counted of captures.
#[derive(Debug)]
pub(crate) struct Counted {
    /// By window, segment and place of the source.
    pub(crate) drawer: Drawer,
    /// Each source that was read, by its place.
    pub(crate) sources: BTreeMap<u32, Read>,
    /// What became of labels that lie elsewhere.
    pub(crate) labels: Option<quality::join::Counted>,
}

/// What came of some tasks of a source.
#[derive(Default)]
pub(super) struct Part {
    seen: Seen,
    outcomes: BTreeMap<(Window, Option<Arc<str>>), Outcomes>,
}

impl Counting<'_> {
    /// Counts the sources of a plan that are ready, with all labels; `None` when the run is to stop.
    pub(crate) fn run(
        &self,
        plan: &Arc<Plan>,
        truth: Option<&Truth>,
        watch: Watch<'_>,
    ) -> Result<Option<Counted>, Error> {
        let mut counted = Counted::new()?;
        let places = Places::of_plan(&plan.sources);
        let joining = truth.map(|_| Joining::new(self, &Truth::schema(self))).transpose()?;
        if let Some((truth, joining)) = truth.zip(joining.as_ref()) {
            let all = Wanted { files: &|_| true, new: true, keys: false };
            if !truth.read(self, joining, &all, watch)? {
                return Ok(None);
            }
        }
        let captures = Captures { plan, places: &places, joining: joining.as_ref(), keys: false };
        if !self.pass(&captures, &mut counted, watch)? {
            return Ok(None);
        }
        if let Some(joining) = joining {
            match joining.finish(self, &mut counted)? {
                Some((tally, _)) => counted.labels = Some(tally.met()),
                None => return Ok(None),
            }
        }
        Ok(Some(counted))
    }

    /// Counts captures, or hands their records over. Says whether it came to its end.
    pub(super) fn pass(
        &self,
        captures: &Captures<'_>,
        counted: &mut Counted,
        watch: Watch<'_>,
    ) -> Result<bool, Error> {
        let Captures { plan, places, joining, keys } = *captures;
        let grouping = Grouping {
            spec: self.spec,
            settings: self.settings,
            calendar: Calendar::new(self.every, self.settings.windows.timezone.clone()),
            by_hour: false,
            pages: false,
            room: None,
            stop: self.stop,
        };
        let pass = Pass {
            store: self.store,
            plan,
            settings: self.settings,
            columns: gather::holding(plan, self.columns(joining.is_some())),
            pool: self.pool,
            watch,
        };
        let mut progress: Progress = gather::planned(plan);
        pass.run_within(
            &|_, rows| if keys { rows.saturating_mul(8) } else { 0 },
            |planned, task| {
                let Some(joining) = joining else {
                    return self.task(&grouping, &planned.source.id, &task, None);
                };
                let owner = (Side::Captures, places.of(&planned.source.id), task.task);
                let mut rows = Rows { owner, first: 0, keys: keys.then(TaskKeys::default) };
                let outcome = self.task(&grouping, &planned.source.id, &task, Some((joining, &mut rows)));
                joining.done(rows)?;
                outcome
            },
            |whole, part| whole.merge(part),
            &mut progress,
            |at, result, _| {
                let source = &plan.sources[at].source;
                let place = places.of(&source.id);
                let seen = match result.map(Option::unwrap_or_default) {
                    Ok(Part { seen, outcomes }) => {
                        for ((window, segment), outcomes) in outcomes {
                            counted.drawer.put((window, segment, place), &outcomes)?;
                        }
                        Ok(seen)
                    }
                    Err(fault) => Err(fault.of_data(&source.path)?),
                };
                counted.sources.insert(place, Read { path: source.path.clone(), seen });
                Ok(())
            },
        )
    }

    /// The columns that are read of captures.
    fn columns(&self, with_truth: bool) -> impl Iterator<Item = &str> {
        let own = self.form.label.as_deref().filter(|_| with_truth);
        let keys = self.settings.roles.timestamp.iter().chain(&self.settings.segment_by).map(String::as_str);
        // Ids also say which rows are drawn.
        let needs_id = with_truth || !self.form.flip_columns.is_empty();
        let id = self.settings.roles.id.as_deref().filter(|_| needs_id);
        self.form.columns().filter(move |name| own != Some(*name)).chain(keys).chain(id)
    }

    fn task(
        &self,
        grouping: &Grouping<'_>,
        source: &str,
        task: &Task,
        mut joining: Option<(&Joining, &mut Rows)>,
    ) -> Result<Part, Trouble> {
        let (mut grouped, mut part) = (Grouped::default(), Part::default());
        let mut by_group: BTreeMap<u32, Outcomes> = BTreeMap::new();
        let mut assigning = grouping.assigning();
        let mut first = 0;
        for batch in task.batches(None) {
            let batch = batch?;
            let of_row = assigning.of_rows(&batch, &mut grouped)?;
            let id = self.settings.roles.id.as_deref();
            let place = Place { id, source, task: task.task, first };
            first += batch.num_rows() as u64;
            let sheet =
                self.form.sheet(&batch, place, joining.is_none()).map_err(|error| error.to_string())?;
            match &mut joining {
                Some((joining, rows)) => {
                    joining.records(self, &batch, &sheet, &of_row, &grouped, rows)?;
                    rows.first += batch.num_rows() as u64;
                }
                None => {
                    let groups = of_row.iter().map(|&group| (group != NONE).then_some(group));
                    self.form.observe(&sheet, groups, &mut by_group)?;
                }
            }
        }
        part.seen =
            Seen { rows: grouped.rows, rows_without_time: grouped.rows_without_time, times: grouped.times };
        for (group, outcomes) in by_group {
            let of = usize::try_from(group).ok().and_then(|group| grouped.parts.get(group));
            if let Some(of) = of {
                part.outcomes.insert((of.window, of.segment.clone()), outcomes);
            }
        }
        Ok(part)
    }
}

impl Counted {
    /// Of nothing yet.
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { drawer: Drawer::new()?, sources: BTreeMap::new(), labels: None })
    }

    /// The captures whose predictions could not be counted: path and reason.
    pub(crate) fn bad(&self) -> impl Iterator<Item = (String, String)> {
        self.sources.values().filter_map(|Read { path, seen }| {
            let fault = seen.as_ref().err()?;
            Some((path.clone(), gather::plain_reason(path, &fault.reason)))
        })
    }

    /// All that was counted, by segment.
    pub(crate) fn whole(mut self, form: &Form) -> Result<BTreeMap<Option<Arc<str>>, Outcomes>, Error> {
        let mut segments: BTreeMap<Option<Arc<str>>, Outcomes> = BTreeMap::new();
        let owners: Vec<_> = self.drawer.owners().cloned().collect();
        for owner in owners {
            let outcomes = self.drawer.whole(&owner, form)?;
            segments.entry(owner.1).or_insert_with(|| Outcomes::new(form)).add(&outcomes);
        }
        Ok(segments)
    }
}

impl Part {
    fn merge(&mut self, other: Self) {
        self.seen.rows += other.seen.rows;
        self.seen.rows_without_time += other.seen.rows_without_time;
        if let Some(times) = other.seen.times {
            self.seen.times = Some(widen(self.seen.times, times));
        }
        for (owner, outcomes) in other.outcomes {
            match self.outcomes.get_mut(&owner) {
                Some(ours) => ours.add(&outcomes),
                None => drop(self.outcomes.insert(owner, outcomes)),
            }
        }
    }
}
