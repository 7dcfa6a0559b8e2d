//! The electricity market of New South Wales: its concept drift raises the score in the months in which the model fails, and
//! the drift of its inputs alone does not. Skipped where the data is not beside the workspace.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use quality::concept::{Classes, Means, Score, Undefined, change, decompose, uneven_change};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

const FEATURES: [&str; 6] = ["period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"];

/// One half-hour: features, then the score, and whether the price rose.
struct Record {
    month: String,
    values: Vec<f64>,
    label: bool,
}

fn data() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.is_dir().then_some(folder)
}

fn batches(name: &str) -> Vec<RecordBatch> {
    let file = File::open(data().unwrap().join("real/elec2").join(name)).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect()
}

fn column(batch: &RecordBatch, name: &str, kind: &DataType) -> ArrayRef {
    arrow_cast::cast(batch.column_by_name(name).unwrap(), kind).unwrap()
}

fn records() -> Vec<Record> {
    let mut labels = BTreeMap::new();
    for batch in batches("labels.parquet") {
        let (ids, up) =
            (column(&batch, "event_id", &DataType::Int64), column(&batch, "up", &DataType::Int64));
        let (ids, up) = (ids.as_primitive::<Int64Type>(), up.as_primitive::<Int64Type>());
        labels.extend((0..batch.num_rows()).map(|row| (ids.value(row), up.value(row) == 1)));
    }
    let mut records = Vec::new();
    for batch in batches("predictions.parquet") {
        let ids = column(&batch, "event_id", &DataType::Int64);
        let time =
            batch.column_by_name("event_ts").unwrap().as_primitive::<TimestampMicrosecondType>().clone();
        let names = FEATURES.iter().chain(&["up_prob"]);
        let columns: Vec<ArrayRef> = names.map(|name| column(&batch, name, &DataType::Float64)).collect();
        for row in 0..batch.num_rows() {
            records.push(Record {
                month: time.value_as_datetime(row).unwrap().format("%Y-%m").to_string(),
                values: columns
                    .iter()
                    .map(|column| column.as_primitive::<Float64Type>().value(row))
                    .collect(),
                label: labels[&ids.as_primitive::<Int64Type>().value(row)],
            });
        }
    }
    records
}

/// Deciles of the baseline for each column.
fn edges(baseline: &[Record]) -> Vec<Vec<f64>> {
    let of_column = |i: usize| {
        let mut values: Vec<f64> = baseline.iter().map(|record| record.values[i]).collect();
        values.sort_unstable_by(f64::total_cmp);
        let mut edges: Vec<f64> = (1..10).map(|decile| values[decile * values.len() / 10]).collect();
        edges.dedup();
        edges
    };
    (0..=FEATURES.len()).map(of_column).collect()
}

/// Scores of each month: of every feature given the score, then of the score, with labels as `label` has them. A feature that
/// hardly varies in the baseline has none.
fn scores(
    records: &[Record],
    rows: usize,
    label: impl Fn(usize, &Record) -> bool,
) -> BTreeMap<String, Vec<Option<Score>>> {
    let edges = edges(&records[..rows]);
    let bins: Vec<usize> = edges.iter().map(|edges| edges.len() + 1).collect();
    let score = FEATURES.len();
    let state = || -> Vec<Classes> {
        (0..=score).map(|i| Classes::new(bins[i], if i == score { 1 } else { bins[score] }, 2)).collect()
    };
    let (mut baseline, mut months) = (state(), BTreeMap::new());
    for (row, record) in records.iter().enumerate() {
        let bin = |i: usize| edges[i].partition_point(|edge| *edge <= record.values[i]);
        let label = usize::from(label(row, record));
        let side =
            if row < rows { &mut baseline } else { months.entry(record.month.clone()).or_insert_with(state) };
        for (i, classes) in side.iter_mut().enumerate() {
            classes.observe(bin(i), if i == score { 0 } else { bin(score) }, label, 1);
        }
    }
    let compare = |side: Vec<Classes>| {
        let one = |(i, (before, now)): (usize, (&Classes, Classes))| match uneven_change(before, &now) {
            _ if i == score => Some(change(before, &now).unwrap()),
            Err(reason) => {
                assert_eq!(reason, Undefined::OneBin);
                None
            }
            Ok(score) => Some(score),
        };
        baseline.iter().zip(side).enumerate().map(one).collect()
    };
    months.into_iter().map(|(month, side)| (month, compare(side))).collect()
}

fn alarmed(score: &Score) -> bool {
    score.p_value < 0.01 && score.value - score.expected > 0.03
}

#[expect(clippy::print_stderr, reason = "what was found or skipped is what the test is worth")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn excesses(scores: &[Option<Score>]) -> String {
    let one = |score: &Option<Score>| match score {
        Some(score) => {
            format!("{:+.3}{}", score.value - score.expected, if alarmed(score) { "!" } else { " " })
        }
        None => "-".to_owned(),
    };
    scores.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Rows of the first 28 days, on which the model was fitted.
