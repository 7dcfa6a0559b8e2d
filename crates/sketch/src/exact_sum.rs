//! A sum of floating-point numbers without rounding, so that no order of adding can change it.
//!
//! The sum is kept as a long integer in limbs of 32 bits, of which only those that values reached are
//! stored (a superaccumulator after Kulisch; carries are delayed as in Neal, "Fast exact summation using
//! small and large superaccumulators", 2015). A column of prices needs four limbs, their squares seven.
//!
//! Most values of a column lie within some powers of two of each other. Those are added to two integers of 128 bits
//! at a fixed scale, which go to the limbs once in a million values; only outliers take the way of the limbs.

use num_bigint::{BigInt, Sign};
use serde::{Deserialize, Serialize};

/// Bits of a limb that hold a digit; the rest of the `i64` takes carries until they are passed on.
const DIGIT_BITS: i32 = 32;
const DIGIT_MASK: u64 = 0xFFFF_FFFF;
/// A limb grows by less than 2^34 with each addition, so 2^28 of them stay below 2^62.
const ADDITIONS_BEFORE_CARRY: u32 = 1 << 28;
/// Weight that the integers at a fixed scale take: 64 bits, shifted by at most 40, times less than 2^21, stay below
/// 2^125.
const MOST_WAITING: u64 = 1 << 20;
/// Powers of two that the fixed scale spans, the first value in the middle.
const SPAN: i32 = 40;

/// An exact sum of finite numbers, of their squares, or of either with weights.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(into = "Canonical", from = "Canonical")]
pub struct ExactSum {
    limbs: Vec<i64>,
    /// Position of the first limb: its unit is `2^(32 * first)`.
    first: i32,
    additions: u32,
    /// Waiting for the limbs: `(low + high * 2^64) * 2^scale`.
    low: i128,
    high: i128,
    scale: i32,
    waiting: u64,
}

impl ExactSum {
    /// Adds a number `weight` times. Numbers that are not finite are left out.
    pub fn add(&mut self, value: f64, weight: u64) {
        if let Some((mantissa, exponent)) = decompose(value) {
            self.add_near(mantissa, 0, exponent, weight, value < 0.0);
        }
    }

