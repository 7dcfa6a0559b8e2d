//! Names of columns that could break a format, a terminal or a query.

use std::sync::Arc;

use crate::{
    captures::{self, Mood},
    sandbox::{Sandbox, holds},
};

const NAMES: [&str; 8] =
    ["a.b.c", "say \"hi\"", "it's", "two\nlines", "😀 λ", "semi;colon--", "\u{1b}[31mred", "with,comma"];

/// Days whose `amount` is there under each of the names too.
fn write(sandbox: &Sandbox, folder: &str, days: std::ops::Range<i64>, mood: Mood) {
    for number in days {
        let mut day = captures::day(number, 200, mood);
        let amount = Arc::clone(day.column(2));
        for name in NAMES {
            day = captures::with(&day, name, Arc::clone(&amount));
        }
        captures::write_parquet(&sandbox.path(&format!("{folder}/{number}.parquet")), &[day]);
    }
}

#[test]
fn odd_names_go_through_every_command() {
    let sandbox = Sandbox::new();
    write(&sandbox, "good", -30..0, Mood::Calm);
    write(&sandbox, "captures", 0..2, Mood::Shifted);
    let made = sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id");
    holds(&made.stdout, &["two\\nlines", "😀 λ", "\\u{1b}[31mred"]);
    assert!(!made.stdout.contains('\u{1b}'), "an escape sequence reached the terminal");
    let json = sandbox
        .expect(0, "backfill captures --baseline baseline --out results --timestamp ts --id id --format json")
        .json();
    assert_eq!(json["windows"]["completed_with_violations"], 2);
    let text =
        sandbox.expect(0, "backfill captures --baseline baseline --out results --timestamp ts --id id");
    assert!(!text.stdout.contains('\u{1b}'), "an escape sequence reached the terminal");
    for name in NAMES {
        let args = ["explain", "results", "--window", "2026-03-01", "--feature", name, "--format", "json"];
        let explained = sandbox.run(&args).json();
        let moved = explained["moved"].as_array().unwrap();
        assert!(moved.iter().any(|moved| moved["check"] == "baseline_drift"), "{name:?}: {explained:#}");
        assert!(moved.iter().all(|moved| moved["feature"] == name));
    }
}

#[test]
fn odd_names_can_be_roles() {
    let sandbox = Sandbox::new();
    write(&sandbox, "good", -30..0, Mood::Calm);
    for name in NAMES.into_iter().filter(|name| !name.contains(',')) {
        let ran = sandbox.run(&[
            "baseline",
            "good",
            "--out",
            "b",
            "--timestamp",
            "ts",
            "--label",
            name,
            "--format",
            "json",
        ]);
        assert_eq!(ran.code, 0, "{ran:#?}");
        assert!(ran.json()["features"].as_array().unwrap().iter().all(|feature| feature["name"] != name));
    }
    // In a file, where commas do not separate.
    sandbox
        .write("driftscan.toml", "[roles]\ntimestamp = \"ts\"\nignore = [\"with,comma\", \"two\\nlines\"]\n");
    let made = sandbox.expect(0, "baseline good --out b --format json").json();
    assert!(
        made["features"]
            .as_array()
            .unwrap()
            .iter()
            .all(|f| f["name"] != "with,comma" && f["name"] != "two\nlines")
    );
}
