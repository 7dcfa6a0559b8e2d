//! Quality without labels: what calibrated scores promise (confidence-based performance estimation, CBPE).
//!
//! A row with probability c of a positive label counts c of a positive and 1 - c of a negative. That holds as long as the
//! relation of score and label is that of the reference: it sees what a shift of the inputs does to quality, and nothing of
//! concept drift.

use statrs::function::gamma::digamma;

use crate::binary::Binary;
use crate::calibration::{Calibrate, Calibrator};
use crate::sampling::{self, Noise};
use crate::score::Undefined;

/// Sampling errors to either side of an estimate that its band reaches.
pub(crate) const BAND: f64 = 3.0;

/// What to expect of a metric, and of its realised value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Name of the metric.
    pub metric: &'static str,
    /// The estimate.
    pub value: f64,
    /// Standard deviation to expect of the realised value.
    pub sampling_error: f64,
    /// Three sampling errors below, at least 0.
    pub lower: f64,
    /// Three sampling errors above, at most what the metric can be.
    pub upper: f64,
    /// Rows that the estimate is of: all with a score and a decision, labelled or not.
    pub rows: u64,
}

/// Rows by decision and label as they are expected to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExpectedOutcomes {
    /// Label negative, decided negative.
    pub true_negatives: f64,
    /// Label negative, decided positive.
    pub false_positives: f64,
    /// Label positive, decided negative.
    pub false_negatives: f64,
    /// Label positive, decided positive.
    pub true_positives: f64,
}

/// What a reference with labels says about rows without.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimator {
    calibrator: Calibrator,
    noise: Vec<(&'static str, Noise)>,
}

impl Estimator {
    /// Learns from a reference with labels.
    ///
    /// # Errors
    /// [`Undefined::NoScores`] where no row of the reference has both score and label.
    pub fn new(reference: &Binary, calibrate: Calibrate) -> Result<Self, Undefined> {
        let levels = reference.levels();
        let calibrator = Calibrator::learn(&levels, calibrate)?;
        let mut noise = sampling::of_decisions(&reference.outcomes()).to_vec();
        noise.push(("auc", sampling::of_order(&levels)));
        noise.push(("average_precision", sampling::of_average_precision(&levels)));
        Ok(Self { calibrator, noise })
    }

    /// The function from scores to probabilities.
    #[must_use]
    pub fn calibrator(&self) -> &Calibrator {
        &self.calibrator
    }

    /// Rows by decision and label as the scores promise them.
    #[must_use]
    pub fn outcomes(&self, state: &Binary) -> ExpectedOutcomes {
        let mut outcomes = ExpectedOutcomes::default();
        for (score, [negative, positive]) in state.decided() {
            let probability = self.calibrator.probability(score);
            let (negative, positive) = (negative as f64, positive as f64);
            outcomes.true_negatives += negative * (1.0 - probability);
            outcomes.false_negatives += negative * probability;
            outcomes.false_positives += positive * (1.0 - probability);
            outcomes.true_positives += positive * probability;
        }
        outcomes
    }

    /// Estimates of accuracy, precision, recall, true negative rate, F1, AUC and average precision, each with its band or
    /// the reason why there is none.
    #[must_use]
    pub fn estimates(&self, state: &Binary) -> Vec<(&'static str, Result<Estimate, Undefined>)> {
        let levels: Vec<(f64, f64)> = state
            .decided()
            .into_iter()
            .map(|(score, [negative, positive])| {
                (self.calibrator.probability(score), (negative + positive) as f64)
            })
            .collect();
        let o = self.outcomes(state);
        let ratio =
            |part: f64, rest: f64, none| if part + rest > 0.0 { Ok(part / (part + rest)) } else { Err(none) };
        let right = o.true_positives + o.true_negatives;
        let wrong = o.false_positives + o.false_negatives;
        let values = [
            ("accuracy", ratio(right, wrong, Undefined::NoScores)),
            ("precision", ratio(o.true_positives, o.false_positives, Undefined::NoPredictedPositives)),
            ("recall", ratio(o.true_positives, o.false_negatives, Undefined::NoPositives)),
            ("true_negative_rate", ratio(o.true_negatives, o.false_positives, Undefined::NoNegatives)),
            ("f1", ratio(o.true_positives, wrong / 2.0, Undefined::NoPositives)),
            ("auc", auc(&levels)),
            ("average_precision", average_precision(&levels)),
        ];
        let rows = state.scored();
        let none = |reason| if rows > 0 { reason } else { Undefined::NoScores };
        values
            .map(|(metric, value)| (metric, value.map_err(none).and_then(|v| self.banded(metric, v, rows))))
            .into()
    }

