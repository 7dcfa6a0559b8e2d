//! What was read once is not read again; what came late, changed or went is in the windows as if it had always been so.

use std::fs;

use serde_json::Value;

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::{Sandbox, holds},
};

type Files = Vec<(String, Vec<u8>)>;

/// Tables that do not say which run did what.
fn tables(sandbox: &Sandbox, folder: &str) -> Files {
    let mut files = sandbox.files(folder);
    files.retain(|(name, _)| !["runs.", "sources/", "state."].iter().any(|other| name.starts_with(other)));
    files
}

#[track_caller]
fn same(sandbox: &Sandbox, folder: &str, expected: &str) {
    let (one, other) = (tables(sandbox, folder), tables(sandbox, expected));
    let names = |files: &Files| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&one), names(&other));
    assert!(one.len() > 5, "too few tables to tell");
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        assert!(one == other, "{name} differs");
    }
}

/// The same captures into a folder of their own, at once.
#[track_caller]
fn at_once(sandbox: &Sandbox, folder: &str, more: &str) {
    let path = sandbox.path(folder);
    if path.exists() {
        fs::remove_dir_all(path).unwrap();
    }
    let line = BACKFILL.replace("--out results", &format!("--out {folder}"));
    sandbox.expect(0, &format!("{line} {more}"));
}

#[track_caller]
fn again(sandbox: &Sandbox, more: &str) -> Value {
    sandbox.expect(0, &format!("{BACKFILL} --format json {more}")).json()
}

fn twenty_days() -> Sandbox {
    let sandbox = captures::with_baseline();
    let mood = |day| if day == 7 { Mood::Shifted } else { Mood::Calm };
    captures::write_days(&sandbox, "captures", 0..20, 200, mood);
    sandbox
}

/// Names of the statuses of `sources`, with the number of files.
fn statuses(sandbox: &Sandbox) -> Vec<(String, u64)> {
    let json = sandbox.expect(0, "sources results --format json").json();
    let statuses = json["statuses"].as_array().unwrap().iter();
    let name = |status: &Value| status["status"].as_str().unwrap().to_owned();
    statuses.map(|status| (name(status), status["files"].as_u64().unwrap())).collect()
}

