//! How many different values: HyperLogLog, exact for few.
//!
//! A hash gives a *coupon*: its low 26 bits, of which 12 choose one of 4,096 registers, and the position of the first
//! one among the others (Flajolet et al. 2007). Up to 512 coupons are kept as they are and counted; beyond that each
//! register keeps the highest position, and the estimate is that of Ertl, "New cardinality estimation algorithms for
//! HyperLogLog sketches" (2017), algorithm 6: no tables, no bias at any size, a standard error of 1.6 %. What is kept
//! depends on the set of values alone, so neither order nor merging can change a bit of it.

use serde::{Deserialize, Serialize};

use crate::{
    hash::hash_f64,
    kernel::{BLOCK, kernel},
};

const REGISTERS: usize = 1 << 12;
/// Bits of the hash that a coupon keeps.
const ADDRESS_BITS: u32 = 26;
/// Positions run from 1 to 39: 38 bits are left, and all of them may be zero.
const HIGHEST: u8 = 39;
/// Coupons of a block that show how many of the others raise a register.
const PROBE: usize = 128;
/// Coupons that are kept one by one.
const MAX_COUPONS: usize = 512;

/// A set of hashed values, of which only the size can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<u8>", try_from = "Vec<u8>")]
pub struct Distinct(State);

#[derive(Debug, Clone)]
enum State {
    /// A hash table with linear probing, at most half full but for the last coupon; zero is an empty place.
    Few { table: Vec<u32>, coupons: usize },
    /// The highest position of each register.
    Many(Box<[u8; REGISTERS]>),
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
            while let (State::Few { .. }, Some(&coupon)) = (&self.0, coupons.as_slice().first()) {
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
        if let State::Few { table, coupons } = &mut self.0 {
            let wanted = 2 * (*coupons + calls.min(MAX_COUPONS));
            if wanted > table.len() {
                grow(table, wanted.next_power_of_two().clamp(8, 2 * MAX_COUPONS));
            }
        }
    }

    /// Adds the values of another part.
    pub fn merge(&mut self, other: &Self) {
        if let State::Few { coupons, .. } = other.0 {
            // Parts of one column hold much the same values.
            self.reserve(coupons / 2);
        }
        match (&mut self.0, &other.0) {
            (_, State::Few { table, .. }) => {
                table.iter().filter(|coupon| **coupon > 0).for_each(|&coupon| self.take(coupon));
            }
            (State::Few { .. }, State::Many(theirs)) => {
                let ours = std::mem::replace(&mut self.0, State::Many(theirs.clone()));
                self.merge(&Self(ours));
            }
            (State::Many(ours), State::Many(theirs)) => {
                ours.iter_mut().zip(theirs.iter()).for_each(|(ours, theirs)| *ours = (*ours).max(*theirs));
            }
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
            State::Few { coupons, .. } => *coupons as u64,
            State::Many(registers) => estimate(registers).round() as u64,
        }
    }

    #[inline]
    fn take(&mut self, coupon: u32) {
        match &mut self.0 {
            State::Many(registers) => {
                raise(registers, coupon);
            }
            State::Few { table, coupons } => {
                if !contains(table, coupon) {
                    insert(table, coupons, coupon);
                    if *coupons > MAX_COUPONS {
                        let mut registers = Box::new([0; REGISTERS]);
                        for &coupon in table.iter().filter(|coupon| **coupon > 0) {
                            raise(&mut registers, coupon);
                        }
                        self.0 = State::Many(registers);
                    }
                }
            }
        }
    }

    /// The coupons that are kept one by one, ascending.
    fn sorted(&self) -> Vec<u32> {
        let State::Few { table, .. } = &self.0 else { return Vec::new() };
        let mut coupons: Vec<u32> = table.iter().copied().filter(|coupon| *coupon > 0).collect();
        coupons.sort_unstable();
        coupons
    }
}

