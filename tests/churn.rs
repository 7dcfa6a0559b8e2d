//! The monitoring run of SageMaker's own example: one bad line in 334, and labels against scores. The real job ended with
//! 60 violations.

use std::fmt::Write as _;

use crate::{
    sandbox::Sandbox,
    tables::{read, rows, shared},
};

/// Rows of the data set without a header; the first is mangled.
const ROWS: usize = 334;

/// A sandbox with `training/` (labels first), and `captures/` (scores of a model first), both CSV with a header.
fn sandbox() -> Option<Sandbox> {
    let churn = shared("model-monitor/churn")?;
    let text = |name: &str| std::fs::read_to_string(churn.join(name)).unwrap();
    let (training, inputs) = (text("training-dataset-with-header.csv"), text("test-dataset-input-cols.csv"));
    let header = training.lines().next().unwrap();
    let mut captures = format!("ts,{header}\n");
    for (row, line) in inputs.lines().enumerate() {
        // Scores of a model that nobody wrote down: any fractions do.
        let score = (row * 37 % 997 + 1) as f64 / 1000.0;
        writeln!(captures, "2021-05-26T20:{:02}:00Z,{score},{line}", row % 60).unwrap();
    }
    assert_eq!(inputs.lines().count(), ROWS);
    let sandbox = Sandbox::new();
    sandbox.write("training/data.csv", training);
    sandbox.write("captures/data.csv", captures);
    Some(sandbox)
}

/// A baseline folder that holds what the real job wrote: all constraints, and the statistics of the first features.
pub(crate) fn published(sandbox: &Sandbox) {
    let churn = shared("model-monitor/churn/baseline").unwrap();
    let bytes = |name: &str| std::fs::read(churn.join(name)).unwrap();
    sandbox.write("aws/constraints.json", bytes("constraints.json"));
    sandbox.write("aws/statistics.json", bytes("statistics.first-29-features.json"));
}

/// What the real job found: 59 whole numbers with one fraction, and the label.
#[track_caller]
pub(crate) fn are_those_of_the_job(found: &[serde_json::Value]) {
    let text = |row: &serde_json::Value, member: &str| row[member].as_str().unwrap().to_owned();
    let said: Vec<(String, String)> =
        found.iter().map(|row| (text(row, "feature"), text(row, "description"))).collect();
    assert_eq!(said.len(), 60, "{said:#?}");
    let wanted = |share: &str| {
        format!(
            "Data type match requirement is not met. Expected data type: Integral, Expected match: 100.0%. \
             Observed: Only {share}% of data is Integral."
        )
    };
    let share = (ROWS - 1) as f64 / ROWS as f64 * 100.0;
    for (feature, description) in &said {
        let share = if feature == "Churn" { "0.0".to_owned() } else { share.to_string() };
        assert_eq!(*description, wanted(&share), "{feature}");
    }
    assert_eq!(said.iter().filter(|(feature, _)| feature == "Churn").count(), 1);
    assert!(
        found.iter().all(|row| text(row, "check") == "data_type" && text(row, "severity") == "violation")
    );
}

#[test]
fn in_its_own_words_the_run_finds_the_sixty_violations_of_the_job() {
    let Some(sandbox) = sandbox() else { return };
    sandbox.expect(0, "baseline training --out own --compat sagemaker");
    published(&sandbox);
    for baseline in ["own", "aws"] {
        let line =
            format!("check captures --timestamp ts --baseline {baseline} --compat sagemaker --format json");
        let checked = sandbox.expect(1, &line).json();
        are_those_of_the_job(checked["violations"].as_array().unwrap());
        let scores = checked["scores"].as_array().unwrap();
        let distances = scores.iter().filter(|score| score["metric"] == "linf_robust");
        assert!(distances.clone().all(|score| score["status"] == "ok"));
        assert_eq!(distances.count(), if baseline == "own" { 70 } else { 29 });
    }
}

#[test]
fn where_our_verdict_differs_a_score_says_so() {
    let Some(sandbox) = sandbox() else { return };
    sandbox.expect(0, "baseline training --out own --compat sagemaker");
    sandbox.expect(0, "baseline training --out plain");
    published(&sandbox);
    for (baseline, compat, known) in
        [("own", "--compat sagemaker", true), ("own", "", true), ("aws", "", true), ("plain", "", false)]
    {
        let line = format!("backfill captures --baseline {baseline} --out results --timestamp ts {compat}");
        sandbox.expect(0, &line);
        let scores = read(&sandbox.path("results"), "scores");
        std::fs::remove_dir_all(sandbox.path("results")).unwrap();
        let differs: Vec<_> = rows(&scores)
            .filter(|row| row.text("metric") == "verdict_difference")
            .map(|row| {
                (row.text("feature").to_owned(), row.text("method").to_owned(), row.number("value").unwrap())
            })
            .collect();
        let row = |check: &str, value| ("Churn".to_owned(), check.to_owned(), value);
        let expected = [row("label_against_score", 1.0), row("data_type", -1.0)];
        assert_eq!(differs, if known { expected.to_vec() } else { Vec::new() }, "{baseline} {compat}");
    }
}

