//! Errors by bins of prediction, and what they say about predictions without labels (a definition of this project).
//!
//! The error to expect of a row is that of the reference's rows in the same bin of prediction. As with scores, that sees what
//! a shift of the predictions does to the error, and nothing of concept drift.

use serde::{Deserialize, Serialize};
use sketch::{MOST_ROWS, Moments, ValueCounts};

use crate::estimate::{BAND, Estimate};
use crate::score::Undefined;

/// Bins that a reference is cut into, of about equally many rows.
const BINS: u32 = 20;

/// Rows and errors by bin of prediction: a reference with labels, or rows to estimate for, with or without.
///
/// Bins are left-closed and frozen: parts merge, and windows compare, only over the same edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PredictionErrors {
    edges: Vec<f64>,
    bins: Vec<Bin>,
    /// Rows whose prediction is missing or infinite.
    unusable: u64,
}

/// Rows whose predictions fall between two edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Bin {
    rows: u64,
    /// Sizes of errors, and their squares, of rows with labels.
    sizes: Moments,
    squares: Moments,
}

impl PredictionErrors {
    /// Nothing yet, over bins cut at the reference's own twentieths.
    #[must_use]
    pub fn cut(predictions: &ValueCounts) -> Self {
        let shares: Vec<f64> = (1..BINS).map(|step| f64::from(step) / f64::from(BINS)).collect();
        let mut edges = predictions.quantiles(&shares);
        edges.dedup();
        Self::over(edges)
    }

    /// Nothing yet, over the same bins.
    #[must_use]
    pub fn empty(&self) -> Self {
        Self::over(self.edges.clone())
    }

    /// Takes rows: predictions, and labels (NaN, or a column that ends early, where missing).
    pub fn observe(&mut self, predictions: &[f64], labels: &[f64]) {
        for (row, prediction) in predictions.iter().enumerate() {
            let at = self.edges.partition_point(|edge| edge <= prediction);
            let Some(bin) = self.bins.get_mut(at).filter(|_| prediction.is_finite()) else {
                self.unusable += 1;
                continue;
            };
            bin.rows += 1;
            let error = prediction - labels.get(row).copied().unwrap_or(f64::NAN);
            bin.sizes.observe(error.abs());
            bin.squares.observe(error * error);
        }
    }

    /// Adds another part over the same bins; one over others changes nothing, and is `false`.
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.edges != other.edges {
            return false;
        }
        self.unusable += other.unusable;
        for (ours, theirs) in self.bins.iter_mut().zip(&other.bins) {
            ours.rows += theirs.rows;
            ours.sizes.merge(&theirs.sizes);
            ours.squares.merge(&theirs.squares);
        }
        true
    }

    /// Rows without a usable prediction.
    #[must_use]
    pub fn unusable(&self) -> u64 {
        self.unusable
    }

    /// Estimates of MAE, MSE and RMSE of other rows over the same bins, by the errors of this reference.
    #[must_use]
    pub fn estimates(&self, rows: &Self) -> Vec<(&'static str, Result<Estimate, Undefined>)> {
        let mae = self.estimate("mae", rows, |bin| &bin.sizes);
        let mse = self.estimate("mse", rows, |bin| &bin.squares);
        let rmse = mse.and_then(|mse| {
            let value = mse.value.sqrt();
            if value > 0.0 {
                let sampling_error = mse.sampling_error / (2.0 * value);
                Ok(banded(Estimate { metric: "rmse", value, sampling_error, ..mse }))
            } else {
                Err(Undefined::Constant)
            }
        });
        vec![("mae", mae), ("mse", mse), ("rmse", rmse)]
    }

    /// Whether edges rise and every bin goes together, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let total = self.bins.iter().try_fold(self.unusable, |sum, bin| sum.checked_add(bin.rows));
        self.edges.iter().all(|edge| edge.is_finite())
            && self.edges.is_sorted_by(|a, b| a < b)
            && self.bins.len() == self.edges.len() + 1
            && total.is_some_and(|rows| rows <= MOST_ROWS)
            && self.bins.iter().all(|bin| {
                let moments = [&bin.sizes, &bin.squares];
                moments.iter().all(|moments| moments.is_sound() && moments.values() <= bin.rows)
            })
    }

    /// Nothing yet, over bins between these edges, which rise.
    #[must_use]
    pub fn over(edges: Vec<f64>) -> Self {
        let bins = vec![Bin::default(); edges.len() + 1];
        Self { edges, bins, unusable: 0 }
    }

    /// The mean loss of rows that lose what the reference's do in their bins. Its noise: that of as many rows around the means of
    /// their bins, and that of those means.
    fn estimate(
        &self,
        metric: &'static str,
        rows: &Self,
        loss: impl Fn(&Bin) -> &Moments,
    ) -> Result<Estimate, Undefined> {
        let all = rows.bins.iter().map(|bin| bin.rows).sum::<u64>();
        let n = all as f64;
        if all == 0 || self.edges != rows.edges {
            return Err(Undefined::NoRows);
        }
        let (mut value, mut variance) = (0.0, 0.0);
        for (reference, bin) in self.bins.iter().zip(&rows.bins).filter(|(_, bin)| bin.rows > 0) {
            let loss = loss(reference);
            // Of one row neither mean nor spread is known well enough.
            let known = loss.mean().zip(loss.variance()).filter(|_| loss.values() > 1);
            let (mean, spread) = known.ok_or(Undefined::TooFewRows)?;
            let (share, known) = (bin.rows as f64 / n, loss.values() as f64);
            let spread = spread * known / (known - 1.0);
            value += share * mean;
            variance += share * spread / n + share * share * spread / known;
        }
        let estimate = Estimate {
            metric,
            value,
            sampling_error: variance.sqrt(),
            lower: value,
            upper: value,
            rows: all,
        };
        if value.is_finite() && variance.is_finite() {
            Ok(banded(estimate))
        } else {
            Err(Undefined::Unbounded)
        }
    }
}

