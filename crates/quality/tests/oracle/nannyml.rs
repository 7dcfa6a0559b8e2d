//! `nannyml__*`: realised quality of each chunk, and quality estimated without labels.

use quality::{Binary, BinaryRows, Decisions, Estimator, State};
use serde_json::Value;

use crate::data::{Frame, in_pieces, oracle, pick};
use crate::tally::Tally;

/// Names there, and here.
const METRICS: [(&str, &str); 7] = [
    ("roc_auc", "auc"),
    ("f1", "f1"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("specificity", "true_negative_rate"),
    ("accuracy", "accuracy"),
    ("average_precision", "average_precision"),
];

/// They round cumulated probabilities to five decimals where curves are integrated; up to 2.5e-9 relative here.
const ROUNDED: f64 = 1e-8;

struct Set {
    frame: Frame,
    columns: [&'static str; 3],
}

impl Set {
    fn state(&self, rows: &[usize]) -> Binary {
        in_pieces(
            rows,
            |rows| {
                let [scores, decided, labels] = self.columns.map(|name| pick(self.frame.numbers(name), rows));
                let decisions = Decisions::Given(&decided);
                let mut state = Binary::default();
                state.observe(&BinaryRows { scores: &scores, decisions, labels: &labels });
                state
            },
            Binary::merge,
        )
    }

    fn all(&self) -> Vec<usize> {
        (0..self.frame.rows()).collect()
    }
}

/// Compares every chunk; `rows` are those of a chunk in its frame.
fn compare(name: &str, reference: &Set, analysis: &Set, rows: impl Fn(&Set, &Value) -> Vec<usize>) {
    let Some(document) = oracle(&format!("nannyml__{name}.json")) else { return };
    let entry = &document["entries"][0];
    let (mut realised, mut estimated, mut curves, mut noise) =
        (Tally::default(), Tally::default(), Tally::default(), Tally::default());
    let estimator = Estimator::new(&reference.state(&reference.all())).unwrap();
    let [known, unknown] = ["realized_performance", "estimated_performance_cbpe"]
        .map(|member| entry[member].as_array().unwrap());
    assert_eq!(known.len(), unknown.len());
    for (known, unknown) in known.iter().zip(unknown) {
        let set = if known["chunk"]["period"] == "reference" { reference } else { analysis };
        let what = format!("{name} {} {}", known["chunk"]["period"], known["chunk"]["key"]);
        let rows = rows(set, &known["chunk"]);
        let state = set.state(&rows);
        let unlabelled = state.counts().missing_labels as f64 / rows.len() as f64;
        realised.same(&what, unlabelled, known["chunk"]["targets_missing_rate"].as_f64().unwrap());
        let estimates = estimator.estimates(&state);
        let state = State::Binary(state);
        for (theirs, name) in METRICS {
            realised.metric(&what, &state, name, known[theirs]["value"].as_f64().unwrap());
            let what = format!("{what} {name}");
            let ours = estimates.iter().find(|(metric, _)| *metric == name).unwrap().1.unwrap();
            let theirs = |member: &str| unknown[theirs][member].as_f64().unwrap();
            match name {
                "auc" | "average_precision" => curves.within(&what, ours.value, theirs("value"), ROUNDED),
                _ => estimated.same(&what, ours.value, theirs("value")),
            }
            match name {
                // Resampled at random there, or with ties in the order of a sort.
                "average_precision" => {
                    noise.within(&what, ours.sampling_error, theirs("sampling_error"), 0.4)
                }
                "auc" => noise.within(&what, ours.sampling_error, theirs("sampling_error"), 0.05),
                _ => {
                    estimated.same(&what, ours.sampling_error, theirs("sampling_error"));
                    estimated.same(&what, ours.lower, theirs("lower_confidence_boundary"));
                    estimated.same(&what, ours.upper, theirs("upper_confidence_boundary"));
                }
            }
        }
    }
    realised.finish(&format!("{name}, realised"), 8 * known.len());
    estimated.finish(&format!("{name}, estimated from decisions, with bands"), 20 * known.len());
    curves.finish(&format!("{name}, estimated curves"), 2 * known.len());
    noise.finish(&format!("{name}, sampling errors of curves"), 2 * known.len());
}

#[test]
fn car_loan() {
    if oracle("nannyml__car_loan.json").is_none() {
        return;
    }
    let columns = ["y_pred_proba", "y_pred", "repaid"];
    let reference = Frame::read("car_loan/baseline.parquet", &[columns.as_slice(), &["event_id"]].concat());
    let mut analysis = Frame::read("car_loan/predictions.parquet", &["event_id", "y_pred_proba", "y_pred"]);
    analysis.join(&Frame::read("car_loan/labels.parquet", &["event_id", "repaid"]));
    let [reference, analysis] = [reference, analysis].map(|frame| Set { frame, columns });
    compare("car_loan", &reference, &analysis, |_, chunk| {
        let end = |name: &str| usize::try_from(chunk[name].as_u64().unwrap()).unwrap();
        (end("start_index")..=end("end_index")).collect()
    });
}

#[test]
fn ma_employment() {
    if oracle("nannyml__ma_employment.json").is_none() {
        return;
    }
    let columns = ["predicted_probability", "prediction", "employed"];
    let with = |more: &[&'static str]| [&["event_id", "event_ts", columns[0], columns[1]], more].concat();
    let reference = Frame::read("ma_employment/baseline.parquet", &with(&["employed"]));
    let mut analysis = Frame::read("ma_employment/predictions", &with(&[]));
    analysis.join(&Frame::read("ma_employment/labels", &["event_id", "employed"]));
    let [reference, analysis] = [reference, analysis].map(|frame| Set { frame, columns });
    compare("ma_employment", &reference, &analysis, |set, chunk| {
        let months = set.frame.times("event_ts", "%Y-%m");
        (0..months.len()).filter(|row| months[*row] == chunk["key"].as_str().unwrap()).collect()
    });
}
