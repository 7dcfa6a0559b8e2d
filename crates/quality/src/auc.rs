//! Area under the ROC curve, and what else follows from the order of scores alone.

use crate::binary::{Binary, Level, Levels};
use crate::metric::{Better, Measure, Metric, Problem};
use crate::score::{Score, Undefined};

/// Labelled rows by score, ascending, with both classes among them.
pub(crate) fn two_classes(state: &Binary) -> Result<Levels, Undefined> {
    let levels = state.levels();
    let (negatives, positives) = totals(&levels);
    match (negatives, positives) {
        (0, 0) => Err(Undefined::NoScores),
        (0, _) => Err(Undefined::NoNegatives),
        (_, 0) => Err(Undefined::NoPositives),
        _ => Ok(levels),
    }
}

/// Negatives and positives of all levels.
pub(crate) fn totals(levels: &[(f64, Level)]) -> (u64, u64) {
    levels.iter().fold((0, 0), |(n, p), (_, level)| (n + level.negatives, p + level.positives))
}

/// The probability that a positive row scores above a negative one, ties counting half, with DeLong's standard error.
/// Rows of one level of a coarse state may lie in either order, which bounds the error.
pub(crate) fn area(levels: &[(f64, Level)], coarse: bool) -> Result<Score, Undefined> {
    let (negatives, positives) = totals(levels);
    if negatives == 0 {
        return Err(Undefined::NoNegatives);
    }
    if positives == 0 {
        return Err(Undefined::NoPositives);
    }
    let (n, p) = (negatives as f64, positives as f64);
    // Twice the pairs in the right order and once those that are tied: exact in 128 bits.
    let (mut twice, mut tied, mut below) = (0_u128, 0_u128, 0_u64);
    for (_, level) in levels {
        let ties = u128::from(level.positives) * u128::from(level.negatives);
        twice += 2 * u128::from(level.positives) * u128::from(below) + ties;
        tied += ties;
        below += level.negatives;
    }
    let area = twice as f64 / (2.0 * n * p);
    // DeLong: how far the area of each row alone lies from that of all.
    let (mut of_positives, mut of_negatives) = (0.0, 0.0);
    let (mut n_below, mut p_below) = (0.0, 0.0);
    for (_, level) in levels {
        let (dn, dp) = (level.negatives as f64, level.positives as f64);
        of_positives += dp * ((n_below + dn / 2.0) / n - area).powi(2);
        of_negatives += dn * ((p - p_below - dp / 2.0) / p - area).powi(2);
        (n_below, p_below) = (n_below + dn, p_below + dp);
    }
    let variance = of_positives / (p - 1.0) / p + of_negatives / (n - 1.0) / n;
    let error = (negatives > 1 && positives > 1).then(|| variance.sqrt());
    let bound = if coarse { tied as f64 / (2.0 * n * p) } else { 0.0 };
    Score::within(area, error, bound, negatives + positives)
}

fn auc(state: &Binary) -> Result<Score, Undefined> {
    area(&two_classes(state)?, state.is_coarse())
}

/// Twice the area less 1.
fn gini(state: &Binary) -> Result<Score, Undefined> {
    let area = auc(state)?;
    let error = area.standard_error.map(|error| 2.0 * error);
    Score::within(2.0 * area.value - 1.0, error, 2.0 * area.error_bound, area.rows)
}

/// The largest difference of true and false positive rate over all thresholds.
fn separation(state: &Binary) -> Result<Score, Undefined> {
    let levels = two_classes(state)?;
    let (negatives, positives) = totals(&levels);
    let (n, p) = (negatives as f64, positives as f64);
    let (mut below, mut best, mut at, mut bound) = ((0.0, 0.0), 0.0_f64, (0.0, 0.0), 0.0_f64);
    for (_, level) in &levels {
        // A threshold inside a cell could part it as far as one of its classes goes.
        bound = bound.max((level.negatives as f64 / n).max(level.positives as f64 / p));
        below = (below.0 + level.negatives as f64 / n, below.1 + level.positives as f64 / p);
        if (below.0 - below.1).abs() > best {
            (best, at) = ((below.0 - below.1).abs(), below);
        }
    }
    let error = (at.0 * (1.0 - at.0) / n + at.1 * (1.0 - at.1) / p).max(0.0).sqrt();
    let bound = if state.is_coarse() { bound } else { 0.0 };
    Score::within(best, Some(error), bound, negatives + positives)
}

