//! How often each category occurs, over a frozen [`Domain`].
//!
//! Names of the baseline have a counter each; known names beyond its cap share `other`. New names are counted
//! one by one as long as there are at most 1,000 of them; beyond that those with the smallest hashes are kept,
//! which is a random choice that does not depend on order, and whose counts are exact: a name that stays was
//! never thrown out before. Rows of all names can be had in 64 buckets by the hash of the name; those without a counter
//! are counted so.

use std::collections::{BTreeMap, btree_map::Entry};

use serde::{Deserialize, Serialize};

use crate::{
    Domain,
    domain::{MAX_NAME_BYTES, NameKey, Place, short_name},
    hash_bytes,
    tally::Tally,
};

/// Hash buckets over all names.
pub const BUCKETS: usize = 64;
const MAX_NEW_NAMES: usize = 1_000;

/// Rows by category.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Option<Stored>", try_from = "Option<Stored>")]
pub struct NameCounts {
    /// Rows by position in the domain.
    known: Tally,
    other: u64,
    /// New names and their rows, by hash.
    new: BTreeMap<u64, (Box<str>, u64)>,
    /// Bytes of the texts of those names.
    new_bytes: usize,
    new_rows: u64,
    /// Rows by bucket of the names that have no counter of their own.
    rest: Tally,
}

/// A name that the domain does not have, on two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewName<'a> {
    /// Its text.
    pub name: &'a str,
    /// Rows with it on this side.
    pub rows: u64,
    /// Rows with it on the other.
    pub theirs: u64,
}

impl NameCounts {
    /// Counts `weight` rows with a name; returns the hash it is known by.
    pub fn observe(&mut self, domain: &Domain, name: &str, weight: u64) -> u64 {
        let key = domain.key(name);
        self.reserve(domain, 1);
        self.observe_key(&key, weight, || name);
        key.hash()
    }

    /// Makes room for so many calls of [`NameCounts::observe_key`].
    pub fn reserve(&mut self, domain: &Domain, calls: usize) {
        self.known.reserve(calls.min(domain.names().len()), domain.names().len());
    }

    /// Counts `weight` rows with a name whose key is known; its text is only asked for if the name is new.
    #[inline]
    pub fn observe_key<N: AsRef<str>>(&mut self, key: &NameKey, weight: u64, name: impl FnOnce() -> N) {
        match key.place() {
            Place::Known(position) => self.known.add(position, weight),
            Place::Other => {
                self.other += weight;
                self.rest.add(bucket_of(key.hash()).into(), weight);
            }
            Place::New => {
                self.new_rows += weight;
                self.observe_new(key.hash(), &short_name(name().as_ref()), weight);
            }
        }
    }

    /// Adds another part, counted over the same domain.
    pub fn merge(&mut self, other: &Self) {
        self.known.merge(&other.known);
        self.other += other.other;
        self.new_rows += other.new_rows;
        for (&hash, (name, rows)) in &other.new {
            self.observe_new(hash, name, *rows);
        }
        self.rest.merge(&other.rest);
    }

    /// Rows with the name at a position of the domain.
    #[must_use]
    pub fn known(&self, position: usize) -> u64 {
        self.known.rows_at(position)
    }

    /// Positions of the domain that occur, ascending, with their rows.
    #[must_use]
    pub fn known_rows(&self) -> Vec<(usize, u64)> {
        self.known.entries()
    }

    /// Rows with names that the baseline has beyond its cap.
    #[must_use]
    pub fn other(&self) -> u64 {
        self.other
    }

    /// New names with their rows, most rows first, then alphabetically.
    #[must_use]
    pub fn new_names(&self) -> Vec<(&str, u64)> {
        let mut names: Vec<_> = self.new.values().map(|(name, rows)| (&**name, *rows)).collect();
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
        self.new_rows.saturating_sub(self.new.values().map(|(_, rows)| rows).sum())
    }

