//! The values of a dictionary, looked up once for all windows and segments, and weighed with the rows of each.

use sketch::NameKey;

use super::dictionary::Dictionary;
use crate::{FeatureProfile, feature::Target};

/// A dictionary and where its values are counted.
#[derive(Debug)]
pub(super) struct Weights<'a> {
    target: Target<'a>,
    dictionary: &'a Dictionary,
    /// The slot of each number; empty where numbers have no bins.
    slots: Vec<u32>,
    /// Key and length of each name.
    keys: Vec<(NameKey, usize)>,
}

impl<'a> Weights<'a> {
    pub(super) fn new(target: Target<'a>, dictionary: &'a Dictionary) -> Self {
        let (mut slots, mut keys) = (Vec::new(), Vec::new());
        match (dictionary, target) {
            (Dictionary::Numbers(numbers), Target::Bins(bins)) => {
                slots.resize(numbers.len(), 0);
                bins.find(numbers, &mut slots);
            }
            (Dictionary::Numbers(_), _) => {}
            (Dictionary::Names { names, .. }, _) => {
                keys.extend((0..names.len()).map(|code| {
                    let name = dictionary.name(code);
                    (target.key(&name), name.chars().count())
                }));
            }
        }
        Self { target, dictionary, slots, keys }
    }

    /// Takes each value with its rows, which are given by code.
    pub(super) fn weigh(&self, feature: &mut FeatureProfile, rows: &[u32]) {
        feature.reserve(self.target, rows.iter().filter(|rows| **rows > 0).count());
        let counted = rows.iter().enumerate().filter(|(_, rows)| **rows > 0);
        match self.dictionary {
            Dictionary::Numbers(numbers) => {
                for (code, &rows) in counted {
                    if let Some(&number) = numbers.get(code) {
                        feature.observe_slot(self.slots.get(code).copied(), number, u64::from(rows));
                    }
                }
            }
            Dictionary::Names { .. } => {
                counted.for_each(|(code, &rows)| self.name(feature, code, u64::from(rows)));
            }
        }
    }

    /// Takes the name of a code with its rows.
    pub(super) fn name(&self, feature: &mut FeatureProfile, code: usize, rows: u64) {
        if let Some((key, length)) = self.keys.get(code) {
            feature.observe_key(key, *length, rows, || self.dictionary.name(code));
        }
    }
}