    /// Adds the square of a number `weight` times.
    pub fn add_square(&mut self, value: f64, weight: u64) {
        if let Some((mantissa, exponent)) = decompose(value) {
            let square = u128::from(mantissa) * u128::from(mantissa);
            #[expect(clippy::cast_possible_truncation, reason = "the halves of a u128 are what is wanted")]
            self.add_near(square as u64, (square >> 64) as u64, 2 * exponent, weight, false);
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.flush();
        self.flush();
        other.carry();
        self.carry();
        if other.limbs.is_empty() {
            return;
        }
        self.reach(other.first, other.limbs.len());
        let offset = index(other.first - self.first);
        for (limb, add) in self.limbs[offset..].iter_mut().zip(&other.limbs) {
            *limb += add;
        }
        self.additions = 1;
    }

    /// The sum as an integer and a power of two: `integer * 2^exponent`.
    #[must_use]
    pub fn to_integer(&self) -> (BigInt, i32) {
        let mut carried = self.clone();
        carried.flush();
        carried.carry();
        // All limbs but the last are digits; the last one has the sign.
        let mut integer = BigInt::from(carried.limbs.pop().unwrap_or(0));
        for limb in carried.limbs.iter().rev() {
            integer = (integer << DIGIT_BITS) + *limb;
        }
        (integer, carried.first * DIGIT_BITS)
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.limbs.capacity() * size_of::<i64>()
    }

    /// `weight * (low + high * 2^64) * 2^exponent`, with a sign: at the fixed scale if that spans it.
    #[inline]
    fn add_near(&mut self, low: u64, high: u64, exponent: i32, weight: u64, negative: bool) {
        if self.waiting == 0 {
            self.scale = exponent - SPAN / 2;
        }
        let shift = exponent - self.scale;
        if weight >= MOST_WAITING || !(0..=SPAN).contains(&shift) {
            self.add_scaled(u128::from(low) * u128::from(weight), exponent, negative);
            if high > 0 {
                self.add_scaled(u128::from(high) * u128::from(weight), exponent + 64, negative);
            }
            return;
        }
        let factor = i128::from(weight) << shift;
        let (low, high) = (i128::from(low) * factor, i128::from(high) * factor);
        self.low += if negative { -low } else { low };
        self.high += if negative { -high } else { high };
        self.waiting += weight;
        if self.waiting >= MOST_WAITING {
            self.flush();
        }
    }

    /// Hands what waits at the fixed scale to the limbs.
    fn flush(&mut self) {
        if self.waiting > 0 {
            let (low, high) = (std::mem::take(&mut self.low), std::mem::take(&mut self.high));
            self.waiting = 0;
            self.add_scaled(low.unsigned_abs(), self.scale, low < 0);
            self.add_scaled(high.unsigned_abs(), self.scale + 64, high < 0);
        }
    }

    /// `magnitude * 2^exponent`, with a sign.
    fn add_scaled(&mut self, magnitude: u128, exponent: i32, negative: bool) {
        let (position, shift) = (exponent.div_euclid(DIGIT_BITS), exponent.rem_euclid(DIGIT_BITS));
        #[expect(clippy::cast_possible_truncation, reason = "the halves of a u128 are what is wanted")]
        let (low, high) = (magnitude as u64, (magnitude >> 64) as u64);
        self.reach(position, if high == 0 { 3 } else { 5 });
        let offset = index(position - self.first);
        add_digits(&mut self.limbs[offset..], u128::from(low) << shift, negative);
        if high != 0 {
            add_digits(&mut self.limbs[offset + 2..], u128::from(high) << shift, negative);
        }
        self.additions += 1;
        if self.additions >= ADDITIONS_BEFORE_CARRY {
            self.carry();
        }
    }

    /// Makes room for `count` limbs from `position` on.
    fn reach(&mut self, position: i32, count: usize) {
        if self.limbs.is_empty() {
            self.first = position;
        }
        if position < self.first {
            let missing = index(self.first - position);
            self.limbs.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = position;
        }
        let end = index(position - self.first) + count;
        if self.limbs.len() < end {
            self.limbs.resize(end, 0);
        }
    }

    /// Passes carries on: every limb but the last becomes a digit in `0..2^32`; the last has the sign.
    fn carry(&mut self) {
        let Some(last) = self.limbs.len().checked_sub(1) else { return };
        let mut carry = 0_i64;
        for limb in &mut self.limbs[..last] {
            let total = *limb + carry;
            carry = total >> DIGIT_BITS;
            *limb = total - (carry << DIGIT_BITS);
        }
        let top = self.limbs[last] + carry;
        if top.unsigned_abs() >> DIGIT_BITS == 0 {
            self.limbs[last] = top;
        } else {
            self.limbs[last] = top & DIGIT_MASK.cast_signed();
            self.limbs.push(top >> DIGIT_BITS);
        }
        self.additions = 0;
    }
}

impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        Canonical::from(self.clone()) == Canonical::from(other.clone())
    }
}

/// Adds up to 96 bits, digit by digit.
#[inline]
fn add_digits(limbs: &mut [i64], bits: u128, negative: bool) {
    let mut rest = bits;
    for limb in limbs.iter_mut().take(3) {
        #[expect(clippy::cast_possible_truncation, reason = "masked to 32 bits")]
        let digit = (rest as u64 & DIGIT_MASK).cast_signed();
        *limb += if negative { -digit } else { digit };
        rest >>= DIGIT_BITS;
    }
}

