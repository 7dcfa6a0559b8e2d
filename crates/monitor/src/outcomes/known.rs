//! What of the stored outcomes still holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use store::{Listed, Location};

use super::{Joined, OutcomeShelf, Truth};
use crate::{
    profiles::{Digest, Entry, version_of},
    window::{Calendar, Every},
};

/// Dates that windows are stored under.
#[derive(Debug)]
pub(super) struct Dates(Calendar);

impl Dates {
    pub(super) fn new(every: Every, zone: jiff::tz::TimeZone) -> Self {
        Self(Calendar::new(every, zone))
    }

    /// The date of a window, by its start.
    pub(super) fn of(&mut self, start: i64) -> String {
        self.0.date_of(start)
    }

    /// All dates that a capture has rows on.
    pub(super) fn of_entry(&mut self, entry: &Entry) -> BTreeSet<String> {
        let starts: Vec<i64> = entry.windows((None, None)).collect();
        let windows: Vec<i64> =
            starts.into_iter().filter_map(|start| Some(self.0.window_of(start)?.start)).collect();
        windows.into_iter().map(|start| self.0.date_of(start)).collect()
    }
}

/// Captures of which outcomes are stored that hold.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those that are listed, by id.
    pub(super) current: BTreeMap<String, Entry>,
    /// Those of earlier runs that lie elsewhere, by id.
    pub(super) elsewhere: BTreeMap<String, Entry>,
    /// Whether there is nothing to read at all.
    pub(super) is_all: bool,
}

impl Known {
    pub(super) fn of(
        shelf: &OutcomeShelf<'_>,
        (captures, listed): (&Location, &Listed),
        truth: Option<&Truth>,
        range: (Option<i64>, Option<i64>),
        dates: &mut Dates,
    ) -> Self {
        let ids: HashMap<&str, _> = listed.sources().map(|source| (source.id.as_str(), source)).collect();
        let entries = || shelf.state.entries.values();
        let elsewhere =
            entries().filter(|entry| !ids.contains_key(&*entry.id) && !captures.covers(&entry.id));
        let elsewhere = elsewhere.map(|entry| (entry.id.clone(), entry.clone())).collect();
        let joined = truth.and(shelf.state.joined.as_ref());
        let spec = match (truth, joined) {
            (None, _) => shelf.spec.clone(),
            (Some(truth), Some(joined)) => {
                let files = joined.labels.iter().map(|(id, labels)| (id.as_str(), labels.version.clone()));
                with_labels(&shelf.spec, &truth.digest(files))
            }
            (Some(_), None) => return Self { elsewhere, ..Self::default() },
        };
        let mut holds = |entry: &&Entry| {
            ids.get(&*entry.id).is_some_and(|source| entry.is_of(source))
                && entry.spec == spec
                && entry.serves(range)
                && joined.is_none_or(|joined| joined.captures.contains_key(&entry.id))
                && (entry.windows(range).next().is_none()
                    || dates.of_entry(entry).iter().all(|date| shelf.has(date)))
        };
        let current: BTreeMap<String, Entry> =
            entries().filter(&mut holds).map(|entry| (entry.id.clone(), entry.clone())).collect();
        let mut known = Self { is_all: current.len() == ids.len(), current, elsewhere };
        if let Some((truth, joined)) = truth.zip(joined) {
            known.check(shelf, truth, joined, range);
        }
        known
    }

    /// Which record of an id is the last, and which label has no record, shows only among all of them: where anything that was
    /// joined is gone or has changed, nothing holds; nor where it cannot be told what others share ids with.
    fn check(
        &mut self,
        shelf: &OutcomeShelf<'_>,
        truth: &Truth,
        joined: &Joined,
        range: (Option<i64>, Option<i64>),
    ) {
        let files: HashMap<&str, String> =
            truth.files().map(|file| (file.id.as_str(), version_of(file))).collect();
        let is_whole = joined.captures.keys().all(|id| self.current.contains_key(id))
            && joined.labels.iter().all(|(id, labels)| files.get(&**id) == Some(&labels.version));
        self.is_all &= is_whole && joined.labels.len() == files.len();
        let version = |id: &str| self.current.get(id).map(Entry::version);
        let can_add = || {
            is_whole
                && self.current.values().all(|entry| entry.range == range)
                && shelf.keys.are_of(joined, version)
        };
        if !self.is_all && !can_add() {
            self.current.clear();
        }
    }
}

/// Digest of the spec and the labels that outcomes were counted with.
pub(super) fn with_labels(spec: &str, labels: &str) -> String {
    Digest::new("with labels").text(spec).text(labels).finish()
}