    fn banded(&self, metric: &'static str, value: f64, rows: u64) -> Result<Estimate, Undefined> {
        let noise = self.noise.iter().find(|(name, _)| *name == metric).map(|(_, noise)| *noise);
        banded(metric, value, noise.ok_or(Undefined::TooFewRows)?.error(rows), rows)
    }
}

/// An estimate of a share with its band.
pub(crate) fn banded(
    metric: &'static str,
    value: f64,
    sampling_error: f64,
    rows: u64,
) -> Result<Estimate, Undefined> {
    if !sampling_error.is_finite() {
        return Err(Undefined::TooFewRows);
    }
    let (lower, upper) = (value - BAND * sampling_error, value + BAND * sampling_error);
    Ok(Estimate { metric, value, sampling_error, lower: lower.max(0.0), upper: upper.min(1.0), rows })
}

/// The area that probabilities promise: negatives below and half of those at the same score, for each positive.
/// `levels` are probability and rows by ascending score.
pub(crate) fn auc(levels: &[(f64, f64)]) -> Result<f64, Undefined> {
    let (mut below, mut right, mut positives) = (0.0, 0.0, 0.0);
    for (probability, rows) in levels {
        let (positive, negative) = (probability * rows, (1.0 - probability) * rows);
        right += positive * (below + negative / 2.0);
        below += negative;
        positives += positive;
    }
    match (positives > 0.0, below > 0.0) {
        (true, true) => Ok(right / positives / below),
        (false, _) => Err(Undefined::NoPositives),
        (_, false) => Err(Undefined::NoNegatives),
    }
}

/// Average precision, rows one after the other: those of one score are alike, so their order does not matter.
fn average_precision(levels: &[(f64, f64)]) -> Result<f64, Undefined> {
    let (mut hits, mut above, mut sum) = (0.0, 0.0, 0.0);
    for (probability, rows) in levels.iter().rev() {
        // Sum over i to `rows` of (hits + i c) / (above + i).
        let steps = digamma(above + rows + 1.0) - digamma(above + 1.0);
        sum += probability * (probability * rows + (hits - above * probability) * steps);
        hits += probability * rows;
        above += rows;
    }
    if hits > 0.0 { Ok(sum / hits) } else { Err(Undefined::NoPositives) }
}

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
    fn calibrated_scores_promise_what_they_say() {
        let reference = of(&[0.2, 0.2, 0.8, 0.8, 0.8], &[0.0, 0.0, 1.0, 1.0, 0.0]);
        let estimator = Estimator::new(&reference, Calibrate::WhereItHelps).unwrap();
        let plain = Estimator { calibrator: Calibrator::default(), ..estimator };
        let state = of(&[0.25, 0.75, 0.75, 0.5], &[]);
        let expected = ExpectedOutcomes {
            true_negatives: 0.75,
            false_positives: 1.0,
            false_negatives: 0.25,
            true_positives: 2.0,
        };
        assert_eq!(plain.outcomes(&state), expected);
        let estimates = plain.estimates(&state);
        let value = |name: &str| estimates.iter().find(|(n, _)| *n == name).unwrap().1.unwrap().value;
        assert_eq!(
            (value("accuracy"), value("precision"), value("recall")),
            (2.75 / 4.0, 2.0 / 3.0, 2.0 / 2.25)
        );
        // Row by row: precision 0.75 twice, then 2/3, then 2.25/4.
        let average = (1.5 * 0.75 + 0.5 * 2.0 / 3.0 + 0.25 * 2.25 / 4.0) / 2.25;
        assert!((value("average_precision") - average).abs() < 1e-12);
        for (_, estimate) in &estimates {
            let estimate = estimate.unwrap();
            assert!(0.0 <= estimate.lower && estimate.lower <= estimate.value && estimate.upper <= 1.0);
            assert_eq!(estimate.rows, 4);
        }
    }

    #[test]
    fn no_estimate_without_rows_or_reference() {
        assert_eq!(Estimator::new(&Binary::default(), Calibrate::WhereItHelps), Err(Undefined::NoScores));
        let estimator =
            Estimator::new(&of(&[0.2, 0.6, 0.8], &[0.0, 1.0, 1.0]), Calibrate::WhereItHelps).unwrap();
        assert!(estimator.estimates(&Binary::default()).iter().all(|(_, e)| *e == Err(Undefined::NoScores)));
        let one_class = Estimator::new(&of(&[0.2, 0.6], &[1.0, 1.0]), Calibrate::WhereItHelps).unwrap();
        for (name, estimate) in one_class.estimates(&of(&[0.3, 0.9], &[])) {
            let known = estimate.is_ok_and(|estimate| estimate.sampling_error.is_finite());
            assert!(known || estimate == Err(Undefined::TooFewRows), "{name} {estimate:?}");
        }
    }
}
