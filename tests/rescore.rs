//! Results again from stored profiles: other constraints, metrics and longer windows, and no captures.

use std::{collections::BTreeSet, fs, sync::Arc};

use arrow_array::{RecordBatch, StringArray};

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::{Sandbox, holds},
    tables::{read, rows},
};

const TABLES: [&str; 7] =
    ["windows", "scores", "violations", "histograms", "features", "curves", "confusion"];

/// The tables that a rescore makes.
pub(crate) fn tables(sandbox: &Sandbox, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = sandbox.files(folder);
    files.retain(|(name, _)| TABLES.iter().any(|table| name.starts_with(table)));
    assert!(files.len() >= 5, "too few tables to tell");
    files
}

#[track_caller]
pub(crate) fn same(sandbox: &Sandbox, one: &str, other: &str) {
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
    let changed = |folder: &str| {
        let times = sandbox.files(folder).into_iter().map(|(name, _)| {
            let file = fs::metadata(sandbox.path(folder).join(&name)).unwrap();
            (name, file.modified().unwrap())
        });
        times.collect::<Vec<_>>()
    };
    let profiles = changed("results/profiles");
    let metrics = sandbox.expect(0, again).json();
    assert_eq!(metrics["windows"]["written"], metrics["windows"]["count"]);
    assert_eq!(changed("results/profiles"), profiles, "what was counted is the same");
    let columns = fs::read_to_string(sandbox.path("baseline/constraints.json")).unwrap();
    let strict = columns.replacen("\"comparison_threshold\": 0.1", "\"comparison_threshold\": 0.04", 1);
    assert_ne!(columns, strict);
    fs::write(sandbox.path("baseline/constraints.json"), strict).unwrap();
    let stricter = sandbox.expect(0, again).json();
    assert!(stricter["violations"].as_u64() >= metrics["violations"].as_u64());
    holds(&sandbox.expect(1, &format!("{again} --fail-on warning")).stdout, &["\"violations\""]);
}

