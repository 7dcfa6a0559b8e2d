//! Outcomes as rows: one for each source, window and segment.

use std::sync::Arc;

use arrow_array::{
    Array, BinaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, cast::AsArray,
    types::TimestampMicrosecondType,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

use super::{Form, Outcomes};
use crate::window::Window;

/// What was counted of one source, window and segment, as it is written down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredOutcomes {
    /// Id of the source.
    pub(crate) source: Arc<str>,
    /// Which version of it.
    pub(crate) version: Arc<str>,
    /// Digest of the form, windows and segments.
    pub(crate) spec: Arc<str>,
    pub(crate) window: Window,
    pub(crate) segment: Option<Arc<str>>,
    pub(crate) bytes: Box<[u8]>,
}

impl StoredOutcomes {
    /// Reads it back; the reason says what does not fit.
    pub(crate) fn outcomes(&self, form: &Form) -> Result<Outcomes, String> {
        Outcomes::of_bytes(&self.bytes, form)
    }

    pub(crate) fn schema() -> SchemaRef {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        Arc::new(Schema::new(vec![
            Field::new("monitor", DataType::Utf8, false),
            Field::new("window_start", time.clone(), false),
            Field::new("window_end", time, false),
            Field::new("segment", DataType::Utf8, true),
            Field::new("source", DataType::Utf8, false),
            Field::new("version", DataType::Utf8, false),
            Field::new("spec", DataType::Utf8, false),
            Field::new("format", DataType::Int64, false),
            Field::new("outcomes", DataType::Binary, false),
        ]))
    }

    /// The order of rows in a file.
    pub(crate) fn sort(rows: &mut [Self]) {
        rows.sort_by(|a, b| {
            (a.window, &a.segment, &a.source, &a.version).cmp(&(b.window, &b.segment, &b.source, &b.version))
        });
    }

    pub(crate) fn batch(monitor: &str, rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        let texts = |text: fn(&Self) -> &str| Arc::new(StringArray::from_iter_values(rows.iter().map(text)));
        let times = |time: fn(&Self) -> i64| {
            let times = TimestampMicrosecondArray::from_iter_values(rows.iter().map(time));
            Arc::new(times.with_timezone("UTC"))
        };
        let segments: StringArray = rows.iter().map(|row| row.segment.as_deref()).collect();
        let format = i64::from(sketch::FORMAT_VERSION);
        RecordBatch::try_new(
            Self::schema(),
            vec![
                Arc::new(StringArray::from_iter_values(rows.iter().map(|_| monitor))),
                times(|row| row.window.start),
                times(|row| row.window.end),
                Arc::new(segments),
                texts(|row| &row.source),
                texts(|row| &row.version),
                texts(|row| &row.spec),
                Arc::new(Int64Array::from_value(format, rows.len())),
                Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| &row.bytes))),
            ],
        )
    }

    /// From rows, as [`StoredOutcomes::batch`] makes them; `None` when they are something else.
    pub(crate) fn of_batches(batches: &[RecordBatch]) -> Option<Vec<Self>> {
        let mut stored = Vec::new();
        for batch in batches {
            let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
            let time =
                |name: &str| batch.column_by_name(name)?.as_primitive_opt::<TimestampMicrosecondType>();
            let (starts, ends) = (time("window_start")?, time("window_end")?);
            let (segments, sources) = (text("segment")?, text("source")?);
            let (versions, specs) = (text("version")?, text("spec")?);
            let bytes = batch.column_by_name("outcomes")?.as_binary_opt::<i32>()?;
            stored.extend((0..batch.num_rows()).map(|row| Self {
                source: sources.value(row).into(),
                version: versions.value(row).into(),
                spec: specs.value(row).into(),
                window: Window { start: starts.value(row), end: ends.value(row) },
                segment: segments.is_valid(row).then(|| segments.value(row).into()),
                bytes: bytes.value(row).into(),
            }));
        }
        Some(stored)
    }
}
