//! Average precision: the area under the steps of the precision-recall curve.

use statrs::function::gamma::digamma;

use crate::auc::totals;
use crate::binary::{Binary, Level};
use crate::metric::{Better, Measure, Metric, Problem};
use crate::score::{Score, Undefined};

/// AP = sum over thresholds, from the highest, of (recall gained) times precision there.
fn average_precision(state: &Binary) -> Result<Score, Undefined> {
    area(&state.levels(), state.is_coarse())
}

/// The same of labelled rows by score, ascending.
pub(crate) fn area(levels: &[(f64, Level)], coarse: bool) -> Result<Score, Undefined> {
    let (negatives, positives) = totals(levels);
    if positives == 0 {
        return Err(if negatives == 0 { Undefined::NoScores } else { Undefined::NoPositives });
    }
    let p = positives as f64;
    let points = points(levels);
    let value = points.iter().map(|point| point.gained * point.hits / point.rows).sum::<f64>() / p;
    let bound = if coarse { bound(&points, value * p) / p } else { 0.0 };
    Score::within(value.min(1.0), standard_error(&points, value, p), bound, negatives + positives)
}

/// One threshold of the curve: what is decided positive from there on.
struct Point {
    /// Rows decided positive, and those of them that are.
    rows: f64,
    hits: f64,
    /// Positives and negatives of the level itself.
    gained: f64,
    lost: f64,
}

/// From the highest score down.
fn points(levels: &[(f64, Level)]) -> Vec<Point> {
    let (mut rows, mut hits) = (0.0, 0.0);
    let descending = levels.iter().rev();
    descending
        .map(|(_, level)| {
            let (gained, lost) = (level.positives as f64, level.negatives as f64);
            rows += gained + lost;
            hits += gained;
            Point { rows, hits, gained, lost }
        })
        .collect()
}

/// Standard error by the influence of each row: how the value moves with one more row of its score and label.
fn standard_error(points: &[Point], value: f64, positives: f64) -> Option<f64> {
    // A row moves precision at its own threshold and at all below it.
    let (mut with_positive, mut with_negative) = (0.0, 0.0);
    let mut variance = 0.0;
    for point in points.iter().rev() {
        let precision = point.hits / point.rows;
        with_positive += point.gained * (1.0 - precision) / point.rows;
        with_negative -= point.gained * precision / point.rows;
        let of_positive = (precision + with_positive - value) / positives;
        let of_negative = with_negative / positives;
        variance += point.gained * of_positive.powi(2) + point.lost * of_negative.powi(2);
    }
    (positives > 1.0).then(|| variance.sqrt())
}

/// How far `total`, the sum over positives of precision, can be from that of the exact scores: at best all positives of
/// a cell lie above its negatives, at worst below.
fn bound(points: &[Point], total: f64) -> f64 {
    let (mut best, mut worst) = (0.0, 0.0);
    for &Point { rows, hits, gained, lost } in points.iter().filter(|point| point.gained > 0.0) {
        best += gained * hits / (rows - lost);
        // Sum over i to `gained` of (before + i) / (above + i).
        let (before, above) = (hits - gained, rows - gained);
        worst += gained - (above - before) * (digamma(rows + 1.0) - digamma(above + 1.0));
    }
    (best - total).max(total - worst)
}

/// The metrics of this file.
pub(crate) const METRICS: &[Metric] = &[Metric {
    name: "average_precision",
    title: "Average precision",
    problem: Problem::Binary,
    range: (0.0, 1.0),
    better: Better::Higher,
    standard_error: "influence",
    reference: "Buckley and Voorhees 2000; scikit-learn average_precision_score",
    page: "\
Sum over thresholds, from the highest, of the recall gained times the precision there (steps, not
trapezoids). Range 0 to 1; by chance the share of positives. Exact up to 32,768 different scores; beyond
that with a bound from the best and worst order within cells. No value without positive labels.",
    measure: Measure::Binary(average_precision),
}];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binary::{BinaryRows, Decisions};

    #[test]
    fn the_bound_holds_on_the_grid() {
        let n = 60_000_u32;
        let scores: Vec<f64> = (0..n).map(|i| 0.3 + 0.02 * f64::from(i) / f64::from(n)).collect();
        let positive = |i: u32| sketch::hash_f64(f64::from(i)) % u64::from(n) < u64::from(i);
        let labels: Vec<f64> = (0..n).map(|i| f64::from(u8::from(positive(i)))).collect();
        let mut state = Binary::default();
        state.observe(&BinaryRows { scores: &scores, decisions: Decisions::AtLeast(0.5), labels: &labels });
        let (mut hits, mut sum) = (0.0, 0.0);
        for (rank, label) in labels.iter().rev().enumerate() {
            hits += label;
            sum += label * hits / (rank + 1) as f64;
        }
        let exact = sum / hits;
        let score = average_precision(&state).unwrap();
        assert!((score.value - exact).abs() <= score.error_bound, "{score:?} {exact}");
        assert!(score.error_bound > 1e-5 && score.error_bound < 0.02, "{score:?}");
    }
}
