//! The model-quality and explainability monitors of SageMaker Model Monitor: constraints, metrics, violations and words of real
//! jobs, from the rows that they had.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::{
    sandbox::{Sandbox, holds},
    tables::{agrees, read, rows, shared},
};

/// A file of a job that only developers have.
pub(crate) fn document(path: &str) -> Option<Value> {
    Some(serde_json::from_slice(&std::fs::read(shared(&format!("model-monitor/{path}"))?).unwrap()).unwrap())
}

/// A document that a run wrote.
pub(crate) fn written(sandbox: &Sandbox, path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(sandbox.path(path)).unwrap()).unwrap()
}

const CHURN: &str = "[roles]\nlabel = \"label\"\nprediction = \"prediction\"\nprobability = \"probability\"\ntimestamp = \"ts\"\n";

/// A sandbox with the 201 rows of the churn example, and a baseline of them.
fn churn() -> Option<Sandbox> {
    let data = shared("model-monitor/churn/validation_with_predictions.csv")?;
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", CHURN);
    let text = std::fs::read_to_string(data).unwrap();
    let mut timed = String::from("ts,probability,prediction,label\n");
    for (row, line) in text.lines().skip(1).enumerate() {
        writeln!(timed, "2020-05-26T{:02}:{:02}:00Z,{line}", 20 + row / 150, row % 60).unwrap();
    }
    sandbox.write("data/rows.csv", timed);
    sandbox.expect(0, "baseline data --compat sagemaker --out own");
    Some(sandbox)
}

/// Rows with these counts: true and false negatives, false and true positives.
fn counted([tn, false_negatives, fp, tp]: [usize; 4]) -> String {
    let mut text = String::from("ts,probability,prediction,label\n");
    for (rows, row) in [(tn, "0.1,0,0"), (false_negatives, "0.1,0,1"), (fp, "0.9,1,0"), (tp, "0.9,1,1")] {
        for at in 0..rows {
            writeln!(text, "2020-05-26T20:{:02}:00Z,{row}", at % 60).unwrap();
        }
    }
    text
}

/// The value, deviation and threshold of `Metric f1 with 0.1 +/- 0.2 was LessThanThreshold '0.3'`, and all but the deviation.
fn parts(description: &str) -> (f64, String) {
    let words: Vec<&str> = description.split(' ').collect();
    assert_eq!((words[0], words[4], words.len()), ("Metric", "+/-", 9), "{description}");
    (words[5].parse().unwrap(), [&words[..5], &words[6..]].concat().join(" "))
}

#[test]
fn a_baseline_has_the_thresholds_and_metrics_of_the_job() {
    let Some(sandbox) = churn() else { return };
    let constraints = written(&sandbox, "own/model_quality/constraints.json");
    // Those that reports name are to the last digit; F0.5 is never evaluated there.
    let mut expected = Map::new();
    for (name, threshold, side) in [
        ("recall", 0.571_428_571_428_571_4, "Less"),
        ("precision", 1.0, "Less"),
        ("accuracy", 0.940_298_507_462_686_6, "Less"),
        ("true_positive_rate", 0.571_428_571_428_571_4, "Less"),
        ("true_negative_rate", 1.0, "Less"),
        ("false_positive_rate", 0.0, "Greater"),
        ("false_negative_rate", 0.428_571_428_571_428_6, "Greater"),
        ("auc", 0.939_512_799_339_389_8, "Less"),
        ("f0_5", 0.869_565_217_391_304_2, "Less"),
        ("f1", 0.727_272_727_272_727_3, "Less"),
        ("f2", 0.625, "Less"),
    ] {
        let operator = format!("{side}ThanThreshold");
        expected.insert(name.to_owned(), json!({"threshold": threshold, "comparison_operator": operator}));
    }
    let whole = json!({"version": 0.0, "binary_classification_constraints": expected});
    assert_eq!(constraints, whole);
    let statistics = written(&sandbox, "own/model_quality/statistics.json");
    assert_eq!(statistics["dataset"]["item_count"], 201);
    let metrics = &statistics["binary_classification_metrics"];
    assert_eq!(metrics["confusion_matrix"], json!({"0": {"0": 173, "1": 0}, "1": {"0": 12, "1": 16}}));
    assert_eq!(metrics["accuracy_best_constant_classifier"]["value"], 173.0 / 201.0);
    for zero in ["precision", "recall", "f0_5", "f1", "f2"] {
        assert_eq!(metrics[format!("{zero}_best_constant_classifier")]["value"], 0.0, "{zero}");
    }
    assert!((metrics["accuracy"]["standard_deviation"].as_f64().unwrap() - 0.0168).abs() < 5e-4);
    let curve = |name: &str, side: &str| metrics[name][side].as_array().unwrap().clone();
    let roc = "receiver_operating_characteristic_curve";
    let (x, y) = (curve(roc, "false_positive_rates"), curve(roc, "true_positive_rates"));
    assert_eq!((&x[0], &y[0], x.len()), (&json!(0.0), &json!(0.0), y.len()));
    assert_eq!(
        (&x[x.len() - 2..], &y[y.len() - 2..]),
        (&[json!(1.0), json!(1.0)][..], &[json!(1.0), json!(1.0)][..])
    );
    assert_eq!(curve("precision_recall_curve", "recalls")[0], 0.0);
}

