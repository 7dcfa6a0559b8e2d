//! Mean, variance, smallest and largest value.
//!
//! Sums of values and of squares are exact ([`ExactSum`]), and mean and variance are fractions of them,
//! rounded once. So they do not depend on how the data is ordered, cut or merged, and values that lie far
//! from zero cost no digits.

use serde::{Deserialize, Serialize};

use crate::{bounds::bounds, exact_sum::ExactSum, kernel::BLOCK, rational, split_sums::SplitSums};

/// Below so many numbers, adding them one by one is faster than reading the sums of eight lanes.
const WORTH_A_KERNEL: usize = 24;

/// Moments of the finite values of a column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Option<Stored>", try_from = "Option<Stored>")]
pub struct Moments {
    values: u64,
    sum: ExactSum,
    squares: ExactSum,
    bounds: Option<(f64, f64)>,
}

impl Moments {
    /// Moments of so many values that something else computed: sum, population standard deviation, smallest and largest
    /// value. They come back to the bit; where they contradict each other, only the bounds are kept.
    #[must_use]
    pub fn known(values: u64, sum: f64, std_dev: f64, (min, max): (f64, f64)) -> Self {
        let mut known = Self { values, ..Self::default() };
        known.sum.add(sum, 1);
        known.squares.add_square(std_dev, values);
        // The rest of the sum of squares, sum^2 / n, in as many terms as hold it far beyond the last digit.
        let mut rest = ExactSum::default();
        rest.add_square(sum, 1);
        for _ in 0..4 {
            let (square, exponent) = rest.to_integer();
            let term = rational::to_f64(&square, exponent, values);
            known.squares.add(term, 1);
            rest.add(-term, values);
        }
        known.widen(min + 0.0, max + 0.0);
        if values > 0 && min < max && std_dev > 0.0 && known.is_sound() {
            return known;
        }
        let mut bounds = Self::default();
        let both = values.min(2);
        bounds.observe_many(min, values - both / 2);
        bounds.observe_many(max, both / 2);
        bounds
    }

    /// Takes one value; values that are not finite are left out.
    pub fn observe(&mut self, value: f64) {
        self.observe_many(value, 1);
    }

    /// Takes one value `weight` times.
    pub fn observe_many(&mut self, value: f64, weight: u64) {
        if !value.is_finite() || weight == 0 {
            return;
        }
        self.values += weight;
        self.sum.add(value, weight);
        self.squares.add_square(value, weight);
        // Adding 0 turns -0 into 0: the two are equal, so which came first must not show.
        self.widen(value + 0.0, value + 0.0);
    }

    /// Takes finite numbers, a block at a time; the same as taking each of them.
    pub fn observe_all(&mut self, finite: &[f64]) {
        for block in finite.chunks(BLOCK) {
            self.values += block.len() as u64;
            let (min, max) = bounds(block);
            self.widen(min + 0.0, max + 0.0);
            self.add_block(block, min.abs().max(max.abs()));
        }
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.values += other.values;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
        if let Some((min, max)) = other.bounds {
            self.widen(min, max);
        }
    }

