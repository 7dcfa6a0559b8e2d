//! The one-sided Kolmogorov-Smirnov law of a single sample (Birnbaum and Tingey 1951).

use crate::law::binomial::{deviance, stirling_rest};
use std::f64::consts::PI;

/// Nodes after which the sum is taken in strides.
const NODES: f64 = 256.0;

/// Probability that the largest excess of an empirical distribution of `n` rows over its law
/// reaches `d`: d times the sum over j of C(n,j) (d+j/n)^(j-1) (1-d-j/n)^(n-j).
///
/// Each term is a binomial probability in logarithms, so that nothing cancels or underflows early.
/// A long sum is read off every s-th term: the terms are samples of a smooth bell that vanishes at
/// both ends with all its derivatives, where such a sum is exact but for an exponentially small rest.
pub(crate) fn survival(d: f64, n: f64) -> f64 {
    let last = (n * (1.0 - d)).floor();
    if d.is_nan() || last < 0.0 {
        return 0.0;
    }
    let stride = ((last + 1.0) / NODES).floor().max(1.0);
    let whole = stirling_rest(n);
    let mut j = 0.0;
    let mut sum = 0.0;
    while j <= last {
        sum += term(j, d, n, whole);
        j += stride;
    }
    (sum * stride).min(1.0)
}

fn term(j: f64, d: f64, n: f64, whole: f64) -> f64 {
    if j <= 0.0 {
        return (n * (-d).ln_1p()).exp();
    }
    let rest = n - j;
    let shift = n * d;
    if rest <= shift {
        return 0.0;
    }
    let ln_shape = -deviance(j, j + shift) - deviance(rest, rest - shift);
    if ln_shape < -760.0 {
        return 0.0;
    }
    let ln_height = whole - stirling_rest(j) - stirling_rest(rest);
    (ln_shape + ln_height).exp() * (n / (2.0 * PI * j * rest)).sqrt() * shift / (j + shift)
}
