//! Was the model right, for whom, and why: quality, bias and attributions from mergeable counts.
//!
//! Predictions that met their labels are observed into a *state*: integer counts and exact sums that merge to the same
//! bytes whatever the split and the order. Every metric is a record in [`ALL`]: a name, a range, a direction and a function
//! from a state to a [`Score`] (with its standard error and error bound) or the reason why there is none ([`Undefined`]).
//!
//! | question | state | exact |
//! | --- | --- | --- |
//! | one of two classes | [`Binary`] | all but the order of scores beyond [`MOST_VALUES`] different ones |
//! | one of several | [`Multiclass`] | the same, class by class; names up to [`MOST_CLASSES`] |
//! | a number | [`Regression`] | all but the median error beyond [`MOST_VALUES`] different sizes |
//! | an order of items | [`Ranking`], of the items that [`Queries`] brings together | all |
//!
//! Without labels, [`Estimator`] and [`ClassEstimator`] say what calibrated scores promise, and [`PredictionErrors`] what error
//! predictions usually have; each learns from a reference with labels.
//!
//! [`bias`] compares groups, [`attribution`] explanations, [`concept`] how labels depend on inputs; [`join`] brings records and
//! their labels together, and is the one module that sees Arrow and a file. [`model_monitor`] repeats the arithmetic of SageMaker
//! Model Monitor. No clock and no environment are seen, and no
//! input makes any of it panic.
//!
//! ```
//! use quality::{BinaryRows, Decisions, Problem, State};
//!
//! let mut january = quality::Binary::default();
//! january.observe(&BinaryRows {
//!     scores: &[0.1, 0.4, 0.35, 0.8],
//!     decisions: Decisions::AtLeast(0.5),
//!     labels: &[0.0, 0.0, 1.0, 1.0],
//! });
//! let scores = State::Binary(january).scores();
//! let (_, auc) = scores.iter().find(|(metric, _)| metric.name == "auc").expect("binary problems have an AUC");
//! assert_eq!(auc.map(|score| score.value), Ok(0.75));
//! ```
//!
//! To add a metric, add its record to the `METRICS` of the file it belongs to: the laws in `laws.rs` then apply to it.

pub mod attribution;
mod auc;
mod average_precision;
pub mod bias;
mod binary;
mod calibration;
mod cells;
mod change;
mod class_counts;
mod class_estimate;
mod class_metrics;
pub mod concept;
mod curves;
mod estimate;
mod folds;
mod grid;
pub mod join;
#[cfg(test)]
mod laws;
mod metric;
pub mod model_monitor;
mod multiclass;
mod noise;
mod outcomes;
mod prediction_errors;
mod probability;
mod queries;
mod ranking;
mod regression;
mod regression_metrics;
mod sampling;
mod score;
mod state;

pub use binary::{Binary, BinaryCounts, BinaryRows, CALIBRATION_BINS, Decisions};
pub use calibration::{Calibrate, Calibrator};
pub use cells::MOST_VALUES;
pub use change::Change;
pub use class_counts::{Class, ClassCounts, MOST_CLASSES};
pub use class_estimate::{ClassEstimator, Promises};
pub use curves::{Curve, CurvePoint, curve};
pub use estimate::{Estimate, Estimator, ExpectedOutcomes};
pub use metric::{Better, Measure, Metric, Problem};
pub use multiclass::{Multiclass, MulticlassCounts, MulticlassRows, OtherClasses};
pub use outcomes::Outcomes;
pub use prediction_errors::PredictionErrors;
pub use probability::Calibration;
pub use queries::Queries;
pub use ranking::{Ranking, ndcg};
pub use regression::{Regression, RegressionCounts};
pub use regression_metrics::quantile_loss;
pub use score::{Score, Undefined};
pub use state::{Mismatch, State};

/// Every metric, family by family.
pub const ALL: &[&[Metric]] = &[
    outcomes::METRICS,
    auc::METRICS,
    average_precision::METRICS,
    probability::METRICS,
    class_metrics::METRICS,
    regression_metrics::METRICS,
    ranking::METRICS,
];

/// Every metric of a problem, in the order of [`ALL`].
pub fn metrics(problem: Problem) -> impl Iterator<Item = &'static Metric> {
    ALL.iter().copied().flatten().filter(move |metric| metric.problem == problem)
}

/// The metric of this name.
#[must_use]
pub fn metric(problem: Problem, name: &str) -> Option<&'static Metric> {
    metrics(problem).find(|metric| metric.name == name)
}
