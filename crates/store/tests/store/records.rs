//! Captured requests and answers: large files in pieces, compressed ones, manifests that name others.

use crate::sandbox::{Sandbox, count};
use arrow_array::cast::AsArray as _;
use flate2::{Compression, write::GzEncoder};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;
use store::{Columns, EVENT_TIME, Plan, PlanOptions, PlanStatus};

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
        ("kind.json", r#"[{"prefix":"memory:///out/"},"a.parquet"]"#, "expected captures of JSON or CSV"),
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
