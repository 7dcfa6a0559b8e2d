//! Groups, attributions and what jobs of Model Monitor reported, end to end, against smclarify, scikit-learn and those jobs.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::{
    captures,
    labelled::{Score, Scores, Tally, joined, parquet},
    sandbox::Sandbox,
    tables::{oracle, shared},
};

const CHECK: &str = "--baseline base --fail-on never --format json";

/// The settings of `ma_employment`: each facet twice where it is asked for under two names. Flip tests look at the columns that
/// the reference took.
const EMPLOYMENT: &str = "[roles]\nid = \"event_id\"\ntimestamp = \"event_ts\"\nlabel = \"employed\"\n\
    prediction = \"prediction\"\nprobability = \"predicted_probability\"\nfeatures = [\"AGEP\"]\n\
    [[bias]]\nfacet = \"SEX\"\ndisadvantaged = [\"2\"]\ngroup = \"MAR\"\n\
    flip_test = [\"AGEP\", \"SCHL\", \"MAR\", \"DIS\", \"NATIVITY\", \"MIL\"]\n\
    [[bias]]\nfacet = \"RAC1P\"\ndisadvantaged = [2]\ngroup = \"MAR\"\n\
    flip_test = [\"AGEP\", \"SCHL\", \"MAR\", \"DIS\", \"NATIVITY\", \"MIL\"]\n\
    [[bias]]\nfacet = \"RAC1P\"\ndisadvantaged = [\"2\", \"3\", \"5\", \"6\", \"8\", \"9\"]\ngroup = \"MAR\"\n\
    flip_test = [\"AGEP\", \"SCHL\", \"MAR\", \"DIS\", \"NATIVITY\", \"MIL\"]\n\
    [[bias]]\nfacet = \"AGEP\"\nabove = 40\ngroup = \"SEX\"\n";

#[test]
fn groups_of_ma_employment() {
    let (Some(document), Some(data)) =
        (oracle("bias_smclarify__ma_employment.json"), shared("real/ma_employment"))
    else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", EMPLOYMENT);
    let baseline = data.join("baseline.parquet");
    sandbox.expect(0, &format!("baseline {} --out base -q", baseline.display()));
    let labels = parquet(&data.join("labels"));
    let mut by_window: BTreeMap<String, Scores> = BTreeMap::new();
    let (mut tally, mut flips) = (Tally::default(), 0);
    for entry in document["entries"].as_array().unwrap() {
        let window = entry["window"].as_str().unwrap();
        let scores = by_window.entry(window.to_owned()).or_insert_with(|| {
            // Rows without a label are in no table there, and in those of predictions here.
            let captures = match window.strip_prefix("predictions ") {
                None => baseline.clone(),
                Some(rest) => {
                    let month = rest.split(' ').next().unwrap().trim_end_matches('*');
                    let (folder, data) =
                        (sandbox.path(&format!("captures-{month}")), data.join("predictions"));
                    for part in data.read_dir().unwrap().map(|entry| entry.unwrap().file_name()) {
                        let part = part.to_str().unwrap();
                        if part.starts_with(month) {
                            let rows = joined(&parquet(&data.join(part)), &labels, "employed", false);
                            captures::write_parquet(&folder.join(part).join("part-0.parquet"), &[rows]);
                        }
                    }
                    folder
                }
            };
            Scores::of_check(&sandbox.expect(0, &format!("check {} {CHECK}", captures.display())).json())
        });
        let (facet, values) =
            (entry["facet"].as_str().unwrap(), entry["sensitive_values_or_threshold"].as_array().unwrap());
        let group = match values[0].as_f64() {
            Some(threshold) => format!("> {threshold}"),
            None => values.iter().map(|value| value.as_str().unwrap()).collect::<Vec<_>>().join(","),
        };
        let part = format!("/group={group}/within={}", entry["group_variable"].as_str().unwrap());
        for theirs in entry["result"][0]["metrics"].as_array().unwrap() {
            let name = theirs["name"].as_str().unwrap();
            let (what, theirs) =
                (format!("{window} {facet} {group} {name}"), theirs["value"].as_f64().unwrap());
            if name == "FT" {
                let found = scores.with("", "", facet, name, &format!("/group={group}/neighbours5"));
                // Where neighbours are equally far, theirs takes those that its search meets first, and ours the mean over all
                // choices: they may be as far apart as the bound says, which is there as all rows were kept.
                let (value, bound) = (found.value.unwrap(), found.error_bound.unwrap());
                println!("{what}: {value:.6} here, {theirs:.6} there, {bound:.6} for ties");
                assert!((value - theirs).abs() <= bound + 1e-9 && bound < 0.3, "{what}");
                flips += 1;
            } else {
                tally.same(&what, scores.with("", "", facet, name, &part), theirs);
            }
        }
    }
    tally.finish("bias_smclarify", 5 * 4 * 20);
    assert_eq!(flips, 9);
}

