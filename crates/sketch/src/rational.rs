//! Turning an exact fraction into the nearest double.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

/// `numerator * 2^exponent / denominator`, rounded once. Infinite where no double is large enough.
#[must_use]
pub(crate) fn to_f64(numerator: &BigInt, exponent: i32, denominator: impl Into<BigInt>) -> f64 {
    let denominator: BigInt = denominator.into();
    if numerator.is_zero() || denominator.is_zero() {
        return 0.0;
    }
    let magnitude = numerator.abs();
    // Scale so that the quotient has 65 or 66 bits: more than a double has, so one rounding decides.
    let shift = 66 - bits(&magnitude) + bits(&denominator);
    let (scaled, divisor) = if shift >= 0 {
        (magnitude << shift.unsigned_abs(), denominator)
    } else {
        (magnitude, denominator << shift.unsigned_abs())
    };
    let quotient = &scaled / &divisor;
    // What was cut off only matters for a tie: one sticky bit says that it is not one.
    let sticky = u128::from(&quotient * &divisor != scaled);
    let wide = quotient.to_u128().unwrap_or(u128::MAX) | sticky;
    let value = scale(wide, i64::from(exponent) - shift);
    if numerator.is_negative() { -value } else { value }
}

fn bits(integer: &BigInt) -> i64 {
    i64::try_from(integer.bits()).unwrap_or(i64::MAX)
}

/// `mantissa * 2^exponent`, rounding once even where the result is subnormal.
#[expect(clippy::cast_precision_loss, reason = "the one rounding that is meant")]
fn scale(mantissa: u128, exponent: i64) -> f64 {
    let top = exponent + i64::from(128 - mantissa.leading_zeros());
    if top > 1024 {
        return f64::INFINITY;
    }
    if top < -1080 {
        return 0.0;
    }
    // Bits that a subnormal result has no room for are folded into the sticky bit before rounding.
    let surplus = (-1074 - exponent).clamp(0, 127);
    let kept_bits = 128 - i64::from(mantissa.leading_zeros()) - surplus;
    if surplus > 0 && kept_bits < 54 {
        let cut = mantissa >> (surplus - 1).max(0);
        let sticky = u128::from(cut << (surplus - 1).max(0) != mantissa);
        let rounded = ((cut >> 1) + u128::from(cut & 1 == 1 && (sticky == 1 || (cut >> 1) & 1 == 1))) as f64;
        return rounded * 2_f64.powi(-1022) * 2_f64.powi(-52);
    }
    let (half, rest) = (exponent / 2, exponent - exponent / 2);
    mantissa as f64 * power_of_two(half) * power_of_two(rest)
}

fn power_of_two(exponent: i64) -> f64 {
    2_f64.powi(i32::try_from(exponent).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_rounded_to_the_nearest() {
        assert_eq!(to_f64(&BigInt::from(1), 0, 3), 1.0 / 3.0);
        assert_eq!(to_f64(&BigInt::from(-7), 3, 10), -5.6);
        assert_eq!(to_f64(&BigInt::from((1_u64 << 53) + 1), 0, 1), 9_007_199_254_740_992.0);
        assert_eq!(to_f64(&BigInt::from(1), -1074, 1), 5e-324);
        assert_eq!(to_f64(&BigInt::from(3), -1074, 2), 1e-323, "a tie goes to the even neighbour");
        assert_eq!(to_f64(&BigInt::from(1), 1023, 1), 2_f64.powi(1023));
        assert_eq!(to_f64(&BigInt::from(1), 1024, 1), f64::INFINITY);
        assert_eq!(to_f64(&BigInt::from(0), 5, 7), 0.0);
    }
}
