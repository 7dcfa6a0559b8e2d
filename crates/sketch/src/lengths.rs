//! Lengths of names in characters; of binary values that is two a byte, as they are shown in hexadecimal digits.

use serde::{Deserialize, Serialize};

/// Sums and bounds of lengths, in whole numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Option<Stored>", try_from = "Option<Stored>")]
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
        self.names = self.names.saturating_add(other.names);
        self.sum = self.sum.saturating_add(other.sum);
        self.squares = self.squares.saturating_add(other.squares);
        if let Some((min, max)) = other.bounds {
            self.widen(min, max);
        }
    }

    /// Whether the sums can be those of so many lengths between the bounds, as bytes from outside may not have them.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let names = u128::from(self.names);
        let Some((min, max)) = self.bounds.map(|(min, max)| (u128::from(min), u128::from(max))) else {
            return *self == Self::default();
        };
        let between = |sum: u128, low: u128, high: u128| {
            names.checked_mul(low).is_some_and(|low| low <= sum)
                && names.checked_mul(high).is_none_or(|high| sum <= high)
        };
        names > 0 && between(self.sum.into(), min, max) && between(self.squares, min * min, max * max)
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

/// What is written down, if there is anything: names, sum, sum of squares, shortest and longest.
type Stored = (u64, u64, u128, u32, u32);

impl From<Lengths> for Option<Stored> {
    fn from(lengths: Lengths) -> Self {
        let Lengths { names, sum, squares, bounds } = lengths;
        bounds.map(|(min, max)| (names, sum, squares, min, max))
    }
}

impl TryFrom<Option<Stored>> for Lengths {
    type Error = &'static str;

    fn try_from(stored: Option<Stored>) -> Result<Self, &'static str> {
        let Some((names, sum, squares, min, max)) = stored else { return Ok(Self::default()) };
        let bounds = Some((min, max));
        if names == 0 { Err("lengths of no names") } else { Ok(Self { names, sum, squares, bounds }) }
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
        assert!(whole.is_sound() && Lengths::default().is_sound());
        for lengths in [whole, Lengths::default()] {
            assert_eq!(crate::from_bytes::<Lengths>(&crate::to_bytes(&lengths).unwrap()), Ok(lengths));
        }
        let of_none: Option<Stored> = Some((0, 0, 0, 1, 1));
        assert!(crate::from_bytes::<Lengths>(&crate::to_bytes(&of_none).unwrap()).is_err());
    }

    #[test]
    fn damaged_lengths_are_not_sound() {
        let whole = Lengths { names: 2, sum: 7, squares: 25, bounds: Some((3, 4)) };
        assert!(whole.is_sound());
        for damaged in [
            Lengths { names: 3, ..whole },
            Lengths { names: 0, ..whole },
            Lengths { sum: u64::MAX, ..whole },
            Lengths { squares: u128::MAX, ..whole },
            Lengths { bounds: Some((4, 3)), ..whole },
            Lengths { bounds: None, ..whole },
        ] {
            assert!(!damaged.is_sound(), "{damaged:?}");
        }
    }
}
