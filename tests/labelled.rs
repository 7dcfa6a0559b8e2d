//! What the tests of predictions and labels share: tables joined by hand, scores found by what they are of, and a count of
//! what was compared.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray, UInt64Array,
    cast::AsArray,
    types::{Float64Type, Int64Type, TimestampMicrosecondType},
};
use arrow_select::{concat::concat_batches, filter::filter_record_batch, take::take};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::{
    captures,
    sandbox::Sandbox,
    tables::{self, rows},
};

/// A score, from a table or from what `check` prints.
#[derive(Debug, Clone, Default)]
pub(crate) struct Score {
    pub(crate) method: String,
    pub(crate) value: Option<f64>,
    pub(crate) baseline_value: Option<f64>,
    pub(crate) standard_error: Option<f64>,
    pub(crate) error_bound: Option<f64>,
    pub(crate) rows: i64,
    pub(crate) status: String,
    pub(crate) reason: String,
}

/// Window (its date; nothing for `check`), segment, feature, metric.
type Key = (String, String, String, String);

/// Scores of predictions and labels, by what they are of.
#[derive(Debug, Default)]
pub(crate) struct Scores(BTreeMap<Key, Vec<Score>>);

const FAMILIES: [&str; 4] = ["model_quality", "concept", "bias", "attribution"];

impl Scores {
    /// Those in the table of some results.
    pub(crate) fn of_table(results: &Path) -> Self {
        let mut scores = Self::default();
        for row in rows(&tables::read(results, "scores")) {
            if FAMILIES.contains(&row.text("family")) {
                let key = (row.date(), row.text("segment"), row.text("feature"), row.text("metric"));
                let score = Score {
                    method: row.text("method").to_owned(),
                    value: row.number("value"),
                    baseline_value: row.number("baseline_value"),
                    standard_error: row.number("standard_error"),
                    error_bound: row.number("error_bound"),
                    rows: row.count("rows"),
                    status: row.text("status").to_owned(),
                    reason: row.text("reason").to_owned(),
                };
                scores.add(key.0, [key.1, key.2, key.3], score);
            }
        }
        scores
    }

    /// Those that `check --format json` printed.
    pub(crate) fn of_check(report: &Value) -> Self {
        let mut scores = Self::default();
        for row in report["scores"].as_array().unwrap() {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            if FAMILIES.contains(&text("family")) {
                let score = Score {
                    method: text("method").to_owned(),
                    value: row["value"].as_f64(),
                    baseline_value: row["baseline_value"].as_f64(),
                    standard_error: row["standard_error"].as_f64(),
                    error_bound: row["error_bound"].as_f64(),
                    rows: row["rows"].as_i64().unwrap(),
                    status: text("status").to_owned(),
                    reason: text("reason").to_owned(),
                };
                scores.add(String::new(), [text("segment"), text("feature"), text("metric")], score);
            }
        }
        scores
    }

    fn add(&mut self, window: String, [segment, feature, metric]: [&str; 3], score: Score) {
        let key = (window, segment.to_owned(), feature.to_owned(), metric.to_owned());
        self.0.entry(key).or_default().push(score);
    }

    /// All of a metric; several where methods differ.
    pub(crate) fn all(&self, window: &str, segment: &str, feature: &str, metric: &str) -> &[Score] {
        let key = (window.to_owned(), segment.to_owned(), feature.to_owned(), metric.to_owned());
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The one whose method has this part.
    #[track_caller]
    pub(crate) fn with(
        &self,
        window: &str,
        segment: &str,
        feature: &str,
        metric: &str,
        part: &str,
    ) -> &Score {
        let found: Vec<&Score> = self
            .all(window, segment, feature, metric)
            .iter()
            .filter(|score| score.method.contains(part))
            .collect();
        let what = format!("{window} {segment} {feature} {metric} {part}");
        assert_eq!(
            found.len(),
            1,
            "{what}: {found:#?}, of {:#?}",
            self.0.keys().take(40).collect::<Vec<_>>()
        );
        found[0]
    }

    /// Of a window as a whole, not of one class.
    #[track_caller]
    pub(crate) fn of(&self, window: &str, metric: &str) -> &Score {
        self.of_segment(window, "", metric)
    }

    /// Of a segment as a whole, not of one class.
    #[track_caller]
    pub(crate) fn of_segment(&self, window: &str, segment: &str, metric: &str) -> &Score {
        let all = self.all(window, segment, "", metric);
        let of_all: Vec<&Score> = all.iter().filter(|score| !score.method.contains("/class=")).collect();
        assert_eq!(of_all.len(), 1, "{window} {segment} {metric}: {all:#?}");
        of_all[0]
    }

    /// All of them, window first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Score)> {
        self.0.iter().flat_map(|(key, scores)| scores.iter().map(move |score| (key, score)))
    }

    /// Windows in which a metric has a status.
    pub(crate) fn windows(&self, metric: &str, status: &str) -> Vec<String> {
        let is = |(key, score): &(&Key, &Score)| key.3 == metric && score.status == status;
        let mut windows: Vec<String> = self.iter().filter(is).map(|(key, _)| key.0.clone()).collect();
        windows.dedup();
        windows
    }
}

/// Comparisons made, the largest difference, and those that failed.
#[derive(Default)]
pub(crate) struct Tally {
    compared: usize,
    worst: f64,
    failed: Vec<String>,
}

