//! Two-proportion z: the first category's share against that of all others.
//!
//! z = |q - p| / sqrt(s (1 - s)(1/n + 1/m)), s the share of both sides together. Range 0 to infinity,
//! symmetric, default threshold 1.96 (its 5 % point). Source: Fleiss (1981). Not for more than two
//! categories, of which it sees one, and not with few rows.

use crate::input::Shares;
use crate::law::normal::{expected_size, two_sided};
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// First bin against the rest.
pub(crate) const TWO_PROPORTION_Z: Metric = Metric {
    name: "two_proportion_z",
    title: "Two-proportion z",
    method: "first_bin/pooled",
    range: (0.0, f64::INFINITY),
    symmetric: true,
    threshold: 1.96,
    floor: None,
    reference: "Fleiss 1981, Statistical Methods for Rates and Proportions; Evidently 0.7",
    page: "\
z = |q - p| / sqrt(s (1-s) (1/n + 1/m)), p and q the first bin's share in baseline and current, s in
both together. Range 0 upwards, in standard errors; symmetric. Expected without drift: 0.798.
p-value: two-sided normal. Default threshold: the 5 % point.
Undefined where all or no rows fall into the first bin. Grows with the row counts; with more than two
bins it sees only the first; with few rows the exact test of a share is better.",
    measure: Measure::Shares(score),
};

fn score(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let (b, c) = shares.cells().next().unwrap_or((0.0, 0.0));
    let share = (b + c) / (n + m);
    let variance = share * (1.0 - share) * (1.0 / n + 1.0 / m);
    if variance <= 0.0 {
        return Err(Undefined::Constant);
    }
    let z = (c / m - b / n).abs() / variance.sqrt();
    Score::checked(z, 0.0, Some(expected_size(1.0)), Some(two_sided(z)))
}
