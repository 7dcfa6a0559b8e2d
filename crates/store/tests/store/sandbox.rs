//! A temporary folder, a store, and captures made from a few numbers.

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Columns, Error, Location, Plan, PlanOptions, PlanStatus, Store, Task};

pub(crate) const HOUR: i64 = 3_600_000_000;
pub(crate) const DAY: i64 = 24 * HOUR;
/// 2013-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_356_998_400_000_000;

pub(crate) struct Sandbox {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), store: Store::new(2).unwrap() }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    pub(crate) fn location(&self, text: &str) -> Location {
        Location::parse(text, self.folder.path()).unwrap()
    }

    pub(crate) fn put(&self, relative: &str, content: &[u8]) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn plan(&self, text: &str) -> Result<Plan, Error> {
        self.plan_with(text, &timed(None))
    }

    pub(crate) fn plan_range(&self, text: &str, from: i64, to: i64) -> Plan {
        self.plan_with(text, &timed(Some((from, to)))).unwrap()
    }

    pub(crate) fn plan_with(&self, text: &str, options: &PlanOptions) -> Result<Plan, Error> {
        self.store.plan(&self.location(text), options, &|_| {})
    }

    /// Every batch of a plan, or the first error of each task.
    pub(crate) fn rows(&self, plan: Plan, columns: Columns) -> Vec<Result<RecordBatch, Error>> {
        self.store.scan(&Arc::new(plan), columns, 1 << 20).flat_map(|task| batches(&task)).collect()
    }
}

/// Every batch of a task.
pub(crate) fn batches(task: &Task) -> Vec<Result<RecordBatch, Error>> {
    task.batches(None).collect()
}

pub(crate) fn timed(range: Option<(i64, i64)>) -> PlanOptions {
    PlanOptions { timestamp: Some("event_ts".to_owned()), range, ..PlanOptions::default() }
}

/// Names of the ready sources.
pub(crate) fn ready(plan: &Plan) -> Vec<String> {
    let ready = plan.sources.iter().filter(|source| source.status == PlanStatus::Ready);
    ready.map(|source| source.source.path.clone()).collect()
}

/// Why the only source of a plan was set aside.
pub(crate) fn quarantine(plan: &Plan) -> String {
    match &plan.sources[0].status {
        PlanStatus::Quarantined(reason) => reason.clone(),
        status => panic!("expected one source in quarantine, found {status:?}"),
    }
}

/// `rows` rows, one an hour from `start`: `event_ts` in UTC, `x` counting up, `s` a few names.
pub(crate) fn batch(start: i64, rows: usize) -> RecordBatch {
    let hours = 0..i64::try_from(rows).unwrap();
    let times = TimestampMicrosecondArray::from_iter_values(hours.clone().map(|hour| start + hour * HOUR));
    let numbers = Float64Array::from_iter_values(hours.clone().map(|hour| hour as f64));
    let names = StringArray::from_iter_values(hours.map(|hour| format!("name{}", hour % 7)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("event_ts", Arc::new(times.with_timezone("UTC"))),
        ("x", Arc::new(numbers)),
        ("s", Arc::new(names)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// One column of times without a zone or with a strange unit, by way of a cast of its type.
pub(crate) fn time_column(array: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter(vec![("event_ts", array)]).unwrap()
}

pub(crate) fn parquet(batch: &RecordBatch) -> Vec<u8> {
    parquet_grouped(batch, 1 << 20, Compression::SNAPPY)
}

pub(crate) fn parquet_grouped(batch: &RecordBatch, group_rows: usize, compression: Compression) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group_rows))
        .set_compression(compression)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

/// A file without a row, and without a row group.
pub(crate) fn no_rows() -> Vec<u8> {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let schema = Arc::new(Schema::new(vec![Field::new("event_ts", utc, true)]));
    ArrowWriter::try_new(Vec::new(), schema, None).unwrap().into_inner().unwrap()
}

pub(crate) fn count(batches: &[Result<RecordBatch, Error>]) -> usize {
    batches.iter().map(|batch| batch.as_ref().unwrap().num_rows()).sum()
}

/// Runs one test of this binary in a process of its own, with other variables or another user.
pub(crate) fn child(test: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]);
    command
}

pub(crate) fn is_root(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(folder).unwrap().uid() == 0
}