#[test]
fn runs_of_the_job_break_what_they_broke_there() {
    let Some(sandbox) = churn() else { return };
    for (run, counts) in [("a", [449, 1218, 69, 156]), ("b", [649, 1749, 97, 228])] {
        sandbox.write("captures/rows.csv", counted(counts));
        let report =
            document(&format!("reports/churn-model-quality-{run}-constraint_violations.json")).unwrap();
        let line = "check captures --baseline own --compat sagemaker --fail-on never --format json";
        let checked = sandbox.expect(0, line).json();
        let found = checked["violations"].as_array().unwrap().iter();
        let mut found: Vec<(f64, String)> = found
            .filter(|row| row["check"] == "model_quality")
            .map(|row| parts(row["description"].as_str().unwrap()))
            .collect();
        // The area depends on scores, which are not known; of 201 rows that are right more often it is larger.
        found.retain(|(_, words)| !words.starts_with("Metric auc "));
        let theirs = report["violations"].as_array().unwrap().iter();
        let mut theirs: Vec<(f64, String)> = theirs
            .filter(|entry| entry["metric_name"] != "auc")
            .map(|entry| parts(entry["description"].as_str().unwrap()))
            .collect();
        for list in [&mut found, &mut theirs] {
            list.sort_by(|a, b| a.1.cmp(&b.1));
        }
        assert_eq!(found.len(), 9);
        for ((ours, our_words), (deviation, words)) in found.iter().zip(&theirs) {
            assert_eq!(our_words, words, "run {run}");
            // Five draws of 80 % against the error of as many other rows.
            assert!((0.03..1.5).contains(&(deviation / ours)), "{words}: {ours}");
        }
    }
}

