//! Profiles of all features over some records.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::{
    FeatureProfile, Kind, Spec,
    flatten::for_each_leaf,
    values::{Leaf, Values},
};

/// What some records look like under a [`Spec`]. Merging is exact in any order, but for [`FeatureProfile::arrival`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Records.
    pub rows: u64,
    /// One entry for each feature of the spec, in its order.
    pub features: Vec<FeatureProfile>,
    /// Columns that the spec does not have.
    pub extra: BTreeMap<String, FeatureProfile>,
}

impl Profile {
    /// A profile of no records.
    #[must_use]
    pub fn new(spec: &Spec) -> Self {
        let features = vec![FeatureProfile::default(); spec.features().len()];
        Self { rows: 0, features, extra: BTreeMap::new() }
    }

    /// Takes the records of a batch. `wanted` says which top-level columns are monitored.
    pub fn observe(&mut self, spec: &Spec, batch: &RecordBatch, wanted: &dyn Fn(&str) -> bool) {
        let rows = batch.num_rows() as u64;
        self.rows += rows;
        let mut seen = vec![false; self.features.len()];
        for_each_leaf(batch, wanted, &mut |leaf| self.observe_leaf(spec, &leaf, &mut seen));
        for (feature, _) in self.features.iter_mut().zip(&seen).filter(|(_, seen)| !**seen) {
            feature.counts.observe_absent(rows);
        }
    }

    /// Takes one column; notes in `seen` which features of the spec it is.
    pub(crate) fn observe_leaf(&mut self, spec: &Spec, leaf: &Leaf, seen: &mut [bool]) {
        match spec.position(&leaf.name) {
            Some(position) => {
                seen[position] = true;
                self.features[position].observe(&spec.features()[position].kind, leaf);
            }
            // A struct or list of which a file has no value may be written as type Null: its members are null.
            None if matches!(leaf.values, Values::Null) && self.observe_null_members(spec, leaf, seen) => {}
            None => match self.extra.get_mut(&leaf.name) {
                Some(extra) => extra.observe(&Kind::Empty, leaf),
                None => {
                    self.extra.entry(leaf.name.clone()).or_default().observe(&Kind::Empty, leaf);
                }
            },
        }
    }

    /// Counts nulls for all features that are members of a column; false if none is.
    fn observe_null_members(&mut self, spec: &Spec, leaf: &Leaf, seen: &mut [bool]) -> bool {
        let mut any = false;
        for (position, feature) in spec.features().iter().enumerate() {
            let member = feature.name.strip_prefix(&leaf.name).is_some_and(|rest| rest.starts_with('.'));
            if member && !seen[position] {
                (seen[position], any) = (true, true);
                self.features[position].counts.observe_nulls(leaf.rows as u64);
            }
        }
        any
    }

    /// Adds another part, counted under the same spec.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        if self.features.len() < other.features.len() {
            self.features.resize_with(other.features.len(), FeatureProfile::default);
        }
        for (feature, part) in self.features.iter_mut().zip(&other.features) {
            feature.merge(part);
        }
        for (name, part) in &other.extra {
            match self.extra.get_mut(name) {
                Some(feature) => feature.merge(part),
                None => {
                    self.extra.insert(name.clone(), part.clone());
                }
            }
        }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let features = self.features.iter().chain(self.extra.values()).map(FeatureProfile::heap_bytes);
        // Nodes of a map have room for 11 entries, and are three fifths full.
        let room = if self.extra.is_empty() { 0 } else { (self.extra.len() * 5 / 3).max(11) };
        self.features.capacity() * size_of::<FeatureProfile>()
            + room * size_of::<(String, FeatureProfile)>()
            + self.extra.keys().map(String::capacity).sum::<usize>()
            + features.sum::<usize>()
    }

    /// Whether all counters fit the spec, as bytes from outside may not.
    #[must_use]
    pub fn fits(&self, spec: &Spec) -> bool {
        self.features.len() == spec.features().len()
            && self.features.iter().zip(spec.features()).all(|(profile, spec)| profile.fits(&spec.kind))
    }
}

#[cfg(test)]
mod tests;
