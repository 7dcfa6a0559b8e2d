//! All summaries of one feature over some records.

use std::sync::{Arc, LazyLock};

use arrow_array::Array;
use serde::{Deserialize, Serialize};
use sketch::{
    Arrival, BLOCK, Bins, Counts, Distinct, Domain, Histogram, Lengths, Moments, NameCounts, NameKey,
    hash_f64,
};

use crate::{
    spec::Kind,
    values::{Leaf, Values, name as as_name, number},
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
    /// Lengths of names.
    pub lengths: Lengths,
    /// Arrow types seen, but for Null, in alphabetical order.
    pub types: Vec<Arc<str>>,
    /// Finite numbers in the order of the rows, where the spec asks for that. Parts that merge in another order, or are cut
    /// elsewhere, give others.
    pub arrival: Option<Box<Arrival>>,
}

impl FeatureProfile {
    /// Different values: an estimate once they are many, and never more than there are rows with a value.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.distinct.estimate().min(self.counts.rows.saturating_sub(self.counts.missing()))
    }

    /// Takes the rows of one column.
    pub(crate) fn observe(&mut self, kind: &Kind, leaf: &Leaf) {
        if let Some(name) = &leaf.type_name {
            self.observe_type(name);
        }
        let rows = leaf.rows as u64;
        match (&leaf.values, Target::of(kind)) {
            (Values::Null, _) => self.counts.observe_nulls(rows),
            (Values::Numbers(numbers), target) if target.takes_numbers() => {
                let nulls = numbers.null_count();
                self.counts.observe_nulls(nulls as u64);
                match numbers.nulls().filter(|_| nulls > 0) {
                    None => self.observe_numbers(target, numbers.values()),
                    Some(valid) => {
                        let mut present = Vec::with_capacity(numbers.len() - nulls);
                        for (start, end) in valid.valid_slices() {
                            present.extend_from_slice(&numbers.values()[start..end]);
                        }
                        self.observe_numbers(target, &present);
                    }
                }
            }
            (Values::Names(names), target) if target.takes_names() => {
                self.counts.observe_nulls(leaf.values.nulls(leaf.rows) as u64);
                names.for_each(|name, weight| self.observe_name(target, name, weight));
            }
            (Values::Names(names), target @ Target::Arrival(_)) if leaf.untyped => {
                self.counts.observe_nulls(leaf.values.nulls(leaf.rows) as u64);
                let (numbers, others) = names.numbers();
                self.counts.observe_mismatched(others);
                self.observe_numbers(target, &numbers);
            }
            (Values::Names(names), target @ Target::Bins(_)) if leaf.untyped => {
                self.counts.observe_nulls(leaf.values.nulls(leaf.rows) as u64);
                names.for_each(|name, weight| match number(name) {
                    Some(value) => self.observe_number(target, value, weight),
                    None => self.counts.observe_mismatched(weight),
                });
            }
            (Values::Numbers(numbers), target @ Target::Domain(_)) if leaf.untyped => {
                self.counts.observe_nulls(numbers.null_count() as u64);
                numbers.iter().flatten().for_each(|value| self.observe_name(target, &as_name(value), 1));
            }
            (values, _) => {
                let nulls = values.nulls(leaf.rows) as u64;
                self.counts.observe_nulls(nulls);
                self.counts.observe_mismatched(rows - nulls);
            }
        }
    }

    /// Notes an Arrow type.
    pub(crate) fn observe_type(&mut self, name: &Arc<str>) {
        if self.types.last().is_some_and(|last| Arc::ptr_eq(last, name)) {
            return;
        }
        if let Err(at) = self.types.binary_search(name) {
            self.types.reserve_exact(1);
            self.types.insert(at, Arc::clone(name));
        }
    }

    /// Takes numbers that are not null.
    pub(crate) fn observe_numbers(&mut self, target: Target<'_>, values: &[f64]) {
        for block in values.chunks(BLOCK) {
            if self.counts.observe_all(block) {
                self.observe_finite(target, block);
            } else {
                let finite: Vec<f64> = block.iter().copied().filter(|value| value.is_finite()).collect();
                self.observe_finite(target, &finite);
            }
        }
    }

    /// Takes a number that is not null `weight` times.
    pub(crate) fn observe_number(&mut self, target: Target<'_>, value: f64, weight: u64) {
        let slot = target.bins().and_then(|bins| u32::try_from(bins.slot_of(value)).ok());
        self.observe_slot(slot, value, weight);
    }

    /// Makes room for so many different values.
    pub(crate) fn reserve(&mut self, target: Target<'_>, values: usize) {
        self.distinct.reserve(values);
        match target {
            Target::Bins(bins) | Target::Arrival(bins) => self.histogram.reserve(bins, values),
            Target::Domain(domain) => self.names.reserve(domain, values),
            Target::Anything | Target::Nothing => {}
        }
    }

    /// Takes a number whose slot is known, if it is to have one, `weight` times.
    #[inline]
    pub(crate) fn observe_slot(&mut self, slot: Option<u32>, value: f64, weight: u64) {
        self.counts.observe_many(value, weight);
        if value.is_finite() {
            self.moments.observe_many(value, weight);
            self.distinct.observe(hash_f64(value));
            if let Some(slot) = slot {
                self.histogram.observe_slot(slot, weight);
            }
        }
    }

    /// Takes a name `weight` times.
    pub(crate) fn observe_name(&mut self, target: Target<'_>, name: &str, weight: u64) {
        if let Target::Domain(domain) = target {
            self.names.reserve(domain, 1);
        }
        self.observe_key(&target.key(name), name.chars().count(), weight, || name);
    }

    /// Takes a name whose key and length in characters are known `weight` times.
    #[inline]
    pub(crate) fn observe_key<N: AsRef<str>>(
        &mut self,
        key: &NameKey,
        length: usize,
        weight: u64,
        name: impl FnOnce() -> N,
    ) {
        self.counts.rows += weight;
        self.counts.zeros += if length == 0 { weight } else { 0 };
        self.names.observe_key(key, weight, name);
        self.distinct.observe(key.hash());
        self.lengths.observe_many(length, weight);
    }

    fn observe_finite(&mut self, target: Target<'_>, finite: &[f64]) {
        self.moments.observe_all(finite);
        self.distinct.observe_all(finite);
        if let Some(bins) = target.bins() {
            self.histogram.observe_all(bins, finite);
        }
        if let Target::Arrival(_) = target {
            self.arrival.get_or_insert_default().observe_all(finite);
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
        other.types.iter().for_each(|name| self.observe_type(name));
        if let Some(theirs) = &other.arrival {
            self.arrival.get_or_insert_default().merge(theirs);
        }
    }

    /// Bytes on the heap, without the names of types, which profiles share.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.moments.heap_bytes()
            + self.histogram.heap_bytes()
            + self.distinct.heap_bytes()
            + self.names.heap_bytes()
            + self.types.capacity() * size_of::<Arc<str>>()
            + self.arrival.as_ref().map_or(0, |arrival| size_of::<Arrival>() + arrival.heap_bytes())
    }

    /// Whether the counters fit a kind, and that makes sense itself, as bytes from outside may not.
    #[must_use]
    pub fn fits(&self, kind: &Kind) -> bool {
        let (none, nothing) = (Bins::default(), Domain::default());
        let (bins, domain) = match kind {
            Kind::Number { bins, .. } => (bins, &nothing),
            Kind::Category { domain } => (&none, domain),
            Kind::Empty | Kind::Uncovered => (&none, &nothing),
        };
        let arrived = match (&self.arrival, kind) {
            (Some(arrival), Kind::Number { arrival: true, .. }) => {
                arrival.is_sound() && arrival.values() == self.moments.values()
            }
            (None, Kind::Number { arrival: true, .. }) => self.moments.values() == 0,
            (arrival, _) => arrival.is_none(),
        };
        let held = [self.moments.values(), self.histogram.rows(), self.names.rows(), self.lengths.names()];
        bins.is_sound()
            && self.histogram.fits(bins)
            && self.names.fits(domain)
            && self.counts.is_sound()
            && self.moments.is_sound()
            && self.lengths.is_sound()
            && arrived
            && held.iter().all(|rows| *rows <= self.counts.observed())
    }
}

