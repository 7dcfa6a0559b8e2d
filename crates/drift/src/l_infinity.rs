//! L-infinity distance: how far the share of the category that moved most has moved.
//!
//! L = max |p - q|. Range 0 to 1, symmetric, default threshold 0.1. Source: Breck and others (2019).
//! Not for diffuse drift: 20 points spread over 1,000 categories move it by less than 0.001.

use crate::input::Shares;
use crate::kolmogorov_smirnov::robust_allowance;
use crate::law::hypergeometric::Hypergeometric;
use crate::law::normal::{expected_largest, expected_size};
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// The largest difference of shares.
pub(crate) const L_INFINITY: Metric = Metric {
    name: "l_infinity",
    title: "L-infinity distance",
    method: "none",
    range: (0.0, 1.0),
    symmetric: true,
    threshold: 0.1,
    floor: None,
    reference: "Breck and others 2019, Data Validation for Machine Learning (TFDV)",
    page: "\
L = max over categories of |p - q|. Range 0 to 1, a difference of shares. Symmetric.
Bins that pool several categories count as rows, never as a category.
Expected without drift: mean of the largest of as many normal deviations. p-value: that of the
category that moved most (hypergeometric, two-sided), times the number of categories.
Not for diffuse drift over many categories.",
    measure: Measure::Shares(score),
};

/// Model Monitor's "robust" form.
pub(crate) const DEEQU_ROBUST: Metric = Metric {
    name: "l_infinity.deequ_robust",
    title: "L-infinity distance, robust (Deequ)",
    method: "less1.8",
    reference: "Deequ, analyzers/Distance.scala; SageMaker Model Monitor",
    page: "\
max(0, L - 1.8 * sqrt((n+m)/(nm))), range 0 to 1, symmetric. Small windows can hardly drift.",
    measure: Measure::Shares(deequ_robust),
    ..L_INFINITY
};

/// The category whose share moved most.
#[derive(Clone, Copy)]
struct Moved {
    difference: f64,
    baseline: f64,
    current: f64,
}

fn moved(shares: &Shares<'_>, n: f64, m: f64) -> Moved {
    let named = shares.bins().saturating_sub(shares.pooled);
    let mut most = Moved { difference: 0.0, baseline: 0.0, current: 0.0 };
    for (baseline, current) in shares.cells().take(named) {
        let difference = (baseline / n - current / m).abs();
        if difference > most.difference {
            most = Moved { difference, baseline, current };
        }
    }
    most
}

pub(crate) fn score(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let total = n + m;
    let named = shares.bins().saturating_sub(shares.pooled);
    let most = moved(shares, n, m);
    let named_shares = shares.cells().take(named).map(|(b, c)| (b + c) / total).filter(|share| *share > 0.0);
    let categories = named_shares.clone().count();
    // Two categories that are all there is move together: one question, not two.
    let mirrored = categories == 2 && shares.occupied() == 2;
    let variances = named_shares.map(|share| share * (1.0 - share) * (1.0 / n + 1.0 / m));
    let expected =
        if mirrored { expected_size(variances.fold(0.0, f64::max)) } else { expected_largest(variances) };
    let questions = if mirrored { 1.0 } else { categories as f64 };
    let p = if most.difference > 0.0 {
        Hypergeometric::new(most.baseline + most.current, n, m).two_sided(most.current) * questions
    } else {
        1.0
    };
    Score::checked(most.difference.min(1.0), 0.0, Some(expected.min(1.0)), Some(p.min(1.0)))
}

fn deequ_robust(shares: &Shares<'_>) -> Result<Score, Undefined> {
    let (n, m) = shares.rows()?;
    let most = moved(shares, n, m);
    Score::checked((most.difference - robust_allowance(n, m)).max(0.0), 0.0, None, None)
}
