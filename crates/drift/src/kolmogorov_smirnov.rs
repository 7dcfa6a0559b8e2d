//! Kolmogorov-Smirnov distance: the largest gap between the two distribution functions.
//!
//! D = max over x of |F(x) - G(x)|. Range 0 to 1, symmetric, default threshold 0.1.
//! Source: Smirnov (1939); p-value after Simard and L'Ecuyer (2011). Not for categories, and weak
//! where only a tail moves.

use crate::input::{Point, Ranks};
use crate::law::kolmogorov;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

const PAGE: &str = "\
D = max over x of |F(x) - G(x)|, F and G the distribution functions of baseline and current.
Range 0 to 1; a share of rows. Symmetric.
Expected without drift: 0.8687 * sqrt(1/n + 1/m). p-value: law of one sample of nm/(n+m) rows.
Slots: evaluated at the boundaries; the error bound is what rows inside one slot could add.
Use it for numbers of any scale. It hardly notices a change that stays within a small tail.";

/// The distance itself.
pub(crate) const KOLMOGOROV_SMIRNOV: Metric = Metric {
    name: "kolmogorov_smirnov",
    title: "Kolmogorov-Smirnov distance",
    method: "two_sided/kstwo",
    range: (0.0, 1.0),
    symmetric: true,
    threshold: 0.1,
    floor: Some(0.03),
    reference: "Smirnov 1939; Simard and L'Ecuyer 2011, J. Stat. Softw. 39(11)",
    page: PAGE,
    measure: Measure::Ranks(score),
};

/// With the exact law of two samples up to 10,000 rows a side.
pub(crate) const EXACT: Metric = Metric {
    name: "kolmogorov_smirnov.exact",
    title: "Kolmogorov-Smirnov distance, exact p-value",
    method: "two_sided/exact",
    floor: None,
    reference: "Hodges 1957, Ark. Mat. 3(5)",
    page: "\
D = max |F - G| as kolmogorov_smirnov, range 0 to 1, symmetric.
p-value: the exact law of two samples without ties, counted over lattice paths, up to 10,000 rows
a side; beyond that the law of one sample. The choice that SciPy and Evidently make by default.
Costs n*m steps: not for many features.",
    measure: Measure::Ranks(exact),
    ..KOLMOGOROV_SMIRNOV
};

/// Scaled, as popmon reports it.
pub(crate) const POPMON: Metric = Metric {
    name: "kolmogorov_smirnov.popmon",
    title: "Kolmogorov-Smirnov statistic (popmon)",
    method: "two_sided/scaled/limit",
    range: (0.0, f64::INFINITY),
    threshold: 1.36,
    floor: None,
    reference: "Kolmogorov 1933; popmon",
    page: "\
D * sqrt(nm/(n+m)), range 0 upwards, symmetric; p-value by Kolmogorov's limit.
Threshold: the 5 % point of the limit. Grows with the row counts: not a measure of how large a
drift is.",
    measure: Measure::Ranks(popmon),
    ..KOLMOGOROV_SMIRNOV
};

/// Model Monitor's "robust" form.
pub(crate) const DEEQU_ROBUST: Metric = Metric {
    name: "kolmogorov_smirnov.deequ_robust",
    title: "Kolmogorov-Smirnov distance, robust (Deequ)",
    method: "two_sided/less1.8",
    floor: None,
    reference: "Deequ, analyzers/Distance.scala; SageMaker Model Monitor",
    page: "\
max(0, D - 1.8 * sqrt((n+m)/(nm))), range 0 to 1, symmetric, with true row counts.
The allowance is 0.255 at 100 rows a side: small windows can hardly drift.",
    measure: Measure::Ranks(deequ_robust),
    ..KOLMOGOROV_SMIRNOV
};

/// Rows up to which the exact law of two samples is counted.
const EXACT_ROWS: f64 = 10_000.0;

/// D, and how much larger it could be if the rows inside slots were known.
fn distance(ranks: &Ranks<'_>, n: f64, m: f64) -> (f64, f64) {
    let (mut distance, mut attainable) = (0.0_f64, 0.0_f64);
    for step in ranks.steps(n, m) {
        distance = distance.max(step.after.abs());
        if !step.exact() {
            attainable = attainable.max(step.most).max(-step.least);
        }
    }
    (distance.min(1.0), (attainable.min(1.0) - distance).max(0.0))
}

/// Rows of the one sample whose law stands in for that of two.
fn effective_rows(n: f64, m: f64) -> f64 {
    (n * (m / (n + m))).round_ties_even()
}

