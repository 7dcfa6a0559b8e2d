//! How predictions turned out, as people are shown it: `list metrics`, `explain`, the summary, and what `init` suggests.

use std::{collections::BTreeSet, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, cast::AsArray as _, types::Float64Type};

use crate::{
    captures::{self, Mood, date, with, write_parquet},
    sandbox::{Sandbox, holds},
    tables::{read, rows},
};

const ROWS: usize = 2_000;
const SETTINGS: &str = "[monitor]\ncaptures = \"captures\"\nbaseline = \"baseline\"\nresults = \"results\"\n\
    [roles]\ntimestamp = \"ts\"\nid = \"id\"\nprobability = \"score\"\nlabel = \"y\"\nlatency = \"latency_ms\"\n\
    [attribution]\ncolumns = [\"shap_*\"]\n[[bias]]\nfacet = \"colour\"\n";

/// A day on which the label follows from the score; on a turned one the other way round, blue is never sure, and other
/// features drive the score.
fn day(number: i64, is_turned: bool) -> RecordBatch {
    let batch = captures::day(number, ROWS, Mood::Calm);
    let scores = batch["score"].as_primitive::<Float64Type>().clone();
    let colours = batch["colour"].as_string::<i32>().clone();
    let scores: Vec<f64> = (0..ROWS)
        .map(|row| {
            if is_turned && colours.value(row) == "blue" {
                scores.value(row) / 2.0
            } else {
                scores.value(row)
            }
        })
        .collect();
    // Low-discrepancy numbers instead of chance.
    let chance = |row: usize| (row as f64 * 0.618_033_988_749_895).fract();
    let label = |row: usize| (chance(row) < scores[row]) != is_turned;
    let labels: Int64Array = (0..ROWS).map(|row| (row % 10 != 0).then(|| i64::from(label(row)))).collect();
    let number = |value: &dyn Fn(usize) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values((0..ROWS).map(value)))
    };
    let (large, small) = if is_turned { (0.1, 0.9) } else { (0.9, 0.1) };
    let columns = [
        ("score", number(&|row| scores[row])),
        ("y", Arc::new(labels) as ArrayRef),
        ("latency_ms", number(&|row| 40.0 + 10.0 * chance(row) + if is_turned { 500.0 } else { 0.0 })),
        ("shap_amount", number(&|row| large * (chance(row) - 0.5))),
        ("shap_colour", number(&|row| small * (chance(row) - 0.5))),
        ("shap_hour", number(&|row| 0.4 * (chance(row) - 0.5))),
    ];
    columns.into_iter().fold(batch, |batch, (name, column)| with(&batch, name, column))
}

/// Three days after four good ones, the second of them turned.
fn results() -> Sandbox {
    let sandbox = Sandbox::new();
    for number in -4..3 {
        let folder = if number < 0 { "good" } else { "captures" };
        write_parquet(&sandbox.path(&format!("{folder}/{number}.parquet")), &[day(number, number == 1)]);
    }
    sandbox.write("driftscan.toml", SETTINGS);
    sandbox.expect(0, "baseline good");
    sandbox
}

#[test]
fn every_metric_of_a_run_has_a_page() {
    let sandbox = results();
    sandbox.expect(0, "backfill");
    let listed = sandbox.expect(0, "list metrics --format json").json();
    let text = |entry: &serde_json::Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let known: BTreeSet<_> =
        listed.as_array().unwrap().iter().map(|entry| (text(entry, "family"), text(entry, "name"))).collect();
    let scores = read(&sandbox.path("results"), "scores");
    let computed = rows(&scores).filter(|row| row.text("family") != "data_quality");
    let computed: BTreeSet<_> =
        computed.map(|row| (row.text("family").to_owned(), row.text("metric").to_owned())).collect();
    let families: BTreeSet<&str> = computed.iter().map(|(family, _)| family.as_str()).collect();
    let all = ["attribution", "bias", "concept", "drift", "latency", "model_quality"];
    assert_eq!(families, BTreeSet::from(all));
    let unknown: Vec<_> = computed.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // A name that two problems have, and one that is not drift's.
    let accuracy = sandbox.expect(0, "list metrics accuracy").stdout;
    holds(
        &accuracy,
        &["problem         binary", "problem         multiclass", "judged          yes", "wilson"],
    );
    holds(
        &sandbox.expect(0, "list metrics").stdout,
        &["model quality, a number", "relation_change", "DPPL", "slow_ratio"],
    );
    sandbox.write("other.toml", "[drift]\nmetrics = [\"accuracy\"]\n");
    holds(
        &sandbox.error(2, "backfill --config other.toml"),
        &["drift.metrics: metric `accuracy` is not known"],
    );
}

