//! Kullback-Leibler divergence: how surprising the current bins are to one who knows the baseline.
//!
//! KL(q || p) = sum of q ln(q/p), q current, p baseline. Range 0 to infinity, not symmetric, default
//! threshold 0.1. Source: Kullback and Leibler (1951). Not where bins may be empty and the smoothing
//! is not stated.

use crate::input::Shares;
use crate::law::binomial::deviance;
use crate::law::chi_squared::survival;
use crate::law::divergence::Chance;
use crate::metric::{Measure, Metric};
use crate::population_stability::zero_fill;
use crate::score::{Score, Undefined};

/// Of current from baseline, 0.5 added to every count.
pub(crate) const KULLBACK_LEIBLER: Metric = Metric {
    name: "kullback_leibler",
    title: "Kullback-Leibler divergence",
    method: "current_from_baseline/add0.5/ln",
    range: (0.0, f64::INFINITY),
    symmetric: false,
    threshold: 0.1,
    floor: None,
    reference: "Kullback and Leibler 1951, Ann. Math. Stat. 22(1)",
    page: "\
KL(q||p) = sum over bins of q ln(q/p), q current and p baseline after 0.5 is added to every count.
Range 0 upwards, in natural units; not symmetric.
Expected without drift: (k-1)(1/n + 1/m) / 2 for k well-filled bins. p-value: chi-squared,
stretched to the expectation; none with fewer rows than bins.
Not where smoothing decides: with many empty bins.",
    measure: Measure::Shares(|shares| add_half(shares, false)),
};

/// Of baseline from current.
pub(crate) const REVERSE: Metric = Metric {
    name: "kullback_leibler.reverse",
    title: "Kullback-Leibler divergence, reversed",
    method: "baseline_from_current/add0.5/ln",
    page: "\
KL(p||q), p baseline and q current, 0.5 added to every count. Range 0 upwards; not symmetric.
Large where categories of the baseline have disappeared.",
    measure: Measure::Shares(|shares| add_half(shares, true)),
    ..KULLBACK_LEIBLER
};

/// As Evidently fills empty bins.
pub(crate) const EVIDENTLY: Metric = Metric {
    name: "kullback_leibler.evidently",
    title: "Kullback-Leibler divergence (Evidently)",
    method: "baseline_from_current/zero_to_1e-4_renormalised/ln",
    reference: "Evidently 0.7, stattests/kl_div.py",
    page: "\
KL(p||q), p baseline and q current, shares of zero replaced by 0.0001 (or by the smallest share /
10^6 where that is at most 0.0001), then renormalised. Range 0 upwards; not symmetric.",
    measure: Measure::Shares(evidently),
    ..KULLBACK_LEIBLER
};

/// Of current from baseline, without smoothing.
pub(crate) const UNSMOOTHED: Metric = Metric {
    name: "kullback_leibler.unsmoothed",
    title: "Kullback-Leibler divergence, no smoothing",
    method: "current_from_baseline/none/ln",
    page: "\
KL(q||p) of the plain shares, q current. Range 0 upwards; not symmetric. Undefined as soon as a
current row falls into a bin that is empty in the baseline.",
    measure: Measure::Shares(|shares| unsmoothed(shares, false)),
    ..KULLBACK_LEIBLER
};

/// Of baseline from current, without smoothing.
pub(crate) const UNSMOOTHED_REVERSE: Metric = Metric {
    name: "kullback_leibler.unsmoothed_reverse",
    title: "Kullback-Leibler divergence, reversed, no smoothing",
    method: "baseline_from_current/none/ln",
    page: "\
KL(p||q) of the plain shares, p baseline. Range 0 upwards; not symmetric. Undefined as soon as a
bin of the baseline has no current row.",
    measure: Measure::Shares(|shares| unsmoothed(shares, true)),
    ..KULLBACK_LEIBLER
};

/// Sum over bins; the parts are never negative, and sum to the divergence as the shares sum to 1.
fn divergence(
    shares: &Shares<'_>,
    (n, m): (f64, f64),
    cell: impl Fn(f64, f64) -> f64,
) -> Result<Score, Undefined> {
    let value = shares.cells().map(|(b, c)| cell(b, c)).sum::<f64>();
    if value.is_finite() {
        Chance::new(shares, (n, m), 0.5, cell).score(value)
    } else {
        Err(Undefined::Unbounded)
    }
}

fn add_half(shares: &Shares<'_>, reverse: bool) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let added = 0.5 * shares.bins() as f64;
    divergence(shares, (n, m), |b, c| {
        let (p, q) = ((b + 0.5) / (n + added), (c + 0.5) / (m + added));
        if reverse { deviance(p, q) } else { deviance(q, p) }
    })
}

fn evidently(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let fill = |share: f64, zero: f64| if share > 0.0 { share } else { zero };
    let p_zero = zero_fill(shares.cells().map(|(b, _)| b / n));
    let q_zero = zero_fill(shares.cells().map(|(_, c)| c / m));
    let p_sum: f64 = shares.cells().map(|(b, _)| fill(b / n, p_zero)).sum();
    let q_sum: f64 = shares.cells().map(|(_, c)| fill(c / m, q_zero)).sum();
    divergence(shares, (n, m), |b, c| deviance(fill(b / n, p_zero) / p_sum, fill(c / m, q_zero) / q_sum))
}

fn unsmoothed(shares: &Shares<'_>, reverse: bool) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let value: f64 = shares
        .cells()
        .map(|(b, c)| if reverse { deviance(b / n, c / m) } else { deviance(c / m, b / n) })
        .sum();
    // The chance of an empty bin makes the exact expectation infinite: the textbook one is given.
    let freedom = shares.occupied().saturating_sub(1) as f64;
    let unit = (1.0 / n + 1.0 / m) / 2.0;
    Score::checked(value, 0.0, Some(freedom * unit), Some(survival(value / unit, freedom)))
}
