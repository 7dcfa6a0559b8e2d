//! The frozen categories of a feature: which names the baseline knows.

use std::{borrow::Cow, collections::HashMap};

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::{hash_bytes, names::bucket_of};

/// Names of a baseline that get a counter of their own.
const MAX_NAMES: usize = 10_000;
/// Longer names are cut: nobody reads them, and one request of 10 MB must not fill a table.
pub const MAX_NAME_BYTES: usize = 200;

/// Names of the baseline, by falling number of rows, then alphabetically.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Domain {
    names: Vec<Box<str>>,
    /// Hash bucket of each name.
    buckets: Vec<u8>,
    /// Hash and position of each name.
    positions: HashTable<(u64, u32)>,
    /// Hashes of the names beyond the cap.
    other: HashTable<u64>,
    complete: bool,
    distinct: u64,
    singletons: u64,
    rows: u64,
}

impl Domain {
    /// Freezes the names of a baseline with their numbers of rows. `complete` says that `counts` holds every
    /// name of the baseline.
    #[must_use]
    pub fn freeze(counts: HashMap<Box<str>, u64>, complete: bool) -> Self {
        let distinct = counts.len() as u64;
        let mut sorted: Vec<(Box<str>, u64)> = counts.into_iter().collect();
        sorted.sort_unstable_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        let rows = sorted.iter().map(|(_, count)| count).sum();
        let singletons = sorted.iter().filter(|(_, count)| *count == 1).count() as u64;
        let other = sorted.iter().skip(MAX_NAMES).map(|(name, _)| hash_bytes(name.as_bytes())).collect();
        sorted.truncate(MAX_NAMES);
        let names = sorted.into_iter().map(|(name, _)| name).collect();
        Stored { names, other, complete, distinct, singletons, rows }.into()
    }

    /// Names with a counter of their own.
    #[must_use]
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The counter of a name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        match self.key(name).place {
            Place::Known(position) => Some(position as usize),
            Place::Other | Place::New => None,
        }
    }

    /// Where a name is counted.
    #[must_use]
    pub fn key(&self, name: &str) -> NameKey {
        let name = &*short_name(name);
        let hash = hash_bytes(name.as_bytes());
        let is_it = |(known, position): &(u64, u32)| {
            *known == hash && self.names.get(*position as usize).is_some_and(|known| **known == *name)
        };
        let place = match self.positions.find(hash, is_it) {
            Some((_, position)) => Place::Known(*position),
            None if self.is_other(hash) => Place::Other,
            None => Place::New,
        };
        NameKey { hash, place }
    }

    /// The hash bucket of the name at a position.
    pub(crate) fn bucket(&self, position: usize) -> u8 {
        self.buckets.get(position).copied().unwrap_or(0)
    }

    /// Whether a name without a counter of its own is in the baseline, given its hash.
    #[must_use]
    pub fn is_other(&self, hash: u64) -> bool {
        self.other.find(hash, |known| *known == hash).is_some()
    }

    /// Whether the baseline has names beyond those with a counter.
    #[must_use]
    pub fn has_other(&self) -> bool {
        !self.other.is_empty() || !self.complete
    }

    /// Whether every name of the baseline is known; if not, "new" cannot be told from "seldom".
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Different names in the baseline (a lower bound if not complete).
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.distinct
    }

    /// Rows of the baseline whose name occurs once. Their share is what Good–Turing expects of names never
    /// seen before (Good 1953).
    #[must_use]
    pub fn singletons(&self) -> u64 {
        self.singletons
    }

    /// Rows of the baseline with a name.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// Where a name is counted under a domain: what it takes to count it again without looking at its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameKey {
    hash: u64,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The position of a name with a counter.
    Known(u32),
    /// In the baseline, without a counter.
    Other,
    /// Not in the baseline.
    New,
}

impl NameKey {
    /// The hash that the name is known by.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }
}

/// A name as it is counted: itself, or if it is long its beginning and its hash.
#[must_use]
pub fn short_name(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME_BYTES {
        return Cow::Borrowed(name);
    }
    let end = name.floor_char_boundary(MAX_NAME_BYTES - 20);
    Cow::Owned(format!("{}…#{:016x}", &name[..end], hash_bytes(name.as_bytes())))
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        Stored::from(self.clone()) == Stored::from(other.clone())
    }
}

/// What is written down; the tables follow from it.
#[derive(PartialEq, Serialize, Deserialize)]
struct Stored {
    names: Vec<Box<str>>,
    other: Vec<u64>,
    complete: bool,
    distinct: u64,
    singletons: u64,
    rows: u64,
}

impl From<Stored> for Domain {
    fn from(stored: Stored) -> Self {
        let Stored { names, other, complete, distinct, singletons, rows } = stored;
        let mut positions = HashTable::with_capacity(names.len());
        let mut buckets = Vec::with_capacity(names.len());
        for (name, position) in names.iter().zip(0_u32..) {
            let hash = hash_bytes(name.as_bytes());
            buckets.push(bucket_of(hash));
            positions.insert_unique(hash, (hash, position), |(hash, _)| *hash);
        }
        let mut table = HashTable::with_capacity(other.len());
        for hash in other {
            table.insert_unique(hash, hash, |hash| *hash);
        }
        Self { names, buckets, positions, other: table, complete, distinct, singletons, rows }
    }
}

impl From<Domain> for Stored {
    fn from(domain: Domain) -> Self {
        let Domain { names, other, complete, distinct, singletons, rows, .. } = domain;
        let mut other: Vec<u64> = other.into_iter().collect();
        other.sort_unstable();
        Self { names, other, complete, distinct, singletons, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_cap_are_known_but_have_no_counter() {
        let counts = (0..MAX_NAMES + 5).map(|i| (format!("n{i:06}").into(), 1 + u64::from(i < 3))).collect();
        let domain = Domain::freeze(counts, true);
        assert_eq!(domain.names().len(), MAX_NAMES);
        assert_eq!(domain.position("n000002"), Some(2));
        let last = format!("n{:06}", MAX_NAMES + 4);
        assert_eq!(domain.position(&last), None);
        assert!(domain.is_other(hash_bytes(last.as_bytes())) && !domain.is_other(hash_bytes(b"new")));
        assert_eq!(domain.singletons(), MAX_NAMES as u64 + 2);
        assert_eq!(crate::from_bytes::<Domain>(&crate::to_bytes(&domain).unwrap()).unwrap(), domain);
    }

    #[test]
    fn long_names_stay_apart() {
        let (a, b) = ("é".repeat(300), format!("{}x", "é".repeat(300)));
        assert_ne!(short_name(&a), short_name(&b));
        assert!(short_name(&a).len() <= MAX_NAME_BYTES);
        assert_eq!(short_name("JFK"), "JFK");
    }
}
