//! The first pass over a baseline: exact values and their counts, from which bins are frozen.

use std::collections::{BTreeSet, HashMap};

use arrow_array::RecordBatch;
use sketch::{Bins, Domain, ValueCounts, hash_bytes, short_name};

use crate::{
    FeatureSpec, Kind, Spec,
    flatten::for_each_leaf,
    values::{Leaf, Values, name as as_name, number},
};

/// Names kept for a feature. Beyond that, those with the smallest hashes stay, with exact counts.
const MAX_NAMES: usize = 1_000_000;
/// Of columns whose type is a guess: one text among so many numbers makes them names, since codes often look like
/// numbers; fewer are slips.
const TEXTS: u64 = 100;
/// Values gathered before they are sorted and counted.
const MAX_LOOSE: usize = 1 << 16;

/// Exact counts of every value of every feature. Memory grows with the number of *different* values.
#[derive(Debug, Default)]
pub struct Survey {
    names: Vec<String>,
    features: HashMap<String, Feature>,
}

#[derive(Debug, Default)]
struct Feature {
    types: BTreeSet<String>,
    numbers: Numbers,
    /// Numbers among texts, which are names too, in columns whose type is a guess.
    texts: Numbers,
    /// Whether numbers may be names.
    untyped: bool,
    number_rows: u64,
    fractional: bool,
    categories: HashMap<Box<str>, u64>,
    category_rows: u64,
    dropped_names: bool,
    uncovered: bool,
}

/// Different numbers with their counts, and some that are yet to be counted.
#[derive(Debug, Default)]
struct Numbers {
    /// Parts that are counted, each at least twice as long as the next, so that no value is merged more often than the
    /// length of the whole can be halved.
    parts: Vec<ValueCounts>,
    loose: Vec<f64>,
}

impl Survey {
    /// Takes the records of a batch. `wanted` says which top-level columns are monitored.
    pub fn observe(&mut self, batch: &RecordBatch, wanted: &dyn Fn(&str) -> bool) {
        for_each_leaf(batch, wanted, &mut |leaf| {
            if !self.features.contains_key(&leaf.name) {
                self.names.push(leaf.name.clone());
            }
            self.features.entry(leaf.name.clone()).or_default().observe(leaf);
        });
    }

    /// Adds another part.
    pub fn merge(&mut self, other: Self) {
        let mut features = other.features;
        for name in other.names {
            let Some(feature) = features.remove(&name) else { continue };
            match self.features.get_mut(&name) {
                Some(ours) => ours.merge(feature),
                None => {
                    self.names.push(name.clone());
                    self.features.insert(name, feature);
                }
            }
        }
    }

    /// The exact numbers of every feature that has any, with how often each comes.
    pub fn numbers(&mut self) -> impl Iterator<Item = (&str, &ValueCounts)> {
        self.features.values_mut().for_each(Feature::settle);
        let numbers = self
            .names
            .iter()
            .filter_map(|name| Some((name.as_str(), self.features.get(name)?.numbers.parts.first()?)));
        numbers.filter(|(_, numbers)| numbers.rows() > 0)
    }

    /// Freezes kinds and bins. Features come in the order in which their columns were first seen.
    #[must_use]
    pub fn freeze(mut self) -> Spec {
        let features = self.names.iter().filter_map(|name| {
            let feature = self.features.remove(name)?;
            Some(feature.freeze(name.clone()))
        });
        Spec::new(features.collect())
    }
}

impl Feature {
    fn observe(&mut self, leaf: Leaf) {
        self.types.extend(leaf.type_name.map(|name| name.to_string()));
        self.untyped |= leaf.untyped;
        match leaf.values {
            Values::Numbers(numbers) => {
                let taken = self.numbers.add(numbers.iter().flatten());
                self.number_rows += taken;
                self.fractional |= !leaf.integral && taken > 0;
            }
            Values::Names(names) => names.for_each(|name, weight| {
                match number(name).filter(|_| leaf.untyped) {
                    Some(value) => {
                        let copies = usize::try_from(weight).unwrap_or(usize::MAX);
                        self.number_rows += self.texts.add(std::iter::repeat_n(value, copies));
                        self.fractional |= name.trim().parse::<i64>().is_err();
                    }
                    None => self.category_rows += weight,
                }
                let name = short_name(name);
                match self.categories.get_mut(&*name) {
                    Some(rows) => *rows += weight,
                    None => {
                        self.categories.insert(name.into(), weight);
                        if self.categories.len() > 2 * MAX_NAMES {
                            self.drop_names();
                        }
                    }
                }
            }),
            Values::Null => {}
            Values::Uncovered(_) => self.uncovered = true,
        }
    }

