//! `driftscan.toml`: wrong names, wrong types, and where its paths start.

use crate::{
    captures::{self, Mood},
    sandbox::{Sandbox, holds},
};

/// The error of a backfill with this file.
#[track_caller]
fn refused(toml: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", toml);
    sandbox.error(2, "backfill captures --baseline b --out r")
}

#[test]
fn wrong_names_are_answered_with_the_nearest_and_the_line() {
    let error = refused("[monitor]\nname = \"a\"\n\n[windows]\nevry = \"1d\"\n");
    assert_eq!(error, "error: driftscan.toml:5: unknown key `evry` in [windows]; did you mean `every`?");
    let error = refused("[drift]\nmetrics = [\"jensen_shanon\"]\n");
    holds(&error, &["drift.metrics", "`jensen_shanon`", "did you mean `jensen_shannon`?"]);
}

#[test]
fn wrong_types_name_the_key() {
    let error = refused("[roles]\ntimestamp = [\"ts\"]\n");
    holds(&error, &["driftscan.toml:2", "`roles.timestamp`", "expected a string"]);
    holds(&refused("[roles\n"), &["driftscan.toml:1"]);
}

#[test]
fn keys_of_later_versions_are_known_and_refused() {
    let toml = "[alerts]\npersist = \"2 of 3\"\n";
    holds(&refused(toml), &["`alerts`", "this version does not act on it yet"]);
}

#[test]
fn a_named_file_must_exist_and_an_unnamed_one_need_not() {
    let sandbox = Sandbox::new();
    let error = sandbox.error(2, "backfill a --baseline b --out c --config other.toml");
    assert_eq!(error, "error: --config: there is no file `other.toml`");
    holds(&sandbox.error(2, "backfill a --baseline b --out c"), &["baseline b: expected `profile.parquet`"]);
}

#[test]
fn paths_are_relative_to_the_file_and_flags_win() {
    let sandbox = Sandbox::new();
    captures::write_days(&sandbox, "ops/good", -30..0, 200, |_| Mood::Calm);
    captures::write_days(&sandbox, "ops/captures", 0..3, 200, |_| Mood::Calm);
    sandbox.write(
        "ops/driftscan.toml",
        "[monitor]\nname = \"shop\"\ncaptures = \"captures/\"\nbaseline = \"baseline/\"\nresults = \"results/\"\n\
         [roles]\ntimestamp = \"ts\"\nid = \"id\"\nignore = [\"colour\"]\n[windows]\nevery = \"1w\"\n",
    );
    sandbox.expect(0, "baseline ops/good --config ops/driftscan.toml");
    let found = sandbox.expect(0, "backfill --config ops/driftscan.toml --window 1d --format json").json();
    assert_eq!(found["monitor"], "shop");
    assert_eq!(found["windows"]["count"], 3);
    assert!(sandbox.path("ops/results/windows").is_dir());
    assert!(sandbox.path("ops/baseline/constraints.json").is_file());
    let explained =
        sandbox.expect(0, "explain --config ops/driftscan.toml --window 2026-03-02 --format json").json();
    assert_eq!(explained["rows"], 200);
    assert!(explained["moved"].as_array().unwrap().iter().all(|moved| moved["feature"] != "colour"));
}