#[test]
fn documents_of_a_window_are_what_the_job_would_leave() {
    let Some(sandbox) = churn() else { return };
    sandbox.write("captures/rows.csv", counted([449, 1218, 69, 156]));
    let folder = "sagemaker/2020/05/26/20/model_quality";
    let backfill = "backfill captures --baseline own --window 1h --emit sagemaker --out";
    for (out, more) in [("theirs", "--compat sagemaker"), ("ours", "")] {
        sandbox.expect(0, &format!("{backfill} {out} {more}"));
        let document = written(&sandbox, &format!("{out}/{folder}/constraint_violations.json"));
        let entries = document["violations"].as_array().unwrap();
        let f1 = entries.iter().find(|entry| entry["metric_name"] == "f1").unwrap();
        assert_eq!(f1["constraint_check_type"], "LessThanThreshold");
        holds(
            f1["description"].as_str().unwrap(),
            &["Metric f1 with 0.1951219512195", " +/- ", " was LessThanThreshold '0.7272727272727273'"],
        );
        let rate = entries.iter().find(|entry| entry["metric_name"] == "falseNegativeRate");
        assert_eq!(rate.is_some(), out == "theirs", "we judge others");
        let statistics = written(&sandbox, &format!("{out}/{folder}/statistics.json"));
        assert_eq!(statistics["dataset"]["item_count"], 1892);
        let constraints = written(&sandbox, &format!("{out}/{folder}/constraints.json"));
        assert_eq!(constraints["binary_classification_constraints"]["precision"]["threshold"], 156.0 / 225.0);
    }
    // An edited threshold acts, and no capture is read for it.
    let path = "own/model_quality/constraints.json";
    let mut constraints = written(&sandbox, path);
    constraints["binary_classification_constraints"]["accuracy"]["threshold"] = json!(0.3);
    sandbox.write(path, constraints.to_string());
    let ran = sandbox.expect(0, &format!("{backfill} theirs --compat sagemaker --format json")).json();
    assert_eq!(ran["files"]["reused"], 1, "{ran}");
    let violations = read(&sandbox.path("theirs"), "violations");
    let broken: Vec<&str> = rows(&violations)
        .filter(|row| row.text("check") == "model_quality")
        .map(|row| row.text("metric"))
        .collect();
    assert!(broken.contains(&"f1") && !broken.contains(&"accuracy"), "{broken:?}");
    let rescore = "rescore theirs --baseline own --compat sagemaker --emit sagemaker --out again";
    sandbox.expect(0, rescore);
    assert!(sandbox.files("again/sagemaker") == sandbox.files("theirs/sagemaker"));
    // Labels that are not asked for any more take their documents along.
    sandbox.write("driftscan.toml", "[roles]\ntimestamp = \"ts\"\nignore = [\"label\"]\n");
    sandbox.expect(0, &format!("{backfill} theirs --compat sagemaker"));
    let names: Vec<String> = sandbox.files("theirs/sagemaker").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

/// Rows whose attributions of each feature are these, with either sign.
fn attributed(sandbox: &Sandbox, path: &str, values: &[(&str, f64)]) {
    let header: Vec<String> = values.iter().map(|(name, _)| format!("shap_{name}")).collect();
    let row =
        |sign: f64| values.iter().map(|(_, value)| (value * sign).to_string()).collect::<Vec<_>>().join(",");
    let mut text = format!("ts,{}\n", header.join(","));
    for at in 0..40 {
        writeln!(text, "2026-03-01T10:{at:02}:00Z,{}", row(if at % 2 == 0 { 1.0 } else { -1.0 })).unwrap();
    }
    sandbox.write(path, text);
}

const ATTRIBUTED: &str = "[roles]\ntimestamp = \"ts\"\n[attribution]\ncolumns = [\"shap_*\"]\n";

#[test]
fn the_order_of_attributions_is_judged_as_the_guide_says() {
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", ATTRIBUTED);
    attributed(&sandbox, "data/a.csv", &[("a", 0.70), ("b", 0.50), ("c", 0.05)]);
    attributed(&sandbox, "captures/a.csv", &[("a", 0.10), ("b", 0.20), ("c", 0.70)]);
    sandbox.expect(0, "baseline data --compat sagemaker --out own");
    let analysis = written(&sandbox, "own/attribution/analysis.json");
    let values = json!({"a": 0.7, "b": 0.5, "c": 0.05});
    let whole = json!({"version": "1.0", "explanations": {"kernel_shap": {"label0": {"global_shap_values": values}}}});
    assert_eq!(analysis, whole);
    let line =
        "backfill captures --baseline own --window 1h --compat sagemaker --emit sagemaker --out results";
    sandbox.expect(0, line);
    let folder = "results/sagemaker/2026/03/01/10/explainability";
    let violations = written(&sandbox, &format!("{folder}/constraint_violations.json"));
    let entry = json!({"label": "label0", "metric_name": "shap", "constraint_check_type": "feature_attribution_drift_check",
        "description": "Feature attribution drift 0.6876396241226223 exceeds threshold 0.9"});
    assert_eq!(violations, json!({"version": "1.0", "violations": [entry]}));
    let live = written(&sandbox, &format!("{folder}/analysis.json"));
    let value =
        |name: &str| live["explanations"]["kernel_shap"]["label0"]["global_shap_values"][name].as_f64();
    assert!(agrees(value("c"), 0.7, 1e-12) && agrees(value("a"), 0.1, 1e-12));
    // The baseline's order breaks nothing.
    sandbox.expect(0, "check data --baseline own --compat sagemaker");
}

/// A baseline folder without anything of our own: documents of data quality, and those of the other monitors.
fn only_theirs(sandbox: &Sandbox, data: &str, others: &[(&str, Value)]) {
    sandbox.expect(0, &format!("baseline {data} --compat sagemaker --out aws"));
    for ours in ["profile.parquet", "outcomes.parquet"] {
        std::fs::remove_file(sandbox.path(&format!("aws/{ours}"))).unwrap();
    }
    for (path, document) in others {
        sandbox.write(&format!("aws/{path}"), document.to_string());
    }
}

#[test]
fn documents_of_jobs_alone_are_compared_with_in_both_modes() {
    let Some(report) = document("reports/adult-shap-batch-jsonlines-baseline-analysis.json") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", ATTRIBUTED);
    let values = report["explanations"]["kernel_shap"]["label0"]["global_shap_values"].as_object().unwrap();
    let same: Vec<(&str, f64)> =
        values.iter().map(|(name, value)| (name.as_str(), value.as_f64().unwrap())).collect();
    let reversed: Vec<(&str, f64)> = same.iter().map(|(name, value)| (*name, 0.1 - value)).collect();
    attributed(&sandbox, "data/a.csv", &same);
    attributed(&sandbox, "captures/a.csv", &reversed);
    only_theirs(&sandbox, "data", &[("attribution/analysis.json", report.clone())]);
    for more in ["", "--compat sagemaker"] {
        let found = |captures: &str| {
            let line = format!("check {captures} --baseline aws --fail-on never --format json {more}");
            let checked = sandbox.expect(0, &line).json();
            let found = checked["violations"].as_array().unwrap().iter();
            found
                .filter(|row| row["check"] == "attribution_drift")
                .map(|row| row["value"].as_f64().unwrap())
                .collect::<Vec<f64>>()
        };
        assert_eq!(found("data"), Vec::<f64>::new(), "{more}");
        let drift = found("captures");
        assert!(drift.len() == 1 && (0.3..0.8).contains(&drift[0]), "{more} {drift:?}");
    }
    let Some(sandbox) = churn() else { return };
    let constraints = written(&sandbox, "own/model_quality/constraints.json");
    only_theirs(&sandbox, "data", &[("model_quality/constraints.json", constraints)]);
    sandbox.write("captures/rows.csv", counted([449, 1218, 69, 156]));
    for (more, worse) in
        [("", vec!["accuracy", "auc", "f1"]), ("--compat sagemaker", vec!["accuracy", "auc", "f1", "f2"])]
    {
        let line = format!("check captures --baseline aws --fail-on never --format json {more}");
        let checked = sandbox.expect(0, &line).json();
        let found = checked["violations"].as_array().unwrap().iter();
        let found: Vec<&str> = found
            .filter(|row| row["check"] == "model_quality")
            .map(|row| row["metric"].as_str().unwrap())
            .collect();
        assert!(worse.iter().all(|metric| found.contains(metric)), "{more} {found:?}");
    }
}

#[test]
fn a_document_that_is_something_else_is_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", ATTRIBUTED);
    attributed(&sandbox, "data/a.csv", &[("a", 0.5), ("b", 0.25)]);
    sandbox.expect(0, "baseline data --out own");
    for (path, document, says) in [
        (
            "model_quality/constraints.json",
            "{\"version\": 0.0}",
            "expected `binary_classification_constraints`",
        ),
        (
            "model_quality/constraints.json",
            "{\"regression_constraints\": {\"mae\": {\"threshold\": 1, \"comparison_operator\": \"Near\"}}}",
            "`regression_constraints.mae.comparison_operator`: unknown variant `Near`",
        ),
        ("bias/analysis.json", "{\"version\": \"1.0\"}", "expected `post_training_bias_metrics`"),
        ("attribution/analysis.json", "{}", "no global explanations"),
    ] {
        sandbox.write(&format!("own/{path}"), document);
        let error = sandbox.error(2, "check data --baseline own");
        holds(&error, &[&format!("`{path}`"), says]);
        std::fs::remove_file(sandbox.path(&format!("own/{path}"))).unwrap();
    }
}
