//! The bias monitor of SageMaker Model Monitor: values, violations and words of real jobs, from the records that they had.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    sagemaker_labels::{document, written},
    sandbox::Sandbox,
    tables::{agrees, read, rows},
};

const FEATURES: [&str; 14] = [
    "Age",
    "Workclass",
    "fnlwgt",
    "Education",
    "Education-Num",
    "Marital Status",
    "Occupation",
    "Relationship",
    "Ethnic group",
    "Sex",
    "Capital Gain",
    "Capital Loss",
    "Hours per week",
    "Country",
];

const ADULT: &str =
    "[roles]\nlabel = \"Target\"\n[[bias]]\nfacet = \"Sex\"\ndisadvantaged = [\"0\"]\ngroup = \"Age\"\n";

/// A sandbox with the validation data of the adult example, which has labels alone, as `own`.
fn adult() -> Option<Sandbox> {
    let data = document("adult/validation-dataset.json")?;
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", ADULT);
    let mut text = format!("{},Target\n", FEATURES.join(","));
    for row in data["instances"].as_array().unwrap() {
        writeln!(text, "{},{}", features(&row["features"]), row["label"]).unwrap();
    }
    sandbox.write("validation.csv", text);
    sandbox.expect(0, "baseline validation.csv --compat sagemaker --out own");
    Some(sandbox)
}

fn features(values: &Value) -> String {
    values.as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>().join(",")
}

/// Values by metric of the one group of a stage.
fn values(analysis: &Value, stage: &str) -> Vec<(String, Value)> {
    let facets = analysis[stage]["facets"].as_object().unwrap();
    let metrics = facets.values().next().unwrap()[0]["metrics"].as_array().unwrap();
    metrics
        .iter()
        .map(|metric| (metric["name"].as_str().unwrap().to_owned(), metric["value"].clone()))
        .collect()
}

#[test]
fn values_of_labels_are_those_of_the_bias_baseline() {
    let Some(sandbox) = adult() else { return };
    let (ours, theirs) = (
        written(&sandbox, "own/bias/analysis.json"),
        document("reports/adult-batch-json-baseline-analysis.json").unwrap(),
    );
    let stage = "pre_training_bias_metrics";
    let (found, expected) = (values(&ours, stage), values(&theirs, stage));
    assert_eq!(found.len(), 8);
    for ((name, ours), (their_name, theirs)) in found.iter().zip(&expected) {
        assert_eq!(name, their_name);
        assert!(agrees(ours.as_f64(), theirs.as_f64().unwrap(), 1e-12), "{name}: {ours} {theirs}");
    }
    // All but the numbers: names, groups, labels, words.
    let words = |analysis: &Value| {
        let mut analysis = analysis[stage].clone();
        let metrics = analysis["facets"]["Sex"][0]["metrics"].as_array_mut().unwrap();
        metrics.iter_mut().for_each(|metric| metric["value"] = Value::Null);
        analysis
    };
    assert_eq!(words(&ours), words(&theirs));
}

/// The 334 merged records of a job as rows: features, label, prediction.
fn merged(name: &str) -> Option<String> {
    let document = document(&format!("capture-samples/merged-{name}-json.json"))?;
    let parsed = |value: &Value| -> Value { serde_json::from_str(value.as_str().unwrap()).unwrap() };
    let labels = parsed(&document["groundTruthData"]["data"]);
    let side = |name: &str| parsed(&document["captureData"][name]["data"]);
    let (inputs, predictions) = match name {
        "batch" => {
            let output = side("batchTransformOutput");
            (output["instances"].clone(), output["SageMakerOutput"]["predictions"].clone())
        }
        _ => (side("endpointInput")["instances"].clone(), side("endpointOutput")["predictions"].clone()),
    };
    let mut text = format!("ts,{},Target,prediction\n", FEATURES.join(","));
    for (at, input) in inputs.as_array().unwrap().iter().enumerate() {
        let (label, prediction) = (&labels["instances"][at]["label"], &predictions[at]["predicted_label"]);
        writeln!(
            text,
            "2024-01-19T20:{:02}:00Z,{},{label},{prediction}",
            at % 60,
            features(&input["features"])
        )
        .unwrap();
    }
    Some(text)
}

