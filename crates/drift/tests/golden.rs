//! Every metric of the registry against values computed elsewhere (`golden.json`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use drift::{ALL, Measure, Names, Point, Ranks, Score, Shares, Undefined};
use serde_json::Value;

fn counts(value: &Value) -> Vec<u64> {
    value.as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn close(ours: f64, theirs: f64, relative: f64, absolute: f64) -> bool {
    (ours - theirs).abs() <= relative * theirs.abs() + absolute
}

/// Points of the case and the baseline's population standard deviation.
fn points(input: &Value) -> (Vec<Point>, f64) {
    let points: Vec<Point> = if input["points"].is_array() {
        let rows = input["points"].as_array().unwrap().iter();
        rows.map(|row| {
            let x = row[0].as_f64().unwrap();
            Point {
                lower: x,
                upper: x,
                baseline: row[1].as_u64().unwrap(),
                current: row[2].as_u64().unwrap(),
            }
        })
        .collect()
    } else {
        Ranks::exact_points(&numbers(&input["baseline_values"]), &numbers(&input["current_values"]))
    };
    let rows: f64 = points.iter().map(|p| p.baseline as f64).sum();
    let mean = points.iter().map(|p| p.baseline as f64 * p.lower).sum::<f64>() / rows;
    let square = points.iter().map(|p| p.baseline as f64 * (p.lower - mean).powi(2)).sum::<f64>() / rows;
    (points, square.sqrt())
}

fn measure(measure: Measure, input: &Value) -> Result<Score, Undefined> {
    let sides = |value: &Value| (counts(&value["baseline"]), counts(&value["current"]));
    match measure {
        Measure::Shares(f) => {
            let (baseline, current) = sides(input);
            f(&Shares { baseline: &baseline, current: &current, pooled: 0 })
        }
        Measure::Ranks(f) => {
            let (points, baseline_std_dev) = points(input);
            f(&Ranks { points: &points, baseline_std_dev })
        }
        Measure::Names(f) => {
            let (names, buckets) = (sides(&input["names"]), sides(&input["buckets"]));
            f(&Names {
                names: Shares { baseline: &names.0, current: &names.1, pooled: 0 },
                buckets: Shares { baseline: &buckets.0, current: &buckets.1, pooled: 0 },
            })
        }
    }
}

#[test]
fn every_metric_agrees_with_a_value_computed_elsewhere() {
    let golden: Value = serde_json::from_str(include_str!("golden.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for metric in ALL {
        let mine: Vec<&Value> = cases.iter().filter(|case| case["metric"] == metric.name).collect();
        assert!(!mine.is_empty(), "`{}` has no value in golden.json", metric.name);
        for case in mine {
            let score = measure(metric.measure, &case["input"]).unwrap();
            let mut compare = |what: &str, ours: Option<f64>, relative: f64, absolute: f64| {
                let Some(theirs) = case[what].as_f64() else { return };
                let ours = ours.unwrap_or(f64::NAN);
                if !close(ours, theirs, relative, absolute) {
                    wrong.push(format!("{} {what}: {ours} here, {theirs} there", metric.name));
                }
            };
            compare("value", Some(score.value), 1e-9, 1e-14);
            // SciPy stops the Cramer-von Mises series at terms of 1e-7: its p-values are that far off.
            let cramer = metric.name.starts_with("cramer_von_mises");
            compare("p_value", score.p_value, 1e-6, if cramer { 1e-7 } else { 1e-300 });
            compare("expected", score.expected, 1e-4, 0.0);
            assert!(score.error_bound <= 0.0, "{}: exact points", metric.name);
        }
    }
    let known = |case: &&Value| ALL.iter().any(|metric| case["metric"] == metric.name);
    assert!(cases.iter().filter(known).count() == cases.len(), "golden.json names an unknown metric");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
