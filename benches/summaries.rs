//! The summaries of one column of a row group, each fed as the hot path feeds it: numbers by the block, names one by one.

use std::{collections::HashMap, hint::black_box};

use sketch::{
    BLOCK, Bins, Counts, Distinct, Domain, Histogram, Lengths, Moments, NameCounts, ValueCounts, hash_bytes,
};

use super::inputs::{Names, Numbers, ROWS, Random};

pub(crate) const NUMBERS: [(&str, Numbers); 4] = [
    ("gaussian", Numbers::Gaussian),
    ("two_decimals", Numbers::TwoDecimals),
    ("zero_inflated", Numbers::ZeroInflated),
    ("integers", Numbers::Integers),
];
pub(crate) const NAMES: [(&str, Names); 2] = [("few_names", Names::Few), ("many_names", Names::Many)];

/// Makes a summary of finite numbers and drops it.
pub(crate) type OfNumbers = fn(&Bins, &[f64]);
/// Makes a summary of names and drops it.
pub(crate) type OfNames = fn(&Domain, &[String]);

pub(crate) const OF_NUMBERS: [(&str, OfNumbers); 4] = [
    ("counts", |_, numbers| {
        by_block(numbers, |counts: &mut Counts, block| assert!(counts.observe_all(block)));
    }),
    ("moments", |_, numbers| by_block(numbers, Moments::observe_all)),
    ("histogram", |bins, numbers| {
        by_block(numbers, |histogram: &mut Histogram, block| histogram.observe_all(bins, block));
    }),
    ("distinct", |_, numbers| by_block(numbers, Distinct::observe_all)),
];

pub(crate) const OF_NAMES: [(&str, OfNames); 3] = [
    ("names", |domain, names| {
        one_by_one(names, |counts: &mut NameCounts, name| {
            counts.observe(domain, name, 1);
        });
    }),
    ("distinct", |_, names| {
        one_by_one(names, |distinct: &mut Distinct, name| distinct.observe(hash_bytes(name.as_bytes())));
    }),
    ("lengths", |_, names| {
        one_by_one(names, |lengths: &mut Lengths, name| lengths.observe(name.chars().count()));
    }),
];

/// Feeds numbers to one summary.
pub(crate) fn by_block<S: Default>(numbers: &[f64], mut observe: impl FnMut(&mut S, &[f64])) {
    let mut summary = S::default();
    numbers.chunks(BLOCK).for_each(|block| observe(&mut summary, block));
    black_box(summary);
}

fn one_by_one<S: Default>(names: &[String], mut observe: impl FnMut(&mut S, &str)) {
    let mut summary = S::default();
    names.iter().for_each(|name| observe(&mut summary, name));
    black_box(summary);
}

/// The bins of a baseline of this shape.
pub(crate) fn bins(shape: Numbers, random: &mut Random) -> Bins {
    Bins::cut(&ValueCounts::new(shape.draw(ROWS, random)))
}

/// The names of a baseline of this shape.
pub(crate) fn domain(shape: Names, random: &mut Random) -> Domain {
    let mut rows = HashMap::new();
    for name in shape.draw(ROWS, random) {
        *rows.entry(name.into_boxed_str()).or_default() += 1;
    }
    Domain::freeze(rows, true)
}
