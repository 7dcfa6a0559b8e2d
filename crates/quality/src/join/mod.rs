//! Records with the ground truth of the same id, however many there are of both.
//!
//! Rows of both sides are parted by a hash of their id, so that rows of one id meet in one part; parts that memory has no
//! room for wait in a file without a name on a local disk, and are joined one by one. What comes out does not depend on
//! the order in which rows came in, but for their order.
//!
//! The rules, each counted in [`Counted`]:
//! - Of several labels with one id, the one that arrived last counts; of those that arrived at the same time, the one that
//!   comes later in the order that the caller gives.
//! - Of several records with one id, likewise the last: a request that was sent again.
//! - A label that arrived before its record counts, and is counted as early: a clock is wrong, or the label was known.
//! - Rows without an id have no counterpart. Labels without a time arrived before all others.

mod error;
mod meet;
mod side;
mod spill;
#[cfg(test)]
mod tests;

use std::{
    ops::AddAssign,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::{Field, Schema, SchemaRef};
use arrow_select::take::take;

pub use error::JoinError;
use meet::meet;
use side::Side;
pub use side::{ID, NEW, ORDER, TIME};
use spill::Spill;

/// Parts of both sides. A part has to fit into memory: of fifty million rows it has 200,000.
pub const PARTS: usize = 256;

/// Rows of both sides, until they are joined.
#[derive(Debug)]
pub struct Join {
    records: Spill,
    truth: Spill,
    /// Columns of what comes out.
    schema: SchemaRef,
    without_id: [AtomicU64; 2],
}

/// What became of the rows of both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Records with a label.
    pub matched: u64,
    /// Records without one, those without an id too.
    pub unlabelled: u64,
    /// Records for which a later one with the same id counts.
    pub repeated_records: u64,
    /// Labels whose record is not there, those without an id too.
    pub unmatched_labels: u64,
    /// Labels for which a later one with the same id counts.
    pub repeated_labels: u64,
    /// Labels, of those that match, that arrived before their record.
    pub early_labels: u64,
    /// Labels that arrived after the moment as of which was asked.
    pub later_labels: u64,
    /// Ids that have a label, and had none in an earlier join: all of their labels are [`NEW`].
    pub new_ids: u64,
}

impl Join {
    /// For rows with these columns; see [`ID`], [`TIME`] and [`ORDER`] for those that both sides must have. What memory
    /// has no room for, `bytes` a side, goes to a file in `folder`. Columns of what comes out are all of the records' and
    /// then those of the labels' but for id, order and [`NEW`]; names are the caller's care.
    ///
    /// # Errors
    /// [`JoinError::Columns`] where a column is missing or has another type.
    pub fn new(
        folder: &Path,
        bytes: usize,
        records: &SchemaRef,
        truth: &SchemaRef,
    ) -> Result<Self, JoinError> {
        side::check(records)?;
        side::check(truth)?;
        let of_truth = truth.fields().iter().filter(|field| is_given(field));
        let fields = records.fields().iter().cloned().chain(of_truth.map(|field| {
            let name = if field.name() == TIME { ARRIVED } else { field.name() };
            Arc::new(Field::new(name, field.data_type().clone(), true))
        }));
        Ok(Self {
            records: Spill::new(folder, bytes, records),
            truth: Spill::new(folder, bytes, truth),
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            without_id: [AtomicU64::new(0), AtomicU64::new(0)],
        })
    }

    /// Takes records, from any thread.
    ///
    /// # Errors
    /// [`JoinError::Disk`] where the file cannot be written, [`JoinError::Columns`] for other columns than were promised.
    pub fn records(&self, batch: &RecordBatch) -> Result<(), JoinError> {
        self.without_id[0].fetch_add(side::without_id(batch)?, Ordering::Relaxed);
        self.records.push(batch)
    }

    /// Takes labels, from any thread.
    ///
    /// # Errors
    /// As of [`Join::records`].
    pub fn labels(&self, batch: &RecordBatch) -> Result<(), JoinError> {
        self.without_id[1].fetch_add(side::without_id(batch)?, Ordering::Relaxed);
        self.truth.push(batch)
    }

    /// The columns of what [`Join::part`] returns.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Bytes on disk.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        self.records.disk_bytes() + self.truth.disk_bytes()
    }

    /// Joins a part of [`PARTS`], from any thread, once all rows were taken: each record that counts, with its label as of
    /// a moment (microseconds; labels that arrived by then count), or with nulls.
    ///
    /// # Errors
    /// [`JoinError::Disk`] where the file cannot be read.
    pub fn part(&self, part: usize, as_of: Option<i64>) -> Result<(RecordBatch, Counted), JoinError> {
        let (records, truth) = (self.records.read(part)?, self.truth.read(part)?);
        let met = meet(&Side::of(&records)?, &Side::of(&truth)?, as_of);
        let mut counted = met.counted;
        if part == 0 {
            counted.unmatched_labels += self.without_id[1].load(Ordering::Relaxed);
        }
        let labels: UInt32Array = met.labels.into();
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for column in records.columns() {
            columns.push(take(column, &met.records, None)?);
        }
        for (field, column) in truth.schema_ref().fields().iter().zip(truth.columns()) {
            if is_given(field) {
                columns.push(take(column, &labels, None)?);
            }
        }
        Ok((RecordBatch::try_new(Arc::clone(&self.schema), columns)?, counted))
    }
}

/// The column of a result with the times of labels.
pub const ARRIVED: &str = "arrived";

fn is_given(field: &Field) -> bool {
    ![ID, ORDER, NEW].contains(&field.name().as_str())
}

impl AddAssign for Counted {
    fn add_assign(&mut self, other: Self) {
        self.matched += other.matched;
        self.unlabelled += other.unlabelled;
        self.repeated_records += other.repeated_records;
        self.unmatched_labels += other.unmatched_labels;
        self.repeated_labels += other.repeated_labels;
        self.early_labels += other.early_labels;
        self.later_labels += other.later_labels;
        self.new_ids += other.new_ids;
    }
}