    fn merge(&mut self, mut other: Self) {
        self.types.append(&mut other.types);
        self.numbers.merge(other.numbers);
        self.texts.merge(other.texts);
        self.untyped |= other.untyped;
        self.number_rows += other.number_rows;
        self.fractional |= other.fractional;
        if self.categories.is_empty() {
            self.categories = other.categories;
        } else {
            #[expect(clippy::iter_over_hash_type, reason = "adding counts gives the same in any order")]
            for (name, rows) in other.categories {
                *self.categories.entry(name).or_default() += rows;
            }
        }
        self.category_rows += other.category_rows;
        self.dropped_names |= other.dropped_names;
        self.uncovered |= other.uncovered;
        if self.categories.len() > 2 * MAX_NAMES {
            self.drop_names();
        }
    }

    /// Keeps the names with the smallest hashes: the same ones whatever the order of rows.
    fn drop_names(&mut self) {
        if self.categories.len() > MAX_NAMES {
            let mut hashes: Vec<u64> =
                self.categories.keys().map(|name| hash_bytes(name.as_bytes())).collect();
            let (_, &mut limit, _) = hashes.select_nth_unstable(MAX_NAMES);
            self.categories.retain(|name, _| hash_bytes(name.as_bytes()) < limit);
            self.dropped_names = true;
        }
    }

    fn is_category(&self) -> bool {
        self.category_rows >= self.number_rows.div_ceil(if self.untyped { TEXTS } else { 1 })
    }

    /// Counts all numbers; those among texts are numbers too, unless all are names.
    fn settle(&mut self) {
        self.numbers.settled();
        if !self.is_category() {
            self.numbers.merge(std::mem::take(&mut self.texts));
        }
    }

    /// The kind that most rows have wins, names earlier where the type is a guess; the others count as mismatched.
    fn freeze(mut self, name: String) -> FeatureSpec {
        let kind = if self.number_rows == 0 && self.category_rows == 0 {
            if self.uncovered { Kind::Uncovered } else { Kind::Empty }
        } else if self.is_category() {
            if self.untyped {
                for &(value, rows) in self.numbers.settled().values() {
                    *self.categories.entry(as_name(value).into()).or_default() += rows;
                }
            }
            self.drop_names();
            Kind::Category { domain: Domain::freeze(self.categories, !self.dropped_names) }
        } else {
            self.settle();
            let bins = Bins::cut(self.numbers.settled());
            Kind::Number { bins, integral: !self.fractional, arrival: false }
        };
        FeatureSpec { name, kind, types: self.types.into_iter().collect() }
    }
}

impl Numbers {
    /// Takes numbers, but for NaN, and says how many.
    fn add(&mut self, values: impl Iterator<Item = f64>) -> u64 {
        let before = self.loose.len();
        self.loose.extend(values.filter(|value| !value.is_nan()));
        let taken = (self.loose.len() - before) as u64;
        if self.loose.len() > MAX_LOOSE {
            self.count_loose();
        }
        taken
    }

    /// Sorts and counts the values gathered so far.
    fn count_loose(&mut self) {
        if !self.loose.is_empty() {
            let loose = std::mem::take(&mut self.loose);
            self.push(ValueCounts::new(loose));
        }
    }

    fn push(&mut self, mut part: ValueCounts) {
        while let Some(last) = self.parts.pop_if(|last| last.values().len() < 2 * part.values().len()) {
            part = last.merge(part);
        }
        self.parts.push(part);
    }

    /// All values gathered so far, counted.
    fn settled(&mut self) -> &ValueCounts {
        self.count_loose();
        let whole = std::mem::take(&mut self.parts).into_iter().rev().reduce(|sum, part| part.merge(sum));
        self.parts.push(whole.unwrap_or_default());
        &self.parts[0]
    }

    fn merge(&mut self, mut other: Self) {
        other.count_loose();
        other.parts.into_iter().for_each(|part| self.push(part));
    }
}
