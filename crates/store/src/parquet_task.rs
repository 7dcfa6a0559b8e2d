//! One row group of a Parquet file, from its column chunks to batches.

use crate::Error;
use crate::chunk::Sparse;
use crate::decode::{BATCH_ROWS, checked, guard};
use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use std::ops::Range;

/// A row group whose wanted column chunks have been fetched.
#[derive(Debug)]
pub(crate) struct RowGroup {
    pub(crate) metadata: ArrowReaderMetadata,
    /// Positions of the wanted columns, rising.
    pub(crate) roots: Vec<usize>,
    pub(crate) index: usize,
    pub(crate) bytes: Sparse,
}

impl RowGroup {
    /// Decodes on the calling thread, a batch at a time.
    pub(crate) fn batches(
        self,
        path: &str,
        rows: u64,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>> + Send + use<>, Error> {
        let index = self.index;
        let reader = guard(|| {
            let mask = ProjectionMask::roots(self.metadata.parquet_schema(), self.roots);
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes, self.metadata)
                .with_row_groups(vec![index])
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()
        });
        let reader = reader.map_err(|reason| Error::corrupt(path, Some(index), reason))?;
        Ok(checked(reader, path.to_owned(), Some(index), rows))
    }
}

/// Where the column chunks of the wanted columns lie in a row group; `roots` are rising.
pub(crate) fn ranges(
    metadata: &ArrowReaderMetadata,
    row_group: usize,
    roots: &[usize],
    file_bytes: u64,
) -> Result<Vec<Range<u64>>, String> {
    let descriptor = metadata.parquet_schema();
    let groups = metadata.metadata().row_groups();
    let group = groups
        .get(row_group)
        .ok_or_else(|| format!("expected row group {row_group}, found {}", groups.len()))?;
    let columns = group.columns().iter().enumerate();
    let wanted =
        columns.filter(|(leaf, _)| roots.binary_search(&descriptor.get_column_root_idx(*leaf)).is_ok());
    wanted.map(|(_, column)| crate::chunk::range(column, file_bytes)).collect()
}
