//! The highest position of each register, and how many values that stands for.

pub(super) const COUNT: usize = 1 << 12;
/// Positions run from 1 to 39: 38 bits are left, and all of them may be zero.
pub(super) const HIGHEST: u8 = 39;
/// Coupons of a block that show how many of the others raise a register.
const PROBE: usize = 128;

/// Zero where no coupon came.
pub(super) type Registers = [u8; COUNT];

/// Raises registers by the coupons of a block.
///
/// While the set grows, one value in seven raises a register, which no processor can foresee: then every register is
/// written. Once few are raised it is better to write only these: a column of mostly zeros would wait for one register
/// to be written before it reads it again.
pub(super) fn raise_all(registers: &mut Registers, coupons: &[u32]) {
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
pub(super) fn raise(registers: &mut Registers, coupon: u32) -> bool {
    let (register, position) = parts(coupon);
    let before = registers[register];
    registers[register] = before.max(position);
    before < position
}

/// Register and position.
#[inline]
fn parts(coupon: u32) -> (usize, u8) {
    ((coupon >> 6) as usize % COUNT, (coupon & 63) as u8)
}

/// Algorithm 6 of Ertl (2017).
#[expect(clippy::cast_precision_loss, reason = "at most 4,096 registers")]
pub(super) fn estimate(registers: &Registers) -> f64 {
    let mut counts = [0_u32; HIGHEST as usize + 1];
    registers.iter().for_each(|&position| counts[usize::from(position.min(HIGHEST))] += 1);
    let all = COUNT as f64;
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
