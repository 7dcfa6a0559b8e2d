//! Which captures and label files have to be read again when others are added: those that share ids with them.

use std::collections::BTreeSet;

use store::{Location, Store};

use super::{
    Joined,
    key_files::{KeyFiles, Section},
    keys::{Keys, Side, ascending, meet},
};
use crate::Error;

/// What has to be read again, by id.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Concerned {
    /// Captures that hold an id that was added: something else may come of their records.
    pub(super) restated: BTreeSet<String>,
    /// These, and captures with records of the same ids: which of them is the last has to be seen.
    pub(super) captures: BTreeSet<String>,
    /// Label files that hold an id of the former, or one that was added.
    pub(super) labels: BTreeSet<String>,
}

impl Concerned {
    /// Everything.
    pub(super) fn all(joined: &Joined) -> Self {
        let captures: BTreeSet<String> = joined.captures.keys().cloned().collect();
        Self { restated: captures.clone(), captures, labels: joined.labels.keys().cloned().collect() }
    }
}

/// What was known before, and where.
pub(super) struct Before<'a> {
    pub(super) store: &'a Store,
    /// The folder of results.
    pub(super) results: &'a Location,
    pub(super) files: &'a KeyFiles,
    pub(super) joined: &'a Joined,
}

impl Before<'_> {
    /// Finds what is concerned by keys that were added. `None` where that cannot be told: there are more keys than may be held
    /// in memory, or the files cannot be read.
    pub(super) fn concerned(&self, added: &Keys, most: usize) -> Result<Option<Concerned>, Error> {
        let mut found = Concerned::default();
        if self.joined.captures.is_empty() && self.joined.labels.is_empty() {
            return Ok(Some(found));
        }
        let mut keys = Vec::new();
        for (owner, length) in added.owners() {
            if keys.len() + length > most {
                return Ok(None);
            }
            keys.extend(added.read(owner)?);
        }
        let mut keys = ascending(keys);
        let restated = &mut found.restated;
        let is_capture = |section: &Section| section.side() == Side::Captures;
        let holds = |section: &Section, list: &[u64]| {
            if meet(list, &keys) {
                restated.insert(section.source.clone());
            }
        };
        if !self.visit(is_capture, holds)? {
            return Ok(None);
        }
        let (restated, mut fits) = (&found.restated, true);
        let mut of_restated = Vec::new();
        let add = |_: &Section, list: &[u64]| {
            fits &= keys.len() + of_restated.len() + list.len() <= most;
            if fits {
                of_restated.extend_from_slice(list);
            }
        };
        if !self.visit(|section| is_capture(section) && restated.contains(&section.source), add)? || !fits {
            return Ok(None);
        }
        keys.append(&mut of_restated);
        let keys = ascending(keys);
        let (captures, labels) = (&mut found.captures, &mut found.labels);
        let holds = |section: &Section, list: &[u64]| {
            let concerned = if is_capture(section) { &mut *captures } else { &mut *labels };
            if !concerned.contains(&section.source) && meet(list, &keys) {
                concerned.insert(section.source.clone());
            }
        };
        Ok(self.visit(|_| true, holds)?.then_some(found))
    }

    fn visit(
        &self,
        wanted: impl Fn(&Section) -> bool,
        see: impl FnMut(&Section, &[u64]),
    ) -> Result<bool, Error> {
        self.files.visit(self.store, self.results, &self.joined.keys, wanted, see)
    }
}
