//! Captured requests and answers: the same tables from JSON as from what they are converted to, bad lines counted, names
//! taken from the baseline.

use std::{fmt::Write as _, fs, path::PathBuf};

use arrow_array::{RecordBatch, cast::AsArray, types::Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, holds, skipped};

/// A line that an endpoint writes: the answer is `score`.
fn line(id: &str, time: &str, request: &str, score: f64) -> String {
    let side = |data: &str| json!({"observedContentType": "text/csv", "mode": "INPUT", "data": data, "encoding": "CSV"});
    let captured = json!({"endpointInput": side(request), "endpointOutput": side(&format!("{score}\n"))});
    let line = json!({"captureData": captured, "eventMetadata": {"eventId": id, "inferenceTime": time}, "eventVersion": "0"});
    format!("{line}\n")
}

/// Days of hours with 40 lines each; values drift on the last day. Every hour has a value that is no number.
fn captures(sandbox: &Sandbox, days: u32) {
    for day in 1..=days {
        for hour in 0..6 {
            let mut text = String::new();
            for minute in 0..40_u32 {
                let drift = if day == days { 9.0 } else { 0.0 };
                let number = f64::from((day * 7 + hour * 13 + minute * 29) % 97) / 8.0 + drift;
                let number = if minute == 17 { "n/a".to_owned() } else { number.to_string() };
                let colour = ["red", "green", "7", "007"][(minute % 4) as usize];
                let request = format!("{number},{},{colour}", minute % 10);
                let time = format!("2026-02-{day:02}T{hour:02}:{minute:02}:30Z");
                let id = format!("{day}-{hour}-{minute}");
                text.push_str(&line(&id, &time, &request, f64::from(minute % 20) / 20.0));
            }
            sandbox.write(&format!("captures/ep/AllTraffic/2026/02/{day:02}/{hour:02}/a.jsonl"), text);
        }
    }
}

const TOML: &str = "[records]\nnames = [\"score\", \"number\", \"digit\", \"colour\"]\n";

/// The rows of a table's columns but for some, as text.
pub(crate) fn table(sandbox: &Sandbox, folder: &str, without: &[&str]) -> String {
    let mut files: Vec<_> = sandbox.files(folder);
    files.retain(|(name, _)| name.ends_with(".parquet"));
    assert!(!files.is_empty(), "{folder}");
    let mut text = String::new();
    for (name, bytes) in files {
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build().unwrap();
        for batch in reader {
            let batch = batch.unwrap();
            let wanted = (0..batch.num_columns())
                .filter(|&at| !without.contains(&batch.schema().field(at).name().as_str()));
            let batch = batch.project(&wanted.collect::<Vec<_>>()).unwrap();
            writeln!(text, "{name}\n{batch:?}").unwrap();
        }
    }
    text
}

#[test]
fn tables_from_json_and_from_what_it_is_converted_to_are_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", TOML);
    captures(&sandbox, 8);
    sandbox.expect(0, "baseline captures/ep/AllTraffic/2026/02/01/ --out baseline");
    let backfill = |captures: &str, out: &str, more: &str| {
        sandbox
            .expect(0, &format!("backfill {captures} --baseline baseline --out {out} --format json {more}"))
            .json()
    };
    let ran = backfill("captures", "direct", "");
    assert_eq!((ran["rows"].as_u64(), ran["windows"]["count"].as_u64()), (Some(8 * 240), Some(8)));
    let converted = sandbox.expect(0, "convert captures --out parquet --format json").json();
    assert_eq!((converted["rows"].as_u64(), converted["files"].as_u64()), (Some(8 * 240), Some(48)));
    assert!(sandbox.path("parquet/date=2026-02-03/part-000.parquet").exists());
    backfill("parquet", "from_parquet", "--timestamp event_time --id event_id");
    for name in ["windows", "scores", "violations", "histograms", "features", "curves", "confusion"] {
        let without = ["files", "sources", "first_source"];
        let direct = table(&sandbox, &format!("direct/{name}"), &without);
        assert_eq!(direct, table(&sandbox, &format!("from_parquet/{name}"), &without), "{name}");
        if name == "violations" {
            holds(&direct, &["number"]);
        }
    }
    // `007` and `7` are two names, and one text among many numbers stays one.
    let features = table(&sandbox, "direct/histograms", &[]);
    holds(&features, &["\"007\"", "\"7\""]);
    let baseline: Value =
        serde_json::from_slice(&fs::read(sandbox.path("baseline/constraints.json")).unwrap()).unwrap();
    let types: Vec<_> =
        baseline["features"].as_array().unwrap().iter().map(|f| f["inferred_type"].clone()).collect();
    assert_eq!(types, ["Fractional", "String", "Integral", "String"].map(Value::from));

    // Again: nothing to do; a late file: its day.
    let again = sandbox.expect(0, "convert captures --out parquet --format json").json();
    assert_eq!((again["files"].as_u64(), again["reused"].as_u64()), (Some(0), Some(48)));
    let late = line("late", "2026-02-03T05:59:00Z", "1.5,3,red", 0.5);
    sandbox.write("captures/ep/AllTraffic/2026/02/03/05/b.jsonl", late);
    let again = sandbox.expect(0, "convert captures --out parquet --format json").json();
    assert_eq!((again["files"].as_u64(), again["rows"].as_u64()), (Some(7), Some(241)));
    fs::remove_dir_all(sandbox.path("captures/ep/AllTraffic/2026/02/03")).unwrap();
    sandbox.expect(0, "convert captures --out parquet");
    assert!(!sandbox.path("parquet/date=2026-02-03/part-000.parquet").exists());
}