/// What the values of a feature are counted over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    /// Numbers over frozen bins.
    Bins(&'a Bins),
    /// The same, and in their order in a sketch.
    Arrival(&'a Bins),
    /// Names over a frozen domain.
    Domain(&'a Domain),
    /// Without a value in the baseline there is nothing to compare with: what comes is described.
    Anything,
    /// A type that is not profiled.
    Nothing,
}

impl<'a> Target<'a> {
    pub(crate) fn of(kind: &'a Kind) -> Self {
        match kind {
            Kind::Number { bins, arrival: true, .. } => Self::Arrival(bins),
            Kind::Number { bins, .. } => Self::Bins(bins),
            Kind::Category { domain } => Self::Domain(domain),
            Kind::Empty => Self::Anything,
            Kind::Uncovered => Self::Nothing,
        }
    }

    fn bins(self) -> Option<&'a Bins> {
        match self {
            Self::Bins(bins) | Self::Arrival(bins) => Some(bins),
            _ => None,
        }
    }

    /// Where a name is counted.
    pub(crate) fn key(self, name: &str) -> NameKey {
        static NOTHING: LazyLock<Domain> = LazyLock::new(Domain::default);
        if let Self::Domain(domain) = self { domain.key(name) } else { NOTHING.key(name) }
    }

    pub(crate) fn takes_numbers(self) -> bool {
        matches!(self, Self::Bins(_) | Self::Arrival(_) | Self::Anything)
    }

    pub(crate) fn takes_names(self) -> bool {
        matches!(self, Self::Domain(_) | Self::Anything)
    }
}
