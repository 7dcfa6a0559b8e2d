//! What predictions promise before labels arrive: errors of numbers, and probabilities of several classes.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};

use crate::{
    captures::{DAY, START, date, write_parquet},
    labelled::Scores,
    sandbox::{Sandbox, holds},
};

const ROWS: usize = 4_000;

fn table(day: i64, columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let times: TimestampMicrosecondArray = (0..ROWS).map(|_| Some(START + day * DAY)).collect();
    let ids: StringArray = (0..ROWS).map(|row| Some(format!("{day}-{row}"))).collect();
    let keys: [(&str, ArrayRef); 2] = [("ts", Arc::new(times)), ("id", Arc::new(ids))];
    let all = keys.into_iter().chain(columns).map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(all).unwrap()
}

fn numbers(value: impl Fn(usize) -> Option<f64>) -> ArrayRef {
    Arc::new((0..ROWS).map(value).collect::<Float64Array>())
}

/// Predictions 0 to 9, each off by itself, up or down; on a shifted day none below 5.
fn of_numbers(day: i64, is_shifted: bool, is_labelled: bool) -> RecordBatch {
    let prediction = move |row: usize| if is_shifted { 5 + row % 5 } else { row % 10 } as f64;
    let label = move |row: usize| prediction(row) * if (row / 10).is_multiple_of(2) { 2.0 } else { 0.0 };
    table(
        day,
        vec![
            ("said", numbers(|row| Some(prediction(row)))),
            ("y", numbers(|row| is_labelled.then(|| label(row)))),
        ],
    )
}

#[test]
fn errors_of_numbers_follow_their_predictions() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "driftscan.toml",
        "[monitor]\ncaptures = \"captures\"\nbaseline = \"base\"\nresults = \"results\"\n\
         [roles]\ntimestamp = \"ts\"\nid = \"id\"\nprediction = \"said\"\nlabel = \"y\"\n",
    );
    write_parquet(&sandbox.path("good/a.parquet"), &[of_numbers(-1, false, true)]);
    for day in 0..3 {
        write_parquet(
            &sandbox.path(&format!("captures/{day}.parquet")),
            &[of_numbers(day, day > 0, day == 2)],
        );
    }
    sandbox.expect(0, "baseline good");
    sandbox.expect(0, "backfill");
    let scores = Scores::of_table(&sandbox.path("results"));
    // Means of 0 to 9, and of 5 to 9; squares likewise.
    for (day, mae, mse) in [(0, 4.5, 28.5), (1, 7.0, 51.0), (2, 7.0, 51.0)] {
        let estimate = |metric: &str| scores.of(&date(day), metric);
        for (metric, expected) in [("mae", mae), ("mse", mse), ("rmse", f64::sqrt(mse))] {
            let found = estimate(&format!("estimated_{metric}"));
            assert!((found.value.unwrap() - expected).abs() < 1e-9, "{day} {metric} {found:?}");
            assert_eq!((found.rows, found.status.as_str()), (ROWS as i64, "ok"));
            assert!(found.standard_error.is_some(), "{found:?}");
        }
        assert_eq!(estimate("estimated_mae").baseline_value, Some(4.5));
        let realised = estimate("mae");
        assert_eq!(realised.value, (day == 2).then_some(7.0), "{realised:?}");
    }
    holds(&sandbox.expect(0, "list metrics estimated_mae").stdout, &["same bin of the prediction"]);
}

/// Three classes whose probabilities are right on average; on an unsure day they are nearly even.
fn of_classes(day: i64, is_unsure: bool, is_labelled: bool) -> RecordBatch {
    let chance = |row: usize| (row as f64 * 0.618_033_988_749_895).fract();
    let sure = if is_unsure { 0.4 } else { 0.8 };
    let said = |row: usize| row % 3;
    let other = (1.0 - sure) / 2.0;
    let label = move |row: usize| {
        let at = chance(row);
        (said(row) + if at < sure { 0 } else { 1 + usize::from(at > sure + other) }) % 3
    };
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let names = |class: &dyn Fn(usize) -> Option<usize>| -> ArrayRef {
        Arc::new((0..ROWS).map(|row| class(row).map(|at| NAMES[at])).collect::<StringArray>())
    };
    let probability = |class: usize| numbers(move |row| Some(if said(row) == class { sure } else { other }));
    table(
        day,
        vec![
            ("said", names(&|row| Some(said(row)))),
            ("y", names(&|row| is_labelled.then(|| label(row)))),
            ("p_a", probability(0)),
            ("p_b", probability(1)),
            ("p_c", probability(2)),
        ],
    )
}

#[test]
fn probabilities_of_classes_promise_accuracy() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "driftscan.toml",
        "[monitor]\ncaptures = \"captures\"\nbaseline = \"base\"\nresults = \"results\"\n\
         [roles]\ntimestamp = \"ts\"\nid = \"id\"\nprediction = \"said\"\nlabel = \"y\"\n\
         [quality]\nprobabilities = { a = \"p_a\", b = \"p_b\", c = \"p_c\" }\n",
    );
    for (day, is_unsure) in [(-2, false), (-1, true)] {
        write_parquet(&sandbox.path(&format!("good/{day}.parquet")), &[of_classes(day, is_unsure, true)]);
    }
    for day in 0..3 {
        write_parquet(
            &sandbox.path(&format!("captures/{day}.parquet")),
            &[of_classes(day, day > 0, day == 2)],
        );
    }
    sandbox.expect(0, "baseline good");
    sandbox.expect(0, "backfill");
    let scores = Scores::of_table(&sandbox.path("results"));
    for (day, accuracy) in [(0, 0.8), (1, 0.4), (2, 0.4)] {
        for metric in ["accuracy", "macro_precision", "macro_recall", "macro_f1"] {
            let found = scores.of(&date(day), &format!("estimated_{metric}"));
            assert!((found.value.unwrap() - accuracy).abs() < 0.02, "{day} {metric} {found:?}");
            assert!(found.method.contains("cbpe") && found.standard_error > Some(0.0), "{found:?}");
        }
    }
    let realised = scores.of(&date(2), "accuracy").value.unwrap();
    assert!((realised - 0.4).abs() < 0.02, "{realised}");
    // What was promised is stored: a week of it needs no capture.
    std::fs::remove_dir_all(sandbox.path("captures")).unwrap();
    sandbox.expect(0, "rescore results --window 1mo --out monthly");
    let monthly = Scores::of_table(&sandbox.path("monthly"));
    let month = format!("{}-01", &date(0)[..7]);
    let whole = monthly.of(&month, "estimated_accuracy");
    assert!((whole.value.unwrap() - 1.6 / 3.0).abs() < 0.02 && whole.rows == 3 * ROWS as i64, "{whole:?}");
    // Of windows before there is nothing that was frozen.
    sandbox.expect(0, "rescore results --compare previous --out compared");
    let compared = Scores::of_table(&sandbox.path("compared"));
    assert!(compared.all(&date(1), "", "", "estimated_accuracy").is_empty());
}
