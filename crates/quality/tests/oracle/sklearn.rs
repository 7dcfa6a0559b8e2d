//! `quality_sklearn__*`: every metric of every window and segment of five data sets.

use quality::{Binary, BinaryRows, Decisions, Multiclass, MulticlassRows, Outcomes, Regression, State};
use serde_json::Value;

use crate::data::{Frame, in_pieces, oracle, pick};
use crate::tally::{Tally, all_in_range};

/// Names of scikit-learn's metrics here.
const BINARY: [(&str, &str); 19] = [
    ("accuracy", "accuracy"),
    ("balanced_accuracy", "balanced_accuracy"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("recall", "true_positive_rate"),
    ("specificity", "true_negative_rate"),
    ("f1", "f1"),
    ("f0_5", "f0_5"),
    ("f2", "f2"),
    ("matthews", "matthews_correlation"),
    ("cohen_kappa", "cohen_kappa"),
    ("false_positive_rate", "false_positive_rate"),
    ("false_negative_rate", "false_negative_rate"),
    ("log_loss", "log_loss"),
    ("brier", "brier"),
    ("roc_auc", "auc"),
    ("average_precision", "average_precision"),
    ("gini", "gini"),
    ("ks_of_scores", "score_separation"),
];

const REGRESSION: [(&str, &str); 10] = [
    ("mae", "mae"),
    ("mse", "mse"),
    ("rmse", "rmse"),
    ("r2", "r2"),
    ("median_absolute_error", "median_absolute_error"),
    ("max_error", "max_error"),
    ("mape_sklearn", "mape_with_zeros"),
    ("mape_zero_labels_left_out", "mape"),
    ("mean_error_prediction_minus_label", "mean_error"),
    ("explained_variance", "explained_variance"),
];

/// Predictions of a data set with their labels, and the names of their columns.
struct Set<'a> {
    frame: &'a Frame,
    score: &'a str,
    decision: &'a str,
    label: &'a str,
}

impl Set<'_> {
    fn state(&self, rows: &[usize]) -> Binary {
        let columns = [self.score, self.decision, self.label].map(|name| self.frame.numbers(name));
        in_pieces(
            rows,
            |rows| {
                let [scores, decisions, labels] = columns.map(|column| pick(column, rows));
                let decisions = Decisions::Given(&decisions);
                let mut state = Binary::default();
                state.observe(&BinaryRows { scores: &scores, decisions, labels: &labels });
                state
            },
            Binary::merge,
        )
    }

    fn compare(&self, tally: &mut Tally, what: &str, rows: &[usize], theirs: &Value) {
        let state = self.state(rows);
        let counts = |theirs: &Value, ours: Outcomes| {
            let count = |name: &str| theirs[name].as_u64().unwrap();
            let expected = [count("tn"), count("fp"), count("fn"), count("tp")];
            let ours = [ours.true_negatives, ours.false_positives, ours.false_negatives, ours.true_positives];
            assert_eq!(ours, expected, "{what}");
        };
        counts(&theirs["confusion"], state.outcomes());
        for (threshold, theirs) in theirs["by_threshold"].as_object().unwrap() {
            let (outcomes, unsure) = state.outcomes_at(threshold.parse().unwrap());
            assert_eq!(unsure, 0, "{what}");
            counts(theirs, outcomes);
        }
        assert_eq!(theirs["n"].as_u64().unwrap(), state.labelled(), "{what}");
        let state = State::Binary(state);
        all_in_range(what, &state);
        for (theirs_name, name) in BINARY {
            tally.metric(what, &state, name, theirs[theirs_name].as_f64().unwrap());
        }
    }
}

fn all(frame: &Frame) -> Vec<usize> {
    (0..frame.rows()).collect()
}

/// Rows whose text is this.
fn where_is(texts: &[String], text: &str) -> Vec<usize> {
    (0..texts.len()).filter(|row| texts[*row] == text).collect()
}

fn entries(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    document["entries"].as_array().unwrap().iter().map(|entry| (entry["window"].as_str().unwrap(), entry))
}

