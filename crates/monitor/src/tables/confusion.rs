//! `confusion`: labels against predictions.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::{Key, columns::Columns};

/// Rows with one label and one prediction.
#[derive(Debug, Clone)]
pub struct ConfusionRow {
    /// Monitor, window, segment.
    pub key: Key,
    /// Name of the label's class: `positive` or `negative` where there are two; `(other)` beyond the names that are kept.
    pub label: Arc<str>,
    /// Name of the predicted class, likewise.
    pub prediction: Arc<str>,
    /// Rows of the baseline.
    pub baseline_rows: u64,
    /// Rows of the window.
    pub rows: u64,
}

impl ConfusionRow {
    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        Columns::new(rows)
            .key(|row| &row.key)
            .text("label", |row| &row.label)
            .text("prediction", |row| &row.prediction)
            .count("baseline_rows", |row| row.baseline_rows)
            .count("rows", |row| row.rows)
            .finish()
    }
}
