//! Rows by position: a list of the positions that occur while they are few, a counter for each position after that.
//!
//! A window of an hour touches a dozen of a feature's four hundred slots, a month nearly all of them. What is written
//! down and what is equal depends on the counts alone, not on how they are kept.

use serde::{Deserialize, Serialize};

use crate::gaps;

/// Entries that are appended before equal positions are added up for the first time; so few positions have counters
/// from the start.
const FIRST: usize = 16;
/// A list with an entry for one in so many positions becomes counters, which then take as much memory.
const POSITIONS_PER_ENTRY: usize = 4;
/// So many additions at once are worth a counter for each of so many positions.
const POSITIONS_PER_ADDITION: usize = 8;
/// Bits that rows take of the first byte of an entry, as it is written.
const ROW_BITS: u32 = 3;

/// Rows by position, zero where nothing was added.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Vec<u8>", try_from = "Vec<u8>")]
pub(crate) enum Tally {
    /// Positions and rows, in any order; a position may come several times.
    Few(Vec<(u32, u64)>),
    /// Rows of each position, up to some last one.
    Each(Vec<u64>),
}

impl Tally {
    /// Adds rows to a position.
    #[inline]
    pub(crate) fn add(&mut self, position: u32, rows: u64) {
        match self {
            Self::Each(counts) => {
                let at = position as usize;
                if at >= counts.len() {
                    counts.resize(at + 1, 0);
                }
                counts[at] += rows;
            }
            Self::Few(entries) => {
                if entries.len() == entries.capacity() {
                    self.make_room(1);
                    return self.add_with_room(position, rows);
                }
                entries.push((position, rows));
            }
        }
    }

    /// Makes room for so many additions among so many positions.
    #[inline]
    pub(crate) fn reserve(&mut self, additions: usize, positions: usize) {
        let Self::Few(entries) = self else { return };
        if positions <= FIRST || additions > positions / POSITIONS_PER_ADDITION {
            self.counters(positions);
        } else if entries.capacity() - entries.len() < additions {
            self.make_room(additions);
        }
    }

    /// A counter for each of so many positions.
    pub(crate) fn counters(&mut self, positions: usize) -> &mut [u64] {
        if let Self::Few(entries) = self {
            let mut counts = vec![0; positions];
            for &(position, rows) in entries.iter() {
                let at = position as usize;
                if at >= counts.len() {
                    counts.resize(at + 1, 0);
                }
                counts[at] += rows;
            }
            *self = Self::Each(counts);
        }
        match self {
            Self::Each(counts) => {
                if counts.len() < positions {
                    counts.resize(positions, 0);
                }
                counts
            }
            Self::Few(_) => &mut [],
        }
    }

    /// Whether rows are kept in a counter for each position.
    pub(crate) fn has_counters(&self) -> bool {
        matches!(self, Self::Each(_))
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: &Self) {
        match other {
            Self::Few(entries) => {
                if let Self::Few(ours) = self
                    && ours.capacity() - ours.len() < entries.len()
                {
                    self.make_room(entries.len());
                }
                entries.iter().for_each(|&(position, rows)| self.add(position, rows));
            }
            Self::Each(theirs) => {
                let ours = self.counters(theirs.len());
                ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
            }
        }
    }

    /// Rows of a position.
    pub(crate) fn rows_at(&self, position: usize) -> u64 {
        match self {
            Self::Each(counts) => counts.get(position).copied().unwrap_or(0),
            Self::Few(entries) => {
                let here = entries.iter().filter(|(at, _)| *at as usize == position);
                here.map(|(_, rows)| rows).sum()
            }
        }
    }

    /// All rows.
    pub(crate) fn rows(&self) -> u64 {
        match self {
            Self::Each(counts) => counts.iter().sum(),
            Self::Few(entries) => entries.iter().map(|(_, rows)| rows).sum(),
        }
    }

    /// Positions that have rows, ascending.
    pub(crate) fn entries(&self) -> Vec<(usize, u64)> {
        match self {
            Self::Each(counts) => counts.iter().copied().enumerate().filter(|(_, rows)| *rows > 0).collect(),
            Self::Few(entries) => {
                let mut sorted = entries.clone();
                add_up(&mut sorted);
                sorted.into_iter().map(|(position, rows)| (position as usize, rows)).collect()
            }
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Few(entries) => entries.capacity() * size_of::<(u32, u64)>(),
            Self::Each(counts) => counts.capacity() * size_of::<u64>(),
        }
    }

    fn add_with_room(&mut self, position: u32, rows: u64) {
        match self {
            Self::Few(entries) => entries.push((position, rows)),
            Self::Each(_) => self.add(position, rows),
        }
    }