#[test]
fn by_default_a_bad_line_is_one_finding_and_the_label_another() {
    let Some(sandbox) = sandbox() else { return };
    sandbox.expect(0, "baseline training --out own");
    published(&sandbox);
    for baseline in ["own", "aws"] {
        let checked = sandbox
            .expect(1, &format!("check captures --timestamp ts --baseline {baseline} --format json"))
            .json();
        let found = checked["violations"].as_array().unwrap();
        let said: Vec<&str> = found.iter().map(|row| row["description"].as_str().unwrap()).collect();
        assert_eq!(said.len(), 2, "{said:#?}");
        let label = found.iter().find(|row| row["check"] == "label_against_score").unwrap();
        assert_eq!(label["feature"], "Churn");
        let description = label["description"].as_str().unwrap();
        assert!(
            description.contains("--probability Churn") && description.contains("--label Churn"),
            "{description}"
        );
        let line = found.iter().find(|row| row["check"] == "data_type").unwrap();
        assert_eq!(line["features"].as_array().unwrap().len(), 59);
        let description = line["description"].as_str().unwrap();
        let start = "59 features at once, each in 1 of 334 values and in the same captures: expected a whole number, found values with a fraction: `VMail Message`, `State_AK`";
        assert!(description.starts_with(start), "{description}");
    }
}

#[test]
fn documents_of_each_window_hold_what_the_tables_do() {
    let Some(sandbox) = sandbox() else { return };
    sandbox.expect(0, "baseline training --out own --compat sagemaker");
    let folder = "sagemaker/2021/05/26/20";
    let json = |sandbox: &Sandbox, place: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(sandbox.path(place)).unwrap()).unwrap()
    };
    let backfill = "backfill captures --baseline own --timestamp ts --window 1h --emit sagemaker --out";
    for (out, more, violations) in [("theirs", "--compat sagemaker", 60), ("ours", "", 60)] {
        sandbox.expect(0, &format!("{backfill} {out} {more}"));
        let document = json(&sandbox, &format!("{out}/{folder}/constraint_violations.json"));
        let entries = document["violations"].as_array().unwrap();
        assert_eq!(entries.len(), violations);
        assert!(entries.iter().all(|entry| {
            entry["constraint_check_type"] == "data_type_check"
                && entry["description"]
                    .as_str()
                    .unwrap()
                    .starts_with("Data type match requirement is not met.")
        }));
        let statistics = json(&sandbox, &format!("{out}/{folder}/statistics.json"));
        assert_eq!(statistics["dataset"]["item_count"], ROWS);
        assert_eq!(statistics["features"].as_array().unwrap().len(), 70);
        assert_eq!(statistics["features"][0]["inferred_type"], "Fractional", "the score");
        let constraints = json(&sandbox, &format!("{out}/{folder}/constraints.json"));
        assert_eq!(constraints["features"][1]["name"], "Account Length");
        assert_eq!(constraints["features"][1].as_object().unwrap().len(), 4, "published members alone");
    }
    // The same bytes for any number of threads, and from stored profiles.
    sandbox.expect(0, &format!("{backfill} again --threads 1"));
    assert!(sandbox.files("ours/sagemaker") == sandbox.files("again/sagemaker"));
    std::fs::remove_dir_all(sandbox.path("again/sagemaker")).unwrap();
    sandbox.expect(0, "rescore again --baseline own --emit sagemaker --out rescored");
    assert!(sandbox.files("ours/sagemaker") == sandbox.files("rescored/sagemaker"));
    // A window that is gone takes its documents along; so does a run that is not asked for any.
    let moved = std::fs::read_to_string(sandbox.path("captures/data.csv")).unwrap().replace("T20:", "T21:");
    sandbox.write("captures/data.csv", moved);
    sandbox.expect(0, &format!("{backfill} ours"));
    let names: Vec<String> = sandbox.files("ours/sagemaker").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|name| name.starts_with("2021/05/26/21/")), "{names:?}");
    sandbox.expect(0, "backfill captures --baseline own --timestamp ts --window 1h --out ours");
    assert_eq!(sandbox.files("ours").iter().filter(|(name, _)| name.starts_with("sagemaker")).count(), 0);
}
