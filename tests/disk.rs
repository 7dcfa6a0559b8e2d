//! Full disks, and files and folders that belong to somebody else: what is in the way is named, what is written is
//! whole.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::{Ran, Sandbox, holds, skipped},
};

/// A file system in memory, unmounted when it is dropped: make it after the sandbox that it lies in.
struct Mounted(PathBuf);

impl Mounted {
    /// `None`, with a word about it, where this user may not mount.
    fn new(folder: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir_all(&folder).unwrap();
        let mounted = run("mount", &["-t", "tmpfs", "-o", options, "tmpfs", folder.to_str().unwrap()]);
        if !mounted {
            skipped("this user may not mount a small disk");
        }
        mounted.then_some(Self(folder))
    }

    fn resize(&self, options: &str) {
        assert!(run("mount", &["-o", &format!("remount,{options}"), self.0.to_str().unwrap()]));
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        assert!(run("umount", &[self.0.to_str().unwrap()]), "still mounted: {}", self.0.display());
    }
}

fn run(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

/// What is between the backquotes behind some words of an error.
#[track_caller]
fn named<'a>(error: &'a str, before: &str) -> &'a str {
    let (_, rest) = error.split_once(before).unwrap_or_else(|| panic!("expected {before:?} in: {error}"));
    rest.split('`').nth(1).unwrap_or_else(|| panic!("expected a name behind {before:?} in: {error}"))
}

/// Every file of a folder is a whole Parquet file of the results, and none is left from writing another.
#[track_caller]
fn nothing_half_written(sandbox: &Sandbox, folder: &str) -> usize {
    let mut files = sandbox.files(folder);
    files.retain(|(name, _)| !["results.json", "state.json.zst", "tables.json"].contains(&name.as_str()));
    for (name, content) in &files {
        // What was counted waits there for the next run.
        let waits = name.starts_with("pending/");
        assert!(name.ends_with("/part.parquet") || name == "runs.parquet" || waits, "left behind: {name}");
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content.clone())).unwrap().build().unwrap();
        reader.for_each(|batch| assert!(batch.is_ok(), "{name}"));
    }
    files.len()
}

#[test]
fn a_full_disk_names_the_file_leaves_nothing_half_written_and_the_next_run_goes_on() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..60, 200, |_| Mood::Calm);
    sandbox.expect(0, BACKFILL);
    fs::rename(sandbox.path("results"), sandbox.path("whole")).unwrap();
    let Some(disk) = Mounted::new(sandbox.path("results"), "size=256k") else { return };

    let error = sandbox.error(3, BACKFILL);
    holds(&error, &["no space left to write `results/"]);
    let refused = named(&error, "no space left to write");
    // It says which dates are under way, so it may be there already.
    if refused != "results/tables.json" {
        assert!(refused.ends_with(".parquet"), "{error}");
        assert!(!sandbox.path(refused).exists(), "{error}");
    }
    let written = nothing_half_written(&sandbox, "results");
    assert!(written > 0, "the disk was full before anything was written");

    // A second try ends the same way, and does no harm to what is there.
    let mut before = sandbox.files("results");
    before.retain(|(name, _)| name != "tables.json");
    holds(&sandbox.error(3, BACKFILL), &["no space left to write `results/"]);
    nothing_half_written(&sandbox, "results");
    let after = sandbox.files("results");
    for (name, content) in &before {
        assert!(
            after.iter().any(|(known, now)| known == name && now == content),
            "{name} is gone or changed"
        );
    }

    // With more room the next run ends with what a run without an accident writes.
    disk.resize("size=64m");
    sandbox.expect(0, BACKFILL);
    let tables = |folder: &str| {
        let mut files = sandbox.files(folder);
        files.retain(|(name, _)| name != "runs.parquet");
        files
    };
    assert!(tables("results") == tables("whole"), "the tables differ from those of a run with room");
}

#[test]
fn a_baseline_on_a_full_disk_names_the_file() {
    let sandbox = Sandbox::new();
    captures::write_days(&sandbox, "good", -30..0, 200, |_| Mood::Calm);
    // A page for each of the folder's files, at most: less than a profile.
    let Some(_disk) = Mounted::new(sandbox.path("full"), "size=8k") else { return };
    let error = sandbox.error(3, "baseline good --out full/baseline --timestamp ts --id id");
    let refused = named(&error, "no space left to write");
    assert!(refused.starts_with("full/baseline/"), "{error}");
    assert!(!sandbox.path(refused).exists(), "{error}");
    for (name, _) in sandbox.files("full") {
        assert!(!name.contains("tmp"), "left behind: {name}");
    }
}

/// Whether this user is not bound by permissions.
fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A sandbox in which another user can run the program, with a baseline and two days of captures.
fn open_to_others() -> Sandbox {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures/eu", 0..2, 200, |_| Mood::Calm);
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    // By another process: a file that this one has open for writing could not be run while a test forks.
    let copy = sandbox.path("driftscan");
    assert!(run("cp", &[env!("CARGO_BIN_EXE_driftscan"), copy.to_str().unwrap()]));
    sandbox
}

