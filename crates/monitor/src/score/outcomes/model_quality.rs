//! How right predictions were, against how right they were in the baseline.

use quality::{Better, Change, Metric, Problem, Score, State, Undefined};

use super::{Sides, Turned, beyond, ratio};
use crate::{
    score::{FLOOR, Rule},
    tables::{Comparison, Family, Status},
};

/// The metrics that are judged; all others are recorded.
const JUDGED: [(Problem, &[&str]); 4] = [
    (Problem::Binary, &["accuracy", "auc", "f1", "brier"]),
    (Problem::Multiclass, &["accuracy", "macro_f1"]),
    (Problem::Regression, &["mae", "rmse", "r2"]),
    (Problem::Ranking, &["ndcg"]),
];
/// A loss of quality as large as this is a violation, not a warning: of a share outright, of other numbers by the baseline's.
const LARGE: f64 = 0.1;

pub(super) fn scores(sides: &Sides<'_>) -> Vec<Turned> {
    if !sides.form.is_of_quality() {
        return Vec::new();
    }
    let (current, baseline) = (sides.current, sides.baseline);
    let mut turned = vec![maturity(sides)];
    // While no label has come, one row for each that would be judged says so.
    let none = current.labelled == 0;
    for (metric, score) in
        current.quality.scores().into_iter().filter(|(metric, _)| !none || is_judged(metric))
    {
        let before = baseline.and_then(|baseline| baseline.quality.score(metric)?.ok());
        let before = before.or_else(|| sides.others?.score(metric));
        turned.push(one(sides, metric, metric.name.to_owned(), score, before, is_judged(metric)));
    }
    let before = baseline.map(|baseline| baseline.quality.class_scores()).unwrap_or_default();
    for (class, metric, score) in current.quality.class_scores().into_iter().filter(|_| !none) {
        let of_baseline = before.iter().find(|(name, other, _)| *name == class && other.name == metric.name);
        let of_baseline = of_baseline.and_then(|(.., score)| score.ok());
        let method = format!("{}/one_vs_rest/class={class}", metric.name);
        turned.push(one(sides, metric, method, score, of_baseline, false));
    }
    turned
}

/// Share of the records whose label is known.
fn maturity(sides: &Sides<'_>) -> Turned {
    let (current, baseline) = (sides.current, sides.baseline);
    let mut row = sides.blank(Family::ModelQuality, "maturity_ratio", "labelled/rows".to_owned());
    row.value = Some(ratio(current.labelled, current.rows));
    row.error_bound = Some(0.0);
    row.baseline_value = baseline.map(|baseline| ratio(baseline.labelled, baseline.rows));
    Turned::recorded(row)
}

/// Whether a metric is judged, not recorded alone.
pub(crate) fn is_judged(metric: &Metric) -> bool {
    JUDGED.iter().any(|(problem, names)| *problem == metric.problem && names.contains(&metric.name))
}

fn one(
    sides: &Sides<'_>,
    metric: &'static Metric,
    mut method: String,
    score: Result<Score, Undefined>,
    before: Option<Score>,
    judged: bool,
) -> Turned {
    let form = sides.form;
    if form.problem == Problem::Binary && form.prediction.is_none() {
        method.push_str(&format!("/threshold={}", form.threshold));
    }
    if metric.standard_error != "none" {
        method.push('/');
        method.push_str(metric.standard_error);
    }
    let mut row = sides.blank(Family::ModelQuality, metric.name, method);
    row.baseline_value = before.map(|before| before.value);
    row.baseline_rows = before.map_or(0, |before| before.rows);
    let score = match score {
        Ok(score) => score,
        Err(undefined) => {
            row.rows = labelled(&sides.current.quality);
            return match unusable(&sides.current.quality).filter(|_| row.rows == 0) {
                Some(reason) => Turned::without(row, Status::TypeChanged, reason),
                None => match left_out(&sides.current.quality).filter(|_| undefined == Undefined::NoScores) {
                    Some(reason) => Turned::without(row, Status::Empty, reason),
                    None => Turned::without(row, status(undefined), undefined),
                },
            };
        }
    };
    row.reason = left_out(&sides.current.quality).filter(|_| judged);
    row.value = Some(score.value);
    row.error_bound = Some(score.error_bound);
    row.standard_error = score.standard_error;
    row.rows = score.rows;
    if judged && before.is_none() {
        return Turned::without(row, Status::NotComparable, "there is no value to compare it with");
    }
    let change =
        before.filter(|_| judged).and_then(|before| Some((before, Change::new(metric, &before, &score)?)));
    let Some((before, change)) = change else { return Turned::recorded(row) };
    row.expected_without_drift = Some(before.value);
    row.p_value = change.p_value;
    let (worse, limit) = match metric.better {
        Better::Lower => (Comparison::Above, before.value + LARGE * change.unit),
        _ => (Comparison::Below, before.value - LARGE * change.unit),
    };
    beyond(&mut row, worse, limit);
    let detectable = change.is_detectable(LARGE * change.unit);
    Turned::judged(row, Rule::Change { floor: FLOOR * change.unit, detectable })
}

fn labelled(state: &State) -> u64 {
    match state {
        State::Binary(state) => state.labelled(),
        State::Regression(state) => state.labelled(),
        State::Multiclass(state) => state.confusion().rows(),
        State::Ranking(state) => state.queries() - state.invalid(),
    }
}

/// Why labels that came are of no use.
pub(crate) fn unusable(state: &State) -> Option<String> {
    match state {
        State::Binary(state) if state.counts().invalid_labels > 0 => Some(format!(
            "{} labels are neither 1 nor 0, true nor false: `positive` under [quality] names the label that is positive",
            state.counts().invalid_labels
        )),
        State::Ranking(state) if state.queries() == 0 => {
            Some("no record has both a label and a query".to_owned())
        }
        State::Ranking(state) if state.invalid() > 0 => Some(format!(
            "queries with a gain below 0, or a gain or score that is no number: {}",
            state.invalid()
        )),
        State::Regression(state) if state.counts().not_finite > 0 => {
            Some(format!("{} labels or predictions are no numbers", state.counts().not_finite))
        }
        _ => None,
    }
}

/// What of a window is not in its numbers, because it cannot be.
fn left_out(state: &State) -> Option<String> {
    let State::Binary(state) = state else { return None };
    let counts = state.counts();
    let scores = (counts.invalid_scores, "scores outside 0 to 1");
    let labels = (counts.invalid_labels, "labels that are neither of the two");
    let parts: Vec<String> = [scores, labels]
        .into_iter()
        .filter(|(rows, _)| *rows > 0)
        .map(|(rows, what)| format!("{rows} {what}"))
        .collect();
    (!parts.is_empty()).then(|| format!("left out: {}", parts.join(", ")))
}

/// What a table says of a value that is not there.
pub(super) fn status(undefined: Undefined) -> Status {
    match undefined {
        Undefined::NoRows | Undefined::NoScores => Status::Empty,
        Undefined::NoPositives
        | Undefined::NoNegatives
        | Undefined::NoPredictedPositives
        | Undefined::Constant
        | Undefined::ZeroLabels => Status::Constant,
        Undefined::TooFewRows => Status::InsufficientRows,
        _ => Status::NotComparable,
    }
}
