//! The pass over what no run has read: profiles are kept, dates written as soon as nothing can touch them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use rayon::{
    ThreadPool,
    iter::{IntoParallelIterator as _, ParallelIterator as _},
};
use store::{Lease, Location, Plan, PlanStatus, Store};

use super::{
    close::Judge,
    due::{Due, Waiting},
    history::History,
    known::{self, Sources, Wanted},
    plan, weight,
    writer::{There, Writer},
};
use crate::{
    Error, OnBadFile, Outcome, Progress, Settings, Watch,
    gather::{self, Fault, Pass},
    group::{Grouped, Part},
    grouping::Grouping,
    outcomes::OutcomeShelf,
    profiles::{Digest, Entry, Finding, Journal, Names, Profiled, Shelf, StoredProfile, names, version_of},
    window::{Calendar, Every, Window},
};

/// Profiles that wait longer than this are written down: so much work is lost at most when a run is killed.
const PAUSE: Duration = Duration::from_secs(10);
/// Profiles that wait are not only written down but kept as they are, up to this part of the budget.
const AT_HAND: u64 = 16;
/// Profiles of a source that are worth encoding in parallel.
const WORTH_A_POOL: usize = 16;

/// Where a run reads and writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    /// Stored profiles.
    pub(super) results: &'a Location,
    /// Tables; mostly the same.
    pub(super) out: &'a Location,
    /// That of `out`.
    pub(super) lease: &'a Lease,
}

impl Places<'_> {
    pub(super) fn are_one(&self) -> bool {
        self.results.id() == self.out.id()
    }
}

/// State of a run.
pub(super) struct Reading<'a> {
    pub(super) store: &'a Store,
    pub(super) places: Places<'a>,
    pub(super) settings: &'a Settings,
    pub(super) plan: Arc<Plan>,
    pub(super) wanted: &'a Wanted<'a>,
    pub(super) judge: &'a Judge<'a>,
    pub(super) shelf: Shelf<'a>,
    pub(super) journal: Journal<'a>,
    /// What is known of predictions and labels, where that is asked for.
    pub(super) outcomes: Option<&'a OutcomeShelf<'a>>,
    pub(super) sources: Sources,
    /// Digest of what windows are judged by.
    pub(super) rule: &'a str,
    pub(super) writer: Writer<'a>,
    pub(super) pool: &'a ThreadPool,
    /// Digest of bins, roles and format, as rows carry it.
    pub(super) spec: Arc<str>,
    pub(super) names: Names,
    pub(super) waiting: Waiting,
    /// Positions of the sources with rows on a date.
    pub(super) by_date: BTreeMap<Arc<str>, BTreeSet<u32>>,
    /// Dates that stored profiles of a date lie under: its own, unless windows are longer than those of the profiles.
    pub(super) stored: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    pub(super) stored_dates: known::Dates,
    /// What was counted of dates that are not written yet, and is not written down either.
    pub(super) fresh: BTreeMap<Arc<str>, Vec<StoredProfile>>,
    pub(super) fresh_bytes: usize,
    pub(super) written_down: Instant,
    /// Earliest time of the sources of the plan from a position on; `i64::MIN` if one of them does not say.
    pub(super) frontier: Vec<i64>,
    /// Dates that no source can touch any more, and that wait for others to be written with.
    pub(super) due: VecDeque<Due>,
    /// When dates were last written.
    pub(super) written: Instant,
    /// Dates that were written or found up to date.
    pub(super) visited: BTreeSet<Arc<str>>,
    /// Dates that tables had files of at the start.
    pub(super) tables: There,
    pub(super) history: History,
    /// Sources set aside that have times: first, last, path and reason.
    pub(super) lost: Vec<(i64, i64, String)>,
    pub(super) watch: Watch<'a>,
    pub(super) outcome: Outcome,
}