    /// New names of either side with the rows of both, those with most rows of ours first, then alphabetically; and the rows
    /// of each side whose new name lacks a counter on one of them.
    #[must_use]
    pub fn new_beside<'a>(&'a self, theirs: &'a Self) -> (Vec<NewName<'a>>, [u64; 2]) {
        // A side that is full holds all of its names up to its largest hash, and none beyond.
        let full = [self, theirs].into_iter().filter(|side| side.uncounted_new_rows() > 0);
        let limit = full.filter_map(|side| side.new.keys().last()).min().copied().unwrap_or(u64::MAX);
        let mut names: BTreeMap<u64, NewName<'a>> = BTreeMap::new();
        for (&hash, (name, rows)) in theirs.new.range(..=limit) {
            names.insert(hash, NewName { name, rows: 0, theirs: *rows });
        }
        for (&hash, (name, rows)) in self.new.range(..=limit) {
            names.entry(hash).or_insert(NewName { name, rows: 0, theirs: 0 }).rows = *rows;
        }
        let mut names: Vec<_> = names.into_values().collect();
        names.sort_unstable_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.name.cmp(b.name)));
        let rest = [
            self.new_rows.saturating_sub(names.iter().map(|name| name.rows).sum()),
            theirs.new_rows.saturating_sub(names.iter().map(|name| name.theirs).sum()),
        ];
        (names, rest)
    }

    /// Rows in each hash bucket.
    #[must_use]
    pub fn buckets(&self, domain: &Domain) -> [u64; BUCKETS] {
        let mut buckets = [0; BUCKETS];
        let known = self.known.entries().into_iter().map(|(at, rows)| (domain.bucket(at).into(), rows));
        let new = self.new.iter().map(|(&hash, (_, rows))| (bucket_of(hash).into(), *rows));
        for (bucket, rows) in known.chain(new).chain(self.rest.entries()) {
            let bucket: usize = bucket;
            if let Some(bucket) = buckets.get_mut(bucket) {
                *bucket += rows;
            }
        }
        buckets
    }

    /// All rows with a name.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.known.rows().saturating_add(self.other).saturating_add(self.new_rows)
    }

    /// The most frequent name and its rows (of names that compare equal, the first in the alphabet).
    #[must_use]
    pub fn top<'a>(&'a self, domain: &'a Domain) -> Option<(&'a str, u64)> {
        let known = self.known.entries().into_iter();
        let known = known.filter_map(|(position, rows)| Some((&**domain.names().get(position)?, rows)));
        let new = self.new.values().map(|(name, rows)| (&**name, *rows));
        known.chain(new).min_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)))
    }

    /// Whether the counters fit the domain, as bytes from outside may not.
    #[must_use]
    pub fn fits(&self, domain: &Domain) -> bool {
        let last = |tally: &Tally| tally.entries().last().map_or(0, |(position, _)| position + 1);
        last(&self.known) <= domain.names().len()
            && last(&self.rest) <= BUCKETS
            && self.new.len() <= MAX_NEW_NAMES
            && self.new.values().try_fold(0_u64, |sum, (_, rows)| sum.checked_add(*rows)).is_some_and(|new| {
                // What has no counter is in a bucket.
                let rest = self.new_rows.checked_sub(new).and_then(|rest| rest.checked_add(self.other));
                rest == Some(self.rest.rows())
            })
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        // Nodes of a map have room for 11 entries, and are three fifths full.
        let room = if self.new.is_empty() { 0 } else { (self.new.len() * 5 / 3).max(11) };
        let new = room * size_of::<(u64, (Box<str>, u64))>() + self.new_bytes;
        new + self.known.heap_bytes() + self.rest.heap_bytes()
    }

    fn observe_new(&mut self, hash: u64, name: &str, rows: u64) {
        let full = self.new.len() >= MAX_NEW_NAMES;
        if full && self.new.last_key_value().is_some_and(|(last, _)| hash > *last) {
            self.rest.add(bucket_of(hash).into(), rows);
            return;
        }
        match self.new.entry(hash) {
            Entry::Vacant(entry) => {
                self.new_bytes += name.len();
                entry.insert((name.into(), rows));
            }
            Entry::Occupied(mut entry) => {
                let (known, count) = entry.get_mut();
                *count += rows;
                // Names of one hash are counted as one; which of them is shown must not depend on their order.
                if *name < **known {
                    self.new_bytes = self.new_bytes + name.len() - known.len();
                    *known = name.into();
                }
            }
        }
        if self.new.len() > MAX_NEW_NAMES
            && let Some((hash, (name, rows))) = self.new.pop_last()
        {
            self.new_bytes -= name.len();
            self.rest.add(bucket_of(hash).into(), rows);
        }
    }
}

/// What is written down, if there is anything: hashes and the rows of new names follow from it.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Stored {
    known: Tally,
    other: u64,
    /// In alphabetical order.
    new: Vec<(Box<str>, u64)>,
    rest: Tally,
}

impl From<NameCounts> for Option<Stored> {
    fn from(counts: NameCounts) -> Self {
        let NameCounts { known, other, new, rest, .. } = counts;
        let mut new: Vec<_> = new.into_values().collect();
        new.sort_unstable();
        let stored = Stored { known, other, new, rest };
        (stored != Stored::default()).then_some(stored)
    }
}

impl TryFrom<Option<Stored>> for NameCounts {
    type Error = &'static str;

    fn try_from(stored: Option<Stored>) -> Result<Self, &'static str> {
        const TOO_MANY: &str = "more rows than can be counted";
        let Some(Stored { known, other, new, rest }) = stored else { return Ok(Self::default()) };
        if !new.is_sorted_by(|(a, _), (b, _)| a < b)
            || new.iter().any(|(name, _)| name.len() > MAX_NAME_BYTES)
        {
            return Err("new names are not in order, or too long");
        }
        let beyond = rest.rows().checked_sub(other).ok_or("more rows of other names than are in buckets")?;
        let new_rows =
            new.iter().try_fold(beyond, |sum, (_, rows)| sum.checked_add(*rows)).ok_or(TOO_MANY)?;
        let new_bytes = new.iter().map(|(name, _)| name.len()).sum();
        let names = new.len();
        let new: BTreeMap<_, _> =
            new.into_iter().map(|(name, rows)| (hash_bytes(name.as_bytes()), (name, rows))).collect();
        let counts = Self { known, other, new, new_bytes, new_rows, rest };
        if counts.new.len() < names || counts == Self::default() {
            return Err("expected different names");
        }
        Ok(counts)
    }
}

