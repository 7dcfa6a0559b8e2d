//! Chi-squared statistic of the table of two sides by k bins (test of homogeneity).
//!
//! X = sum over both sides of (observed - expected)^2 / expected. Range 0 to infinity, symmetric,
//! default threshold 16.92 (5 % point for ten bins; judge by p instead). Source: Pearson (1900). Not as
//! a size of drift, and not with fewer than about five rows in most bins.

use crate::chi_squared_goodness_of_fit::{self as fit};
use crate::input::Shares;
use crate::law::chi_squared::{Pearson, survival};
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// Without Yates's correction.
pub(crate) const CHI_SQUARED: Metric = Metric {
    name: "chi_squared",
    title: "Chi-squared statistic",
    method: "contingency",
    range: (0.0, f64::INFINITY),
    symmetric: true,
    threshold: 16.919,
    floor: None,
    reference: "Pearson 1900, Philos. Mag. 50",
    page: "\
X = sum over bins and sides of (observed - expected)^2 / expected, expected from the totals; bins
empty on both sides are left out. Range 0 upwards, symmetric.
Expected without drift: (k-1) N/(N-1). p-value: chi-squared with k-1 degrees of freedom. Default
threshold: the 5 % point for ten bins; judge by the p-value instead.
Grows with the row counts: a test, not a size of drift. With sparse bins p < 0.01 comes up in a
third of calm windows: use total_variation there.",
    measure: Measure::Shares(contingency),
};

/// With Yates's correction for two bins.
pub(crate) const YATES: Metric = Metric {
    name: "chi_squared.yates",
    title: "Chi-squared statistic, Yates",
    method: "contingency/yates",
    reference: "Yates 1934; SciPy, chi2_contingency; NannyML",
    page: "\
chi_squared with Yates's correction where two bins are left: |observed - expected| less 0.5.
SciPy's chi2_contingency default, NannyML's choice. Range 0 upwards, symmetric.",
    measure: Measure::Shares(yates),
    ..CHI_SQUARED
};

/// As Evidently calls it: goodness of fit to the baseline.
pub(crate) const EVIDENTLY: Metric = Metric {
    name: "chi_squared.evidently",
    title: "Chi-squared statistic (Evidently)",
    method: "goodness_of_fit",
    symmetric: false,
    reference: "Evidently 0.7, stattests/chisquare_stattest.py",
    page: "\
The same as chi_squared_goodness_of_fit: the baseline counts as known without error. Range 0 upwards;
not symmetric. Undefined (Evidently: p = 0) as soon as a category is new.",
    measure: Measure::Shares(fit::plain),
    ..CHI_SQUARED
};

fn contingency(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let table = Pearson::new(shares, n, m);
    Score::checked(table.statistic, 0.0, Some(table.mean), Some(table.textbook()))
}

fn yates(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let table = Pearson::new(shares, n, m);
    let statistic = yates_statistic(&table, shares.cells(), n, m);
    Score::checked(statistic, 0.0, Some(table.mean), Some(survival(statistic, table.freedom)))
}

/// The statistic, corrected where there is one degree of freedom.
pub(crate) fn yates_statistic(
    table: &Pearson,
    cells: impl Iterator<Item = (f64, f64)>,
    n: f64,
    m: f64,
) -> f64 {
    if table.freedom > 1.0 {
        return table.statistic;
    }
    let total = n + m;
    let part = |(b, c): (f64, f64)| {
        let (e, f) = ((b + c) * (n / total), (b + c) * (m / total));
        let off = (b - e).abs();
        let off = off - off.min(0.5);
        off * off * (1.0 / e + 1.0 / f)
    };
    cells.filter(|(b, c)| b + c > 0.0).map(part).sum()
}
