//! `sources`: one row a capture file.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::columns::Columns;

/// What became of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceStatus {
    /// Read.
    Profiled,
    /// Set aside.
    Quarantined,
    /// Not needed: its partition or its times lie outside the range.
    OutsideRange,
}

impl SourceStatus {
    /// As tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Profiled => "profiled",
            Self::Quarantined => "quarantined",
            Self::OutsideRange => "outside_range",
        }
    }
}

/// One capture.
#[derive(Debug, Clone)]
pub struct SourceRow {
    /// Full path.
    pub path: String,
    /// What the store calls this version of it.
    pub etag: Option<String>,
    /// Size.
    pub bytes: u64,
    /// Rows in it.
    pub rows: u64,
    /// Rows whose time is null or unreadable: they are in no window.
    pub rows_without_time: u64,
    /// Earliest time, microseconds since 1970 UTC.
    pub first_time: Option<i64>,
    /// Latest time.
    pub last_time: Option<i64>,
    /// What became of it.
    pub status: SourceStatus,
    /// Why.
    pub reason: Option<String>,
}

impl SourceRow {
    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        Columns::new(rows)
            .text("path", |row| &row.path)
            .optional_text("etag", |row| row.etag.as_deref())
            .count("bytes", |row| row.bytes)
            .count("rows", |row| row.rows)
            .count("rows_without_time", |row| row.rows_without_time)
            .optional_time("first_time", |row| row.first_time)
            .optional_time("last_time", |row| row.last_time)
            .text("status", |row| row.status.name())
            .optional_text("reason", |row| row.reason.as_deref())
            .finish()
    }
}
