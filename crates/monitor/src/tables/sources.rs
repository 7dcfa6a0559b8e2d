//! `sources`: one row a capture file.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use store::{Location, Store};

use super::{Row, columns::Columns, rows};
use crate::Error;

/// What became of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceStatus {
    /// Read.
    Profiled,
    /// Read by an earlier run; what was counted of it is used again.
    Reused,
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
            Self::Reused => "reused",
            Self::Quarantined => "quarantined",
            Self::OutsideRange => "outside_range",
        }
    }
}

/// One capture.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Lines that are no records; `reason` says why.
    pub bad_lines: u64,
    /// Earliest time, microseconds since 1970 UTC.
    pub first_time: Option<i64>,
    /// Latest time.
    pub last_time: Option<i64>,
    /// What became of it.
    pub status: SourceStatus,
    /// Why.
    pub reason: Option<String>,
}

impl SourceStatus {
    const ALL: [Self; 4] = [Self::Profiled, Self::Reused, Self::Quarantined, Self::OutsideRange];
}

/// The table of sources of some results.
///
/// # Errors
/// [`Error::Results`] where there is none.
pub fn read_sources(store: &Store, results: &Location) -> Result<Vec<SourceRow>, Error> {
    let refuse = |reason: &str| Error::Results { place: results.to_string(), reason: reason.to_owned() };
    let batches = store.read_parquet(&results.join("sources/part.parquet")?)?.ok_or_else(|| {
        refuse("expected the table `sources`, which a backfill that came to its end writes, found none")
    })?;
    let read: Option<Vec<SourceRow>> = rows(&batches).map(SourceRow::of_row).collect();
    read.ok_or_else(|| refuse("the table `sources` is of another version of driftscan"))
}

impl SourceRow {
    fn of_row(row: Row<'_>) -> Option<Self> {
        let status = row.text("status")?;
        Some(Self {
            path: row.text("path")?.to_owned(),
            etag: row.text("etag").map(str::to_owned),
            bytes: row.count("bytes"),
            rows: row.count("rows"),
            rows_without_time: row.count("rows_without_time"),
            bad_lines: row.count("bad_lines"),
            first_time: row.time("first_time"),
            last_time: row.time("last_time"),
            status: SourceStatus::ALL.into_iter().find(|known| known.name() == status)?,
            reason: row.text("reason").map(str::to_owned),
        })
    }
    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        Columns::new(rows)
            .text("path", |row| &row.path)
            .optional_text("etag", |row| row.etag.as_deref())
            .count("bytes", |row| row.bytes)
            .count("rows", |row| row.rows)
            .count("rows_without_time", |row| row.rows_without_time)
            .count("bad_lines", |row| row.bad_lines)
            .optional_time("first_time", |row| row.first_time)
            .optional_time("last_time", |row| row.last_time)
            .text("status", |row| row.status.name())
            .optional_text("reason", |row| row.reason.as_deref())
            .finish()
    }
}
