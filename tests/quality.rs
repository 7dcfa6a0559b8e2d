//! What is counted of predictions and labels merges: longer windows, segments, threads, captures that change, runs that are
//! killed.

use std::{collections::BTreeSet, fs, process::Stdio, thread, time::Duration};

use serde_json::Value;

use crate::{
    captures::{self, date},
    labelled::{self, Scores, day, labels},
    rescore::same,
    sandbox::{Sandbox, holds},
};

const BACKFILL: &str = "backfill captures --baseline baseline --out results --format json";

/// All files of some results but those that say when a run was.
fn results(sandbox: &Sandbox, folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = sandbox.files(folder);
    files.retain(|(name, _)| name != "runs.parquet");
    files
}

/// Captures of so many days, each file with the second half of a day and the first of the next; from day 30 on a third of
/// the labels are the other way round. With `elsewhere`, labels arrive two days later, a file a day.
fn captured(days: i64, rows: usize, elsewhere: bool) -> Sandbox {
    let sandbox = labelled::with_baseline();
    let mut rest = None;
    for number in 0..days {
        let today = day(number, rows, if number < 30 { 0.0 } else { 0.33 });
        let path = |folder: &str| sandbox.path(&format!("{folder}/{number:02}.parquet"));
        if elsewhere {
            captures::write_parquet(&path("labels"), &[labels(&today, 2)]);
        }
        let today = if elsewhere { captures::without(&today, "bought") } else { today };
        let (first, second) = (today.slice(0, rows / 2), today.slice(rows / 2, rows - rows / 2));
        let parts: Vec<_> = rest.replace(second).into_iter().chain([first]).collect();
        captures::write_parquet(&path("captures"), &parts);
    }
    captures::write_parquet(&sandbox.path("captures/last.parquet"), &[rest.unwrap()]);
    sandbox
}

const TRUTH: &str = "--ground-truth labels";

#[test]
fn hours_are_days_weeks_and_months_whoever_adds_them_up() {
    let sandbox = captured(35, 48, true);
    let line = |every: &str, out: &str| {
        let line = BACKFILL.replace("--out results", &format!("--out {out}"));
        format!("{line} {TRUTH} --window {every} --segment-by colour")
    };
    sandbox.expect(0, &line("6h", "results"));
    for every in ["1d", "1w", "1mo"] {
        sandbox.expect(0, &line(every, &format!("direct-{every}")));
        let rescore = format!("rescore results --baseline baseline --window {every} --out rescored-{every}");
        sandbox.expect(0, &rescore);
        same(&sandbox, &format!("rescored-{every}"), &format!("direct-{every}"));
    }
    let scores = Scores::of_table(&sandbox.path("rescored-1mo"));
    for segment in ["", "colour=red", "colour=blue"] {
        let [march, april] =
            ["2026-03-01", "2026-04-01"].map(|month| scores.of_segment(month, segment, "accuracy"));
        assert!(march.value.unwrap() > 0.7 && april.value.unwrap() < 0.7, "{march:?} {april:?}");
    }
    let rows = |segment: &str| scores.of_segment("2026-03-01", segment, "accuracy").rows;
    assert_eq!(
        ["red", "green", "blue"].map(|name| rows(&format!("colour={name}"))).iter().sum::<i64>(),
        rows("")
    );
    assert_eq!(rows(""), 31 * 48);
}

#[test]
fn threads_and_memory_change_no_byte() {
    let sandbox = captured(12, 500, true);
    let run = |more: &str, out: &str| {
        let line = BACKFILL.replace("--out results", &format!("--out {out}"));
        sandbox.expect(0, &format!("{line} {TRUTH} --segment-by colour {more}"));
        results(&sandbox, out)
    };
    let one = run("--threads 1", "one");
    assert!(one.iter().any(|(name, _)| name.starts_with("outcomes/")));
    assert!(one == run("--threads 4", "four"), "four threads");
    assert!(one == run("--threads 3 --memory 256KiB", "little"), "little memory");
}

