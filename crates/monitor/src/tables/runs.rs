//! `runs.parquet`: one row per run of the program; the only table with the wall clock.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::columns::Columns;

/// One run.
#[derive(Debug, Clone, Default)]
pub struct RunRow {
    /// When it started, microseconds since 1970 UTC.
    pub started: i64,
    /// When it ended.
    pub ended: i64,
    /// Machine.
    pub host: String,
    /// Version of the program.
    pub version: String,
    /// Command and options.
    pub options: String,
    /// Windows written.
    pub windows: u64,
    /// Captures read.
    pub sources: u64,
    /// Rows read.
    pub rows: u64,
    /// Violations found.
    pub violations: u64,
    /// `completed` or `interrupted`.
    pub status: &'static str,
}

impl RunRow {
    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        Columns::new(rows)
            .time("started", |row| row.started)
            .time("ended", |row| row.ended)
            .text("host", |row| &row.host)
            .text("version", |row| &row.version)
            .text("options", |row| &row.options)
            .count("windows", |row| row.windows)
            .count("sources", |row| row.sources)
            .count("rows", |row| row.rows)
            .count("violations", |row| row.violations)
            .text("status", |row| row.status)
            .finish()
    }
}
