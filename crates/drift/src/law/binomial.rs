//! Binomial probabilities by Loader's saddle point (2000), and what follows from them.

use statrs::function::gamma::ln_gamma;
use std::f64::consts::PI;

/// `x ln(x/mean) - x + mean`: never negative, zero where `x` equals `mean`, without cancellation.
pub(crate) fn deviance(x: f64, mean: f64) -> f64 {
    if x <= 0.0 {
        return mean.max(0.0);
    }
    if mean <= 0.0 {
        return f64::INFINITY;
    }
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() - difference;
    }
    // ln(x/mean) = 2 atanh(v): the series keeps the digits that the plain form loses near the mean.
    let v = difference / (x + mean);
    let mut power = 2.0 * x * v;
    let mut sum = difference * v;
    for j in 1..12_u32 {
        power *= v * v;
        sum += power / f64::from(2 * j + 1);
    }
    sum.max(0.0)
}

/// What Stirling's formula leaves out of ln x!, for `x` > 0.
pub(crate) fn stirling_rest(x: f64) -> f64 {
    if x < 16.0 {
        return ln_gamma(x + 1.0) - (x + 0.5) * x.ln() + x - 0.5 * (2.0 * PI).ln();
    }
    let square = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square) / x
}

/// Logarithm of the probability of `x` hits in `trials`, with `p` + `q` = 1.
pub(crate) fn ln_probability(x: f64, trials: f64, p: f64, q: f64) -> f64 {
    if x < 0.0 || x > trials {
        return f64::NEG_INFINITY;
    }
    let misses = trials - x;
    if x <= 0.0 {
        return -deviance(trials, trials * q) - trials * p;
    }
    if misses <= 0.0 {
        return -deviance(trials, trials * p) - trials * q;
    }
    stirling_rest(trials)
        - stirling_rest(x)
        - stirling_rest(misses)
        - deviance(x, trials * p)
        - deviance(misses, trials * q)
        + 0.5 * (trials / (2.0 * PI * x * misses)).ln()
}

/// Expected |difference of shares| of a bin with `rows` rows on both sides together, when the
/// rows fall on the sides by chance: de Moivre's mean deviation of the binomial law, less the part
/// that the fixed totals take.
pub(crate) fn expected_difference(rows: f64, n: f64, m: f64) -> f64 {
    let total = n + m;
    let (p, q) = (m / total, n / total);
    let next = (rows * p).floor() + 1.0;
    let mean = 2.0 * next * q * ln_probability(next, rows, p, q).exp();
    let fixed = (1.0 - rows / total).max(0.0).sqrt();
    let expected = mean * fixed * (1.0 / n + 1.0 / m);
    if expected.is_finite() { expected } else { 0.0 }
}

/// Half the sum of the expected differences: the total variation to expect without drift.
pub(crate) fn expected_total_variation(rows: impl Iterator<Item = f64>, n: f64, m: f64) -> f64 {
    // Sparse bins repeat the same few counts: each is worked out once.
    let mut known = [f64::NAN; 128];
    let mut sum = 0.0;
    for rows in rows {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, 0 to 127")]
        let slot = (rows < 128.0).then_some(rows as usize);
        sum += match slot.and_then(|i| known.get_mut(i)) {
            None => expected_difference(rows, n, m),
            Some(value) => {
                if value.is_nan() {
                    *value = expected_difference(rows, n, m);
                }
                *value
            }
        };
    }
    sum / 2.0
}
