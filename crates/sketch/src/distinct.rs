//! How many different values: HyperLogLog, exact for few.
//!
//! A hash gives a *coupon*: its low 26 bits, of which 12 choose one of 4,096 registers, and the position of the first
//! one among the others (Flajolet et al. 2007). Up to 512 coupons are kept as they are and counted; beyond that each
//! register keeps the highest position, and the estimate is that of Ertl, "New cardinality estimation algorithms for
//! HyperLogLog sketches" (2017), algorithm 6: no tables, no bias at any size, a standard error of 1.6 %. What is kept
//! depends on the set of values alone, so neither order nor merging can change a bit of it.

mod bytes;
mod coupons;
mod registers;

use serde::{Deserialize, Serialize};

use coupons::{Coupons, MOST};
use registers::{Registers, estimate, raise, raise_all};

use crate::{
    hash::hash_f64,
    kernel::{BLOCK, kernel},
};

/// Bits of the hash that a coupon keeps.
const ADDRESS_BITS: u32 = 26;
/// A set of hashed values, of which only the size can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<u8>", try_from = "Vec<u8>")]
pub struct Distinct(State);

#[derive(Debug, Clone)]
enum State {
    /// The coupons, one by one.
    Few(Coupons),
    /// The highest position of each register.
    Many(Box<Registers>),
}

impl Distinct {
    /// Takes the hash of a value (see [`crate::hash_bytes`], [`crate::hash_f64`]).
    #[inline]
    pub fn observe(&mut self, hash: u64) {
        self.take(coupon(hash));
    }

    /// Takes numbers.
    pub fn observe_all(&mut self, values: &[f64]) {
        let mut coupons = [0; BLOCK];
        for block in values.chunks(BLOCK) {
            let coupons = &mut coupons[..block.len()];
            hash_all(block, coupons);
            let mut coupons = coupons.iter();
            while let (State::Few(_), Some(&coupon)) = (&self.0, coupons.as_slice().first()) {
                self.take(coupon);
                coupons.next();
            }
            if let State::Many(registers) = &mut self.0 {
                raise_all(registers, coupons.as_slice());
            }
        }
    }

    /// Makes room for so many calls of [`Distinct::observe`].
    pub fn reserve(&mut self, calls: usize) {
        if let State::Few(coupons) = &mut self.0 {
            coupons.reserve(calls.min(MOST));
        }
    }

