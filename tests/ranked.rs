//! Orders of items: gains by query against scikit-learn, and a day on which they are in the wrong order.

use std::{fs::File, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;

use crate::{
    captures::{DAY, START, date},
    labelled::{Scores, Tally},
    sandbox::{Sandbox, holds},
    tables::oracle,
};

const SETTINGS: &str = "[monitor]\ncaptures = \"captures\"\nbaseline = \"base\"\nresults = \"results\"\n\
    [roles]\nid = \"id\"\ntimestamp = \"ts\"\nprediction = \"score\"\nlabel = \"grade\"\n\
    [quality]\nproblem = \"ranking\"\nquery = \"query\"\n";

/// Day, query, grade, score.
type Item = (i64, Option<String>, Option<f64>, f64);

fn batch(items: &[Item]) -> RecordBatch {
    let ids: StringArray = (0..items.len()).map(|at| Some(format!("{}-{at}", items[0].0))).collect();
    let times: TimestampMicrosecondArray = items.iter().map(|item| Some(START + item.0 * DAY)).collect();
    let queries: StringArray = items.iter().map(|item| item.1.as_deref()).collect();
    let grades: Float64Array = items.iter().map(|item| item.2).collect();
    let scores: Float64Array = items.iter().map(|item| Some(item.3)).collect();
    let columns: [(&str, ArrayRef); 5] = [
        ("id", Arc::new(ids)),
        ("ts", Arc::new(times)),
        ("query", Arc::new(queries)),
        ("grade", Arc::new(grades)),
        ("score", Arc::new(scores)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

/// Writes items in row groups of a few rows, so that queries are cut.
fn write(path: &Path, items: &RecordBatch, group: usize) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), items.schema(), None).unwrap();
    for first in (0..items.num_rows()).step_by(group) {
        writer.write(&items.slice(first, group.min(items.num_rows() - first))).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
}

/// Items of 100 queries a day, in the order of their grades but for some noise; on a turned day the other way round.
fn items(day: i64, is_turned: bool) -> Vec<Item> {
    let chance = |at: usize| (at as f64 * 0.618_033_988_749_895).fract();
    let item = |at: usize| {
        let grade = (at * 7 % 8 / 2) as f64;
        let score = grade + 4.0 * chance(at + 13 * usize::try_from(day + 10).unwrap());
        (day, Some(format!("q{}", at / 8)), Some(grade), if is_turned { -score } else { score })
    };
    (0..800).map(item).collect()
}

fn labelled() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", SETTINGS);
    for day in -3..4 {
        let folder = if day < 0 { "good" } else { "captures" };
        write(&sandbox.path(&format!("{folder}/{day}.parquet")), &batch(&items(day, day == 2)), 37);
    }
    sandbox.expect(0, "baseline good");
    sandbox
}

#[test]
fn gains_are_those_of_scikit_learn() {
    let Some(micro) = oracle("micro.json") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", SETTINGS);
    let cases: Vec<_> = micro["ndcg"].as_array().unwrap().iter().collect();
    let numbers = |case: &serde_json::Value, name: &str| -> Vec<f64> {
        case[name].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let mut all = Vec::new();
    for (day, case) in (0..).zip(&cases) {
        let pairs = numbers(case, "gains").into_iter().zip(numbers(case, "scores"));
        all.extend(pairs.map(|(gain, score)| (day, Some("q".to_owned()), Some(gain), score)));
    }
    // Nobody knows where these belong: without a grade, or without a query.
    all.push((0, Some("q".to_owned()), None, 7.0));
    all.push((0, None, Some(1.0), 7.0));
    write(&sandbox.path("captures/a.parquet"), &batch(&all), 3);
    sandbox.expect(0, "baseline captures");
    sandbox.expect(0, "backfill");
    let scores = Scores::of_table(&sandbox.path("results"));
    let mut tally = Tally::default();
    for (day, case) in (0..).zip(&cases) {
        for (theirs, ours) in
            [("ndcg_at_all", "ndcg"), ("ndcg_at_1", "ndcg_at_1"), ("ndcg_at_3", "ndcg_at_3")]
        {
            if let Some(value) = case["values"][theirs].as_f64() {
                tally.same(&format!("{} {ours}", case["name"]), scores.of(&date(day), ours), value);
            }
        }
    }
    tally.finish("rankings, scikit-learn", 3 * cases.len() - 4);
}

#[test]
fn a_day_in_the_wrong_order_is_found() {
    let sandbox = labelled();
    holds(&sandbox.expect(0, "backfill").stdout, &["violations"]);
    let scores = Scores::of_table(&sandbox.path("results"));
    for day in 0..4 {
        let ndcg = scores.of(&date(day), "ndcg");
        assert_eq!(
            (ndcg.status.as_str(), ndcg.rows),
            (if day == 2 { "violated" } else { "ok" }, 100),
            "{ndcg:?}"
        );
        let change = scores.of(&date(day), "calibration_change");
        assert_eq!(change.status, if day == 2 { "violated" } else { "ok" }, "{change:?}");
    }
    let violations = crate::tables::read(&sandbox.path("results"), "violations");
    let found: Vec<_> = crate::tables::rows(&violations)
        .filter(|row| row.text("check") == "model_quality")
        .map(|row| (row.date(), row.text("metric").to_owned()))
        .collect();
    assert_eq!(found, [(date(2), "ndcg".to_owned())]);
    // Names of queries are no feature.
    let drift = crate::tables::read(&sandbox.path("results"), "features");
    assert!(crate::tables::rows(&drift).all(|row| row.text("feature") != "query"));
    // In longer windows, from what is stored, and at once.
    sandbox.expect(0, "rescore results --window 1w --out weekly");
    sandbox.expect(0, "backfill --window 1w --out direct");
    let weekly = Scores::of_table(&sandbox.path("weekly"));
    let direct = Scores::of_table(&sandbox.path("direct"));
    let start = date(0);
    let week = |scores: &Scores| {
        let found = (-6..=0).map(date).find(|date| !scores.all(date, "", "", "ndcg").is_empty());
        found.map(|date| scores.of(&date, "ndcg").value)
    };
    assert!(week(&weekly).is_some(), "no week holds {start}");
    assert_eq!(week(&weekly), week(&direct));
}

#[test]
fn labels_from_elsewhere_rank_the_same() {
    let sandbox = labelled();
    sandbox.expect(0, "backfill");
    let inside = Scores::of_table(&sandbox.path("results"));
    for day in 0..4 {
        let all = batch(&items(day, day == 2));
        let without = all.project(&[0, 1, 2, 4]).unwrap();
        let labels = all.project(&[0, 3]).unwrap();
        write(&sandbox.path(&format!("bare/{day}.parquet")), &without, 41);
        write(&sandbox.path(&format!("labels/{day}.parquet")), &labels, 29);
    }
    sandbox.expect(0, "backfill bare --ground-truth labels --out joined");
    let joined = Scores::of_table(&sandbox.path("joined"));
    for day in 0..4 {
        for metric in ["ndcg", "ndcg_at_1", "ndcg_at_10", "calibration_change"] {
            let (a, b) = (inside.of(&date(day), metric), joined.of(&date(day), metric));
            assert_eq!((a.value, a.rows, &a.status), (b.value, b.rows, &b.status), "{metric}");
        }
    }
}

#[test]
fn odd_queries_and_settings_are_told() {
    let sandbox = labelled();
    let bad: Vec<Item> = vec![(5, Some("q".to_owned()), Some(-1.0), 1.0), (6, None, Some(1.0), 1.0)];
    for item in &bad {
        write(&sandbox.path(&format!("captures/{}.parquet", item.0)), &batch(std::slice::from_ref(item)), 1);
    }
    sandbox.expect(0, "backfill");
    let scores = Scores::of_table(&sandbox.path("results"));
    let reason = |day: i64| scores.of(&date(day), "ndcg").reason.clone();
    assert_eq!(reason(5), "queries with a gain below 0, or a gain or score that is no number: 1");
    assert_eq!(reason(6), "no record has both a label and a query");
    sandbox.write("driftscan.toml", SETTINGS.replace("query = \"query\"\n", ""));
    holds(&sandbox.error(2, "backfill"), &["quality.query", "which items were ranked together"]);
    sandbox.write("driftscan.toml", SETTINGS.replace("problem = \"ranking\"\n", ""));
    holds(&sandbox.error(2, "backfill"), &["quality.query", "problem = \"ranking\""]);
}
