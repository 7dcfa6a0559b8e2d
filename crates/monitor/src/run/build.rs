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
    profiles::{Digest, Entry, Shelf, StoredProfile},
    tables::{ViolationRow, WindowRow, rows},
    window::Window,
};

/// Raised when the same inputs give other tables than before.
const TABLES: u32 = 1;

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

/// A date whose windows wait for what they are compared with.
#[derive(Debug)]
pub(super) enum Opened {
    /// Its tables are there; the rows that a summary needs of them.
    UpToDate {
        date: Arc<str>,
        rows: Rows,
    },
    Anew {
        date: Arc<str>,
        windows: Vec<Joined>,
        made: Made,
    },
}

/// A window with its profiles joined; without any if it has no rows.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) window: Window,
    pub(super) open: Option<OpenWindow>,
    lost: Option<String>,
}

/// A date that was written, or need not be.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) date: Arc<str>,
    pub(super) rows: Rows,
    /// What is to be written; `None` when what is there is up to date.
    pub(super) made: Option<Made>,
}

/// What is written of a date beside its tables.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) profiles: Vec<StoredProfile>,
    /// Sources with rows on the date, by position.
    pub(super) sources: Vec<u32>,
    /// Digest of all that the tables depend on.
    pub(super) inputs: String,
}

/// What all dates have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Builder<'a> {
    pub(super) store: &'a Store,
    pub(super) results: &'a Location,
    pub(super) baseline: &'a Baseline,
    pub(super) judge: &'a Judge<'a>,
    pub(super) shelf: &'a Shelf<'a>,
    pub(super) sources: &'a Sources,
    /// Whether profiles are kept where the tables are.
    pub(super) keeps: bool,
    /// Digest of bins, roles and format.
    pub(super) spec: &'a str,
    /// Digest of what windows are judged by.
    pub(super) rule: &'a str,
}

impl Builder<'_> {
    /// Joins the profiles of a date, unless its tables are there already.
    pub(super) fn open(&self, order: Order) -> Result<Opened, Error> {
        let Order { due, sources, stored, fresh, lost, earlier } = order;
        let entries = self.entries(&sources);
        let inputs = self.inputs(&due, &entries, &lost, &earlier);
        if self.keeps
            && fresh.is_empty()
            && self.shelf.is_exactly(&due.date, &entries)
            && self.shelf.inputs(&due.date) == Some(&inputs)
            && let Some(rows) = self.read_back(&due.date)?
        {
            return Ok(Opened::UpToDate { date: due.date, rows });
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
        let windows = self.windows(&due, &mut profiles, lost)?;
        let made = Made { profiles, sources, inputs };
        Ok(Opened::Anew { date: due.date, windows, made })
    }

    /// Scores the windows of a date, each against its reference.
    pub(super) fn close(&self, opened: Opened, references: &[Reference]) -> Built {
        match opened {
            Opened::UpToDate { date, rows } => Built { date, rows, made: None },
            Opened::Anew { date, windows, made } => {
                let mut rows = Rows::default();
                for (Joined { window, open, lost }, reference) in windows.into_iter().zip(references) {
                    rows.append(match open {
                        Some(open) => self.judge.window(window, &open, lost.as_deref(), reference),
                        None => self.judge.empty(window, lost, reference),
                    });
                }
                Built { date, rows, made: Some(made) }
            }
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
        let versions: HashSet<(&str, String)> =
            self.sources.entries().map(|(_, entry)| (entry.id.as_str(), entry.version())).collect();
        let mut profiles = self.shelf.load(date, |id, version, spec| {
            spec == self.spec && versions.contains(&(id, version.to_owned()))
        })?;
        StoredProfile::sort(&mut profiles);
        let of_window = profiles.chunk_by_mut(|a, b| a.window == b.window);
        of_window.map(|these| Ok((dates.window(these[0].window.start), self.join(these)?))).collect()
    }

    /// Writes the profiles of a date whose tables are written.
    pub(super) fn store(&self, built: &Built) -> Result<(), Error> {
        let Some(Made { profiles, sources, inputs }) = built.made.as_ref().filter(|_| self.keeps) else {
            return Ok(());
        };
        let entries = self.entries(sources);
        self.shelf.write_date(&self.judge.monitor, &built.date, profiles, &entries, inputs.clone())
    }

    fn entries(&self, sources: &[u32]) -> Vec<&Entry> {
        sources.iter().filter_map(|&position| self.sources.get(position)?.entry.as_ref()).collect()
    }

    /// Joins the profiles of each window of a date.
    fn windows(
        &self,
        due: &Due,
        profiles: &mut [StoredProfile],
        lost: Vec<Option<String>>,
    ) -> Result<Vec<Joined>, Error> {
        let mut windows = Vec::with_capacity(due.windows.len());
        let mut profiles = profiles;
        for (&(window, _), lost) in due.windows.iter().zip(lost) {
            let of_window = profiles.partition_point(|profile| profile.window.start < window.end);
            let (these, rest) = mem::take(&mut profiles).split_at_mut(of_window);
            profiles = rest;
            let open = if these.is_empty() { None } else { Some(self.join(these)?) };
            windows.push(Joined { window, open, lost });
        }
        Ok(windows)
    }

    /// Joins the profiles of a window, in the order of their sources.
    fn join(&self, profiles: &mut [StoredProfile]) -> Result<OpenWindow, Error> {
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
                    "the stored profile of `{}` is damaged ({reason}): remove the folder `profiles` and run again",
                    stored.source
                ),
            })?;
            open.observe(&self.baseline.spec, position, stored.segment.clone(), profile);
        }
        open.close(&self.baseline.spec);
        Ok(open)
    }

    /// Digest of everything that the tables of a date depend on.
    fn inputs(
        &self,
        due: &Due,
        entries: &[&Entry],
        lost: &[Option<String>],
        earlier: &BTreeSet<u32>,
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
        Ok(windows.zip(violations).map(|(windows, violations)| Rows {
            windows,
            violations,
            ..Rows::default()
        }))
    }
}
