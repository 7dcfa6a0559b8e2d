//! Lengths of names in characters; of binary values that is two a byte, as they are shown in hexadecimal digits.

use serde::{Deserialize, Serialize};

/// Sums and bounds of lengths, in whole numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    names: u64,
    sum: u64,
    squares: u128,
    bounds: Option<(u32, u32)>,
}

impl Lengths {
    /// Takes one length. Lengths beyond 2^32 - 1 count as that.
    pub fn observe(&mut self, length: usize) {
        self.observe_many(length, 1);
    }

    /// Takes one length `weight` times.
    pub fn observe_many(&mut self, length: usize, weight: u64) {
        if weight == 0 {
            return;
        }
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.names += weight;
        self.sum += u64::from(length) * weight;
        self.squares += u128::from(length) * u128::from(length) * u128::from(weight);
        self.widen(length, length);
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.names += other.names;
        self.sum += other.sum;
        self.squares += other.squares;
        if let Some((min, max)) = other.bounds {
            self.widen(min, max);
        }
    }

    /// Names that were measured.
    #[must_use]
    pub fn names(&self) -> u64 {
        self.names
    }

    /// Length of the shortest and of the longest name; `None` without names.
    #[must_use]
    pub fn bounds(&self) -> Option<(u32, u32)> {
        self.bounds
    }

    /// Arithmetic mean; `None` without names.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean of lengths needs no more than 53 bits")]
    pub fn mean(&self) -> Option<f64> {
        (self.names > 0).then(|| self.sum as f64 / self.names as f64)
    }

    /// Population standard deviation; `None` without names.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the difference is exact, and rounded once")]
    pub fn std_dev(&self) -> Option<f64> {
        let names = u128::from(self.names);
        let sum = u128::from(self.sum);
        // n * sum of squares - sum^2, which is not negative; too large numbers have no digits to lose.
        let spread = match (names.checked_mul(self.squares), sum.checked_mul(sum)) {
            (Some(left), Some(right)) => left.saturating_sub(right) as f64,
            _ => (names as f64).mul_add(self.squares as f64, -(sum as f64).powi(2)).max(0.0),
        };
        (names > 0).then(|| spread.sqrt() / names as f64)
    }

    fn widen(&mut self, min: u32, max: u32) {
        self.bounds = Some(match self.bounds {
            None => (min, max),
            Some((low, high)) => (low.min(min), high.max(max)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_parts_are_the_whole() {
        let (mut left, mut right, mut whole) = (Lengths::default(), Lengths::default(), Lengths::default());
        for length in [3, 4, 4, 9] {
            left.observe(length);
            whole.observe(length);
        }
        right.observe_many(0, 2);
        whole.observe_many(0, 2);
        left.merge(&right);
        assert_eq!(left, whole);
        assert_eq!((whole.names(), whole.bounds()), (6, Some((0, 9))));
        assert_eq!(whole.mean(), Some(20.0 / 6.0));
        // numpy.std([3, 4, 4, 9, 0, 0])
        assert!((whole.std_dev().unwrap() - 3.036_811_193_048_1).abs() < 1e-15);
        assert_eq!(Lengths::default().std_dev(), None);
    }
}
