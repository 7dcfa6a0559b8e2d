//! What chance makes of a difference between two shares, or two means, of the same rows dealt to two sides.

use std::f64::consts::PI;

use statrs::function::factorial::ln_binomial;
use statrs::function::gamma::checked_gamma_ur;

/// A difference between the sides of a cell, current less baseline, and its law when rows fall on the sides by chance:
/// mean 0, this variance, and this fourth cumulant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Difference {
    pub(super) value: f64,
    pub(super) variance: f64,
    pub(super) fourth: f64,
    /// Expected size, where it is known exactly.
    pub(super) size: Option<f64>,
}

impl Difference {
    /// Of the shares of a class: `hits` of `rows` on each side, baseline first. A hypergeometric law, for the rows of each
    /// side and the hits of both are given.
    pub(super) fn of_shares(hits: [u64; 2], rows: [u64; 2]) -> Self {
        let [n, m] = rows.map(|rows| rows as f64);
        let (total, both) = (n + m, (hits[0] as f64) + (hits[1] as f64));
        let value = hits[1] as f64 / m - hits[0] as f64 / n;
        let misses = total - both;
        let variance = both * misses / ((total - 1.0) * n * m);
        if both <= 0.0 || misses <= 0.0 {
            return Self { value, ..Self::default() };
        }
        let fourth = excess_kurtosis(total, both, m) * variance * variance;
        let size = mean_deviation(rows, hits[0].saturating_add(hits[1])) * (1.0 / n + 1.0 / m);
        Self { value, variance, fourth, size: Some(size) }
    }

    /// Of means: the variance is that of all deals of the rows of both sides, the fourth cumulant that of a normal law.
    pub(super) fn of_means(means: [f64; 2], variances: [f64; 2], rows: [f64; 2]) -> Self {
        let [n, m] = rows;
        let total = n + m;
        let apart = means[1] - means[0];
        let squares = n * variances[0] + m * variances[1] + n * m / total * apart * apart;
        let variance = (squares / (total - 1.0) * total / (n * m)).max(0.0);
        // The square over its variance is a beta variable of mean 1 and this variance.
        let of_square = 2.0 * (total - 2.0) / (total + 1.0);
        Self { value: apart, variance, fourth: (of_square - 2.0) * variance * variance, size: None }
    }

    /// The sum of independent differences, each times its weight.
    pub(super) fn weighted(parts: &[(f64, Self)]) -> Self {
        let mut sum = Self::default();
        for (weight, part) in parts {
            let square = weight * weight;
            sum.value += weight * part.value;
            sum.variance += square * part.variance;
            sum.fourth += square * square * part.fourth;
        }
        if let [(weight, part)] = parts {
            sum.size = part.size.map(|size| weight * size);
        }
        sum
    }

    /// Expected size of the difference: exact for one cell of shares, else that of a normal law, less what a fourth
    /// cumulant takes.
    pub(super) fn expected_size(&self) -> f64 {
        let normal = || {
            let excess =
                if self.variance > 0.0 { self.fourth / (self.variance * self.variance) } else { 0.0 };
            (2.0 / PI * self.variance).sqrt() * (1.0 - excess / 24.0).clamp(0.5, 1.2)
        };
        self.size.unwrap_or_else(normal)
    }

    /// The square over its mean: 1 by chance. With the variance of that.
    pub(super) fn square(&self) -> Option<(f64, f64)> {
        let scale = self.variance;
        (scale > 0.0)
            .then(|| (self.value * self.value / scale, (2.0 + self.fourth / (scale * scale)).max(0.0)))
    }
}

/// Excess kurtosis of the number of hits among `m` rows drawn from `total`, of which `hits` are.
fn excess_kurtosis(total: f64, hits: f64, m: f64) -> f64 {
    let (misses, n) = (total - hits, total - m);
    if total <= 3.0 {
        // One row against one or two: two outcomes, of which one has this probability.
        let p = if total <= 2.0 { 0.5 } else { 1.0 / 3.0 };
        return 1.0 / (p * (1.0 - p)) - 6.0;
    }
    let first = (total - 1.0) * total * total * (total * (total + 1.0) - 6.0 * hits * misses - 6.0 * m * n);
    let second = 6.0 * m * hits * misses * n * (5.0 * total - 6.0);
    (first + second) / (m * hits * misses * n * (total - 2.0) * (total - 3.0))
}