#[test]
fn attributions_of_flights() {
    let (Some(document), Some(data)) = (
        oracle("attribution_drift__nyc_flights_2013.json"),
        shared("real/nyc_flights_2013/attributions.parquet"),
    ) else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    sandbox.write(
        "driftscan.toml",
        "[roles]\nid = \"event_id\"\ntimestamp = \"event_ts\"\n\
         [attribution]\ncolumns = [\"attr_*\"]\n[windows]\ntimezone = \"America/New_York\"\nevery = \"1mo\"\n",
    );
    sandbox.expect(0, &format!("baseline {data} --out base --to 2013-02-01 -q"));
    sandbox.expect(0, &format!("backfill {data} --baseline base --out results -q"));
    let (scores, mut tally) = (Scores::of_table(&sandbox.path("results")), Tally::default());
    let mut compare = |window: &str, entry: &Value| {
        let date = format!("{}-01", &window[window.len() - 7..]);
        for (column, theirs) in entry["mean_abs"].as_object().unwrap() {
            let feature = column.strip_prefix("attr_").unwrap();
            let found = scores.with(&date, "", feature, "importance", "mean_abs");
            tally.same(&format!("{window} {feature}"), found, theirs.as_f64().unwrap());
            assert_eq!(found.rows, entry["rows"].as_i64().unwrap(), "{window} {feature}");
        }
        if let Some(theirs) = entry["ndcg_gain_is_baseline_mean_abs"].as_f64() {
            tally.same(&format!("{window} ndcg"), scores.of(&date, "ndcg"), theirs);
        }
    };
    compare("New York month 2013-01", &document["baseline"]);
    for entry in document["entries"].as_array().unwrap() {
        compare(entry["window"].as_str().unwrap(), entry);
    }
    tally.finish("attribution_drift", 12 * 18 + 11);
}

fn document(path: &str) -> Option<Value> {
    Some(serde_json::from_slice(&fs::read(shared(&format!("model-monitor/{path}"))?).unwrap()).unwrap())
}

#[test]
fn the_churn_model_is_as_its_model_quality_job_said() {
    let (Some(data), Some(a), Some(b)) = (
        shared("model-monitor/churn/validation_with_predictions.csv"),
        document("reports/churn-model-quality-a-constraint_violations.json"),
        document("reports/churn-model-quality-b-constraint_violations.json"),
    ) else {
        return;
    };
    let (sandbox, data) = (Sandbox::new(), data.display());
    sandbox.write(
        "driftscan.toml",
        "[roles]\nprediction = \"prediction\"\nprobability = \"probability\"\nlabel = \"label\"\n",
    );
    sandbox.expect(0, &format!("baseline {data} --out base -q"));
    let scores = Scores::of_check(&sandbox.expect(0, &format!("check {data} {CHECK}")).json());
    let mut tally = Tally::default();
    let violations = [&a, &b].map(|report| report["violations"].as_array().unwrap());
    for violation in violations.into_iter().flatten() {
        // `truePositiveRate` there is `true_positive_rate` here.
        let spelt = |c: char| if c.is_uppercase() { format!("_{}", c.to_lowercase()) } else { c.to_string() };
        let name: String = violation["metric_name"].as_str().unwrap().chars().map(spelt).collect();
        // The threshold is what the baseline had.
        let text = violation["description"].as_str().unwrap();
        let threshold = text.split('\'').nth(1).unwrap().parse().unwrap();
        let found = scores.of("", &name);
        tally.same(&name, found, threshold);
        assert_eq!((found.rows, found.baseline_value), (201, found.value), "{name}");
    }
    tally.finish("churn, Model Monitor", 19);
}

#[test]
fn the_adult_samples_are_as_their_bias_jobs_said() {
    let mut tally = Tally::default();
    // Lines as the merge of ground truth writes them; a batch has no time, so its folder says the hour.
    for (name, place) in
        [("batch-json", "captures/2022/08/29/01/a.jsonl"), ("endpoint-json", "captures/a.jsonl")]
    {
        let (Some(line), Some(report)) = (
            document(&format!("capture-samples/merged-{name}.json")),
            document(&format!("reports/adult-{name}-constraint_violations.json")),
        ) else {
            return;
        };
        let sandbox = Sandbox::new();
        sandbox.write(place, format!("{line}\n"));
        sandbox.write(
            "driftscan.toml",
            "[roles]\nlabel = \"ground_truth.label\"\nprediction = \"predicted_label\"\nprobability = \"score\"\n\
             [[bias]]\nfacet = \"features.9\"\ndisadvantaged = [0]\ngroup = \"features.0\"\n",
        );
        sandbox.expect(0, "baseline captures --out base -q");
        let scores = Scores::of_check(&sandbox.expect(0, &format!("check captures {CHECK}")).json());
        let of = |metric: &str| -> &Score { scores.with("", "", "features.9", metric, "/group=0/") };
        assert_eq!((of("CI").rows, scores.of("", "accuracy").rows), (110, 334));
        for violation in report["violations"].as_array().unwrap() {
            let metric = violation["metric_name"].as_str().unwrap();
            let text = violation["description"].as_str().unwrap();
            match (metric, text.split(' ').nth(2).unwrap().parse::<f64>().unwrap()) {
                ("FT", _) => {}
                (_, theirs) if theirs.is_finite() => tally.same(metric, of(metric), theirs),
                // Infinite there; a reason here.
                _ => {
                    let undefined = of(metric);
                    assert_eq!((undefined.value, undefined.status.as_str()), (None, "not_comparable"));
                    assert!(!undefined.reason.is_empty(), "{metric}");
                }
            }
        }
    }
    tally.finish("adult, Model Monitor", 14);
}
