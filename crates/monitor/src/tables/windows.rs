//! `windows`: one row a window and segment.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::{Key, Row, columns::Columns};

/// How a window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowStatus {
    /// Scored, nothing found.
    Completed,
    /// Scored, with violations or warnings.
    CompletedWithViolations,
    /// No capture has a row in it.
    NoData,
    /// The captures that belong to it could not be read, or there is nothing to compare it with.
    Failed,
}

impl WindowStatus {
    /// As tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::CompletedWithViolations => "completed_with_violations",
            Self::NoData => "no_data",
            Self::Failed => "failed",
        }
    }
}

/// One window and segment.
#[derive(Debug, Clone)]
pub struct WindowRow {
    /// Monitor, window, segment.
    pub key: Key,
    /// How it ended.
    pub status: WindowStatus,
    /// Records in it.
    pub rows: u64,
    /// Records of the baseline it was compared with.
    pub baseline_rows: u64,
    /// Captures with a record in it.
    pub files: u64,
    /// Constraints found broken, warnings included.
    pub violations: u64,
    /// Features whose deciding drift score alarmed.
    pub features_drifted: u64,
    /// Why it failed, or what is odd about it.
    pub reason: Option<String>,
}

impl WindowStatus {
    const ALL: [Self; 4] = [Self::Completed, Self::CompletedWithViolations, Self::NoData, Self::Failed];
}

impl WindowRow {
    /// From a row of the table; `None` when it is not one.
    pub(crate) fn of_row(row: Row<'_>) -> Option<Self> {
        let status = row.text("status")?;
        Some(Self {
            key: Key::of_row(row)?,
            status: WindowStatus::ALL.into_iter().find(|known| known.name() == status)?,
            rows: row.count("rows"),
            baseline_rows: row.count("baseline_rows"),
            files: row.count("files"),
            violations: row.count("violations"),
            features_drifted: row.count("features_drifted"),
            reason: row.text("reason").map(str::to_owned),
        })
    }

    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        Columns::new(rows)
            .key(|row| &row.key)
            .text("status", |row| row.status.name())
            .count("rows", |row| row.rows)
            .count("baseline_rows", |row| row.baseline_rows)
            .count("files", |row| row.files)
            .count("violations", |row| row.violations)
            .count("features_drifted", |row| row.features_drifted)
            .optional_text("reason", |row| row.reason.as_deref())
            .finish()
    }
}
