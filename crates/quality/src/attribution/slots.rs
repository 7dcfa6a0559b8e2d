//! Attributions by slots of about equal relative width: any quantile within a bound, merged in any order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sketch::MOST_ROWS;

/// Bits of a double below those that name its slot: sign, exponent and six bits of the fraction remain, so that 64 slots
/// lie between a number and its double.
const CUT: u32 = 46;

/// Counts of finite numbers by slot: the number of the slot has the sign of the numbers in it; 0 holds zero alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<(i32, u64)>", try_from = "Vec<(i32, u64)>")]
pub(super) struct Slots(BTreeMap<i32, u64>);

impl Slots {
    pub(super) fn observe(&mut self, value: f64) {
        // Below 2^17, for the sign is gone.
        let size = i32::try_from(value.abs().to_bits() >> CUT).unwrap_or(i32::MAX - 1) + 1;
        let slot = match value {
            v if v > 0.0 => size,
            v if v < 0.0 => -size,
            _ => 0,
        };
        let rows = self.0.entry(slot).or_default();
        *rows = rows.saturating_add(1);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (slot, rows) in &other.0 {
            let sum = self.0.entry(*slot).or_default();
            *sum = sum.saturating_add(*rows);
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.0.values().fold(0, |sum, rows| sum.saturating_add(*rows))
    }

    /// The value of this rank (from 0), and how far it may be from that of the rows.
    fn at(&self, rank: u64) -> (f64, f64) {
        let mut below = 0;
        let found = self.0.iter().find(|(_, rows)| {
            below += **rows;
            below > rank
        });
        found.or(self.0.last_key_value()).map_or((0.0, 0.0), |(slot, _)| middle(*slot))
    }

    /// The median, and how far it may be from that of the rows; `None` without rows.
    pub(super) fn median(&self) -> Option<(f64, f64)> {
        let rows = self.rows();
        let (low, high) = (self.at(rows.saturating_sub(1) / 2), self.at(rows / 2));
        (rows > 0).then(|| (f64::midpoint(low.0, high.0), low.1.max(high.1)))
    }

    /// Half the width of the interval that holds the median with two chances in three.
    pub(super) fn median_error(&self) -> Option<f64> {
        let rows = self.rows();
        let reach = rows.isqrt().div_ceil(2);
        let (low, high) = (self.at((rows / 2).saturating_sub(reach)).0, self.at(rows / 2 + reach).0);
        (rows > 1).then_some((high - low) / 2.0)
    }

    /// Mean of `of(value)`, of the middles of slots.
    pub(super) fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        let sum: f64 = self.0.iter().map(|(slot, rows)| of(middle(*slot).0) * *rows as f64).sum();
        sum / self.rows() as f64
    }
}

/// Middle of a slot, and how far the ends are from it.
fn middle(slot: i32) -> (f64, f64) {
    if slot == 0 {
        return (0.0, 0.0);
    }
    let bits = u64::from(slot.unsigned_abs() - 1) << CUT;
    let lower = f64::from_bits(bits);
    let upper = f64::from_bits(bits + (1 << CUT) - 1);
    let middle = f64::midpoint(lower, upper);
    (middle.copysign(f64::from(slot)), (middle - lower).max(upper - middle))
}

impl From<Slots> for Vec<(i32, u64)> {
    fn from(slots: Slots) -> Self {
        slots.0.into_iter().collect()
    }
}

impl TryFrom<Vec<(i32, u64)>> for Slots {
    type Error = &'static str;

    fn try_from(stored: Vec<(i32, u64)>) -> Result<Self, Self::Error> {
        let rows = stored.iter().fold(0_u64, |sum, (_, rows)| sum.saturating_add(*rows));
        let finite =
            |slot: i32| slot.unsigned_abs() <= u32::try_from(f64::MAX.to_bits() >> CUT).unwrap_or(0) + 1;
        if rows > MOST_ROWS || stored.iter().any(|(slot, rows)| *rows == 0 || !finite(*slot)) {
            return Err("slots of attributions without rows, or beyond the largest number");
        }
        if !stored.is_sorted_by(|(left, _), (right, _)| left < right) {
            return Err("slots of attributions out of order");
        }
        Ok(Self(stored.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_within_its_bound() {
        for rows in [1, 2, 3, 10, 999, 1000] {
            let values: Vec<f64> = (0..rows).map(|i| f64::from(i * 37 % rows - rows / 3) * 0.013).collect();
            let mut slots = Slots::default();
            values.iter().for_each(|value| slots.observe(*value));
            let mut sorted = values.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
            let (median, bound) = slots.median().unwrap();
            assert!((median - (low + high) / 2.0).abs() <= bound + 1e-15, "{rows}: {median} {low} {high}");
            assert!(bound <= low.abs().max(high.abs()) / 127.0);
        }
        assert_eq!(Slots::default().median(), None);
    }

    #[test]
    fn the_largest_and_smallest_numbers_have_slots() {
        let mut slots = Slots::default();
        [f64::MAX, -f64::MAX, 5e-324, -5e-324, -0.0].iter().for_each(|value| slots.observe(*value));
        assert_eq!(slots.median(), Some((0.0, 0.0)));
        let stored: Vec<(i32, u64)> = slots.clone().into();
        assert_eq!(Slots::try_from(stored), Ok(slots));
        for damaged in [vec![(1, 0)], vec![(2, 1), (1, 1)], vec![(i32::MIN, 1)], vec![(1, u64::MAX)]] {
            assert!(Slots::try_from(damaged).is_err());
        }
    }
}