#[test]
fn a_second_run_reads_nothing_and_changes_nothing() {
    let sandbox = twenty_days();
    let first = again(&sandbox, "");
    assert_eq!((&first["files"]["read"], &first["files"]["new"]), (&20.into(), &20.into()));
    let before = sandbox.files("results");
    // A capture that cannot be opened proves that none is opened.
    for day in 0..20 {
        let path = sandbox.path(&format!("captures/day-{day:03}.parquet"));
        let (content, modified) =
            (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
        fs::write(&path, vec![0; content.len()]).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    }
    let second = again(&sandbox, "");
    let files = &second["files"];
    assert_eq!((&files["read"], &files["bytes"], &files["reused"]), (&0.into(), &0.into(), &20.into()));
    assert_eq!((&second["windows"]["count"], &second["windows"]["written"]), (&20.into(), &0.into()));
    for member in ["rows", "violations", "warnings", "worst_windows", "worst_features", "rows_without_time"] {
        assert_eq!(first[member], second[member], "{member}");
    }
    let runs =
        |files: Files| files.into_iter().filter(|(name, _)| name != "runs.parquet").collect::<Vec<_>>();
    assert!(runs(before) == runs(sandbox.files("results")));
}

#[test]
fn a_late_file_opens_its_windows_and_no_others() {
    let sandbox = twenty_days();
    sandbox.expect(0, BACKFILL);
    let late = captures::day(5, 60, Mood::Gappy);
    captures::write_parquet(&sandbox.path("captures/late.parquet"), &[late]);
    let plan = again(&sandbox, "--dry-run");
    assert_eq!(plan["windows"]["opened"], serde_json::json!(["2026-03-06"]));
    assert_eq!((&plan["files"]["new"], &plan["files"]["reused"]), (&1.into(), &20.into()));
    let before = sandbox.files("results");
    assert!(before.iter().all(|(name, _)| !name.contains("unfinished")));
    let run = again(&sandbox, "");
    assert_eq!((&run["windows"]["written"], &run["files"]["read"]), (&1.into(), &1.into()));
    at_once(&sandbox, "fresh", "");
    same(&sandbox, "results", "fresh");
    assert_eq!(statuses(&sandbox), [("profiled".to_owned(), 1), ("reused".to_owned(), 20)]);
}

#[test]
fn what_goes_or_changes_is_taken_out_of_its_windows() {
    let sandbox = twenty_days();
    captures::write_parquet(&sandbox.path("captures/more.parquet"), &[captures::day(3, 90, Mood::Shifted)]);
    sandbox.expect(0, BACKFILL);
    // One of the two captures of day 3 goes, the last days go with their only capture, one is replaced.
    fs::remove_file(sandbox.path("captures/more.parquet")).unwrap();
    fs::remove_file(sandbox.path("captures/day-019.parquet")).unwrap();
    fs::remove_file(sandbox.path("captures/day-010.parquet")).unwrap();
    captures::write_parquet(
        &sandbox.path("captures/day-012.parquet"),
        &[captures::day(12, 77, Mood::Shifted)],
    );
    let plan = sandbox.expect(0, &format!("{BACKFILL} --dry-run")).stdout;
    holds(&plan, &["0 new, 1 changed, 3 gone, 17 used again", "1 file, 77 rows"]);
    holds(&plan, &["4 of 1d get other rows: 2026-03-04, 2026-03-11, 2026-03-13, 2026-03-20"]);
    let run = again(&sandbox, "");
    assert_eq!(run["windows"]["written"], 3, "days 3, 10 and 12; day 19 is gone");
    at_once(&sandbox, "fresh", "");
    same(&sandbox, "results", "fresh");
    assert!(!sandbox.path("results/windows/window_date=2026-03-20").exists());
}

#[test]
fn other_constraints_need_no_captures_and_other_bins_all() {
    let sandbox = twenty_days();
    sandbox.expect(0, BACKFILL);
    let constraints = fs::read_to_string(sandbox.path("baseline/constraints.json")).unwrap();
    let strict = constraints.replacen("\"completeness\": 1.0", "\"completeness\": 0.5", 1);
    assert_ne!(constraints, strict);
    fs::write(sandbox.path("baseline/constraints.json"), strict).unwrap();
    let plan = again(&sandbox, "--dry-run");
    assert_eq!(plan["windows"]["judged_again"], true);
    let run = again(&sandbox, "");
    assert_eq!((&run["files"]["read"], &run["windows"]["written"]), (&0.into(), &20.into()));
    at_once(&sandbox, "fresh", "");
    same(&sandbox, "results", "fresh");
    // Another baseline has other bins.
    captures::write_days(&sandbox, "good", -40..-30, 200, |_| Mood::Shifted);
    sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id");
    let run = sandbox.expect(0, BACKFILL);
    holds(&run.stdout, &["20 captures are read again: the bins of the baseline"]);
    at_once(&sandbox, "fresh", "");
    same(&sandbox, "results", "fresh");
}

#[test]
fn ranges_grow_and_shrink_without_reading_twice() {
    let sandbox = twenty_days();
    let range = |from: i64, to: i64| format!("--from 2026-03-{from:02} --to 2026-03-{to:02}");
    assert_eq!(again(&sandbox, &range(3, 9))["files"]["read"], 6);
    assert_eq!(again(&sandbox, &range(4, 6))["files"]["read"], 0);
    assert_eq!(again(&sandbox, &range(3, 12))["files"]["read"], 3);
    // The day before the range lies in no window of it, and stays.
    assert_eq!(again(&sandbox, &range(12, 15))["windows"]["count"], 3);
    at_once(&sandbox, "fresh", &range(3, 15));
    // The profiles say for which range they were counted.
    for folder in ["results", "fresh"] {
        fs::remove_dir_all(sandbox.path(folder).join("profiles")).unwrap();
    }
    same(&sandbox, "results", "fresh");
}

#[test]
fn captures_of_two_folders_share_their_windows() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures/a", 0..6, 100, |_| Mood::Calm);
    captures::write_days(&sandbox, "captures/b", 3..9, 100, |_| Mood::Shifted);
    let of = |folder: &str| BACKFILL.replace("captures", &format!("captures/{folder}"));
    sandbox.expect(0, &of("a"));
    sandbox.expect(0, &of("b"));
    at_once(&sandbox, "fresh", "");
    same(&sandbox, "results", "fresh");
    // What is no longer there does not count, wherever the run looks.
    fs::remove_dir_all(sandbox.path("captures/a")).unwrap();
    sandbox.expect(0, &of("b"));
    at_once(&sandbox, "fresh", "");
    same(&sandbox, "results", "fresh");
}