/// Runs the program as a user who owns nothing: as `nobody` where this user is root, otherwise as this user.
fn as_nobody(sandbox: &Sandbox, line: &str) -> Option<Ran> {
    let program = sandbox.path("driftscan");
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(line.split_whitespace()).current_dir(sandbox.path(""));
    match command.output() {
        Ok(output) => Some(output.into()),
        Err(error) => {
            skipped(&format!("no setpriv to become another user: {error}"));
            None
        }
    }
}

/// Takes all permissions from a path, runs, and gives them back.
fn closed(sandbox: &Sandbox, path: &str, line: &str) -> Option<Ran> {
    let path = sandbox.path(path);
    let before = fs::metadata(&path).unwrap().permissions();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    let ran = as_nobody(sandbox, line);
    fs::set_permissions(&path, before).unwrap();
    ran
}

/// A folder for results that the other user may write to.
fn open_results(sandbox: &Sandbox) {
    fs::create_dir(sandbox.path("results")).unwrap();
    fs::set_permissions(sandbox.path("results"), fs::Permissions::from_mode(0o777)).unwrap();
}

#[test]
fn captures_that_may_not_be_listed_are_named() {
    for folder in ["captures", "captures/eu"] {
        let sandbox = open_to_others();
        open_results(&sandbox);
        for line in [BACKFILL, "check captures --baseline baseline --timestamp ts --id id"] {
            let Some(ran) = closed(&sandbox, folder, line) else { return };
            assert_eq!(ran.code, 3, "{line}: {ran:#?}");
            holds(&ran.error(), &["not allowed to list"]);
            assert_eq!(Path::new(named(&ran.error(), "not allowed to list")), Path::new(folder));
        }
        assert!(sandbox.files("results").is_empty());
    }
}

#[test]
fn good_data_that_may_not_be_listed_is_named() {
    let sandbox = open_to_others();
    open_results(&sandbox);
    let Some(ran) = closed(&sandbox, "good", "baseline good --out results/baseline --timestamp ts --id id")
    else {
        return;
    };
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert_eq!(Path::new(named(&ran.error(), "not allowed to list")), Path::new("good"));
    let Some(ran) = closed(&sandbox, "baseline", BACKFILL) else { return };
    assert_eq!(ran.code, 3, "{ran:#?}");
    holds(&ran.error(), &["not allowed to read", "baseline"]);
}

#[test]
fn a_file_that_may_not_be_read_is_set_aside_and_named() {
    let sandbox = open_to_others();
    open_results(&sandbox);
    let file = "captures/eu/day-001.parquet";
    let Some(ran) = closed(&sandbox, file, &format!("{BACKFILL} --format json")) else { return };
    assert_eq!(ran.code, 4, "{ran:#?}");
    let json = ran.json();
    assert_eq!(json["rows"], 200, "{json:#}");
    let [group] = json["quarantined"].as_array().unwrap().as_slice() else { panic!("{json:#}") };
    assert_eq!(group["files"], serde_json::json!([file]));
    holds(group["reason"].as_str().unwrap(), &["not allowed to read"]);
    let Some(ran) = closed(&sandbox, file, &format!("{BACKFILL} --on-bad-file fail")) else { return };
    assert_eq!(ran.code, 3, "{ran:#?}");
    holds(&ran.error(), &["day-001.parquet", "not allowed to read"]);
}

/// A run that may read everything and not write its results.
#[track_caller]
fn cannot_write(sandbox: &Sandbox) {
    let Some(ran) = as_nobody(sandbox, BACKFILL) else { return };
    assert_eq!(ran.code, 3, "{ran:#?}");
    let error = ran.error();
    assert!(Path::new(named(&error, "not allowed to write")).starts_with("results"), "{error}");
    assert!(sandbox.files("results").is_empty());
}

#[test]
fn results_that_may_not_be_written_are_named() {
    let sandbox = open_to_others();
    fs::create_dir(sandbox.path("results")).unwrap();
    fs::set_permissions(sandbox.path("results"), fs::Permissions::from_mode(0o555)).unwrap();
    cannot_write(&sandbox);
    let Some(_disk) = Mounted::new(sandbox.path("results"), "ro,size=64k") else { return };
    cannot_write(&sandbox);
}

#[test]
fn results_in_a_folder_that_may_not_be_written_are_named() {
    let sandbox = open_to_others();
    fs::create_dir(sandbox.path("closed")).unwrap();
    fs::set_permissions(sandbox.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    let line = BACKFILL.replace("--out results", "--out closed/results");
    let Some(ran) = as_nobody(&sandbox, &line) else { return };
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert!(named(&ran.error(), "not allowed to write").starts_with("closed/results"), "{}", ran.error());
}
