//! Cramer's V: the chi-squared statistic as an association between side and bin.
//!
//! V = sqrt(X / N) for a table of two rows. Range 0 to 1, symmetric, default threshold 0.1. Source:
//! Cramer (1946); corrected form Bergsma (2013). Not with very unequal row counts: V shrinks as one side
//! outweighs the other.

use crate::chi_squared::yates_statistic;
use crate::input::Shares;
use crate::law::chi_squared::{Pearson, root_ratio, survival};
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// The plain form.
pub(crate) const CRAMERS_V: Metric = Metric {
    name: "cramers_v",
    title: "Cramer's V",
    method: "plain",
    range: (0.0, 1.0),
    symmetric: true,
    threshold: 0.1,
    floor: None,
    reference: "Cramer 1946, Mathematical Methods of Statistics",
    page: "\
V = sqrt(X / N), X the chi-squared statistic without correction, N all rows. Range 0 to 1, symmetric.
Expected without drift: about sqrt((k-1)/(N-1)). p-value: that of chi_squared.
Shrinks as one side outweighs the other: not for a small window against a large baseline.",
    measure: Measure::Shares(plain),
};

/// Bias-corrected, sides brought to equal size.
pub(crate) const DEEPCHECKS: Metric = Metric {
    name: "cramers_v.deepchecks",
    title: "Cramer's V, bias-corrected (Deepchecks)",
    method: "bias_corrected/equal_rows",
    threshold: 0.2,
    reference: "Bergsma 2013, J. Korean Stat. Soc. 42(3); Deepchecks, utils/distribution/drift.py",
    page: "\
The larger side is scaled down to the smaller and rounded; then phi^2 = max(0, X/N - (k-1)/(N-1)) with
Yates's correction for two bins, and V = sqrt(phi^2 / min(k' - 1, r' - 1)), k' and r' the corrected
numbers of bins and sides. Range 0 to 1, symmetric. Rounding hides rare categories.",
    measure: Measure::Shares(deepchecks),
    ..CRAMERS_V
};

fn plain(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let table = Pearson::new(shares, n, m);
    let total = n + m;
    let expected = (table.mean / total).sqrt() * root_ratio(table.freedom);
    let value = (table.statistic / total).sqrt().min(1.0);
    Score::checked(value, 0.0, Some(expected.min(1.0)), Some(table.textbook()))
}

fn deepchecks(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let rows = n.min(m);
    let scaled =
        |count: f64, side: f64| if side > rows { (count / side * rows).round_ties_even() } else { count };
    let cells: Vec<(f64, f64)> = shares.cells().map(|(b, c)| (scaled(b, n), scaled(c, m))).collect();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole counts, saturating")]
    let (baseline, current): (Vec<u64>, Vec<u64>) = cells.iter().map(|(b, c)| (*b as u64, *c as u64)).unzip();
    let scaled = Shares { baseline: &baseline, current: &current, pooled: shares.pooled };
    let (n, m) = scaled.rows()?;
    let table = Pearson::new(&scaled, n, m);
    let statistic = yates_statistic(&table, cells.into_iter(), n, m);
    let total = n + m;
    if total < 3.0 {
        return Err(Undefined::TooFewRows);
    }
    let square = (statistic / total - table.freedom / (total - 1.0)).max(0.0);
    let bins = table.freedom - table.freedom * table.freedom / (total - 1.0);
    let sides = 1.0 - 1.0 / (total - 1.0);
    let least = bins.min(sides);
    let value = if square > 0.0 && least > 0.0 { (square / least).sqrt().min(1.0) } else { 0.0 };
    Score::checked(value, 0.0, None, Some(survival(statistic, table.freedom)))
}
