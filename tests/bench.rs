//! `bench`: what it makes, what it prints, what it refuses.

use std::sync::Arc;

use arrow_array::{Int64Array, ListArray, types::Int64Type};
use serde_json::Value;

use crate::{
    captures::{table, write_parquet},
    sandbox::{Sandbox, holds},
};

/// Two days of 1,000 rows, ten columns that are monitored.
const SMALL: &str =
    "--rows 2000 --files 2 --row-group-rows 400 --numeric 5 --integer 2 --categorical 2 --text 1";
const FLOORS: [&str; 4] = ["read", "decompress", "decode_utf8", "decode_dictionary"];
const PROFILES: [&str; 2] = ["profile_page", "profile_batch"];

fn bench(sandbox: &Sandbox, options: &str) -> Value {
    sandbox.expect(0, &format!("bench --format json --quiet --runs 3 {options}")).json()
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("expected a number, found {value}"))
}

/// Asserts that three numbers are positive and rise.
#[track_caller]
fn is_spread(value: &Value) {
    let [min, median, max] = ["min", "median", "max"].map(|name| number(&value[name]));
    assert!(0.0 < min && min <= median && median <= max, "{value}");
}

#[test]
fn every_stage_has_every_member() {
    let sandbox = Sandbox::new();
    let found = bench(&sandbox, &format!("--threads 2 {SMALL}"));
    for (name, expected) in [("rows", 2_000), ("columns", 10), ("cells", 20_000), ("runs", 3), ("threads", 2)]
    {
        assert_eq!(found[name], expected, "{name}");
    }
    for (name, expected) in [("files", 2), ("windows", 2), ("segments", 0)] {
        assert_eq!(found[name], expected, "{name}");
    }
    assert_eq!(
        (&found["codec"], &found["window"], &found["data"]),
        (&"snappy".into(), &"1d".into(), &Value::Null)
    );
    assert_eq!(found["shape"]["seed"], 1);
    assert!(0.0 < number(&found["bytes"]) && number(&found["bytes"]) < number(&found["file_bytes"]));
    for stage in FLOORS.iter().chain(&PROFILES) {
        let stage = &found[*stage];
        is_spread(&stage["seconds"]);
        let median = number(&stage["seconds"]["median"]);
        for (rate, count) in
            [("rows_per_second", "rows"), ("cells_per_second", "cells"), ("bytes_per_second", "bytes")]
        {
            let expected = number(&found[count]) / median;
            assert!((number(&stage[rate]) / expected - 1.0).abs() < 1e-9, "{rate}: {stage}");
        }
        assert!(number(&stage["cpu_seconds"]) > 0.0, "{stage}");
        assert!(stage["peak_bytes"].is_null() || number(&stage["peak_bytes"]) > 1e6, "{stage}");
    }
    for profile in PROFILES {
        for ratio in ["ratio_utf8", "ratio_dictionary", "cpu_ratio_utf8", "cpu_ratio_dictionary"] {
            is_spread(&found[profile][ratio]);
        }
    }
    for floor in FLOORS {
        assert!(found[floor].get("ratio_utf8").is_none());
    }
}

#[test]
fn ratios_are_those_of_one_round() {
    let sandbox = Sandbox::new();
    let found = sandbox.expect(0, &format!("bench --format json --runs 1 {SMALL}")).json();
    for profile in PROFILES {
        for (ratio, floor) in [("ratio_utf8", "decode_utf8"), ("ratio_dictionary", "decode_dictionary")] {
            let seconds = |stage: &str| number(&found[stage]["seconds"]["median"]);
            assert_eq!(number(&found[profile][ratio]["median"]), seconds(profile) / seconds(floor));
        }
    }
}

#[test]
fn what_was_kept_is_measured_again_and_made_again() {
    let sandbox = Sandbox::new();
    let made = bench(&sandbox, &format!("{SMALL} --segments 3 --seed 5 --keep first"));
    let there = bench(&sandbox, "--data first --timestamp event_time --id event_id --segment-by segment");
    for name in
        ["rows", "columns", "cells", "files", "bytes", "file_bytes", "codec", "windows", "segments", "data"]
    {
        assert_eq!(made[name], there[name], "{name}");
    }
    assert_eq!(
        (&made["data"], &made["segments"], &there["shape"]),
        (&"first".into(), &3.into(), &Value::Null)
    );
    bench(&sandbox, &format!("{SMALL} --segments 3 --seed 5 --threads 1 --keep second"));
    bench(&sandbox, &format!("{SMALL} --segments 3 --seed 6 --keep third"));
    let files = sandbox.files("first");
    assert_eq!(files.len(), 2);
    assert_eq!(files, sandbox.files("second"));
    assert_ne!(files, sandbox.files("third"));
}

#[test]
fn every_shape_is_made_and_read() {
    let sandbox = Sandbox::new();
    for (options, codec, windows) in [
        ("--codec none --page-version 2 --order shuffled", "none", 2),
        ("--codec gzip --encoding delta --dictionary off", "gzip", 2),
        ("--codec zstd --encoding byte_stream_split --dictionary off --page-version 2", "zstd", 2),
        ("--codec lz4 --nulls 0.5 --distinct 0.01 --window 1h", "lz4", 48),
        ("--codec brotli --order shuffled-day --window 12h --segments 2", "brotli", 4),
        ("--features numeric_* --nulls 1", "snappy", 2),
    ] {
        let found = bench(&sandbox, &format!("{SMALL} {options}"));
        assert_eq!((&found["codec"], &found["windows"]), (&codec.into(), &windows.into()), "{options}");
    }
}

