//! The metrics of SageMaker Model Monitor, to the last digit: formulas of the registry in the order of operations, and with the
//! zeros, that reports of real jobs show.
//!
//! They are those of Spark's evaluators: F follows from precision and recall, one rate is 1 less the other, the area under the
//! ROC curve is a sum of trapezoids, and nothing over nothing is 0. Values differ from the registry's by a few units in the
//! last place, which only an agreement to the letter needs.

use crate::curves::curve;
use crate::metric::{Metric, Problem};
use crate::outcomes::Outcomes;
use crate::score::{Score, Undefined};
use crate::state::State;

/// Names of two classes.
const BINARY: &[&str] = &[
    "recall",
    "precision",
    "accuracy",
    "recall_best_constant_classifier",
    "precision_best_constant_classifier",
    "accuracy_best_constant_classifier",
    "true_positive_rate",
    "true_negative_rate",
    "false_positive_rate",
    "false_negative_rate",
    "auc",
    "f0_5",
    "f1",
    "f2",
    "f0_5_best_constant_classifier",
    "f1_best_constant_classifier",
    "f2_best_constant_classifier",
];
/// Names of several classes.
const MULTICLASS: &[&str] = &[
    "accuracy",
    "weighted_recall",
    "weighted_precision",
    "weighted_f0_5",
    "weighted_f1",
    "weighted_f2",
    "accuracy_best_constant_classifier",
    "weighted_recall_best_constant_classifier",
    "weighted_precision_best_constant_classifier",
    "weighted_f0_5_best_constant_classifier",
    "weighted_f1_best_constant_classifier",
    "weighted_f2_best_constant_classifier",
];
const REGRESSION: &[&str] = &["mae", "mse", "rmse", "r2"];

/// The metrics that it reports of a problem, in its order; none of rankings.
#[must_use]
pub fn metrics(state: &State) -> Vec<(&'static Metric, Result<Score, Undefined>)> {
    let names = match state.problem() {
        Problem::Binary => BINARY,
        Problem::Multiclass => MULTICLASS,
        Problem::Regression => REGRESSION,
        Problem::Ranking => &[],
    };
    let metrics = names.iter().filter_map(|name| crate::metric(state.problem(), name));
    metrics.filter_map(|metric| Some((metric, as_reported(metric, state, state.score(metric)?)))).collect()
}

fn as_reported(metric: &Metric, state: &State, score: Result<Score, Undefined>) -> Result<Score, Undefined> {
    let State::Binary(state) = state else { return score };
    let outcomes = state.outcomes();
    let value = match metric.name {
        "precision" if outcomes.rows() > 0 => precision(&outcomes),
        "false_negative_rate" => 1.0 - ratio(outcomes.true_positives, outcomes.positives()),
        "true_negative_rate" => 1.0 - ratio(outcomes.false_positives, outcomes.negatives()),
        "f0_5" => f_value(&outcomes, 0.25),
        "f1" => f_value(&outcomes, 1.0),
        "f2" => f_value(&outcomes, 4.0),
        "auc" => {
            let corners = curve(state, usize::MAX)?;
            let trapezoid = |[from, to]: [(f64, f64); 2]| (to.0 - from.0) * (to.1 + from.1) / 2.0;
            let place = |at: usize| (corners[at].false_positive_rate, corners[at].true_positive_rate);
            (1..corners.len()).map(|at| trapezoid([place(at - 1), place(at)])).sum()
        }
        _ => return score,
    };
    match score {
        Ok(score) => Ok(Score { value, ..score }),
        // Nothing was predicted positive, but there are rows.
        Err(Undefined::NoPredictedPositives) => Score::exact(value, None, outcomes.rows()),
        Err(undefined) => Err(undefined),
    }
}

fn precision(outcomes: &Outcomes) -> f64 {
    ratio(outcomes.true_positives, outcomes.decided_positives())
}

/// F with the square of its weight on recall.
fn f_value(outcomes: &Outcomes, square: f64) -> f64 {
    let (precision, recall) = (precision(outcomes), ratio(outcomes.true_positives, outcomes.positives()));
    let under = square * precision + recall;
    if under > 0.0 { (1.0 + square) * precision * recall / under } else { 0.0 }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::{Binary, BinaryRows, Decisions};

    fn of(scores: &[f64], labels: &[f64]) -> Vec<(&'static str, Option<f64>)> {
        let mut state = Binary::default();
        state.observe(&BinaryRows { scores, decisions: Decisions::AtLeast(0.5), labels });
        let found = metrics(&State::Binary(state)).into_iter();
        found.map(|(metric, score)| (metric.name, score.ok().map(|score| score.value))).collect()
    }

    fn value(found: &[(&str, Option<f64>)], name: &str) -> Option<f64> {
        found.iter().find(|(metric, _)| *metric == name).and_then(|(_, value)| *value)
    }

    #[test]
    fn every_name_is_in_the_registry_and_nothing_over_nothing_is_zero() {
        let found = of(&[0.1, 0.2, 0.3], &[0.0, 1.0, 0.0]);
        assert_eq!(found.len(), BINARY.len());
        assert_eq!((value(&found, "precision"), value(&found, "f1")), (Some(0.0), Some(0.0)));
        assert_eq!(value(&of(&[0.1], &[0.0]), "recall"), None, "no label is positive");
        assert_eq!(metrics(&State::Multiclass(crate::Multiclass::default())).len(), MULTICLASS.len());
        assert_eq!(metrics(&State::Regression(crate::Regression::default())).len(), REGRESSION.len());
        assert!(of(&[], &[]).iter().all(|(_, value)| value.is_none()));
    }

    #[test]
    fn the_area_is_that_of_the_registry_but_for_the_last_digits() {
        let scores: Vec<f64> = (0..997_u32).map(|i| f64::from(i * i % 499) / 499.0).collect();
        let labels: Vec<f64> = (0..997_u32).map(|i| f64::from(u8::from(i * i % 499 > i % 600))).collect();
        let mut state = Binary::default();
        state.observe(&BinaryRows { scores: &scores, decisions: Decisions::AtLeast(0.5), labels: &labels });
        let state = State::Binary(state);
        let mut other = 0;
        for (metric, theirs) in metrics(&state) {
            let (ours, theirs) = (state.score(metric).unwrap().unwrap(), theirs.unwrap());
            assert!((ours.value - theirs.value).abs() <= 1e-13, "{}", metric.name);
            assert_eq!(ours.standard_error, theirs.standard_error);
            other += u32::from(ours.value.total_cmp(&theirs.value).is_ne());
        }
        assert!(other > 0, "the order of operations shows nowhere");
    }
}
