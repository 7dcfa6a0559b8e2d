//! Jensen-Shannon distance: how far two binnings lie from their average.
//!
//! J = sqrt(JSD), JSD = (KL(p || a) + KL(q || a)) / 2, a = (p + q) / 2. In base 2 the range is 0 to
//! 1; symmetric; default threshold 0.1. Source: Lin (1991), Endres and Schindelin (2003). Not with a
//! fixed threshold over many categories and few rows, where chance alone lifts it above any.

use crate::input::Shares;
use crate::law::binomial::deviance;
use crate::law::divergence::Chance;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};
use std::f64::consts::LN_2;

/// Distance, base 2, no smoothing.
pub(crate) const JENSEN_SHANNON: Metric = Metric {
    name: "jensen_shannon",
    title: "Jensen-Shannon distance",
    method: "distance/log2",
    range: (0.0, 1.0),
    symmetric: true,
    threshold: 0.1,
    floor: None,
    reference: "Lin 1991, IEEE Trans. Inf. Theory 37(1); Endres and Schindelin 2003",
    page: "\
J = sqrt((KL(p||a) + KL(q||a)) / 2), a = (p+q)/2, logarithms to base 2, no smoothing.
Range 0 to 1, symmetric. SciPy's jensenshannon(base=2), NannyML's and Azure's choice.
Expected without drift: sqrt((k-1)(1/n + 1/m) / (8 ln 2)) for k well-filled bins: 0.28 for 500
categories at 10,000 and 1,000 rows. p-value: chi-squared, stretched to the expectation; none with
fewer rows than bins.
Not with a fixed threshold over many categories and few rows.",
    measure: Measure::Shares(|shares| distance(shares, LN_2)),
};

/// Distance with natural logarithms.
pub(crate) const EVIDENTLY: Metric = Metric {
    name: "jensen_shannon.evidently",
    title: "Jensen-Shannon distance (Evidently)",
    method: "distance/ln",
    range: (0.0, 0.832_554_611_157_697_8),
    reference: "Evidently 0.7, stattests/jensenshannon.py",
    page: "\
The distance with natural logarithms: range 0 to sqrt(ln 2) = 0.8326, not 1. Symmetric.",
    measure: Measure::Shares(|shares| distance(shares, 1.0)),
    ..JENSEN_SHANNON
};

/// Divergence, base 2.
pub(crate) const TFDV: Metric = Metric {
    name: "jensen_shannon.tfdv",
    title: "Jensen-Shannon divergence (TFDV)",
    method: "divergence/log2",
    reference: "TensorFlow Data Validation, anomalies/metrics.cc; Vertex AI",
    page: "\
The divergence to base 2, the square of the distance: range 0 to 1, symmetric.",
    measure: Measure::Shares(tfdv),
    ..JENSEN_SHANNON
};

/// As popmon takes it of raw counts.
pub(crate) const POPMON: Metric = Metric {
    name: "jensen_shannon.popmon",
    title: "Jensen-Shannon divergence (popmon)",
    method: "divergence/counts/add1e-5/ln",
    range: (0.0, f64::INFINITY),
    reference: "popmon, analysis/comparison/comparisons.py",
    page: "\
The divergence's formula on raw counts plus 0.00001, natural logarithms. Range 0 upwards, symmetric.
Grows with traffic: only for comparison with popmon.",
    measure: Measure::Shares(popmon),
    ..JENSEN_SHANNON
};

/// popmon's formula on shares.
pub(crate) const POPMON_SHARES: Metric = Metric {
    name: "jensen_shannon.popmon_shares",
    title: "Jensen-Shannon divergence (popmon, on shares)",
    method: "divergence/add1e-5/ln",
    reference: "popmon, analysis/comparison/comparisons.py",
    page: "\
The divergence with 0.00001 added to every share, natural logarithms. Range 0 to about ln 2,
symmetric.",
    measure: Measure::Shares(popmon_shares),
    ..JENSEN_SHANNON
};

/// One bin's part of the divergence in natural units, without cancellation.
fn part(p: f64, q: f64) -> f64 {
    let average = (p + q) / 2.0;
    if average > 0.0 { (deviance(p, average) + deviance(q, average)) / 2.0 } else { 0.0 }
}

fn divergence(shares: &Shares<'_>) -> Result<(f64, Chance), Undefined> {
    let (n, m) = shares.rows()?;
    let cell = |b: f64, c: f64| part(b / n, c / m);
    let value = shares.cells().map(|(b, c)| cell(b, c)).sum::<f64>().min(LN_2);
    Ok((value, Chance::new(shares, (n, m), 0.125, cell)))
}

fn distance(shares: &Shares<'_>, ln_base: f64) -> Result<Score, Undefined> {
    let (value, chance) = divergence(shares)?;
    chance.root_score(value, ln_base.sqrt().recip())
}

fn tfdv(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (value, chance) = divergence(shares)?;
    let score = chance.score(value)?;
    Score::checked(value / LN_2, 0.0, score.expected.map(|e| e / LN_2), score.p_value)
}

/// The parts written out: on raw counts the shortened form would add the difference of the totals.
fn shifted(p: f64, q: f64) -> f64 {
    let average = (p + q) / 2.0 + 1e-5;
    let side = |x: f64| (x + 1e-5) * ((x + 1e-5) / average).ln();
    (side(p) + side(q)) / 2.0
}

fn popmon(shares: &Shares<'_>) -> Result<Score, Undefined> {
    shares.rows()?;
    let value: f64 = shares.cells().map(|(b, c)| shifted(b, c)).sum();
    Score::checked(value.max(0.0), 0.0, None, None)
}

fn popmon_shares(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let value: f64 = shares.cells().map(|(b, c)| shifted(b / n, c / m)).sum();
    Score::checked(value.max(0.0), 0.0, None, None)
}