    /// Whether there are bounds where there are values, with the mean between them, and squares that go with it, as
    /// bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        match (self.bounds, self.mean(), self.variance()) {
            (Some((min, max)), Some(mean), Some(variance)) => {
                min.is_finite() && max.is_finite() && min <= mean && mean <= max && variance >= 0.0
            }
            (None, None, None) => *self == Self::default(),
            _ => false,
        }
    }

    /// How many values were taken.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.values
    }

    /// Smallest value; `None` without values.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        self.bounds.map(|(min, _)| min)
    }

    /// Largest value; `None` without values.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.bounds.map(|(_, max)| max)
    }

    /// The sum, rounded once (infinite where no double is large enough).
    #[must_use]
    pub fn sum(&self) -> f64 {
        let (sum, exponent) = self.sum.to_integer();
        rational::to_f64(&sum, exponent, 1)
    }

    /// Arithmetic mean; `None` without values.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let (sum, exponent) = self.sum.to_integer();
        (self.values > 0).then(|| rational::to_f64(&sum, exponent, self.values))
    }

    /// Population variance (divides by n), in squared units; `None` without values.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        if self.values == 0 {
            return None;
        }
        // (n * sum of squares - sum^2) / n^2, all in integers.
        let (sum, sum_exponent) = self.sum.to_integer();
        let (squares, squares_exponent) = self.squares.to_integer();
        let unit = squares_exponent.min(2 * sum_exponent);
        let left = (squares * self.values) << (squares_exponent - unit).unsigned_abs();
        let right = (&sum * &sum) << (2 * sum_exponent - unit).unsigned_abs();
        Some(rational::to_f64(&(left - right), unit, num_bigint::BigInt::from(self.values).pow(2)))
    }

    /// Population standard deviation; `None` without values.
    #[must_use]
    pub fn std_dev(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.sum.heap_bytes() + self.squares.heap_bytes()
    }

    /// Adds numbers of a block to the sums, those that are too small for the scale of the largest in a next round.
    fn add_block(&mut self, block: &[f64], largest: f64) {
        let mut rest = Vec::new();
        match SplitSums::new(largest).filter(|_| block.len() >= WORTH_A_KERNEL) {
            Some(mut sums) => {
                sums.observe(block, &mut rest);
                sums.sum().into_iter().for_each(|term| self.sum.add(term, 1));
                sums.squares().into_iter().for_each(|term| self.squares.add(term, 1));
            }
            None => {
                for &value in block {
                    self.sum.add(value, 1);
                    self.squares.add_square(value, 1);
                }
            }
        }
        if !rest.is_empty() {
            let (min, max) = bounds(&rest);
            self.add_block(&rest, min.abs().max(max.abs()));
        }
    }

    fn widen(&mut self, min: f64, max: f64) {
        self.bounds = Some(match self.bounds {
            None => (min, max),
            Some((low, high)) => (low.min(min), high.max(max)),
        });
    }
}

/// What is written down, if there is anything: values, their sum, that of their squares, smallest and largest.
type Stored = (u64, ExactSum, ExactSum, f64, f64);

impl From<Moments> for Option<Stored> {
    fn from(moments: Moments) -> Self {
        let Moments { values, sum, squares, bounds } = moments;
        bounds.map(|(min, max)| (values, sum, squares, min, max))
    }
}

impl TryFrom<Option<Stored>> for Moments {
    type Error = &'static str;