#[test]
fn lines_that_are_no_records_are_counted_and_the_rest_is_used() {
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", TOML);
    captures(&sandbox, 2);
    sandbox.expect(0, "baseline captures --out baseline");
    let place = "captures/ep/AllTraffic/2026/02/02/00/a.jsonl";
    let text = fs::read_to_string(sandbox.path(place)).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let wide = line("w", "2026-02-02T00:59:00Z", "1,2,red,4", 0.5);
    sandbox.write(place, format!("{first}\n{{\"cut\n{rest}{wide}not json\n"));
    sandbox.write("captures/ep/AllTraffic/2026/02/02/01/bad.jsonl", "all\nbad\n");
    let ran = sandbox.expect(4, "backfill captures --baseline baseline --out results --format json");
    let json = ran.json();
    assert_eq!(json["rows"].as_u64(), Some(480), "{json:#}");
    let notes = json["notes"].to_string();
    holds(
        &notes,
        &[
            "3 lines are no records and were left out, in 1 capture: ",
            "2 not JSON, 1 expected 4 values, found 5",
            "line 2",
        ],
    );
    holds(&json["quarantined"].to_string(), &["2 of 2 lines left out: 2 not JSON", "bad.jsonl"]);
    let listed = sandbox.expect(0, "sources results --format json").json();
    let bad = listed["sources"].as_array().unwrap().iter().filter(|source| source["bad_lines"] != 0);
    let bad: Vec<_> = bad.map(|source| (source["rows"].clone(), source["bad_lines"].clone())).collect();
    assert_eq!(bad, [(json!(40), json!(3))]);
    holds(&sandbox.expect(0, "sources results").stdout, &["lines left out", "3 of 43 lines left out"]);
    // A run that reads nothing knows them still.
    sandbox.expect(4, "backfill captures --baseline baseline --out results");
    holds(&sandbox.expect(0, "sources results").stdout, &["3 of 43 lines left out"]);
}

#[test]
fn hours_prune_with_one_more_on_each_side() {
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", TOML);
    captures(&sandbox, 3);
    sandbox.expect(0, "baseline captures --out baseline");
    let range = "--window 1h --from 2026-02-02 --to 2026-02-03";
    let line = format!("backfill captures --baseline baseline --out results --format json {range}");
    let json = sandbox.expect(0, &line).json();
    // 6 hours of the day, none of the day before (it ends at 6), one of the day after.
    assert_eq!(json["files"]["read"].as_u64(), Some(7), "{json:#}");
    assert_eq!(json["rows"].as_u64(), Some(240));
}

/// Captures of the real churn endpoint, under the names of the real baseline data.
#[test]
fn real_captures_have_the_names_of_the_baseline() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/model-monitor");
    if !folder.exists() {
        skipped("no real captures beside the workspace");
        return;
    }
    let sandbox = Sandbox::new();
    let data = folder.join("churn/training-dataset-with-header.csv");
    let sample = fs::read(folder.join("capture-samples/endpoint-csv.jsonl")).unwrap();
    sandbox.write("captures/2022/04/18/00/a.jsonl", sample);
    let run = |args: &[&str]| sandbox.run(args);
    assert_eq!(run(&["baseline", data.to_str().unwrap(), "--out", "baseline"]).code, 0);
    sandbox.expect(0, "convert captures --out parquet --baseline baseline");
    let bytes = fs::read(sandbox.path("parquet/date=2022-04-18/part-000.parquet")).unwrap();
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.collect::<Result<_, _>>().unwrap();
    assert_eq!((batches.len(), batches[0].num_rows(), batches[0].num_columns()), (1, 3, 72));
    let minutes = batches[0].column_by_name("Account Length").unwrap();
    assert_eq!(minutes.as_primitive::<Int64Type>().values()[..2], [132, 130]);
    sandbox.expect(0, "check captures --baseline baseline --fail-on never");
}

