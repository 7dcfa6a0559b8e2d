//! Which window and segment each row of a row group belongs to.

use std::ops::Range;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::ArrowError;
use arrow_select::take::take_record_batch;

/// The group of each row, by its position in some list of profiles; rows may belong to none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    rows: usize,
    of_row: OfRow,
    /// Rows of each group, up to the last that has one.
    sizes: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum OfRow {
    /// All rows are in one group.
    One(u32),
    /// Group by row; [`NONE`] is no group.
    Many(Vec<u32>),
}

/// The group of rows in no window.
pub const NONE: u32 = u32::MAX;

impl Groups {
    /// So many rows, all in one group.
    #[must_use]
    pub fn one(group: u32, rows: usize) -> Self {
        let mut sizes = Vec::new();
        add(&mut sizes, group, rows as u64);
        Self { rows, of_row: OfRow::One(group), sizes }
    }

    /// The group of each row, or [`NONE`].
    #[must_use]
    pub fn new(of_row: Vec<u32>) -> Self {
        let rows = of_row.len();
        match of_row.first() {
            Some(&first) if first != NONE && of_row.iter().all(|group| *group == first) => {
                Self::one(first, rows)
            }
            _ => {
                let mut sizes = Vec::new();
                for run in of_row.chunk_by(|a, b| a == b) {
                    add(&mut sizes, run[0], run.len() as u64);
                }
                Self { rows, of_row: OfRow::Many(of_row), sizes }
            }
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The same rows, all that are in some group in the first one.
    #[must_use]
    pub fn any(&self) -> Self {
        match &self.of_row {
            OfRow::One(_) => Self::one(0, self.rows),
            OfRow::Many(of_row) => {
                Self::new(of_row.iter().map(|group| if *group == NONE { NONE } else { 0 }).collect())
            }
        }
    }

    /// The same rows, of which only those in a range of groups are in any; groups are counted from its first.
    #[must_use]
    pub fn only(&self, range: Range<u32>) -> Self {
        let of = |group: u32| if range.contains(&group) { group - range.start } else { NONE };
        match &self.of_row {
            OfRow::One(group) => Self::one(of(*group), self.rows),
            OfRow::Many(of_row) => Self::new(of_row.iter().map(|group| of(*group)).collect()),
        }
    }

    /// The group that all rows are in, if there is one.
    pub(crate) fn single(&self) -> Option<u32> {
        match self.of_row {
            OfRow::One(group) => Some(group),
            OfRow::Many(_) => None,
        }
    }

    /// The groups of some rows, unless all rows are in one.
    pub(crate) fn of_rows(&self, rows: Range<usize>) -> &[u32] {
        match &self.of_row {
            OfRow::Many(of_row) => of_row.get(rows).unwrap_or_default(),
            OfRow::One(_) => &[],
        }
    }

    /// Rows of each group, in the order of groups; groups behind the last have none.
    #[must_use]
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// Splits a batch that begins at a row by group; rows in none are left out. Groups come in ascending order, rows
    /// within a group in theirs.
    ///
    /// # Errors
    /// When Arrow cannot copy the rows of a column.
    pub fn split(&self, start: usize, batch: &RecordBatch) -> Result<Vec<(u32, RecordBatch)>, ArrowError> {
        if let Some(group) = self.single() {
            return Ok(vec![(group, batch.clone())]);
        }
        let groups = self.of_rows(start..start + batch.num_rows());
        if let Some(&first) = groups.first()
            && groups.iter().all(|group| *group == first)
        {
            return Ok(if first == NONE { Vec::new() } else { vec![(first, batch.clone())] });
        }
        let mut rows: Vec<(u32, u32)> =
            groups.iter().copied().zip(0..).filter(|(group, _)| *group != NONE).collect();
        rows.sort_unstable();
        rows.chunk_by(|(a, _), (b, _)| a == b)
            .map(|chunk| {
                let indices = UInt32Array::from_iter_values(chunk.iter().map(|(_, row)| *row));
                Ok((chunk[0].0, take_record_batch(batch, &indices)?))
            })
            .collect()
    }
}

fn add(sizes: &mut Vec<u64>, group: u32, rows: u64) {
    let at = group as usize;
    if group == NONE || rows == 0 {
        return;
    }
    if sizes.len() <= at {
        sizes.resize(at + 1, 0);
    }
    sizes[at] += rows;
}