impl<'a> Reading<'a> {
    #[expect(clippy::too_many_arguments, reason = "the parts of a run, each made by its own module")]
    #[expect(clippy::disallowed_methods, reason = "when profiles are written down shows in no result")]
    pub(super) fn new(
        store: &'a Store,
        places: Places<'a>,
        settings: &'a Settings,
        every: Every,
        plan: Plan,
        wanted: &'a Wanted<'a>,
        judge: &'a Judge<'a>,
        shelf: Shelf<'a>,
        outcomes: Option<&'a OutcomeShelf<'a>>,
        sources: Sources,
        rule: &'a str,
        pool: &'a ThreadPool,
        watch: Watch<'a>,
    ) -> Result<Self, Error> {
        let writer = Writer::new(store, places.out, settings)?;
        let mut outcome = Outcome::default();
        let mut reading = Self {
            journal: Journal::open(store, places.results, &mut outcome.notes)?,
            frontier: plan::frontier(&plan),
            plan: Arc::new(plan),
            tables: writer.there()?,
            writer,
            spec: wanted.spec.into(),
            names: names(&judge.baseline.spec),
            waiting: Waiting::new(&settings.windows),
            by_date: BTreeMap::new(),
            stored: BTreeMap::new(),
            stored_dates: known::Dates::new(Calendar::new(every, settings.windows.timezone.clone())),
            fresh: BTreeMap::new(),
            fresh_bytes: 0,
            written_down: Instant::now(),
            due: VecDeque::new(),
            written: Instant::now(),
            visited: BTreeSet::new(),
            history: History::new(
                settings.windows.compare,
                Calendar::new(settings.windows.every, settings.windows.timezone.clone()),
                names(&judge.baseline.spec),
                wanted.range.0,
            ),
            lost: Vec::new(),
            outcome,
            store,
            places,
            settings,
            wanted,
            judge,
            shelf,
            outcomes,
            sources,
            rule,
            pool,
            watch,
        };
        reading.outcome.other_objects = reading.plan.skipped;
        for at in 0..reading.sources.all.len() {
            reading.note_known(at)?;
        }
        Ok(reading)
    }

    /// Takes what an earlier run found out about a source into account.
    fn note_known(&mut self, at: usize) -> Result<(), Error> {
        let position = u32::try_from(at).unwrap_or(u32::MAX);
        let Some(entry) = self.sources.all[at].entry.clone() else { return Ok(()) };
        if self.history.is_wanted() {
            // Windows before the range are compared with.
            for start in entry.windows((None, None)) {
                let date = self.waiting.date_of(start);
                self.by_date.entry(date).or_default().insert(position);
            }
        }
        for start in entry.windows(self.wanted.range) {
            let date = self.waiting.add(start);
            self.stored.entry(Arc::clone(&date)).or_default().insert(self.stored_dates.of(start));
            self.by_date.entry(date).or_default().insert(position);
        }
        match &entry.finding {
            Finding::Profiled(profiled) if !self.is_outside(&entry) => {
                self.outcome.rows_without_time += profiled.rows_without_time;
            }
            Finding::Profiled(_) | Finding::OutsideRange(_) => {}
            Finding::Quarantined { reason, .. } => self.set_aside(&entry, reason)?,
        }
        self.outcome.outside_range += u64::from(self.is_outside(&entry));
        Ok(())
    }

    fn is_outside(&self, entry: &Entry) -> bool {
        match &entry.finding {
            Finding::Profiled(_) => entry.is_outside(self.wanted.range),
            Finding::OutsideRange(_) => true,
            Finding::Quarantined { .. } => false,
        }
    }

