//! Help texts, and command lines that cannot be used.

use crate::sandbox::{Sandbox, holds};

const COMMANDS: [&str; 10] =
    ["demo", "init", "baseline", "backfill", "check", "rescore", "sources", "explain", "list", "bench"];

#[test]
fn help_is_enough_to_get_going() {
    let help = Sandbox::new().expect(0, "--help").stdout;
    holds(&help, &COMMANDS);
    holds(&help, &["driftscan demo", "driftscan init CAPTURES", "Exit codes:", "130  interrupted"]);
}

#[test]
fn every_command_has_an_example_that_starts_with_its_name() {
    for command in COMMANDS {
        let help = Sandbox::new().expect(0, &format!("{command} --help")).stdout;
        holds(&help, &["Example", &format!("  driftscan {command}"), "--format", "--config", "--quiet"]);
    }
}

#[test]
fn options_shared_by_runs_are_all_there() {
    for command in ["baseline", "backfill", "check"] {
        let help = Sandbox::new().expect(0, &format!("{command} --help")).stdout;
        for option in [
            "timestamp",
            "id",
            "prediction",
            "probability",
            "label",
            "latency",
            "status",
            "features",
            "ignore",
            "threads",
            "memory",
            "from",
            "to",
            "timezone",
            "segment-by",
            "on-bad-file",
        ] {
            holds(&help, &[&format!("--{option} <")]);
        }
    }
}

#[test]
fn unknown_words_name_the_nearest() {
    let sandbox = Sandbox::new();
    let ran = sandbox.expect(2, "backfill captures --basline b");
    holds(&ran.stderr, &["error: unexpected argument '--basline'", "--baseline"]);
    let ran = sandbox.expect(2, "backfil captures");
    holds(&ran.stderr, &["unrecognized subcommand 'backfil'", "backfill"]);
    sandbox.expect(2, "");
}

#[test]
fn values_that_cannot_be_used_say_what_is_expected() {
    let sandbox = Sandbox::new();
    for (line, expected) in [
        ("backfill a --memory 2", "expected a size with its unit, such as 512MiB or 2GiB, found `2`"),
        ("backfill a --memory lots", "found `lots`"),
        ("backfill a --threads 0", "0 is not in 1..=4096"),
        ("backfill a --fail-on maybe", "possible values: never, warning, violation"),
        (
            "backfill a --baseline b --out c --window 5h",
            "expected 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 1w or 1mo, found `5h`",
        ),
        ("backfill a --baseline b --out c --from soon", "--from: expected a date (2026-03-01)"),
        (
            "backfill a --baseline b --out c --from 2026-03-02 --to 2026-03-01",
            "--to: expected a time after --from",
        ),
        ("backfill a --baseline b --out c --timezone Mars/Olympus", "time zone `Mars/Olympus` is not known"),
        (
            "backfill a --out c",
            "--baseline is missing; give it on the command line, or as `monitor.baseline`",
        ),
        ("backfill --baseline b --out c", "CAPTURES is missing"),
        ("explain --window 2026-03-01", "RESULTS is missing"),
        ("list metrics kolmogorov", "did you mean `kolmogorov_smirnov`?"),
    ] {
        holds(&sandbox.expect(2, line).stderr, &[expected]);
    }
}

#[test]
fn registries_are_listed_with_a_page_each() {
    let sandbox = Sandbox::new();
    for what in ["metrics", "checks", "columns"] {
        let entries = sandbox.expect(0, &format!("list {what} --format json")).json();
        for entry in entries.as_array().unwrap() {
            let name = entry["name"].as_str().unwrap();
            let page = sandbox.run(&["list", what, name]);
            assert_eq!(page.code, 0, "{page:#?}");
            holds(&page.stdout, &[name]);
        }
        assert!(!entries.as_array().unwrap().is_empty());
    }
}