#[test]
fn hourly_windows_with_a_quiet_evening_are_all_there() {
    let sandbox = captures::with_baseline();
    // Twelve hours of rows a day.
    for number in 0..4 {
        let day = captures::day(number, 240, Mood::Calm).slice(0, 120);
        captures::write_parquet(&sandbox.path(&format!("captures/{number}.parquet")), &[day]);
    }
    let run = again(&sandbox, "--window 1h");
    assert_eq!((&run["windows"]["count"], &run["windows"]["no_data"]), (&84.into(), &36.into()));
}

#[test]
fn bad_files_are_not_opened_again_until_they_change() {
    let sandbox = twenty_days();
    sandbox.write("captures/torn.parquet", b"PAR1 and then nothing");
    let first = sandbox.expect(4, &format!("{BACKFILL} --format json")).json();
    let second = sandbox.expect(4, &format!("{BACKFILL} --format json")).json();
    assert_eq!(first["quarantined"], second["quarantined"]);
    assert_eq!(second["files"]["reused"], 21);
    holds(
        &sandbox.expect(0, "sources results").stdout,
        &["quarantined", "set aside, by reason", "torn.parquet"],
    );
    captures::write_parquet(&sandbox.path("captures/torn.parquet"), &[captures::day(4, 50, Mood::Calm)]);
    let mended = again(&sandbox, "");
    assert_eq!((&mended["files"]["changed"], &mended["files"]["read"]), (&1.into(), &1.into()));
    at_once(&sandbox, "fresh", "");
    same(&sandbox, "results", "fresh");
}

#[test]
fn damaged_profiles_are_made_again() {
    let sandbox = twenty_days();
    sandbox.expect(0, BACKFILL);
    at_once(&sandbox, "fresh", "");
    sandbox.write("results/profiles/window_date=2026-03-05/part.parquet", b"PAR1PAR1PAR1");
    fs::remove_file(sandbox.path("results/profiles/window_date=2026-03-09/part.parquet")).unwrap();
    let run = again(&sandbox, "");
    assert_eq!(run["files"]["read"], 2);
    assert!(run["notes"].to_string().contains("window_date=2026-03-05/part.parquet` is damaged"));
    same(&sandbox, "results", "fresh");
    sandbox.write("results/state.json.zst", b"nothing of use");
    let run = again(&sandbox, "");
    assert_eq!(run["files"]["read"], 0, "the footers of the profiles say it too");
    same(&sandbox, "results", "fresh");
    sandbox.write("results/tables.json", b"{\"2026-03-05\": 7}");
    let run = again(&sandbox, "");
    assert_eq!((&run["files"]["read"], &run["windows"]["written"]), (&0.into(), &20.into()));
    assert!(run["notes"].to_string().contains("`tables.json` is damaged"));
    same(&sandbox, "results", "fresh");
}

#[test]
fn a_folder_that_moves_is_not_counted_twice() {
    let sandbox = twenty_days();
    sandbox.expect(0, BACKFILL);
    fs::rename(sandbox.path("captures"), sandbox.path("moved")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("moved"), sandbox.path("captures")).unwrap();
    let run = again(&sandbox, "");
    assert_eq!((&run["rows"], &run["files"]["gone"]), (&4_000.into(), &20.into()));
    at_once(&sandbox, "fresh", "");
    same(&sandbox, "results", "fresh");
    // Nor is one that has a second name.
    std::os::unix::fs::symlink(sandbox.path("moved/day-003.parquet"), sandbox.path("other.parquet")).unwrap();
    sandbox.expect(0, &BACKFILL.replace("captures", "other.parquet"));
    assert_eq!(again(&sandbox, "")["rows"], 4_000);
    same(&sandbox, "results", "fresh");
}

#[test]
fn tables_that_are_gone_are_made_again_and_those_that_nobody_knows_removed() {
    let sandbox = twenty_days();
    sandbox.expect(0, BACKFILL);
    at_once(&sandbox, "fresh", "");
    fs::remove_dir_all(sandbox.path("results/scores/window_date=2026-03-04")).unwrap();
    sandbox.write("results/scores/window_date=2027-01-01/part.parquet", b"from a run that was killed");
    assert_eq!(again(&sandbox, "")["windows"]["written"], 1);
    same(&sandbox, "results", "fresh");
}

#[test]
fn a_bad_row_group_counts_where_it_is_asked_for() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..3, 200, |_| Mood::Calm);
    sandbox.write("captures/torn.parquet", b"PAR1 and then nothing");
    sandbox.expect(4, BACKFILL);
    // A narrower range looks again: what is bad may lie outside of it.
    let json =
        sandbox.expect(4, &format!("{BACKFILL} --from 2026-03-01 --to 2026-03-03 --format json")).json();
    assert_eq!(json["files"]["reused"], 3);
}