#[test]
fn nothing_new_is_nothing_read_and_nothing_written() {
    for truth in ["", TRUTH] {
        let sandbox = captured(8, 100, !truth.is_empty());
        let line = format!("{BACKFILL} {truth}");
        let first = sandbox.expect(0, &line).json();
        assert_eq!(first["windows"]["written"], 8);
        let before = results(&sandbox, "results");
        let second = sandbox.expect(0, &line).json();
        assert_eq!((&second["files"]["read"], &second["windows"]["written"]), (&0.into(), &0.into()));
        assert_eq!(second["files"]["bytes"], 0);
        assert!(
            !second["notes"].to_string().contains("ground truth"),
            "no label is read: {}",
            second["notes"]
        );
        let mut after = results(&sandbox, "results");
        let sources =
            |files: &mut Vec<(String, Vec<u8>)>| files.retain(|(name, _)| !name.starts_with("sources/"));
        let mut before = before;
        sources(&mut before);
        sources(&mut after);
        assert!(before == after);
    }
}

#[test]
fn captures_that_go_or_change_take_their_rows_with_them() {
    for truth in ["", TRUTH] {
        let sandbox = captured(8, 100, !truth.is_empty());
        let line = format!("{BACKFILL} {truth}");
        sandbox.expect(0, &line);
        fs::remove_file(sandbox.path("captures/03.parquet")).unwrap();
        let replaced = day(5, 70, 0.5);
        captures::write_parquet(&sandbox.path("captures/05.parquet"), &[replaced]);
        let again = sandbox.expect(0, &line).json();
        // The second half of day 2 and the first of day 3; likewise 4 and 5.
        assert_eq!(again["windows"]["written"], 4);
        sandbox.expect(0, &line.replace("--out results", "--out fresh"));
        same(&sandbox, "results", "fresh");
        let rows = |folder: &str| {
            let scores = Scores::of_table(&sandbox.path(folder));
            [1, 2, 3, 4].map(|day| scores.of(&date(day), "maturity_ratio").rows)
        };
        assert_eq!((rows("results"), rows("results")), (rows("fresh"), [100, 50, 50, 50]));
        fs::remove_dir_all(sandbox.path("captures")).unwrap();
        captures::write_parquet(&sandbox.path("captures/one.parquet"), &[day(2, 40, 0.0)]);
        sandbox.expect(0, &line);
        let left = sandbox.files("results/outcomes").into_iter().map(|(name, _)| name);
        let left: Vec<String> = left.collect();
        assert_eq!(left, [format!("window_date={}/part.parquet", date(2))]);
    }
}

#[test]
fn day_by_day_is_all_at_once() {
    for truth in ["", TRUTH] {
        let sandbox = captured(6, 100, !truth.is_empty());
        for number in 0..6 {
            let range = format!("--from {} --to {}", date(number), date(number + 1));
            sandbox.expect(0, &format!("{BACKFILL} {truth} {range}"));
        }
        let range = format!("--from {} --to {}", date(0), date(6));
        sandbox.expect(0, &format!("{BACKFILL} {truth} {range}").replace("--out results", "--out once"));
        same(&sandbox, "results", "once");
        // From what is stored, too: or it says that it is not whole.
        let rescored =
            sandbox.run(&"rescore results --baseline baseline --out rescored".split(' ').collect::<Vec<_>>());
        if rescored.code == 0 {
            same(&sandbox, "rescored", "once");
            fs::remove_dir_all(sandbox.path("rescored")).unwrap();
        } else {
            holds(&rescored.error(), &["dates are not counted whole"]);
        }
        // The whole range once more finds everything there is to know, whatever each day forgot.
        sandbox.expect(0, &format!("{BACKFILL} {truth}"));
        sandbox.expect(0, &format!("{BACKFILL} {truth}").replace("--out results", "--out fresh"));
        same(&sandbox, "results", "fresh");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "when a run is killed is to be random")]
