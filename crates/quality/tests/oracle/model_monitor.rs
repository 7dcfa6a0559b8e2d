//! Model quality as jobs of SageMaker Model Monitor reported it: a baseline of 201 rows, and two runs whose counts follow
//! from the rates that were printed.

use quality::{
    Better, Binary, BinaryRows, Decisions, Measure, Outcomes, Problem, State, metric, model_monitor,
};
use serde_json::Value;

use crate::data::folder;
use crate::tally::{Tally, score};

fn violations(run: &str) -> Option<Vec<Value>> {
    let name = format!("model-monitor/reports/churn-model-quality-{run}-constraint_violations.json");
    let document: Value = serde_json::from_slice(&std::fs::read(folder()?.join(name)).unwrap()).unwrap();
    Some(document["violations"].as_array().unwrap().clone())
}

/// `truePositiveRate` there is `true_positive_rate` here.
fn snake_case(name: &str) -> String {
    let spelt = |c: char| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() };
    name.chars().map(spelt).collect()
}

fn baseline() -> Option<Binary> {
    let path = folder()?.join("model-monitor/churn/validation_with_predictions.csv");
    let rows: Vec<[f64; 3]> =
        csv::Reader::from_path(path).unwrap().deserialize().map(|row| row.unwrap()).collect();
    let mut whole = Binary::default();
    for piece in rows.chunks(23).rev() {
        let column = |at: usize| piece.iter().map(|row| row[at]).collect::<Vec<_>>();
        let (scores, decided, labels) = (column(0), column(1), column(2));
        let mut part = Binary::default();
        part.observe(&BinaryRows { scores: &scores, decisions: Decisions::Given(&decided), labels: &labels });
        whole.merge(&part);
    }
    Some(whole)
}

#[test]
fn thresholds_are_the_metrics_of_the_baseline() {
    let (Some(state), Some(a), Some(b)) = (baseline(), violations("a"), violations("b")) else { return };
    assert_eq!(state.labelled(), 201);
    let state = State::Binary(state);
    let mut tally = Tally::default();
    for violation in a.iter().chain(&b) {
        let name = snake_case(violation["metric_name"].as_str().unwrap());
        let description = violation["description"].as_str().unwrap();
        let threshold = description.split('\'').nth(1).unwrap().parse().unwrap();
        tally.metric("churn", &state, &name, threshold);
        // What counts as worse is what they compare with.
        let comparison = match metric(Problem::Binary, &name).unwrap().better {
            Better::Higher => "LessThanThreshold",
            Better::Lower => "GreaterThanThreshold",
            Better::Neither => panic!("{name} has no direction"),
        };
        assert_eq!(violation["constraint_check_type"], comparison, "{name}");
    }
    // Printed beside it: 173 of the 201 labels are 0.
    for (name, theirs) in [("accuracy", 173.0 / 201.0), ("precision", 0.0), ("recall", 0.0), ("f1", 0.0)] {
        tally.metric("churn", &state, &format!("{name}_best_constant_classifier"), theirs);
    }
    tally.finish("Model Monitor, baseline", 23);
}

#[test]
fn values_of_two_runs() {
    for (run, [tn, fp, false_negatives, tp], rows) in
        [("a", [449, 69, 1218, 156], 1892), ("b", [649, 97, 1749, 228], 2723)]
    {
        let Some(violations) = violations(run) else { return };
        let outcomes =
            Outcomes { true_negatives: tn, false_positives: fp, false_negatives, true_positives: tp };
        assert_eq!(outcomes.rows(), rows);
        let mut tally = Tally::default();
        for violation in violations {
            let name = snake_case(violation["metric_name"].as_str().unwrap());
            let Measure::Outcomes(measure) = metric(Problem::Binary, &name).unwrap().measure else {
                assert_eq!(name, "auc", "nothing else needs scores");
                continue;
            };
            let words: Vec<&str> = violation["description"].as_str().unwrap().split(' ').collect();
            let (theirs, deviation): (f64, f64) = (words[3].parse().unwrap(), words[5].parse().unwrap());
            let ours = measure(&outcomes).unwrap();
            tally.same(&name, ours.value, theirs);
            // Theirs is of five random draws of 80 % of the rows, half a standard error on average: an order of
            // magnitude is all that can be compared.
            let ratio = deviation / ours.standard_error.unwrap();
            assert!((0.03..1.5).contains(&ratio), "{run} {name}: {ratio}");
        }
        tally.finish(&format!("Model Monitor, run {run}"), 9);
    }
}

#[test]
fn in_its_own_arithmetic_every_digit_is_the_same() {
    let (Some(state), Some(a), Some(b)) = (baseline(), violations("a"), violations("b")) else { return };
    let thresholds = model_monitor::metrics(&State::Binary(state));
    let mut compared = 0;
    for (violations, [tn, fp, misses, tp]) in [(&a, [449, 69, 1218, 156]), (&b, [649, 97, 1749, 228])] {
        // Rows without a score: the area of both runs cannot be had again.
        let decided: Vec<f64> = [(tn + misses, 0.0), (fp + tp, 1.0)].iter().flat_map(repeated).collect();
        let labels: Vec<f64> =
            [(tn, 0.0), (misses, 1.0), (fp, 0.0), (tp, 1.0)].iter().flat_map(repeated).collect();
        let mut run = Binary::default();
        run.observe(&BinaryRows { scores: &[], decisions: Decisions::Given(&decided), labels: &labels });
        let values = model_monitor::metrics(&State::Binary(run));
        for violation in violations {
            let name = snake_case(violation["metric_name"].as_str().unwrap());
            let words: Vec<&str> = violation["description"].as_str().unwrap().split(' ').collect();
            let found = |metrics: &[(&'static quality::Metric, Result<quality::Score, _>)]| {
                let (_, score) = metrics.iter().find(|(metric, _)| metric.name == name).unwrap();
                score.map(|score: quality::Score| score.value)
            };
            let threshold: f64 = words[8].trim_matches('\'').parse().unwrap();
            assert_eq!(found(&thresholds), Ok(threshold), "{name}");
            compared += 1;
            if name != "auc" {
                assert_eq!(found(&values), Ok(words[3].parse().unwrap()), "{name}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 2 * 19 - 1);
}

fn repeated((rows, value): &(usize, f64)) -> std::iter::RepeatN<f64> {
    std::iter::repeat_n(*value, *rows)
}

#[test]
fn scores_of_the_baseline_have_noise() {
    let Some(state) = baseline() else { return };
    let state = State::Binary(state);
    // 12 false of 201 decisions, 16 of 28 positives found.
    assert!((score(&state, "accuracy").unwrap().standard_error.unwrap() - 0.0168).abs() < 5e-4);
    assert!((score(&state, "recall").unwrap().standard_error.unwrap() - 0.0935).abs() < 5e-3);
    let auc = score(&state, "auc").unwrap();
    assert!((0.01..0.05).contains(&auc.standard_error.unwrap()), "{auc:?}");
}
