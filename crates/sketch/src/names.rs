//! How often each category occurs, over a frozen [`Domain`].
//!
//! Names of the baseline have a counter each; known names beyond its cap share `other`. New names are counted
//! one by one as long as there are at most 1,000 of them; beyond that those with the smallest hashes are kept,
//! which is a random choice that does not depend on order, and whose counts are exact: a name that stays was
//! never thrown out before. Beside them all rows are counted in 64 buckets by the hash of their name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Domain, domain::short_name, hash_bytes};

/// Hash buckets over all names.
pub const BUCKETS: usize = 64;
const MAX_NEW_NAMES: usize = 1_000;

/// Rows by category.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameCounts {
    known: BTreeMap<u32, u64>,
    other: u64,
    new: BTreeMap<(u64, Box<str>), u64>,
    new_rows: u64,
    buckets: Vec<u64>,
}

impl NameCounts {
    /// Counts `weight` rows with a name; returns the hash it is known by.
    pub fn observe(&mut self, domain: &Domain, name: &str, weight: u64) -> u64 {
        let name = &*short_name(name);
        let hash = hash_bytes(name.as_bytes());
        if self.buckets.is_empty() {
            self.buckets = vec![0; BUCKETS];
        }
        self.buckets[bucket_of(hash)] += weight;
        if let Some(position) = domain.position_of(name, hash) {
            *self.known.entry(u32::try_from(position).unwrap_or(u32::MAX)).or_default() += weight;
        } else if domain.is_other(hash) {
            self.other += weight;
        } else {
            self.new_rows += weight;
            self.observe_new(hash, name, weight);
        }
        hash
    }

    /// Adds another part, counted over the same domain.
    pub fn merge(&mut self, other: &Self) {
        for (&position, rows) in &other.known {
            *self.known.entry(position).or_default() += rows;
        }
        self.other += other.other;
        self.new_rows += other.new_rows;
        for ((hash, name), &rows) in &other.new {
            self.observe_new(*hash, name, rows);
        }
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
        } else {
            self.buckets.iter_mut().zip(&other.buckets).for_each(|(bucket, add)| *bucket += add);
        }
    }

    /// Rows with the name at a position of the domain.
    #[must_use]
    pub fn known(&self, position: usize) -> u64 {
        u32::try_from(position).ok().and_then(|p| self.known.get(&p)).copied().unwrap_or(0)
    }

    /// Positions of the domain that occur, with their rows.
    pub fn known_rows(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.known.iter().map(|(&position, &rows)| (position as usize, rows))
    }

    /// Rows with names that the baseline has beyond its cap.
    #[must_use]
    pub fn other(&self) -> u64 {
        self.other
    }

    /// New names with their rows, most rows first, then alphabetically.
    #[must_use]
    pub fn new_names(&self) -> Vec<(&str, u64)> {
        let mut names: Vec<_> = self.new.iter().map(|((_, name), &rows)| (&**name, rows)).collect();
        names.sort_unstable_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        names
    }

    /// Rows with a name that the baseline does not have.
    #[must_use]
    pub fn new_rows(&self) -> u64 {
        self.new_rows
    }

    /// Rows whose new name has no counter of its own.
    #[must_use]
    pub fn uncounted_new_rows(&self) -> u64 {
        self.new_rows.saturating_sub(self.new.values().sum())
    }

    /// Rows in each hash bucket.
    #[must_use]
    pub fn buckets(&self) -> [u64; BUCKETS] {
        let mut buckets = [0; BUCKETS];
        buckets.iter_mut().zip(&self.buckets).for_each(|(to, from)| *to = *from);
        buckets
    }

    /// All rows with a name.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The most frequent name and its rows (of names that compare equal, the first in the alphabet).
    #[must_use]
    pub fn top<'a>(&'a self, domain: &'a Domain) -> Option<(&'a str, u64)> {
        let known =
            self.known.iter().filter_map(|(&p, &rows)| Some((&**domain.names().get(p as usize)?, rows)));
        let new = self.new.iter().map(|((_, name), &rows)| (&**name, rows));
        known.chain(new).min_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)))
    }

    /// Whether the counters fit the domain, as bytes from outside may not.
    #[must_use]
    pub fn fits(&self, domain: &Domain) -> bool {
        let last = self.known.last_key_value().map_or(0, |(&position, _)| position as usize + 1);
        last <= domain.names().len() && (self.buckets.is_empty() || self.buckets.len() == BUCKETS)
    }

    fn observe_new(&mut self, hash: u64, name: &str, rows: u64) {
        let full = self.new.len() >= MAX_NEW_NAMES;
        let beyond = self.new.last_key_value().is_some_and(|((last, _), _)| hash > *last);
        if full && beyond {
            return;
        }
        *self.new.entry((hash, name.into())).or_default() += rows;
        if self.new.len() > MAX_NEW_NAMES {
            self.new.pop_last();
        }
    }
}

/// The bucket of a name's hash: its low bits.
pub(crate) fn bucket_of(hash: u64) -> usize {
    usize::try_from(hash % BUCKETS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn domain(names: u32) -> Domain {
        Domain::freeze((0..names).map(|i| (format!("k{i}").into(), 5)).collect(), true)
    }

    fn of(domain: &Domain, names: &[u32]) -> NameCounts {
        let mut counts = NameCounts::default();
        for i in names {
            counts.observe(domain, &format!("k{i}"), 1);
        }
        counts
    }

    proptest! {
        #[test]
        fn merged_parts_are_the_whole(mut names in prop::collection::vec(0_u32..4000, 0..6000), cut in 0_usize..6000) {
            let domain = domain(20);
            let whole = of(&domain, &names);
            let cut = cut.min(names.len());
            let right: NameCounts = crate::from_bytes(&crate::to_bytes(&of(&domain, &names[cut..])).unwrap()).unwrap();
            names.truncate(cut);
            names.reverse();
            let mut merged = of(&domain, &names);
            merged.merge(&right);
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(merged.rows(), whole.known_rows().map(|(_, rows)| rows).sum::<u64>() + whole.new_rows());
        }
    }

    #[test]
    fn the_top_name_may_be_new() {
        let domain = domain(2);
        let counts = of(&domain, &[0, 1, 1, 9, 9, 9]);
        assert_eq!(counts.top(&domain), Some(("k9", 3)));
        assert_eq!(counts.new_names(), [("k9", 3)]);
        assert_eq!(counts.uncounted_new_rows(), 0);
    }
}
