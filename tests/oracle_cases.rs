//! Sixteen cases of real data, end to end from frozen slots, against SciPy and Evidently.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    sandbox::Sandbox,
    tables::{agrees, oracle, shared},
};

const DATA: [&str; 6] =
    ["car_loan", "credit_card_multiclass", "elec2", "italy_covid", "ma_employment", "nyc_flights_2013"];
const METRICS: &str = r#"
[drift]
metrics = [
    "kolmogorov_smirnov", "wasserstein", "wasserstein.raw", "wasserstein.evidently", "energy_distance",
    "cramer_von_mises.scipy", "anderson_darling", "population_stability", "kullback_leibler",
    "kullback_leibler.reverse", "jensen_shannon", "jensen_shannon.evidently", "jensen_shannon.tfdv", "hellinger",
    "total_variation", "l_infinity", "chi_squared", "g_test", "cramers_v",
]
"#;

#[test]
fn every_case_agrees_within_its_bounds() {
    let (mut compared, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
    for name in DATA {
        let (Some(data), Some(scipy), Some(evidently)) = (
            shared(&format!("real/{name}")),
            oracle(&format!("drift_scipy__{name}.json")),
            oracle(&format!("drift_evidently__{name}.json")),
        ) else {
            return;
        };
        let entries = |document: &Value| document["entries"].as_array().unwrap().clone();
        let mut cases: BTreeMap<String, (Value, Value, Vec<Value>)> = BTreeMap::new();
        for entry in entries(&scipy).into_iter().chain(entries(&evidently)) {
            let case = cases.entry(entry["case"].as_str().unwrap().to_owned());
            let case = case.or_insert((entry["reference"].clone(), entry["current"].clone(), Vec::new()));
            case.2.push(entry);
        }
        for (case, (reference, current, entries)) in cases {
            let sandbox = Sandbox::new();
            sandbox.write("driftscan.toml", METRICS);
            let side = |side: &Value| {
                let glob = data.join(side["files"][0].as_str().unwrap()).display().to_string();
                let range = side["ts"].as_str().map_or(String::new(), |ts| {
                    let bound = |key: &str| side[key].as_str().unwrap().to_owned();
                    format!("--timestamp {ts} --from {} --to {}", bound("start"), bound("end"))
                });
                format!("{glob} {range} -q")
            };
            sandbox.expect(0, &format!("baseline {} --out base", side(&reference)));
            let line = format!("check {} --baseline base --fail-on never --format json", side(&current));
            let ran = sandbox.expect(0, &line);
            let report: Value = serde_json::from_str(&ran.stdout).unwrap();
            let mut scores: BTreeMap<(&str, &str), &Value> = BTreeMap::new();
            for score in report["scores"].as_array().unwrap() {
                if let Some(feature) = score["feature"].as_str() {
                    scores.insert((feature, score["metric"].as_str().unwrap()), score);
                }
            }
            for entry in &entries {
                let column = entry["column"].as_str().unwrap();
                for (metric, method, expected, exact) in expectations(entry) {
                    let Some(score) = scores.get(&(column, metric)) else {
                        wrong.push(format!("{name} {case} {column}: no score by {metric}"));
                        continue;
                    };
                    // The reference calls some integers categories; its bins are not ours then.
                    let names = score["method"].as_str().unwrap().contains("names");
                    if exact && names != is_category(entry) {
                        continue;
                    }
                    let (value, bound) = (score["value"].as_f64(), score["error_bound"].as_f64());
                    let right = match (value, bound) {
                        (None, _) => ["constant", "empty"].contains(&score["status"].as_str().unwrap()),
                        (value, _) if exact => {
                            agrees(value, expected, 1e-9)
                                || value.is_some_and(|v| (v - expected).abs() < 1e-12)
                        }
                        (Some(value), Some(bound)) => {
                            (value - expected).abs() <= bound + 1e-9 * expected.abs() + 1e-12
                        }
                        (Some(_), None) => false,
                    };
                    *compared.entry(format!("{metric} ({method})")).or_default() += 1;
                    if !right {
                        wrong.push(format!(
                            "{name} {case} {column} {metric}: {value:?} ± {bound:?}, expected {expected}"
                        ));
                    }
                }
            }
        }
    }
    println!("{compared:#?}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared.values().sum::<usize>() > 1_000, "{compared:?}");
}

/// Metric of ours, method of theirs, value, and whether ours is exact.
fn expectations(entry: &Value) -> Vec<(&'static str, String, f64, bool)> {
    let mut expected = Vec::new();
    let mut add = |metric, method: &str, value: &Value, exact| {
        if let Some(value) = value.as_f64() {
            expected.push((metric, method.to_owned(), value, exact));
        }
    };
    for test in entry["tests"].as_array().into_iter().flatten() {
        let method = test["method"].as_str().unwrap();
        let metric = match method {
            "ks_2samp.statistic" => "kolmogorov_smirnov",
            "wasserstein_distance" => "wasserstein.raw",
            "wasserstein_distance_over_reference_std" => "wasserstein",
            "energy_distance" => "energy_distance",
            "cramervonmises_2samp.statistic" => "cramer_von_mises.scipy",
            "anderson_ksamp.statistic" => "anderson_darling",
            _ => continue,
        };
        add(metric, method, &test["value"], false);
    }
    let categories = is_category(entry);
    for binned in entry["binned"].as_array().into_iter().flatten() {
        // With ties the reference leaves out edges at the minimum and maximum, so it has fewer bins than ours; on
        // its own counts every metric is compared in the crate `drift`.
        let untied = binned["inner_edges"].as_array().is_some_and(|edges| edges.len() == 9);
        if !(categories || binned["binning"] == "deciles_reference" && untied) {
            continue;
        }
        for result in binned["results"].as_array().unwrap() {
            let (method, parameters) = (result["method"].as_str().unwrap(), result["parameters"].to_string());
            let metric = match method {
                "psi" if parameters.contains("0.5 added") => "population_stability",
                "kl_current_reference" if parameters.contains("0.5 added") => "kullback_leibler",
                "kl_reference_current" if parameters.contains("0.5 added") => "kullback_leibler.reverse",
                "js_distance" if parameters.contains('2') => "jensen_shannon",
                "js_distance" => "jensen_shannon.evidently",
                "js_divergence" if parameters.contains('2') => "jensen_shannon.tfdv",
                "hellinger" => "hellinger",
                "total_variation" => "total_variation",
                "l_infinity" => "l_infinity",
                "chi2_contingency.statistic" => "chi_squared",
                "g_test.statistic" => "g_test",
                "cramers_v" => "cramers_v",
                _ => continue,
            };
            add(metric, method, &result["value"], true);
        }
    }
    for result in entry["results"].as_array().into_iter().flatten() {
        match (result["method"].as_str().unwrap(), categories) {
            ("wasserstein", false) => add("wasserstein.evidently", "evidently", &result["value"], false),
            ("ed", false) => add("energy_distance", "evidently", &result["value"], false),
            ("jensenshannon", true) => add("jensen_shannon.evidently", "evidently", &result["value"], true),
            ("hellinger", true) => add("hellinger", "evidently", &result["value"], true),
            _ => {}
        }
    }
    expected
}

fn is_category(entry: &Value) -> bool {
    entry["kind"] == "categorical" || entry["kind"] == "cat"
}
