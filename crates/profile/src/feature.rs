//! All summaries of one feature over some records.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sketch::{Counts, Distinct, Domain, Histogram, Lengths, Moments, NameCounts, hash_bytes, hash_f64};

use crate::{
    spec::Kind,
    values::{Leaf, Values},
};

/// The mergeable summaries of a feature. Those that do not apply to its kind stay empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FeatureProfile {
    /// Rows, nulls, NaN and so on.
    pub counts: Counts,
    /// Moments of finite numbers.
    pub moments: Moments,
    /// Finite numbers over the frozen bins.
    pub histogram: Histogram,
    /// Different values.
    pub distinct: Distinct,
    /// Names over the frozen domain.
    pub names: NameCounts,
    /// Lengths of texts and binary values.
    pub lengths: Lengths,
    /// Arrow types seen, but for Null.
    pub types: BTreeSet<String>,
}

impl FeatureProfile {
    /// Takes the rows of one column.
    pub(crate) fn observe(&mut self, kind: &Kind, leaf: &Leaf) {
        if let Some(name) = &leaf.type_name
            && !self.types.contains(name)
        {
            self.types.insert(name.clone());
        }
        let rows = leaf.rows as u64;
        match (kind, &leaf.values) {
            (_, Values::Null) => self.counts.observe_nulls(rows),
            (Kind::Number { bins, .. }, Values::Numbers(numbers)) => {
                for number in numbers.iter() {
                    match number {
                        None => self.counts.observe_nulls(1),
                        Some(value) => {
                            self.counts.observe(value);
                            if value.is_finite() {
                                self.moments.observe(value);
                                self.histogram.observe(bins, value);
                                self.distinct.observe(hash_f64(value));
                            }
                        }
                    }
                }
            }
            (Kind::Category { domain }, Values::Names(names)) => {
                names.for_each(|name| self.observe_name(domain, name));
            }
            // Without a value in the baseline there is nothing to compare with: what comes is described.
            (Kind::Empty, Values::Numbers(numbers)) => {
                for number in numbers.iter() {
                    match number {
                        None => self.counts.observe_nulls(1),
                        Some(value) => {
                            self.counts.observe(value);
                            self.moments.observe(value);
                            self.distinct.observe(hash_f64(value));
                        }
                    }
                }
            }
            (Kind::Empty, Values::Names(names)) => {
                let unknown = Domain::default();
                names.for_each(|name| self.observe_name(&unknown, name));
            }
            (_, values) => {
                let nulls = values.nulls(leaf.rows) as u64;
                self.counts.observe_nulls(nulls);
                self.counts.observe_mismatched(rows - nulls);
            }
        }
    }

    /// Adds another part, counted under the same spec.
    pub fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.moments.merge(&other.moments);
        self.histogram.merge(&other.histogram);
        self.distinct.merge(&other.distinct);
        self.names.merge(&other.names);
        self.lengths.merge(&other.lengths);
        if !other.types.is_subset(&self.types) {
            self.types.extend(other.types.iter().cloned());
        }
    }

    /// Whether the counters fit a kind, as bytes from outside may not.
    #[must_use]
    pub fn fits(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Number { bins, .. } => self.histogram.fits(bins),
            Kind::Category { domain } => self.names.fits(domain),
            Kind::Empty | Kind::Uncovered => true,
        }
    }

    fn observe_name(&mut self, domain: &Domain, name: Option<&str>) {
        let Some(name) = name else {
            self.counts.observe_nulls(1);
            return;
        };
        self.counts.rows += 1;
        self.counts.zeros += u64::from(name.is_empty());
        self.names.observe(domain, name, 1);
        self.distinct.observe(hash_bytes(name.as_bytes()));
        self.lengths.observe(name.chars().count());
    }
}
