//! Data at the edges: gaps, single rows, columns without a value, odd numbers, very many columns, segments.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{
    ArrayRef, Float64Array, NullArray, RecordBatch, StringArray, TimestampMicrosecondArray,
    cast::AsArray,
    types::{Float64Type, TimestampMicrosecondType},
};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{
    captures::{self, BACKFILL, DAY, Mood, START, day, table, with},
    sandbox::{Sandbox, holds},
    tables::{self, Row, by_feature, rows},
};

mod column_types;

/// The first four days of the captures.
const DATES: [&str; 4] = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"];

/// Thirty good days with their baseline, and captures; `change` makes of a calm day what it should be.
fn prepared(days: Range<i64>, change: impl Fn(i64, RecordBatch) -> RecordBatch) -> Sandbox {
    let sandbox = Sandbox::new();
    for (folder, days) in [("good", -30..0), ("captures", days)] {
        for number in days {
            let path = sandbox.path(&format!("{folder}/{number}.parquet"));
            captures::write_parquet(&path, &[change(number, day(number, 200, Mood::Calm))]);
        }
    }
    sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id");
    sandbox
}

/// Runs a backfill over the captures, and looks at every table for numbers that are none.
#[track_caller]
fn backfill(sandbox: &Sandbox, more: &str) -> PathBuf {
    sandbox.expect(0, &format!("{BACKFILL} {more}"));
    for (name, content) in sandbox.files("results").into_iter().filter(|(name, _)| name.ends_with(".parquet"))
    {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content)).unwrap().build().unwrap();
        for batch in reader.map(Result::unwrap) {
            let schema = batch.schema();
            let fields = schema.fields().iter().zip(batch.columns());
            fields.for_each(|(field, column)| finite(column, &format!("{name}: {}", field.name())));
        }
    }
    let results = sandbox.path("results");
    for row in rows(&tables::read(&results, "scores")) {
        if row.number("value").is_none() {
            assert!(!["ok", "violated"].contains(&row.text("status")), "{}", shown(&row));
        }
    }
    results
}

#[track_caller]
fn finite(column: &ArrayRef, place: &str) {
    if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
        assert!(numbers.iter().flatten().all(f64::is_finite), "{place}: a number that is none");
    } else if let Some(list) = column.as_list_opt::<i32>() {
        finite(list.values(), place);
    } else if let Some(members) = column.as_struct_opt() {
        members.columns().iter().for_each(|member| finite(member, place));
    }
}

fn shown(row: &Row<'_>) -> String {
    format!("{} {} {} {}", row.date(), row.text("feature"), row.text("metric"), row.text("status"))
}

/// Date, segment, feature, check and severity of each violation.
fn violations(results: &Path) -> Vec<[String; 5]> {
    rows(&tables::read(results, "violations"))
        .map(|row| {
            let text = |column| row.text(column).to_owned();
            [row.date(), text("segment"), text("feature"), text("check"), text("severity")]
        })
        .collect()
}

/// A violation without a segment.
fn found(date: &str, feature: &str, check: &str, severity: &str) -> [String; 5] {
    [date, "", feature, check, severity].map(str::to_owned)
}

/// Uniform in 0..1, by day and row: the values of `score`.
fn uniform(day: &RecordBatch) -> impl Iterator<Item = f64> + '_ {
    doubles_of(day, "score")
}

fn doubles_of<'a>(day: &'a RecordBatch, name: &str) -> impl Iterator<Item = f64> + use<'a> {
    day.column_by_name(name).unwrap().as_primitive::<Float64Type>().values().iter().copied()
}

fn doubles(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

/// The row of a table for a date and feature; `third` is a metric, a label or nothing.
#[track_caller]
fn row<'a>(table: &'a [RecordBatch], date: &str, feature: &'a str, third: &'a str) -> Row<'a> {
    let column = ["metric", "label"].into_iter().find(|name| table[0].column_by_name(name).is_some());
    let rows = by_feature(table, column.unwrap_or(""));
    *rows.get(&(date.to_owned(), feature, third)).unwrap_or_else(|| panic!("no {date} {feature} {third}"))
}

