//! `histograms`: what a chart needs.

use std::sync::Arc;

use arrow_array::{Int32Array, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field};

use super::{Key, columns::Columns};

/// One bin of one feature.
#[derive(Debug, Clone)]
pub struct HistogramRow {
    /// Monitor, window, segment.
    pub key: Key,
    /// Feature.
    pub feature: Arc<str>,
    /// Position of the bin.
    pub bin: i32,
    /// Label.
    pub label: String,
    /// Lower edge (inclusive); `None` if open or not a number.
    pub lower: Option<f64>,
    /// Upper edge (exclusive); `None` if open or not a number.
    pub upper: Option<f64>,
    /// Rows of the baseline.
    pub baseline_rows: u64,
    /// Rows of the window.
    pub rows: u64,
    /// Share of the baseline's rows, 0 to 1.
    pub baseline_ratio: f64,
    /// Share of the window's rows, 0 to 1.
    pub ratio: f64,
}

impl HistogramRow {
    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        let bins = Int32Array::from_iter_values(rows.iter().map(|row| row.bin));
        Columns::new(rows)
            .key(|row| &row.key)
            .text("feature", |row| &row.feature)
            .push(Field::new("bin", DataType::Int32, false), Arc::new(bins))
            .text("label", |row| &row.label)
            .number("lower", |row| row.lower)
            .number("upper", |row| row.upper)
            .count("baseline_rows", |row| row.baseline_rows)
            .count("rows", |row| row.rows)
            .number("baseline_ratio", |row| Some(row.baseline_ratio))
            .number("ratio", |row| Some(row.ratio))
            .finish()
    }
}