fn banded(estimate: Estimate) -> Estimate {
    let reach = BAND * estimate.sampling_error;
    Estimate { lower: (estimate.value - reach).max(0.0), upper: estimate.value + reach, ..estimate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Problem, Regression, State, metric};

    fn draw(i: u64) -> f64 {
        (sketch::hash_f64(i as f64) >> 11) as f64 / 2_f64.powi(53)
    }

    /// Predictions from `low` on, whose errors grow with them.
    fn rows(seed: u64, n: u64, low: f64) -> (Vec<f64>, Vec<f64>) {
        let predictions: Vec<f64> = (0..n).map(|i| low + draw(seed + 2 * i) * (1.0 - low)).collect();
        let error = |(i, p): (usize, &f64)| p + p * p * (draw(seed + 2 * i as u64 + 1) - 0.5);
        let labels = predictions.iter().enumerate().map(error).collect();
        (predictions, labels)
    }

    #[test]
    fn a_shift_of_predictions_is_seen_and_bands_hold() {
        let (predictions, labels) = rows(0, 20_000, 0.0);
        let mut reference = PredictionErrors::cut(&ValueCounts::new(predictions.clone()));
        reference.observe(&predictions, &labels);
        assert!(reference.is_sound());
        let (mut inside, mut windows) = (0, 0);
        for window in 0..100 {
            let (predictions, labels) = rows(1_000_000 * (window + 1), 500, 0.5);
            let mut unlabelled = reference.empty();
            unlabelled.observe(&predictions, &[f64::NAN]);
            let mut realised = Regression::default();
            realised.observe(&predictions, &labels);
            let realised = State::Regression(realised);
            for (name, estimate) in reference.estimates(&unlabelled) {
                let estimate = estimate.unwrap();
                let value =
                    realised.score(metric(Problem::Regression, name).unwrap()).unwrap().unwrap().value;
                windows += 1;
                inside += i32::from(estimate.lower <= value && value <= estimate.upper);
                // Twice that of the reference, nearly.
                let usual = (realised.problem(), name);
                assert!(estimate.sampling_error < 0.1 * estimate.value, "{usual:?} {estimate:?}");
                assert!((0.8..1.25).contains(&(value / estimate.value)), "{usual:?} {estimate:?} {value}");
            }
        }
        assert!(inside >= windows - 4, "{inside} of {windows}");
    }

    #[test]
    fn parts_merge_to_the_byte_and_bins_must_be_the_same() {
        let (predictions, labels) = rows(5, 300, 0.0);
        let mut whole = PredictionErrors::cut(&ValueCounts::new(predictions.clone()));
        let (mut left, mut right) = (whole.empty(), whole.empty());
        whole.observe(&predictions, &labels);
        left.observe(&predictions[..120], &labels);
        right.observe(&predictions[120..], &labels[120..]);
        assert!(right.merge(&left));
        let bytes = sketch::to_bytes(&whole).unwrap();
        assert_eq!(sketch::to_bytes(&right).unwrap(), bytes);
        assert_eq!(sketch::from_bytes::<PredictionErrors>(&bytes).unwrap(), whole);
        let mut other = PredictionErrors::cut(&ValueCounts::new(vec![1.0, 2.0]));
        assert!(!other.merge(&whole));
        other.observe(&[f64::NAN, f64::INFINITY, 7.0], &[]);
        assert_eq!(other.unusable(), 2);
        assert!(whole.estimates(&other).iter().all(|(_, e)| *e == Err(Undefined::NoRows)));
        assert!(other.estimates(&other).iter().all(|(_, e)| *e == Err(Undefined::TooFewRows)));
        assert!(!PredictionErrors { edges: vec![2.0, 1.0], ..whole.clone() }.is_sound());
        assert!(!PredictionErrors { bins: Vec::new(), ..whole }.is_sound());
    }
}