impl Default for State {
    fn default() -> Self {
        Self::Few { table: Vec::new(), coupons: 0 }
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        Vec::from(Distinct(self.clone())) == Vec::from(Distinct(other.clone()))
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

/// Raises registers by the coupons of a block.
///
/// While the set grows, one value in seven raises a register, which no processor can foresee: then every register is
/// written. Once few are raised it is better to write only these: a column of mostly zeros would wait for one register
/// to be written before it reads it again.
fn raise_all(registers: &mut [u8; REGISTERS], coupons: &[u32]) {
    let (first, rest) = coupons.split_at(coupons.len().min(PROBE));
    let raised: usize = first.iter().map(|&coupon| usize::from(raise(registers, coupon))).sum();
    if raised > PROBE / 32 {
        rest.iter().for_each(|&coupon| {
            raise(registers, coupon);
        });
        return;
    }
    for &coupon in rest {
        let (register, position) = parts(coupon);
        if registers[register] < position {
            registers[register] = position;
        }
    }
}

/// Raises a register; whether it was lower. It is written in either case.
#[inline]
fn raise(registers: &mut [u8; REGISTERS], coupon: u32) -> bool {
    let (register, position) = parts(coupon);
    let before = registers[register];
    registers[register] = before.max(position);
    before < position
}

/// Register and position.
#[inline]
fn parts(coupon: u32) -> (usize, u8) {
    ((coupon >> 6) as usize % REGISTERS, (coupon & 63) as u8)
}

/// Where a coupon is, or the empty place where it would be. The table has a size of a power of two and is not full.
#[inline]
fn place(table: &[u32], coupon: u32) -> usize {
    let mask = table.len() - 1;
    let mut at = (coupon >> 6) as usize & mask;
    while table[at] != 0 && table[at] != coupon {
        at = (at + 1) & mask;
    }
    at
}

#[inline]
fn contains(table: &[u32], coupon: u32) -> bool {
    !table.is_empty() && table[place(table, coupon)] == coupon
}

/// Adds a coupon that is not there.
fn insert(table: &mut Vec<u32>, coupons: &mut usize, coupon: u32) {
    if 2 * (*coupons + 1) > table.len() {
        grow(table, (4 * table.len()).clamp(8, 2 * MAX_COUPONS));
    }
    let at = place(table, coupon);
    table[at] = coupon;
    *coupons += 1;
}

/// Gives a table so many places, a power of two and no fewer than before.
fn grow(table: &mut Vec<u32>, places: usize) {
    let old = std::mem::replace(table, vec![0; places]);
    for coupon in old.into_iter().filter(|coupon| *coupon > 0) {
        let at = place(table, coupon);
        table[at] = coupon;
    }
}

kernel! {
fn hash_all(values: &[f64], coupons: &mut [u32]) {
    for (value, to) in values.iter().zip(coupons) {
        *to = coupon(hash_f64(*value));
    }
}
}

/// Algorithm 6 of Ertl (2017).
#[expect(clippy::cast_precision_loss, reason = "at most 4,096 registers")]
fn estimate(registers: &[u8; REGISTERS]) -> f64 {
    let mut counts = [0_u32; HIGHEST as usize + 1];
    registers.iter().for_each(|&position| counts[usize::from(position.min(HIGHEST))] += 1);
    let all = REGISTERS as f64;
    let share = |position: usize| f64::from(counts[position]) / all;
    let last = usize::from(HIGHEST);
    let mut sum = all * tau(1.0 - share(last));
    for position in (1..last).rev() {
        sum = 0.5 * (sum + f64::from(counts[position]));
    }
    sum += all * sigma(share(0));
    all * all / (2.0 * std::f64::consts::LN_2 * sum)
}

/// `x + sum of x^(2^k) * 2^(k-1)` over k from 1; infinite at 1.
#[expect(clippy::float_cmp, reason = "summed until nothing changes")]
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut sum, mut factor) = (x, 1.0);
    loop {
        x *= x;
        let before = sum;
        sum += x * factor;
        factor += factor;
        if sum == before {
            return sum;
        }
    }
}

/// `(1 - x - sum of (1 - x^(2^-k))^2 * 2^-k) / 3` over k from 1; zero at 0 and 1.
#[expect(clippy::float_cmp, reason = "summed until nothing changes")]
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut sum, mut factor) = (1.0 - x, 1.0);
    loop {
        x = x.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - x).powi(2) * factor;
        if sum == before {
            return sum / 3.0;
        }
    }
}

/// Few: the coupons, four bytes each, ascending. Many: one byte a register.
impl From<Distinct> for Vec<u8> {
    fn from(distinct: Distinct) -> Self {
        match &distinct.0 {
            State::Many(registers) => registers.to_vec(),
            State::Few { .. } => distinct.sorted().into_iter().flat_map(u32::to_le_bytes).collect(),
        }
    }
}

impl TryFrom<Vec<u8>> for Distinct {
    type Error = String;

    fn try_from(bytes: Vec<u8>) -> Result<Self, String> {
        if let Ok(registers) = Box::<[u8; REGISTERS]>::try_from(bytes.clone().into_boxed_slice()) {
            let fits = registers.iter().all(|position| *position <= HIGHEST);
            return fits.then_some(Self(State::Many(registers))).ok_or("a register is too high".to_owned());
        }
        let (coupons, []) = bytes.as_chunks::<4>() else {
            return Err(format!("expected registers or coupons, found {} bytes", bytes.len()));
        };
        let mut distinct = Self::default();
        for coupon in coupons.iter().map(|bytes| u32::from_le_bytes(*bytes)) {
            if !(1..=u32::from(HIGHEST)).contains(&(coupon & 63)) {
                return Err(format!("expected a coupon, found {coupon:#x}"));
            }
            distinct.take(coupon);
        }
        Ok(distinct)
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
    fn bytes_from_outside_are_checked() {
        assert!(Distinct::try_from(vec![1, 2, 3]).is_err());
        assert!(Distinct::try_from(vec![0, 0, 0, 0]).is_err());
        assert!(Distinct::try_from(vec![40; REGISTERS]).is_err());
        assert_eq!(Distinct::try_from(Vec::new()), Ok(Distinct::default()));
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
            let mut block = Distinct::default();
            block.observe_all(&(0..n).map(f64::from).collect::<Vec<_>>());
            prop_assert_eq!(&block, &whole);
        }
    }
}