/// Requests of two values, one hour on each of four days.
fn hours() -> Sandbox {
    let sandbox = Sandbox::new();
    for day in 10..14 {
        let lines: String = (0..20)
            .map(|at| {
                let time = format!("2026-02-{day}T{day}:{at:02}:00Z");
                line(&format!("{day}-{at}"), &time, &format!("{at},{}.5", at % 7), 0.5)
            })
            .collect();
        sandbox.write(&format!("captures/e/v/2026/02/{day}/{day}/a.jsonl"), lines);
    }
    sandbox
}

#[test]
fn captured_requests_are_rescored_without_a_capture() {
    let sandbox = hours();
    sandbox.write("driftscan.toml", "[records]\nnames = [\"score\", \"age\", \"income\"]\n");
    sandbox.expect(0, "baseline captures --out baseline --compat sagemaker");
    sandbox.expect(0, "backfill captures --baseline baseline --out results");
    fs::remove_dir_all(sandbox.path("captures")).unwrap();
    let first = table(&sandbox, "results/scores", &[]);
    sandbox.expect(0, "rescore results --baseline baseline --out again");
    assert_eq!(first, table(&sandbox, "again/scores", &[]));
    sandbox.expect(0, "rescore results --baseline baseline --compat sagemaker --out theirs");
    holds(&table(&sandbox, "theirs/scores", &[]), &["linf_robust"]);
    // The names of the settings are not what counts, but those that the results were made with.
    sandbox.write("driftscan.toml", "");
    sandbox.expect(0, "rescore results --baseline baseline --out again");
}

#[test]
fn init_knows_captured_requests() {
    let sandbox = hours();
    let ran = sandbox.expect(0, "init captures");
    holds(&ran.stdout, &["baseline captures --to 2026-02-11   #"]);
    let toml = fs::read_to_string(sandbox.path("driftscan.toml")).unwrap();
    holds(
        &toml,
        &[
            "2026-02-10T10:00:00Z to 2026-02-13T13:59:59.999999Z",
            "timestamp = \"event_time\"",
            "id = \"event_id\"",
            "statistics.json",
            "[records]",
            "# names = ",
        ],
    );
    let made = sandbox.expect(0, "baseline captures --to 2026-02-12 --format json").json();
    holds(&made["notes"].to_string(), &["`_c0`", "[records]"]);
    sandbox.expect(0, "backfill");
    // What is offered can be used.
    let used = toml.replace("# names = [\"score\", \"age\"]", "names = [\"score\", \"age\", \"income\"]");
    assert!(used != toml);
    sandbox.write("driftscan.toml", used);
    let made = sandbox.expect(0, "baseline captures --format json").json();
    let names: Vec<_> = made["features"].as_array().unwrap().iter().map(|f| f["name"].clone()).collect();
    assert_eq!(
        (names, made["notes"].clone()),
        (["score", "age", "income"].map(Value::from).to_vec(), json!([]))
    );
}

#[test]
fn ground_truth_beside_captures_is_no_record_of_theirs() {
    let sandbox = hours();
    sandbox.write("driftscan.toml", "[records]\nnames = [\"score\", \"age\", \"income\"]\n");
    sandbox.expect(0, "baseline captures --out baseline");
    let label = json!({"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "10-0"}, "eventVersion": "0"});
    sandbox.write("captures/truth/2026/02/11/12/l.jsonl", format!("{label}\n"));
    let ran = sandbox.expect(4, "backfill captures --baseline baseline --out results --format json").json();
    assert_eq!(ran["rows"].as_u64(), Some(80));
    holds(&ran["quarantined"].to_string(), &["l.jsonl", "1 a label of ground truth without its capture"]);
    // On their own and without names they are a table of labels.
    sandbox.write("driftscan.toml", "");
    let converted = sandbox.expect(0, "convert captures/truth --out labels --format json").json();
    assert_eq!(converted["rows"].as_u64(), Some(1));
}

#[test]
fn init_takes_a_predicted_label_for_a_prediction() {
    let sandbox = Sandbox::new();
    let side =
        |data: &str| json!({"observedContentType": "application/json", "data": data, "encoding": "JSON"});
    let captured = json!({"endpointInput": side(r#"{"age": 7}"#), "endpointOutput": side(r#"{"predicted_label": 1, "score": 0.98}"#)});
    let metadata = json!({"eventId": "a", "inferenceTime": "2026-02-01T00:00:00Z"});
    let text = json!({"captureData": captured, "eventMetadata": metadata, "eventVersion": "0"}).to_string();
    sandbox.write("captures/a.jsonl", text);
    sandbox.expect(0, "init captures");
    let toml = fs::read_to_string(sandbox.path("driftscan.toml")).unwrap();
    holds(&toml, &["prediction = \"predicted_label\"", "probability = \"score\"", "# label = "]);
}