/// `|value| = mantissa * 2^exponent`; `None` for zero and for what is not finite.
#[inline]
fn decompose(value: f64) -> Option<(u64, i32)> {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = ((bits >> 52) & 0x7FF) as i32;
    match exponent {
        0x7FF => None,
        0 if fraction == 0 => None,
        0 => Some((fraction, -1074)),
        _ => Some((fraction | (1 << 52), exponent - 1075)),
    }
}

/// A distance between limb positions; never negative after [`ExactSum::reach`].
#[inline]
fn index(distance: i32) -> usize {
    usize::try_from(distance).unwrap_or(0)
}

/// The one way to write a sum down: sign, odd magnitude (little-endian), power of two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Canonical {
    negative: bool,
    magnitude: Vec<u8>,
    exponent: i32,
}

impl From<ExactSum> for Canonical {
    fn from(sum: ExactSum) -> Self {
        let (integer, exponent) = sum.to_integer();
        let zeros = integer.trailing_zeros().unwrap_or(0);
        let (sign, magnitude) = (integer >> zeros).to_bytes_le();
        if sign == Sign::NoSign {
            return Self { negative: false, magnitude: Vec::new(), exponent: 0 };
        }
        let zeros = i32::try_from(zeros).unwrap_or(i32::MAX);
        Self { negative: sign == Sign::Minus, magnitude, exponent: exponent.saturating_add(zeros) }
    }
}

impl From<Canonical> for ExactSum {
    fn from(canonical: Canonical) -> Self {
        let mut sum = Self::default();
        // Bytes from outside may claim any exponent; no sum of doubles or squares leaves this range.
        if !(-4096..=4096).contains(&canonical.exponent) {
            return sum;
        }
        for (bytes, at) in canonical.magnitude.chunks(8).zip((canonical.exponent..).step_by(64)).take(128) {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            sum.add_scaled(u128::from(u64::from_le_bytes(word)), at, canonical.negative);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rational;

    fn total(values: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        values.iter().for_each(|&value| sum.add(value, 1));
        let (integer, exponent) = sum.to_integer();
        rational::to_f64(&integer, exponent, 1)
    }

    #[test]
    fn cancellation_loses_nothing() {
        assert_eq!(total(&[1e300, 1.0, -1e300, 1e-300, -1.0]), 1e-300);
        assert_eq!(total(&[0.1; 10]), 1.0);
        assert_eq!(total(&[5e-324, 5e-324]), 1e-323);
        assert_eq!(total(&[-1.5, 0.25]), -1.25);
        assert_eq!(total(&[]), 0.0);
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_is_the_same_sum(mut values in prop::collection::vec(prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL, 0..40), cut in 0_usize..40) {
            let mut whole = ExactSum::default();
            values.iter().for_each(|&v| { whole.add(v, 1); whole.add_square(v, 1); });
            let cut = cut.min(values.len());
            let (mut left, mut right) = (ExactSum::default(), ExactSum::default());
            values[..cut].iter().for_each(|&v| { left.add(v, 1); left.add_square(v, 1); });
            values.reverse();
            let n = values.len();
            values[..n - cut].iter().for_each(|&v| { right.add(v, 1); right.add_square(v, 1); });
            right.merge(&left);
            prop_assert_eq!(&right, &whole);
            let bytes = crate::to_bytes(&whole).unwrap();
            prop_assert_eq!(&bytes, &crate::to_bytes(&right).unwrap());
            let mut read: ExactSum = crate::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&read, &whole);
            read.merge(&whole);
            whole.merge(&whole.clone());
            prop_assert_eq!(read, whole);
        }

        #[test]
        fn a_weight_is_a_repetition(value in -1e12..1e12_f64, weight in 1_u64..50) {
            let (mut weighted, mut repeated) = (ExactSum::default(), ExactSum::default());
            weighted.add(value, weight);
            weighted.add_square(value, weight);
            (0..weight).for_each(|_| { repeated.add(value, 1); repeated.add_square(value, 1); });
            prop_assert_eq!(weighted, repeated);
        }
    }
}
