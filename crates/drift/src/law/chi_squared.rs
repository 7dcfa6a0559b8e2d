//! The chi-squared law, and that of Pearson's statistic in sparse tables with fixed margins.

use crate::input::Shares;
use statrs::function::gamma::{checked_gamma_ur, ln_gamma};

/// Probability that a chi-squared variable with `freedom` degrees of freedom exceeds `statistic`.
pub(crate) fn survival(statistic: f64, freedom: f64) -> f64 {
    gamma_survival(statistic / 2.0, freedom / 2.0)
}

/// Probability that a gamma variable of this shape and scale 1 exceeds `x`.
pub(crate) fn gamma_survival(x: f64, shape: f64) -> f64 {
    if x <= 0.0 || shape <= 0.0 {
        return 1.0;
    }
    // Errors only stand for arguments that are infinite: far in the tail.
    checked_gamma_ur(shape, x).unwrap_or(0.0)
}

/// Mean of the square root of a chi-squared variable over the square root of its mean.
pub(crate) fn root_ratio(freedom: f64) -> f64 {
    if freedom <= 0.0 {
        return 1.0;
    }
    if freedom > 1e6 {
        return 1.0 - 0.25 / freedom;
    }
    (2.0 / freedom).sqrt() * (ln_gamma((freedom + 1.0) / 2.0) - ln_gamma(freedom / 2.0)).exp()
}

/// Pearson's statistic of a table of two rows, and what chance makes of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pearson {
    pub(crate) statistic: f64,
    pub(crate) freedom: f64,
    /// Exact mean over all ways to deal the same rows to the two sides.
    pub(crate) mean: f64,
    variance: f64,
}

impl Pearson {
    /// Statistic and moments of a table with `n` and `m` rows.
    pub(crate) fn new(shares: &Shares<'_>, n: f64, m: f64) -> Self {
        let total = n + m;
        let (mut statistic, mut inverse, mut bins) = (0.0, 0.0, 0.0);
        for (b, c) in shares.cells() {
            let rows = b + c;
            if rows > 0.0 {
                let difference = b / n - c / m;
                statistic += difference * difference / rows;
                inverse += total / rows;
                bins += 1.0;
            }
        }
        let freedom = bins - 1.0;
        // Haldane (1940), Dawson (1954): two rows, `bins` columns, both margins fixed.
        let row = (total - 2.0) / (total - 1.0);
        let column = freedom * (total - bins) / (total - 1.0);
        let row_spread = (total / n + total / m - 4.0) / (total - 2.0);
        let column_spread = (inverse - bins * bins) / (total - 2.0);
        Self {
            statistic: statistic * n * m,
            freedom,
            mean: freedom * total / (total - 1.0),
            variance: 2.0 * total / (total - 3.0) * (row - row_spread) * (column - column_spread)
                + total * total / (total - 1.0) * row_spread * column_spread,
        }
    }

    /// Tail by the textbook law, which needs several rows in every bin.
    pub(crate) fn textbook(&self) -> f64 {
        survival(self.statistic, self.freedom)
    }

    /// Tail by a gamma law of the exact mean and variance, which holds in sparse tables as well.
    pub(crate) fn corrected(&self) -> f64 {
        let usable = self.mean > 0.0 && self.variance > 0.0 && self.variance.is_finite();
        if !usable || !self.mean.is_finite() {
            return self.textbook();
        }
        let scale = self.variance / self.mean;
        gamma_survival(self.statistic / scale, self.mean / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_every_deal() {
        // Ten rows in bins of 4, 3, 2 and 1: all 120 ways to choose the three of the current side.
        let bins = [4_u64, 3, 2, 1];
        let rows: Vec<usize> = bins.iter().enumerate().flat_map(|(i, t)| (0..*t).map(move |_| i)).collect();
        let (mut statistics, mut law) = (Vec::new(), None);
        for a in 0..10 {
            for b in 0..a {
                for c in 0..b {
                    let mut current = [0; 4];
                    [a, b, c].iter().for_each(|row| current[rows[*row]] += 1);
                    let baseline: Vec<u64> = bins.iter().zip(current).map(|(t, c)| t - c).collect();
                    let table =
                        Pearson::new(&Shares { baseline: &baseline, current: &current, pooled: 0 }, 7.0, 3.0);
                    statistics.push(table.statistic);
                    law = Some(table);
                }
            }
        }
        let law = law.unwrap();
        let mean = statistics.iter().sum::<f64>() / 120.0;
        let variance = statistics.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 120.0;
        assert!((mean - law.mean).abs() < 1e-12, "{mean} {}", law.mean);
        assert!((variance - law.variance).abs() < 1e-12, "{variance} {}", law.variance);
    }
}
