//! Exit codes, one test each.

use std::{
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::{Ran, holds},
};

const CHECK: &str = "check captures --baseline baseline --timestamp ts --id id";

#[test]
fn calm_captures_are_zero_in_both() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..5, 200, |_| Mood::Calm);
    let checked = sandbox.expect(0, CHECK);
    holds(&checked.stdout, &["captures: 0 violations, 0 warnings, in 1,000 rows of 5 files"]);
    sandbox.expect(0, &format!("{BACKFILL} --fail-on warning"));
}

#[test]
fn violations_are_one_where_that_is_asked_for() {
    let sandbox = captures::with_baseline();
    captures::write_days(
        &sandbox,
        "captures",
        0..5,
        200,
        |day| if day == 3 { Mood::Shifted } else { Mood::Calm },
    );
    sandbox.expect(0, BACKFILL);
    sandbox.expect(1, &format!("{BACKFILL} --fail-on violation"));
    sandbox.expect(1, &format!("{BACKFILL} --fail-on warning"));
    captures::write_days(&sandbox, "captures", 0..5, 200, |_| Mood::Shifted);
    let checked = sandbox.expect(1, CHECK);
    holds(&checked.stdout, &["amount", "baseline_drift", "violation"]);
    sandbox.expect(0, &format!("{CHECK} --fail-on never"));
    let json = sandbox.expect(1, &format!("{CHECK} --format json")).json();
    assert_eq!((&json["exit_code"], &json["fail_on"]), (&1.into(), &"violation".into()));
}

#[test]
fn what_cannot_be_read_or_written_is_three() {
    let sandbox = captures::with_baseline();
    let error = sandbox.error(3, BACKFILL);
    holds(&error, &["error: backfill: nothing found at `captures`"]);
    captures::write_days(&sandbox, "captures", 0..2, 200, |_| Mood::Calm);
    sandbox.write("results", "a file where the folder should be");
    holds(&sandbox.error(3, BACKFILL), &["results"]);
}

#[test]
fn one_bad_file_among_a_year_is_set_aside_and_four() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..365, 100, |_| Mood::Calm);
    sandbox.write("captures/day-100.parquet", "this is not Parquet");
    let json = sandbox.expect(4, &format!("{BACKFILL} --format json")).json();
    assert_eq!((&json["rows"], &json["files"]["read"]), (&36_400.into(), &364.into()));
    assert_eq!(json["windows"]["count"], 365);
    let [group] = json["quarantined"].as_array().unwrap().as_slice() else { panic!("{json:#}") };
    assert_eq!(group["files"], serde_json::json!(["captures/day-100.parquet"]));
    let error = sandbox.error(3, &format!("{BACKFILL} --on-bad-file fail"));
    holds(&error, &["day-100.parquet", "--on-bad-file quarantine"]);
}

#[test]
fn files_set_aside_are_named_with_their_reason_and_violations_count_more() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..3, 200, |_| Mood::Shifted);
    sandbox.write("captures/bad.parquet", "this is not Parquet");
    let text = sandbox.expect(4, BACKFILL).stdout;
    holds(&text, &["3 read", "1 set aside", "1 file: ", "expected Parquet", "bad.parquet"]);
    sandbox.expect(1, &format!("{BACKFILL} --fail-on violation"));
}

#[test]
fn signals_are_told_apart_and_the_next_run_goes_on() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..300, 2_000, |_| Mood::Calm);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        // A fast machine may be done before the signal comes: then wait less.
        let stopped = [200, 50, 10, 2].into_iter().any(|pause| {
            let args: Vec<_> = BACKFILL.split_whitespace().chain(["--threads", "1"]).collect();
            let mut command = sandbox.command(&args);
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            thread::sleep(Duration::from_millis(pause));
            Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
            let output = child.wait_with_output().unwrap();
            let Some(found) = output.status.code() else { return false };
            assert!(found == 0 || found == code, "{found}: {:#?}", Ran::from(output));
            found == code
        });
        assert!(stopped, "no run was stopped by {signal}");
    }
    let json = sandbox.expect(0, &format!("{BACKFILL} --format json")).json();
    assert_eq!(json["windows"]["count"], 300);
}
