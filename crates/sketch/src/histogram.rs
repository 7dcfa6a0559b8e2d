//! Counts of values over frozen bins, and the quantiles that follow from them.

use serde::{Deserialize, Serialize};

use crate::{
    Bins,
    kernel::{BLOCK, kernel},
    tally::Tally,
};

/// One counter a slot of some [`Bins`], which the caller keeps: many histograms share one cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    slots: Tally,
}

/// Slots that a block is counted in before they are added up.
const MAX_LANE: usize = 1024;
/// A block with fewer values than one for so many slots is counted value by value, if no counters are there yet.
const SLOTS_PER_VALUE: usize = 2;

impl Histogram {
    /// Counts a finite value.
    #[inline]
    pub fn observe(&mut self, bins: &Bins, value: f64) {
        self.observe_many(bins, value, 1);
    }

    /// Counts a finite value `weight` times.
    pub fn observe_many(&mut self, bins: &Bins, value: f64, weight: u64) {
        self.observe_slot(u32::try_from(bins.slot_of(value)).unwrap_or(u32::MAX), weight);
    }

    /// Makes room for so many calls of [`Histogram::observe_slot`].
    pub fn reserve(&mut self, bins: &Bins, calls: usize) {
        self.slots.reserve(calls, bins.slots());
    }

    /// Counts `weight` values of a slot, as [`Bins::find`] gives it.
    #[inline]
    pub fn observe_slot(&mut self, slot: u32, weight: u64) {
        self.slots.add(slot, weight);
    }

    /// Counts finite values; the same as counting each of them.
    pub fn observe_all(&mut self, bins: &Bins, finite: &[f64]) {
        let mut found = [0; BLOCK];
        for block in finite.chunks(BLOCK) {
            let found = &mut found[..block.len()];
            bins.find(block, found);
            if !self.slots.has_counters() && block.len() <= bins.slots() / SLOTS_PER_VALUE {
                self.observe_few(found);
            } else if bins.slots() <= MAX_LANE {
                count(found, self.slots.counters(bins.slots()));
            } else {
                let counters = self.slots.counters(bins.slots());
                for &slot in &*found {
                    if let Some(rows) = counters.get_mut(slot as usize) {
                        *rows += 1;
                    }
                }
            }
        }
    }

    /// Counts slots of a short block. They are sorted first: so many as are different need room, and no more.
    fn observe_few(&mut self, found: &mut [u32]) {
        found.sort_unstable();
        let different = || found.chunk_by(|a, b| a == b);
        self.slots.reserve(different().count(), usize::MAX);
        different().for_each(|same| self.slots.add(same[0], same.len() as u64));
    }

    /// Adds another part, counted over the same bins.
    pub fn merge(&mut self, other: &Self) {
        self.slots.merge(&other.slots);
    }

    /// Slots that hold rows, ascending, with their rows.
    #[must_use]
    pub fn entries(&self) -> Vec<(usize, u64)> {
        self.slots.entries()
    }

    /// All values counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.slots.rows()
    }

    /// Rows in each coarse bin.
    #[must_use]
    pub fn coarse(&self, bins: &Bins) -> Vec<u64> {
        self.between(bins, bins.coarse_edges())
    }

    /// Rows between edges that are edges of slots too: one bin more than edges.
    #[must_use]
    pub fn between(&self, bins: &Bins, edges: &[f64]) -> Vec<u64> {
        let mut rows = vec![0; edges.len() + 1];
        for (index, held) in self.slots.entries() {
            let lower = bins.slot(index).lower;
            if let Some(bin) = rows.get_mut(edges.partition_point(|&edge| edge <= lower)) {
                *bin += held;
            }
        }
        rows
    }

    /// Rows below and above the range of the baseline.
    #[must_use]
    pub fn outside(&self, bins: &Bins) -> (u64, u64) {
        let Some((min, max)) = bins.range() else { return (0, 0) };
        let (first, last) = (bins.slot_of(min), bins.slot_of(max));
        let entries = self.slots.entries();
        let rows = |outside: &dyn Fn(usize) -> bool| {
            entries.iter().filter(|(slot, _)| outside(*slot)).map(|(_, rows)| rows).sum()
        };
        (rows(&|slot| slot < first), rows(&|slot| slot > last))
    }

    /// The quantile at `share` (0 to 1), in the units of the values, within the slot that holds its rank:
    /// exact for an atom, linear in between otherwise. `min` and `max` are those of the values counted.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "ranks are below 2^53")]
    pub fn quantile(&self, bins: &Bins, share: f64, min: f64, max: f64) -> Option<f64> {
        let last = self.rows().checked_sub(1)?;
        let rank = share.clamp(0.0, 1.0) * last as f64;
        let mut below = 0;
        for (index, rows) in self.slots.entries() {
            if rank < (below + rows) as f64 {
                let slot = bins.slot(index);
                let (lower, upper) = (slot.lower.clamp(min, max), slot.upper.clamp(min, max));
                let within = if rows > 1 { (rank - below as f64) / (rows - 1) as f64 } else { 0.5 };
                return Some(lower + (upper - lower) * within.clamp(0.0, 1.0));
            }
            below += rows;
        }
        Some(max)
    }

    /// The slot with the most rows that holds a single value, and those rows.
    #[must_use]
    pub fn top_atom(&self, bins: &Bins) -> Option<(f64, u64)> {
        let mut top = None;
        for (index, rows) in self.slots.entries() {
            let slot = bins.slot(index);
            if slot.is_atom() && top.is_none_or(|(_, most)| rows > most) {
                top = Some((slot.lower, rows));
            }
        }
        top
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.slots.heap_bytes()
    }

    /// Whether the counters fit the bins, as bytes from outside may not.
    #[must_use]
    pub fn fits(&self, bins: &Bins) -> bool {
        self.slots.entries().last().is_none_or(|(slot, _)| *slot < bins.slots())
    }
}

