//! `curves`: what other thresholds would have given, for ROC and precision-recall charts.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::{Key, columns::Columns};

/// What deciding positive from a threshold on gives.
#[derive(Debug, Clone)]
pub struct CurveRow {
    /// Monitor, window, segment.
    pub key: Key,
    /// Class whose probability is looked at, against all others; `None` where there are two.
    pub class: Option<Arc<str>>,
    /// Positive from this score on; `None` for the point where nothing is.
    pub threshold: Option<f64>,
    /// Labelled rows that are decided positive.
    pub rows: u64,
    /// Share of positives among them, 0 to 1: recall.
    pub true_positive_rate: f64,
    /// Share of negatives among them, 0 to 1.
    pub false_positive_rate: f64,
    /// Share of them that is positive, 0 to 1; 1 where there are none.
    pub precision: f64,
    /// The same of the baseline, at this threshold.
    pub baseline_true_positive_rate: Option<f64>,
    /// The same of the baseline, at this threshold.
    pub baseline_false_positive_rate: Option<f64>,
    /// The same of the baseline, at this threshold.
    pub baseline_precision: Option<f64>,
}

impl CurveRow {
    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        Columns::new(rows)
            .key(|row| &row.key)
            .optional_text("class", |row| row.class.as_deref())
            .number("threshold", |row| row.threshold)
            .count("rows", |row| row.rows)
            .number("true_positive_rate", |row| Some(row.true_positive_rate))
            .number("false_positive_rate", |row| Some(row.false_positive_rate))
            .number("precision", |row| Some(row.precision))
            .number("baseline_true_positive_rate", |row| row.baseline_true_positive_rate)
            .number("baseline_false_positive_rate", |row| row.baseline_false_positive_rate)
            .number("baseline_precision", |row| row.baseline_precision)
            .finish()
    }
}