#[test]
fn car_loan() {
    let Some(document) = oracle("quality_sklearn__car_loan.json") else { return };
    let columns = ["event_id", "y_pred_proba", "y_pred"];
    let baseline =
        Frame::read("car_loan/baseline.parquet", &["event_id", "y_pred_proba", "y_pred", "repaid"]);
    let mut predictions = Frame::read("car_loan/predictions.parquet", &columns);
    predictions.join(&Frame::read("car_loan/labels.parquet", &["event_id", "repaid"]));
    let mut tally = Tally::default();
    for (window, entry) in entries(&document) {
        let frame = if window.starts_with("baseline") { &baseline } else { &predictions };
        let set = Set { frame, score: "y_pred_proba", decision: "y_pred", label: "repaid" };
        let mut rows = all(frame);
        if let Some(range) = window.split(" rows ").nth(1) {
            let (first, last) = range.split_once(' ').unwrap().0.split_once("..").unwrap();
            rows = (first.parse().unwrap()..=last.parse().unwrap()).collect();
        }
        set.compare(&mut tally, window, &rows, &entry["binary"]);
    }
    tally.finish("car_loan", 12 * 19);
}

#[test]
fn elec2() {
    let Some(document) = oracle("quality_sklearn__elec2.json") else { return };
    let mut frame = Frame::read("elec2/predictions.parquet", &["event_id", "event_ts", "up_prob", "up_pred"]);
    frame.join(&Frame::read("elec2/labels.parquet", &["event_id", "up"]));
    let set = Set { frame: &frame, score: "up_prob", decision: "up_pred", label: "up" };
    let months = frame.times("event_ts", "event month %Y-%m");
    let mut tally = Tally::default();
    for (window, entry) in entries(&document) {
        set.compare(&mut tally, window, &where_is(&months, window), &entry["binary"]);
    }
    tally.finish("elec2", 32 * 19);
}

#[test]
fn ma_employment() {
    let Some(document) = oracle("quality_sklearn__ma_employment.json") else { return };
    let columns = ["event_id", "event_ts", "SEX", "predicted_probability", "prediction"];
    let baseline =
        Frame::read("ma_employment/baseline.parquet", &[columns.as_slice(), &["employed"]].concat());
    let mut frame = Frame::read("ma_employment/predictions", &columns);
    frame.join(&Frame::read("ma_employment/labels", &["event_id", "label_ts", "employed"]));
    let set =
        |frame| Set { frame, score: "predicted_probability", decision: "prediction", label: "employed" };
    let months = frame.times("event_ts", "event month %Y-%m");
    let years = frame.times("event_ts", "event year %Y");
    let mut tally = Tally::default();
    for (window, entry) in entries(&document) {
        if window.starts_with("baseline") {
            set(&baseline).compare(&mut tally, window, &all(&baseline), &entry["binary"]);
            continue;
        }
        let times = if window.starts_with("event year") { &years } else { &months };
        let mut rows = where_is(times, window);
        if let Some(sex) = entry["segment"]["SEX"].as_str() {
            rows.retain(|row| frame.texts("SEX")[*row].as_deref() == Some(sex));
        }
        set(&frame).compare(&mut tally, window, &rows, &entry["binary"]);
        for as_of in entry["as_of"].as_array().into_iter().flatten() {
            ma_employment_as_of(&mut tally, &set(&frame), &rows, window, as_of);
        }
    }
    tally.finish("ma_employment", 39 * 19 + 36 * 15);
}

/// Quality with the labels that had arrived so many days after the window's end.
fn ma_employment_as_of(tally: &mut Tally, set: &Set<'_>, rows: &[usize], window: &str, theirs: &Value) {
    let month: jiff::civil::Date =
        format!("{}-01", window.strip_prefix("event month ").unwrap()).parse().unwrap();
    let end = month.saturating_add(jiff::Span::new().months(1)).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    let days = theirs["days_after_window_end"].as_i64().unwrap();
    let until = (end.timestamp().as_microsecond() + days * 86_400_000_000) as f64;
    let arrived = set.frame.numbers("label_ts");
    let known: Vec<usize> = rows.iter().copied().filter(|row| arrived[*row] <= until).collect();
    let state = set.state(&known);
    let what = format!("{window} after {days} days");
    assert_eq!(state.labelled(), theirs["labelled"].as_u64().unwrap(), "{what}");
    tally.same(&what, known.len() as f64 / rows.len() as f64, theirs["coverage"].as_f64().unwrap());
    let state = State::Binary(state);
    tally.metric(&what, &state, "accuracy", theirs["accuracy"].as_f64().unwrap());
    tally.metric(&what, &state, "auc", theirs["roc_auc"].as_f64().unwrap());
}

