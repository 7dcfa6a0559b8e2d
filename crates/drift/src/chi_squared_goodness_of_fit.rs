//! Chi-squared goodness of fit: current counts against the baseline's shares, taken as known.
//!
//! X = sum of (c - e)^2 / e, e = m b/n. Range 0 to infinity, not symmetric, default threshold 16.92
//! (5 % point for ten bins; judge by p instead). Source: Pearson (1900). Not with a baseline that is not
//! much larger than the current side, and not with new categories.

use crate::input::Shares;
use crate::law::chi_squared::survival;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// The textbook form.
pub(crate) const GOODNESS_OF_FIT: Metric = Metric {
    name: "chi_squared_goodness_of_fit",
    title: "Chi-squared goodness of fit",
    method: "goodness_of_fit",
    range: (0.0, f64::INFINITY),
    symmetric: false,
    threshold: 16.919,
    floor: None,
    reference: "Pearson 1900, Philos. Mag. 50",
    page: "\
X = sum over bins of (c - e)^2 / e, c current rows, e = baseline share * m. Range 0 upwards; not
symmetric. Undefined where a current row falls into a bin that is empty in the baseline.
Expected without drift: (k-1)(1 + m/n), as the baseline is a sample too. p-value: chi-squared with
k-1 degrees of freedom, as if it were not: too small unless the baseline is much larger.
Default threshold: the 5 % point for ten bins; judge by the p-value instead.",
    measure: Measure::Shares(plain),
};

/// With Deequ's regrouping of rare categories.
pub(crate) const DEEQU: Metric = Metric {
    name: "chi_squared_goodness_of_fit.deequ",
    title: "Chi-squared goodness of fit (Deequ)",
    method: "goodness_of_fit/regrouped",
    reference: "Deequ, analyzers/Distance.scala; Cochran 1954; Yates 1934",
    page: "\
Goodness of fit over the categories of the baseline, which is scaled to the current rows in them;
new categories are ignored. Rarest categories are joined until at most a fifth of the expected counts
is below 5 (of two categories: none below 10). Range 0 upwards; not symmetric.",
    measure: Measure::Shares(deequ),
    ..GOODNESS_OF_FIT
};

pub(crate) fn plain(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let (mut statistic, mut bins): (f64, f64) = (0.0, 0.0);
    for (b, c) in shares.cells().filter(|(b, c)| b + c > 0.0) {
        let expected = b / n * m;
        statistic += (c - expected) * (c - expected) / expected;
        bins += 1.0;
    }
    let freedom = (bins - 1.0).max(0.0);
    Score::checked(statistic, 0.0, Some(freedom * (1.0 + m / n)), Some(survival(statistic, freedom)))
}

fn deequ(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let Fit { statistic, freedom, rows } = regrouped(shares)?;
    let (n, _) = shares.rows()?;
    Score::checked(statistic, 0.0, Some(freedom * (1.0 + rows / n)), Some(survival(statistic, freedom)))
}

/// A goodness of fit.
pub(crate) struct Fit {
    /// Sum over cells of (c - e)^2 / e.
    pub(crate) statistic: f64,
    /// Cells less one.
    pub(crate) freedom: f64,
    /// Current rows in categories of the baseline.
    rows: f64,
}

/// The fit to categories of the baseline, the rarest of them joined.
pub(crate) fn regrouped(shares: &Shares<'_>) -> Result<Fit, Undefined> {
    let (n, _) = shares.rows()?;
    let rows: f64 = shares.cells().filter(|(b, _)| *b > 0.0).map(|(_, c)| c).sum();
    if rows <= 0.0 {
        return Err(Undefined::EmptyCurrent);
    }
    let mut cells: Vec<(f64, f64)> =
        shares.cells().filter(|(b, _)| *b > 0.0).map(|(b, c)| (b / n * rows, c)).collect();
    cells.sort_by(|a, b| b.0.total_cmp(&a.0));
    // Rarest last: join it into the next rarest and put the sum where it belongs.
    while cells.len() > 1 && too_sparse(&cells) {
        let (Some(rarest), Some(next)) = (cells.pop(), cells.pop()) else { break };
        let joined = (rarest.0 + next.0, rarest.1 + next.1);
        let place = cells.partition_point(|cell| cell.0 >= joined.0);
        cells.insert(place, joined);
    }
    if cells.len() < 2 {
        return Err(Undefined::TooFewRows);
    }
    let statistic = cells.iter().map(|(e, c)| (c - e) * (c - e) / e).sum();
    Ok(Fit { statistic, freedom: (cells.len() - 1) as f64, rows })
}

/// Whether too many expected counts are small, for cells with the rarest last.
fn too_sparse(cells: &[(f64, f64)]) -> bool {
    let below = |limit: f64| cells.iter().rev().take_while(|cell| cell.0 < limit).count();
    if cells.len() == 2 { below(10.0) > 0 } else { below(5.0) > cells.len() / 5 }
}
