//! The frozen categories of a feature: which names the baseline knows.

use std::{borrow::Cow, collections::HashMap};

use serde::{Deserialize, Serialize};

use crate::hash_bytes;

/// Names of a baseline that get a counter of their own.
const MAX_NAMES: usize = 10_000;
/// Longer names are cut: nobody reads them, and one request of 10 MB must not fill a table.
pub const MAX_NAME_BYTES: usize = 200;

/// Names of the baseline, by falling number of rows, then alphabetically.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Domain {
    names: Vec<Box<str>>,
    positions: HashMap<Box<str>, u32>,
    other: Vec<u64>,
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
        let mut other: Vec<u64> =
            sorted.iter().skip(MAX_NAMES).map(|(name, _)| hash_bytes(name.as_bytes())).collect();
        other.sort_unstable();
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
        self.positions.get(name).map(|&position| position as usize)
    }

    /// Whether a name without a counter of its own is in the baseline, given its hash.
    #[must_use]
    pub fn is_other(&self, hash: u64) -> bool {
        self.other.binary_search(&hash).is_ok()
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

/// A name as it is counted: itself, or if it is long its beginning and its hash.
#[must_use]
pub fn short_name(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME_BYTES {
        return Cow::Borrowed(name);
    }
    let end = name.floor_char_boundary(MAX_NAME_BYTES - 20);
    Cow::Owned(format!("{}…#{:016x}", &name[..end], hash_bytes(name.as_bytes())))
}

/// What is written down; the positions follow from it.
#[derive(Serialize, Deserialize)]
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
        let positions = names.iter().cloned().zip(0_u32..).collect();
        Self { names, positions, other, complete, distinct, singletons, rows }
    }
}

impl From<Domain> for Stored {
    fn from(domain: Domain) -> Self {
        let Domain { names, other, complete, distinct, singletons, rows, .. } = domain;
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
