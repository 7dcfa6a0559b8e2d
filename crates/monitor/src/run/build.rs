//! One date, from stored profiles to the rows of its tables.

use std::{
    collections::{BTreeSet, HashSet},
    mem,
    sync::Arc,
};

use arrow_array::RecordBatch;
use store::{Location, Store};

use super::{
    close::{Judge, Rows},
    due::Due,
    history::Reference,
    known::{Dates, Sources},
    segment::OpenWindow,
};
use crate::{
    Baseline, Error,
    outcomes::{OutcomeShelf, StoredOutcomes},
    profiles::{Digest, Entry, Journal, Shelf, StoredProfile},
    quality_outcome::QualityRow,
    tables::{ViolationRow, WindowRow, rows},
    window::Window,
};

/// Raised when the same inputs give other tables than before.
const TABLES: u32 = 4;

/// A date to write, with all that goes into it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) due: Due,
    /// Sources with rows on it, by position.
    pub(super) sources: Vec<u32>,
    /// Dates that profiles of its windows are stored under.
    pub(super) stored: BTreeSet<Arc<str>>,
    /// What was counted in this run and waits in memory.
    pub(super) fresh: Vec<StoredProfile>,
    /// Why rows may be missing, by window.
    pub(super) lost: Vec<Option<String>>,
    /// Sources with rows on the dates that its windows are compared with.
    pub(super) earlier: BTreeSet<u32>,
}

/// A date to write, with its profiles; or one whose tables are there.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) date: Arc<str>,
    /// The rows that a summary needs of tables that are there.
    pub(super) rows: Rows,
    pub(super) anew: Option<Anew>,
}

/// A date whose tables are not there, or are of other inputs.
#[derive(Debug)]
pub(super) struct Anew {
    /// Windows in order, and why rows of them may be missing.
    pub(super) windows: Vec<(Window, Option<String>)>,
    /// In the order of their windows.
    pub(super) profiles: Vec<StoredProfile>,
    /// How predictions turned out, in the order of their windows.
    outcomes: Vec<StoredOutcomes>,
    sources: Vec<u32>,
    /// Digest of all that its tables depend on.
    pub(super) inputs: String,
}

impl Anew {
    /// Starts of the windows with rows.
    pub(super) fn starts(&self) -> Vec<i64> {
        let has_rows = |window: &Window| {
            let at = self.profiles.partition_point(|profile| profile.window.start < window.start);
            self.profiles.get(at).is_some_and(|profile| profile.window.start < window.end)
        };
        self.windows
            .iter()
            .map(|(window, _)| window)
            .filter(|window| has_rows(window))
            .map(|w| w.start)
            .collect()
    }
}

/// A window of a date, with the profiles of it.
#[derive(Debug)]
pub(super) struct WindowOf<'a> {
    /// Position of the date.
    pub(super) date: usize,
    pub(super) window: Window,
    pub(super) lost: Option<String>,
    pub(super) profiles: &'a mut [StoredProfile],
    pub(super) outcomes: &'a [StoredOutcomes],
}

impl Opened {
    /// The windows of a date that are to be made.
    pub(super) fn windows(&mut self, date: usize) -> Vec<WindowOf<'_>> {
        let Some(anew) = &mut self.anew else { return Vec::new() };
        let mut rest = anew.profiles.as_mut_slice();
        let mut turned_out = anew.outcomes.as_slice();
        let mut windows = Vec::with_capacity(anew.windows.len());
        for (window, lost) in &anew.windows {
            let of_window = rest.partition_point(|profile| profile.window.start < window.end);
            let (profiles, after) = mem::take(&mut rest).split_at_mut(of_window);
            rest = after;
            let of_window = turned_out.partition_point(|outcomes| outcomes.window.start < window.end);
            let (outcomes, after) = turned_out.split_at(of_window);
            turned_out = after;
            windows.push(WindowOf { date, window: *window, lost: lost.clone(), profiles, outcomes });
        }
        windows
    }
}

/// A date that is to be put in place, or need not be.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) date: Arc<str>,
    /// What a summary needs.
    pub(super) rows: Rows,
    pub(super) made: Option<Made>,
}

/// What is written of a date.
#[derive(Debug)]
pub(super) struct Made {
    /// Its tables.
    pub(super) files: Vec<Vec<u8>>,
    pub(super) anew: Anew,
}

impl Built {
    pub(super) fn new(opened: Opened, rows: Rows, files: Option<Vec<Vec<u8>>>) -> Self {
        let Opened { date, rows: read_back, anew } = opened;
        match anew.zip(files) {
            Some((anew, files)) => Self { date, rows, made: Some(Made { files, anew }) },
            None => Self { date, rows: read_back, made: None },
        }
    }
}