    fn try_from(stored: Option<Stored>) -> Result<Self, &'static str> {
        let Some((values, sum, squares, min, max)) = stored else { return Ok(Self::default()) };
        let bounds = Some((min, max));
        if values == 0 { Err("moments of no values") } else { Ok(Self { values, sum, squares, bounds }) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|&value| moments.observe(value));
        moments
    }

    #[test]
    fn damaged_moments_are_not_sound() {
        let sound =
            [of(&[]), of(&[-3.5]), of(&[f64::MAX, f64::MAX]), of(&[5e-324, 0.0]), of(&[-1e300, 1e300, 7.0])];
        assert!(sound.iter().all(Moments::is_sound));
        assert_eq!(crate::to_bytes(&of(&[])).unwrap().len(), 2);
        let of_none: Option<Stored> = Some((0, ExactSum::default(), ExactSum::default(), 0.0, 0.0));
        assert!(crate::from_bytes::<Moments>(&crate::to_bytes(&of_none).unwrap()).is_err());
        let whole = of(&[1.0, 2.0, 4.0]);
        let damaged = [
            Moments { bounds: None, ..whole.clone() },
            Moments { bounds: Some((4.0, 1.0)), ..whole.clone() },
            Moments { bounds: Some((f64::NAN, 4.0)), ..whole.clone() },
            Moments { values: 0, ..whole.clone() },
            Moments { values: 1, ..whole.clone() },
            Moments { squares: of(&[1.0]).squares, ..whole },
        ];
        assert!(!damaged.iter().any(Moments::is_sound));
    }

    #[test]
    fn known_moments_come_back_to_the_bit() {
        for (values, sum, std_dev, bounds) in [
            (2333, 325.0, 0.34626515951342846, (0.0, 1.0)),
            (2333, 420468.3999999996, 53.987178959901556, (0.0, 350.8)),
            (3, 3e15 + 6.0, 0.816496580927726, (1e15 + 1.0, 1e15 + 3.0)),
            (1_000_000, -1.25e-100, 3.5e-105, (-2e-106, 1e-106)),
        ] {
            let known = Moments::known(values, sum, std_dev, bounds);
            assert!(known.is_sound());
            assert_eq!((known.values(), known.sum(), known.std_dev()), (values, sum, Some(std_dev)));
            assert_eq!(known.min().zip(known.max()), Some(bounds));
        }
        // A constant whose sum was rounded on the way, a mean outside the bounds, numbers that nothing can hold.
        for (sum, std_dev, bounds) in
            [(0.30000000000000004, 0.0, (0.1, 0.1)), (99.0, 1.0, (0.0, 1.0)), (1e308, 1e308, (-1e308, 1e308))]
        {
            let known = Moments::known(3, sum, std_dev, bounds);
            assert!(known.is_sound());
            assert_eq!((known.values(), known.min().zip(known.max())), (3, Some(bounds)));
        }
        assert_eq!(Moments::known(0, 1.0, 1.0, (0.0, 1.0)), Moments::default());
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        let moments = of(&[1e15 + 1.0, 1e15 + 2.0, 1e15 + 3.0]);
        assert_eq!(moments.mean(), Some(1e15 + 2.0));
        assert_eq!(moments.variance(), Some(2.0 / 3.0));
        assert_eq!(of(&[7.0; 5]).variance(), Some(0.0));
        assert_eq!(of(&[]).mean(), None);
        assert_eq!(of(&[f64::NAN, f64::INFINITY]).values(), 0);
    }

    #[test]
    fn the_sign_of_zero_does_not_show() {
        let (a, b) = (of(&[0.0, -0.0]), of(&[-0.0, 0.0]));
        assert_eq!(crate::to_bytes(&a).unwrap(), crate::to_bytes(&b).unwrap());
    }

    proptest! {
        #[test]
        fn a_block_is_its_values(mut values in prop::collection::vec(prop_oneof![
            -1e3..1e3_f64, Just(0.0), Just(-0.0), prop::num::f64::NORMAL, prop::num::f64::SUBNORMAL, (0..9_u32).prop_map(f64::from),
            (-40..40_i32, -1.0..1.0_f64).prop_map(|(power, share)| share * 2_f64.powi(power)),
        ], 0..2600), ordinary in any::<bool>()) {
            if ordinary {
                values.retain(|value| value.abs() < 1e100 && (value.abs() > 1e-100 || *value == 0.0));
            }
            let mut blocks = Moments::default();
            blocks.observe_all(&values);
            let one_by_one = of(&values);
            prop_assert_eq!(crate::to_bytes(&blocks).unwrap(), crate::to_bytes(&one_by_one).unwrap());
        }

        #[test]
        fn merged_parts_are_the_whole_to_the_byte(values in prop::collection::vec(-1e9..1e9_f64, 0..60), cuts in prop::collection::vec(0_usize..60, 0..5)) {
            let whole = of(&values);
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(values.len())).collect();
            cuts.push(values.len());
            cuts.sort_unstable();
            let mut start = 0;
            let mut merged = Moments::default();
            for cut in cuts {
                let mut part = of(&values[start..cut]);
                part.merge(&merged);
                merged = part;
                start = cut;
            }
            prop_assert_eq!(crate::to_bytes(&merged).unwrap(), crate::to_bytes(&whole).unwrap());
            prop_assert_eq!(merged.variance(), whole.variance());
            prop_assert_eq!(crate::from_bytes::<Moments>(&crate::to_bytes(&whole).unwrap()), Ok(whole));
        }
    }
}
