//! The demo: runs from anywhere, and its blizzard stands out.

use crate::sandbox::{Sandbox, holds, repository};

fn data() -> String {
    repository("data").to_str().unwrap().to_owned()
}

#[test]
fn the_blizzard_stands_out() {
    let sandbox = Sandbox::new();
    let json = sandbox.run(&["demo", "--data", &data(), "--out", "out", "--format", "json"]);
    assert_eq!(json.code, 0, "{json:#?}");
    let found = json.json();
    for member in [
        "monitor",
        "captures",
        "baseline",
        "results",
        "timezone",
        "interrupted",
        "windows",
        "files",
        "rows",
        "rows_without_time",
        "baseline_rows",
        "violations",
        "warnings",
        "quarantined",
        "worst_windows",
        "worst_features",
        "notes",
        "next",
        "quality",
    ] {
        assert!(!found[member].is_null(), "{member}");
    }
    assert_eq!(found["windows"]["count"], 334);
    assert_eq!(
        (&found["windows"]["first"], &found["windows"]["last"]),
        (&"2013-02-01".into(), &"2013-12-31".into())
    );
    assert_eq!((&found["quality"]["windows"], &found["quality"]["labelled"]), (&334.into(), &300_994.into()));
    let worst = found["worst_windows"].as_array().unwrap();
    for (date, missing) in [("2013-02-08", 0.357), ("2013-02-09", 0.695)] {
        let place = worst.iter().position(|window| window["window"] == date).unwrap();
        assert!(place < 3, "{date} is in place {place}");
        let broken = worst[place]["broken"].as_array().unwrap();
        let delay = broken.iter().position(|broken| broken["feature"] == "dep_delay").unwrap();
        assert!(delay < 2, "dep_delay is in place {delay} of {date}");
        assert_eq!(broken[delay]["metric"], "missing_ratio");
        assert!((broken[delay]["value"].as_f64().unwrap() - missing).abs() < 0.001);
        assert!((broken[delay]["baseline_value"].as_f64().unwrap() - 0.019).abs() < 0.001);
    }
    let explained = sandbox.expect(0, "explain out/results --window 2013-02-09 --feature dep_delay");
    holds(
        &explained.stdout,
        &["dep_delay completeness: violation", "since 2013-02-08, 2 windows in a row", "month=2013-02"],
    );
}

#[test]
fn the_text_says_what_to_look_at_next() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["demo", "--data", &data(), "-q"]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert!(ran.stderr.is_empty(), "{ran:#?}");
    holds(
        &ran.stdout,
        &[
            "demo-results/results: done",
            "334 of 1d, 2013-02-01 to 2013-12-31",
            "worst windows",
            "next:",
            "duckdb",
        ],
    );
    let next = ran.stdout.lines().find(|line| line.contains(" explain ")).unwrap();
    let command: Vec<_> = next.split('#').next().unwrap().split_whitespace().skip(1).collect();
    assert_eq!(sandbox.run(&command).code, 0, "{command:?}");
    assert!(sandbox.path("demo-results/results/runs.parquet").is_file());
}

#[test]
fn the_data_is_found_from_a_folder_of_the_clone_and_asked_for_elsewhere() {
    let sandbox = Sandbox::new();
    let error = sandbox.error(2, "demo --data nowhere");
    holds(
        &error,
        &[
            "--data: expected a folder that holds `nyc_flights_2013/predictions` and `nyc_flights_2013/labels`, found `nowhere`",
        ],
    );
    let out = sandbox.path("out").to_str().unwrap().to_owned();
    let mut command = sandbox.command(&["demo", "--out", &out, "-q", "--format", "json"]);
    let ran: crate::sandbox::Ran = command.current_dir(repository("crates")).output().unwrap().into();
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert_eq!(ran.json()["rows"], 309_823);
}