fn killed_and_run_again_the_bytes_are_the_same() {
    let sandbox = captured(10, 300, true);
    let line = format!("{BACKFILL} {TRUTH} --segment-by colour -q --window 6h");
    let began = std::time::Instant::now();
    sandbox.expect(0, &line.replace("--out results", "--out expected"));
    let (whole, expected) = (began.elapsed(), results(&sandbox, "expected"));
    let mut killed = 0;
    for round in 0..4_u32 {
        for step in 1..=3 {
            let words: Vec<&str> = line.split_whitespace().collect();
            let mut child =
                sandbox.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            thread::sleep((whole * (2 * step + round) / 11).max(Duration::from_millis(1)));
            killed += u32::from(child.try_wait().unwrap().is_none());
            // SIGKILL.
            child.kill().unwrap();
            child.wait().unwrap();
        }
        sandbox.expect(0, &line);
        let found = results(&sandbox, "results");
        let differs: Vec<&String> =
            found.iter().zip(&expected).filter(|(a, b)| a != b).map(|(a, _)| &a.0).collect();
        assert!(found == expected, "round {round}: {differs:?}");
        fs::remove_dir_all(sandbox.path("results")).unwrap();
    }
    assert!(killed >= 4, "{killed} of 12 were killed");
    println!("{killed} of 12 runs were killed, and the {} files are the same", expected.len());
}

#[test]
fn earlier_windows_are_what_quality_is_compared_with() {
    let sandbox = captured(34, 300, false);
    let run = |compare: &str| {
        let line = BACKFILL.replace("--out results", &format!("--out {compare} --compare {compare}"));
        sandbox.expect(0, &line);
        Scores::of_table(&sandbox.path(compare))
    };
    let previous = run("previous");
    for number in 1..34 {
        for metric in ["accuracy", "auc", "maturity_ratio"] {
            let (now, before) = (previous.of(&date(number), metric), previous.of(&date(number - 1), metric));
            assert_eq!(now.baseline_value, before.value, "{metric} of day {number}");
        }
    }
    let trailing = run("trailing:7");
    let mean: f64 =
        (20..27).map(|number| trailing.of(&date(number), "accuracy").value.unwrap()).sum::<f64>() / 7.0;
    let now = trailing.of(&date(27), "accuracy");
    assert!((now.baseline_value.unwrap() - mean).abs() < 1e-12, "{now:?}, {mean} of the seven days before");
    let found = |scores: &Scores| scores.windows("accuracy", "violated");
    assert_eq!(found(&previous), [date(30)], "the day of the step alone");
    assert_eq!(found(&trailing).first(), Some(&date(30)));
    assert!(trailing.iter().any(|(key, _)| key.3 == "ndcg"), "attributions too");
    // From what is stored, the same.
    sandbox.expect(0, "rescore previous --baseline baseline --compare trailing:7 --out rescored");
    same(&sandbox, "rescored", "trailing:7");
}

#[test]
fn a_worse_model_is_found_from_its_day_on() {
    let sandbox = captured(34, 300, true);
    let json = sandbox.expect(0, &format!("{BACKFILL} {TRUTH}")).json();
    assert_eq!(json["notes"].as_array().unwrap().len(), 1, "{}", json["notes"]);
    let note = json["notes"][0].as_str().unwrap();
    holds(note, &["10200 predictions have their label, 0 have none", "34 dates are restated"]);
    let violations = crate::tables::read(&sandbox.path("results"), "violations");
    let dates = |check: &str| -> BTreeSet<String> {
        let of_check = crate::tables::rows(&violations).filter(|row| row.text("check") == check);
        of_check.map(|row| row.date()).collect()
    };
    let bad: BTreeSet<String> = (30..34).map(date).collect();
    assert_eq!(dates("model_quality"), bad);
    assert_eq!(dates("concept_drift"), bad, "the score says something else of the label");
    assert_eq!(dates("attribution_drift"), BTreeSet::new());
}