impl Tally {
    pub(crate) fn within(&mut self, what: &str, ours: Option<f64>, theirs: f64, tolerance: f64) {
        self.compared += 1;
        let apart = ours.map_or(f64::NAN, |ours| (ours - theirs).abs() / theirs.abs().max(1e-3));
        self.worst = self.worst.max(apart);
        if apart.is_nan() || apart > tolerance {
            self.failed.push(format!("{what}: {ours:?} here, {theirs:e} there"));
        }
    }

    /// Compares the value of a score at 1e-9.
    pub(crate) fn same(&mut self, what: &str, ours: &Score, theirs: f64) {
        if ours.error_bound.is_some_and(|bound| bound != 0.0) {
            self.failed.push(format!("{what}: not exact: {ours:?}"));
        }
        self.within(what, ours.value, theirs, 1e-9);
    }

    pub(crate) fn finish(self, what: &str, at_least: usize) {
        println!("{what}: {} values compared, relative difference at most {:.1e}", self.compared, self.worst);
        let first: Vec<_> = self.failed.iter().take(20).cloned().collect();
        assert!(self.failed.is_empty(), "{} differ:\n{}", self.failed.len(), first.join("\n"));
        assert!(self.compared >= at_least, "only {} values compared", self.compared);
    }
}

/// What predictions of [`day`] are, with groups and attributions.
pub(crate) const SETTINGS: &str = r#"
[roles]
timestamp = "ts"
id = "id"
prediction = "decided"
probability = "score"
label = "bought"

[[bias]]
facet = "colour"
disadvantaged = ["red"]

[attribution]
columns = ["shap_*"]
"#;

/// A day as `captures` has it, with decisions, attributions, and labels that follow the score but for a share that is the
/// other way round.
pub(crate) fn day(number: i64, rows: usize, wrong: f64) -> RecordBatch {
    let day = captures::day(number, rows, captures::Mood::Calm);
    let column =
        |name: &str| day.column_by_name(name).unwrap().as_primitive::<Float64Type>().values().to_vec();
    let (scores, amounts) = (column("score"), column("amount"));
    let mut seed = u64::try_from(number + 5_000).unwrap();
    let mut uniform = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(seed >> 33).unwrap()) / f64::from(1_u32 << 31)
    };
    let labels: Int64Array =
        scores.iter().map(|&score| i64::from((uniform() < score) != (uniform() < wrong))).collect();
    let decided: Int64Array = scores.iter().map(|&score| i64::from(score >= 0.5)).collect();
    let of_amount: Float64Array = amounts.iter().map(|amount| amount / 100.0 - 1.0).collect();
    let of_colour: Float64Array = scores.iter().map(|score| score / 4.0).collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("decided", Arc::new(decided)),
        ("bought", Arc::new(labels)),
        ("shap_amount", Arc::new(of_amount)),
        ("shap_colour", Arc::new(of_colour)),
    ];
    columns.into_iter().fold(day, |day, (name, column)| captures::with(&day, name, column))
}

/// The labels of a day, each so many days after its prediction.
pub(crate) fn labels(day: &RecordBatch, days: i64) -> RecordBatch {
    let times = day.column_by_name("ts").unwrap().as_primitive::<TimestampMicrosecondType>();
    let arrived = times.values().iter().map(|time| time + days * captures::DAY);
    let arrived = TimestampMicrosecondArray::from_iter_values(arrived);
    let column = |name: &str| Arc::clone(day.column_by_name(name).unwrap());
    captures::table(&[
        ("id", column("id")),
        ("arrived", Arc::new(arrived.with_timezone("UTC"))),
        ("bought", column("bought")),
    ])
}

/// A sandbox with `baseline/`, made of thirty labelled days, and the settings.
pub(crate) fn with_baseline() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("driftscan.toml", SETTINGS);
    let days: Vec<RecordBatch> = (-30..0).map(|number| day(number, 100, 0.0)).collect();
    captures::write_parquet(&sandbox.path("good/days.parquet"), &days);
    sandbox.expect(0, "baseline good --out baseline -q");
    sandbox
}

/// The rows of a Parquet file, or of all below a folder, in the order of their names.
pub(crate) fn parquet(path: &Path) -> RecordBatch {
    let (mut files, mut folders) = (Vec::new(), vec![path.to_owned()]);
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    let read = |path: &PathBuf| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        reader.build().unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let batches: Vec<RecordBatch> = files.iter().flat_map(read).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// Records with a column of the labels that have their `event_id`; without one it is null, or the row is left out.
pub(crate) fn joined(records: &RecordBatch, labels: &RecordBatch, column: &str, all: bool) -> RecordBatch {
    let ids = |batch: &RecordBatch| -> Vec<String> {
        let column = batch.column_by_name("event_id").unwrap();
        match column.as_string_opt::<i32>() {
            Some(texts) => texts.iter().map(|text| text.unwrap().to_owned()).collect(),
            None => column.as_primitive::<Int64Type>().values().iter().map(i64::to_string).collect(),
        }
    };
    let by_id: HashMap<String, u64> = ids(labels).into_iter().zip(0..).collect();
    let rows: UInt64Array = ids(records).iter().map(|id| by_id.get(id).copied()).collect();
    let taken = take(labels.column_by_name(column).unwrap(), &rows, None).unwrap();
    let batch = captures::with(records, column, taken);
    if all {
        return batch;
    }
    let has_label = (0..rows.len()).map(|row| Some(rows.is_valid(row))).collect();
    filter_record_batch(&batch, &has_label).unwrap()
}
