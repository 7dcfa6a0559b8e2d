//! `scores`: every number computed, in long form.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::{Comparison, Family, Key, columns::Columns};

/// What a score says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Computed, nothing broken.
    Ok,
    /// Its constraint is broken, by a warning or a violation.
    Violated,
    /// Nothing broken, but too few rows to have seen a drift as large as the floor.
    InsufficientRows,
    /// One side has no value.
    Empty,
    /// The baseline has one value only, and the metric needs a spread.
    Constant,
    /// The values are of another type than the baseline's.
    TypeChanged,
    /// The two sides cannot be compared by this metric.
    NotComparable,
}

impl Status {
    /// As tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Violated => "violated",
            Self::InsufficientRows => "insufficient_rows",
            Self::Empty => "empty",
            Self::Constant => "constant",
            Self::TypeChanged => "type_changed",
            Self::NotComparable => "not_comparable",
        }
    }
}

/// One number.
#[derive(Debug, Clone)]
pub struct ScoreRow {
    /// Monitor, window, segment.
    pub key: Key,
    /// Feature; `None` for the window as a whole.
    pub feature: Option<Arc<str>>,
    /// Family.
    pub family: Family,
    /// Name of the metric.
    pub metric: &'static str,
    /// All that is needed to get the number again.
    pub method: String,
    /// The number.
    pub value: Option<f64>,
    /// How far the number may be from that of the exact values (0: not at all).
    pub error_bound: Option<f64>,
    /// Standard error of the number over as many other rows, where one is known.
    pub standard_error: Option<f64>,
    /// The same number on the baseline, where it has one.
    pub baseline_value: Option<f64>,
    /// Threshold of a violation, where the score is judged.
    pub threshold: Option<f64>,
    /// Side of the threshold that breaks it.
    pub comparison: Option<Comparison>,
    /// The number to expect without drift at these row counts.
    pub expected_without_drift: Option<f64>,
    /// Chance of such a number, or a more extreme one, without drift.
    pub p_value: Option<f64>,
    /// Benjamini–Hochberg over the judged scores of the window.
    pub q_value: Option<f64>,
    /// Rows of the window that the number is computed from.
    pub rows: u64,
    /// Rows of the baseline that the number is computed from.
    pub baseline_rows: u64,
    /// What it says about itself.
    pub status: Status,
    /// Why there is no number, where that is known.
    pub reason: Option<String>,
}

impl ScoreRow {
    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        Columns::new(rows)
            .key(|row| &row.key)
            .optional_text("feature", |row| row.feature.as_deref())
            .text("family", |row| row.family.name())
            .text("metric", |row| row.metric)
            .text("method", |row| &row.method)
            .number("value", |row| row.value)
            .number("error_bound", |row| row.error_bound)
            .number("standard_error", |row| row.standard_error)
            .number("baseline_value", |row| row.baseline_value)
            .number("threshold", |row| row.threshold)
            .optional_text("comparison", |row| row.comparison.map(Comparison::name))
            .number("expected_without_drift", |row| row.expected_without_drift)
            .number("p_value", |row| row.p_value)
            .number("q_value", |row| row.q_value)
            .count("rows", |row| row.rows)
            .count("baseline_rows", |row| row.baseline_rows)
            .text("status", |row| row.status.name())
            .optional_text("reason", |row| row.reason.as_deref())
            .finish()
    }
}
