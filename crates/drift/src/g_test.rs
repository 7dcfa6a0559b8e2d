//! G statistic of the table of two sides by k bins: the likelihood-ratio form of chi-squared.
//!
//! G = 2 * sum over both sides of observed ln(observed / expected). Range 0 to infinity, symmetric,
//! default threshold 16.92 (5 % point for ten bins; judge by p instead). Source: Sokal and Rohlf
//! (1981). Not as a size of drift, and not with sparse bins.

use crate::input::Shares;
use crate::law::binomial::deviance;
use crate::law::chi_squared::survival;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// Of the contingency table.
pub(crate) const G_TEST: Metric = Metric {
    name: "g_test",
    title: "G statistic",
    method: "contingency",
    range: (0.0, f64::INFINITY),
    symmetric: true,
    threshold: 16.919,
    floor: None,
    reference: "Wilks 1938; Sokal and Rohlf 1981, Biometry",
    page: "\
G = 2 * sum over bins and sides of observed * ln(observed / expected), expected from the totals.
Range 0 upwards, symmetric. Expected without drift: about k-1. p-value: chi-squared with k-1 degrees
of freedom. Default threshold: the 5 % point for ten bins; judge by the p-value instead.
Grows with the row counts: a test, not a size of drift. Not with sparse bins.",
    measure: Measure::Shares(contingency),
};

/// Goodness of fit to the baseline.
pub(crate) const EVIDENTLY: Metric = Metric {
    name: "g_test.evidently",
    title: "G statistic (Evidently)",
    method: "goodness_of_fit",
    symmetric: false,
    reference: "Evidently 0.7, stattests/g_stattest.py",
    page: "\
G = 2 * sum over bins of c * ln(c / e), e = baseline share * m. Range 0 upwards; not symmetric.
Equals Evidently's where both sides have as many rows; elsewhere Evidently's stops with an error,
as it does not scale the baseline. Undefined as soon as a category is new.",
    measure: Measure::Shares(fit),
    ..G_TEST
};

fn contingency(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let total = n + m;
    let part = |(b, c): (f64, f64)| {
        let rows = b + c;
        deviance(b, rows * (n / total)) + deviance(c, rows * (m / total))
    };
    finish(shares, 2.0 * shares.cells().map(part).sum::<f64>(), 1.0)
}

fn fit(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let sum: f64 = shares.cells().map(|(b, c)| deviance(c, b / n * m)).sum();
    finish(shares, 2.0 * sum, 1.0 + m / n)
}

fn finish(shares: &Shares<'_>, statistic: f64, noise: f64) -> Result<Score, Undefined> {
    let freedom = shares.occupied().saturating_sub(1) as f64;
    Score::checked(statistic, 0.0, Some(freedom * noise), Some(survival(statistic, freedom)))
}
