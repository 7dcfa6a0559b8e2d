//! What predictions promise before labels arrive, beside what labels then say.

use quality::{ClassEstimator, Estimate, Estimator, PredictionErrors, Problem, State, Undefined};

use super::{Sides, Turned, model_quality::status};
use crate::tables::Family;

/// Estimates, each after the metric that it is of.
pub(crate) const ESTIMATES: [(Problem, &str, &str); 16] = [
    (Problem::Binary, "accuracy", "estimated_accuracy"),
    (Problem::Binary, "precision", "estimated_precision"),
    (Problem::Binary, "recall", "estimated_recall"),
    (Problem::Binary, "true_negative_rate", "estimated_true_negative_rate"),
    (Problem::Binary, "f1", "estimated_f1"),
    (Problem::Binary, "auc", "estimated_auc"),
    (Problem::Binary, "average_precision", "estimated_average_precision"),
    (Problem::Multiclass, "accuracy", "estimated_accuracy"),
    (Problem::Multiclass, "macro_precision", "estimated_macro_precision"),
    (Problem::Multiclass, "macro_recall", "estimated_macro_recall"),
    (Problem::Multiclass, "macro_true_negative_rate", "estimated_macro_true_negative_rate"),
    (Problem::Multiclass, "macro_f1", "estimated_macro_f1"),
    (Problem::Multiclass, "auc_ovr_macro", "estimated_auc_ovr_macro"),
    (Problem::Regression, "mae", "estimated_mae"),
    (Problem::Regression, "mse", "estimated_mse"),
    (Problem::Regression, "rmse", "estimated_rmse"),
];

/// What a baseline with labels says about predictions without.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Promise<'a> {
    /// Of two classes.
    Binary(&'a Estimator),
    /// Of several classes; what rows promise was added up when they were counted.
    Classes(&'a ClassEstimator),
    /// Of numbers.
    Errors(&'a PredictionErrors),
}

impl Promise<'_> {
    fn estimates(self, sides: &Sides<'_>) -> Vec<(&'static str, Result<Estimate, Undefined>)> {
        let current = sides.current;
        match (self, &current.quality) {
            (Self::Binary(estimator), State::Binary(state)) => estimator.estimates(state),
            (Self::Classes(estimator), _) => {
                current.promises.as_ref().map(|promises| estimator.estimates(promises)).unwrap_or_default()
            }
            (Self::Errors(before), _) => {
                current.errors.as_ref().map(|errors| before.estimates(errors)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn method(self) -> &'static str {
        let is_plain = match self {
            Self::Binary(estimator) => estimator.calibrator().is_identity(),
            Self::Classes(estimator) => estimator.calibrators().all(|(_, of)| of.is_identity()),
            Self::Errors(_) => return "errors_by_prediction",
        };
        if is_plain { "cbpe" } else { "cbpe/isotonic" }
    }
}

pub(super) fn scores(sides: &Sides<'_>) -> Vec<Turned> {
    let Some(promise) = sides.promise else { return Vec::new() };
    let before = sides.baseline.map(|baseline| baseline.quality.scores()).unwrap_or_default();
    let mut turned = Vec::new();
    for (metric, estimate) in promise.estimates(sides) {
        let is_of = |of: &&(Problem, &str, &str)| of.0 == sides.form.problem && of.1 == metric;
        let Some((.., name)) = ESTIMATES.iter().find(is_of) else { continue };
        let mut row = sides.blank(Family::ModelQuality, name, format!("{metric}/{}", promise.method()));
        let realised =
            before.iter().find(|(other, _)| other.name == metric).and_then(|(_, score)| score.ok());
        row.baseline_value = realised.map(|score| score.value);
        row.baseline_rows = realised.map_or(0, |score| score.rows);
        turned.push(match estimate {
            Ok(estimate) => {
                row.value = Some(estimate.value);
                row.standard_error = Some(estimate.sampling_error);
                row.rows = estimate.rows;
                Turned::recorded(row)
            }
            Err(undefined) => Turned::without(row, status(undefined), undefined),
        });
    }
    turned
}