    /// Reads what the plan says. Returns whether it came to the end.
    pub(super) fn run(&mut self) -> Result<bool, Error> {
        let watch = self.watch;
        self.set_aside_unopened()?;
        let plan = Arc::clone(&self.plan);
        let (settings, judge) = (self.settings, self.judge);
        let calendar = Calendar::new(settings.windows.every, settings.windows.timezone.clone());
        let room = weight::room(settings, self.pool, &self.names);
        let grouping = Grouping {
            spec: &judge.baseline.spec,
            settings,
            calendar,
            by_hour: false,
            pages: true,
            room: Some(&room),
            stop: self.watch.stop,
        };
        let segments = judge.baseline.profiles.len();
        let weigh = weight::of_tasks(&grouping.calendar, self.wanted.range, segments, &room);
        let pool = self.pool;
        let merge = |whole: &mut Grouped, part: Grouped| {
            whole.merge(part);
            // A piece that cannot be read back is still there when the source is whole, and the reason is told then.
            drop(whole.write_down(&room, room.bytes, grouping.spec, Some(pool)));
        };
        let mut progress = gather::planned(&plan);
        let pass = Pass {
            columns: gather::columns(&plan, settings),
            store: self.store,
            plan: &plan,
            settings,
            pool: self.pool,
            watch,
        };
        let finished = pass.run_within(
            &weigh,
            |planned, task| grouping.read(planned, &task),
            merge,
            &mut progress,
            |source, result, progress| self.source(source, result.map(Option::unwrap_or_default), progress),
        );
        let finished = match finished {
            Ok(true) => self.write(i64::MAX, &mut progress),
            other => other,
        };
        if !matches!(finished, Ok(true)) {
            // What was counted is kept, whatever ended the run; its reason is the one to report.
            let kept = self.write_down().and_then(|()| self.close_journal());
            if finished.is_ok() {
                kept?;
            }
        }
        self.outcome.interrupted = !finished?;
        self.outcome.progress = progress;
        (watch.progress)(progress);
        Ok(!self.outcome.interrupted)
    }

    /// Records the sources that the plan could not open or does not need.
    fn set_aside_unopened(&mut self) -> Result<(), Error> {
        let plan = Arc::clone(&self.plan);
        for (index, planned) in plan.sources.iter().enumerate() {
            let finding = match &planned.status {
                PlanStatus::Ready => continue,
                PlanStatus::OutsideRange(reason) => {
                    self.outcome.outside_range += 1;
                    Finding::OutsideRange(reason.clone())
                }
                PlanStatus::Quarantined(reason) => quarantined(&planned.source.path, reason, planned.lasting),
            };
            self.record(index, planned.rows, finding)?;
        }
        Ok(())
    }

    /// Takes a whole source, then writes what no later one can touch.
    fn source(
        &mut self,
        index: usize,
        result: Result<Grouped, Fault>,
        progress: &mut Progress,
    ) -> Result<(), Error> {
        let timed = |grouped: Grouped| grouped.timed(self.settings).map_err(Fault::from);
        let observed = result.and_then(timed).and_then(|grouped| {
            match grouped.parts.iter().all(|part| self.waiting.is_open(part.window.start)) {
                true => Ok(grouped),
                false => Err("it has times outside those that its footer states".to_owned().into()),
            }
        });
        let mut rows = self.plan.sources[index].rows;
        let finding = match observed {
            Ok(mut grouped) => {
                if self.plan.sources[index].source.format.is_records() {
                    rows = grouped.rows;
                }
                self.outcome.bad_lines.add(&self.plan.sources[index].source.path, &grouped.left_out);
                self.outcome.handed_over.append(&mut grouped.handed_over);
                self.outcome.rows_without_time += grouped.rows_without_time;
                Finding::Profiled(self.keep(index, grouped)?)
            }
            Err(Fault { reason, lasting, .. }) => {
                quarantined(&self.plan.sources[index].source.path, &reason, lasting)
            }
        };
        self.record(index, rows, finding)?;
        let frontier = self.frontier.get(index + 1).copied().unwrap_or(i64::MAX);
        if frontier < i64::MAX {
            self.write(frontier, progress)?;
        }
        self.write_down_when_due()
    }

    /// Notes what came of a source.
    fn record(&mut self, index: usize, rows: u64, finding: Finding) -> Result<(), Error> {
        let entry = known::entry(&self.plan.sources[index], self.wanted, rows, finding);
        if let Finding::Quarantined { reason, .. } = &entry.finding {
            self.set_aside(&entry, reason)?;
        }
        let at = self.sources.of_plan[index];
        self.sources.all[at].entry = Some(entry);
        Ok(())
    }

