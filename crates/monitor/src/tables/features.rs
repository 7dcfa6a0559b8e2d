//! `features`: one row a window, segment and feature.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::{Key, columns::Columns};

/// Shares at which quantiles are reported, with the names of their columns.
pub(crate) const QUANTILES: [(&str, f64); 9] = [
    ("p01", 0.01),
    ("p05", 0.05),
    ("p10", 0.10),
    ("p25", 0.25),
    ("p50", 0.50),
    ("p75", 0.75),
    ("p90", 0.90),
    ("p95", 0.95),
    ("p99", 0.99),
];

/// What a feature looks like in a window. For text, `min` to `p99` describe nothing and are null.
#[derive(Debug, Clone)]
pub struct FeatureRow {
    /// Monitor, window, segment.
    pub key: Key,
    /// Feature.
    pub feature: Arc<str>,
    /// Rows, nulls and so on.
    pub counts: sketch::Counts,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Population standard deviation.
    pub std_dev: Option<f64>,
    /// Quantiles at 1, 5, 10, 25, 50, 75, 90, 95 and 99 per cent.
    pub quantiles: [Option<f64>; 9],
    /// Estimated number of different values.
    pub distinct: u64,
    /// Most frequent value, where one is singled out.
    pub top_value: Option<String>,
    /// Integral, Fractional, String or Unknown.
    pub inferred_type: &'static str,
}

impl FeatureRow {
    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        let mut columns = Columns::new(rows)
            .key(|row| &row.key)
            .text("feature", |row| &row.feature)
            .count("rows", |row| row.counts.rows)
            .count("nulls", |row| row.counts.nulls)
            .count("nans", |row| row.counts.nans)
            .count("infinities", |row| row.counts.infinities())
            .count("zeros", |row| row.counts.zeros)
            .count("negatives", |row| row.counts.negatives)
            .number("min", |row| row.min)
            .number("max", |row| row.max)
            .number("mean", |row| row.mean)
            .number("std_dev", |row| row.std_dev);
        for (index, (name, _)) in QUANTILES.into_iter().enumerate() {
            columns = columns.number(name, |row| row.quantiles[index]);
        }
        columns
            .count("distinct", |row| row.distinct)
            .optional_text("top_value", |row| row.top_value.as_deref())
            .text("inferred_type", |row| row.inferred_type)
            .finish()
    }
}
