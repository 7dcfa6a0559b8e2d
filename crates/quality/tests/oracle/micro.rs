//! `micro.json`: small inputs with edge cases, and what is undefined here where scikit-learn has a convention.

use quality::{Binary, BinaryRows, Decisions, State, Undefined, curve, ndcg};
use serde_json::Value;

use crate::data::oracle;
use crate::tally::{Tally, score};

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[test]
fn binary() {
    let Some(document) = oracle("micro.json") else { return };
    let mut tally = Tally::default();
    for case in document["binary"].as_array().unwrap() {
        let what = case["name"].as_str().unwrap();
        let (scores, labels) = (numbers(&case["probabilities"]), numbers(&case["labels"]));
        let mut state = Binary::default();
        state.observe(&BinaryRows { scores: &scores, decisions: Decisions::AtLeast(0.5), labels: &labels });
        if let Ok(points) = curve(&state, 1_000) {
            let area = points.windows(2).map(|pair| {
                (pair[1].true_positive_rate - pair[0].true_positive_rate)
                    * (pair[0].precision + pair[1].precision)
                    / 2.0
            });
            tally.same(what, area.sum(), case["values"]["pr_auc_trapezoid"].as_f64().unwrap());
        }
        let state = State::Binary(state);
        for (theirs, name) in [
            ("accuracy", "accuracy"),
            ("precision", "precision"),
            ("recall", "recall"),
            ("f1", "f1"),
            ("f0_5", "f0_5"),
            ("f2", "f2"),
            ("roc_auc", "auc"),
            ("average_precision", "average_precision"),
            ("log_loss", "log_loss"),
            ("brier", "brier"),
            ("matthews", "matthews_correlation"),
        ] {
            let theirs = &case["values"][theirs];
            match (what, score(&state, name)) {
                // Numbers by convention there, reasons here.
                ("only_negatives", Err(Undefined::NoPositives)) => {
                    assert!(["recall", "auc", "average_precision"].contains(&name), "{name}");
                }
                ("only_positives", Err(Undefined::NoNegatives)) => assert_eq!(name, "auc"),
                (_, Err(Undefined::Constant)) => {
                    assert_eq!((name, theirs.as_f64()), ("matthews_correlation", Some(0.0)), "{what}");
                }
                _ => tally.metric(what, &state, name, theirs.as_f64().unwrap()),
            }
        }
    }
    tally.finish("micro binary", 65);
}

#[test]
fn rankings() {
    let Some(document) = oracle("micro.json") else { return };
    let mut tally = Tally::default();
    for case in document["ndcg"].as_array().unwrap() {
        let (gains, scores) = (numbers(&case["gains"]), numbers(&case["scores"]));
        for (name, cut) in [("ndcg_at_all", usize::MAX), ("ndcg_at_1", 1), ("ndcg_at_3", 3)] {
            let ours = ndcg(&gains, &scores, cut).unwrap();
            tally.same(&format!("{} {name}", case["name"]), ours, case["values"][name].as_f64().unwrap());
        }
    }
    tally.finish("micro ndcg", 21);
}
