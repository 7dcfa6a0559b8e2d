//! Deequ's own test values, and the distances of a real baseline.

use std::path::PathBuf;

use serde_json::Value;

use super::*;

fn close(ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0), "{ours} here, {theirs} there");
}

fn shares<'a>(baseline: &'a [u64], current: &'a [u64]) -> Shares<'a> {
    Shares { baseline, current, pooled: 0 }
}

const C: f64 = 1.8;

#[test]
fn numbers() {
    let (a, b) = ([vec![1.0, 2.0, 3.0, 4.0]], [vec![2.0, 3.0, 4.0, 5.0]]);
    for ranks in [RankTable::True, RankTable::Deequ] {
        let distance = numeric(&a, &b, ranks).unwrap();
        close(distance.simple, 0.25);
        close(distance.robust(c_alpha(None)), 0.0);
        close(numeric(&a, &a, ranks).unwrap().simple, 0.0);
        assert_eq!(numeric(&a, &[Vec::new()], ranks), Err(Undefined::EmptyCurrent));
        assert_eq!(numeric(&[], &b, ranks), Err(Undefined::EmptyBaseline));
    }
}

#[test]
fn a_repeated_value_counts_once_with_its_highest_weight() {
    let repeated = [vec![0.0, 0.0, -0.0, 1.0], vec![0.0, 0.0, 7.0]];
    assert_eq!(RankTable::Deequ.table(&repeated), [(0.0, 2), (1.0, 3), (7.0, 5)]);
    assert_eq!(RankTable::True.table(&repeated), [(0.0, 7), (1.0, 8), (7.0, 10)]);
}

#[test]
fn categories() {
    let close_by = categorical(&shares(&[10, 20, 25, 10, 5], &[11, 20, 25, 10, 10])).unwrap();
    close(close_by.simple, 0.060_150_375_939_849_62);
    close(close_by.robust(C), 0.0);
    let other_names = categorical(&shares(&[10, 20, 25, 10, 5, 0], &[20, 0, 25, 10, 10, 11])).unwrap();
    close(other_names.simple, 0.285_714_285_714_285_7);
    close(other_names.robust(C), 0.0);
    let far = categorical(&shares(&[207, 20, 25, 14, 25, 13, 0], &[22, 20, 25, 12, 13, 0, 15])).unwrap();
    close(far.robust(c_alpha(Some(0.003))), 0.272_633_804_655_034_9);
    close(far.robust(c_alpha(Some(0.1))), 0.337_741_993_969_691_84);
    assert_eq!((far.baseline_rows, far.current_rows), (304, 107));
}

#[test]
fn chi_squared_goodness_of_fit() {
    let (sample, expected) = ([207, 20, 25, 14, 25, 13, 0], [223, 20, 25, 12, 13, 0, 15]);
    let (statistic, p) = chi_squared(&shares(&expected, &sample)).unwrap();
    close(statistic, 28.175_042_782_458_068);
    // Theirs is 1 less the other tail, so its last digits lie 1e-16 apart.
    assert!((p - 3.364_019_129_847_850_6e-5).abs() < 1e-16, "{p}");
    let (statistic, _) = chi_squared(&shares(&[100, 40, 30, 4, 0], &[100, 40, 30, 0, 10])).unwrap();
    close(statistic, 0.387_543_252_595_156_26);
    assert_eq!(chi_squared(&shares(&[9, 1], &[9, 1])), Err(Undefined::TooFewRows));
}

fn churn() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/model-monitor/churn");
    folder.is_dir().then_some(folder)
}

#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
fn skipped() {
    eprintln!("skipped: no files of real monitoring jobs beside the workspace");
}

fn levels(feature: &str) -> Vec<Vec<f64>> {
    let path = churn().unwrap().join("baseline/statistics.first-29-features.json");
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let features = document["features"].as_array().unwrap();
    let found = features.iter().find(|known| known["name"] == feature).unwrap();
    let kll = &found["numerical_statistics"]["distribution"]["kll"];
    serde_json::from_value(kll["sketch"]["data"].clone()).unwrap()
}

/// Rows that Deequ uses of each column of a real sketch of 2,333 rows.
#[test]
fn rows_in_use_of_a_real_baseline() {
    if churn().is_none() {
        return skipped();
    }
    for (feature, rows, allowance) in [
        ("State_AK", 4, 1.273),
        ("Churn", 4, 1.273),
        ("CustServ Calls", 17, 0.617),
        ("VMail Message", 79, 0.286),
        ("Account Length", 385, 0.130),
        ("Day Mins", 1953, 0.058),
    ] {
        let levels = levels(feature);
        let deequ = numeric(&levels, &levels, RankTable::Deequ).unwrap();
        assert_eq!((deequ.simple, deequ.baseline_rows, deequ.current_rows), (0.0, rows, rows), "{feature}");
        assert!((deequ.allowance(C) - allowance).abs() < 5e-4, "{feature}: {}", deequ.allowance(C));
        let truth = numeric(&levels, &levels, RankTable::True).unwrap();
        assert_eq!(truth.baseline_rows, 2333);
        assert!((truth.allowance(C) - 0.053).abs() < 5e-4);
    }
}

/// Labels, 86 % of them 0, against probabilities: Deequ sees no drift.
#[test]
fn labels_against_probabilities() {
    let Some(folder) = churn() else { return skipped() };
    let text = std::fs::read_to_string(folder.join("validation_with_predictions.csv")).unwrap();
    let probabilities = text.lines().skip(1).map(|row| row.split(',').next().unwrap().parse().unwrap());
    let (labels, live) = (levels("Churn"), [probabilities.collect::<Vec<f64>>()]);
    let deequ = numeric(&labels, &live, RankTable::Deequ).unwrap();
    assert!((deequ.simple - 0.5).abs() < 0.01 && deequ.robust(C) == 0.0, "{deequ:?}");
    let truth = numeric(&labels, &live, RankTable::True).unwrap();
    assert!(truth.simple > 0.8 && truth.robust(C) > 0.6, "{truth:?}");
}
