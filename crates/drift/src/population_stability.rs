//! Population stability index: the symmetrised Kullback-Leibler divergence of two binnings.
//!
//! PSI = sum of (p - q) ln(p/q). Range 0 to infinity, symmetric, default threshold 0.1. Source:
//! Jeffreys (1946), Siddiqi (2006). Not across tools or binnings without naming the smoothing: the
//! same bins give 0.085 to 1076 under the conventions in use.

use crate::input::Shares;
use crate::law::divergence::Chance;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// 0.5 added to every count.
pub(crate) const POPULATION_STABILITY: Metric = Metric {
    name: "population_stability",
    title: "Population stability index",
    method: "add0.5/ln",
    range: (0.0, f64::INFINITY),
    symmetric: true,
    threshold: 0.1,
    floor: None,
    reference: "Jeffreys 1946; Siddiqi 2006, Credit Risk Scorecards",
    page: "\
PSI = sum over bins of (p - q) ln(p/q), p and q the shares after 0.5 is added to every count.
Range 0 upwards, symmetric. Usual reading: above 0.1 some, above 0.25 much drift.
Expected without drift: (k-1)(1/n + 1/m) for k well-filled bins. p-value: chi-squared, stretched
to the expectation; none with fewer rows than bins.
Not for comparing tools or binnings: smoothing and bins decide the value.",
    measure: Measure::Shares(add_half),
};

/// As Evidently fills empty bins.
pub(crate) const EVIDENTLY: Metric = Metric {
    name: "population_stability.evidently",
    title: "Population stability index (Evidently)",
    method: "zero_to_1e-4/ln",
    reference: "Evidently 0.7, stattests/psi.py",
    page: "\
PSI with shares of zero replaced by 0.0001, or by the smallest share / 10^6 where that is at most
0.0001; not renormalised. Range 0 upwards, symmetric. An emptied bin weighs heavily.",
    measure: Measure::Shares(evidently),
    ..POPULATION_STABILITY
};

/// As Deepchecks raises small shares.
pub(crate) const DEEPCHECKS: Metric = Metric {
    name: "population_stability.deepchecks",
    title: "Population stability index (Deepchecks)",
    method: "floor_0.01/ln",
    threshold: 0.2,
    reference: "Deepchecks, utils/distribution/drift.py",
    page: "\
PSI with every share raised to at least 0.01, not renormalised. Range 0 upwards, symmetric.
Blind to whatever happens in categories below one row in a hundred.",
    measure: Measure::Shares(deepchecks),
    ..POPULATION_STABILITY
};

/// As Soda fills empty bins.
pub(crate) const SODA: Metric = Metric {
    name: "population_stability.soda",
    title: "Population stability index (Soda)",
    method: "zero_to_1e-5/ln",
    reference: "Soda 3.5, soda/scientific/distribution/comparison.py",
    page: "\
PSI with shares of zero replaced by 0.00001, not renormalised. Range 0 upwards, symmetric.
An emptied bin weighs very heavily.",
    measure: Measure::Shares(soda),
    ..POPULATION_STABILITY
};

/// As Azure smooths numbers.
pub(crate) const AZURE: Metric = Metric {
    name: "population_stability.azure",
    title: "Population stability index (Azure, numbers)",
    method: "add1/ln",
    reference: "Azure Machine Learning, data_drift_compute_metrics",
    page: "\
PSI with one added to every count: (count + 1) / (rows + k) for k bins. Range 0 upwards, symmetric.",
    measure: Measure::Shares(azure),
    ..POPULATION_STABILITY
};

/// As Azure smooths categories.
pub(crate) const AZURE_CATEGORICAL: Metric = Metric {
    name: "population_stability.azure_categorical",
    title: "Population stability index (Azure, categories)",
    method: "add1_unnormalised/ln",
    reference: "Azure Machine Learning, data_drift_compute_metrics",
    page: "\
PSI of (count + 1) / rows, whose sum is above 1: not shares of anything. Range 0 upwards, symmetric.
Not zero for equal shares of unequal row counts.",
    measure: Measure::Shares(azure_categorical),
    ..POPULATION_STABILITY
};

/// As popmon takes it of raw counts.
pub(crate) const POPMON: Metric = Metric {
    name: "population_stability.popmon",
    title: "Population stability index (popmon)",
    method: "counts/add1e-5/ln",
    reference: "popmon, analysis/comparison/comparisons.py",
    page: "\
The formula of PSI on raw counts plus 0.00001. Range 0 upwards, symmetric. Grows with traffic and
is not zero for equal shares of unequal row counts: only for comparison with popmon.",
    measure: Measure::Shares(popmon),
    ..POPULATION_STABILITY
};