#[test]
fn baselines_that_cannot_be_compared_with_say_so() {
    let sandbox = captured(3, 200, false);
    let plain = captures::without(&day(-1, 400, 0.0), "bought");
    captures::write_parquet(&sandbox.path("plain/a.parquet"), &[plain]);
    let made = sandbox.expect(0, "baseline plain --out unlabelled");
    holds(&made.stdout, &["none of 400 rows has a label"]);
    let line = |baseline: &str, more: &str| {
        let line = format!("check captures --baseline {baseline} --format json --fail-on never {more}");
        let report = sandbox.expect(0, &line).json();
        (report["notes"].to_string(), Scores::of_check(&report))
    };
    let (notes, scores) = line("unlabelled", "");
    let accuracy = scores.of("", "accuracy");
    assert!(accuracy.value.is_some() && accuracy.baseline_value.is_none(), "{accuracy:?} {notes}");
    // Other settings than the baseline's.
    sandbox.write("other.toml", labelled::SETTINGS.replace("[\"red\"]", "[\"blue\"]"));
    let (notes, scores) = line("baseline", "--config other.toml");
    holds(&notes, &["the baseline counted predictions and labels under other settings", "make it again"]);
    assert_eq!(scores.of("", "accuracy").baseline_value, None);
    // None at all.
    sandbox
        .expect(0, "baseline good --out bare -q --config /dev/null --timestamp ts --id id --ignore bought");
    let (notes, scores) = line("bare", "");
    holds(&notes, &["the baseline has no labels or groups", "make it from data with labels"]);
    assert!(scores.of("", "auc").value.is_some());
    // With labels and the same settings, a check compares.
    let (notes, scores) = line("baseline", "");
    assert!(scores.of("", "accuracy").baseline_value.is_some() && notes == "[]", "{notes}");
}

#[test]
fn what_is_explained_of_a_metric_is_of_that_metric() {
    let sandbox = captured(34, 900, false);
    sandbox.expect(0, "baseline good --segment-by colour --out split -q");
    sandbox.expect(
        0,
        &format!("{BACKFILL} --segment-by colour").replace("--baseline baseline", "--baseline split"),
    );
    let line = format!("explain results --window {} --format json", date(33));
    let explained = sandbox.expect(0, &line).json();
    let mut compared = 0;
    let moved = explained["moved"].as_array().unwrap();
    let of = |one: &Value, member: &str| one[member].as_str().unwrap_or_default().to_owned();
    for one in moved.iter().filter(|one| of(one, "check") == "model_quality" && one["segment"].is_null()) {
        for segment in one["segments"].as_array().unwrap() {
            let is_it = |other: &&Value| {
                of(other, "segment") == of(segment, "segment")
                    && of(other, "check") == "model_quality"
                    && of(other, "metric") == of(one, "metric")
            };
            let same = moved.iter().find(is_it).unwrap();
            assert_eq!(same["value"], segment["value"], "{one}");
            compared += 1;
        }
    }
    assert!(compared >= 4, "{compared}: {explained}");
}

#[test]
fn drawn_rows_follow_their_ids() {
    let sandbox = labelled::with_baseline();
    let group = "disadvantaged = [\"red\"]";
    let settings = labelled::SETTINGS.replace(group, &format!("{group}\nflip_test = [\"amount\"]"));
    sandbox.write("driftscan.toml", settings);
    sandbox.expect(0, "baseline good --out flips -q");
    let all = day(0, 20_000, 0.0);
    let parts = [all.slice(0, 7_000), all.slice(7_000, 13_000)];
    captures::write_parquet(&sandbox.path("one/all.parquet"), &[all]);
    for (at, part) in parts.iter().enumerate() {
        captures::write_parquet(
            &sandbox.path(&format!("two/a/{}.parquet", 9 - at)),
            std::slice::from_ref(part),
        );
    }
    let flips = |captures: &str, threads: u32| {
        let out = format!("results-{captures}-{threads}");
        sandbox
            .expect(0, &format!("backfill {captures} --baseline flips --out {out} --threads {threads} -q"));
        let scores = Scores::of_table(&sandbox.path(&out));
        scores.with(&date(0), "", "colour", "FT", "/group=red/neighbours5").clone()
    };
    let (one, two) = (flips("one", 1), flips("two", 2));
    assert_eq!(one.value.map(f64::to_bits), two.value.map(f64::to_bits));
    assert_eq!((one.error_bound, one.rows), (None, two.rows), "not all rows were kept");
    let error = one.standard_error.unwrap();
    assert!(error > 0.0 && one.standard_error == two.standard_error && one.rows > 1_000, "{one:?}");
}
