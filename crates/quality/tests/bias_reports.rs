//! Bias metrics and verdicts against what real Clarify and Model Monitor jobs wrote, where present.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use quality::bias::{
    self, ALL, Condition, Convention, Facet, Measure, Metric, Outcomes, Row, Rows, Stage, Table, Tally,
    Value, compat_violated, flip_test,
};

/// The folder of samples, which lies beside the workspace and may be absent.
fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/model-monitor");
    folder.is_dir().then_some(folder)
}

#[expect(clippy::print_stderr, reason = "what was compared or skipped is what the test is worth")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn document(path: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder().unwrap().join(path)).unwrap()).unwrap()
}

/// A number, or an infinity as these files write it.
fn number(value: &serde_json::Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// Values of a report: by metric, `None` where it has an error instead.
fn values(report: &serde_json::Value, stage: &str) -> BTreeMap<String, Option<f64>> {
    let facets = report[stage]["facets"].as_object().unwrap();
    let metrics = facets.values().next().unwrap()[0]["metrics"].as_array().unwrap();
    metrics.iter().map(|m| (m["name"].as_str().unwrap().to_owned(), number(&m["value"]))).collect()
}

fn violations(path: &str) -> BTreeMap<String, (f64, f64)> {
    let document = document(path);
    let of_metric = |violation: &serde_json::Value| {
        let words: Vec<&str> = violation["description"].as_str().unwrap().split(' ').collect();
        let (live, baseline) = (words[2].parse().unwrap(), words.last().unwrap().parse().unwrap());
        (violation["metric_name"].as_str().unwrap().to_owned(), (live, baseline))
    };
    document["violations"].as_array().unwrap().iter().map(of_metric).collect()
}

/// One person of the Adult data: features in their order, and what is known of the answer.
struct Person {
    features: Vec<f64>,
    label: Option<bool>,
    prediction: Option<bool>,
}

const AGE: usize = 0;
const SEX: usize = 9;

fn people(
    instances: &serde_json::Value,
    labels: &serde_json::Value,
    predictions: &serde_json::Value,
) -> Vec<Person> {
    let flag = |value: &serde_json::Value, key: &str| value[key].as_f64().map(|number| number > 0.5);
    let person = |(i, instance): (usize, &serde_json::Value)| Person {
        features: instance["features"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect(),
        label: flag(&labels[i], "label"),
        prediction: flag(&predictions[i], "predicted_label"),
    };
    instances.as_array().unwrap().iter().enumerate().map(person).collect()
}

fn adult(people: &[Person]) -> Table {
    let facet = Facet::Group(Condition::OneOf(vec!["0".to_owned()]));
    let mut tally = Tally::default();
    for person in people {
        let sex = facet.name(Value::Number(person.features[SEX])).unwrap();
        let age = Value::Number(person.features[AGE]).name();
        let row = Row {
            facet: sex.as_deref(),
            stratum: age.as_deref(),
            label: person.label,
            prediction: person.prediction,
        };
        tally.observe(row, 1);
    }
    facet.tables(&tally).remove(0).1
}

fn parsed(text: &serde_json::Value) -> serde_json::Value {
    serde_json::from_str(text.as_str().unwrap()).unwrap()
}

/// The 334 merged records of a batch transform and of an endpoint.
fn merged() -> [(&'static str, Vec<Person>); 2] {
    let batch = document("capture-samples/merged-batch-json.json");
    let labels = parsed(&batch["groundTruthData"]["data"]);
    let output = parsed(&batch["captureData"]["batchTransformOutput"]["data"]);
    let batch = people(&output["instances"], &labels["instances"], &output["SageMakerOutput"]["predictions"]);
    let endpoint = document("capture-samples/merged-endpoint-json.json");
    let side = |name: &str| parsed(&endpoint["captureData"][name]["data"]);
    let labels = parsed(&endpoint["groundTruthData"]["data"]);
    let (input, output) = (side("endpointInput"), side("endpointOutput"));
    let endpoint = people(&input["instances"], &labels["instances"], &output["predictions"]);
    [("batch-json", batch), ("endpoint-json", endpoint)]
}

fn close(ours: f64, theirs: f64) -> bool {
    ours == theirs || (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1e-3)
}

#[test]
fn pre_training_values_of_the_adult_baseline() {
    if folder().is_none() {
        return say("skipped: no reports beside the workspace");
    }
    let data = document("adult/validation-dataset.json");
    let table = adult(&people(&data["instances"], &data["instances"], &serde_json::Value::Null));
    let report = document("reports/adult-batch-json-baseline-analysis.json");
    let theirs = values(&report, "pre_training_bias_metrics");
    for metric in ALL.iter().filter(|metric| metric.stage == Stage::PreTraining) {
        let value = metric.value(&table, Convention::Compat).unwrap();
        assert!(close(value, theirs[metric.name].unwrap()), "{}: {value}", metric.name);
    }
    assert_eq!(theirs.len(), 8);
}

#[test]
fn values_and_verdicts_of_the_merged_records() {
    if folder().is_none() {
        return say("skipped: no reports beside the workspace");
    }
    let (mut compared, mut quiet) = (0, 0);
    for (name, people) in merged() {
        let table = adult(&people);
        assert_eq!((table.rest().rows(), table.disadvantaged().rows()), (224, 110));
        let found = violations(&format!("reports/adult-{name}-constraint_violations.json"));
        let report = document(&format!("reports/adult-{name}-baseline-analysis.json"));
        let mut baseline = values(&report, "pre_training_bias_metrics");
        baseline.extend(values(&report, "post_training_bias_metrics"));
        assert_eq!(baseline.len(), 21);
        for metric in ALL.iter().filter(|metric| metric.name != "FT") {
            let live = metric.value(&table, Convention::Compat);
            let violated = compat_violated(Ok(baseline[metric.name].unwrap()), live).unwrap();
            assert_eq!(violated, found.contains_key(metric.name), "{name} {}: {live:?}", metric.name);
            match found.get(metric.name) {
                Some((theirs, before)) => {
                    assert!(
                        close(live.unwrap(), *theirs),
                        "{name} {}: {live:?}, {theirs} there",
                        metric.name
                    );
                    assert!(close(baseline[metric.name].unwrap(), *before));
                    compared += 1;
                }
                None => quiet += 1,
            }
        }
        // With five neighbours nothing flips, as the batch job has it; the endpoint's job gives the value of one.
        let (five, one) = (flips(&people, 5), flips(&people, 1));
        assert_eq!((five.value, five.low, five.high), (0.0, 0.0, 0.0));
        let before = baseline["FT"].unwrap();
        match found.get("FT") {
            Some((theirs, _)) => assert!(close(one.value, *theirs) && one.low >= one.high, "{one:?}"),
            None => assert_eq!(compat_violated(Ok(before), Ok(five.value)), Ok(false)),
        }
        compared += 1;
    }
    say(&format!("adult: {compared} values of violations compared, {quiet} metrics without one"));
    assert!(compared >= 16 && quiet >= 24);
}

fn flips(people: &[Person], neighbours: usize) -> bias::Flips {
    let side = |sex: f64| -> (Vec<f64>, Vec<bool>) {
        let rows = people.iter().filter(|person| (person.features[SEX] - sex).abs() < 0.5);
        let features = rows.clone().flat_map(|person| {
            let others = person.features.iter().enumerate().filter(|(i, _)| *i != SEX);
            others.map(|(_, x)| *x).collect::<Vec<f64>>()
        });
        (features.collect(), rows.map(|person| person.prediction.unwrap()).collect())
    };
    let ((rest, rest_predictions), (group, group_predictions)) = (side(1.0), side(0.0));
    let rest = Rows { features: &rest, predictions: &rest_predictions };
    flip_test(13, rest, Rows { features: &group, predictions: &group_predictions }, neighbours).unwrap()
}

#[test]
fn verdicts_of_every_report() {
    if folder().is_none() {
        return say("skipped: no reports beside the workspace");
    }
    let mut violated = 0;
    for name in [
        "adult-batch-json",
        "adult-batch-jsonlines",
        "adult-endpoint-json",
        "adult-endpoint-jsonlines",
        "churn-batch-csv",
    ] {
        let report = document(&format!("reports/{name}-baseline-analysis.json"));
        let mut baseline = values(&report, "pre_training_bias_metrics");
        baseline.extend(values(&report, "post_training_bias_metrics"));
        for (metric, (live, before)) in violations(&format!("reports/{name}-constraint_violations.json")) {
            assert!(close(baseline[&metric].unwrap(), before), "{name} {metric}");
            assert_eq!(compat_violated(Ok(before), Ok(live)), Ok(true), "{name} {metric}: {live} {before}");
            violated += 1;
        }
    }
    say(&format!("{violated} verdicts compared"));
    assert!(violated >= 35);
}

#[test]
fn values_of_the_churn_run_follow_from_counts() {
    if folder().is_none() {
        return say("skipped: no reports beside the workspace");
    }
    // The model's answers were not kept. These counts are the smallest that give every value it reported.
    let found = violations("reports/churn-batch-csv-constraint_violations.json");
    let post: Vec<&Metric> = ALL
        .iter()
        .filter(|m| m.stage == Stage::PostTraining && matches!(m.measure, Measure::Counts(_)))
        .collect();
    let tables = candidates(&found);
    say(&format!("churn: {} tables of 334 rows give the seven values", tables.len()));
    let baseline =
        values(&document("reports/churn-batch-csv-baseline-analysis.json"), "post_training_bias_metrics");
    for table in &tables {
        for metric in &post {
            let live = metric.value(table, Convention::Compat);
            let before = baseline[metric.name].ok_or(bias::Undefined::NoGroupVariable);
            let violated = compat_violated(before, live) == Ok(true);
            assert_eq!(violated, found.contains_key(metric.name), "{}: {live:?} {before:?}", metric.name);
        }
    }
    assert!(!tables.is_empty());
}

/// Tables of at most 334 rows with the reported DAR, DCA, DI, DPPL, GE, SD and TE.
fn candidates(found: &BTreeMap<String, (f64, f64)>) -> Vec<Table> {
    let theirs = |name: &str| found[name].0;
    let mut tables = Vec::new();
    // DPPL and DI give the shares of positive predictions: those of the group and of the rest, by their counts.
    let (difference, ratio) = (theirs("DPPL"), theirs("DI"));
    let rest_share = difference / (1.0 - ratio);
    let group_share = rest_share * ratio;
    let whole = |share: f64, rows: u64| {
        let count = share * rows as f64;
        ((count - count.round()).abs() < 1e-6 && count > 0.5).then(|| count.round() as u64)
    };
    let sized =
        |share: f64| (1_u64..334).filter_map(move |rows| whole(share, rows).map(|positive| (rows, positive)));
    for (rest_rows, rest_positive) in sized(rest_share) {
        for (group_rows, group_positive) in sized(group_share).filter(|(rows, _)| rows + rest_rows <= 334) {
            for rest_true in 0..=rest_positive {
                for group_true in 0..=group_positive {
                    let dar =
                        rest_true as f64 / rest_positive as f64 - group_true as f64 / group_positive as f64;
                    if !close(dar, theirs("DAR")) {
                        continue;
                    }
                    tables.extend(with_negatives(
                        (rest_rows, rest_positive, rest_true),
                        (group_rows, group_positive, group_true),
                        found,
                    ));
                }
            }
        }
    }
    tables
}

/// Tables with these predictions for every split of the negative predictions that gives the reported values.
fn with_negatives(
    rest: (u64, u64, u64),
    group: (u64, u64, u64),
    found: &BTreeMap<String, (f64, f64)>,
) -> Vec<Table> {
    let outcomes = |(rows, positive, correct): (u64, u64, u64), missed: u64| {
        Outcomes::of([correct, positive - correct, missed, rows - positive - missed])
    };
    let mut tables = Vec::new();
    for rest_missed in 0..=rest.0 - rest.1 {
        for group_missed in 0..=group.0 - group.1 {
            let table = Table::new(outcomes(rest, rest_missed), outcomes(group, group_missed));
            let fits = |(name, (theirs, _)): (&String, &(f64, f64))| {
                let value = bias::metric(name).unwrap().value(&table, Convention::Compat);
                value.is_ok_and(|ours| close(ours, *theirs))
            };
            if found.iter().all(fits) {
                tables.push(table);
            }
        }
    }
    tables
}
