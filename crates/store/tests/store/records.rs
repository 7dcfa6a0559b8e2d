//! Captured requests and answers: large files in pieces, compressed ones, manifests that name others.

use crate::sandbox::{Sandbox, count};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use flate2::{Compression, write::GzEncoder};
use parquet::arrow::ArrowWriter;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;
use store::{Columns, EVENT_TIME, Plan, PlanOptions, PlanStatus, RecordOptions};

fn line(id: &str, request: &str) -> String {
    let side = |data: &str| format!(r#"{{"data":"{data}","encoding":"CSV"}}"#);
    let (input, output) = (side(request), side("0.5"));
    format!(
        r#"{{"captureData":{{"endpointInput":{input},"endpointOutput":{output}}},"eventMetadata":{{"eventId":"{id}","inferenceTime":"2026-02-03T04:30:00Z"}}}}"#
    )
}

fn plan(sandbox: &Sandbox, text: &str, range: Option<(i64, i64)>) -> Plan {
    let options = PlanOptions { timestamp: Some(EVENT_TIME.to_owned()), range, ..PlanOptions::default() };
    sandbox.plan_with(text, &options).unwrap()
}

/// Ids of all records, in their order.
fn ids(sandbox: &Sandbox, plan: Plan) -> Vec<String> {
    let mut ids = Vec::new();
    for batch in sandbox.rows(plan, Columns::All) {
        let batch = batch.unwrap();
        ids.extend(batch.column(0).as_string::<i32>().iter().map(|id| id.unwrap_or("-").to_owned()));
    }
    ids
}

#[test]
fn every_line_of_a_large_file_is_read_once() {
    let sandbox = Sandbox::new();
    let mut text = String::new();
    let mut expected = Vec::new();
    while text.len() < 40 << 20 {
        let id = format!("e{}", expected.len());
        // One line is longer than a piece of the file.
        let length = if expected.len() == 2_000 { 18 << 20 } else { expected.len() * 37 % 9_000 };
        text.push_str(&line(&id, &format!("1,{}", "x".repeat(length))));
        text.push('\n');
        expected.push(id);
    }
    sandbox.put("captures/2026/02/03/04/a.jsonl", text.as_bytes());
    let whole = plan(&sandbox, "captures", None);
    assert!(whole.sources[0].tasks.len() >= 3, "{:?}", whole.sources[0].tasks);
    assert_eq!(ids(&sandbox, whole), expected);
    // The same without an end of line, and from an object store, whose ranges come in parts.
    let remote = sandbox.location("memory:///captures/2026/02/03/04/a.jsonl");
    sandbox.store.write(&remote, text.trim_end().as_bytes().to_vec()).unwrap();
    assert_eq!(ids(&sandbox, plan(&sandbox, "memory:///captures", None)), expected);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    sandbox.put("gz/2026/02/03/04/a.jsonl.gz", &gzip.finish().unwrap());
    assert_eq!(ids(&sandbox, plan(&sandbox, "gz", None)), expected);
}

#[test]
fn hours_of_folders_rule_out_files_that_are_not_opened() {
    let sandbox = Sandbox::new();
    for hour in 0..6 {
        sandbox.put(&format!("c/2026/02/03/{hour:02}/a.jsonl"), format!("{}\n", line("e", "1,2")).as_bytes());
    }
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let range = (at("2026-02-03T03:00:00Z"), at("2026-02-03T04:00:00Z"));
    let planned = plan(&sandbox, "c", Some(range));
    let open = planned.sources.iter().filter(|source| source.schema.is_some());
    let mut open: Vec<_> = open.map(|source| source.source.path.clone()).collect();
    open.sort();
    assert_eq!(open, ["c/2026/02/03/02/a.jsonl", "c/2026/02/03/03/a.jsonl", "c/2026/02/03/04/a.jsonl"]);
}

#[test]
fn empty_and_damaged_files() {
    let sandbox = Sandbox::new();
    sandbox.put("c/empty.jsonl", b"");
    sandbox.put("c/blank.jsonl", b"\n\n");
    sandbox.put("c/good.jsonl", format!("\u{feff}{}", line("e", "1,2")).as_bytes());
    sandbox.put("c/bad.jsonl.gz", b"no gzip at all");
    let planned = plan(&sandbox, "c", None);
    assert_eq!(planned.sources.len(), 4);
    assert!(planned.sources.iter().all(|source| source.status == PlanStatus::Ready));
    let mut rows = 0;
    let mut reasons = Vec::new();
    for task in sandbox.store.scan(&Arc::new(planned), Columns::All, 1 << 20) {
        for batch in task.batches(None) {
            match batch {
                Ok(batch) => rows += batch.num_rows(),
                Err(error) => reasons.push(error.to_string()),
            }
        }
    }
    assert_eq!((rows, reasons.len()), (1, 1), "{reasons:?}");
    assert!(reasons[0].contains("bad.jsonl.gz") && reasons[0].contains("expected gzip"), "{reasons:?}");
}

#[test]
fn a_manifest_is_the_files_that_it_names() {
    let sandbox = Sandbox::new();
    let write = |text: &str, content: &str| {
        sandbox.store.write(&sandbox.location(text), content.as_bytes().to_vec()).unwrap();
    };
    let rows = "1,2,0.5,1f1d57b1-5f3e-4c1b-9a55-0123456789ab,2026-02-03T04:49:15Z\n";
    write("memory:///out/a.csv.out", &rows.repeat(3));
    write("memory:///out/b.csv.out", rows);
    let at = "memory:///captures/output/2026/02/03/04";
    write(&format!("{at}/m.json"), r#"[{"prefix":"memory:///out/"},"a.csv.out","b.csv.out"]"#);
    let planned = plan(&sandbox, "memory:///captures", None);
    assert_eq!(planned.sources[0].tasks.len(), 2, "{:?}", planned.sources[0].status);
    assert_eq!(count(&sandbox.rows(planned, Columns::All)), 4);
    for (name, content, reason) in [
        ("other.json", r#"[{"prefix":"s3://elsewhere/out/"},"a.csv.out"]"#, "is in another store"),
        (
            "gone.json",
            r#"[{"prefix":"memory:///out/"},"c.csv.out"]"#,
            "nothing found at `memory:///out/c.csv.out`",
        ),
        ("kind.json", r#"[{"prefix":"memory:///out/"},"a.avro"]"#, "expected `.parquet`, `.jsonl`"),
        (
            "gone-too.json",
            r#"[{"prefix":"memory:///out/"},"c.parquet"]"#,
            "nothing found at `memory:///out/c.parquet`",
        ),
    ] {
        write(&format!("{at}/{name}"), content);
        let planned = plan(&sandbox, &format!("{at}/{name}"), None);
        let PlanStatus::Quarantined(found) = &planned.sources[0].status else {
            panic!("{name}: {planned:?}")
        };
        assert!(found.contains(reason), "{found}");
    }
}

#[test]
fn a_manifest_may_name_tables() {
    let sandbox = Sandbox::new();
    let at = "memory:///captures/input/2026/02/03/04";
    let write = |text: &str, content: Vec<u8>| {
        sandbox.store.write(&sandbox.location(text), content).unwrap();
    };
    let column = |values: &[f64]| -> ArrayRef { Arc::new(Float64Array::from(values.to_vec())) };
    for (name, values) in [("a", [1.0, 2.0]), ("b", [3.0, 4.0])] {
        let batch = RecordBatch::try_from_iter([("x", column(&values)), ("y", column(&[0.5, 0.5]))]).unwrap();
        let mut content = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut content, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        write(&format!("memory:///in/{name}.parquet"), content);
    }
    write(&format!("{at}/m.json"), br#"[{"prefix":"memory:///in/"},"a.parquet","b.parquet"]"#.to_vec());
    let planned = plan(&sandbox, "memory:///captures", None);
    assert_eq!(planned.sources[0].status, PlanStatus::Ready);
    let batches: Vec<_> = sandbox.rows(planned, Columns::All).into_iter().map(Result::unwrap).collect();
    let names: Vec<_> = batches[0].schema_ref().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["event_id", "event_time", "x", "y"]);
    let of = |name: &str| -> Vec<f64> {
        let column =
            |batch: &RecordBatch| batch.column_by_name(name).unwrap().as_primitive::<Float64Type>().clone();
        batches.iter().flat_map(|batch| column(batch).values().to_vec()).collect()
    };
    assert_eq!(of("x"), [1.0, 2.0, 3.0, 4.0]);
    let times = batches[1].column(1).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(times.value(0), 1_770_091_200_000_000);

    // The same in CSV, where one file has a header.
    write("memory:///in/a.csv", b"x,y\n1,0.5\n2,0.5\n".to_vec());
    write("memory:///in/b.csv", b"3,0.5\n4,0.5\n".to_vec());
    write(&format!("{at}/m.json"), br#"[{"prefix":"memory:///in/"},"a.csv","b.csv"]"#.to_vec());
    let names = vec!["x".to_owned(), "y".to_owned()];
    let records = RecordOptions { names, ..RecordOptions::default() };
    let options = PlanOptions { records, ..PlanOptions::default() };
    let planned = sandbox.plan_with("memory:///captures", &options).unwrap();
    assert_eq!(count(&sandbox.rows(planned, Columns::All)), 4);
}

#[test]
fn columns_that_come_late_in_a_file_are_there() {
    let sandbox = Sandbox::new();
    let mut text = String::new();
    for row in 0..20_000 {
        let late = if row < 15_000 { String::new() } else { format!(r#","late":{row}"#) };
        text.push_str(&format!("{{\"x\":{row}{late}}}\n"));
    }
    sandbox.put("c/a.jsonl", text.as_bytes());
    let planned = plan(&sandbox, "c", None);
    let mut names = BTreeSet::new();
    for batch in sandbox.rows(planned, Columns::Only(vec!["x".to_owned()])) {
        names.extend(batch.unwrap().schema().fields().iter().map(|field| field.name().clone()));
    }
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["late", "x"]);
}
