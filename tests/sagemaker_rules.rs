//! The checks of SageMaker Model Monitor under a baseline that has nothing but its two documents.

use serde_json::{Value, json};

use crate::sandbox::{Sandbox, holds};

/// A number `x` of 0 to 99, a name `colour` of two, and a column that captures lack.
fn documents(config: &Value) -> (Value, Value) {
    let items: Vec<f64> = (0..100).map(f64::from).collect();
    let number = json!({"common": {"num_present": 100, "num_missing": 0}, "mean": 49.5, "sum": 4950.0, "std_dev": 28.866,
        "min": 0.0, "max": 99.0, "distribution": {"kll": {"buckets": [], "sketch": {"data": [items]}}}});
    let text = json!({"common": {"num_present": 100, "num_missing": 0}, "distinct_count": 2.0,
        "distribution": {"categorical": {"buckets": [{"value": "red", "count": 50}, {"value": "blue", "count": 50}]}}});
    let statistics = json!({"version": 0.0, "dataset": {"item_count": 100}, "features": [
        {"name": "x", "inferred_type": "Fractional", "numerical_statistics": number},
        {"name": "colour", "inferred_type": "String", "string_statistics": text},
        {"name": "gone", "inferred_type": "Unknown"}]});
    let constraints = json!({"version": 0.0, "monitoring_config": config, "features": [
        {"name": "x", "inferred_type": "Fractional", "completeness": 1.0},
        {"name": "colour", "inferred_type": "String", "completeness": 1.0, "string_constraints": {"domains": ["red", "blue"]}},
        {"name": "gone", "inferred_type": "Unknown", "completeness": 0.0}]});
    (statistics, constraints)
}

/// What a check finds in rows of `x` and `colour`: checks with descriptions, in order.
fn found(config: &Value, rows: impl Iterator<Item = (String, &'static str)>) -> Vec<(String, String)> {
    let sandbox = Sandbox::new();
    let (statistics, constraints) = documents(config);
    sandbox.write("aws/statistics.json", statistics.to_string());
    sandbox.write("aws/constraints.json", constraints.to_string());
    let rows: String = rows.map(|(x, colour)| format!("{x},{colour}\n")).collect();
    sandbox.write("captures/c.csv", format!("x,colour\n{rows}"));
    let line = "check captures --baseline aws --compat sagemaker --fail-on never --format json";
    let checked = sandbox.expect(0, line).json();
    let text = |row: &Value, member: &str| row[member].as_str().unwrap().to_owned();
    let all = checked["violations"].as_array().unwrap().iter();
    all.map(|row| (text(row, "check"), text(row, "description"))).collect()
}

const GONE: &str = "There are missing columns in current dataset. Number of columns in current dataset: 2, Number of columns in baseline constraints: 3";

fn is(check: &str, description: &str) -> (String, String) {
    (check.to_owned(), description.to_owned())
}

#[test]
fn values_that_are_missing_or_new_are_found_and_columns_counted() {
    let rows = (0..100).map(|i| {
        (
            if i < 2 { String::new() } else { format!("{i}.5") },
            if i == 9 { "green" } else { ["red", "blue"][i % 2] },
        )
    });
    let requirement = |value: &str| format!("Value: {value} does not meet the constraint requirement!");
    let expected = [
        is("missing_column", GONE),
        is("completeness", &requirement("0.98")),
        is("categorical_values", &requirement("0.99")),
    ];
    assert_eq!(found(&json!({}), rows), expected);
}

#[test]
fn drift_is_judged_by_the_method_that_is_asked_for() {
    // All in the upper half, and three reds to one blue.
    let rows = || (0..100).map(|i| (format!("{}.0", 50 + i % 50), if i % 4 == 0 { "blue" } else { "red" }));
    let with = |distribution: Value| {
        let found = found(&json!({"distribution_constraints": distribution}), rows());
        assert_eq!(found[0], is("missing_column", GONE));
        found[1..].to_vec()
    };
    let drift = |distance: &str, threshold: &str| {
        is("baseline_drift", &format!("Baseline drift distance: {distance} exceeds threshold: {threshold}"))
    };
    let simple = with(json!({"comparison_method": "linf_simple"}));
    assert_eq!(simple, [drift("0.5", "0.1"), drift("0.25", "0.1")]);
    // Half of the 50 values now count once each: n = 100, m = 50, so 0.312 is allowed for numbers, 0.255 for names.
    let robust = with(json!({"comparison_method": "Robust"}));
    assert_eq!(robust.len(), 1);
    holds(&robust[0].1, &["Baseline drift distance: 0.188"]);
    let squared = with(
        json!({"comparison_method": "Simple", "categorical_drift_method": "ChiSquared", "comparison_threshold": 0.6,
        "categorical_comparison_threshold": 20.0}),
    );
    assert_eq!(squared, [drift("25.0", "20.0")]);
    assert!(with(json!({"perform_comparison": "Disabled"})).is_empty());
}

#[test]
fn a_feature_may_be_left_out_and_a_wrong_word_is_refused() {
    assert_eq!(
        found(&json!({"evaluate_constraints": "Disabled"}), (0..9).map(|_| (String::new(), "red"))),
        []
    );
    let sandbox = Sandbox::new();
    let (statistics, mut constraints) = documents(&json!({}));
    constraints["features"][0]["monitoringConfigOverrides"] = json!({"evaluate_constraints": "perhaps"});
    sandbox.write("aws/statistics.json", statistics.to_string());
    sandbox.write("aws/constraints.json", constraints.to_string());
    sandbox.write("c.csv", "x\n1.5\n");
    let error = sandbox.error(2, "check c.csv --baseline aws");
    holds(
        &error,
        &[
            "`constraints.json`: feature `x`: `monitoringConfigOverrides.evaluate_constraints`: expected Enabled or Disabled, found `perhaps`",
        ],
    );
}
