//! Files and folders that cannot be used: each message says what was expected, what was found and where.

use std::{fs, sync::Arc};

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::{Sandbox, holds},
};

/// The reason for which one file among calm days is set aside; the others are done.
#[track_caller]
fn set_aside(bytes: &[u8]) -> String {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..3, 200, |_| Mood::Calm);
    sandbox.write("captures/bad.parquet", bytes);
    let json = sandbox.expect(4, &format!("{BACKFILL} --format json")).json();
    assert_eq!(json["rows"], 600, "{json:#}");
    let [group] = json["quarantined"].as_array().unwrap().as_slice() else { panic!("{json:#}") };
    assert_eq!(group["files"].as_array().unwrap().len(), 1);
    group["reason"].as_str().unwrap().to_owned()
}

fn parquet(rows: usize) -> Vec<u8> {
    let sandbox = Sandbox::new();
    let path = sandbox.path("a.parquet");
    let day = captures::day(1, 200, Mood::Calm);
    captures::write_parquet(&path, &[day.slice(0, rows)]);
    fs::read(path).unwrap()
}

#[test]
fn other_formats_truncated_and_empty_files_are_set_aside() {
    holds(&set_aside(b"PK\x03\x04 this is a zip archive, not a table"), &["expected Parquet"]);
    holds(&set_aside(b""), &["expected Parquet, found an empty file"]);
    let whole = parquet(200);
    holds(&set_aside(&whole[..whole.len() / 2]), &["expected"]);
    let mut torn = whole;
    let middle = torn.len() / 3;
    torn[middle..middle + 64].fill(0xff);
    assert!(!set_aside(&torn).is_empty());
}

#[test]
fn a_file_without_rows_is_read_and_changes_nothing() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..3, 200, |_| Mood::Calm);
    sandbox.write("captures/none.parquet", parquet(0));
    let json = sandbox.expect(0, &format!("{BACKFILL} --format json")).json();
    assert_eq!((&json["rows"], &json["windows"]["count"]), (&600.into(), &3.into()));
    let only = captures::with_baseline();
    only.write("captures/none.parquet", parquet(0));
    holds(&only.expect(0, BACKFILL).stdout, &["no window has a record"]);
    let error = only.error(2, "check captures --baseline baseline --timestamp ts --id id");
    holds(&error, &["no record of `captures` lies in the window"]);
}

#[test]
fn a_folder_with_nothing_to_read_says_what_is_there() {
    let sandbox = captures::with_baseline();
    holds(&sandbox.error(3, BACKFILL), &["nothing found at `captures`"]);
    sandbox.write("captures/notes.txt", "hello");
    holds(&sandbox.error(3, BACKFILL), &["no captures at `captures`"]);
    let error = sandbox.error(2, "backfill s3://b/../c --baseline baseline --out results --timestamp ts");
    holds(&error, &["`s3://b/../c`", "`..`"]);
    let error = sandbox.error(2, "backfill ftp://b/c --baseline baseline --out results --timestamp ts");
    holds(&error, &["unknown scheme `ftp`", "s3://"]);
    let error =
        sandbox.error(2, "backfill s3://key:secret@b/c --baseline baseline --out results --timestamp ts");
    holds(&error, &["credentials"]);
    assert!(!error.contains("secret"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures/closed", 0..2, 200, |_| Mood::Calm);
    let closed = sandbox.path("captures/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    let root = fs::read_dir(&closed).is_ok();
    let ran = sandbox.run(&BACKFILL.split_whitespace().collect::<Vec<_>>());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    if root {
        crate::sandbox::skipped("this user may read everything");
        return;
    }
    assert_eq!(ran.code, 3, "{ran:#?}");
    holds(&ran.error(), &["not allowed to", "closed"]);
}

#[test]
fn results_inside_captures_are_refused() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..2, 200, |_| Mood::Calm);
    for out in ["captures/results", "captures", "captures/../captures/x"] {
        let error =
            sandbox.error(2, &format!("backfill captures --baseline baseline --out {out} --timestamp ts"));
        holds(&error, &["expected a folder outside the captures `captures`"]);
    }
}

#[test]
fn columns_that_no_capture_has_name_the_nearest() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..2, 200, |_| Mood::Calm);
    for (flag, wrong, nearest) in [
        ("--timestamp", "tss", " ts,"),
        ("--id", "idd", "`id`"),
        ("--ignore", "color", "`colour`"),
        ("--features", "amont", "`amount`"),
        ("--segment-by", "colur", "`colour`"),
    ] {
        let timestamp = if flag == "--timestamp" { "" } else { "--timestamp ts" };
        let line = format!("backfill captures --baseline baseline --out results {timestamp} {flag} {wrong}");
        let ran = sandbox.run(&line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(ran.code, 2, "{line}\n{ran:#?}");
        holds(&ran.error(), &[wrong, nearest]);
    }
}

#[test]
fn baselines_that_cannot_be_used_say_why() {
    let sandbox = Sandbox::new();
    captures::write_days(&sandbox, "captures", 0..2, 200, |_| Mood::Calm);
    holds(&sandbox.error(2, BACKFILL), &["baseline", "`driftscan baseline DATA --out DIR` writes"]);
    sandbox.write("baseline/profile.parquet", "no");
    holds(&sandbox.error(2, BACKFILL), &["baseline", "`profile.parquet`"]);
    sandbox.write("baseline/profile.parquet", newer_format());
    holds(&sandbox.error(2, BACKFILL), &["format 999", "update driftscan or make the baseline again"]);
}

/// A profile as a later version might write it.
fn newer_format() -> Vec<u8> {
    use std::collections::HashMap;
    let day = captures::day(0, 1, Mood::Calm);
    let metadata = HashMap::from([("driftscan.format".to_owned(), "999".to_owned())]);
    let schema = day.schema().as_ref().clone().with_metadata(metadata);
    let sandbox = Sandbox::new();
    let path = sandbox.path("a.parquet");
    captures::write_parquet(&path, &[day.with_schema(schema.into()).unwrap()]);
    fs::read(path).unwrap()
}

#[test]
fn a_baseline_of_another_schema_is_compared_where_it_can_be() {
    let sandbox = captures::with_baseline();
    let day = captures::day(0, 200, Mood::Calm);
    let renamed = captures::with(&captures::without(&day, "amount"), "amount_eur", Arc::clone(day.column(2)));
    captures::write_parquet(&sandbox.path("captures/a.parquet"), &[renamed]);
    let json =
        sandbox.expect(1, "check captures --baseline baseline --timestamp ts --id id --format json").json();
    let found: Vec<_> =
        json["violations"].as_array().unwrap().iter().map(|row| (&row["check"], &row["feature"])).collect();
    assert!(found.contains(&(&"missing_column".into(), &"amount".into())), "{found:?}");
    assert!(found.contains(&(&"extra_column".into(), &"amount_eur".into())), "{found:?}");
}