const BASELINE_ROWS: usize = 28 * 48;

/// Mean of the squared errors of probabilities in each month, as scikit-learn computed it.
fn brier_scores() -> BTreeMap<String, f64> {
    let text = std::fs::read(data().unwrap().join("oracle/quality_sklearn__elec2.json")).unwrap();
    let quality: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let of_entry = |entry: &serde_json::Value| {
        let month = entry["window"].as_str().unwrap().trim_start_matches("event month ").to_owned();
        (month, entry["binary"]["brier"].as_f64().unwrap())
    };
    quality["entries"].as_array().unwrap().iter().map(of_entry).collect()
}

#[test]
fn the_score_rises_when_the_model_fails() {
    if data().is_none() {
        return say("skipped: no data beside the workspace");
    }
    let brier = brier_scores();
    let found = scores(&records(), BASELINE_ROWS, |_, record| record.label);
    let mut worst: Vec<&String> = found.keys().collect();
    let excess = |month: &String| {
        found[month].last().unwrap().as_ref().map(|score| score.value - score.expected).unwrap()
    };
    for month in &worst {
        say(&format!("{month}: Brier {:.3}, {}", brier[*month], excesses(&found[*month])));
    }
    let mut largest = worst.clone();
    worst.sort_by(|left, right| brier[*right].total_cmp(&brier[*left]));
    largest.sort_by(|left, right| excess(right).total_cmp(&excess(left)));
    // From June 1997 to April 1998, where the Brier score is 0.237 to 0.390, in place of about 0.15.
    for month in &worst[..11] {
        assert!(("1997-06".."1998-05").contains(&month.as_str()));
        assert!(
            found[*month].last().unwrap().as_ref().is_some_and(alarmed) && excess(month) > 0.14,
            "{month}"
        );
    }
    let among = worst[..10].iter().filter(|month| largest[..10].contains(month)).count();
    assert!(among >= 9, "{among}");
}

#[test]
fn most_of_the_loss_comes_from_the_relation() {
    if data().is_none() {
        return say("skipped: no data beside the workspace");
    }
    let (brier, records, score) = (brier_scores(), records(), FEATURES.len());
    let edges = &edges(&records[..BASELINE_ROWS])[score];
    let mut baseline = Means::new(edges.len() + 1, 1);
    let mut months: BTreeMap<&str, Means> = BTreeMap::new();
    for (row, record) in records.iter().enumerate() {
        let bin = edges.partition_point(|edge| *edge <= record.values[score]);
        let error = record.values[score] - f64::from(u8::from(record.label));
        let month = months.entry(&record.month).or_insert_with(|| Means::new(edges.len() + 1, 1));
        month.observe(bin, 0, error * error, 1);
        if row < BASELINE_ROWS {
            baseline.observe(bin, 0, error * error, 1);
        }
    }
    for (month, means) in &months {
        let parts = decompose(&baseline, means).unwrap();
        assert!((parts.value - brier[*month]).abs() < 1e-9, "{month}: {} {}", parts.value, brier[*month]);
        let (inputs, relation) = (parts.inputs, parts.relation);
        say(&format!(
            "{month}: {:+.3} = inputs {:+.3} ({:.3}) + relation {:+.3} ({:.3})",
            parts.value - parts.baseline_value,
            inputs.value,
            inputs.standard_error,
            relation.value,
            relation.standard_error,
        ));
        if ("1997-06".."1998-05").contains(month) {
            assert!(relation.value > 0.05 && relation.p_value() < 1e-6, "{month}");
            assert!(relation.value > 2.0 * inputs.value.abs(), "{month}");
        }
    }
}

#[test]
fn the_inputs_alone_do_not_raise_it() {
    if data().is_none() {
        return say("skipped: no data beside the workspace");
    }
    let records = records();
    let (mut alarms, mut comparisons) = (0, 0);
    for seed in 0..5 {
        // The same inputs with labels that follow from the score as they always did.
        let mut random = Pcg64::seed_from_u64(seed);
        let labels: Vec<bool> =
            records.iter().map(|record| random.random::<f64>() < record.values[FEATURES.len()]).collect();
        for (month, scores) in scores(&records, BASELINE_ROWS, |row, _| labels[row]) {
            comparisons += scores.iter().flatten().count();
            alarms += scores.iter().flatten().filter(|score| alarmed(score)).count();
            if seed == 0 {
                say(&format!("{month}: {}", excesses(&scores)));
            }
        }
    }
    say(&format!("{alarms} alarms of {comparisons} comparisons"));
    assert!(comparisons > 600 && alarms * 50 <= comparisons, "{alarms} of {comparisons}");
}