    /// Adds the values of another part.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, State::Few(theirs)) => {
                // Parts of one column hold much the same values.
                self.reserve(theirs.len() / 2);
                theirs.iter().for_each(|coupon| self.take(coupon));
            }
            (State::Few(_), State::Many(theirs)) => {
                let ours = std::mem::replace(&mut self.0, State::Many(theirs.clone()));
                self.merge(&Self(ours));
            }
            (State::Many(ours), State::Many(theirs)) => {
                ours.iter_mut().zip(theirs.iter()).for_each(|(ours, theirs)| *ours = (*ours).max(*theirs));
            }
        }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            State::Few(coupons) => coupons.heap_bytes(),
            State::Many(_) => size_of::<Registers>(),
        }
    }

    /// Estimated number of different values, a whole number.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate of a row count: positive and far below 2^63"
    )]
    pub fn estimate(&self) -> u64 {
        match &self.0 {
            State::Few(coupons) => coupons.len() as u64,
            State::Many(registers) => estimate(registers).round() as u64,
        }
    }

    #[inline]
    fn take(&mut self, coupon: u32) {
        match &mut self.0 {
            State::Many(registers) => {
                raise(registers, coupon);
            }
            State::Few(coupons) => {
                coupons.insert(coupon);
                if coupons.len() > MOST {
                    let mut registers = Box::new([0; registers::COUNT]);
                    coupons.iter().for_each(|coupon| {
                        raise(&mut registers, coupon);
                    });
                    self.0 = State::Many(registers);
                }
            }
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self::Few(Coupons::default())
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Few(a), Self::Few(b)) => a.len() == b.len() && a.sorted() == b.sorted(),
            (Self::Many(a), Self::Many(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for State {}

/// The address above, the position below; never zero.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "26 bits and a number below 40")]
fn coupon(hash: u64) -> u32 {
    let address = hash as u32 & ((1 << ADDRESS_BITS) - 1);
    // The bit that is set stands for the end of the hash.
    let position = ((hash >> ADDRESS_BITS) << ADDRESS_BITS | 1 << (ADDRESS_BITS - 1)).leading_zeros() + 1;
    address << 6 | position
}

kernel! {
fn hash_all(values: &[f64], coupons: &mut [u32]) {
    for (value, to) in values.iter().zip(coupons) {
        *to = coupon(hash_f64(*value));
    }
}
}

impl From<Distinct> for Vec<u8> {
    fn from(distinct: Distinct) -> Self {
        bytes::write(&distinct.0)
    }
}

impl TryFrom<Vec<u8>> for Distinct {
    type Error = &'static str;

    fn try_from(bytes: Vec<u8>) -> Result<Self, &'static str> {
        bytes::read(&bytes).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: impl Iterator<Item = u32>) -> Distinct {
        let mut distinct = Distinct::default();
        values.for_each(|value| distinct.observe(hash_f64(f64::from(value))));
        distinct
    }

    #[test]
    fn small_sets_are_exact_and_large_ones_within_five_standard_errors() {
        assert_eq!(Distinct::default().estimate(), 0);
        assert_eq!(of((0..500).chain(0..500)).estimate(), 500);
        for size in [600, 1_000, 3_000, 10_000, 30_000, 100_000, 1_000_000] {
            let estimate = of(0..size).estimate();
            assert!(estimate.abs_diff(u64::from(size)) < u64::from(size) * 8 / 100, "{size}: {estimate}");
        }
    }

    /// The mean over many sets shows a bias that single estimates hide.
    #[test]
    fn no_size_is_biased() {
        for size in [520_u32, 2_000, 8_000, 12_000, 20_000, 60_000] {
            let estimates = (0..60_u32).map(|set| of((0..size).map(|i| set * 100_000 + i)).estimate());
            let mean = estimates.sum::<u64>() as f64 / 60.0;
            // Five standard errors of a mean of 60.
            assert!((mean / f64::from(size) - 1.0).abs() < 5.0 * 0.0163 / 60_f64.sqrt(), "{size}: {mean}");
        }
    }

    #[test]
    fn bytes_grow_slower_than_values() {
        let bytes = |size: u32| crate::to_bytes(&of(0..size)).unwrap().len();
        assert_eq!(bytes(0), 2);
        assert!(bytes(1) <= 8 && bytes(100) < 420 && bytes(512) < 1750, "{} {}", bytes(100), bytes(512));
        assert!(bytes(1_000) < 1_100 && bytes(1_000_000) < 2_100, "{} {}", bytes(1_000), bytes(1_000_000));
        assert!(of(0..100).heap_bytes() < 4_096 && of(0..1_000_000).heap_bytes() == 4_096);
    }

    proptest! {
        #[test]
        fn order_splits_and_blocks_change_nothing(n in 1_u32..6000, parts in 1_u32..6, round in any::<bool>()) {
            let whole = of(0..n);
            let mut merged = Distinct::default();
            for part in (0..parts).rev() {
                let mut next = of((0..n).rev().filter(|v| v % parts == part));
                if round {
                    next = crate::from_bytes(&crate::to_bytes(&next).unwrap()).unwrap();
                }
                next.merge(&merged);
                merged = next;
            }
            prop_assert_eq!(&merged, &whole);
            let bytes = crate::to_bytes(&whole).unwrap();
            prop_assert_eq!(&crate::to_bytes(&merged).unwrap(), &bytes);
            prop_assert_eq!(&crate::from_bytes::<Distinct>(&bytes).unwrap(), &whole);
            prop_assert_ne!(&crate::to_bytes(&of(0..n.min(400) - 1)).unwrap(), &bytes);
            let mut block = Distinct::default();
            block.observe_all(&(0..n).map(f64::from).collect::<Vec<_>>());
            prop_assert_eq!(&block, &whole);
        }
    }
}