/// popmon's formula on shares.
pub(crate) const POPMON_SHARES: Metric = Metric {
    name: "population_stability.popmon_shares",
    title: "Population stability index (popmon, on shares)",
    method: "add1e-5/ln",
    reference: "popmon, analysis/comparison/comparisons.py",
    page: "\
PSI with 0.00001 added to every share, not renormalised. Range 0 upwards, symmetric.",
    measure: Measure::Shares(popmon_shares),
    ..POPULATION_STABILITY
};

/// Without smoothing.
pub(crate) const UNSMOOTHED: Metric = Metric {
    name: "population_stability.unsmoothed",
    title: "Population stability index, no smoothing",
    method: "none/ln",
    reference: "Jeffreys 1946; Deequ",
    page: "\
PSI of the plain shares. Range 0 upwards, symmetric. Undefined as soon as a bin is empty on one
side only.",
    measure: Measure::Shares(unsmoothed),
    ..POPULATION_STABILITY
};

/// One bin's part, from what stands for its shares.
fn part(p: f64, q: f64) -> f64 {
    if p <= 0.0 && q <= 0.0 { 0.0 } else { (p - q) * (p / q).ln() }
}

/// Index over all bins, `share(count, rows, side)` giving what stands for a share.
fn index(shares: &Shares<'_>, share: impl Fn(f64, f64, Side) -> f64) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let cell = |b: f64, c: f64| part(share(b, n, Side::Baseline), share(c, m, Side::Current));
    let value = shares.cells().map(|(b, c)| cell(b, c)).sum::<f64>().max(0.0);
    if value.is_finite() {
        Chance::new(shares, (n, m), 1.0, cell).score(value)
    } else {
        Err(Undefined::Unbounded)
    }
}

/// Which side a count is of.
#[derive(Clone, Copy)]
enum Side {
    Baseline,
    Current,
}

fn add_half(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let added = 0.5 * shares.bins() as f64;
    index(shares, |count, rows, _| (count + 0.5) / (rows + added))
}

fn evidently(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let baseline = zero_fill(shares.cells().map(|(b, _)| b / n));
    let current = zero_fill(shares.cells().map(|(_, c)| c / m));
    index(shares, |count, rows, side| match side {
        _ if count > 0.0 => count / rows,
        Side::Baseline => baseline,
        Side::Current => current,
    })
}

/// What Evidently puts in place of a share of zero on one side.
pub(crate) fn zero_fill(shares: impl Iterator<Item = f64>) -> f64 {
    let smallest = shares.filter(|s| *s > 0.0).fold(f64::INFINITY, f64::min);
    if smallest <= 1e-4 { smallest / 1e6 } else { 1e-4 }
}

fn deepchecks(shares: &Shares<'_>) -> Result<Score, Undefined> {
    index(shares, |count, rows, _| (count / rows).max(0.01))
}

fn soda(shares: &Shares<'_>) -> Result<Score, Undefined> {
    index(shares, |count, rows, _| if count > 0.0 { count / rows } else { 1e-5 })
}

fn azure(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let added = shares.bins() as f64;
    index(shares, |count, rows, _| (count + 1.0) / (rows + added))
}

fn azure_categorical(shares: &Shares<'_>) -> Result<Score, Undefined> {
    index(shares, |count, rows, _| (count + 1.0) / rows)
}

fn popmon(shares: &Shares<'_>) -> Result<Score, Undefined> {
    shares.rows()?;
    let value = shares.cells().map(|(b, c)| part(b + 1e-5, c + 1e-5)).sum();
    Score::checked(value, 0.0, None, None)
}

fn popmon_shares(shares: &Shares<'_>) -> Result<Score, Undefined> {
    index(shares, |count, rows, _| count / rows + 1e-5)
}

fn unsmoothed(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let value = shares.cells().map(|(b, c)| part(b / n, c / m)).sum::<f64>();
    // The chance of an empty bin makes the exact expectation infinite: the textbook one is given.
    let freedom = shares.occupied().saturating_sub(1) as f64;
    let unit = 1.0 / n + 1.0 / m;
    let p = crate::law::chi_squared::survival(value / unit, freedom);
    Score::checked(value, 0.0, Some(freedom * unit), Some(p))
}