#[test]
fn coarse_bins_are_those_that_are_asked_for() {
    let sandbox = by_the_hour(&[]);
    sandbox.write("driftscan.toml", "[drift]\nbins = 4\nmetrics = [\"population_stability\"]\n");
    sandbox.expect(0, "rescore results --baseline baseline --out four");
    let methods = |folder: &str| {
        let batches = read(&sandbox.path(folder), "scores");
        let methods = rows(&batches)
            .filter(|row| row.text("metric") == "population_stability")
            .map(|row| row.text("method").to_owned());
        methods.collect::<BTreeSet<String>>()
    };
    let of_numbers =
        |methods: BTreeSet<String>| methods.into_iter().find(|method| method.contains("quantile"));
    assert_eq!(of_numbers(methods("results")).as_deref(), Some("population_stability/quantile10/add0.5/ln"));
    assert_eq!(of_numbers(methods("four")).as_deref(), Some("population_stability/quantile4/add0.5/ln"));
    sandbox.write("driftscan.toml", "[drift]\nbins = 1\n");
    holds(&sandbox.error(2, "rescore results --baseline baseline"), &["drift.bins: expected 2 to 100"]);
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

/// A year-to-be of days, of which day 30 and all after it are shifted.
fn a_step() -> Sandbox {
    let sandbox = captures::with_baseline();
    let mood = |day| if day >= 30 { Mood::Shifted } else { Mood::Calm };
    captures::write_days(&sandbox, "captures", 0..45, 200, mood);
    sandbox
}

/// Days with a violation of `amount`.
fn broken(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let violations = read(&sandbox.path(folder), "violations");
    let mut days: Vec<String> = rows(&violations)
        .filter(|row| row.text("feature") == "amount" && row.text("check") == "baseline_drift")
        .map(|row| row.date())
        .collect();
    days.dedup();
    days
}

#[test]
fn windows_can_be_compared_with_those_before() {
    let sandbox = a_step();
    let run = |compare: &str, out: &str| {
        let line = BACKFILL.replace("--out results", &format!("--out {out} --compare {compare}"));
        sandbox.expect(0, &line);
        broken(&sandbox, out)
    };
    assert_eq!(run("baseline", "results").len(), 15, "every day since the step");
    assert_eq!(run("previous", "previous"), ["2026-03-31"], "the day of the step alone");
    let trailing = run("trailing:7", "trailing");
    assert!(trailing.len() > 1 && trailing.len() <= 7 && trailing[0] == "2026-03-31", "{trailing:?}");
    let weekday = run("same-weekday:1", "weekday");
    assert_eq!(weekday.len(), 7, "each weekday once: {weekday:?}");
    // From stored profiles, the same.
    for (compare, direct) in
        [("previous", "previous"), ("trailing:7", "trailing"), ("same-weekday:1", "weekday")]
    {
        let out = format!("rescored-{direct}");
        sandbox.expect(0, &format!("rescore results --baseline baseline --compare {compare} --out {out}"));
        same(&sandbox, &out, direct);
    }
    let again =
        sandbox.expect(0, "rescore results --baseline baseline --compare previous --format json").json();
    assert_eq!(again["windows"]["written"], 45);
    same(&sandbox, "results", "previous");
    let wrong = sandbox.error(2, "rescore results --baseline baseline --compare yesterday");
    holds(&wrong, &["compare: expected baseline, previous, trailing:N", "found `yesterday`"]);
}

#[test]
fn a_late_file_reaches_the_windows_that_are_compared_with_its_own() {
    let sandbox = a_step();
    let line = format!("{BACKFILL} --compare trailing:3 --format json");
    sandbox.expect(0, &line);
    captures::write_parquet(&sandbox.path("captures/late.parquet"), &[captures::day(10, 300, Mood::Shifted)]);
    let late = sandbox.expect(0, &line).json();
    assert_eq!(late["windows"]["written"], 4, "day 10, and the three that are compared with it");
    sandbox.expect(0, &line.replace("--out results", "--out fresh"));
    same(&sandbox, "results", "fresh");
    // Day by day, each run has windows before its range to compare with.
    for day in 0..20 {
        let (from, to) = (captures::date(day), captures::date(day + 1));
        let daily = line.replace("--out results", &format!("--out daily --from {from} --to {to}"));
        sandbox.expect(0, &daily);
    }
    let (from, to) = (captures::date(0), captures::date(20));
    sandbox.expect(0, &line.replace("--out results", &format!("--out once --from {from} --to {to}")));
    same(&sandbox, "daily", "once");
    // Alone, a range lacks them, and says so.
    let (from, to) = (captures::date(10), captures::date(20));
    let alone = line
        .replace(" --format json", "")
        .replace("--out results", &format!("--out alone --from {from} --to {to}"));
    holds(
        &sandbox.expect(0, &alone).stdout,
        &[
            "3 windows are compared with fewer windows than asked for",
            &from,
            &format!("run from {}", captures::date(7)),
        ],
    );
}

/// A day of calm captures with a category, half of whose values the baseline has not seen.
fn with_late_names(day: i64, name: impl Fn(usize) -> String) -> RecordBatch {
    let rows = 400;
    let names = (0..rows).map(|row| if row % 2 == 0 { "known".to_owned() } else { name(row) });
    let names = Arc::new(StringArray::from_iter_values(names));
    captures::with(&captures::day(day, rows, Mood::Calm), "place", names)
}

#[test]
fn names_that_only_the_windows_have_are_compared_too() {
    let sandbox = Sandbox::new();
    let known = |day| with_late_names(day, |_| "known".to_owned());
    captures::write_parquet(&sandbox.path("good/part.parquet"), &(-10..0).map(known).collect::<Vec<_>>());
    sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id");
    for day in 0..6 {
        // Since day 4 other names are new.
        let names = |row: usize| format!("{}-{}", if day < 4 { "new" } else { "newer" }, row % 10);
        let path = sandbox.path(&format!("captures/{day}.parquet"));
        captures::write_parquet(&path, &[with_late_names(day, names)]);
    }
    sandbox.expect(0, &format!("{BACKFILL} --compare previous"));
    let scores = read(&sandbox.path("results"), "scores");
    let of_places =
        rows(&scores).filter(|row| row.text("feature") == "place" && row.text("metric") == "total_variation");
    let values: Vec<f64> = of_places.filter_map(|row| row.number("value")).collect();
    let halves: Vec<f64> = values.iter().map(|value| (value * 2.0).round()).collect();
    assert_eq!(halves, [0.0, 0.0, 0.0, 1.0, 0.0], "each day with the one before: {values:?}");
}

#[test]
fn what_is_not_counted_whole_is_refused() {
    let sandbox = a_step();
    sandbox.expect(0, BACKFILL);
    // A capture of two days is replaced, and only one of them counted again.
    let (one, other) = (captures::day(3, 90, Mood::Calm), captures::day(4, 90, Mood::Calm));
    let path = sandbox.path("captures/both.parquet");
    captures::write_parquet(&path, &[one.clone(), other.clone()]);
    sandbox.expect(0, BACKFILL);
    let before = tables(&sandbox, "results");
    captures::write_parquet(&path, &[one, other, captures::day(4, 10, Mood::Calm)]);
    sandbox.expect(0, &format!("{BACKFILL} --from {} --to {}", captures::date(3), captures::date(4)));
    let error = sandbox.error(2, "rescore results --baseline baseline --compare previous");
    holds(&error, &["1 of its dates are not counted whole", "run `driftscan backfill` first"]);
    let day = |name: &str| name.contains("2026-03-05");
    let kept =
        |files: Vec<(String, Vec<u8>)>| files.into_iter().filter(|(name, _)| day(name)).collect::<Vec<_>>();
    assert!(kept(before) == kept(tables(&sandbox, "results")), "nothing is written");
    sandbox.expect(0, BACKFILL);
    sandbox.expect(0, "rescore results --baseline baseline --compare previous");
}

#[test]
fn tables_go_to_a_folder_of_their_own_and_lose_what_is_gone() {
    let sandbox = a_step();
    sandbox.expect(0, BACKFILL);
    let rescore = "rescore results --baseline baseline --window 1w --out weekly";
    sandbox.expect(0, rescore);
    // Under another name the folder is the same.
    let again = format!("rescore results --baseline baseline --out {}", sandbox.path("results").display());
    let json = sandbox.expect(0, &format!("{again} --format json")).json();
    assert_eq!(json["windows"]["written"], 0);
    sandbox.expect(0, &BACKFILL.replace("--out results", "--out others"));
    let error = sandbox.error(2, "rescore results --baseline baseline --out others");
    holds(&error, &["it holds the results of a backfill"]);
    for day in 20..45 {
        fs::remove_file(sandbox.path(&format!("captures/day-{day:03}.parquet"))).unwrap();
    }
    sandbox.expect(0, BACKFILL);
    sandbox.expect(0, rescore);
    sandbox.expect(0, &rescore.replace("weekly", "fresh"));
    same(&sandbox, "weekly", "fresh");
}