    /// Writes the profiles of a source down, in memory for now.
    fn keep(&mut self, index: usize, grouped: Grouped) -> Result<Profiled, Error> {
        let at = self.sources.of_plan[index];
        let position = u32::try_from(at).unwrap_or(u32::MAX);
        let version: Arc<str> = version_of(&self.plan.sources[index].source).into();
        let source = Arc::clone(&self.sources.all[at].id);
        let at_hand = (self.fresh_bytes as u64) < gather::memory(self.settings) / AT_HAND;
        let spec = &self.judge.baseline.spec;
        let encode = |part: Part| {
            let (window, segment) = (part.window, part.segment.clone());
            let (written, profile) = part.whole(&self.names, spec)?;
            let mut stored = StoredProfile::new((&source, &version, &self.spec), window, segment, written);
            if let Some(profile) = profile.filter(|_| at_hand) {
                stored.keep(profile);
            }
            Ok(stored)
        };
        let parts = grouped.parts;
        let stored: Result<Vec<StoredProfile>, String> = if parts.len() < WORTH_A_POOL {
            parts.into_iter().map(encode).collect()
        } else {
            self.pool.install(|| parts.into_par_iter().map(encode).collect())
        };
        let mut stored = stored.map_err(|reason| Error::from(sketch::Error::Encode { reason }))?;
        StoredProfile::sort(&mut stored);
        let mut digest = Digest::new("source");
        let (mut windows, mut dates) = (BTreeSet::new(), BTreeSet::new());
        for profile in stored {
            let Window { start, end } = profile.window;
            digest = digest.text(start).text(end).text(profile.segment.as_deref().unwrap_or_default());
            digest = digest.text(profile.rows());
            for (name, bytes) in profile.contents() {
                digest = digest.bytes(name.as_bytes()).bytes(bytes);
            }
            windows.insert(start);
            let date = self.waiting.add(start);
            self.by_date.entry(Arc::clone(&date)).or_default().insert(position);
            self.stored.entry(Arc::clone(&date)).or_default().insert(Arc::clone(&date));
            dates.insert(Arc::clone(&date));
            self.fresh_bytes += profile.heap_bytes();
            self.fresh.entry(date).or_default().push(profile);
        }
        Ok(Profiled {
            rows_without_time: grouped.rows_without_time,
            bad_lines: grouped.left_out.count(),
            left_out: grouped.left_out.describe(),
            times: grouped.times,
            windows: windows.into_iter().collect(),
            dates: dates.len(),
            content: digest.finish(),
        })
    }

    fn set_aside(&mut self, entry: &Entry, reason: &str) -> Result<(), Error> {
        let path = entry.path.clone();
        if self.settings.on_bad_file == OnBadFile::Fail {
            return Err(Error::BadFile { path, reason: reason.to_owned() });
        }
        if let Some((first, last)) = entry.time {
            self.lost.push((first, last, format!("{path}: {reason}")));
        }
        self.outcome.quarantined.push((path, reason.to_owned()));
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "when profiles are written down shows in no result")]
    fn write_down_when_due(&mut self) -> Result<(), Error> {
        let too_many = self.fresh_bytes as u64 > gather::memory(self.settings) / 4;
        if too_many || !self.fresh.is_empty() && self.written_down.elapsed() > PAUSE {
            self.write_down()?;
            self.written_down = Instant::now();
        }
        Ok(())
    }

    /// Writes what waits in memory to files of its own, from where it is read when its dates are due.
    fn write_down(&mut self) -> Result<(), Error> {
        let profiles: BTreeMap<String, Vec<StoredProfile>> = mem::take(&mut self.fresh)
            .into_iter()
            .map(|(date, profiles)| (date.to_string(), profiles))
            .collect();
        self.fresh_bytes = 0;
        if profiles.is_empty() {
            return Ok(());
        }
        let entries: Vec<&Entry> = self.sources.entries().map(|(_, entry)| entry).collect();
        self.shelf.set_aside(&self.judge.monitor, &profiles, &entries)
    }
}

/// What does not last is looked into again by the next run, which knows no such version.
fn quarantined(path: &str, reason: &str, lasting: bool) -> Finding {
    Finding::Quarantined {
        reason: gather::plain_reason(path, reason),
        version: if lasting { env!("CARGO_PKG_VERSION").to_owned() } else { String::new() },
    }
}
