//! Timestamps of every kind, good and bad.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, StringArray, TimestampMicrosecondArray, cast::AsArray,
    types::TimestampMicrosecondType,
};

use crate::{
    captures::{self, BACKFILL, DAY, Mood},
    sandbox::{Sandbox, holds},
};

/// One calm day whose `ts` is another column.
fn with_times(times: impl FnOnce(&TimestampMicrosecondArray) -> ArrayRef) -> Sandbox {
    let sandbox = captures::with_baseline();
    let day = captures::day(0, 240, Mood::Calm);
    let column = times(day.column(1).as_primitive::<TimestampMicrosecondType>());
    captures::write_parquet(&sandbox.path("captures/a.parquet"), &[captures::with(&day, "ts", column)]);
    sandbox
}

/// Windows and rows of a backfill.
#[track_caller]
fn windows(sandbox: &Sandbox, more: &str) -> (u64, u64, u64) {
    let json = sandbox.expect(0, &format!("{BACKFILL} --format json {more}")).json();
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    (number(&json["windows"]["count"]), number(&json["rows"]), number(&json["rows_without_time"]))
}

#[test]
fn without_a_timestamp_column_the_candidates_are_named() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..1, 200, |_| Mood::Calm);
    let error = sandbox.error(2, "backfill captures --baseline baseline --out results");
    holds(&error, &["--timestamp COL", "candidates: `ts`"]);
}

#[test]
fn a_file_without_the_column_is_set_aside_and_all_of_them_end_the_run() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..2, 200, |_| Mood::Calm);
    let day = captures::without(&captures::day(2, 200, Mood::Calm), "ts");
    captures::write_parquet(&sandbox.path("captures/z.parquet"), &[day]);
    holds(&sandbox.expect(4, BACKFILL).stdout, &["`ts`", "z.parquet"]);
    let error = sandbox
        .error(2, "backfill captures/z.parquet --baseline baseline --out others --timestamp ts --id id");
    holds(&error, &["`ts`"]);
}

#[test]
fn rows_without_a_time_are_counted() {
    let half = with_times(|times| {
        let times = times.iter().enumerate().map(|(row, time)| time.filter(|_| row % 2 == 0));
        Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
    });
    assert_eq!(windows(&half, ""), (1, 120, 120));
    let text = half.expect(0, BACKFILL).stdout;
    holds(&text, &["120 more without a readable time are in no window"]);
}

#[test]
fn texts_and_epochs_are_times() {
    let texts = with_times(|times| {
        let texts = times.iter().flatten().map(|time| {
            let seconds = (time - captures::START) / 1_000_000;
            format!("2026-03-01T{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
        });
        Arc::new(StringArray::from_iter_values(texts))
    });
    assert_eq!(windows(&texts, ""), (1, 240, 0));
    for unit in [1_000_000, 1_000, 1] {
        let epochs = with_times(|times| {
            Arc::new(times.iter().map(|time| time.map(|t| t / unit)).collect::<Int64Array>())
        });
        assert_eq!(windows(&epochs, ""), (1, 240, 0), "{unit}");
    }
}

#[test]
fn times_without_a_zone_are_read_in_that_of_the_windows() {
    let naive = |times: &TimestampMicrosecondArray| -> ArrayRef {
        Arc::new(times.clone().with_timezone_opt(None::<&str>))
    };
    let sandbox = with_times(naive);
    assert_eq!(windows(&sandbox, ""), (1, 240, 0));
    // A day of a zone's own clock is one window there.
    std::fs::remove_dir_all(sandbox.path("results")).unwrap();
    assert_eq!(windows(&sandbox, "--timezone America/New_York"), (1, 240, 0));
    // A day of UTC is parts of two windows there.
    let zoned = with_times(|times| Arc::new(times.clone()));
    assert_eq!(windows(&zoned, "--timezone America/New_York"), (2, 240, 0));
}

#[test]
fn a_column_that_holds_no_times_says_what_it_holds() {
    let booleans = with_times(|times| Arc::new(BooleanArray::from(vec![true; times.len()])));
    let ran = booleans.run(&BACKFILL.split_whitespace().collect::<Vec<_>>());
    assert_ne!(ran.code, 0, "{ran:#?}");
    holds(&format!("{}{}", ran.stdout, ran.stderr), &["expected timestamps, found Boolean"]);
}

#[test]
fn a_range_without_captures_says_so() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..2, 200, |_| Mood::Calm);
    holds(&sandbox.error(2, &format!("{BACKFILL} --from 2027-01-01")), &["--from", "--to"]);
    let json = sandbox.expect(0, &format!("{BACKFILL} --from 2026-03-02 --format json")).json();
    assert_eq!((&json["rows"], &json["files"]["outside_range"]), (&200.into(), &1.into()));
    assert_eq!(DAY, 86_400_000_000);
}
