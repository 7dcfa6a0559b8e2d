//! Windows that later ones are compared with, each as one profile a segment, written down.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use profile::{Profile, Spec};

use super::{
    build::Builder,
    known::Dates,
    segment::{OpenWindow, Segment},
};
use crate::{
    Compare, Error,
    outcomes::Outcomes,
    profiles::{Names, Written},
    window::{Calendar, Window},
};

/// Profiles by segment; `None` is all rows.
pub(super) type Profiles = BTreeMap<Option<Arc<str>>, Profile>;

/// A window as it is kept: a month of hours takes as much as a few windows that are open.
#[derive(Debug, Default)]
pub(super) struct Kept {
    segments: BTreeMap<Option<Arc<str>>, Written>,
    outcomes: OutcomesBy,
}

/// How predictions turned out, by segment.
pub(super) type OutcomesBy = BTreeMap<Option<Arc<str>>, Outcomes>;

/// What a window is compared with, before it is put together.
#[derive(Debug)]
pub(super) enum Before {
    Baseline,
    /// Earlier windows, and the rows of each, ascending.
    Earlier {
        windows: Vec<Arc<Kept>>,
        volumes: Vec<u64>,
    },
}

impl Before {
    /// Puts it together.
    pub(super) fn whole(self, spec: &Spec) -> Result<Reference, String> {
        let Self::Earlier { windows, volumes } = self else { return Ok(Reference::Baseline) };
        let (mut profiles, mut outcomes) = (Profiles::new(), OutcomesBy::new());
        for (segment, of_window) in windows.iter().flat_map(|window| &window.outcomes) {
            match outcomes.get_mut(segment) {
                Some(known) => known.add(of_window),
                None => drop(outcomes.insert(segment.clone(), of_window.clone())),
            }
        }
        for (segment, written) in windows.iter().flat_map(|window| &window.segments) {
            let profile = written.read(spec)?;
            match profiles.get_mut(segment) {
                Some(known) => known.merge(&profile),
                None => drop(profiles.insert(segment.clone(), profile)),
            }
        }
        Ok(Reference::Earlier { profiles, outcomes, volumes })
    }
}

/// What a window is compared with.
#[derive(Debug)]
pub(super) enum Reference {
    Baseline,
    /// Earlier windows as one, and the rows of each, ascending.
    Earlier {
        profiles: Profiles,
        outcomes: OutcomesBy,
        volumes: Vec<u64>,
    },
}

/// Windows that were written lately.
#[derive(Debug)]
pub(super) struct History {
    compare: Compare,
    calendar: Calendar,
    dates: Dates,
    names: Names,
    windows: BTreeMap<i64, Arc<Kept>>,
    /// Dates that are in `windows` whole.
    loaded: BTreeSet<Arc<str>>,
    /// Where windows of this run begin, if that was said.
    from: Option<i64>,
    /// Windows that lack some of those before `from`, and the first of these.
    short: (u64, Option<i64>),
}

impl History {
    pub(super) fn new(compare: Compare, calendar: Calendar, names: Names, from: Option<i64>) -> Self {
        let dates = Dates::new(calendar.clone());
        let (windows, loaded) = (BTreeMap::new(), BTreeSet::new());
        Self { compare, calendar, dates, names, windows, loaded, from, short: (0, None) }
    }

    /// What windows lacked that begin where captures may not.
    pub(super) fn note(&mut self) -> Option<String> {
        let (windows, (Some(first), Some(from))) = (self.short.0, (self.short.1, self.from)) else {
            return None;
        };
        Some(format!(
            "{windows} {} compared with fewer windows than asked for: no earlier run counted those before {}; \
             run from {} on for these",
            if windows == 1 { "window is" } else { "windows are" },
            self.dates.of(from),
            self.dates.of(first),
        ))
    }

    /// Whether windows are compared with each other at all.
    pub(super) fn is_wanted(&self) -> bool {
        self.compare != Compare::Baseline
    }

    /// Dates of the windows that a window is compared with.
    pub(super) fn dates(&mut self, window: Window) -> BTreeSet<Arc<str>> {
        let starts = self.compare.earlier(window, &mut self.calendar);
        starts.into_iter().map(|start| self.dates.of(start)).collect()
    }

    /// Keeps a window that was just made, if it has rows.
    pub(super) fn keep_one(&mut self, window: Window, open: Option<&OpenWindow>) -> Result<(), Error> {
        if let Some(open) = open.filter(|_| self.is_wanted()) {
            let write = |(name, segment): (&Option<Arc<str>>, &Segment)| {
                Ok((name.clone(), Written::new(&self.names, &segment.profile)?))
            };
            let segments = open.segments.iter().map(write).collect::<Result<_, sketch::Error>>()?;
            let kept = Kept { segments, outcomes: open.outcomes.clone() };
            self.windows.insert(window.start, Arc::new(kept));
        }
        Ok(())
    }

    /// Notes that all windows of a date are kept.
    pub(super) fn have(&mut self, date: &Arc<str>) {
        if self.is_wanted() {
            self.loaded.insert(Arc::clone(date));
        }
    }

    /// What a window is compared with. Windows come in order of time; those that no later one needs are dropped.
    pub(super) fn reference(&mut self, window: Window, builder: &Builder<'_>) -> Result<Before, Error> {
        if !self.is_wanted() {
            return Ok(Before::Baseline);
        }
        let earlier = self.compare.earlier(window, &mut self.calendar);
        for &start in &earlier {
            let date = self.dates.of(start);
            if !self.loaded.contains(&date) {
                for (window, open) in builder.stored_windows(&date, &mut self.dates)? {
                    self.keep_one(window, Some(&open))?;
                }
                self.have(&date);
            }
        }
        let is_lacking =
            |start: &&i64| self.from.is_some_and(|from| **start < from) && !self.windows.contains_key(*start);
        if let Some(&first) = earlier.iter().find(is_lacking) {
            let (windows, before) = self.short;
            self.short = (windows + 1, Some(before.map_or(first, |before| before.min(first))));
        }
        let windows: Vec<Arc<Kept>> =
            earlier.iter().filter_map(|start| self.windows.get(start)).map(Arc::clone).collect();
        let all = windows.iter().filter_map(|window| window.segments.get(&None));
        let mut volumes: Vec<u64> = all.map(|all| all.rows).collect();
        volumes.sort_unstable();
        if let Some(&oldest) = earlier.first() {
            let oldest_date = self.dates.of(oldest);
            let kept = self.windows.split_off(&oldest);
            self.windows = kept;
            self.loaded.retain(|date| *date >= oldest_date);
        }
        Ok(Before::Earlier { windows, volumes })
    }
}
