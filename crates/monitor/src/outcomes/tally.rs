//! What became of predictions and labels, source by source, so that a later join adds to it.

use std::collections::BTreeMap;

use quality::join::Counted as Met;
use serde::{Deserialize, Serialize};

/// Captures and label files that were joined with each other, and what came of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Joined {
    /// Names of the files with the keys of all of them.
    pub(super) keys: Vec<String>,
    /// By id.
    pub(super) captures: BTreeMap<String, OfCapture>,
    /// By id.
    pub(super) labels: BTreeMap<String, OfLabels>,
    /// Different ids that have a label.
    pub(super) ids: u64,
}

/// What became of the records of a capture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OfCapture {
    /// Keys in the files.
    pub(super) keys: u64,
    /// Records in windows.
    pub(super) records: u64,
    /// Of these, those that no later one of the same id replaces.
    pub(super) last: u64,
    /// Of these, those with a label.
    pub(super) matched: u64,
    /// Of these, those whose label arrived before them.
    pub(super) early: u64,
    /// One of the ids.
    pub(super) example: Option<String>,
}

/// What a label file has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OfLabels {
    pub(super) version: String,
    /// Keys in the files.
    pub(super) keys: u64,
    /// Labels that had arrived.
    pub(super) arrived: u64,
    /// Labels that had not.
    pub(super) later: u64,
    /// Labels without an id.
    pub(super) without_id: u64,
    /// One of the ids.
    pub(super) example: Option<String>,
}

/// The same of what one join has read, by the places of sources.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) captures: BTreeMap<u32, OfCapture>,
    pub(super) labels: BTreeMap<u32, OfLabels>,
    /// Different ids that have a label, and had none before.
    pub(super) ids: u64,
}

impl Joined {
    /// What became of all of them.
    pub(super) fn met(&self) -> Met {
        met(self.captures.values(), self.labels.values(), self.ids)
    }
}

impl Joined {
    /// An id of a record and one of a label, where none of them meet.
    pub(super) fn apart(&self) -> Option<(&str, &str)> {
        let met = self.met();
        let records = self.captures.values().find_map(|of| of.example.as_deref());
        let labels = self.labels.values().find_map(|of| of.example.as_deref());
        records.zip(labels).filter(|_| met.matched == 0)
    }
}

impl Tally {
    /// What became of all rows, where there were none before.
    pub(super) fn met(&self) -> Met {
        met(self.captures.values(), self.labels.values(), self.ids)
    }

    /// Adds what became of other records.
    pub(super) fn add(&mut self, other: &Self) {
        for (place, other) in &other.captures {
            let of = self.captures.entry(*place).or_default();
            of.records += other.records;
            of.last += other.last;
            of.matched += other.matched;
            of.early += other.early;
        }
        self.ids += other.ids;
    }
}

fn met<'a>(
    captures: impl Iterator<Item = &'a OfCapture> + Clone,
    labels: impl Iterator<Item = &'a OfLabels> + Clone,
    ids: u64,
) -> Met {
    let captures = |count: fn(&OfCapture) -> u64| captures.clone().map(count).sum::<u64>();
    let labels = |count: fn(&OfLabels) -> u64| labels.clone().map(count).sum::<u64>();
    let (last, matched) = (captures(|of| of.last), captures(|of| of.matched));
    Met {
        matched,
        unlabelled: last.saturating_sub(matched),
        repeated_records: captures(|of| of.records).saturating_sub(last),
        unmatched_labels: ids.saturating_sub(matched) + labels(|of| of.without_id),
        repeated_labels: labels(|of| of.arrived).saturating_sub(ids),
        early_labels: captures(|of| of.early),
        later_labels: labels(|of| of.later),
        new_ids: ids,
    }
}