/// What all dates have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Builder<'a> {
    pub(super) store: &'a Store,
    pub(super) results: &'a Location,
    pub(super) baseline: &'a Baseline,
    pub(super) judge: &'a Judge<'a>,
    pub(super) shelf: &'a Shelf<'a>,
    pub(super) journal: &'a Journal<'a>,
    /// What is known of predictions and labels, where that is asked for.
    pub(super) outcomes: Option<&'a OutcomeShelf<'a>>,
    pub(super) sources: &'a Sources,
    /// Whether profiles are kept where the tables are.
    pub(super) keeps: bool,
    /// Digest of bins, roles and format.
    pub(super) spec: &'a str,
    /// Digest of what windows are judged by.
    pub(super) rule: &'a str,
    /// Dates of which every table has a file.
    pub(super) whole: &'a BTreeSet<String>,
}

impl Builder<'_> {
    /// Joins the profiles of a date, unless its tables are there already.
    pub(super) fn open(&self, order: Order) -> Result<Opened, Error> {
        let Order { due, sources, stored, fresh, lost, earlier } = order;
        let entries = self.entries(&sources);
        let dates: BTreeSet<&str> = stored.iter().map(|date| &**date).chain([&*due.date]).collect();
        let inputs = self.inputs(&due, &entries, &lost, &earlier, &dates);
        if self.keeps
            && fresh.is_empty()
            && self.shelf.is_exactly(&due.date, &entries)
            && self.journal.inputs(&due.date).as_ref() == Some(&inputs)
            && self.whole.contains(&*due.date)
            && let Some(rows) = self.read_back(&due.date)?
        {
            return Ok(Opened { date: due.date, rows, anew: None });
        }
        let mut profiles = fresh;
        let there: HashSet<Arc<str>> = profiles.iter().map(|profile| Arc::clone(&profile.source)).collect();
        let versions: HashSet<(&str, String)> =
            entries.iter().map(|entry| (entry.id.as_str(), entry.version())).collect();
        for date in &stored {
            profiles.extend(self.shelf.load(date, |id, version, spec| {
                spec == self.spec && !there.contains(id) && versions.contains(&(id, version.to_owned()))
            })?);
        }
        StoredProfile::sort(&mut profiles);
        let mut outcomes = self.outcomes_of(dates.into_iter(), &versions)?;
        StoredOutcomes::sort(&mut outcomes);
        let windows = due.windows.iter().map(|(window, _)| *window).zip(lost).collect();
        let anew = Anew { windows, profiles, outcomes, sources, inputs };
        Ok(Opened { date: due.date, rows: Rows::default(), anew: Some(anew) })
    }

    /// Scores a window against its reference; `open` is missing when it has no rows.
    pub(super) fn close(
        &self,
        of: &WindowOf<'_>,
        open: Option<&OpenWindow>,
        reference: &Reference,
    ) -> Result<Rows, Error> {
        match open {
            Some(open) => self.judge.window(of.window, open, of.lost.as_deref(), reference),
            None => Ok(self.judge.empty(of.window, of.lost.clone(), reference)),
        }
    }

    /// The windows of a date that is stored, with the windows that start on it.
    pub(super) fn stored_windows(
        &self,
        date: &Arc<str>,
        dates: &mut Dates,
    ) -> Result<Vec<(Window, OpenWindow)>, Error> {
        // Windows that are longer than those of the profiles are all made in this run.
        if !self.keeps {
            return Ok(Vec::new());
        }
        let mut on_date = |entry: &&Entry| entry.windows((None, None)).any(|start| dates.of(start) == *date);
        let entries: Vec<&Entry> =
            self.sources.entries().map(|(_, entry)| entry).filter(&mut on_date).collect();
        // Half of what was there is nothing to compare with.
        if !self.shelf.is_exactly(date, &entries) {
            return Ok(Vec::new());
        }
        let versions: HashSet<(&str, String)> =
            entries.iter().map(|entry| (entry.id.as_str(), entry.version())).collect();
        let mut profiles = self.shelf.load(date, |id, version, spec| {
            spec == self.spec && versions.contains(&(id, version.to_owned()))
        })?;
        StoredProfile::sort(&mut profiles);
        let outcomes = self.outcomes_of(std::iter::once(&**date), &versions)?;
        let of_window = profiles.chunk_by_mut(|a, b| a.window == b.window);
        of_window
            .map(|these| {
                let window = these[0].window;
                let turned_out: Vec<_> = outcomes.iter().filter(|of| of.window == window).cloned().collect();
                Ok((dates.window(window.start), self.join(these, &turned_out)?))
            })
            .collect()
    }

    /// How predictions of some dates turned out, of these versions of sources.
    fn outcomes_of<'d>(
        &self,
        dates: impl Iterator<Item = &'d str>,
        versions: &HashSet<(&str, String)>,
    ) -> Result<Vec<StoredOutcomes>, Error> {
        let mut outcomes = Vec::new();
        let Some(shelf) = self.outcomes else { return Ok(outcomes) };
        for date in dates {
            outcomes.extend(shelf.load(date, |id, version| versions.contains(&(id, version.to_owned())))?);
        }
        Ok(outcomes)
    }

    /// Writes the profiles of a date whose tables are written.
    pub(super) fn store(&self, built: &Built) -> Result<(), Error> {
        let Some(Made { anew, .. }) = built.made.as_ref().filter(|_| self.keeps) else { return Ok(()) };
        let entries = self.entries(&anew.sources);
        self.shelf.write_date(&self.judge.monitor, &built.date, &anew.profiles, &entries)
    }

    fn entries(&self, sources: &[u32]) -> Vec<&Entry> {
        sources.iter().filter_map(|&position| self.sources.get(position)?.entry.as_ref()).collect()
    }

    /// Joins the profiles of a window, in the order of their sources.
    pub(super) fn join(
        &self,
        profiles: &mut [StoredProfile],
        outcomes: &[StoredOutcomes],
    ) -> Result<OpenWindow, Error> {
        let mut ordered: Vec<(u32, &mut StoredProfile)> = profiles
            .iter_mut()
            .map(|profile| (self.sources.position(&profile.source).unwrap_or(u32::MAX), profile))
            .collect();
        ordered.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.segment.cmp(&other.segment)));
        let mut open = OpenWindow::default();
        for (position, stored) in ordered {
            let profile = stored.profile(&self.baseline.spec).map_err(|reason| Error::Results {
                place: self.results.to_string(),
                reason: format!(
                    "what is stored in `profiles` of `{}` is damaged ({reason}): remove the files of its dates there and run again",
                    stored.source
                ),
            })?;
            open.observe(&self.baseline.spec, position, stored.segment.clone(), profile);
        }
        open.close(&self.baseline.spec);
        for (shelf, stored) in
            self.outcomes.into_iter().flat_map(|shelf| outcomes.iter().map(move |of| (shelf, of)))
        {
            let read = stored.outcomes(&shelf.form).and_then(|outcomes| {
                let fits = open.observe_outcomes(stored.segment.clone(), &outcomes);
                fits.then_some(()).ok_or_else(|| "counters that do not fit each other".to_owned())
            });
            read.map_err(|reason| Error::Results {
                place: self.results.to_string(),
                reason: format!(
                    "what is stored in `outcomes` of `{}` is damaged ({reason}): remove that folder and run again",
                    stored.source
                ),
            })?;
        }
        Ok(open)
    }

    /// Digest of everything that the tables of a date depend on.
    fn inputs(
        &self,
        due: &Due,
        entries: &[&Entry],
        lost: &[Option<String>],
        earlier: &BTreeSet<u32>,
        dates: &BTreeSet<&str>,
    ) -> String {
        let mut digest = Digest::new("date").text(TABLES).text(self.rule).text(self.spec);
        for ((Window { start, end }, has_rows), lost) in due.windows.iter().zip(lost) {
            digest = digest.text(start).text(end).text(has_rows).text(lost.as_deref().unwrap_or_default());
        }
        let earlier: Vec<u32> = earlier.iter().copied().collect();
        for entries in [entries, &self.entries(&earlier)] {
            digest = digest.text(entries.len());
            for entry in entries {
                let content = entry.profiled().map_or("", |profiled| &profiled.content);
                digest = digest.text(&entry.path).text(content);
            }
        }
        for date in dates {
            digest = digest.text(self.outcomes.map_or("", |shelf| shelf.content(date)));
        }
        digest.finish()
    }

    /// The rows that a summary of the run needs, from tables that are there; `None` when they are not readable.
    fn read_back(&self, date: &str) -> Result<Option<Rows>, Error> {
        let table = |name: &str| -> Result<Option<Vec<RecordBatch>>, Error> {
            let place = self.results.join(&format!("{name}/window_date={date}/part.parquet"))?;
            match self.store.read_parquet(&place) {
                Err(store::Error::Corrupt { .. }) => Ok(None),
                outcome => Ok(outcome?),
            }
        };
        let (Some(windows), Some(violations)) = (table("windows")?, table("violations")?) else {
            return Ok(None);
        };
        let windows: Option<Vec<WindowRow>> = rows(&windows).map(WindowRow::of_row).collect();
        let violations: Option<Vec<ViolationRow>> = rows(&violations).map(ViolationRow::of_row).collect();
        let scores = if self.outcomes.is_some() { table("scores")?.unwrap_or_default() } else { Vec::new() };
        let quality: Vec<QualityRow> = rows(&scores).filter_map(QualityRow::of_row).collect();
        Ok(windows.zip(violations).map(|(windows, violations)| Rows {
            windows,
            quality,
            violations,
            ..Rows::default()
        }))
    }
}