/// The value in the description of an entry, and the entry without it.
fn parts(entry: &Value) -> (f64, Value) {
    let mut words: Vec<&str> = entry["description"].as_str().unwrap().split(' ').collect();
    let value = words.remove(2).replace("Infinity", "inf").parse().unwrap();
    let mut others = entry.clone();
    others["description"] = words.join(" ").into();
    (value, others)
}

#[test]
fn merged_records_break_what_the_bias_jobs_say_they_do() {
    let Some(sandbox) = adult() else { return };
    let roles = "[roles]\nprediction = \"prediction\"\ntimestamp = \"ts\"\n";
    // The baseline has no predictions to guess the problem from.
    let flip_test: Vec<&str> = FEATURES.into_iter().filter(|name| *name != "Sex").collect();
    let settings = ADULT.replacen("[roles]\n", roles, 1)
        + &format!("flip_test = {flip_test:?}\n[quality]\nproblem = \"binary\"\n");
    sandbox.write("driftscan.toml", settings);
    let (mut compared, mut to_the_letter) = (0, 0);
    for name in ["batch", "endpoint"] {
        sandbox.write("captures/rows.csv", merged(name).unwrap());
        let report = |what: &str| document(&format!("reports/adult-{name}-json-{what}.json")).unwrap();
        // The constraints are the report of the baseline itself.
        sandbox.write("own/bias/analysis.json", report("baseline-analysis").to_string());
        let line = "backfill captures --baseline own --window 1h --compat sagemaker --emit sagemaker --out";
        sandbox.expect(0, &format!("{line} {name}"));
        let folder = format!("{name}/sagemaker/2024/01/19/20/bias");
        let ours = written(&sandbox, &format!("{folder}/constraint_violations.json"));
        let mut theirs = report("constraint_violations");
        // With five neighbours nothing flips, as the job of the batch has it; that of the endpoint can only have asked one.
        let flips =
            values(&written(&sandbox, &format!("{folder}/analysis.json")), "post_training_bias_metrics");
        assert!(flips.contains(&("FT".to_owned(), 0.0.into())), "{flips:?}");
        let is_broken =
            theirs["violations"].as_array().unwrap().iter().any(|entry| entry["metric_name"] == "FT");
        assert_eq!(is_broken, name == "endpoint");
        theirs["violations"].as_array_mut().unwrap().retain(|entry| entry["metric_name"] != "FT");
        let sorted = |document: &Value| -> Vec<Value> {
            let mut entries = document["violations"].as_array().unwrap().clone();
            entries.sort_by_key(|entry| entry["metric_name"].as_str().unwrap().to_owned());
            entries
        };
        let (ours, theirs) = (sorted(&ours), sorted(&theirs));
        assert_eq!(ours.len(), 8, "{ours:#?}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let (value, words) = parts(ours);
            let (their_value, their_words) = parts(theirs);
            assert_eq!(words, their_words);
            assert!(
                value.total_cmp(&their_value).is_eq() || agrees(Some(value), their_value, 1e-12),
                "{words}"
            );
            compared += 1;
            to_the_letter += u32::from(ours == theirs);
        }
        let violations = read(&sandbox.path(name), "violations");
        assert_eq!(rows(&violations).filter(|row| row.text("check") == "bias_drift").count(), 8);
        let scores = read(&sandbox.path(name), "scores");
        let judged = rows(&scores).filter(|row| row.text("method").ends_with("/group=0/model_monitor"));
        assert_eq!(judged.count(), 21, "each of them");
    }
    // CDDPL and GE are sums over rows or strata, whose last digits differ between the two jobs as well.
    assert_eq!((compared, to_the_letter), (16, 12));
}