#[test]
fn without_a_time_all_records_are_one_window() {
    let sandbox = Sandbox::new();
    bench(&sandbox, &format!("{SMALL} --keep kept"));
    let found = bench(&sandbox, "--data kept");
    assert_eq!(
        (&found["windows"], &found["window"], &found["columns"]),
        (&1.into(), &"all".into(), &12.into())
    );
}

#[test]
fn columns_that_pages_cannot_give_are_named_with_the_reason() {
    let sandbox = Sandbox::new();
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1)]), None, Some(vec![])]);
    let numbers = Int64Array::from(vec![1, 2, 3]);
    std::fs::create_dir(sandbox.path("lists")).unwrap();
    let batch = table(&[("plain", Arc::new(numbers)), ("several", Arc::new(lists))]);
    write_parquet(&sandbox.path("lists/a.parquet"), &[batch]);
    let found = bench(&sandbox, "--data lists");
    let handed_over = found["handed_over"].as_object().unwrap();
    assert_eq!(handed_over.keys().collect::<Vec<_>>(), ["several"]);
    let reason = handed_over["several"].as_str().unwrap();
    assert!(!reason.is_empty());
    let text = sandbox.expect(0, "bench --quiet --runs 1 --data lists").stdout;
    holds(&text, &[&format!("not from pages: several: {reason}")]);
}

#[test]
fn text_shows_the_same_stages() {
    let sandbox = Sandbox::new();
    let ran = sandbox.expect(0, &format!("bench --quiet --runs 1 {SMALL}"));
    holds(&ran.stdout, &["2,000 rows x 10 columns in 2 files", "2 windows of 1d", "1 round"]);
    holds(&ran.stdout, &FLOORS);
    holds(&ran.stdout, &PROFILES);
    assert!(ran.stderr.is_empty(), "{ran:#?}");
}

#[test]
fn latency_is_measured_beside_the_local_pass() {
    let sandbox = Sandbox::new();
    let found = bench(&sandbox, &format!("{SMALL} --remote 5ms"));
    let remote = &found["profile_remote"];
    for spread in ["seconds", "ratio_local"] {
        is_spread(&remote[spread]);
    }
    let seconds = number(&remote["seconds"]["min"]);
    assert!(seconds > 0.005, "a read has to be waited for: {remote}");
    assert_eq!(number(&remote["latency_seconds"]), 0.005);
    // Two files with three row groups each, which lie in one piece.
    assert_eq!((&remote["requests"], &remote["plan_requests"]), (&6.into(), &3.into()));
    let in_flight = number(&remote["in_flight_bytes"]);
    assert!(0.0 < in_flight && in_flight < 2.0 * number(&found["file_bytes"]), "{remote}");
    assert!(number(&remote["plan_seconds"]) > 0.01, "a listing, then a footer");
    assert!(remote.get("ratio_utf8").is_none() && found["profile_page"].get("ratio_local").is_none());
    let text = sandbox.expect(0, &format!("bench --quiet --runs 1 {SMALL} --remote 5ms")).stdout;
    holds(&text, &["profile_remote", "remote, 5 ms a request: ", " of local speed", "listed and opened in"]);
    assert!(bench(&sandbox, SMALL).get("profile_remote").is_none());
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("csv/day.csv", "a,b\n1,2\n");
    sandbox.write("torn/day.parquet", "PAR1 and no more");
    sandbox.write("full/notes.txt", "mine");
    bench(&sandbox, &format!("{SMALL} --keep kept"));
    for (code, line, expected) in [
        (3, "--data absent", "nothing found at `absent`"),
        (3, "--data full", "no captures at `full`"),
        (2, "--data csv", "`csv/day.csv` is not Parquet"),
        (2, "--data torn", "no capture in `torn` can be used"),
        (2, "--data s3://bucket/captures", "--data: expected captures on this machine"),
        (2, "--data kept --timestamp when", "no column `when`; it has: event_time"),
        (2, "--data kept --id wen", "column `wen` is not known"),
        (2, "--data kept --ignore *", "no row with a column to monitor"),
        (2, "--keep full", "keep: expected an empty folder"),
        (2, "--nulls 2", "nulls: expected a share from 0 to 1"),
        (2, "--rows 3 --files 4", "rows: expected a row for each file"),
        (2, "--window 5h", "expected 1h, 2h"),
    ] {
        holds(&sandbox.error(code, &format!("bench --quiet {line}")), &[expected]);
    }
    assert_eq!(sandbox.files("full").len(), 1);
    holds(&sandbox.expect(2, "bench --data kept --rows 5").stderr, &["cannot be used with"]);
    holds(
        &sandbox.expect(2, "bench --remote 50").stderr,
        &["expected a time up to 10s with its unit, such as 50ms"],
    );
    holds(&sandbox.expect(2, "bench --codec zip").stderr, &["none, snappy, gzip, zstd, lz4, brotli"]);
}

#[test]
fn a_torn_file_among_whole_ones_is_named() {
    let sandbox = Sandbox::new();
    bench(&sandbox, &format!("{SMALL} --keep kept"));
    sandbox.write("kept/zzz.parquet", "PAR1 and no more");
    holds(&sandbox.error(3, "bench --quiet --data kept"), &["corrupt `kept/zzz.parquet`"]);
}
