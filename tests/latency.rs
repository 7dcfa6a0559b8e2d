//! Latency and errors: a spike in one hour is found in its window, and found again without captures.

use std::{collections::BTreeMap, fs, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, TimestampMicrosecondArray};

use crate::{
    captures::{DAY, START, date, table, write_parquet},
    sandbox::{Sandbox, holds},
    tables::{Row, read, rows},
};

const HOUR: i64 = DAY / 24;
/// 12:00 of day 2.
const SPIKE: i64 = START + 2 * DAY + 12 * HOUR;
const ROLES: &str = "[roles]\ntimestamp = \"ts\"\nlatency = \"latency_ms\"\nstatus = \"status_code\"\n";

/// Answers of one hour, one every ten seconds: about 50 ms and 200, now and then 500; in the spike 500 ms, and 503.
fn hour(start: i64) -> RecordBatch {
    let (times, latencies): (Vec<i64>, Vec<f64>) =
        (0..360).map(|answer| (start + answer * 10_000_000, latency(start, answer))).unzip();
    let status = (0..360).map(|answer| match answer {
        _ if start == SPIKE && answer % 4 == 0 => 503,
        _ if answer % 120 == 7 => 500,
        _ => 200,
    });
    let columns: [(&str, ArrayRef); 3] = [
        ("ts", Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))),
        ("latency_ms", Arc::new(Float64Array::from(latencies))),
        ("status_code", Arc::new(Int32Array::from_iter_values(status))),
    ];
    table(&columns)
}

fn latency(start: i64, answer: i64) -> f64 {
    let seed = u64::try_from(start / HOUR * 360 + answer).unwrap();
    let share = f64::from(u32::try_from(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32).unwrap());
    let calm = 40.0 - 10.0 * ((share + 0.5) / 4_294_967_296.0).ln();
    if start == SPIKE { calm * 10.0 } else { calm }
}

/// Four days of hourly captures after ten good ones, and their results by the hour. No capture is left.
fn results() -> Sandbox {
    let sandbox = Sandbox::new();
    for day in -10..4 {
        let folder = if day < 0 { "good" } else { "captures" };
        let hours: Vec<_> = (0..24).map(|of_day| hour(START + day * DAY + of_day * HOUR)).collect();
        write_parquet(&sandbox.path(&format!("{folder}/{day}.parquet")), &hours);
    }
    sandbox.write("driftscan.toml", ROLES);
    sandbox.expect(0, "baseline good --out baseline");
    sandbox.expect(0, "backfill captures --baseline baseline --out results --window 1h");
    fs::remove_dir_all(sandbox.path("captures")).unwrap();
    sandbox
}

/// Rows of a metric by the start of their window.
fn by_window<'a>(batches: &'a [RecordBatch], metric: &str) -> BTreeMap<i64, Row<'a>> {
    rows(batches)
        .filter(|row| row.text("metric") == metric)
        .map(|row| (row.time("window_start"), row))
        .collect()
}

/// Windows in which a check finds something.
fn found(sandbox: &Sandbox, check: &str) -> Vec<i64> {
    let violations = read(&sandbox.path("results"), "violations");
    rows(&violations).filter(|row| row.text("check") == check).map(|row| row.time("window_start")).collect()
}

#[test]
fn a_spike_from_50_to_500_ms_is_found_in_its_window() {
    let sandbox = results();
    assert_eq!(found(&sandbox, "slow_answers"), [SPIKE]);
    assert_eq!(found(&sandbox, "error_answers"), [SPIKE]);
    let violations = read(&sandbox.path("results"), "violations");
    let said = |check: &str| {
        let row = rows(&violations).find(|row| row.text("check") == check).unwrap();
        assert_eq!((row.text("family"), row.text("severity")), ("latency", "violation"));
        row.text("description").to_owned()
    };
    holds(&said("slow_answers"), &["100.0 % of answers have a `latency_ms` above", "p50 4", "(baseline 4"]);
    assert!(
        said("error_answers")
            .starts_with("25.8 % of answers are errors by `status_code`, 0.8 % in the baseline")
    );
    // 00:00 to 24:00 of four days, each answer counted once.
    let scores = read(&sandbox.path("results"), "scores");
    let throughput = by_window(&scores, "throughput");
    assert_eq!(throughput.len(), 96);
    assert!(
        throughput.values().all(|row| row.number("value") == Some(0.1) && row.text("feature").is_empty())
    );
    assert!(throughput.values().all(|row| row.number("baseline_value") == Some(0.1)));
    // As NumPy's `inverted_cdf` takes them from all 360 answers.
    for (metric, rank) in [
        ("latency_p50", 180),
        ("latency_p90", 324),
        ("latency_p95", 342),
        ("latency_p99", 357),
        ("latency_p99_9", 360),
    ] {
        let windows = by_window(&scores, metric);
        assert_eq!(windows.len(), 96);
        for (start, row) in windows {
            let mut latencies: Vec<f64> = (0..360).map(|answer| latency(start, answer)).collect();
            latencies.sort_unstable_by(f64::total_cmp);
            let (exact, bound) = (latencies[rank - 1], row.number("error_bound").unwrap());
            assert!((row.number("value").unwrap() - exact).abs() <= bound, "{metric} {start}: {exact}");
            assert!(bound <= 0.5 * exact, "{metric} {start}: {bound} is no bound");
        }
    }
}

