//! A user of Model Monitor moves: captures of three days of its churn example as an endpoint writes them, under the two
//! documents of its baseline; and the guide, followed from its text.

use std::{fmt::Write as _, fs};

use serde_json::{Value, json};

use crate::{
    churn::{are_those_of_the_job, published},
    records::table,
    sandbox::Sandbox,
    tables::{read, rows, shared},
};

const GUIDE: &str = include_str!("../docs/from-model-monitor.md");

/// Days, files of the public example that hold their requests, and leading columns that are no part of a request. On the
/// last day its first line is mangled, in the file itself.
const DAYS: [(&str, &str, usize); 3] = [
    ("2021-05-24", "validation.csv", 1),
    ("2021-05-25", "test-dataset.csv", 1),
    ("2021-05-26", "test-dataset-input-cols.csv", 0),
];

/// Rows of one day: scores that the public model gave, in turn, then requests.
fn day(file: &str, skip: usize) -> Option<Vec<(String, String)>> {
    let churn = shared("model-monitor/churn")?;
    let text = |name: &str| fs::read_to_string(churn.join(name)).unwrap();
    let scores = text("validation_with_predictions.csv");
    let scores: Vec<&str> = scores.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let requests = text(file);
    let request = |line: &str| line.splitn(skip + 1, ',').last().unwrap().to_owned();
    let row = |(at, line): (usize, &str)| (scores[at % scores.len()].to_owned(), request(line));
    Some(requests.lines().enumerate().map(row).collect())
}

/// A sandbox with the captures of an endpoint, spread over each day, and the training data.
fn sandbox() -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    let side = |mode: &str, data: &str| json!({"observedContentType": "text/csv", "mode": mode, "data": data, "encoding": "CSV"});
    for (date, file, skip) in DAYS {
        let rows = day(file, skip)?;
        let mut hours = vec![String::new(); 24];
        for (at, (score, request)) in rows.iter().enumerate() {
            let second = at * 86_400 / rows.len();
            let time = format!("{date}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
            let captured =
                json!({"endpointInput": side("INPUT", request), "endpointOutput": side("OUTPUT", score)});
            let metadata = json!({"eventId": format!("{date}/{at}"), "inferenceTime": time});
            let line = json!({"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"});
            writeln!(hours[second / 3600], "{line}").unwrap();
        }
        for (hour, lines) in hours.into_iter().enumerate() {
            let folder = date.replace('-', "/");
            sandbox.write(&format!("captures/churn/AllTraffic/{folder}/{hour:02}/requests.jsonl"), lines);
        }
    }
    let name = "training-dataset-with-header.csv";
    sandbox.write(name, fs::read(shared("model-monitor/churn")?.join(name)).unwrap());
    Some(sandbox)
}

fn document(sandbox: &Sandbox, place: &str) -> Value {
    serde_json::from_slice(&fs::read(sandbox.path(place)).unwrap()).unwrap()
}

/// One command of the guide, with the lines it is said to print.
#[derive(Debug)]
struct Step {
    command: String,
    code: i32,
    says: Vec<&'static str>,
}

/// The commands of the guide, in order: lines of `sh` that start with the program. A block of `text` is what the last of
/// them prints, but for what `...` stands for.
fn steps() -> Vec<Step> {
    let (mut steps, mut block) = (Vec::<Step>::new(), "");
    for line in GUIDE.lines() {
        match (line.strip_prefix("```"), block) {
            (Some(kind), _) => block = kind,
            (None, "sh") if line.starts_with("driftscan ") => {
                let (command, remark) = line.split_once('#').unwrap_or((line, ""));
                let code = remark.trim().strip_prefix("exit code ").map_or(0, |code| code.parse().unwrap());
                let command = command["driftscan ".len()..].trim().to_owned();
                steps.push(Step { command, code, says: Vec::new() });
            }
            (None, "text") if !line.trim().is_empty() => steps.last_mut().unwrap().says.push(line),
            _ => {}
        }
    }
    steps
}

/// The settings that the guide starts from.
fn settings() -> &'static str {
    GUIDE.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0
}

#[test]
fn the_guide_does_what_it_says() {
    let Some(sandbox) = sandbox() else { return };
    sandbox.expect(0, "baseline training-dataset-with-header.csv --compat sagemaker --out aws -q");
    fs::remove_file(sandbox.path("aws/profile.parquet")).unwrap();
    sandbox.write("driftscan.toml", settings());
    let steps = steps();
    assert!(steps.len() > 10, "{steps:#?}");
    for Step { command, code, says } in &steps {
        let printed = sandbox.expect(*code, command).stdout;
        let mut printed = printed.lines();
        for line in says {
            // `...` at the end of a line stands for the rest of it, and on its own for lines.
            let begins = line.strip_suffix("...");
            let is_it =
                |found: &str| begins.map_or(found == *line, |start| found.starts_with(start.trim_end()));
            assert!(
                line.trim() == "..." || printed.any(is_it),
                "driftscan {command}\ndoes not print, or not in this place:\n{line}\n{}",
                sandbox.expect(*code, command).stdout
            );
        }
    }
}

