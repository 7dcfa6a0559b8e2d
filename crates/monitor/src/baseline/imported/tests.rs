//! The documents of a real job, and what is wrong with made ones.

use std::path::Path;

use serde_json::{Value, json};

use super::*;

#[expect(clippy::print_stdout, reason = "tests say what they skipped")]
/// A document of the real job beside the checkout; says so where it is absent.
fn real(name: &str) -> Option<Vec<u8>> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/model-monitor/churn/baseline");
    let bytes = std::fs::read(root.join(name)).ok();
    if bytes.is_none() {
        println!("skipped: no {name} beside the checkout");
    }
    bytes
}

fn constraints(bytes: &[u8]) -> Constraints {
    document::parse("constraints.json", bytes).unwrap()
}

#[test]
fn the_documents_of_a_real_job_are_a_baseline() {
    let (Some(statistics), Some(bytes)) =
        (real("statistics.first-29-features.json"), real("constraints.json"))
    else {
        return;
    };
    let constraints = constraints(&bytes);
    let Imported { stored, rank_errors } = read(&statistics, &constraints).unwrap();
    let document: Value = serde_json::from_slice(&statistics).unwrap();
    let profile = &stored.profiles[&None];
    assert_eq!((profile.rows, stored.spec.features().len(), rank_errors.len()), (2333, 70, 70));
    for (at, feature) in document["features"].as_array().unwrap().iter().enumerate() {
        let (spec, profile) = (&stored.spec.features()[at], &profile.features[at]);
        let statistics = &feature["numerical_statistics"];
        let number = |member: &str| statistics[member].as_f64().unwrap();
        assert_eq!(spec.name, feature["name"]);
        assert!(profile.fits(&spec.kind), "{}", spec.name);
        let moments = &profile.moments;
        assert_eq!(moments.sum(), number("sum"));
        assert_eq!((moments.mean(), moments.std_dev()), (Some(number("mean")), Some(number("std_dev"))));
        assert_eq!((moments.min(), moments.max()), (Some(number("min")), Some(number("max"))));
        let Kind::Number { bins, integral, .. } = &spec.kind else { panic!("{}", spec.name) };
        assert_eq!(*integral, feature["inferred_type"] == "Integral");
        assert_eq!(bins.range(), Some((number("min"), number("max"))));
        assert_eq!(profile.histogram.rows(), 2333);
        assert!((0.0004..0.0005).contains(&rank_errors[at]), "one item of the first level in 2,333 rows");
    }
    // The features that only the constraints have.
    let last = stored.spec.features().last().unwrap();
    assert_eq!(
        (last.name.as_str(), &last.kind),
        ("VMail Plan_yes", &Kind::Number { bins: Bins::default(), integral: true, arrival: true })
    );
    assert_eq!(profile.features[69].counts.rows, 0);
}

#[test]
fn the_documents_of_a_real_job_survive_a_round_trip() {
    if let Some(bytes) = real("statistics.first-29-features.json") {
        round_trip::<Statistics>(&bytes);
    }
    if let Some(bytes) = real("constraints.json") {
        round_trip::<Constraints>(&bytes);
    }
    let more = json!({"version": 0.0, "dataset": {"item_count": 3, "d": 1}, "features": [
        {"name": "x", "inferred_type": "Integral", "f": 2, "numerical_statistics": {"common": {"num_present": 3, "num_missing": 0, "c": 3},
            "mean": 1.0, "sum": 3.0, "std_dev": 0.5, "min": 0.0, "max": 2.0, "n": 4, "distribution": {"d": 5, "kll": {"buckets": [], "k": 6,
            "sketch": {"data": [[0.0, 1.0, 2.0]], "parameters": {"c": 0.64, "k": 2048.0}}}}}},
        {"name": "y", "inferred_type": "String", "string_statistics": {"common": {"num_present": 3, "num_missing": 0}, "distinct_count": 1.0,
            "s": 7, "distribution": {"e": 8, "categorical": {"g": 9, "buckets": [{"value": "a", "count": 3, "b": 10}]}}}}], "top": 11});
    round_trip::<Statistics>(&serde_json::to_vec(&more).unwrap());
}

/// Read and written, the document is the same but for the order of members.
fn round_trip<T: serde::de::DeserializeOwned + serde::Serialize>(bytes: &[u8]) {
    let document: T = document::parse("x", bytes).unwrap();
    assert_eq!(serde_json::to_value(&document).unwrap(), serde_json::from_slice::<Value>(bytes).unwrap());
}

