//! From dates that nothing can touch any more to their tables, a few windows at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use rayon::iter::{
    IndexedParallelIterator as _, IntoParallelIterator as _, IntoParallelRefIterator as _,
    IntoParallelRefMutIterator as _, ParallelIterator as _,
};

use super::{
    build::{Builder, Built, Opened, Order, WindowOf},
    close::Rows,
    due::Due,
    history::Before,
    reading::Reading,
    segment::OpenWindow,
    summary,
    table_files::TableFiles,
    weight,
};
use crate::{Error, Progress, profiles::StoredProfile, window::Window};

/// Dates wait no longer than this for others to be written with.
const PATIENCE: Duration = Duration::from_secs(1);

impl Reading<'_> {
    /// Scores and writes the dates before `frontier`, or leaves them for later: there is work for all threads when a few
    /// have come together.
    ///
    /// Returns whether all of them were: not if the run is to stop.
    #[expect(clippy::disallowed_methods, reason = "when dates are written shows in no result")]
    pub(super) fn write(&mut self, frontier: i64, progress: &mut Progress) -> Result<bool, Error> {
        self.due.extend(self.waiting.due(frontier, &mut self.outcome.notes));
        // A few windows at a time: what is read back of them is never all in memory.
        let segments = self.judge.baseline.profiles.len();
        let at_once = weight::windows_at_once(self.settings, self.pool, segments, &self.names);
        let ready: usize = self.due.iter().map(|due| due.windows.len()).sum();
        let is_early = ready < at_once && self.written.elapsed() < PATIENCE;
        if is_early && frontier < i64::MAX {
            return Ok(true);
        }
        self.written = Instant::now();
        while !self.due.is_empty() {
            if self.watch.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            self.is_ours()?;
            let (mut orders, mut windows) = (Vec::new(), 0);
            while let Some(next) = self.due.front()
                && (orders.is_empty() || windows + next.windows.len() <= at_once)
            {
                windows += next.windows.len();
                let next = self.due.pop_front();
                orders.extend(next.map(|due| self.order(due)));
            }
            self.write_dates(orders, at_once)?;
            progress.windows = self.outcome.windows.len() as u64;
            progress.violations = self.outcome.violations();
            (self.watch.progress)(*progress);
        }
        Ok(true)
    }

    fn write_dates(&mut self, orders: Vec<Order>, at_once: usize) -> Result<(), Error> {
        let builder = Builder {
            store: self.store,
            results: self.places.out,
            keeps: self.places.are_one(),
            baseline: self.judge.baseline,
            judge: self.judge,
            shelf: &self.shelf,
            journal: &self.journal,
            outcomes: self.outcomes,
            sources: &self.sources,
            spec: self.wanted.spec,
            rule: self.rule,
            whole: &self.tables.whole,
        };
        let pool = self.pool;
        let opened: Result<Vec<Opened>, Error> =
            pool.install(|| orders.into_par_iter().map(|order| builder.open(order)).collect());
        let mut opened = opened?;
        let mut dates = Vec::with_capacity(opened.len());
        for opened in &opened {
            let files = opened.anew.as_ref().map(|_| TableFiles::new()).transpose()?;
            if files.is_some() {
                // What is stored of it is of an earlier run.
                self.history.have(&opened.date);
            }
            dates.push((Rows::default(), files));
        }
        let anew: Vec<&str> = opened.iter().filter(|one| one.anew.is_some()).map(|one| &*one.date).collect();
        if self.writer.documents.are_any() && !anew.is_empty() {
            // Documents are written window by window, before the tables: from here on the dates are not settled.
            if self.places.are_one() {
                self.is_ours()?;
                self.journal.begin(anew.iter().copied())?;
            }
            for anew in opened.iter().filter_map(|opened| Some((&opened.date, opened.anew.as_ref()?))) {
                let kept = if self.settings.emit.is_some() { anew.1.starts() } else { Vec::new() };
                self.writer.documents.clear(anew.0, kept.into_iter())?;
            }
        }
        let mut windows: Vec<WindowOf<'_>> =
            opened.iter_mut().enumerate().flat_map(|(date, opened)| opened.windows(date)).collect();
        for windows in windows.chunks_mut(at_once) {
            let join = |of: &mut WindowOf<'_>| match of.profiles {
                [] => Ok(None),
                _ => builder.join(of.profiles, of.outcomes).map(Some),
            };
            let joined: Result<Vec<Option<OpenWindow>>, Error> =
                pool.install(|| windows.par_iter_mut().map(join).collect());
            let joined = joined?;
            let mut references = Vec::with_capacity(joined.len());
            for (of, open) in windows.iter().zip(&joined) {
                references.push(self.history.reference(of.window, &builder)?);
                self.history.keep_one(of.window, open.as_ref())?;
            }
            let judge = |((of, open), before): ((&WindowOf<'_>, Option<OpenWindow>), Before)| {
                let reference = before.whole(&builder.baseline.spec).map_err(|reason| Error::Results {
                    place: self.places.results.to_string(),
                    reason: format!("an earlier window cannot be read back: {reason}"),
                })?;
                builder.close(of, open.as_ref(), &reference).map(|rows| (of.date, rows))
            };
            let judged: Result<Vec<(usize, Rows)>, Error> =
                pool.install(|| windows.par_iter().zip(joined).zip(references).map(judge).collect());
            let mut by_date: BTreeMap<usize, Vec<Rows>> = BTreeMap::new();
            for (date, rows) in judged? {
                by_date.entry(date).or_default().push(rows);
            }
            let work: Vec<_> = dates
                .iter_mut()
                .enumerate()
                .filter_map(|(at, date)| Some((date, by_date.remove(&at)?)))
                .collect();
            let documents = &self.writer.documents;
            pool.install(|| {
                work.into_par_iter().try_for_each(|((kept, files), rows)| -> Result<(), Error> {
                    let Some(files) = files else { return Ok(()) };
                    for rows in rows {
                        rows.documents.iter().try_for_each(|of_window| documents.write(of_window))?;
                        kept.append(files.write(rows)?);
                    }
                    Ok(())
                })
            })?;
        }
        let finish = |(opened, (rows, files)): (Opened, (Rows, Option<TableFiles>))| {
            Ok(Built::new(opened, rows, files.map(TableFiles::finish).transpose()?))
        };
        let built: Result<Vec<Built>, Error> =
            pool.install(|| opened.into_par_iter().zip(dates).map(finish).collect());
        let mut built = built?;
        let keeps = self.places.are_one();
        if keeps && built_dates(&built).next().is_some() {
            self.is_ours()?;
            self.journal.begin(built_dates(&built))?;
        }
        self.writer.dates(&mut built)?;
        self.writer.each(&built, |built| builder.store(built))?;
        if keeps {
            for (date, made) in built.iter().filter_map(|built| Some((&built.date, built.made.as_ref()?))) {
                self.journal.settle(date, made.anew.inputs.clone());
            }
        }
        for Built { date, rows, made } in built {
            if made.is_some() {
                let whole = rows.windows.iter().filter(|window| window.key.segment.is_none());
                self.outcome.windows_written += whole.count() as u64;
            }
            summary::add(&mut self.outcome, &rows);
            self.visited.insert(date);
        }
        Ok(())
    }

    /// Refuses to write where another run does by now, as after this one was stopped for longer than a lease lasts.
    pub(super) fn is_ours(&self) -> Result<(), Error> {
        if self.places.lease.is_held() {
            return Ok(());
        }
        Err(Error::Results {
            place: self.places.out.to_string(),
            reason:
                "another run took over while this one did not answer: run it again when that one has ended"
                    .to_owned(),
        })
    }

    /// All that goes into a date.
    fn order(&mut self, due: Due) -> Order {
        let fresh = self.fresh.remove(&due.date).unwrap_or_default();
        self.fresh_bytes -= fresh.iter().map(StoredProfile::heap_bytes).sum::<usize>();
        let sources = self.by_date.get(&due.date).cloned().unwrap_or_default();
        let mut earlier = BTreeSet::new();
        if self.history.is_wanted() {
            for date in due.windows.iter().flat_map(|(window, _)| self.history.dates(*window)) {
                earlier.extend(self.by_date.get(&date).into_iter().flatten());
            }
        }
        Order {
            lost: due.windows.iter().map(|(window, _)| self.lost_in(*window)).collect(),
            sources: sources.into_iter().collect(),
            stored: self.stored.remove(&due.date).unwrap_or_default(),
            earlier,
            fresh,
            due,
        }
    }

    /// Which sources that were set aside may have had rows in a window.
    fn lost_in(&self, window: Window) -> Option<String> {
        let mut lost: Vec<_> = self
            .lost
            .iter()
            .filter(|(first, last, _)| *first < window.end && *last >= window.start)
            .collect();
        lost.sort();
        let (_, _, text) = lost.first()?;
        let more = if lost.len() > 1 { format!(" and {} more", lost.len() - 1) } else { String::new() };
        Some(format!("set aside: {text}{more}"))
    }
}

/// Dates whose tables are written anew.
fn built_dates(built: &[Built]) -> impl Iterator<Item = &str> {
    built.iter().filter(|built| built.made.is_some()).map(|built| &*built.date)
}
