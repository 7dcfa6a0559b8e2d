//! The model-quality monitor: metrics of a window, the constraints that follow from them, and what breaks those.
//!
//! A constraint is the baseline's value and the side on which a value breaks it; the standard deviation that is printed beside a
//! value takes no part. Where the real one is the spread of five random draws of 80 % of the rows, ours is the standard error:
//! of as many other rows, about twice as much. `f0_5` has a constraint that no real report was ever seen to evaluate.

use std::collections::BTreeMap;

use quality::{Better, Binary, Metric, Problem, Score, State, Undefined, curve, model_monitor::metrics};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Labels, texts::java};
use crate::tables::{Comparison, Family, Key, ScoreRow, Status};

/// Rows below which no standard deviation is given.
const LEAST_ROWS: u64 = 200;
/// Points of a curve, at most.
const MOST_POINTS: usize = 1000;
/// Never evaluated.
const IDLE: &str = "f0_5";

/// `model_quality/constraints.json`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Constraints {
    binary_classification_constraints: Option<BTreeMap<String, Constraint>>,
    multiclass_classification_constraints: Option<BTreeMap<String, Constraint>>,
    regression_constraints: Option<BTreeMap<String, Constraint>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Constraint {
    threshold: f64,
    comparison_operator: Operator,
}

/// What breaks a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Operator {
    LessThanThreshold,
    GreaterThanThreshold,
}

impl Constraints {
    /// Whether there are any.
    pub(crate) fn are_any(&self) -> bool {
        [Problem::Binary, Problem::Multiclass, Problem::Regression].iter().any(|p| self.of(*p).is_some())
    }

    fn of(&self, problem: Problem) -> Option<&BTreeMap<String, Constraint>> {
        match problem {
            Problem::Binary => self.binary_classification_constraints.as_ref(),
            Problem::Multiclass => self.multiclass_classification_constraints.as_ref(),
            Problem::Regression => self.regression_constraints.as_ref(),
            Problem::Ranking => None,
        }
    }

    /// The threshold of a metric, which is its value in the baseline unless someone changed it.
    pub(crate) fn threshold(&self, metric: &Metric) -> Option<f64> {
        Some(self.of(metric.problem)?.get(metric.name)?.threshold)
    }
}

/// Start of the names under which documents have a problem.
fn problem_name(problem: Problem) -> &'static str {
    match problem {
        Problem::Binary => "binary_classification",
        Problem::Multiclass => "multiclass_classification",
        Problem::Regression | Problem::Ranking => "regression",
    }
}

/// The constraints that follow from a baseline: its values.
pub(crate) fn constraints(state: &State) -> Value {
    let mut constraints = Map::new();
    for (metric, score) in metrics(state) {
        let (Ok(score), Some(operator)) = (score, operator(metric.better)) else { continue };
        let constraint = json!({"threshold": score.value, "comparison_operator": operator});
        constraints.insert(metric.name.to_owned(), constraint);
    }
    let name = format!("{}_constraints", problem_name(state.problem()));
    json!({"version": 0.0, name: constraints})
}

fn operator(better: Better) -> Option<&'static str> {
    match better {
        Better::Higher => Some("LessThanThreshold"),
        Better::Lower => Some("GreaterThanThreshold"),
        Better::Neither => None,
    }
}

/// Metrics as `statistics.json` has them; those without a value are left out.
pub(crate) fn statistics(state: &State) -> Value {
    let (mut reported, mut rows) = (Map::new(), 0);
    match state {
        State::Binary(state) => {
            let o = state.outcomes();
            let matrix = json!({"0": {"0": o.true_negatives, "1": o.false_positives},
                "1": {"0": o.false_negatives, "1": o.true_positives}});
            reported.insert("confusion_matrix".to_owned(), matrix);
            rows = o.rows();
        }
        State::Multiclass(state) => {
            let counts = state.confusion();
            let mut matrix = Map::new();
            let classes = counts.classes();
            for label in &classes {
                let zeros = classes.iter().map(|class| (class.name.to_owned(), json!(0)));
                matrix.insert(label.name.to_owned(), zeros.collect::<Map<_, _>>().into());
            }
            for (label, prediction, rows) in counts.matrix() {
                if let Some((label, prediction)) = label.zip(prediction) {
                    matrix[label][prediction] = json!(rows);
                }
            }
            reported.insert("confusion_matrix".to_owned(), matrix.into());
            rows = counts.rows();
        }
        State::Regression(state) => rows = state.labelled(),
        State::Ranking(_) => {}
    }
    for (metric, score) in metrics(state) {
        if let (State::Binary(state), "auc") = (state, metric.name) {
            reported.extend(curves(state).into_iter().flatten());
        }
        if let Ok(score) = score {
            let deviation = deviation(score.standard_error, rows).map_or(json!("NaN"), Value::from);
            let value = json!({"value": score.value, "standard_deviation": deviation});
            reported.insert(metric.name.to_owned(), value);
        }
    }
    let name = format!("{}_metrics", problem_name(state.problem()));
    json!({"version": 0.0, "dataset": {"item_count": rows}, name: reported})
}

