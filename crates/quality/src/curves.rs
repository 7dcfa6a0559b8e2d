//! ROC and precision-recall curves, for charts.

use serde::Serialize;

use crate::auc::{totals, two_classes};
use crate::binary::{Binary, Level};
use crate::score::Undefined;
use crate::state::State;

/// What deciding positive from a threshold on would give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Positive from this score on; infinite for the point where nothing is.
    pub threshold: f64,
    /// Rows that are decided positive.
    pub rows: u64,
    /// Share of negatives that are decided positive.
    pub false_positive_rate: f64,
    /// Share of positives that are decided positive: recall.
    pub true_positive_rate: f64,
    /// Share of what is decided positive that is; 1 where nothing is, as scikit-learn has it.
    pub precision: f64,
}

/// The curve of one class against the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve<'a> {
    /// Its name; `None` where there are two.
    pub class: Option<&'a str>,
    /// From the threshold that nothing reaches down to the lowest score.
    pub points: Vec<CurvePoint>,
}

impl Curve<'_> {
    /// What deciding from a threshold on gives, if all scores are among the points; `None` without points.
    #[must_use]
    pub fn at(&self, threshold: f64) -> Option<&CurvePoint> {
        let above = self.points.partition_point(|point| point.threshold >= threshold);
        self.points.get(above.checked_sub(1)?)
    }
}

impl State {
    /// The curves of every class, of about so many points each; none of numbers and rankings, nor of a class that all labelled
    /// rows have, or none. See [`curve`].
    #[must_use]
    pub fn curves(&self, points: usize) -> Vec<Curve<'_>> {
        match self {
            Self::Binary(state) => {
                let points = curve(state, points);
                points.into_iter().map(|points| Curve { class: None, points }).collect()
            }
            Self::Multiclass(state) => {
                let curve = |(at, class)| {
                    let points = of_levels(&state.levels(at, |_| true), points)?;
                    Some(Curve { class: Some(class), points })
                };
                state.classes().iter().map(|class| &**class).enumerate().filter_map(curve).collect()
            }
            Self::Regression(_) | Self::Ranking(_) => Vec::new(),
        }
    }
}

/// Both curves in one: from the threshold that nothing reaches down to the lowest score. At most `points` of them (two or
/// more), the ends among them; those between are chosen evenly along both axes.
///
/// # Errors
/// [`Undefined`] where labels are not of both classes, or no labelled row has a score.
pub fn curve(state: &Binary, points: usize) -> Result<Vec<CurvePoint>, Undefined> {
    of_levels(&two_classes(state)?, points).ok_or(Undefined::NoScores)
}

/// `None` where levels are not of both classes.
fn of_levels(levels: &[(f64, Level)], points: usize) -> Option<Vec<CurvePoint>> {
    let (negatives, positives) = totals(levels);
    if negatives == 0 || positives == 0 {
        return None;
    }
    let (n, p) = (negatives as f64, positives as f64);
    let start = CurvePoint {
        threshold: f64::INFINITY,
        rows: 0,
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
                rows: hits + misses,
                false_positive_rate: fpr,
                true_positive_rate: tpr,
                precision: hits as f64 / (hits + misses) as f64,
            });
        }
    }
    Some(curve)
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
