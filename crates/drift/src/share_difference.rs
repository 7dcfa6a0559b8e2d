//! Difference of two shares: how far the share of nulls, hits or new categories has moved.
//!
//! |h/n - k/m|. Range 0 to 1, symmetric. Source: Fisher (1934); expectation after de Moivre (1730).
//! Not for a share that was picked because it moved most: that needs L-infinity's correction.

use crate::law::binomial::expected_difference;
use crate::law::hypergeometric::Hypergeometric;
use crate::score::{Score, Undefined};

/// |difference of shares| of hits among rows, with its expectation without drift and Fisher's
/// two-sided p-value. Hits beyond the rows count as all rows.
///
/// # Errors
///
/// `EmptyBaseline` or `EmptyCurrent` where a side has no rows.
pub fn share_difference(
    baseline_hits: u64,
    baseline_rows: u64,
    current_hits: u64,
    current_rows: u64,
) -> Result<Score, Undefined> {
    if baseline_rows == 0 {
        return Err(Undefined::EmptyBaseline);
    }
    if current_rows == 0 {
        return Err(Undefined::EmptyCurrent);
    }
    let (n, m) = (baseline_rows as f64, current_rows as f64);
    let (h, k) = (baseline_hits.min(baseline_rows) as f64, current_hits.min(current_rows) as f64);
    let p = Hypergeometric::new(h + k, n, m).two_sided(k);
    Score::checked((h / n - k / m).abs(), 0.0, Some(expected_difference(h + k, n, m)), Some(p))
}
