//! Total variation: the share of rows that would have to move to make one binning the other.
//!
//! TV = sum of |p - q| / 2. Range 0 to 1, symmetric, default threshold 0.1. Source: Levin, Peres and
//! Wilmer (2009). Not without its expectation: over many sparse categories chance alone makes it large.

use crate::input::Shares;
use crate::law::binomial::expected_total_variation;
use crate::law::chi_squared::Pearson;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// The share of rows moved.
pub(crate) const TOTAL_VARIATION: Metric = Metric {
    name: "total_variation",
    title: "Total variation",
    method: "none",
    range: (0.0, 1.0),
    symmetric: true,
    threshold: 0.1,
    floor: None,
    reference: "Levin, Peres and Wilmer 2009; moments: Haldane 1940, Dawson 1954",
    page: "\
TV = sum over bins of |p - q| / 2: the share of rows that changed bins. Range 0 to 1, symmetric.
Expected without drift: exact mean deviations of the bins (de Moivre). p-value: Pearson's statistic
of the same bins against a gamma law with its exact mean and variance, which holds in sparse
tables. Not without its expectation over many sparse categories.",
    measure: Measure::Shares(score),
};

pub(crate) fn score(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let value = shares.cells().map(|(b, c)| (b / n - c / m).abs()).sum::<f64>() / 2.0;
    let expected = expected_total_variation(shares.cells().map(|(b, c)| b + c), n, m);
    let p = Pearson::new(shares, n, m).corrected();
    Score::checked(value.min(1.0), 0.0, Some(expected), Some(p))
}
