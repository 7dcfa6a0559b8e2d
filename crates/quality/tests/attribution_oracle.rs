//! Aggregates and NDCG against values of scikit-learn and documents of real Clarify jobs, where present.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs::File;
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use quality::attribution::{
    Aggregate, Attributions, Importance, THRESHOLD, Undefined, analyses, dcg, ndcg, shift,
};
use serde_json::Value;

/// The folder of data, which lies beside the workspace and may be absent.
fn data() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.is_dir().then_some(folder)
}

#[expect(clippy::print_stderr, reason = "what was compared or skipped is what the test is worth")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn document(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(data().unwrap().join(path)).unwrap()).unwrap()
}

/// Comparisons made, and the worst of them.
#[derive(Default)]
struct Tally {
    compared: usize,
    worst: f64,
}

impl Tally {
    fn values(&mut self, what: &str, ours: f64, theirs: f64) {
        let apart = (ours - theirs).abs() / theirs.abs().max(1e-3);
        assert!(apart <= 1e-9, "{what}: {ours} here, {theirs} there");
        self.compared += 1;
        self.worst = self.worst.max(apart);
    }
}

/// First microsecond of each month of 2013 in New York, and of the next year.
fn months() -> Vec<i64> {
    // Days before each month; standard time is five hours behind, daylight time (10 March to 3 November) four.
    let days = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let midnight = 1_356_998_400;
    let hours = |month: usize| if (3..=10).contains(&month) { 4 } else { 5 };
    days.iter().enumerate().map(|(i, day)| (midnight + day * 86_400 + hours(i) * 3600) * 1_000_000).collect()
}