/// Mean of |hits on the second side - their expectation|, after de Moivre's sum for the hypergeometric law.
fn mean_deviation(rows: [u64; 2], hits: u64) -> f64 {
    let [n, m] = rows;
    let total = n + m;
    let misses = total - hits;
    #[expect(clippy::cast_possible_truncation, reason = "no more than the hits")]
    let next = (u128::from(hits) * u128::from(m) / u128::from(total)) as u64 + 1;
    if next > hits.min(m) {
        // The expectation is the largest number there can be: every deal is the same.
        return 0.0;
    }
    // next is above the expectation, hence m - next below that of the misses.
    let rest = misses + next - m;
    let ln = ln_binomial(hits, next) + ln_binomial(misses, m - next) - ln_binomial(total, m);
    2.0 * next as f64 * (rest as f64 / total as f64) * ln.exp()
}

/// Probability of a sum as large as `statistic`, of mean `mean` and variance `variance`, by the gamma law of these moments.
pub(super) fn survival(statistic: f64, mean: f64, variance: f64) -> f64 {
    if statistic <= 0.0 || mean <= 0.0 || variance <= 0.0 {
        return 1.0;
    }
    let scale = variance / mean;
    // Errors only stand for arguments that are infinite: far in the tail.
    checked_gamma_ur(mean / scale, statistic / scale).unwrap_or(0.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_every_deal() {
        for (n, m, hits) in [(7, 3, 4), (2, 2, 1), (1, 1, 1), (2, 1, 1), (1, 2, 2), (5, 9, 13), (40, 60, 3)] {
            let (total, mut sums) = (n + m, [0.0; 4]);
            for x in 0..=hits.min(m) {
                if m - x > total - hits {
                    continue;
                }
                let ln = ln_binomial(hits, x) + ln_binomial(total - hits, m - x) - ln_binomial(total, m);
                let apart = x as f64 / m as f64 - (hits - x) as f64 / n as f64;
                let square = apart * apart;
                for (sum, term) in sums.iter_mut().zip([1.0, apart.abs(), square, square * square]) {
                    *sum += ln.exp() * term;
                }
            }
            let law = Difference::of_shares([hits, 0], [n, m]);
            let close = |x: f64, y: f64| (x - y).abs() < 1e-10;
            assert!(
                close(sums[0], 1.0) && close(law.size.unwrap(), sums[1]),
                "{n} {m} {hits}: {law:?} {sums:?}"
            );
            assert!(close(law.variance, sums[2]), "{n} {m} {hits}: {law:?} {sums:?}");
            assert!(close(law.fourth, sums[3] - 3.0 * sums[2] * sums[2]), "{n} {m} {hits}: {law:?} {sums:?}");
        }
    }

    #[test]
    fn means_of_zeros_and_ones_are_shares() {
        let shares = Difference::of_shares([30, 50], [100, 120]);
        let (p, q) = (0.3, 50.0 / 120.0);
        let means = Difference::of_means([p, q], [p * (1.0 - p), q * (1.0 - q)], [100.0, 120.0]);
        assert!((shares.value - means.value).abs() < 1e-12);
        assert!((shares.variance - means.variance).abs() < 1e-12);
        assert!((shares.expected_size() - means.expected_size()).abs() < 0.01 * shares.expected_size());
    }

    #[test]
    fn the_largest_counts_stay_finite() {
        let most = 1 << 52;
        for (hits, rows) in
            [([1, 0], [most, 1]), ([most, 7], [most, most]), ([0, 0], [1, 1]), ([most / 2, 1], [most, 1])]
        {
            let law = Difference::of_shares(hits, rows);
            assert!(
                law.value.is_finite() && law.variance.is_finite() && law.expected_size().is_finite(),
                "{law:?}"
            );
        }
    }
}
