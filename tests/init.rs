//! `init`: a file that can be used as it is, and is not overwritten.

use std::sync::Arc;

use arrow_array::Date32Array;

use crate::{
    captures::{self, Mood},
    sandbox::{Sandbox, holds},
};

#[test]
fn the_file_carries_baseline_and_backfill() {
    let sandbox = Sandbox::new();
    let good = captures::with(
        &captures::day(0, 200, Mood::Calm),
        "created",
        Arc::new(Date32Array::from(vec![20_513; 200])),
    );
    captures::write_parquet(&sandbox.path("captures/a.parquet"), &[good]);
    let ran = sandbox.expect(0, "init captures");
    holds(&ran.stdout, &["timestamp", "`ts`", "next:", "baseline captures", "backfill"]);
    let toml = std::fs::read_to_string(sandbox.path("driftscan.toml")).unwrap();
    holds(
        &toml,
        &[
            "captures = \"captures\"",
            "timestamp = \"ts\"   # ",
            "id = \"id\"   # ",
            "ignore = [\"created\"]",
            "#   amount: Float64",
        ],
    );
    sandbox.expect(0, "baseline captures");
    sandbox.expect(0, "backfill");
}

#[test]
fn an_existing_file_is_kept_unless_forced() {
    let sandbox = Sandbox::new();
    captures::write_days(&sandbox, "captures", 0..1, 10, |_| Mood::Calm);
    sandbox.write("driftscan.toml", "# mine\n");
    let error = sandbox.error(2, "init captures");
    assert_eq!(error, "error: `driftscan.toml` exists; --force replaces it, --config names another");
    assert_eq!(std::fs::read_to_string(sandbox.path("driftscan.toml")).unwrap(), "# mine\n");
    sandbox.expect(0, "init captures --config other.toml");
    let written = sandbox.expect(0, "init captures --force --format json").json();
    assert_eq!(written["rows"], 10);
}

#[test]
fn captures_that_cannot_be_opened_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write("captures/a.parquet", "no");
    holds(&sandbox.error(2, "init captures"), &["a.parquet", "expected"]);
    holds(&sandbox.error(3, "init nowhere"), &["nothing found at `nowhere`"]);
    assert!(!sandbox.path("driftscan.toml").exists());
}