#[test]
fn a_day_between_two_others_without_a_capture_has_a_window_that_says_so() {
    let sandbox = captures::with_baseline();
    for number in [0, 2] {
        captures::write_days(&sandbox, "captures", number..number + 1, 200, |_| Mood::Calm);
    }
    let results = backfill(&sandbox, "");
    let windows = tables::read(&results, "windows");
    let windows: Vec<_> = rows(&windows).map(|w| (w.date(), w.text("status"), w.count("rows"))).collect();
    let calm = |date: &str| (date.to_owned(), "completed", 200);
    assert_eq!(windows, [calm(DATES[0]), (DATES[1].to_owned(), "no_data", 0), calm(DATES[2])]);
    assert_eq!(violations(&results), [found(DATES[1], "", "volume", "violation")]);
    let scores = tables::read(&results, "scores");
    assert!(rows(&scores).filter(|row| row.date() == DATES[1]).all(|row| row.text("metric") == "rows"));
}

#[test]
fn a_column_without_a_value_is_incomplete_and_its_drift_is_empty() {
    let nothing = |rows: usize| -> [ArrayRef; 2] {
        [Arc::new(Float64Array::new_null(rows)), Arc::new(NullArray::new(rows))]
    };
    // On day 0 of its own type, on day 1 of none; `never` has no value in the baseline either.
    let sandbox = prepared(0..2, |number, day| {
        let [typed, untyped] = nothing(day.num_rows());
        let day = with(&day, "never", Arc::clone(&typed));
        match number {
            0 => with(&day, "amount", typed),
            1 => with(&day, "amount", untyped),
            _ => day,
        }
    });
    let results = backfill(&sandbox, "");
    let expected = [DATES[0], DATES[1]].map(|date| found(date, "amount", "completeness", "violation"));
    assert_eq!(violations(&results), expected);
    let (scores, features) = (tables::read(&results, "scores"), tables::read(&results, "features"));
    for date in &DATES[..2] {
        let of = |feature, metric| {
            let row = row(&scores, date, feature, metric);
            (row.text("status"), row.number("value"))
        };
        assert_eq!(of("amount", "kolmogorov_smirnov"), ("empty", None));
        assert_eq!(of("amount", "missing_ratio"), ("violated", Some(1.0)));
        assert_eq!(of("never", "missing_ratio"), ("ok", Some(1.0)));
    }
    let amount = row(&features, DATES[0], "amount", "");
    assert_eq!((amount.count("nulls"), amount.number("mean"), amount.number("p50")), (200, None, None));
}

#[test]
fn a_single_row_is_a_window_in_which_nothing_can_be_told() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..1, 1, |_| Mood::Shifted);
    let results = backfill(&sandbox, "");
    assert_eq!(violations(&results), [found(DATES[0], "", "volume", "warning")]);
    let (scores, features) = (tables::read(&results, "scores"), tables::read(&results, "features"));
    for (feature, metric) in [("amount", "kolmogorov_smirnov"), ("colour", "category_shift")] {
        let row = row(&scores, DATES[0], feature, metric);
        assert_eq!((row.text("status"), row.count("rows")), ("insufficient_rows", 1), "{feature}");
    }
    let amount = row(&features, DATES[0], "amount", "");
    assert_eq!((amount.number("std_dev"), amount.count("distinct")), (Some(0.0), 1));
    assert!(amount.number("mean").is_some() && amount.number("mean") == amount.number("p99"));
}

#[test]
fn one_row_of_another_category_in_a_hundred_thousand_is_no_alarm() {
    let sandbox = Sandbox::new();
    captures::write_days(&sandbox, "good", -1..0, 100_000, |_| Mood::Calm);
    sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id");
    let calm = day(0, 100_000, Mood::Calm);
    let colours = calm.column_by_name("colour").unwrap().as_string::<i32>();
    let colours =
        colours.iter().enumerate().map(|(row, name)| if row == 4_711 { Some("violet") } else { name });
    let changed = with(&calm, "colour", Arc::new(colours.collect::<StringArray>()));
    captures::write_parquet(&sandbox.path("captures/a.parquet"), &[changed]);
    let results = backfill(&sandbox, "");
    assert_eq!(violations(&results), [[""; 5]; 0]);
    let scores = tables::read(&results, "scores");
    let new = row(&scores, DATES[0], "colour", "new_category_ratio");
    assert_eq!((new.number("value"), new.text("status")), (Some(1e-5), "ok"));
}

