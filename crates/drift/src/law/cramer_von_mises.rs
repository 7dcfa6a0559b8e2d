//! The limiting law of the Cramer-von Mises statistic (Smirnov 1936).

use std::f64::consts::PI;

/// Nodes in each interval.
const NODES: u32 = 24;

/// Probability that the limiting statistic exceeds `x`:
/// 2/pi times the alternating sum over k of the integrals from (2k-1) pi to 2k pi of
/// exp(-x u^2 / 2) / sqrt(-u sin u).
///
/// The root vanishes at both ends of each interval as Chebyshev's weight does, so that
/// Gauss-Chebyshev nodes take the integral; the first term alone rules far in the tail, where one
/// less the distribution function would lose every digit.
pub(crate) fn survival(x: f64) -> f64 {
    if x.is_nan() || x < 0.02 {
        return 1.0 - small(x);
    }
    let mut sum = 0.0;
    let mut sign = 1.0;
    let mut start = PI;
    while x * start * start < 90.0 + x * PI * PI {
        let mut interval = 0.0;
        for i in 0..NODES {
            let angle = PI * (f64::from(i) + 0.5) / f64::from(NODES);
            let offset = PI / 2.0 * (1.0 - angle.cos());
            let u = start + offset;
            interval += (-x * u * u / 2.0).exp() * angle.sin() / (u * offset.sin()).sqrt();
        }
        sum += sign * interval;
        sign = -sign;
        start += 2.0 * PI;
    }
    (sum * PI / f64::from(NODES)).clamp(0.0, 1.0)
}

/// Distribution function at small `x`, where the first terms of its other series are all there is.
fn small(x: f64) -> f64 {
    if x > 0.0 { (8.0 / PI).sqrt() * (-1.0 / (8.0 * x)).exp() * (1.0 - 1.5 * x) } else { 0.0 }
}
