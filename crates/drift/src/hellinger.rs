//! Hellinger distance: the Euclidean distance of the roots of two binnings.
//!
//! H = sqrt(sum of (sqrt p - sqrt q)^2 / 2). Range 0 to 1, symmetric, default threshold 0.1. Source:
//! Hellinger (1909), Le Cam (1986). Not with a fixed threshold over many categories and few rows.

use crate::input::Shares;
use crate::law::divergence::Chance;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// The distance, no smoothing.
pub(crate) const HELLINGER: Metric = Metric {
    name: "hellinger",
    title: "Hellinger distance",
    method: "none",
    range: (0.0, 1.0),
    symmetric: true,
    threshold: 0.1,
    floor: None,
    reference: "Hellinger 1909; Le Cam 1986",
    page: "\
H = sqrt(sum over bins of (sqrt p - sqrt q)^2 / 2), no smoothing. Range 0 to 1, symmetric.
Expected without drift: sqrt((k-1)(1/n + 1/m) / 8) for k well-filled bins. p-value: chi-squared,
stretched to the expectation; none with fewer rows than bins.
Not with a fixed threshold over many categories and few rows.",
    measure: Measure::Shares(score),
};

fn score(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let cell = |b: f64, c: f64| ((b / n).sqrt() - (c / m).sqrt()).powi(2) / 2.0;
    let square = shares.cells().map(|(b, c)| cell(b, c)).sum::<f64>().min(1.0);
    Chance::new(shares, (n, m), 0.125, cell).root_score(square, 1.0)
}