#[test]
fn nan_and_infinities_are_counted_and_no_number_of_a_table_is_one() {
    let sandbox = prepared(0..4, |number, day| {
        let odd = |row: usize, amount: f64| match (number, row) {
            (0, 0..3) | (1, _) => f64::NAN,
            (0, 3..5) | (2, _) => f64::INFINITY,
            (0, 5) => f64::NEG_INFINITY,
            (3, 0) => f64::MAX,
            (3, 1) => -f64::MAX,
            (3, 2) => 5e-324,
            _ => amount,
        };
        let odd = doubles((0..).zip(doubles_of(&day, "amount")).map(|(row, amount)| odd(row, amount)));
        // These are odd in the baseline too.
        let huge = doubles(uniform(&day).map(|u| (u - 0.5) * 2.0 * f64::MAX));
        let holes = doubles(uniform(&day).map(|u| if u < 0.1 { f64::NAN } else { u / (u - 0.1).floor() }));
        with(&with(&with(&day, "amount", odd), "huge", huge), "holes", holes)
    });
    let results = backfill(&sandbox, "");
    let features = tables::read(&results, "features");
    let amount = |date: &str| row(&features, date, "amount", "");
    let counts = |row: Row<'_>| (row.count("rows"), row.count("nans"), row.count("infinities"));
    let amounts = DATES.map(|date| counts(amount(date)));
    assert_eq!(amounts, [(200, 3, 3), (200, 200, 0), (200, 0, 200), (200, 0, 0)]);
    let (first, last) = (amount(DATES[0]), amount(DATES[3]));
    assert!(first.number("min").unwrap() >= 0.0 && first.number("max").unwrap() <= 200.0);
    assert_eq!((last.number("min"), last.number("max")), (Some(-f64::MAX), Some(f64::MAX)));
    assert!(last.number("mean").unwrap() < 200.0, "the two largest cancel");
    let histograms = tables::read(&results, "histograms");
    for (label, expected) in [("(NaN)", 3), ("(+inf)", 2), ("(-inf)", 1)] {
        assert_eq!(row(&histograms, DATES[0], "amount", label).count("rows"), expected, "{label}");
    }
    let all = violations(&results);
    assert!(all.contains(&found(DATES[1], "amount", "completeness", "violation")), "{all:?}");
    assert!(all.contains(&found(DATES[2], "amount", "range", "violation")), "{all:?}");
    for date in [DATES[0], DATES[3]] {
        assert!(all.iter().all(|row| row[0] != date), "a handful of odd values in 200 is no alarm: {all:?}");
    }
    assert!(all.iter().all(|row| row[2] == "amount"), "odd in the baseline as well: {all:?}");
}

#[test]
fn three_thousand_columns_are_all_scored_without_a_false_alarm() {
    let sandbox = Sandbox::new();
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64
    };
    let names: Vec<String> = (0..3_000).map(|column| format!("c{column:04}")).collect();
    for (folder, number) in [("good", -2), ("good", -1), ("captures", 0), ("captures", 1)] {
        let times = (0..200).map(|row| START + number * DAY + row * 1_000_000);
        let times = TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC");
        let mut columns: Vec<(&str, ArrayRef)> =
            vec![("ts", Arc::new(times)), ("id", Arc::new(NullArray::new(200)))];
        for name in &names {
            columns.push((name, doubles((0..200).map(|_| next()))));
        }
        captures::write_parquet(&sandbox.path(&format!("{folder}/{number}.parquet")), &[table(&columns)]);
    }
    sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id");
    let results = backfill(&sandbox, "");
    assert_eq!(violations(&results), [[""; 5]; 0]);
    let windows = tables::read(&results, "windows");
    let windows: Vec<_> = rows(&windows).map(|w| (w.count("rows"), w.count("features_drifted"))).collect();
    assert_eq!(windows, [(200, 0); 2]);
    assert_eq!(rows(&tables::read(&results, "features")).count(), 2 * 3_000);
}