/// Distance to expect without drift: mean of Kolmogorov's law.
fn expected(n: f64, m: f64) -> f64 {
    (0.8687 * (1.0 / n + 1.0 / m).sqrt()).min(1.0)
}

fn score(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    let (value, error_bound) = distance(ranks, n, m);
    let p = kolmogorov::survival(value, effective_rows(n, m));
    Score::checked(value, error_bound, Some(expected(n, m)), p)
}

fn exact(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    let (value, error_bound) = distance(ranks, n, m);
    let p = if n.max(m) <= EXACT_ROWS {
        Some(lattice(ranks.points, value))
    } else {
        kolmogorov::survival(value, effective_rows(n, m))
    };
    Score::checked(value, error_bound, Some(expected(n, m)), p)
}

fn popmon(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    let (value, error_bound) = distance(ranks, n, m);
    let scale = (n * (m / (n + m))).sqrt();
    Score::checked(value * scale, error_bound * scale, Some(0.8687), Some(kolmogorov::limit(value * scale)))
}

fn deequ_robust(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    let (value, error_bound) = distance(ranks, n, m);
    Score::checked((value - robust_allowance(n, m)).max(0.0), error_bound, None, None)
}

/// What the robust form takes off.
pub(crate) fn robust_allowance(n: f64, m: f64) -> f64 {
    1.8 * (1.0 / n + 1.0 / m).sqrt()
}

/// Probability that a random path from one corner of an n by m lattice to the other ever strays
/// `distance` from the diagonal. Straying paths are what is summed, so that no digits cancel.
fn lattice(points: &[Point], distance: f64) -> f64 {
    let n: u64 = points.iter().map(|p| p.baseline).sum();
    let m: u64 = points.iter().map(|p| p.current).sum();
    let (n_rows, m_rows) = (n as f64, m as f64);
    // |i m - j n| are whole numbers: half a step of slack decides equality safely.
    let limit = distance * n_rows * m_rows - 0.5;
    let mut row = vec![0.0; usize::try_from(m).unwrap_or(0) + 1];
    let mut strayed = 0.0;
    for i in 0..=n {
        let up = i as f64;
        let mut from_left = 0.0;
        for (j, cell) in row.iter_mut().enumerate() {
            let right = j as f64;
            let left = n_rows + m_rows - up - right;
            // `cell` still holds the row below; the step up happens with the share of rows left there.
            let mut reached = from_left;
            if i > 0 {
                reached += *cell * (n_rows - up + 1.0) / (left + 1.0);
            } else if j == 0 {
                reached = 1.0;
            }
            if (up * m_rows - right * n_rows).abs() >= limit {
                strayed += reached;
                reached = 0.0;
            }
            *cell = reached;
            from_left = if left > 0.0 { reached * (m_rows - right) / left } else { 0.0 };
        }
    }
    strayed.min(1.0)
}

/// Whether a drift as large as `floor` above the expectation would be seen at these row counts:
/// whether its p-value would be below 0.01.
#[must_use]
pub fn detectable(floor: f64, baseline_rows: u64, current_rows: u64) -> bool {
    let (n, m) = (baseline_rows as f64, current_rows as f64);
    if baseline_rows == 0 || current_rows == 0 || floor.is_nan() {
        return false;
    }
    let (value, rows) = ((expected(n, m) + floor).min(1.0), effective_rows(n, m));
    // Massart's bound (1990) holds for any number of rows, and settles most questions without the exact law.
    if 2.0 * (-2.0 * rows * value * value).exp() < 0.01 {
        return true;
    }
    kolmogorov::survival(value, rows).is_some_and(|p| p < 0.01)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rows_see_more() {
        // 0.03 above the expectation of about 0.0195 at 4,000 rows a side is plain to see; at 400 it is not.
        assert!(detectable(0.03, 4_000, 4_000));
        assert!(!detectable(0.03, 400, 400));
        assert!(!detectable(0.03, 0, 10) && !detectable(f64::NAN, 10, 10));
        assert!(detectable(0.03, u64::MAX, u64::MAX));
        let first = (1..100_000).find(|rows| detectable(0.03, 10_000, *rows));
        assert!(first.is_some_and(|rows| (500..900).contains(&rows)), "{first:?}");
    }

    #[test]
    fn slots_can_only_add() {
        let slot = Point { lower: 0.0, upper: 1.0, baseline: 10, current: 10 };
        let score = score(&Ranks { points: &[slot], baseline_std_dev: 1.0 }).unwrap();
        // All of one side may lie below all of the other.
        assert!(score.value < 1e-12 && (score.error_bound - 1.0).abs() < 1e-12);
    }
}