/// Counts a block of slots below [`MAX_LANE`]. Where most values share a slot, as zeros do, each increment waits for the
/// one before; those of two lanes do not wait for each other.
fn count(found: &[u32], counters: &mut [u64]) {
    let (mut even, mut odd) = ([0_u16; MAX_LANE], [0_u16; MAX_LANE]);
    let (pairs, rest) = found.as_chunks::<2>();
    for [a, b] in pairs {
        even[*a as usize % MAX_LANE] += 1;
        odd[*b as usize % MAX_LANE] += 1;
    }
    rest.iter().for_each(|slot| even[*slot as usize % MAX_LANE] += 1);
    let used = counters.len().min(MAX_LANE);
    add_up(&even[..used], &odd[..used], counters);
}

kernel! {
fn add_up(even: &[u16], odd: &[u16], counters: &mut [u64]) {
    for ((counter, even), odd) in counters.iter_mut().zip(even).zip(odd) {
        *counter += u64::from(*even) + u64::from(*odd);
    }
}
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ValueCounts;

    fn of(bins: &Bins, values: &[f64]) -> Histogram {
        let mut histogram = Histogram::default();
        values.iter().for_each(|&value| histogram.observe(bins, value));
        histogram
    }

    #[test]
    fn outside_is_exact() {
        let bins = Bins::cut(&ValueCounts::new(vec![1.0, 2.0, 3.0]));
        assert_eq!(of(&bins, &[0.999, 1.0, 3.0, 3.0001, 400.0]).outside(&bins), (1, 2));
        assert_eq!(of(&bins, &[1.5, 2.0, 2.0]).top_atom(&bins), Some((2.0, 2)));
    }

    proptest! {
        #[test]
        fn merging_and_bytes_keep_every_row(base in prop::collection::vec(-50.0..50.0_f64, 1..900), values in prop::collection::vec(-200.0..200.0_f64, 0..200), cut in 0_usize..200) {
            let bins = Bins::cut(&ValueCounts::new(base));
            let whole = of(&bins, &values);
            let cut = cut.min(values.len());
            let left: Histogram = crate::from_bytes(&crate::to_bytes(&of(&bins, &values[..cut])).unwrap()).unwrap();
            let mut merged = of(&bins, &values[cut..]);
            merged.merge(&left);
            merged.merge(&Histogram::default());
            prop_assert_eq!(merged.rows(), values.len() as u64);
            prop_assert_eq!(merged.coarse(&bins), whole.coarse(&bins));
            let exact: Vec<u64> = (0..bins.coarse_bins()).map(|bin| values.iter().filter(|v| bins.coarse_edges().partition_point(|e| e <= *v) == bin).count() as u64).collect();
            prop_assert_eq!(whole.coarse(&bins), exact);
        }

        #[test]
        fn a_quantile_is_within_its_slot(base in prop::collection::vec(-50.0..50.0_f64, 300..900), share in 0.0..1.0_f64) {
            let counts = ValueCounts::new(base.clone());
            let bins = Bins::cut(&counts);
            let (min, max) = bins.range().unwrap();
            let estimate = of(&bins, &base).quantile(&bins, share, min, max).unwrap();
            // The slots of the values on both sides of the rank hold the estimate between them.
            let mut sorted = base;
            sorted.sort_unstable_by(f64::total_cmp);
            let position = share * (sorted.len() - 1) as f64;
            let lower = bins.slot(bins.slot_of(sorted[(position.floor() as usize).saturating_sub(1)])).lower;
            let upper = bins.slot(bins.slot_of(sorted[(position.ceil() as usize).min(sorted.len() - 1)])).upper;
            prop_assert!(estimate >= lower.max(min) && estimate <= upper.min(max));
        }
    }
}
