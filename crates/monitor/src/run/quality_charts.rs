//! What charts of model quality need: curves and confusion matrices, beside the baseline's.

use std::{collections::BTreeMap, sync::Arc};

use quality::{CurvePoint, State};

use crate::tables::{ConfusionRow, CurveRow, Key};

/// Points of a curve, nearly: what a chart can show.
const POINTS: usize = 101;

/// What other thresholds would have given, class by class where there are several.
pub(super) fn curves(key: &Key, current: &State, baseline: Option<&State>) -> Vec<CurveRow> {
    let before = baseline.map_or_else(Vec::new, |state| state.curves(usize::MAX));
    let mut rows = Vec::new();
    for curve in current.curves(POINTS) {
        let before = before.iter().find(|before| before.class == curve.class);
        let class: Option<Arc<str>> = curve.class.map(Arc::from);
        for point in &curve.points {
            let before = before.and_then(|before| before.at(point.threshold));
            let of_baseline = |rate: fn(&CurvePoint) -> f64| before.map(rate);
            rows.push(CurveRow {
                key: key.clone(),
                class: class.clone(),
                threshold: Some(point.threshold).filter(|threshold| threshold.is_finite()),
                rows: point.rows,
                true_positive_rate: point.true_positive_rate,
                false_positive_rate: point.false_positive_rate,
                precision: point.precision,
                baseline_true_positive_rate: of_baseline(|point| point.true_positive_rate),
                baseline_false_positive_rate: of_baseline(|point| point.false_positive_rate),
                baseline_precision: of_baseline(|point| point.precision),
            });
        }
    }
    rows
}

/// Labels against predictions: every pair that either side has.
pub(super) fn confusion(key: &Key, current: &State, baseline: Option<&State>) -> Vec<ConfusionRow> {
    let mut cells: BTreeMap<(Arc<str>, Arc<str>), [u64; 2]> = BTreeMap::new();
    for (side, state) in [(0, baseline), (1, Some(current))] {
        for (label, prediction, rows) in state.map_or_else(Vec::new, pairs) {
            cells.entry((label.into(), prediction.into())).or_default()[side] += rows;
        }
    }
    let is_there = cells.values().any(|[_, rows]| *rows > 0);
    let row = |((label, prediction), [baseline_rows, rows]): ((Arc<str>, Arc<str>), [u64; 2])| ConfusionRow {
        key: key.clone(),
        label,
        prediction,
        baseline_rows,
        rows,
    };
    cells.into_iter().filter(|_| is_there).map(row).collect()
}

fn pairs(state: &State) -> Vec<(&str, &str, u64)> {
    match state {
        State::Binary(state) => {
            let outcomes = state.outcomes();
            vec![
                ("negative", "negative", outcomes.true_negatives),
                ("negative", "positive", outcomes.false_positives),
                ("positive", "negative", outcomes.false_negatives),
                ("positive", "positive", outcomes.true_positives),
            ]
        }
        State::Multiclass(state) => {
            let matrix = state.confusion().matrix().into_iter();
            let named = matrix.map(|(label, prediction, rows)| {
                (label.unwrap_or("(other)"), prediction.unwrap_or("(other)"), rows)
            });
            named.collect()
        }
        State::Regression(_) | State::Ranking(_) => Vec::new(),
    }
}