#[test]
fn nyc_flights() {
    let Some(document) = oracle("quality_sklearn__nyc_flights_2013.json") else { return };
    let mut months = Vec::new();
    for month in 1..=12 {
        let path = |kind: &str| format!("nyc_flights_2013/{kind}/month=2013-{month:02}/part-0.parquet");
        let columns = ["event_id", "event_ts", "origin", "arr_delay_pred", "late_prob", "late_pred"];
        let mut frame = Frame::read(&path("predictions"), &columns);
        frame.join(&Frame::read(&path("labels"), &["event_id", "arr_delay", "late"]));
        let days = frame.times("event_ts", "UTC day %Y-%m-%d");
        months.push((frame, days));
    }
    let mut tally = Tally::default();
    for (window, entry) in entries(&document) {
        let month: usize = window[window.len() - 2..].parse().unwrap();
        let (frame, days) = &months[month - 1];
        let mut rows = match window.split_once(" of ") {
            Some((day, _)) => where_is(days, day),
            None => all(frame),
        };
        if let Some(origin) = entry["segment"]["origin"].as_str() {
            rows.retain(|row| frame.texts("origin")[*row].as_deref() == Some(origin));
        }
        if let Some(predictions) = entry["predictions"].as_u64() {
            assert_eq!(rows.len() as u64, predictions, "{window}");
        }
        let set = Set { frame, score: "late_prob", decision: "late_pred", label: "late" };
        set.compare(&mut tally, window, &rows, &entry["binary_late"]);
        compare_regression(&mut tally, frame, window, &rows, &entry["regression_arr_delay"]);
    }
    tally.finish("nyc_flights_2013", 108 * 29);
}

fn compare_regression(tally: &mut Tally, frame: &Frame, what: &str, rows: &[usize], theirs: &Value) {
    let state = in_pieces(
        rows,
        |rows| {
            let mut state = Regression::default();
            state.observe(
                &pick(frame.numbers("arr_delay_pred"), rows),
                &pick(frame.numbers("arr_delay"), rows),
            );
            state
        },
        Regression::merge,
    );
    assert_eq!(state.labelled(), theirs["n"].as_u64().unwrap(), "{what}");
    assert_eq!(state.counts().zero_labels, theirs["zero_labels"].as_u64().unwrap(), "{what}");
    let state = State::Regression(state);
    all_in_range(what, &state);
    for (theirs_name, name) in REGRESSION {
        tally.metric(what, &state, name, theirs[theirs_name].as_f64().unwrap());
    }
}

#[test]
fn credit_card() {
    let Some(document) = oracle("quality_sklearn__credit_card_multiclass.json") else { return };
    let classes = ["highstreet_card", "prepaid_card", "upmarket_card"];
    let scores = classes.map(|class| format!("y_pred_proba_{class}"));
    let columns = ["event_id", "event_ts", "y_pred", &scores[0], &scores[1], &scores[2]];
    let with_label = [columns.as_slice(), &["y_true"]].concat();
    let baseline = Frame::read("credit_card_multiclass/baseline.parquet", &with_label);
    let mut predictions = Frame::read("credit_card_multiclass/predictions.parquet", &columns);
    predictions.join(&Frame::read("credit_card_multiclass/labels.parquet", &["event_id", "y_true"]));
    let months = predictions.times("event_ts", "event month %Y-%m");
    let mut tally = Tally::default();
    for (window, entry) in entries(&document) {
        let (frame, rows) = if window.starts_with("baseline") {
            (&baseline, all(&baseline))
        } else {
            (&predictions, where_is(&months, window))
        };
        let columns: Vec<&[f64]> = scores.iter().map(|score| frame.numbers(score)).collect();
        let as_given = state_of_classes(frame, &classes, &columns, &rows);
        // For its averages scikit-learn was given rows that add up to 1; those here are rounded to two decimals.
        let share = |column: &&[f64]| -> Vec<f64> {
            let total = |row: usize| columns.iter().map(|column| column[row]).sum::<f64>();
            column.iter().enumerate().map(|(row, score)| score / total(row)).collect()
        };
        let shares: Vec<Vec<f64>> = columns.iter().map(share).collect();
        let shares: Vec<&[f64]> = shares.iter().map(Vec::as_slice).collect();
        let made_one = state_of_classes(frame, &classes, &shares, &rows);
        compare_classes(&mut tally, window, [as_given, made_one], &entry["multiclass"]);
    }
    tally.finish("credit_card_multiclass", 6 * 39);
}

