//! Counts of what a column holds beside ordinary values.

use serde::{Deserialize, Serialize};

use crate::kernel::kernel;

/// Rows that counts from outside may claim: up to here every number of rows is a double, and sums of many are no more
/// than 64 bits.
pub const MOST_ROWS: u64 = 1 << 53;

/// Rows by kind of value. All are numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All rows, whatever they hold.
    pub rows: u64,
    /// Rows without a value, including `absent`.
    pub nulls: u64,
    /// Rows of files that do not have the column at all (part of `nulls`).
    pub absent: u64,
    /// Rows whose value is of a type that the feature does not have.
    pub mismatched: u64,
    /// IEEE NaN.
    pub nans: u64,
    /// +infinity.
    pub positive_infinities: u64,
    /// -infinity.
    pub negative_infinities: u64,
    /// Values equal to zero (for text: of length zero).
    pub zeros: u64,
    /// Values below zero, -infinity included.
    pub negatives: u64,
    /// Finite values that are not whole numbers.
    pub fractions: u64,
}

impl Counts {
    /// Rows without a usable value: null or NaN.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.nulls + self.nans
    }

    /// Rows with a value, of whatever type: everything but null and NaN.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.rows.saturating_sub(self.missing())
    }

    /// Both infinities.
    #[must_use]
    pub fn infinities(&self) -> u64 {
        self.positive_infinities + self.negative_infinities
    }

    /// Rows with a value that the feature's own summaries hold: present, of the right type, finite.
    #[must_use]
    pub fn observed(&self) -> u64 {
        self.present().saturating_sub(self.mismatched + self.infinities())
    }

    /// Share of rows that are null or NaN, 0 to 1; `None` without rows.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
    pub fn missing_ratio(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.missing() as f64 / self.rows as f64)
    }

    /// Counts one number (not null).
    #[expect(clippy::float_cmp, reason = "zero and whole numbers are exact questions")]
    pub fn observe(&mut self, value: f64) {
        self.rows += 1;
        if value.is_finite() {
            self.zeros += u64::from(value == 0.0);
            self.negatives += u64::from(value < 0.0);
            self.fractions += u64::from(value != value.trunc());
        } else if value.is_nan() {
            self.nans += 1;
        } else if value > 0.0 {
            self.positive_infinities += 1;
        } else {
            self.negative_infinities += 1;
            self.negatives += 1;
        }
    }

    /// Counts one number `weight` times.
    pub fn observe_many(&mut self, value: f64, weight: u64) {
        let mut one = Self::default();
        one.observe(value);
        self.rows += weight;
        self.zeros += weight * one.zeros;
        self.negatives += weight * one.negatives;
        self.fractions += weight * one.fractions;
        self.nans += weight * one.nans;
        self.positive_infinities += weight * one.positive_infinities;
        self.negative_infinities += weight * one.negative_infinities;
    }

    /// Counts numbers (none null); returns whether all of them are finite.
    pub fn observe_all(&mut self, values: &[f64]) -> bool {
        let [zeros, negatives, whole, odd] = tally(values);
        if odd > 0 {
            values.iter().for_each(|&value| self.observe(value));
            return false;
        }
        let rows = values.len() as u64;
        self.rows += rows;
        self.zeros += zeros;
        self.negatives += negatives;
        self.fractions += rows - whole;
        true
    }

    /// Counts rows without a value.
    pub fn observe_nulls(&mut self, rows: u64) {
        self.rows += rows;
        self.nulls += rows;
    }

    /// Counts rows of a file that lacks the column.
    pub fn observe_absent(&mut self, rows: u64) {
        self.observe_nulls(rows);
        self.absent += rows;
    }

    /// Counts rows whose value has the wrong type.
    pub fn observe_mismatched(&mut self, rows: u64) {
        self.rows += rows;
        self.mismatched += rows;
    }

    /// Adds another part's counts.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.nulls += other.nulls;
        self.absent += other.absent;
        self.mismatched += other.mismatched;
        self.nans += other.nans;
        self.positive_infinities += other.positive_infinities;
        self.negative_infinities += other.negative_infinities;
        self.zeros += other.zeros;
        self.negatives += other.negatives;
        self.fractions += other.fractions;
    }

    /// Whether the kinds of rows are no more than the rows, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let apart =
            [self.nulls, self.mismatched, self.nans, self.positive_infinities, self.negative_infinities];
        let within = [self.zeros, self.negatives, self.fractions];
        let together = apart.iter().try_fold(0_u64, |sum, rows| sum.checked_add(*rows));
        self.rows <= MOST_ROWS
            && together.is_some_and(|rows| rows <= self.rows)
            && within.iter().all(|rows| *rows <= self.rows)
            && self.absent <= self.nulls
    }
}

kernel! {
/// Counts zeros, negatives, whole numbers, and what is not finite. Whole numbers add up in any order, so that the compiler
/// finds its own lanes; told ours, it gathered each of them from the memory of eight others.
#[expect(clippy::float_cmp, reason = "zero and whole numbers are exact questions")]
fn tally(values: &[f64]) -> [u64; 4] {
    let [mut zeros, mut negatives, mut whole, mut odd] = [0; 4];
    for &value in values {
        zeros += u64::from(value == 0.0);
        negatives += u64::from(value < 0.0);
        whole += u64::from(value == value.trunc());
        odd += u64::from(!value.is_finite());
    }
    [zeros, negatives, whole, odd]
}
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn a_block_is_its_values() {
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let plain: Vec<f64> = (0..37).map(|i| f64::from(i - 9) / 2.0).chain([-0.0, 1e300, -5e-324]).collect();
        for (i, extra) in (0..plain.len()).flat_map(|i| [(i, None), (i, Some(odd[i % 3]))]) {
            let values: Vec<f64> = plain[i..].iter().copied().chain(extra).collect();
            let (mut block, mut each) = (Counts::default(), Counts::default());
            assert_eq!(block.observe_all(&values), extra.is_none());
            values.iter().for_each(|&value| each.observe(value));
            assert_eq!(block, each);
            let (mut many, mut repeated) = (Counts::default(), Counts::default());
            values.iter().for_each(|&value| many.observe_many(value, 3));
            (0..3).for_each(|_| values.iter().for_each(|&value| repeated.observe(value)));
            assert_eq!(many, repeated);
        }
    }

    #[test]
    fn every_row_is_in_exactly_one_place() {
        let mut counts = Counts::default();
        for value in [0.0, -0.0, -2.5, 3.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            counts.observe(value);
        }
        counts.observe_nulls(2);
        counts.observe_absent(3);
        counts.observe_mismatched(4);
        assert_eq!((counts.rows, counts.missing(), counts.present()), (16, 6, 10));
        assert_eq!((counts.zeros, counts.negatives, counts.fractions), (2, 2, 1));
        assert_eq!(counts.observed(), 4, "0, -0, -2.5 and 3");
        assert!(counts.is_sound());
    }

    #[test]
    fn more_of_a_kind_than_rows_is_not_sound() {
        for counts in [
            Counts { rows: 5, nulls: 3, mismatched: 3, ..Counts::default() },
            Counts { rows: 5, nulls: u64::MAX, nans: 1, ..Counts::default() },
            Counts { rows: 5, zeros: 6, ..Counts::default() },
            Counts { rows: 5, nulls: 1, absent: 2, ..Counts::default() },
            Counts { rows: u64::MAX, ..Counts::default() },
        ] {
            assert!(!counts.is_sound(), "{counts:?}");
        }
    }
}
