//! Results again from stored profiles: other constraints, metrics and longer windows, and no captures.

use std::fs;

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::{Sandbox, holds},
};

const TABLES: [&str; 5] = ["windows", "scores", "violations", "histograms", "features"];

fn tables(sandbox: &Sandbox, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = sandbox.files(folder);
    files.retain(|(name, _)| TABLES.iter().any(|table| name.starts_with(table)));
    assert!(files.len() >= 5, "too few tables to tell");
    files
}

#[track_caller]
fn same(sandbox: &Sandbox, one: &str, other: &str) {
    let (one, other) = (tables(sandbox, one), tables(sandbox, other));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        assert!(one == other, "{name} differs");
    }
}

fn line(out: &str, more: &str) -> String {
    BACKFILL.replace("--out results", &format!("--out {out} --segment-by colour {more}"))
}

/// Sixty days, the rows of each in two files, and results by the hour. No capture is left.
fn by_the_hour(direct: &[&str]) -> Sandbox {
    let sandbox = captures::with_baseline();
    sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id --segment-by colour");
    for number in 0..60 {
        let mood = if number % 9 == 4 { Mood::Shifted } else { Mood::Calm };
        let day = captures::day(number, 120, mood);
        for (piece, start) in [(0, 0), (1, 70)] {
            let rows = if piece == 0 { 70 } else { 50 };
            let path = format!("captures/{number:02}-{piece}.parquet");
            captures::write_parquet(&sandbox.path(&path), &[day.slice(start, rows)]);
        }
    }
    for every in direct {
        sandbox.expect(0, &line(&format!("direct-{every}"), &format!("--window {every}")));
    }
    sandbox.expect(0, &line("results", "--window 1h"));
    fs::remove_dir_all(sandbox.path("captures")).unwrap();
    sandbox
}

#[test]
fn hours_days_weeks_and_months_are_those_of_a_direct_run() {
    let direct = ["6h", "1d", "1w", "1mo"];
    let sandbox = by_the_hour(&direct);
    for every in direct {
        let out = format!("rescored-{every}");
        let rescore = format!("rescore results --baseline baseline --window {every} --out {out}");
        let json = sandbox.expect(0, &format!("{rescore} --format json")).json();
        assert_eq!(json["files"]["bytes"], 0);
        same(&sandbox, &out, &format!("direct-{every}"));
    }
    for (window, out, words) in
        [("30m", "x", "expected 1h"), ("1d", "results", "write those of 1d to another folder")]
    {
        let error =
            sandbox.error(2, &format!("rescore results --baseline baseline --window {window} --out {out}"));
        holds(&error, &[words]);
    }
    let weekly = "rescore direct-1w --baseline baseline --out x --window";
    holds(&sandbox.error(2, &format!("{weekly} 1mo")), &["windows of 1w cannot be joined to windows of 1mo"]);
    holds(&sandbox.error(2, &format!("{weekly} 1d")), &["cannot be joined"]);
}

#[test]
fn other_constraints_and_metrics_change_the_tables_in_place() {
    let sandbox = by_the_hour(&[]);
    let again = "rescore results --baseline baseline --format json";
    let unchanged = sandbox.expect(0, again).json();
    assert_eq!(unchanged["windows"]["written"], 0);
    sandbox.write("driftscan.toml", "[drift]\nmetrics = [\"hellinger\"]\n");
    let metrics = sandbox.expect(0, again).json();
    assert_eq!(metrics["windows"]["written"], metrics["windows"]["count"]);
    let columns = fs::read_to_string(sandbox.path("baseline/constraints.json")).unwrap();
    let strict = columns.replacen("\"comparison_threshold\": 0.1", "\"comparison_threshold\": 0.04", 1);
    assert_ne!(columns, strict);
    fs::write(sandbox.path("baseline/constraints.json"), strict).unwrap();
    let stricter = sandbox.expect(0, again).json();
    assert!(stricter["violations"].as_u64() >= metrics["violations"].as_u64());
    holds(&sandbox.expect(1, &format!("{again} --fail-on warning")).stdout, &["\"violations\""]);
}

#[test]
fn other_bins_and_missing_profiles_say_what_to_do() {
    let sandbox = by_the_hour(&[]);
    sandbox.expect(0, "baseline good --out other --timestamp ts --id id --features amount");
    holds(
        &sandbox.error(2, "rescore results --baseline other"),
        &["counted under other bins", "run `driftscan backfill` with it"],
    );
    holds(&sandbox.error(2, "rescore nowhere --baseline baseline"), &["run `driftscan backfill` first"]);
    fs::remove_dir_all(sandbox.path("results/profiles")).unwrap();
    holds(
        &sandbox.error(2, "rescore results --baseline baseline"),
        &["found none: run `driftscan backfill`"],
    );
}