/// Attributions of each month.
fn attributions() -> Vec<Attributions> {
    let file = File::open(data().unwrap().join("real/nyc_flights_2013/attributions.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let schema = batches[0].schema();
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .filter(|name| name.starts_with("attr_"))
        .collect();
    let months = months();
    let mut found = vec![Attributions::new(names.iter().copied()); 12];
    for batch in &batches {
        let times =
            batch.column_by_name("event_ts").unwrap().as_primitive::<TimestampMicrosecondType>().clone();
        let columns: Vec<_> = names
            .iter()
            .map(|name| {
                arrow_cast::cast(batch.column_by_name(name).unwrap(), &arrow_schema::DataType::Float64)
                    .unwrap()
            })
            .collect();
        for row in 0..batch.num_rows() {
            let month = months.partition_point(|start| *start <= times.value(row)) - 1;
            let value = |column: &std::sync::Arc<dyn Array>| {
                let column = column.as_primitive::<Float64Type>();
                if column.is_null(row) { f64::NAN } else { column.value(row) }
            };
            found[month].observe(&columns.iter().map(value).collect::<Vec<f64>>());
        }
    }
    found
}

fn rows_and_means(tally: &mut Tally, what: &str, importances: &[Importance], theirs: &Value) {
    assert_eq!(importances.len(), 18);
    for importance in importances {
        assert_eq!(importance.rows, theirs["rows"].as_u64().unwrap(), "{what}");
        let mean = theirs["mean_abs"][&importance.feature].as_f64().unwrap();
        tally.values(&format!("{what} {}", importance.feature), importance.value, mean);
    }
}

#[test]
fn flights_by_month() {
    if data().is_none() {
        return say("skipped: no reference values beside the workspace");
    }
    let reference = document("oracle/attribution_drift__nyc_flights_2013.json");
    let months: Vec<Vec<Importance>> =
        attributions().iter().map(|month| month.importances(Aggregate::MeanAbs)).collect();
    let mut tally = Tally::default();
    rows_and_means(&mut tally, "January", &months[0], &reference["baseline"]);
    for (month, entry) in months[1..].iter().zip(reference["entries"].as_array().unwrap()) {
        let what = entry["window"].as_str().unwrap();
        rows_and_means(&mut tally, what, month, entry);
        let found = shift(&months[0], month, 0).unwrap();
        tally.values(what, found.ndcg, entry["ndcg_sklearn"].as_f64().unwrap());
        tally.values(what, found.rank_correlation.unwrap(), entry["spearman"].as_f64().unwrap());
        tally.values(what, found.moved_ratio, entry["l1_of_normalised"].as_f64().unwrap());
        let sizes = |importances: &[Importance]| importances.iter().map(|i| i.value).collect::<Vec<f64>>();
        let first = ndcg(&sizes(&months[0]), &sizes(month), Some(5)).unwrap();
        tally.values(what, first, entry["ndcg_at_5_sklearn"].as_f64().unwrap());
        let mut order: Vec<_> = found.movers.iter().collect();
        order.sort_by(|left, right| left.rank.total_cmp(&right.rank));
        for (mover, theirs) in order.iter().zip(entry["live_order"].as_array().unwrap()) {
            assert_eq!(mover.feature, *theirs, "{what}");
            tally.compared += 1;
        }
        let most = &found.movers[0];
        say(&format!(
            "{what}: NDCG {:.4}, expected {:.4}, p {:.3}; {} {:+.3} (p {:.1e})",
            found.ndcg,
            found.expected.unwrap(),
            found.p_value.unwrap(),
            most.feature,
            most.ratio_change(),
            most.p_value.unwrap(),
        ));
        assert!(found.ndcg > THRESHOLD);
    }
    say(&format!("attribution_drift: {} values compared, worst {:e}", tally.compared, tally.worst));
    assert!(tally.compared >= 450);
}

#[test]
fn small_inputs_with_ties() {
    if data().is_none() {
        return say("skipped: no reference values beside the workspace");
    }
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let mut tally = Tally::default();
    for case in document("oracle/micro.json")["ndcg"].as_array().unwrap() {
        let (gains, scores) = (numbers(&case["gains"]), numbers(&case["scores"]));
        for (name, theirs) in case["values"].as_object().unwrap() {
            let (measure, most) = name.split_once("_at_").unwrap();
            if most.ends_with("ignore_ties") {
                continue;
            }
            let (what, most) = (format!("{} {name}", case["name"]), most.parse().ok());
            match (measure, theirs.as_f64().unwrap()) {
                ("dcg", theirs) => tally.values(&what, dcg(&gains, &scores, most).unwrap(), theirs),
                // Without a gain there is no order to keep; scikit-learn says 0.
                (_, theirs) if gains.iter().all(|gain| *gain <= 0.0) => {
                    assert_eq!(
                        (ndcg(&gains, &scores, most), theirs),
                        (Err(Undefined::NoGain), 0.0),
                        "{what}"
                    );
                    tally.compared += 1;
                }
                (_, theirs) => tally.values(&what, ndcg(&gains, &scores, most).unwrap(), theirs),
            }
        }
    }
    say(&format!("micro: {} values compared, worst {:e}", tally.compared, tally.worst));
    assert!(tally.compared >= 30, "{}", tally.compared);
}

#[test]
fn documents_of_clarify() {
    if data().is_none() {
        return say("skipped: no reports beside the workspace");
    }
    for (name, features, first, value, expected) in [
        (
            "adult-shap-batch-jsonlines-baseline-analysis",
            14,
            "Education-Num",
            0.099_145_149_271_645_37,
            0.250_623_226_165_771,
        ),
        (
            "churn-shap-batch-csv-baseline-analysis",
            69,
            "Day Mins",
            0.040_536_113_796_899_004,
            0.008_322_875_015_437_603,
        ),
        (
            "fraud-clarify-explainability-analysis",
            45,
            "customer_gender_male",
            0.010_890_494_766_013_24,
            0.021_365_880_966_186_523,
        ),
    ] {
        let text =
            std::fs::read_to_string(data().unwrap().join(format!("model-monitor/reports/{name}.json")))
                .unwrap();
        let found = analyses(&text).unwrap();
        let [analysis] = found.as_slice() else { unreachable!("one label") };
        assert_eq!((analysis.method.as_str(), analysis.label.as_str()), ("kernel_shap", "label0"));
        assert_eq!((analysis.importances.len(), analysis.expected_value), (features, Some(expected)));
        let most = analysis.importances.iter().max_by(|a, b| a.value.total_cmp(&b.value)).unwrap();
        assert_eq!((most.feature.as_str(), most.value), (first, value));
        let same = shift(&analysis.importances, &analysis.importances, 0).unwrap();
        assert_eq!((same.ndcg, same.expected, same.rank_correlation.map(f64::round)), (1.0, None, Some(1.0)));
    }
}