fn state_of_classes(frame: &Frame, classes: &[&str], columns: &[&[f64]], rows: &[usize]) -> State {
    let of = |rows: &[usize]| {
        let names = |column: &str| -> Vec<Option<&str>> {
            rows.iter().map(|row| frame.texts(column)[*row].as_deref()).collect()
        };
        let columns: Vec<Vec<f64>> = columns.iter().map(|column| pick(column, rows)).collect();
        let probabilities: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let mut state = Multiclass::new(classes);
        state.observe(&MulticlassRows {
            predictions: &names("y_pred"),
            labels: &names("y_true"),
            probabilities: &probabilities,
        });
        state
    };
    State::Multiclass(in_pieces(rows, of, |merged, part| merged.merge(part).unwrap()))
}

fn compare_classes(tally: &mut Tally, what: &str, [state, made_one]: [State; 2], theirs: &Value) {
    let State::Multiclass(classes) = &state else { unreachable!() };
    all_in_range(what, &state);
    let names: Vec<&str> =
        theirs["classes"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let rows = theirs["confusion_rows_true_columns_predicted"].as_array().unwrap();
    let mut expected = Vec::new();
    for (label, row) in names.iter().zip(rows) {
        let cells = names.iter().zip(row.as_array().unwrap());
        expected.extend(
            cells.map(|(prediction, rows)| (Some(*label), Some(*prediction), rows.as_u64().unwrap())),
        );
    }
    assert_eq!(classes.confusion().matrix(), expected, "{what}");
    for (theirs_name, value) in theirs.as_object().unwrap() {
        let Some(value) = value.as_f64() else { continue };
        let name = match theirs_name.as_str() {
            "n" => continue,
            "accuracy" | "balanced_accuracy" | "cohen_kappa" => theirs_name.clone(),
            "matthews" => "matthews_correlation".to_owned(),
            "log_loss_rows_renormalised" => "log_loss".to_owned(),
            // `precision_macro` there is `macro_precision` here.
            name => match name.strip_prefix("roc_") {
                Some(area) => area.to_owned(),
                None => {
                    let (metric, average) = name.rsplit_once('_').unwrap();
                    format!("{average}_{metric}")
                }
            },
        };
        tally.metric(what, if name.starts_with("auc") { &made_one } else { &state }, &name, value);
    }
    let of_class = |class: &str, name: &str| {
        let of_class = state.class_scores().into_iter().find(|(c, m, _)| *c == class && m.name == name);
        of_class.unwrap().2.unwrap().value
    };
    for (class, theirs) in theirs["per_class"].as_object().unwrap() {
        for name in ["precision", "recall", "f1"] {
            let what = format!("{what} {class} {name}");
            tally.same(&what, of_class(class, name), theirs[name].as_f64().unwrap());
        }
    }
    for (member, name) in [("roc_auc_ovr", "auc"), ("average_precision_ovr", "average_precision")] {
        for (class, theirs) in theirs[member].as_object().unwrap() {
            tally.same(&format!("{what} {class} {name}"), of_class(class, name), theirs.as_f64().unwrap());
        }
    }
}
