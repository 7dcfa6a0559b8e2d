//! Scores as probabilities: log loss, Brier score and calibration error.

use serde::Serialize;

use crate::binary::{Binary, CALIBRATION_BINS};
use crate::metric::{Better, Measure, Metric, Problem};
use crate::noise::of_mean;
use crate::score::{Score, Undefined};

/// Rows of one bin of predicted probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// The bin: `lower <= score < upper`, the last with its upper end.
    pub lower: f64,
    /// Upper end of the bin.
    pub upper: f64,
    /// Labelled rows.
    pub rows: u64,
    /// Mean score; `None` without rows.
    pub predicted: Option<f64>,
    /// Share of positive labels; `None` without rows.
    pub observed: Option<f64>,
}

impl Binary {
    /// Predicted against observed probability over bins of equal width (a reliability curve); exact always.
    #[must_use]
    pub fn calibration(&self) -> Vec<Calibration> {
        let edge = |index: usize| index as f64 / CALIBRATION_BINS as f64;
        let bins = self.bins().iter().enumerate();
        bins.map(|(index, bin)| {
            let rows = bin.residuals.values();
            let observed = (rows > 0).then(|| bin.positives as f64 / rows as f64);
            // The mean residual is the mean score less the share of positives.
            let predicted = bin.residuals.mean().zip(observed).map(|(mean, share)| mean + share);
            Calibration { lower: edge(index), upper: edge(index + 1), rows, predicted, observed }
        })
        .collect()
    }
}

fn log_loss(state: &Binary) -> Result<Score, Undefined> {
    let losses = state.log_losses();
    Score::exact(losses.mean().ok_or(Undefined::NoScores)?, of_mean(losses), losses.values())
}

fn brier(state: &Binary) -> Result<Score, Undefined> {
    let squares = state.squares();
    Score::exact(squares.mean().ok_or(Undefined::NoScores)?, of_mean(squares), squares.values())
}

fn calibration_error(state: &Binary) -> Result<Score, Undefined> {
    let squares = state.squares();
    let rows = squares.values() as f64;
    let brier = squares.mean().ok_or(Undefined::NoScores)?;
    let value = state.bins().iter().map(|bin| bin.residuals.sum().abs()).sum::<f64>() / rows;
    // The mean of residuals that take the sign of their bin; their squares are those of the Brier score.
    let error = ((brier - value * value).max(0.0) / rows).sqrt();
    Score::exact(value, Some(error), squares.values())
}

const LOSS: Metric = Metric {
    name: "log_loss",
    title: "Log loss",
    problem: Problem::Binary,
    range: (0.0, f64::INFINITY),
    better: Better::Lower,
    standard_error: "moments",
    reference: "Good 1952; scikit-learn log_loss",
    page: "\
Mean of -ln p(label), p kept 2^-52 from 0 and 1. Range 0 upwards, in nats; ln 2 for a coin. Exact for any
number of scores.",
    measure: Measure::Binary(log_loss),
};

/// The metrics of this file.
pub(crate) const METRICS: &[Metric] = &[
    LOSS,
    Metric {
        name: "brier",
        title: "Brier score",
        range: (0.0, 1.0),
        reference: "Brier 1950; scikit-learn brier_score_loss",
        page: "Mean of (score - label)^2. Range 0 to 1; 0.25 for a coin. Exact for any number of scores.",
        measure: Measure::Binary(brier),
        ..LOSS
    },
    Metric {
        name: "expected_calibration_error",
        title: "Expected calibration error",
        range: (0.0, 1.0),
        reference: "Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017",
        page: "\
Mean over rows of |mean score - share of positives| of the row's bin, ten bins of equal width. Range 0 to
1. Never quite 0 by chance: its standard error says little below twice its own size. Exact for any number
of scores.",
        measure: Measure::Binary(calibration_error),
        ..LOSS
    },
];
