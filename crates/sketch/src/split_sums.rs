//! The kernel behind exact moments: sums of numbers and of their squares over a block, without rounding.
//!
//! With all magnitudes below `2^top`, a number is split into three parts, each a multiple of its own unit, `2^(top -
//! 21)`, `2^(top - 42)` and `2^(top - 63)`: adding and subtracting 1.5 * 2^52 units rounds to a multiple of the unit
//! (Dekker's splitting; Rump, Ogita and Oishi 2008). The parts have at most 22 bits, so products of two have at most
//! 43, and a block of 1,024 of them sums up exactly in a double. What does not fit three parts, because it is smaller
//! than `2^(top - 11)` and has all its digits, is left to the caller.

use crate::kernel::{BLOCK, LANES, kernel};

/// Numbers that are looked at again if one of them was left out.
const STRETCH: usize = 128;

/// Sums over a block, all exact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SplitSums {
    top: i32,
    lanes: [[f64; LANES]; 9],
}

impl SplitSums {
    /// For numbers whose largest magnitude this is; `None` where squares of the smallest part would underflow, or those
    /// of the largest overflow.
    pub(crate) fn new(largest: f64) -> Option<Self> {
        let exponent = (largest.to_bits() >> 52) & 0x7FF;
        let top = i32::try_from(exponent).unwrap_or(0) - 1022;
        (-400..=400).contains(&top).then_some(Self { top, lanes: [[0.0; LANES]; 9] })
    }

    /// Adds at most [`BLOCK`] numbers in all; those it could not split are appended to `rest`.
    pub(crate) fn observe(&mut self, values: &[f64], rest: &mut Vec<f64>) {
        debug_assert!(values.len() <= BLOCK, "sums of a longer block may round");
        let magic = [21, 42, 63].map(|bits| 1.5 * power_of_two(52 + self.top - bits));
        // Few blocks of full-precision numbers have no small one in them; few stretches of 128 have one.
        for stretch in values.chunks(STRETCH) {
            let (chunks, tail) = stretch.as_chunks::<LANES>();
            let before = self.left_out();
            add(chunks, magic, &mut self.lanes);
            if !tail.is_empty() {
                let mut last = [0.0; LANES];
                last[..tail.len()].copy_from_slice(tail);
                add(&[last], magic, &mut self.lanes);
            }
            if self.left_out() > before {
                leave_out(stretch, magic, rest);
            }
        }
    }

    /// Terms whose exact sum is the sum of the numbers.
    pub(crate) fn sum(&self) -> [f64; 3] {
        [0, 1, 2].map(|lane| self.total(lane))
    }

    /// Terms whose exact sum is the sum of the squares.
    pub(crate) fn squares(&self) -> [f64; 5] {
        [self.total(3), 2.0 * self.total(4), self.total(5), 2.0 * self.total(6), self.total(7)]
    }

    fn left_out(&self) -> f64 {
        self.total(8)
    }

    fn total(&self, lane: usize) -> f64 {
        self.lanes[lane].iter().sum()
    }
}

/// Appends those of at most [`STRETCH`] numbers whose digits three parts do not hold.
fn leave_out(stretch: &[f64], magic: [f64; 3], rest: &mut Vec<f64>) {
    let (mut out, mut left, mut count) = ([0; STRETCH], [0.0; STRETCH], 0);
    mark(stretch, magic, &mut out);
    for (value, out) in stretch.iter().zip(out) {
        // Without a branch: which number is left out, no processor can foresee.
        left[count % STRETCH] = *value;
        count += usize::from(out);
    }
    rest.extend_from_slice(&left[..count]);
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(u64::from((exponent + 1023).unsigned_abs()) << 52)
}

kernel! {
#[expect(clippy::float_cmp, reason = "nothing may be lost")]
fn mark(values: &[f64], [first, second, third]: [f64; 3], out: &mut [u8; STRETCH]) {
    for (value, out) in values.iter().zip(out) {
        let rest = value - ((value + first) - first);
        let low = rest - ((rest + second) - second);
        *out = u8::from((low + third) - third != low);
    }
}
}

kernel! {
#[expect(clippy::float_cmp, reason = "nothing may be lost")]
fn add(chunks: &[[f64; LANES]], magic: [f64; 3], lanes: &mut [[f64; LANES]; 9]) {
    let [first, second, third] = magic;
    // All products and sums are exact, so that one rounding or two make no difference but in time.
    let is_fused = multiversion::target::target_cfg_f!(any(target_feature = "fma", target_arch = "aarch64"));
    let add = |sum: f64, a: f64, b: f64| if is_fused { a.mul_add(b, sum) } else { sum + a * b };
    let [mut sum0, mut sum1, mut sum2, mut square0, mut square1, mut square2, mut square3, mut square4, mut out] = *lanes;
    for chunk in chunks {
        for i in 0..LANES {
            let value = chunk[i];
            let high = (value + first) - first;
            let rest = value - high;
            let middle = (rest + second) - second;
            let low = rest - middle;
            // A mask, not a branch: the loop has to stay one straight line.
            let keep = if (low + third) - third == low { u64::MAX } else { 0 };
            let [high, middle, low] = [high, middle, low].map(|part| f64::from_bits(part.to_bits() & keep));
            out[i] += f64::from_bits(1_f64.to_bits() & !keep);
            sum0[i] += high;
            sum1[i] += middle;
            sum2[i] += low;
            square0[i] = add(square0[i], high, high);
            square1[i] = add(square1[i], high, middle);
            square2[i] = add(add(square2[i], middle, middle), high + high, low);
            square3[i] = add(square3[i], middle, low);
            square4[i] = add(square4[i], low, low);
        }
    }
    *lanes = [sum0, sum1, sum2, square0, square1, square2, square3, square4, out];
}
}