const RANKS: Metric = Metric {
    name: "auc",
    title: "Area under the ROC curve",
    problem: Problem::Binary,
    range: (0.0, 1.0),
    better: Better::Higher,
    standard_error: "delong",
    reference: "Mann and Whitney 1947; DeLong, DeLong and Clarke-Pearson 1988; scikit-learn roc_auc_score",
    page: "\
Probability that a positive row scores above a negative one, ties counting half. Range 0 to 1, 0.5 by
chance. Exact up to 32,768 different scores; beyond that with a bound from the pairs that share a cell of
the grid. No value where all labels are of one class.",
    measure: Measure::Binary(auc),
};

/// The metrics of this file.
pub(crate) const METRICS: &[Metric] = &[
    RANKS,
    Metric {
        name: "gini",
        title: "Gini coefficient of the ROC curve",
        range: (-1.0, 1.0),
        reference: "Hand and Till 2001",
        page: "2 AUC - 1. Range -1 to 1, 0 by chance. No value where all labels are of one class.",
        measure: Measure::Binary(gini),
        ..RANKS
    },
    Metric {
        name: "score_separation",
        title: "Kolmogorov-Smirnov distance of the classes' scores",
        standard_error: "influence",
        reference: "Youden 1950; scipy ks_2samp of scores by label",
        page: "\
Largest difference of true and false positive rate (in size) over all thresholds. Range 0 to 1. The
standard error takes the threshold as given. No value where all labels are of one class.",
        measure: Measure::Binary(separation),
        ..RANKS
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::{BinaryRows, Decisions};

    fn of(scores: &[f64], labels: &[f64]) -> Binary {
        let mut state = Binary::default();
        state.observe(&BinaryRows { scores, decisions: Decisions::AtLeast(0.5), labels });
        state
    }

    #[test]
    fn the_bound_holds_on_the_grid() {
        // Scores that crowd together, so that cells hold many.
        let n = 60_000_u32;
        let score = |i: u32| 0.3 + 0.02 * f64::from(i) / f64::from(n);
        let label =
            |i: u32| f64::from(u8::from(sketch::hash_f64(f64::from(i)) % u64::from(n) < u64::from(i)));
        let scores: Vec<f64> = (0..n).map(score).collect();
        let labels: Vec<f64> = (0..n).map(label).collect();
        let state = of(&scores, &labels);
        assert!(state.is_coarse());
        let (mut below, mut right) = (0_u64, 0_u64);
        for label in &labels {
            if *label == 1.0 { right += below } else { below += 1 }
        }
        let exact = right as f64 / (below as f64 * (u64::from(n) - below) as f64);
        let score = auc(&state).unwrap();
        assert!((score.value - exact).abs() <= score.error_bound, "{score:?} {exact}");
        assert!(score.error_bound > 1e-4 && score.error_bound < 0.02, "{score:?}");
        assert!((score.value - exact).abs() < 1e-3);
    }

    #[test]
    fn perfect_constant_and_one_class() {
        let perfect = auc(&of(&[0.1, 0.2, 0.8, 0.9], &[0.0, 0.0, 1.0, 1.0])).unwrap();
        assert_eq!((perfect.value, perfect.standard_error, perfect.rows), (1.0, Some(0.0), 4));
        let constant = auc(&of(&[0.5; 4], &[0.0, 1.0, 0.0, 1.0])).unwrap();
        assert_eq!((constant.value, constant.standard_error), (0.5, Some(0.0)));
        assert_eq!(auc(&of(&[0.5; 2], &[1.0; 2])), Err(Undefined::NoNegatives));
        assert_eq!(auc(&of(&[0.5; 2], &[0.0; 2])), Err(Undefined::NoPositives));
        assert_eq!(auc(&of(&[f64::NAN; 2], &[0.0, 1.0])), Err(Undefined::NoScores));
        assert_eq!(separation(&of(&[0.1, 0.9], &[0.0, 1.0])).unwrap().value, 1.0);
        assert_eq!(gini(&of(&[0.1, 0.9], &[1.0, 0.0])).unwrap().value, -1.0);
    }
}
