//! Killed at any moment and run again, a backfill ends with the bytes of one that was never killed.

use std::{
    fs,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::{Ran, Sandbox, holds},
};

/// Runs that are killed.
const KILLS: u32 = 200;

type Files = Vec<(String, Vec<u8>)>;

fn results(sandbox: &Sandbox, folder: &str) -> Files {
    let mut files = sandbox.files(folder);
    files.retain(|(name, _)| name != "runs.parquet");
    files
}

/// Days of which every file has rows of two, so that dates wait for their second half; then files of which each has
/// rows of six days, so that all of these wait for the last.
fn twelve_days() -> Sandbox {
    let sandbox = captures::with_baseline();
    for piece in 0..5_usize {
        let days: Vec<_> =
            (6..12).map(|number| captures::day(number, 300, Mood::Calm).slice(60 * piece, 60)).collect();
        captures::write_parquet(&sandbox.path(&format!("captures/mixed-{piece}.parquet")), &days);
    }
    for number in 0..6 {
        let mood = if number == 5 { Mood::Gappy } else { Mood::Calm };
        let (day, next) = (captures::day(number, 300, mood), captures::day(number + 1, 40, mood));
        let path = sandbox.path(&format!("captures/day-{number:02}.parquet"));
        captures::write_parquet(&path, &[day, next]);
    }
    sandbox
}

fn start(sandbox: &Sandbox, line: &str) -> Child {
    let words: Vec<&str> = line.split_whitespace().collect();
    sandbox.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "when a run is killed is to be random")]
fn killed_anywhere_and_run_again_the_bytes_are_the_same() {
    let sandbox = twelve_days();
    let line = format!("{BACKFILL} --segment-by colour --window 1h -q");
    sandbox.expect(0, &line.replace("--out results", "--out expected"));
    let expected = results(&sandbox, "expected");
    let began = Instant::now();
    sandbox.expect(0, &line.replace("--out results", "--out timed"));
    let whole = began.elapsed();
    let mut seed = 1_u64;
    let mut share = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(seed >> 33).unwrap()) / f64::from(1_u32 << 31)
    };
    let (mut kills, mut waiting, mut rounds) = (0, 0, 0_u32);
    while kills < KILLS {
        rounds += 1;
        // Little memory makes profiles wait on the disk for the rest of their dates, much in memory.
        let memory = if rounds.is_multiple_of(2) { "--memory 256KiB" } else { "" };
        let results_folder = sandbox.path("results");
        if results_folder.exists() {
            fs::remove_dir_all(&results_folder).unwrap();
        }
        loop {
            let mut child = start(&sandbox, &format!("{line} {memory} --threads {}", 1 + rounds % 3));
            thread::sleep(whole.mul_f64(1.1 * share()).max(Duration::from_millis(1)));
            if let Some(status) = child.try_wait().unwrap() {
                assert_eq!(status.code(), Some(0), "round {rounds}");
                break;
            }
            // SIGKILL.
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            waiting += u32::from(sandbox.path("results/pending").exists());
        }
        let found = results(&sandbox, "results");
        let names = |files: &Files| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "round {rounds}: files");
        for ((name, found), (_, expected)) in found.iter().zip(&expected) {
            assert!(found == expected, "round {rounds}: {name} differs");
        }
    }
    assert!(waiting > 0, "no run was killed while profiles waited for the rest of their dates");
    let files = expected.len();
    println!(
        "killed {kills} times in {rounds} rounds, {waiting} of them while profiles waited: the same {files} files"
    );
}

#[test]
fn interrupted_nothing_is_lost() {
    let sandbox = twelve_days();
    let line = format!("{BACKFILL} -q --segment-by colour --window 1h --memory 1MiB");
    sandbox.expect(0, &line.replace("--out results", "--out expected"));
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let mut interrupted = 0;
        for wait in 0..12 {
            let mut child = start(&sandbox, &line);
            thread::sleep(Duration::from_millis(15 * wait));
            let id = child.id().to_string();
            std::process::Command::new("kill").args([signal, &id]).status().unwrap();
            let status = child.wait().unwrap().code();
            assert!([Some(code), Some(0), None].contains(&status), "{signal}: {status:?}");
            interrupted += u32::from(status == Some(code));
        }
        sandbox.expect(0, &line);
        assert!(results(&sandbox, "results") == results(&sandbox, "expected"), "{signal}");
        fs::remove_dir_all(sandbox.path("results")).unwrap();
        assert!(interrupted > 0, "{signal}: every run had ended before");
        println!("{signal}: {interrupted} of 12 runs were stopped");
    }
}

