use super::*;
use crate::capture::Layout;
use arrow_array::cast::AsArray as _;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::DataType;
use base64::Engine as _;
use serde_json::{Value, json};

struct Seen {
    /// `name:type` of the columns behind id and time.
    columns: Vec<String>,
    /// Values by row, as text.
    rows: Vec<Vec<String>>,
    ids: Vec<String>,
    times: Vec<Option<i64>>,
    left_out: LeftOut,
}

fn read(text: &[u8], layout: Layout, options: &RecordOptions) -> Seen {
    let decoder = Decoder::new(options).unwrap();
    let decoded = decoder.decode(text, layout, None, None, &|_| false).unwrap();
    let fields = decoded.schema.fields().iter().skip(2);
    let columns = fields.map(|field| format!("{}:{}", field.name(), field.data_type())).collect();
    let (mut rows, mut ids, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for batch in &decoded.batches {
        for row in 0..batch.num_rows() {
            ids.push(batch.column(0).as_string::<i32>().value(row).to_owned());
            let time = batch.column(1).as_primitive::<TimestampMicrosecondType>();
            times.push(time.is_valid(row).then(|| time.value(row)));
            rows.push((2..batch.num_columns()).map(|column| cell(batch, column, row)).collect());
        }
    }
    Seen { columns, rows, ids, times, left_out: decoded.left_out }
}

fn cell(batch: &RecordBatch, column: usize, row: usize) -> String {
    let column = batch.column(column);
    if column.is_null(row) || *column.data_type() == DataType::Null {
        return "-".to_owned();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Int64 => column.as_primitive::<arrow_array::types::Int64Type>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<arrow_array::types::Float64Type>().value(row).to_string(),
        _ => column.as_boolean().value(row).to_string(),
    }
}

fn lines(lines: &[Value]) -> Vec<u8> {
    lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes()
}

/// A capture of an endpoint.
fn capture(input: Option<(&str, &str)>, output: Option<(&str, &str)>) -> Value {
    let side = |(data, encoding): (&str, &str)| json!({"data": data, "encoding": encoding, "mode": "INPUT"});
    let mut captured = json!({});
    if let Some(input) = input {
        captured["endpointInput"] = side(input);
    }
    if let Some(output) = output {
        captured["endpointOutput"] = side(output);
    }
    json!({"captureData": captured, "eventMetadata": {"eventId": "e", "inferenceTime": "2022-04-18T00:21:48Z"},
        "eventVersion": "0"})
}

fn csv(input: &str, output: &str) -> Value {
    capture(Some((input, "CSV")), Some((output, "CSV")))
}

fn named(names: &[&str]) -> RecordOptions {
    RecordOptions { names: names.iter().map(|&name| name.to_owned()).collect(), ..RecordOptions::default() }
}

#[test]
fn answers_come_first_and_names_by_place() {
    let text = lines(&[csv("1,a,2.5", "0.25\n"), csv("2,,3", "0.5")]);
    let seen = read(&text, Layout::Lines, &RecordOptions::default());
    assert_eq!(seen.columns, ["_c0:Float64", "_c1:Int64", "_c2:Utf8", "_c3:Float64"]);
    assert_eq!(seen.rows, [["0.25", "1", "a", "2.5"], ["0.5", "2", "-", "3"]]);
    assert_eq!((seen.ids, seen.times), (vec!["e".to_owned(); 2], vec![Some(1_650_241_308_000_000); 2]));
    let seen = read(&text, Layout::Lines, &named(&["score", "x", "y", "z"]));
    assert_eq!(seen.columns, ["score:Float64", "x:Int64", "y:Utf8", "z:Float64"]);
    let last = RecordOptions { outputs: OutputsAt::End, ..named(&["x", "y", "z", "score"]) };
    let seen = read(&text, Layout::Lines, &last);
    assert_eq!(seen.columns, ["score:Float64", "x:Int64", "y:Utf8", "z:Float64"]);
}

#[test]
fn every_encoding_reads_the_same() {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let typed = |data: &str, kind: Value| {
        let side = |data: String| json!({"data": data, "encoding": "BASE64", "observedContentType": kind});
        let mut line = csv("", "");
        line["captureData"] =
            json!({"endpointInput": side(encode(data)), "endpointOutput": side(encode("0.5"))});
        line
    };
    for line in [
        csv("1,2", "0.5"),
        csv("1,2\r\n", "0.5\n"),
        typed("1,2", json!("text/csv; charset=utf-8")),
        typed("1,2", json!(null)),
        typed("[1,2]", json!("application/json")),
        typed("[[1,2]]", json!(null)),
        typed(r#"{"instances":[[1,2]]}"#, json!("application/json")),
        typed(r#"{"instances":[{"features":[1,2]}]}"#, json!("application/jsonlines")),
        capture(Some((r#"{"features": [1, 2]}"#, "JSON")), Some(("0.5", "JSON"))),
        capture(Some((r#"{"instances":[[1,2]]}"#, "JSON")), Some((r#"{"predictions":[0.5]}"#, "JSON"))),
        capture(Some((r#"{"instances":[[1,2]]}"#, "JSON")), Some((r#"{"predictions":[[0.5]]}"#, "JSON"))),
    ] {
        let seen = read(&lines(std::slice::from_ref(&line)), Layout::Lines, &named(&["p", "a", "b"]));
        assert_eq!(seen.left_out.describe(), "", "{line}");
        assert_eq!(seen.columns, ["p:Float64", "a:Int64", "b:Int64"], "{line}");
        assert_eq!(seen.rows, [["0.5", "1", "2"]], "{line}");
    }
}

#[test]
fn requests_of_many_records_pair_with_their_answers() {
    let mut line = csv("1,2\n3,4\n", "0.5,0.6");
    line["eventMetadata"]["inferenceId"] = json!("mine");
    let seen = read(&lines(&[line, csv("5,6\n7,8", "0.7\n0.8\n")]), Layout::Lines, &RecordOptions::default());
    assert_eq!(seen.ids, ["mine", "mine/1", "e", "e/1"]);
    assert_eq!(seen.rows, [["0.5", "1", "2"], ["0.6", "3", "4"], ["0.7", "5", "6"], ["0.8", "7", "8"]]);
    let output = "{\"score\":1,\"a\":\"x\"}\n{\"score\":2,\"a\":\"7\"}";
    let line = capture(
        Some(("{\"a\":{\"b\":1,\"c\":[true,null]}}\n{\"a\":{\"b\":2}}", "JSON")),
        Some((output, "JSON")),
    );
    let seen = read(&lines(&[line]), Layout::Lines, &RecordOptions::default());
    assert_eq!(seen.columns, ["score:Int64", "a:Utf8", "a.b:Int64", "a.c.0:Boolean", "a.c.1:Null"]);
    assert_eq!(seen.rows, [["1", "x", "1", "true", "-"], ["2", "7", "2", "-", "-"]]);
}

#[test]
fn a_name_on_both_sides_is_the_requests() {
    let line = capture(Some((r#"{"a":1}"#, "JSON")), Some((r#"{"a":2}"#, "JSON")));
    let seen = read(&lines(&[line]), Layout::Lines, &RecordOptions::default());
    assert_eq!(seen.columns, ["output.a:Int64", "a:Int64"]);
    assert_eq!(seen.rows, [["2", "1"]]);
}

#[test]
fn labels_and_selections() {
    let mut line = capture(Some((r#"{"features":[7,"x"]}"#, "JSON")), Some((r#"{"p":[0.1,0.9]}"#, "JSON")));
    line["groundTruthData"] = json!({"data": "1", "encoding": "CSV"});
    let select = [
        ("age", "input.features[0]"),
        ("best", "max(output.p)"),
        ("id", "metadata.eventId"),
        ("none", "input.x"),
    ];
    let select = select.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec();
    let seen =
        read(&lines(&[line.clone()]), Layout::Lines, &RecordOptions { select, ..RecordOptions::default() });
    assert_eq!(seen.columns, ["age:Int64", "best:Float64", "id:Utf8", "none:Null", "ground_truth:Int64"]);
    assert_eq!(seen.rows, [["7", "0.9", "e", "-", "1"]]);
    line["groundTruthData"] = json!({"data": "{\"label\": 0}", "encoding": "JSON"});
    let seen = read(&lines(&[line]), Layout::Lines, &RecordOptions::default());
    assert!(seen.columns.contains(&"ground_truth.label:Int64".to_owned()), "{:?}", seen.columns);
    let wrong = RecordOptions { select: vec![("a".into(), "input.".into())], ..RecordOptions::default() };
    let reason = Decoder::new(&wrong).unwrap_err();
    assert!(reason.starts_with("column `a`: "), "{reason}");
}

#[test]
fn rows_of_a_batch_transform() {
    let text = b"1,2,0.5,1f1d57b1-5f3e-4c1b-9a55-0123456789ab,2022-08-30T00:49:15Z\n\"3\n4\",5,0.25,1f1d57b1-5f3e-4c1b-9a55-0123456789ac,2022-08-30T00:49:15Z\n";
    let seen = read(text, Layout::Rows, &RecordOptions::default());
    assert_eq!(seen.columns, ["_c0:Utf8", "_c1:Int64", "_c2:Float64"]);
    assert_eq!(seen.rows, [["1", "2", "0.5"], ["3\n4", "5", "0.25"]]);
    assert_eq!(seen.ids[1], "1f1d57b1-5f3e-4c1b-9a55-0123456789ac");
    assert_eq!(seen.times[0], Some(1_661_820_555_000_000));
}

#[test]
fn bad_lines_are_left_out_by_reason_and_the_rest_is_used() {
    let good = csv("1,2", "0.5").to_string();
    let long = csv(&format!("{},2", "7".repeat(10 << 20)), "0.5").to_string();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = capture(
        Some((&format!("{{\"a\":{}1{}}}", "[".repeat(140), "]".repeat(140)), "JSON")),
        Some(("1", "JSON")),
    );
    let twice = good.replacen("\"eventVersion\":\"0\"", "\"eventVersion\":\"0\",\"captureData\":{}", 1);
    let cases: &[(&str, &str)] = &[
        (&good[..good.len() - 5], "not JSON"),
        ("hello", "not JSON"),
        (&twice, "two members `captureData`"),
        (&csv("1,2,3", "0.5").to_string(), "expected 3 values, found 4"),
        (&csv("1", "0.5").to_string(), "expected 3 values, found 2"),
        (&capture(Some(("1,2", "CSV")), None).to_string(), "a request without its answer"),
        (&capture(None, Some(("1", "CSV"))).to_string(), "an answer without its request"),
        (&csv("1,2\n3,4", "0.5\n0.6\n0.7").to_string(), "2 requests and 3 answers"),
        (&csv("", "0.5").to_string(), "an empty request"),
        (&capture(Some(("%%%", "BASE64")), Some(("1", "CSV"))).to_string(), "`data` that is not base64"),
        (
            &capture(Some(("PGh0bWw+", "BASE64")), Some(("1", "CSV"))).to_string(),
            "`data` that is neither CSV nor JSON",
        ),
        (&capture(Some(("1,2", "XML")), Some(("1", "CSV"))).to_string(), "unknown encoding `XML`"),
        (&capture(Some(("{\"a\":", "JSON")), Some(("1", "CSV"))).to_string(), "not JSON inside"),
        (
            &capture(Some(("{\"a\":1,\"a\":2}", "JSON")), Some(("1", "CSV"))).to_string(),
            "two values of the name `a`",
        ),
        (&nested.to_string(), "nested deeper than 128 levels"),
        (&good.replace("2022-04-18T00", "2022-13-18T00"), "a time that is none"),
        ("{}", "nothing captured"),
        (&deep, "nested deeper than 128 levels"),
    ];
    for (line, reason) in cases {
        let text = format!("{good}\n{line}\n{good}\n");
        let seen = read(text.as_bytes(), Layout::Lines, &RecordOptions::default());
        assert_eq!(seen.left_out.reasons.keys().collect::<Vec<_>>(), [reason], "{reason}");
        assert_eq!((seen.left_out.lines, seen.left_out.first[0].number), (3, 2), "{reason}");
        assert_eq!(seen.rows, [["0.5", "1", "2"], ["0.5", "1", "2"]], "{reason}");
    }
    let quoted = csv("\"1,5\n\"\"x\",2", "0.5").to_string();
    let text = [good.as_bytes(), b"\n\xff\xfe\n", long.as_bytes(), b"\r\n\n", quoted.as_bytes()];
    let seen = read(&text.concat(), Layout::Lines, &RecordOptions::default());
    assert_eq!(
        seen.left_out.describe(),
        "1 of 4 lines left out: 1 not UTF-8; line 2 (not UTF-8): \u{fffd}\u{fffd}"
    );
    assert_eq!(seen.rows[2], ["0.5", "1,5\n\"x", "2"]);
    assert_eq!(seen.rows[1][1].len(), 10 << 20);
}

#[test]
fn documents_one_behind_the_other() {
    let text = format!("\n {:#}\n{}  ", csv("1,2", "0.5"), csv("3,4", "0.6"));
    let seen = read(text.as_bytes(), Layout::Documents, &RecordOptions::default());
    assert_eq!(seen.rows, [["0.5", "1", "2"], ["0.6", "3", "4"]]);
    let seen = read(format!("{text} {{\"a").as_bytes(), Layout::Documents, &RecordOptions::default());
    assert_eq!((seen.rows.len(), seen.left_out.count()), (2, 1));
}

#[test]
fn times_far_from_the_hour_of_the_folder_are_left_out() {
    let decoder = Decoder::default();
    let hour = crate::hive::hour("2022/04/18/01/f");
    let mut late = csv("1", "2");
    late["eventMetadata"]["inferenceTime"] = json!("2022-04-18T03:00:00Z");
    let mut timeless = csv("3", "4");
    timeless["eventMetadata"] = json!({"eventId": "t"});
    let text = lines(&[csv("1", "2"), late, timeless]);
    let decoded = decoder.decode(&text, Layout::Lines, hour, None, &|_| false).unwrap();
    let times = decoded.batches[0].column(1).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(times.values(), &[1_650_241_308_000_000, 1_650_243_600_000_000]);
    assert_eq!(
        decoded.left_out.reasons.keys().next().unwrap(),
        "a time more than an hour from the hour of its folder"
    );
}

/// Real captures, as far as they are beside the workspace.
#[test]
#[expect(clippy::print_stdout, reason = "it says that it was skipped")]
fn samples_of_real_captures() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/model-monitor");
    if !folder.exists() {
        println!("skipped: no real captures beside the workspace");
        return;
    }
    let sample = |name: &str, layout| {
        let text = std::fs::read(folder.join("capture-samples").join(name)).unwrap();
        let seen = read(&text, layout, &RecordOptions::default());
        assert_eq!(seen.left_out.describe(), "", "{name}");
        seen
    };
    let seen = sample("endpoint-csv.jsonl", Layout::Lines);
    assert_eq!((seen.rows.len(), seen.columns.len()), (3, 70));
    assert_eq!(seen.columns[..3], ["_c0:Float64", "_c1:Int64", "_c2:Int64"]);
    assert_eq!(seen.rows[0][..4], ["0.036397725343704224", "132", "10", "182.9"]);
    assert_eq!(seen.ids[0], "f04a8538-696c-4648-8064-8b680b2e3318");
    assert_eq!(seen.times[0], Some(1_650_241_308_000_000));
    let seen = sample("endpoint-csv-with-inferenceId.jsonl", Layout::Lines);
    assert_eq!((seen.rows.len(), seen.columns.len(), seen.ids[0].as_str()), (2, 70, "58"));
    for (name, first) in [
        ("endpoint-jsonlines-multirecord.jsonl", "50ef5ec7"),
        ("endpoint-json-multirecord.jsonl", "7ddb2d7c"),
    ] {
        let seen = sample(name, Layout::Lines);
        assert_eq!(seen.rows.len(), 3, "{name}");
        let mut columns = seen.columns.clone();
        columns.sort();
        assert_eq!(columns.len(), 16, "{name}");
        assert!(
            columns.contains(&"features.2:Int64".to_owned()) && columns.contains(&"score:Float64".to_owned())
        );
        assert!(seen.ids[0].starts_with(first) && seen.ids[2].ends_with("/1"), "{:?}", seen.ids);
    }
    for (name, rows, label) in [
        ("merged-endpoint-jsonlines.json", 1, "0"),
        ("merged-endpoint-json.json", 334, "0"),
        ("merged-batch-jsonlines.json", 1, "1"),
        ("merged-batch-json.json", 334, "0"),
    ] {
        let seen = sample(name, Layout::Documents);
        let at = seen.columns.iter().position(|column| column == "ground_truth.label:Int64").unwrap();
        assert_eq!(
            (seen.rows.len(), seen.columns.len(), seen.rows[0][at].as_str()),
            (rows, 17, label),
            "{name}"
        );
        assert!(seen.columns.contains(&"predicted_label:Int64".to_owned()), "{name}");
    }
    let seen = sample("merged-batch-csv.json", Layout::Documents);
    assert_eq!((seen.columns.len(), seen.columns[70].as_str()), (71, "ground_truth:Int64"));
    let seen = sample("batch-jsonlines-transform-output.jsonl", Layout::Lines);
    assert_eq!((seen.rows.len(), seen.columns.len()), (5, 16));
    assert_eq!(seen.ids[0], "89180035-821a-41d9-87b2-67a22490de94");
    assert_eq!(seen.times[0], Some(1_674_264_544_000_000));
    let seen = sample("batch-json-transform-output.jsonl", Layout::Lines);
    assert_eq!((seen.rows.len(), seen.columns.len()), (334, 16));
    let names: Vec<String> = (0..14).map(|i| format!("n{i}")).collect();
    let options = RecordOptions { names, ..RecordOptions::default() };
    let text = std::fs::read(folder.join("capture-samples/endpoint-json-multirecord.jsonl")).unwrap();
    let seen = read(&text, Layout::Lines, &options);
    assert!(seen.columns.contains(&"n13:Int64".to_owned()), "{:?}", seen.columns);
}

#[test]
fn a_header_is_no_line_that_could_be_a_record() {
    let names = ["a", "b"].map(str::to_owned).to_vec();
    let options = RecordOptions { names, ..RecordOptions::default() };
    let seen = read(b"a,b\n1,\xff\n", Layout::Rows, &options);
    assert_eq!((seen.rows.len(), seen.left_out.lines, seen.left_out.count()), (0, 1, 1));
    let seen = read(b"a,b\n1,2\n\xff\n", Layout::Rows, &options);
    assert_eq!((seen.rows.len(), seen.left_out.lines, seen.left_out.count()), (1, 2, 1));
}
