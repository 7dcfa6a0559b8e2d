//! Windows that later ones are compared with, each as one profile a segment.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use profile::Profile;

use super::{build::Builder, known::Dates, segment::OpenWindow};
use crate::{Compare, Error, window::Calendar, window::Window};

/// Profiles by segment; `None` is all rows.
pub(super) type Profiles = BTreeMap<Option<Arc<str>>, Profile>;

/// What a window is compared with.
#[derive(Debug)]
pub(super) enum Reference {
    Baseline,
    /// Earlier windows as one, and the rows of each, ascending.
    Earlier {
        profiles: Profiles,
        volumes: Vec<u64>,
    },
}

/// Windows that were written lately.
#[derive(Debug)]
pub(super) struct History {
    compare: Compare,
    calendar: Calendar,
    dates: Dates,
    windows: BTreeMap<i64, Profiles>,
    /// Dates that are in `windows` whole.
    loaded: BTreeSet<Arc<str>>,
}

impl History {
    pub(super) fn new(compare: Compare, calendar: Calendar) -> Self {
        let dates = Dates::new(calendar.clone());
        Self { compare, calendar, dates, windows: BTreeMap::new(), loaded: BTreeSet::new() }
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
    pub(super) fn keep_one(&mut self, window: Window, open: Option<&OpenWindow>) {
        if let Some(open) = open.filter(|_| self.is_wanted()) {
            let profiles =
                open.segments.iter().map(|(name, segment)| (name.clone(), segment.profile.clone()));
            self.windows.insert(window.start, profiles.collect());
        }
    }

    /// Notes that all windows of a date are kept.
    pub(super) fn have(&mut self, date: &Arc<str>) {
        if self.is_wanted() {
            self.loaded.insert(Arc::clone(date));
        }
    }

    /// What a window is compared with. Windows come in order of time; those that no later one needs are dropped.
    pub(super) fn reference(&mut self, window: Window, builder: &Builder<'_>) -> Result<Reference, Error> {
        if !self.is_wanted() {
            return Ok(Reference::Baseline);
        }
        let earlier = self.compare.earlier(window, &mut self.calendar);
        for &start in &earlier {
            let date = self.dates.of(start);
            if !self.loaded.contains(&date) {
                for (window, open) in builder.stored_windows(&date, &mut self.dates)? {
                    self.keep_one(window, Some(&open));
                }
                self.have(&date);
            }
        }
        let (mut profiles, mut volumes) = (Profiles::new(), Vec::new());
        for start in &earlier {
            let Some(window) = self.windows.get(start) else { continue };
            volumes.extend(window.get(&None).map(|all| all.rows));
            for (segment, profile) in window.iter() {
                match profiles.get_mut(segment) {
                    Some(known) => known.merge(profile),
                    None => drop(profiles.insert(segment.clone(), profile.clone())),
                }
            }
        }
        volumes.sort_unstable();
        if let Some(&oldest) = earlier.first() {
            let oldest_date = self.dates.of(oldest);
            let kept = self.windows.split_off(&oldest);
            self.windows = kept;
            self.loaded.retain(|date| *date >= oldest_date);
        }
        Ok(Reference::Earlier { profiles, volumes })
    }
}