/// Both curves, with the ends that Spark adds: the point of all rows twice, and the first precision at no recall.
fn curves(state: &Binary) -> Result<[(String, Value); 2], Undefined> {
    let points = curve(state, MOST_POINTS)?;
    let of = |number: fn(&quality::CurvePoint) -> f64| points.iter().map(number).collect::<Vec<f64>>();
    let (mut false_rates, mut true_rates) =
        (of(|point| point.false_positive_rate), of(|point| point.true_positive_rate));
    let (mut precisions, recalls) = (of(|point| point.precision), true_rates.clone());
    if let [first, second, ..] = precisions.as_mut_slice() {
        *first = *second;
    }
    false_rates.push(1.0);
    true_rates.push(1.0);
    let roc = json!({"false_positive_rates": false_rates, "true_positive_rates": true_rates});
    let precision = json!({"precisions": precisions, "recalls": recalls});
    Ok([
        ("receiver_operating_characteristic_curve".to_owned(), roc),
        ("precision_recall_curve".to_owned(), precision),
    ])
}

fn deviation(error: Option<f64>, rows: u64) -> Option<f64> {
    error.filter(|_| rows >= LEAST_ROWS)
}

/// Every metric that has a constraint.
pub(super) fn verdicts(of: &Labels<'_>, key: &Key, constraints: Option<&Constraints>) -> Vec<ScoreRow> {
    let state = &of.outcomes.quality;
    let Some(constraints) = constraints.and_then(|all| all.of(state.problem())) else { return Vec::new() };
    let verdict = |(metric, score): (&'static Metric, Result<Score, Undefined>)| {
        let (constraint, score) = (constraints.get(metric.name)?, score.ok()?);
        let (comparison, broken) = match constraint.comparison_operator {
            Operator::LessThanThreshold => (Comparison::Below, score.value < constraint.threshold),
            Operator::GreaterThanThreshold => (Comparison::Above, score.value > constraint.threshold),
        };
        let method = format!("{}/model_monitor", metric.name);
        Some(ScoreRow {
            value: Some(score.value),
            error_bound: Some(score.error_bound),
            standard_error: deviation(score.standard_error, score.rows),
            baseline_value: Some(constraint.threshold),
            threshold: Some(constraint.threshold),
            comparison: Some(comparison),
            rows: score.rows,
            status: if broken && metric.name != IDLE { Status::Violated } else { Status::Ok },
            ..of.blank(key, Family::ModelQuality, metric.name, method)
        })
    };
    metrics(state).into_iter().filter_map(verdict).collect()
}

/// As real jobs write it.
pub(super) fn description(row: &ScoreRow) -> Option<String> {
    Some(format!(
        "Metric {} with {} +/- {} was {} '{}'",
        camel_case(row.metric),
        java(row.value?),
        java(deviation(row.standard_error, row.rows).unwrap_or(f64::NAN)),
        check_type(row)?,
        java(row.baseline_value?)
    ))
}

/// The published entry of a broken row; none of a metric that Model Monitor does not know.
pub(super) fn entry(of: &Labels<'_>, row: &ScoreRow) -> Option<Value> {
    let is_known = || metrics(&of.outcomes.quality).iter().any(|(metric, _)| metric.name == row.metric);
    if row.family != Family::ModelQuality || !is_known() {
        return None;
    }
    Some(json!({"constraint_check_type": check_type(row)?, "description": description(row)?,
        "metric_name": camel_case(row.metric)}))
}

fn check_type(row: &ScoreRow) -> Option<&'static str> {
    Some(match row.comparison? {
        Comparison::Below => "LessThanThreshold",
        Comparison::Above => "GreaterThanThreshold",
    })
}

/// Reports call `true_positive_rate` `truePositiveRate`; that names of several classes read alike is assumed.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_uppercase() + rest
    })
}