    /// Adds up equal positions; where many different ones are left, there is more room after that, or counters.
    #[cold]
    fn make_room(&mut self, additions: usize) {
        let Self::Few(entries) = self else { return };
        if entries.capacity() == 0 {
            entries.reserve_exact(additions.max(FIRST));
            return;
        }
        add_up(entries);
        if entries.len() + additions.max(entries.len()) > entries.capacity() {
            self.thicken();
            if let Self::Few(entries) = self {
                entries.reserve(additions.max(entries.len()));
            }
        }
    }

    /// Goes over to counters where a sorted list has many entries for its positions.
    fn thicken(&mut self) {
        let Self::Few(entries) = self else { return };
        let last = entries.last().map_or(0, |(position, _)| *position as usize);
        if entries.len() >= FIRST && entries.len() > last / POSITIONS_PER_ENTRY {
            self.counters(last + 1);
        }
    }
}

/// Sorts by position and adds up the rows of each.
fn add_up(entries: &mut Vec<(u32, u64)>) {
    entries.sort_unstable_by_key(|(position, _)| *position);
    entries.dedup_by(|(next, more), (position, rows)| {
        let same = next == position;
        *rows += if same { *more } else { 0 };
        same
    });
    entries.retain(|(_, rows)| *rows > 0);
}

impl Default for Tally {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl PartialEq for Tally {
    fn eq(&self, other: &Self) -> bool {
        self.entries() == other.entries()
    }
}

impl Eq for Tally {}

/// Positions that have rows, and their rows less one.
impl From<Tally> for Vec<u8> {
    fn from(tally: Tally) -> Self {
        let entries = tally.entries().into_iter();
        let entries = entries.filter_map(|(position, rows)| Some((u32::try_from(position).ok()?, rows - 1)));
        gaps::write(Vec::new(), entries, ROW_BITS)
    }
}

impl TryFrom<Vec<u8>> for Tally {
    type Error = &'static str;

    fn try_from(bytes: Vec<u8>) -> Result<Self, &'static str> {
        let mut entries = gaps::read(&bytes, ROW_BITS)?;
        let mut all = 0_u64;
        for (_, rows) in &mut entries {
            *rows = rows.checked_add(1).ok_or("more rows than can be counted")?;
            all = all.checked_add(*rows).ok_or("more rows than can be counted")?;
        }
        if entries.last().is_some_and(|(position, _)| *position == u32::MAX) {
            return Err("a position is too large");
        }
        if !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err("positions are not ascending");
        }
        let mut tally = Self::Few(entries);
        tally.thicken();
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_way_of_keeping_changes_the_counts(
            adds in prop::collection::vec((0_u32..300, 1_u64..50), 0..700),
            spread in 1_u32..20,
            cut in 0_usize..700,
            dense in any::<bool>(),
        ) {
            let mut expected = BTreeMap::new();
            let (mut left, mut right) = (Tally::default(), Tally::default());
            let cut = cut.min(adds.len());
            for (at, &(position, rows)) in adds.iter().enumerate() {
                let position = position * spread;
                *expected.entry(position as usize).or_insert(0) += rows;
                if at < cut { left.add(position, rows) } else { right.add(position, rows) }
            }
            if dense {
                right.counters(300);
            }
            let bytes = crate::to_bytes(&right).unwrap();
            prop_assert_eq!(&crate::from_bytes::<Tally>(&bytes).unwrap(), &right);
            left.merge(&right);
            let mut whole = Tally::default();
            expected.iter().for_each(|(&position, &rows)| whole.add(u32::try_from(position).unwrap(), rows));
            prop_assert_eq!(crate::to_bytes(&left).unwrap(), crate::to_bytes(&whole).unwrap());
            prop_assert_eq!(left.entries(), expected.clone().into_iter().collect::<Vec<_>>());
            prop_assert_eq!(left.rows(), expected.values().sum::<u64>());
            prop_assert_eq!(left.rows_at(20), expected.get(&20).copied().unwrap_or(0));
        }
    }

    #[test]
    fn few_positions_take_little_room() {
        let mut tally = Tally::default();
        for round in 0..1_000 {
            tally.add(round % 7, 1);
            tally.add(9_000, 1);
        }
        assert!(matches!(&tally, Tally::Few(entries) if entries.capacity() <= 2 * FIRST), "{tally:?}");
    }

    #[test]
    fn bytes_from_outside_are_checked() {
        let read = |entries: &[(u32, u64)]| {
            let bytes = gaps::write(Vec::new(), entries.iter().copied(), ROW_BITS);
            crate::from_bytes::<Tally>(&crate::to_bytes(&bytes).unwrap())
        };
        assert!(read(&[(1, 1), (2, 1)]).is_ok());
        assert!(read(&[(1, 1), (1, 1)]).is_err());
        assert!(read(&[(u32::MAX, 1)]).is_err());
        assert!(read(&[(0, u64::MAX)]).is_err());
        assert!(read(&[(0, u64::MAX - 1), (1, 0)]).is_err());
    }
}
