//! Counts of what a column holds beside ordinary values.

use serde::{Deserialize, Serialize};

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
}

#[cfg(test)]
mod tests {
    use super::Counts;

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
    }
}