#[test]
fn a_turned_day_is_explained_by_family() {
    let sandbox = results();
    sandbox.expect(0, "backfill");
    let window = date(1);
    let explained = sandbox.expect(0, &format!("explain --window {window}")).stdout;
    let after = |title: &str| {
        explained.split_once(&format!("\n{title}\n")).unwrap_or_else(|| panic!("{explained}")).1
    };
    let line = |title: &str, name: &str| {
        let found = after(title).lines().find(|line| line.split_whitespace().any(|word| word == name));
        found.unwrap_or_else(|| panic!("{name} in {explained}")).to_owned()
    };
    holds(&line("model quality", "maturity_ratio"), &["0.900", "2,000"]);
    holds(&line("model quality", "accuracy"), &["1,800  violated"]);
    holds(&line("concept", "calibration_change"), &["violated"]);
    holds(&line("bias", "DPPL"), &["colour", "blue", "violated"]);
    holds(&line("attribution", "ndcg"), &["0.667", "violated"]);
    holds(&line("attribution", "importance_ratio"), &["violated"]);
    holds(&line("latency", "slow_ratio"), &["latency_ms", "violated"]);
    let json = sandbox.expect(0, &format!("explain --window {window} --format json")).json();
    let scores = json["scores"].as_array().unwrap();
    let score = |metric: &str| scores.iter().find(|score| score["metric"] == metric).unwrap();
    assert_eq!((&score("DPPL")["group"], &score("DPPL")["feature"]), (&"blue".into(), &"colour".into()));
    let accuracy = score("accuracy");
    assert_eq!(accuracy["status"], "violated");
    assert!(
        accuracy["value"].as_f64() < Some(0.5) && accuracy["baseline_value"].as_f64() > Some(0.7),
        "{accuracy}"
    );
    assert!(accuracy["standard_error"].as_f64() > Some(0.0));
    // The day before nothing is wrong, and its numbers are shown all the same.
    let calm = sandbox.expect(0, &format!("explain --window {}", date(0))).stdout;
    holds(&calm, &["no constraint was found broken in it", "\nmodel quality\n", "accuracy", "\nlatency\n"]);
    assert!(!calm.contains("\nbias\n"), "{calm}");
    // Of a facet, all of its metrics, for each group.
    let facet =
        sandbox.expect(0, &format!("explain --window {window} --feature colour --format json")).json();
    let groups: BTreeSet<_> =
        facet["scores"].as_array().unwrap().iter().map(|score| score["group"].as_str()).collect();
    assert!(groups.is_superset(&["blue", "green", "red"].map(Some).into()), "{groups:?}");
}

#[test]
fn the_summary_has_a_line_of_quality() {
    let sandbox = results();
    let line = |text: &str| {
        text.lines().find(|line| line.starts_with("  quality")).unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let first = line(&sandbox.expect(0, "backfill").stdout);
    holds(
        &first,
        &[
            "accuracy 0.2",
            " by window, 0.7",
            "in the baseline",
            &format!("worst {}", date(1)),
            "90 % of the records have a label",
        ],
    );
    // Nothing is written anew, and it is said all the same.
    assert_eq!(line(&sandbox.expect(0, "backfill").stdout), first);
    let quality = &sandbox.expect(0, "backfill --format json").json()["quality"];
    assert_eq!((&quality["metric"], &quality["windows"]), (&"accuracy".into(), &3.into()));
    assert_eq!((&quality["records"], &quality["labelled"]), (&6_000.into(), &5_400.into()));
    let checked = sandbox.expect(1, "check captures/1.parquet").stdout;
    holds(&checked, &["quality: accuracy 0.2", "90 % of the records have a label"]);
    sandbox.write("driftscan.toml", SETTINGS.replace("label = \"y\"\n", ""));
    sandbox.expect(0, "baseline good --out other");
    assert!(
        sandbox.expect(0, "backfill --baseline other --out others --format json").json()["quality"].is_null()
    );
}

#[test]
fn rescore_says_what_it_cannot_change() {
    let sandbox = results();
    sandbox.expect(0, "backfill");
    assert!(!sandbox.expect(0, "rescore").stdout.contains("changed since"));
    sandbox.write("driftscan.toml", format!("{SETTINGS}[quality]\nthreshold = 0.7\n"));
    holds(
        &sandbox.expect(0, "rescore").stdout,
        &["[quality] changed since predictions and labels were counted"],
    );
}

#[test]
fn init_says_where_labels_go() {
    let sandbox = Sandbox::new();
    let batch = day(0, false);
    let with_label =
        with(&with(&batch, "label", Arc::clone(&batch["y"])), "sex", Arc::clone(&batch["colour"]));
    write_parquet(&sandbox.path("captures/a.parquet"), &[with_label]);
    sandbox.expect(0, "init captures");
    let toml = std::fs::read_to_string(sandbox.path("driftscan.toml")).unwrap();
    holds(
        &toml,
        &[
            "label = \"label\"   # ",
            "[quality]",
            "those in the column with the role `label`",
            "# captures = \"labels/\"",
            "# [[bias]]",
            "candidates: [\"sex\"]",
            "# facet = \"sex\"",
        ],
    );
    sandbox.expect(0, "baseline captures");
    holds(&sandbox.expect(0, "backfill").stdout, &["  quality    accuracy 0.7"]);
    // With what it suggests taken over.
    let facets = toml.replace("# [[bias]]", "[[bias]]").replace("# facet", "facet");
    sandbox.write("driftscan.toml", facets);
    sandbox.expect(0, "baseline captures");
    sandbox.expect(0, "backfill");
    let scores = read(&sandbox.path("results"), "scores");
    assert!(rows(&scores).any(|row| row.text("family") == "bias" && row.text("feature") == "sex"));
}
