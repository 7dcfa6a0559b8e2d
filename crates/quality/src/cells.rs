//! Rows by value and kind: exact while values are few, on a fixed grid beyond that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sketch::MOST_ROWS;

use crate::grid;

/// Different values that are kept one by one. A month of 30,000 predictions stays exact, in some 2 MiB; the grid, where
/// scores fill ten powers of two at either end, has about as many cells.
pub const MOST_VALUES: usize = 32_768;

/// Rows by value (finite, 0 upwards) and kind (a small number that the owner gives a meaning).
///
/// Values are on the grid if and only if there are more than [`MOST_VALUES`] of them in the whole, so neither order nor
/// merging shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub(crate) struct Cells {
    rows: BTreeMap<(u64, u32), u64>,
    values: usize,
    coarse: bool,
}

impl Cells {
    /// Adds rows with a value; -0 is 0.
    pub(crate) fn add(&mut self, value: f64, kind: u32, rows: u64) {
        if rows == 0 {
            return;
        }
        let value = if self.coarse { grid::point(value) } else { value } + 0.0;
        // Bits of numbers that are not negative are in the order of the numbers.
        let key = (value.to_bits(), kind);
        if let Some(count) = self.rows.get_mut(&key) {
            *count += rows;
            return;
        }
        let known = self.rows.range((key.0, 0)..=(key.0, u32::MAX)).next().is_some();
        self.values += usize::from(!known);
        self.rows.insert(key, rows);
        if !self.coarse && self.values > MOST_VALUES {
            self.coarsen();
        }
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.coarse && !self.coarse {
            self.coarsen();
        }
        other.entries().for_each(|(value, kind, rows)| self.add(value, kind, rows));
    }

    /// Value, kind and rows: ascending values, and of each value ascending kinds.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = (f64, u32, u64)> {
        self.rows.iter().map(|(&(bits, kind), &rows)| (f64::from_bits(bits), kind, rows))
    }

    /// Each value with what its entries come to, ascending.
    pub(crate) fn levels<T: Default>(&self, mut add: impl FnMut(&mut T, u32, u64)) -> Vec<(f64, T)> {
        let mut levels: Vec<(f64, T)> = Vec::with_capacity(self.values);
        for (value, kind, rows) in self.entries() {
            if levels.last().is_none_or(|(last, _)| last.to_bits() != value.to_bits()) {
                levels.push((value, T::default()));
            }
            if let Some((_, level)) = levels.last_mut() {
                add(level, kind, rows);
            }
        }
        levels
    }

    /// Whether values share cells of the grid.
    pub(crate) fn is_coarse(&self) -> bool {
        self.coarse
    }

    /// All rows.
    pub(crate) fn total(&self) -> u64 {
        self.rows.values().sum()
    }

    /// Whether all kinds and values are below those given, as bytes from outside may not be.
    pub(crate) fn fits(&self, kinds: u32, largest: f64) -> bool {
        self.entries().all(|(value, kind, _)| kind < kinds && value <= largest)
    }

    /// Bytes on the heap, nearly.
    pub(crate) fn heap_bytes(&self) -> usize {
        // Nodes of the tree are at least half full, mostly more.
        self.rows.len() * size_of::<((u64, u32), u64)>() * 3 / 2
    }

    fn coarsen(&mut self) {
        let exact = std::mem::take(&mut self.rows);
        (self.coarse, self.values) = (true, 0);
        for ((bits, kind), rows) in exact {
            self.add(f64::from_bits(bits), kind, rows);
        }
    }
}

/// Sorts a block of values with their kinds, and gives each pair once with the number of its rows.
pub(crate) fn runs(block: &mut [(u64, u32)]) -> impl Iterator<Item = (f64, u32, u64)> {
    block.sort_unstable();
    block.chunk_by(|a, b| a == b).map(|run| (f64::from_bits(run[0].0), run[0].1, run.len() as u64))
}

/// What is written down.
#[derive(Serialize, Deserialize)]
struct Stored {
    coarse: bool,
    entries: Vec<(f64, u32, u64)>,
}

impl From<Cells> for Stored {
    fn from(cells: Cells) -> Self {
        Self { coarse: cells.coarse, entries: cells.entries().collect() }
    }
}

