//! A year of daily windows against values that SciPy computed from the same files.

use serde_json::Value;

use crate::{
    sandbox::Sandbox,
    tables::{agrees, by_feature, oracle, read, shared},
};

#[test]
fn flights() {
    compare("nyc_flights_2013", "predictions/month=2013-01", "2013-02-02", "2014-01-01", 20_000);
}

#[test]
fn employment() {
    compare("ma_employment", "baseline.parquet", "2016-01-01", "2017-01-01", 10_000);
}

/// Compares every value of the reference; `at_least` says how many there are, so that none is lost unnoticed.
fn compare(name: &str, baseline: &str, from: &str, to: &str, at_least: usize) {
    let (Some(data), Some(oracle)) =
        (shared(&format!("real/{name}")), oracle(&format!("daily__{name}.json")))
    else {
        return;
    };
    let sandbox = Sandbox::new();
    let (baseline, captures) = (data.join(baseline), data.join("predictions"));
    let roles = "--timestamp event_ts --id event_id -q";
    sandbox.expect(0, &format!("baseline {} --out base {roles}", baseline.display()));
    let range = format!("--from {from} --to {to}");
    sandbox
        .expect(0, &format!("backfill {} --baseline base --out results {range} {roles}", captures.display()));

    let statistics = std::fs::read(sandbox.path("base/statistics.json")).unwrap();
    let statistics: Value = serde_json::from_slice(&statistics).unwrap();
    let (features, scores) =
        (read(&sandbox.path("results"), "features"), read(&sandbox.path("results"), "scores"));
    let (features, scores) = (by_feature(&features, ""), by_feature(&scores, "metric"));
    let (mut compared, mut wrong, mut worst_bound) = (0, Vec::new(), 0.0_f64);
    for day in oracle["days"].as_array().unwrap() {
        let date = day["day"].as_str().unwrap();
        for (column, expected) in day["columns"].as_object().unwrap() {
            let feature = features[&(date.to_owned(), column.as_str(), "")];
            let score = |metric: &str| {
                scores.get(&(date.to_owned(), column.as_str(), metric)).and_then(|row| row.number("value"))
            };
            let missing = feature.count("nulls") + feature.count("nans");
            let present = feature.count("rows") - missing;
            let mut check = |what: &str, right: bool, found: Option<f64>| {
                compared += 1;
                if !right {
                    wrong.push(format!("{date} {column} {what}: {found:?}, expected {}", expected[what]));
                }
            };
            check("rows", feature.count("rows") == day["rows"].as_i64().unwrap(), None);
            check("missing", missing == expected["missing"].as_i64().unwrap(), None);
            for (what, found, tolerance) in [
                ("mean", feature.number("mean"), 1e-11),
                ("min", feature.number("min"), 1e-11),
                ("max", feature.number("max"), 1e-11),
                ("psi", score("population_stability"), 1e-9),
                ("js_distance_base2", score("jensen_shannon"), 1e-9),
                ("l_infinity", score("l_infinity"), 1e-9),
            ] {
                if let Some(value) = expected[what].as_f64() {
                    check(what, agrees(found, value, tolerance), found);
                }
            }
            if let Some(value) = expected["std"].as_f64() {
                // Where all values are equal, the two-pass sum of the reference leaves rounding; ours is zero.
                let scale = feature.number("mean").unwrap().abs();
                let found = feature.number("std_dev");
                let constant = found == Some(0.0) && value < 1e-14 * scale.max(1.0);
                check("std", constant || agrees(found, value, 1e-11), found);
            }
            let share = |what: &str, metric: &str| {
                let count = expected[what].as_i64()?;
                let found = score(metric).map(|share| (share * present as f64).round());
                Some((present == 0 || found == Some(count as f64), found))
            };
            for (what, metric) in
                [("outside_reference_range", "out_of_range_ratio"), ("unseen_rows", "new_category_ratio")]
            {
                if let Some((right, found)) = share(what, metric) {
                    check(what, right, found);
                }
            }
            if let Some(value) = expected["ks"].as_f64() {
                let row = scores[&(date.to_owned(), column.as_str(), "kolmogorov_smirnov")];
                let (found, bound) = (row.number("value").unwrap(), row.number("error_bound").unwrap());
                worst_bound = worst_bound.max(bound);
                check("ks", (found - value).abs() <= bound + 1e-11, Some(found));
            }
            if let Some(value) = expected["wasserstein"].as_f64()
                && let Some(row) = scores.get(&(date.to_owned(), column.as_str(), "wasserstein"))
            {
                // Ours is in standard deviations of the baseline; the reference states it in raw units.
                let unit = std_dev(&statistics, column);
                let (found, bound) =
                    (row.number("value").unwrap() * unit, row.number("error_bound").unwrap() * unit);
                check("wasserstein", (found - value).abs() <= bound + 1e-9 * value, Some(found));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert!(compared >= at_least, "only {compared} values compared");
    assert!(worst_bound <= 0.005, "{worst_bound}");
    println!("{name}: {compared} values agree; largest error bound of Kolmogorov-Smirnov {worst_bound:.5}");
}

/// Population standard deviation of a feature of the baseline.
fn std_dev(statistics: &Value, column: &str) -> f64 {
    let features = statistics["features"].as_array().unwrap();
    let feature = features.iter().find(|feature| feature["name"] == column).unwrap();
    feature["numerical_statistics"]["std_dev"].as_f64().unwrap()
}
