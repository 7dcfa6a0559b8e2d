//! ROC and precision-recall curves, for charts.

use serde::Serialize;

use crate::auc::{totals, two_classes};
use crate::binary::Binary;
use crate::score::Undefined;

/// What deciding positive from a threshold on would give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Positive from this score on; infinite for the point where nothing is.
    pub threshold: f64,
    /// Share of negatives that are decided positive.
    pub false_positive_rate: f64,
    /// Share of positives that are decided positive: recall.
    pub true_positive_rate: f64,
    /// Share of what is decided positive that is; 1 where nothing is, as scikit-learn has it.
    pub precision: f64,
}

/// Both curves in one: from the threshold that nothing reaches down to the lowest score. At most `points` of them (two or
/// more), the ends among them; those between are chosen evenly along both axes.
///
/// # Errors
/// [`Undefined`] where labels are not of both classes, or no labelled row has a score.
pub fn curve(state: &Binary, points: usize) -> Result<Vec<CurvePoint>, Undefined> {
    let levels = two_classes(state)?;
    let (negatives, positives) = totals(&levels);
    let (n, p) = (negatives as f64, positives as f64);
    let start = CurvePoint {
        threshold: f64::INFINITY,
        false_positive_rate: 0.0,
        true_positive_rate: 0.0,
        precision: 1.0,
    };
    let (mut curve, mut hits, mut misses) = (vec![start], 0_u64, 0_u64);
    // A step along both axes together is 2 in length.
    let step = 2.0 / (points.max(2) - 1) as f64;
    let mut due = step;
    let last = levels.len() - 1;
    for (index, (score, level)) in levels.iter().rev().enumerate() {
        hits += level.positives;
        misses += level.negatives;
        let (tpr, fpr) = (hits as f64 / p, misses as f64 / n);
        if levels.len() < points || tpr + fpr >= due || index == last {
            due = tpr + fpr + step;
            curve.push(CurvePoint {
                threshold: *score,
                false_positive_rate: fpr,
                true_positive_rate: tpr,
                precision: hits as f64 / (hits + misses) as f64,
            });
        }
    }
    Ok(curve)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::{BinaryRows, Decisions};

    #[test]
    fn ends_are_there_however_few_points() {
        let scores: Vec<f64> = (0..1000_u32).map(|i| f64::from(i) / 1000.0).collect();
        let labels: Vec<f64> = (0..1000_u32).map(|i| f64::from(u8::from(i * 7 % 1000 < i))).collect();
        let mut state = Binary::default();
        state.observe(&BinaryRows { scores: &scores, decisions: Decisions::AtLeast(0.5), labels: &labels });
        for points in [0, 2, 10, 100, 5000] {
            let curve = curve(&state, points).unwrap();
            assert!(curve.len() <= points.max(2) + 1, "{points}: {}", curve.len());
            let (first, last) = (curve[0], curve[curve.len() - 1]);
            assert_eq!((first.false_positive_rate, first.true_positive_rate), (0.0, 0.0));
            assert_eq!((last.false_positive_rate, last.true_positive_rate), (1.0, 1.0));
            assert!(curve.is_sorted_by(|a, b| a.threshold > b.threshold));
        }
        assert_eq!(curve(&state, 5000).unwrap().len(), 1001);
        assert_eq!(curve(&Binary::default(), 10), Err(Undefined::NoScores));
    }
}