impl TryFrom<Stored> for Cells {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, &'static str> {
        let mut cells = Self { coarse: stored.coarse, ..Self::default() };
        let mut total = 0_u64;
        for &(value, kind, rows) in &stored.entries {
            let sign = value.is_sign_positive() && value.is_finite();
            if !sign || rows == 0 || (stored.coarse && grid::point(value).to_bits() != value.to_bits()) {
                return Err("a value that cannot be there");
            }
            total = total.checked_add(rows).filter(|total| *total <= MOST_ROWS).ok_or("too many rows")?;
            cells.add(value, kind, rows);
        }
        let same = cells.coarse == stored.coarse && cells.entries().eq(stored.entries);
        if same { Ok(cells) } else { Err("values that are out of order, or too many") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(entries: &[(f64, u32)]) -> Cells {
        let mut cells = Cells::default();
        entries.iter().for_each(|(value, kind)| cells.add(*value, *kind, 1));
        cells
    }

    /// Enough different values to be on the grid.
    fn many(seed: u64) -> Vec<(f64, u32)> {
        let hash = |i: u64| sketch::hash_f64((i + seed * 1_000_000) as f64);
        (0..MOST_VALUES as u64 + 50)
            .map(|i| ((hash(i) >> 11) as f64 / 2_f64.powi(53), (i % 3) as u32))
            .collect()
    }

    #[test]
    fn coarse_exactly_when_the_whole_has_too_many_values() {
        let values = many(1);
        let (left, right) = values.split_at(20_000);
        let (mut a, mut b, whole) = (of(left), of(right), of(&values));
        assert!(!a.is_coarse() && !b.is_coarse() && whole.is_coarse());
        assert!(!of(&values[..MOST_VALUES]).is_coarse());
        let (alone, other) = (a.clone(), of(&many(2)));
        a.merge(&b);
        b.merge(&alone);
        assert_eq!(sketch::to_bytes(&a), sketch::to_bytes(&whole));
        assert_eq!(sketch::to_bytes(&b), sketch::to_bytes(&whole));
        // A coarse part with an exact one, either way.
        let (mut c, mut d) = (other.clone(), alone.clone());
        c.merge(&alone);
        d.merge(&other);
        assert_eq!(sketch::to_bytes(&c), sketch::to_bytes(&d));
        assert_eq!(c.total(), other.total() + alone.total());
        let bytes = sketch::to_bytes(&c).unwrap();
        assert_eq!(sketch::from_bytes::<Cells>(&bytes).unwrap(), c);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let entry = |value: f64, kind: u32, rows: u64| (value, kind, rows);
        for (coarse, entries) in [
            (false, vec![entry(f64::NAN, 0, 1)]),
            (false, vec![entry(-1.0, 0, 1)]),
            (false, vec![entry(-0.0, 0, 1)]),
            (false, vec![entry(0.5, 0, 0)]),
            (false, vec![entry(0.5, 0, 1), entry(0.4, 0, 1)]),
            (false, vec![entry(0.5, 0, 1), entry(0.5, 0, 1)]),
            (false, vec![entry(0.5, 0, u64::MAX), entry(0.6, 0, 1)]),
            (true, vec![entry(0.123_456_789, 0, 1)]),
        ] {
            let bytes = sketch::to_bytes(&Stored { coarse, entries }).unwrap();
            assert!(sketch::from_bytes::<Cells>(&bytes).is_err());
        }
        let many: Vec<_> = (0..=MOST_VALUES).map(|i| entry(i as f64, 0, 1)).collect();
        let bytes = sketch::to_bytes(&Stored { coarse: false, entries: many }).unwrap();
        assert!(sketch::from_bytes::<Cells>(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn merged_parts_are_the_whole(values in prop::collection::vec(((0..40_u32).prop_map(|i| f64::from(i) / 40.0), 0..6_u32), 0..200), cut in 0..200_usize) {
            let (left, right) = values.split_at(cut.min(values.len()));
            let (mut a, whole) = (of(right), of(&values));
            a.merge(&of(left));
            prop_assert_eq!(sketch::to_bytes(&a).unwrap(), sketch::to_bytes(&whole).unwrap());
            prop_assert_eq!(a, whole);
        }
    }
}