#[test]
fn another_limit_and_other_errors_take_no_captures() {
    let sandbox = results();
    let rescore = "rescore results --baseline baseline --format json";
    assert_eq!(sandbox.expect(0, rescore).json()["windows"]["written"], 0);
    let ratios = |metric: &str, start: i64| {
        let scores = read(&sandbox.path("results"), "scores");
        let row = by_window(&scores, metric)[&start];
        (row.number("value").unwrap(), row.number("error_bound").unwrap(), row.text("method").to_owned())
    };
    let errors = ratios("error_ratio", SPIKE);
    assert_eq!(errors, (93.0 / 360.0, 0.0, "error_ratio/from400".to_owned()));
    let limits = |limit: f64| {
        sandbox.write(
            "driftscan.toml",
            format!("{ROLES}[latency]\nslow = {limit}\nerrors = [500, \"timeout\"]\n"),
        );
        assert_eq!(sandbox.expect(0, rescore).json()["windows"]["written"], 96);
        let (value, bound, method) = ratios("slow_ratio", SPIKE);
        assert_eq!(method, format!("slow_ratio/above{limit}"));
        let exact = (0..360).filter(|answer| latency(SPIKE, *answer) > limit).count() as f64 / 360.0;
        assert!((value - exact).abs() <= bound, "{limit}: {value} {exact} {bound}");
        value
    };
    assert_eq!(limits(5_000.0), 0.0);
    assert_eq!((found(&sandbox, "slow_answers"), found(&sandbox, "error_answers")), (vec![], vec![]));
    assert_eq!(ratios("error_ratio", SPIKE), (3.0 / 360.0, 0.0, "error_ratio/500,timeout".to_owned()));
    let half = limits(470.0);
    assert!(half > 0.3 && half < 0.7, "{half}");
    assert_eq!(found(&sandbox, "slow_answers"), [SPIKE]);
    // Of a day the spike is a twenty-fourth: a warning.
    sandbox.write("driftscan.toml", ROLES);
    sandbox.expect(0, "rescore results --baseline baseline --window 1d --out days");
    let days = read(&sandbox.path("days"), "violations");
    let slow: Vec<_> = rows(&days).filter(|row| row.text("check") == "slow_answers").collect();
    let slow: Vec<_> = slow.iter().map(|row| (row.date(), row.text("severity"))).collect();
    assert_eq!(slow, [(date(2), "warning")]);
    sandbox.write("driftscan.toml", format!("{ROLES}[latency]\nslow = inf\n"));
    holds(&sandbox.error(2, rescore), &["latency.slow: expected a finite number"]);
    sandbox.write("driftscan.toml", format!("{ROLES}[latency]\nerrors = [5.5]\n"));
    holds(
        &sandbox.error(2, rescore),
        &["driftscan.toml:", "`latency.errors`: expected statuses such as 500"],
    );
}

#[test]
fn a_status_that_is_named_later_is_counted_already() {
    let sandbox = Sandbox::new();
    for (folder, start) in [("good", START), ("captures", SPIKE)] {
        write_parquet(&sandbox.path(&format!("{folder}/a.parquet")), &[hour(start)]);
    }
    let run = "backfill captures --baseline baseline --out results --window 1h --timestamp ts --format json";
    sandbox.expect(0, "baseline good --out baseline --timestamp ts");
    sandbox.expect(0, run);
    assert!(found(&sandbox, "error_answers").is_empty());
    let again = sandbox.expect(0, &format!("{run} --status status_code")).json();
    assert_eq!(again["files"]["bytes"], 0, "{again}");
    assert_eq!(found(&sandbox, "error_answers"), [SPIKE]);
    // Where features are chosen, the role is what makes it one of them.
    let chosen = format!("{run} --features latency_ms");
    sandbox.expect(0, &chosen);
    let counted = sandbox.expect(0, &format!("{chosen} --status status_code")).json();
    assert_ne!(counted["files"]["bytes"], 0, "{counted}");
    let checked = "check captures --baseline baseline --timestamp ts --latency latency_ms --status status_code --format json";
    let checked = sandbox.expect(1, checked).json();
    let metrics: Vec<_> =
        checked["scores"].as_array().unwrap().iter().map(|score| &score["metric"]).collect();
    assert!(metrics.iter().any(|metric| *metric == "error_ratio"));
    assert!(!metrics.iter().any(|metric| *metric == "throughput"), "one window without ends");
    sandbox.expect(0, "baseline good --out thin --timestamp ts --ignore latency_ms");
    let thin = run.replace("--baseline baseline --out results", "--baseline thin --out other");
    let notes = sandbox.expect(0, &format!("{thin} --latency latency_ms")).json()["notes"].to_string();
    holds(&notes, &["the baseline does not have `latency_ms`"]);
}

#[test]
fn text_among_numbers_may_be_an_error_that_is_listed() {
    let sandbox = Sandbox::new();
    for (folder, other) in [("good", "500"), ("captures", "timeout")] {
        let status = |row: i64| if row % 5 == 0 && (folder != "good" || row == 0) { other } else { "200" };
        let lines: Vec<String> = (0..300).map(|row| format!("{row},{}", status(row))).collect();
        sandbox.write(&format!("{folder}/a.csv"), format!("n,status_code\n{}\n", lines.join("\n")));
    }
    sandbox.expect(0, "baseline good --out baseline");
    let ratio = |config: &str, code: i32| {
        sandbox.write("driftscan.toml", config);
        let line = "check captures --baseline baseline --status status_code --format json";
        let checked = sandbox.expect(code, line).json();
        let broken =
            checked["violations"].as_array().unwrap().iter().any(|row| row["check"] == "error_answers");
        let scores = checked["scores"].as_array().unwrap();
        let row = scores.iter().find(|score| score["metric"] == "error_ratio").unwrap();
        (row["value"].as_f64(), row["error_bound"].as_f64(), broken)
    };
    assert_eq!(ratio("[latency]\nerrors = [500, \"timeout\"]\n", 1), (Some(0.2), Some(0.2), true));
    assert_eq!(ratio("", 1), (Some(0.0), Some(0.0), false), "`data_type` says it");
}