fn one(kind: &str, statistics: &Value, constraint: &Value) -> Result<Imported, String> {
    let mut feature = json!({"name": "x", "inferred_type": kind});
    feature.as_object_mut().unwrap().extend(statistics.as_object().unwrap().clone());
    let document = json!({"version": 0.0, "dataset": {"item_count": 3}, "features": [feature]});
    let mut limits = json!({"name": "x", "inferred_type": kind});
    limits.as_object_mut().unwrap().extend(constraint.as_object().unwrap().clone());
    let limits = json!({"version": 0.0, "features": [limits]});
    read(&serde_json::to_vec(&document).unwrap(), &constraints(&serde_json::to_vec(&limits).unwrap()))
}

fn number() -> Value {
    json!({"numerical_statistics": {"common": {"num_present": 3, "num_missing": 1}, "mean": 1.0, "sum": 3.0, "std_dev": 0.5,
        "min": 0.0, "max": 2.0, "distribution": {"kll": {"buckets": [], "sketch": {"data": [[1.0], [1.5]]}}}}})
}

#[test]
fn what_is_wrong_names_the_feature_and_the_member() {
    assert!(one("Integral", &number(), &json!({})).is_ok());
    let wrong = |pointer: &str, value: Value| {
        let mut statistics = number();
        *statistics.pointer_mut(&format!("/numerical_statistics/{pointer}")).unwrap() = value;
        one("Fractional", &statistics, &json!({})).err().unwrap()
    };
    for (pointer, value, expected) in [
        ("sum", json!("NaN"), "feature `x`: `numerical_statistics.sum`: invalid type: string \"NaN\""),
        ("sum", Value::Null, "feature `x`: `numerical_statistics.sum` is missing"),
        ("min", json!(5.0), "feature `x`: `numerical_statistics`: `min` is 5 and `max` 2"),
        ("max", json!(1.25), "kll.sketch.data`: 1.5 lies outside `min` and `max`, 0 to 1.25"),
        ("common/num_present", json!(4), "its items stand for 3 values, `num_present` is 4"),
        (
            "common/num_missing",
            json!(-1),
            "`numerical_statistics.common.num_missing`: expected a number of rows",
        ),
        (
            "distribution/kll",
            json!({"buckets": []}),
            "distribution.kll.sketch` is missing: bins are cut from it",
        ),
        (
            "distribution/kll/sketch/data/0",
            json!(["a"]),
            "`numerical_statistics.distribution.kll.sketch.data[0][0]`",
        ),
    ] {
        let reason = wrong(pointer, value);
        assert!(reason.contains("`statistics.json`") && reason.contains(expected), "{reason}");
    }
    for (kind, statistics, constraint, expected) in [
        (
            "Text",
            json!({}),
            json!({"inferred_type": "String"}),
            "feature `x`: `inferred_type`: unknown variant `Text`",
        ),
        ("String", number(), json!({}), "feature `x`: `string_statistics` is missing"),
        ("Integral", json!({}), json!({}), "feature `x`: `numerical_statistics` is missing"),
        (
            "Integral",
            number(),
            json!({"inferred_type": "String"}),
            "`inferred_type` is Integral, and String in `constraints.json`",
        ),
        (
            "Integral",
            number(),
            json!({"inferred_type": "Whole"}),
            "`constraints.json`: feature `x`: `inferred_type`: expected Integral",
        ),
    ] {
        let reason = one(kind, &statistics, &constraint).err().unwrap();
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn names_come_from_buckets_and_from_the_domain() {
    let text = |present: u64, buckets: Value| {
        json!({"string_statistics": {"common": {"num_present": present, "num_missing": 0}, "distinct_count": 2.0,
            "distribution": {"categorical": {"buckets": buckets}}}})
    };
    let buckets = json!([{"value": "a", "count": 2.0}, {"value": "b", "count": 1}]);
    let allowed = json!({"string_constraints": {"domains": ["a", "c"]}});
    let of = |present: u64, constraint: &Value| {
        let imported = one("String", &text(present, buckets.clone()), constraint)?;
        let Kind::Category { domain } = imported.stored.spec.features()[0].kind.clone() else { panic!() };
        let profile = imported.stored.profiles[&None].features[0].clone();
        assert!(profile.fits(&Kind::Category { domain: domain.clone() }));
        let names = domain.names().iter().map(|name| name.to_string()).collect::<Vec<_>>().join(",");
        Ok::<_, String>((names, domain.is_complete(), profile.names.rows()))
    };
    assert_eq!(of(3, &json!({})).unwrap(), ("a,b".to_owned(), true, 3));
    assert_eq!(of(3, &allowed).unwrap(), ("a,b,c".to_owned(), true, 3));
    // More rows than the list holds: its names are known, and not their shares.
    assert_eq!(of(9, &json!({})).unwrap(), ("a,b".to_owned(), false, 0));
    assert_eq!(of(9, &allowed).unwrap(), ("a,b,c".to_owned(), true, 0));
    assert!(of(2, &json!({})).unwrap_err().contains("they hold more rows than `num_present`, which is 2"));
}