#[test]
fn of_two_runs_at_once_one_wins_and_the_other_says_so() {
    let sandbox = twelve_days();
    let line = format!("{BACKFILL} -q --segment-by colour --window 1h");
    sandbox.expect(0, &line.replace("--out results", "--out expected"));
    let mut refused = 0;
    for round in 0..10 {
        let words: Vec<&str> = line.split_whitespace().collect();
        let runs: Vec<Child> = (0..3)
            .map(|_| sandbox.command(&words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
            .collect();
        let ended: Vec<Ran> = runs.into_iter().map(|run| run.wait_with_output().unwrap().into()).collect();
        assert!(ended.iter().any(|ran| ran.code == 0), "round {round}: {ended:#?}");
        for ran in ended.iter().filter(|ran| ran.code != 0) {
            assert_eq!(ran.code, 3, "{ran:#?}");
            holds(&ran.stderr, &["`results` is held by ", "wait for it, or write to another folder"]);
            refused += 1;
        }
        assert!(results(&sandbox, "results") == results(&sandbox, "expected"), "round {round}");
        fs::remove_dir_all(sandbox.path("results")).unwrap();
    }
    assert!(refused > 0);
    println!("{refused} of 30 runs were refused, the others wrote the same");
}

/// Kills a run after a share of its time, if it takes so long.
#[expect(clippy::disallowed_methods, reason = "when a run is killed is to be random")]
fn kill_at(sandbox: &Sandbox, line: &str, share: f64) {
    let began = Instant::now();
    sandbox.expect(0, &line.replace("--out results", "--out timed"));
    let whole = began.elapsed();
    fs::remove_dir_all(sandbox.path("timed")).unwrap();
    let mut child = start(sandbox, line);
    thread::sleep(whole.mul_f64(share));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Tables that do not say which run did what.
fn tables(sandbox: &Sandbox, folder: &str) -> Files {
    let mut files = sandbox.files(folder);
    let others = ["runs.", "sources/", "state.", "profiles/"];
    files.retain(|(name, _)| !others.iter().any(|other| name.starts_with(other)));
    files
}

#[test]
fn killed_and_run_again_with_other_inputs_the_tables_are_of_these() {
    let sandbox = captures::with_baseline();
    let all: Vec<_> = (0..30).map(|number| captures::day(number, 100, Mood::Calm)).collect();
    captures::write_parquet(&sandbox.path("captures/month.parquet"), &all);
    let line = |out: &str, more: &str| {
        BACKFILL.replace("--out results", &format!("--out {out} -q --segment-by colour {more}"))
    };
    sandbox.expect(0, &line("expected", ""));
    let expected = tables(&sandbox, "expected");
    let range = |from, to| format!("--from {} --to {}", captures::date(from), captures::date(to));
    for round in 0..12 {
        let share = 0.3 + 0.06 * f64::from(round);
        // A part that ended, a part that did not, then the whole.
        sandbox.expect(0, &line("results", &range(26, 30)));
        kill_at(&sandbox, &line("results", &range(0, 24)), share);
        sandbox.expect(0, &line("results", &range(0, 24)));
        sandbox.expect(0, &line("results", ""));
        assert!(tables(&sandbox, "results") == expected, "round {round}: ranges");
        // Another comparison that did not end.
        kill_at(&sandbox, &line("results", "--compare previous"), share);
        sandbox.expect(0, &line("results", ""));
        assert!(tables(&sandbox, "results") == expected, "round {round}: comparison");
        // A late capture that is gone again.
        let late = sandbox.path("captures/late.parquet");
        captures::write_parquet(
            &late,
            &[captures::day(7, 50, Mood::Shifted), captures::day(40, 50, Mood::Calm)],
        );
        kill_at(&sandbox, &line("results", ""), share);
        fs::remove_file(&late).unwrap();
        sandbox.expect(0, &line("results", ""));
        assert!(tables(&sandbox, "results") == expected, "round {round}: a late capture");
        fs::remove_dir_all(sandbox.path("results")).unwrap();
    }
}