#[test]
fn its_two_documents_are_enough_for_captured_requests() {
    let Some(sandbox) = sandbox() else { return };
    published(&sandbox);
    let check = |from: &str, to: &str, more: &str| {
        let line = format!("check captures --baseline aws --from {from} --to {to} --format json {more}");
        sandbox.expect(1, &line).json()
    };
    let found = check("2021-05-26", "2021-05-27", "--compat sagemaker");
    are_those_of_the_job(found["violations"].as_array().unwrap());
    // The day before has the label against the score and nothing else, in both tongues.
    for (more, name) in [("", "label_against_score"), ("--compat sagemaker", "data_type")] {
        let found = check("2021-05-25", "2021-05-26", more);
        let found = found["violations"].as_array().unwrap();
        let found: Vec<_> = found.iter().map(|row| (row["feature"].clone(), row["check"].clone())).collect();
        assert_eq!(found, [(json!("Churn"), json!(name))]);
    }
    let found = check("2021-05-26", "2021-05-27", "");
    let found = found["violations"].as_array().unwrap();
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found.iter().any(|row| row["features"].as_array().is_some_and(|all| all.len() == 59)));
}

#[test]
fn documents_of_a_window_are_those_of_a_job_over_its_rows() {
    let Some(sandbox) = sandbox() else { return };
    published(&sandbox);
    sandbox.expect(0, "backfill captures --baseline aws --compat sagemaker --emit sagemaker --out results");
    let violations = document(&sandbox, "results/sagemaker/2021/05/26/00/constraint_violations.json");
    let violations = violations["violations"].as_array().unwrap();
    assert_eq!(violations.len(), 60);
    let in_table = read(&sandbox.path("results"), "violations");
    let in_table: Vec<_> = rows(&in_table)
        .filter(|row| row.date() == "2021-05-26")
        .map(|row| (row.text("feature").to_owned(), row.text("description").to_owned()))
        .collect();
    let text = |row: &Value, member: &str| row[member].as_str().unwrap().to_owned();
    let in_document = violations.iter().map(|row| (text(row, "feature_name"), text(row, "description")));
    assert_eq!(in_document.collect::<Vec<_>>(), in_table);

    // The rows of a day, as one file with a header under a job that makes a baseline.
    let (date, file, skip) = DAYS[1];
    let header = fs::read_to_string(sandbox.path("training-dataset-with-header.csv")).unwrap();
    let mut text = format!("{}\n", header.lines().next().unwrap());
    for (score, request) in day(file, skip).unwrap() {
        writeln!(text, "{score},{request}").unwrap();
    }
    sandbox.write("day.csv", text);
    sandbox.expect(0, "baseline day.csv --compat sagemaker --out of_day -q");
    let folder = format!("results/sagemaker/{}/00", date.replace('-', "/"));
    for name in ["statistics.json", "constraints.json"] {
        let mut expected = document(&sandbox, &format!("of_day/{name}"));
        for feature in expected["features"].as_array_mut().unwrap() {
            feature.as_object_mut().unwrap().remove("driftscan");
        }
        let mut found = document(&sandbox, &format!("{folder}/{name}"));
        // Sums of a file an hour are added in another order than those of one file.
        for document in [&mut expected, &mut found] {
            for feature in document["features"].as_array_mut().unwrap() {
                let Some(numbers) = feature.get_mut("numerical_statistics") else { continue };
                for member in ["mean", "sum", "std_dev"] {
                    let rounded = format!("{:.10e}", numbers[member].as_f64().unwrap());
                    numbers[member] = rounded.into();
                }
            }
        }
        let of = |document: &Value| document["features"].as_array().unwrap().clone();
        assert_eq!((of(&found).len(), of(&expected).len()), (70, 70), "{name}");
        for (found, expected) in of(&found).into_iter().zip(of(&expected)) {
            assert_eq!(found, expected, "{name}");
        }
    }
}

#[test]
fn converted_captures_give_the_same_tables() {
    let Some(sandbox) = sandbox() else { return };
    published(&sandbox);
    sandbox.write("driftscan.toml", "[monitor]\nbaseline = \"aws\"\n");
    // The baseline of the settings names the values.
    let converted = sandbox.expect(0, "convert captures --out records --format json").json();
    assert_eq!((converted["rows"].as_u64(), converted["files_written"].as_u64()), (Some(1334), Some(3)));
    for (at, more) in ["", "--compat sagemaker"].into_iter().enumerate() {
        let roles = "--timestamp event_time --id event_id";
        sandbox.expect(0, &format!("backfill captures --out json{at} {more}"));
        sandbox.expect(0, &format!("backfill records --out parquet{at} {roles} {more}"));
        for name in ["windows", "scores", "violations", "histograms", "features", "curves", "confusion"] {
            let of = |results: &str| {
                table(&sandbox, &format!("{results}{at}/{name}"), &["files", "sources", "first_source"])
            };
            assert_eq!(of("json"), of("parquet"), "{name} {more}");
        }
    }
}

/// Where the schema has them, and where the Python SDK writes them.
#[test]
fn overrides_hold_in_both_places() {
    let Some(sandbox) = sandbox() else { return };
    published(&sandbox);
    let mut constraints = document(&sandbox, "aws/constraints.json");
    let features = constraints["features"].as_array_mut().unwrap();
    let feature = |name: &str| features.iter().position(|feature| feature["name"] == name).unwrap();
    let (alaska, churn) = (feature("State_AK"), feature("Churn"));
    let off = json!({"evaluate_constraints": "Disabled"});
    features[alaska]["monitoringConfigOverrides"] = off.clone();
    features[churn]["string_constraints"] = json!({"monitoring_config_overrides": off});
    sandbox.write("aws/constraints.json", constraints.to_string());
    let line =
        "check captures --baseline aws --from 2021-05-26 --to 2021-05-27 --compat sagemaker --format json";
    let found = sandbox.expect(1, line).json();
    let found = found["violations"].as_array().unwrap();
    assert_eq!(found.len(), 58);
    assert!(found.iter().all(|row| row["feature"] != "State_AK" && row["feature"] != "Churn"));
}