/// The bucket of a name's hash: its low bits.
pub(crate) fn bucket_of(hash: u64) -> u8 {
    u8::try_from(hash % BUCKETS as u64).unwrap_or(0)
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
            prop_assert_eq!(merged.new_bytes, merged.new.values().map(|(name, _)| name.len()).sum::<usize>());
            prop_assert_eq!(crate::to_bytes(&merged).unwrap(), crate::to_bytes(&whole).unwrap());
            prop_assert_eq!(merged.rows(), whole.known_rows().iter().map(|(_, rows)| rows).sum::<u64>() + whole.new_rows());
            prop_assert_eq!(merged.buckets(&domain), whole.buckets(&domain));
            prop_assert_eq!(whole.buckets(&domain).iter().sum::<u64>(), whole.rows());
        }
    }

    #[test]
    fn new_names_of_two_sides_are_compared_one_by_one_as_far_as_both_count_them() {
        let domain = domain(2);
        let rows = |side: &NameCounts, name: &str| {
            side.new_names().iter().find(|(n, _)| *n == name).map(|(_, rows)| *rows)
        };
        let few = of(&domain, &[0, 5, 6, 6, 6, 7]);
        let ours = of(&domain, &[1, 6, 7, 7, 8]);
        let (names, rest) = ours.new_beside(&few);
        let shown: Vec<_> = names.iter().map(|new| (new.name, new.rows, new.theirs)).collect();
        assert_eq!(shown, [("k7", 2, 1), ("k6", 1, 3), ("k8", 1, 0), ("k5", 0, 1)]);
        assert_eq!(rest, [0, 0]);
        // One side has more names than counters.
        let many: Vec<u32> = (2..3_000).chain(1_000..2_500).collect();
        let many = of(&domain, &many);
        assert!(many.uncounted_new_rows() > 0);
        for (ours, theirs) in [(&few, &many), (&many, &few), (&many, &many)] {
            let (names, rest) = ours.new_beside(theirs);
            assert!(names.len() >= 1_000);
            for new in &names {
                assert_eq!(new.rows, rows(ours, new.name).unwrap_or(0), "{new:?}");
                assert_eq!(new.theirs, rows(theirs, new.name).unwrap_or(0), "{new:?}");
            }
            let told = |rows: fn(&NewName<'_>) -> u64| names.iter().map(rows).sum::<u64>();
            assert_eq!(told(|new| new.rows) + rest[0], ours.new_rows());
            assert_eq!(told(|new| new.theirs) + rest[1], theirs.new_rows());
        }
    }

    #[test]
    fn rows_that_contradict_each_other_do_not_fit() {
        let domain = domain(2);
        let counts = of(&domain, &[0, 1, 7, 8, 8]);
        assert!(counts.fits(&domain));
        for damaged in [
            NameCounts { new_rows: 4, ..counts.clone() },
            NameCounts { other: 1, ..counts.clone() },
            NameCounts { new_rows: u64::MAX, other: 2, ..counts },
        ] {
            assert!(!damaged.fits(&domain) && damaged.rows() >= 5, "{damaged:?}");
        }
    }

    #[test]
    fn bytes_from_outside_are_checked() {
        let read =
            |stored: Option<Stored>| crate::from_bytes::<NameCounts>(&crate::to_bytes(&stored).unwrap());
        let tally = |rows: u64| {
            let mut tally = Tally::default();
            tally.add(3, rows);
            tally
        };
        let new = |names: &[&str]| names.iter().map(|name| ((*name).into(), 2)).collect::<Vec<_>>();
        let sound = Stored { known: tally(1), other: 4, new: new(&["a", "b"]), rest: tally(7) };
        let counts = read(Some(sound)).unwrap();
        assert_eq!((counts.rows(), counts.new_rows(), counts.uncounted_new_rows()), (12, 7, 3));
        assert_eq!(read(None), Ok(NameCounts::default()));
        let long = "n".repeat(MAX_NAME_BYTES + 1);
        for damaged in [
            Stored::default(),
            Stored { other: 1, ..Stored::default() },
            Stored { new: new(&["b", "a"]), ..Stored::default() },
            Stored { new: new(&["a", "a"]), ..Stored::default() },
            Stored { new: new(&[&long]), ..Stored::default() },
            Stored { new: new(&["a"]), rest: tally(u64::MAX), ..Stored::default() },
        ] {
            assert!(read(Some(damaged)).is_err());
        }
    }

    #[test]
    fn new_names_take_room_and_few_bytes() {
        let counts = of(&domain(2), &(10..500).collect::<Vec<_>>());
        // Hash, pointer, length and rows, in nodes that are not full, and the text.
        assert!((490 * (45 + 3)..490 * (60 + 4)).contains(&counts.heap_bytes()), "{}", counts.heap_bytes());
        assert!(crate::to_bytes(&counts).unwrap().len() < 490 * 6 + 8);
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
