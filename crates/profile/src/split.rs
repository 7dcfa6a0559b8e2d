//! Records of one batch that belong to different windows or segments.

use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::ArrowError;
use arrow_select::take::take_record_batch;

/// Splits a batch by the group of each row; rows without a group are left out. Groups come in ascending order,
/// rows within a group in theirs.
///
/// # Errors
/// When Arrow cannot copy the rows of a column.
pub fn split(batch: &RecordBatch, groups: &[Option<u32>]) -> Result<Vec<(u32, RecordBatch)>, ArrowError> {
    let first = groups.first().copied().flatten();
    if let Some(group) = first
        && groups.iter().all(|&other| other == first)
    {
        return Ok(vec![(group, batch.clone())]);
    }
    let mut rows: Vec<(u32, u32)> =
        groups.iter().zip(0_u32..).filter_map(|(group, row)| Some(((*group)?, row))).collect();
    rows.sort_unstable();
    rows.chunk_by(|(a, _), (b, _)| a == b)
        .map(|chunk| {
            let indices = UInt32Array::from_iter_values(chunk.iter().map(|(_, row)| *row));
            Ok((chunk[0].0, take_record_batch(batch, &indices)?))
        })
        .collect()
}
