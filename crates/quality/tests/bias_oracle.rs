//! Bias metrics against reference values that smclarify computed from real rows, where present.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use quality::bias::{self, Condition, Convention, Facet, NEIGHBOURS, Row, Rows, Tally, Value, flip_test};

/// The folder of data, which lies beside the workspace and may be absent.
fn data() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.is_dir().then_some(folder)
}

/// One survey answer: columns as text, `event_id` to join by.
type Record = BTreeMap<String, String>;

fn text(column: &dyn Array, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    macro_rules! number {
        ($($kind:ty),*) => {
            $(if let Some(values) = column.as_primitive_opt::<$kind>() {
                return Some(values.value(row).to_string());
            })*
        };
    }
    number!(Int8Type, Int16Type, Int32Type, Int64Type, Float64Type);
    if let Some(values) = column.as_string_opt::<i32>() {
        return Some(values.value(row).to_owned());
    }
    column.as_string_opt::<i64>().map(|values| values.value(row).to_owned())
}

fn records(path: &Path) -> Vec<Record> {
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let of_batch = |batch: RecordBatch| {
        let record = |row: usize| -> Record {
            let cell =
                |(field, column): (&std::sync::Arc<arrow_schema::Field>, &std::sync::Arc<dyn Array>)| {
                    text(column, row).map(|value| (field.name().clone(), value))
                };
            batch.schema().fields().iter().zip(batch.columns()).filter_map(cell).collect()
        };
        (0..batch.num_rows()).map(record).collect::<Vec<_>>()
    };
    reader.flat_map(|batch| of_batch(batch.unwrap())).collect()
}

/// Files of a folder whose partition starts so, in order.
fn parts(folder: &Path, starts: &str) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.retain(|part| part.file_name().unwrap().to_str().unwrap().starts_with(starts));
    parts.sort();
    parts.into_iter().map(|part| part.join("part-0.parquet")).collect()
}

/// The rows of a window of the reference file.
fn window(folder: &Path, labels: &BTreeMap<String, String>, name: &str) -> Vec<Record> {
    let Some(month) = name.strip_prefix("predictions ") else {
        return records(&folder.join(name));
    };
    let month = month.split(' ').next().unwrap().trim_end_matches('*');
    let mut rows: Vec<Record> =
        parts(&folder.join("predictions"), month).iter().flat_map(|path| records(path)).collect();
    rows.retain_mut(|row| {
        let label = labels.get(&row["event_id"]);
        label.is_some_and(|label| row.insert("employed".to_owned(), label.clone()).is_none())
    });
    rows
}

fn facet(entry: &serde_json::Value) -> Facet {
    let values = entry["sensitive_values_or_threshold"].as_array().unwrap();
    match values[0].as_f64() {
        Some(threshold) => Facet::Group(Condition::Above(threshold)),
        None => Facet::Group(Condition::OneOf(
            values.iter().map(|value| value.as_str().unwrap().to_owned()).collect(),
        )),
    }
}

fn tally(rows: &[Record], facet: &Facet, entry: &serde_json::Value) -> Tally {
    let column = |key: &str| entry[key].as_str().unwrap();
    let positive = Condition::OneOf(vec!["1".to_owned()]);
    let mut tally = Tally::default();
    for row in rows {
        let of = |key: &str| row.get(column(key)).map(|text| Value::Text(text));
        let holds = |key: &str| of(key).and_then(|value| positive.holds(value).unwrap());
        let name = of("facet").and_then(|value| facet.name(value).unwrap());
        let row = Row {
            facet: name.as_deref(),
            stratum: row.get(column("group_variable")).map(String::as_str),
            label: holds("label"),
            prediction: holds("predicted_label"),
        };
        tally.observe(row, 1);
    }
    tally
}

/// Features and predictions of the group, or of the rest.
fn side(rows: &[Record], entry: &serde_json::Value, in_group: bool) -> (Vec<f64>, Vec<bool>) {
    let Facet::Group(condition) = facet(entry) else { unreachable!() };
    let column = entry["facet"].as_str().unwrap();
    let of_side = |row: &&Record| condition.holds(Value::Text(&row[column])) == Ok(Some(in_group));
    let features = entry["flip_test_features"].as_array().unwrap();
    let (mut values, mut predictions) = (Vec::new(), Vec::new());
    for row in rows.iter().filter(of_side) {
        let number = |name: &serde_json::Value| {
            let text = row.get(name.as_str().unwrap());
            text.and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
        };
        values.extend(features.iter().map(number));
        predictions.push(row["prediction"] == "1");
    }
    (values, predictions)
}

#[test]
#[expect(clippy::print_stderr, reason = "what was compared or skipped is what the test is worth")]
fn values_of_smclarify() {
    let Some(data) = data() else { return eprintln!("skipped: no reference values beside the workspace") };
    let text = std::fs::read(data.join("oracle/bias_smclarify__ma_employment.json")).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let folder = data.join("real/ma_employment");
    let labels: BTreeMap<String, String> = parts(&folder.join("labels"), "label_month")
        .iter()
        .flat_map(|path| records(path))
        .map(|mut row| (row.remove("event_id").unwrap(), row.remove("employed").unwrap()))
        .collect();
    let mut windows: BTreeMap<&str, Vec<Record>> = BTreeMap::new();
    let (mut compared, mut worst, mut flips) = (0, 0.0_f64, Vec::new());
    for entry in document["entries"].as_array().unwrap() {
        let name = entry["window"].as_str().unwrap();
        let rows = windows.entry(name).or_insert_with(|| window(&folder, &labels, name));
        assert_eq!(rows.len() as u64, entry["rows"].as_u64().unwrap(), "{name}");
        let facet = facet(entry);
        let tally = tally(rows, &facet, entry);
        let (_, table) = facet.tables(&tally).remove(0);
        let before = compared;
        for theirs in entry["result"][0]["metrics"].as_array().unwrap() {
            let metric = bias::metric(theirs["name"].as_str().unwrap()).unwrap();
            let theirs = theirs["value"].as_f64().unwrap();
            compared += 1;
            if metric.name == "FT" {
                let (features, predictions) = side(rows, entry, false);
                let rest = Rows { features: &features, predictions: &predictions };
                let (features, predictions) = side(rows, entry, true);
                let group = Rows { features: &features, predictions: &predictions };
                let width = entry["flip_test_features"].as_array().unwrap().len();
                flips.push((flip_test(width, rest, group, NEIGHBOURS).unwrap(), theirs));
                continue;
            }
            for convention in [Convention::Strict, Convention::Compat] {
                let ours = metric.value(&table, convention).unwrap();
                let apart = (ours - theirs).abs() / theirs.abs().max(1e-3);
                assert!(
                    apart <= 1e-9,
                    "{name} {} {}: {ours} here, {theirs} there",
                    entry["facet"],
                    metric.name
                );
                worst = worst.max(apart);
            }
        }
        assert!(compared - before >= 8);
    }
    let exact = flips.iter().filter(|(ours, theirs)| (ours.value - theirs).abs() < 1e-9).count();
    for (ours, theirs) in &flips {
        eprintln!("FT {ours:?}, {theirs} there");
        assert!(ours.low - 1e-9 <= *theirs && *theirs <= ours.high + 1e-9, "{ours:?} here, {theirs} there");
    }
    eprintln!(
        "bias_smclarify: {compared} values compared, worst {worst:e}; {exact} of {} flip tests equal, the others among ties",
        flips.len()
    );
    assert!(compared >= 400 && flips.len() == 9, "only {compared} values compared");
}