#[test]
fn segments_are_monitored_on_their_own_and_together_are_all_rows() {
    // Amounts of red double on day 1; on day 2 a colour is new, and some have none.
    let sandbox = Sandbox::new();
    for number in -30..3 {
        let calm = day(number, 600, Mood::Calm);
        let colours = calm.column_by_name("colour").unwrap().as_string::<i32>();
        let factor = |colour| if number == 1 && colour == Some("red") { 2.0 } else { 1.0 };
        let amounts =
            doubles_of(&calm, "amount").zip(colours).map(|(amount, colour)| amount * factor(colour));
        let colour = |(row, colour)| match (number, row) {
            (2, 0..5) => Some("violet"),
            (2, 5..12) => None,
            _ => colour,
        };
        let changed = with(&calm, "amount", doubles(amounts));
        let colours = colours.iter().enumerate().map(colour).collect::<StringArray>();
        let folder = if number < 0 { "good" } else { "captures" };
        let path = sandbox.path(&format!("{folder}/{number}.parquet"));
        captures::write_parquet(&path, &[with(&changed, "colour", Arc::new(colours))]);
    }
    sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id --segment-by colour");
    let results = backfill(&sandbox, "--segment-by colour");
    let windows = tables::read(&results, "windows");
    for date in &DATES[..3] {
        let of: Vec<_> = rows(&windows).filter(|row| row.date() == *date).collect();
        let (whole, parts): (Vec<_>, Vec<_>) = of.into_iter().partition(|row| row.text("segment").is_empty());
        assert_eq!(whole.iter().map(|row| row.count("rows")).collect::<Vec<_>>(), [600], "{date}");
        assert_eq!(parts.iter().map(|row| row.count("rows")).sum::<i64>(), 600, "{date}");
        assert_eq!(parts.len(), if *date == DATES[2] { 5 } else { 3 }, "{date}");
    }
    for (segment, expected) in [("colour=violet", 5), ("colour=(null)", 7)] {
        let row = rows(&windows).find(|row| row.text("segment") == segment).unwrap();
        assert_eq!((row.date().as_str(), row.count("rows")), (DATES[2], expected), "{segment}");
        holds(row.text("reason"), &["the baseline has no rows of this segment"]);
    }
    let all = violations(&results);
    let drifted = |segment: &str| {
        let expected = [DATES[1], segment, "amount", "baseline_drift", "violation"].map(str::to_owned);
        all.contains(&expected)
    };
    assert!(drifted("colour=red") && drifted(""), "{all:?}");
    assert!(
        all.iter().all(|row| row[0] == DATES[1] && ["", "colour=red"].contains(&row[1].as_str())),
        "{all:?}"
    );
}

#[test]
fn rows_without_a_time_are_counted_by_source() {
    let sandbox = captures::with_baseline();
    for (number, every) in [(0, 2), (1, 5), (2, usize::MAX)] {
        let calm = day(number, 200, Mood::Calm);
        let times = calm.column_by_name("ts").unwrap().as_primitive::<TimestampMicrosecondType>();
        let times = times.iter().enumerate().map(|(row, time)| time.filter(|_| row % every != every - 1));
        let times = times.collect::<TimestampMicrosecondArray>().with_timezone("UTC");
        let path = sandbox.path(&format!("captures/{number}.parquet"));
        captures::write_parquet(&path, &[with(&calm, "ts", Arc::new(times))]);
    }
    let results = backfill(&sandbox, "");
    let (sources, windows) = (tables::read(&results, "sources"), tables::read(&results, "windows"));
    let sources: Vec<_> =
        rows(&sources).map(|s| (s.text("status"), s.count("rows"), s.count("rows_without_time"))).collect();
    assert_eq!(sources, [("profiled", 200, 100), ("profiled", 200, 40), ("profiled", 200, 0)]);
    assert_eq!(rows(&windows).map(|row| row.count("rows")).collect::<Vec<_>>(), [100, 160, 200]);
}
