//! Arrow columns from rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};

use super::Key;

/// Columns of one table, in order.
pub(super) struct Columns<'a, R> {
    rows: &'a [R],
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl<'a, R> Columns<'a, R> {
    pub(super) fn new(rows: &'a [R]) -> Self {
        Self { rows, fields: Vec::new(), arrays: Vec::new() }
    }

    /// The four columns that every table of windows starts with.
    pub(super) fn key(self, key: impl Fn(&R) -> &Key) -> Self {
        self.text("monitor", |row| &key(row).monitor)
            .time("window_start", |row| key(row).window_start)
            .time("window_end", |row| key(row).window_end)
            .optional_text("segment", |row| key(row).segment.as_deref())
    }

    pub(super) fn text(self, name: &str, value: impl Fn(&'a R) -> &'a str) -> Self {
        let array = StringArray::from_iter_values(self.rows.iter().map(value));
        self.push(Field::new(name, DataType::Utf8, false), Arc::new(array))
    }

    pub(super) fn optional_text(self, name: &str, value: impl Fn(&'a R) -> Option<&'a str>) -> Self {
        let array: StringArray = self.rows.iter().map(value).collect();
        self.push(Field::new(name, DataType::Utf8, true), Arc::new(array))
    }

    pub(super) fn time(self, name: &str, value: impl Fn(&R) -> i64) -> Self {
        let array =
            TimestampMicrosecondArray::from_iter_values(self.rows.iter().map(value)).with_timezone("UTC");
        self.push(Field::new(name, time_type(), false), Arc::new(array))
    }

    pub(super) fn optional_time(self, name: &str, value: impl Fn(&R) -> Option<i64>) -> Self {
        let array: TimestampMicrosecondArray = self.rows.iter().map(value).collect();
        self.push(Field::new(name, time_type(), true), Arc::new(array.with_timezone("UTC")))
    }

    /// A number of rows, bytes or files.
    pub(super) fn count(self, name: &str, value: impl Fn(&R) -> u64) -> Self {
        let array = self.rows.iter().map(|row| i64::try_from(value(row)).unwrap_or(i64::MAX));
        let array = Int64Array::from_iter_values(array);
        self.push(Field::new(name, DataType::Int64, false), Arc::new(array))
    }

    /// A number, null where it does not apply. What is not finite is null too: the status says why.
    pub(super) fn number(self, name: &str, value: impl Fn(&R) -> Option<f64>) -> Self {
        let array: Float64Array = self.rows.iter().map(|row| value(row).filter(|v| v.is_finite())).collect();
        self.push(Field::new(name, DataType::Float64, true), Arc::new(array))
    }

    pub(super) fn push(mut self, field: Field, array: ArrayRef) -> Self {
        self.fields.push(field);
        self.arrays.push(array);
        self
    }

    pub(super) fn finish(self) -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.arrays)
    }
}

fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}
