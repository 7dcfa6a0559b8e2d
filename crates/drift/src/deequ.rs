//! The distances of Deequ 2.0, by which SageMaker Model Monitor judges, with its ranks as they are or as they should be.
//!
//! Numbers: L = max |F(x) - G(x)| over the items of two quantile sketches, F and G their distribution functions. Categories:
//! L = max |b/n - c/m| over the names of both sides. Range 0 to 1, symmetric. *Simple* is L; *robust* is
//! max(0, L - c sqrt((n+m)/(nm))), c = 1.8 or, for a level alpha, sqrt(-ln(alpha/2)/2). Default threshold 0.1.
//! The other method for categories is chi-squared goodness of fit, of which simple gives the statistic and robust the
//! p-value. Source: Deequ, `analyzers/Distance.scala`, `analyzers/QuantileNonSample.scala`.
//!
//! They are here to agree with that program to the bit, not to judge by: see [`RankTable::Deequ`]. They take its sketches
//! and not our bins, so they are not in [`crate::ALL`], which has the same ideas over exact counts
//! (`kolmogorov_smirnov.deequ_robust`, `l_infinity.deequ_robust`, `chi_squared_goodness_of_fit.deequ`).

use crate::chi_squared_goodness_of_fit::regrouped;
use crate::input::Shares;
use crate::law::chi_squared::survival;
use crate::score::Undefined;

/// How the items of a sketch become ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RankTable {
    /// Every item counts with its weight.
    #[default]
    True,
    /// As Deequ counted from 2019 to September 2026: a table by value, in which a value that occurs many times counts once,
    /// with the weight of its highest level. F is then a distribution of *distinct* values and n about their number, so that
    /// the robust distance of a column with two values can never exceed 0.
    Deequ,
}

/// An L-infinity distance with what its correction needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distance {
    /// The largest difference, 0 to 1.
    pub simple: f64,
    /// Rows of the baseline, as the table of ranks has them.
    pub baseline_rows: u64,
    /// Rows of the current side, as the table of ranks has them.
    pub current_rows: u64,
}

impl Distance {
    /// What the robust form takes off: `c` is that of [`c_alpha`].
    #[must_use]
    pub fn allowance(&self, c: f64) -> f64 {
        let (n, m) = (self.baseline_rows as f64, self.current_rows as f64);
        c * ((n + m) / (n * m)).sqrt()
    }

    /// The distance less the allowance, 0 at least.
    #[must_use]
    pub fn robust(&self, c: f64) -> f64 {
        (self.simple - self.allowance(c)).max(0.0)
    }
}

/// c(alpha) of the two-sample Kolmogorov-Smirnov test; without a level that of about 0.003, as Deequ rounds it.
#[must_use]
pub fn c_alpha(alpha: Option<f64>) -> f64 {
    alpha.map_or(1.8, |alpha| (-(alpha / 2.0).ln() / 2.0).sqrt())
}

/// The distance of two quantile sketches, given by their levels: an item on level `h` stands for `2^h` values.
///
/// # Errors
/// When a side has no item.
pub fn numeric(baseline: &[Vec<f64>], current: &[Vec<f64>], ranks: RankTable) -> Result<Distance, Undefined> {
    let (baseline, current) = (ranks.table(baseline), ranks.table(current));
    let baseline_rows = baseline.last().ok_or(Undefined::EmptyBaseline)?.1;
    let current_rows = current.last().ok_or(Undefined::EmptyCurrent)?.1;
    let (n, m) = (baseline_rows as f64, current_rows as f64);
    let mut simple = 0.0_f64;
    let (mut i, mut j, mut below_baseline, mut below_current) = (0, 0, 0, 0);
    while i < baseline.len() || j < current.len() {
        let (left, right) = (baseline.get(i), current.get(j));
        let least = |entry: Option<&(f64, u64)>| entry.map_or(f64::INFINITY, |(value, _)| *value);
        let value = least(left).min(least(right));
        if let Some((_, rank)) = left.filter(|(item, _)| *item <= value) {
            (below_baseline, i) = (*rank, i + 1);
        }
        if let Some((_, rank)) = right.filter(|(item, _)| *item <= value) {
            (below_current, j) = (*rank, j + 1);
        }
        simple = simple.max((below_baseline as f64 / n - below_current as f64 / m).abs());
    }
    Ok(Distance { simple, baseline_rows, current_rows })
}

/// The distance of two counts of the same names.
///
/// # Errors
/// When a side has no row.
pub fn categorical(shares: &Shares<'_>) -> Result<Distance, Undefined> {
    let (n, m) = shares.rows()?;
    let simple = shares.cells().map(|(b, c)| (b / n - c / m).abs()).fold(0.0, f64::max);
    let rows = |side: &[u64]| side.iter().take(shares.bins()).sum();
    Ok(Distance { simple, baseline_rows: rows(shares.baseline), current_rows: rows(shares.current) })
}

/// Statistic and p-value of the goodness of fit of current counts to the baseline's, after rare names were joined. The
/// p-value falls where drift grows.
///
/// # Errors
/// When a side has no row, or fewer than two names are left.
pub fn chi_squared(shares: &Shares<'_>) -> Result<(f64, f64), Undefined> {
    let fit = regrouped(shares)?;
    Ok((fit.statistic, survival(fit.statistic, fit.freedom)))
}

impl RankTable {
    /// Values in ascending order, each with the rows up to it. -0 and 0 are one value.
    fn table(self, levels: &[Vec<f64>]) -> Vec<(f64, u64)> {
        let weight = |level: u32| 1_u64.checked_shl(level).unwrap_or(u64::MAX);
        let weighted = levels.iter().zip(0..).flat_map(|(items, level)| {
            items.iter().filter(|item| item.is_finite()).map(move |item| (item + 0.0, weight(level)))
        });
        let mut table: Vec<(f64, u64)> = weighted.collect();
        // Stable: the item of the highest level is the last of its value.
        table.sort_by(|a, b| a.0.total_cmp(&b.0));
        table.dedup_by(|next, kept| {
            let same = next.0.total_cmp(&kept.0).is_eq();
            if same {
                kept.1 = match self {
                    Self::True => kept.1.saturating_add(next.1),
                    Self::Deequ => next.1,
                };
            }
            same
        });
        let mut rows = 0_u64;
        for (_, weight) in &mut table {
            rows = rows.saturating_add(*weight);
            *weight = rows;
        }
        table
    }
}

#[cfg(test)]
mod tests;
