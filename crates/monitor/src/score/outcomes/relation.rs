//! Whether labels still follow from the inputs as they did in the baseline.

use std::fmt::Display;

use quality::concept::{Means, Score, Undefined, change, decompose, uneven_change};

use super::{Sides, Turned, beyond};
use crate::{
    outcomes::Cells,
    score::{FLOOR, Rule},
    tables::{Comparison, Contribution, Family, ScoreRow, Status},
};

/// A change as large as this is a violation.
const LARGE: f64 = 0.1;
/// The part of the calibration's excess that a feature has to exceed too, before floor and threshold count. A change by x of a
/// share p of the rows makes p x of the calibration and x √(p (1 - p)) of the feature that tells these rows apart: more than
/// half as much, as long as they are fewer than four fifths. A change of nearly all rows is the calibration's to tell.
const OF_SHARED: f64 = 0.5;
/// Bins named beside a score.
const MOST_BINS: usize = 5;

pub(super) fn scores(sides: &Sides<'_>) -> Vec<Turned> {
    let (form, current) = (sides.form, sides.current);
    let Some(baseline) = sides.baseline.filter(|_| form.is_of_quality()) else { return Vec::new() };
    let mut turned = Vec::new();
    // What labels do whatever the features are is told once, of the score; a feature has to tell rows apart.
    let mut shared = 0.0;
    if let (Some(cells), Some(before), Some(now)) = (&form.score, &baseline.score, &current.score) {
        let method = format!("calibration_change/score={}", cells.column);
        let row = sides.blank(Family::Concept, "calibration_change", method);
        let score = change(before, now);
        shared = OF_SHARED * score.as_ref().map_or(0.0, |score| (score.value - score.expected).max(0.0));
        turned.push(judged(row, score, cells, 0.0));
    }
    let given = form.score.as_ref().map_or_else(String::new, |cells| format!("/given={}", cells.column));
    let relations = baseline.relations.iter().zip(&current.relations);
    for (cells, (before, now)) in form.relations.iter().zip(relations) {
        let method = format!("relation_change{given}");
        let row = sides.of_feature(&cells.column, Family::Concept, "relation_change", method);
        turned.push(judged(row, uneven_change(before, now), cells, shared));
    }
    if let (Some(before), Some(now)) = (&baseline.losses, &current.losses) {
        turned.extend(parts(sides, before, now));
    }
    turned
}

fn judged(mut row: ScoreRow, score: Result<Score, Undefined>, cells: &Cells, shared: f64) -> Turned {
    let score = match score {
        Ok(score) => score,
        Err(undefined) => return without(row, undefined),
    };
    row.value = Some(score.value);
    row.error_bound = Some(0.0);
    row.expected_without_drift = Some(score.expected);
    row.p_value = Some(score.p_value);
    row.rows = score.bins.iter().map(|bin| bin.rows).sum();
    beyond(&mut row, Comparison::Above, LARGE + shared);
    // What chance makes of so few rows hides a change as large as the floor.
    let detectable = score.expected < LARGE;
    let moved = score.bins.iter().take(MOST_BINS).map(|bin| Contribution {
        bin: cells.label(bin.bin),
        baseline_ratio: bin.baseline_value,
        ratio: bin.value,
        contribution: bin.contribution,
    });
    let moved = moved.collect();
    Turned { moved, ..Turned::judged(row, Rule::Change { floor: FLOOR + shared, detectable }) }
}

/// A change of the mean loss, split.
fn parts(sides: &Sides<'_>, before: &Means, now: &Means) -> Vec<Turned> {
    let row = |metric: &'static str| {
        let mut row = sides.blank(Family::Concept, metric, format!("{metric}/kitagawa"));
        (row.rows, row.baseline_rows) = (now.whole().values(), before.whole().values());
        row
    };
    let split = match decompose(before, now) {
        Ok(split) => split,
        Err(undefined) => return vec![without(row("loss_change"), undefined)],
    };
    let number = |metric: &'static str, value: f64, error: Option<f64>| {
        let mut row = row(metric);
        row.value = Some(value);
        row.standard_error = error;
        row
    };
    let mut whole = number("loss_change", split.value - split.baseline_value, None);
    whole.baseline_value = Some(0.0);
    let mut inputs = number("loss_change_by_inputs", split.inputs.value, Some(split.inputs.standard_error));
    inputs.p_value = Some(split.inputs.p_value());
    let mut relation =
        number("loss_change_by_relation", split.relation.value, Some(split.relation.standard_error));
    relation.p_value = Some(split.relation.p_value());
    let unknown = number("loss_change_unknown", split.unknown, None);
    [whole, inputs, relation, unknown].into_iter().map(Turned::recorded).collect()
}

fn without(row: ScoreRow, undefined: Undefined) -> Turned {
    let status = match undefined {
        Undefined::EmptyBaseline | Undefined::EmptyCurrent => Status::Empty,
        Undefined::Constant | Undefined::OneBin => Status::Constant,
        Undefined::Mismatched | Undefined::NothingInCommon => Status::NotComparable,
    };
    Turned::without(row, status, &undefined as &dyn Display)
}
