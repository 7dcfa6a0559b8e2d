//! One row group of a Parquet file, from its column chunks to pages or to batches.

use crate::Error;
use crate::chunk::{Chunks, merge};
use crate::decode::{BATCH_ROWS, checked, guard};
use crate::local_file::LocalFile;
use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use std::ops::Range;

/// Holes between chunks of a local file that are cheaper to read than to leave out.
const GAP: u64 = 64 << 10;
/// Chunks of a local file are read together up to this size: larger ones gain nothing, and buffers of the size of
/// a chunk are used again sooner than those of the size of a row group.
const TOGETHER: u64 = 1 << 20;

/// A row group of a Parquet file, open to readers of pages.
///
/// What it holds was fetched ahead, or is read from the local file when it is asked for.
#[derive(Debug)]
pub struct RowGroup {
    pub(crate) metadata: ArrowReaderMetadata,
    pub(crate) index: usize,
    pub(crate) rows: u64,
    /// Rising.
    pub(crate) wanted: Vec<usize>,
    pub(crate) path: String,
    pub(crate) file_bytes: u64,
    pub(crate) content: Content,
}

/// Where the column chunks come from.
#[derive(Debug)]
pub(crate) enum Content {
    /// All that are wanted, and nothing else.
    Fetched(Chunks),
    Local(LocalFile),
}

impl RowGroup {
    /// The Parquet and the Arrow schema of the file, and where everything in it lies; without column statistics.
    #[must_use]
    pub fn metadata(&self) -> &ArrowReaderMetadata {
        &self.metadata
    }

    /// Its index in the file.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Rows in it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The columns that were asked for: positions at the top level of the schema, rising.
    #[must_use]
    pub fn wanted(&self) -> &[usize] {
        &self.wanted
    }

    /// The chunk of one leaf column of those that were asked for, ready for a reader of pages.
    ///
    /// A local file is read now, on the calling thread. `leaf` is a position in the leaves of the Parquet schema.
    ///
    /// # Errors
    /// [`Error::Changed`] when the file is not the listed one any more, [`Error::Corrupt`] for a leaf that the
    /// file does not have or that was not asked for, [`Error::Denied`] and [`Error::Io`] from the file system.
    pub fn chunk(&self, leaf: usize) -> Result<Chunks, Error> {
        let descriptor = self.metadata.parquet_schema();
        let known = leaf < descriptor.num_columns();
        if !known || self.wanted.binary_search(&descriptor.get_column_root_idx(leaf)).is_err() {
            let reason = format!("expected a leaf column that was asked for, found {leaf}");
            return Err(Error::corrupt(&self.path, Some(self.index), reason));
        }
        self.read(|at| at == leaf)
    }

    /// Decodes the columns at these positions, a batch at a time.
    pub(crate) fn batches(
        &self,
        roots: &[usize],
    ) -> Result<impl Iterator<Item = Result<RecordBatch, Error>> + Send + use<>, Error> {
        let descriptor = self.metadata.parquet_schema();
        let chunks = self.read(|leaf| roots.binary_search(&descriptor.get_column_root_idx(leaf)).is_ok())?;
        let reader = guard(|| {
            let mask = ProjectionMask::roots(descriptor, roots.iter().copied());
            ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, self.metadata.clone())
                .with_row_groups(vec![self.index])
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS)
                .build()
        });
        let reader = reader.map_err(|reason| Error::corrupt(&self.path, Some(self.index), reason))?;
        Ok(checked(reader, self.path.clone(), Some(self.index), self.rows))
    }

    /// The chunks of some leaf columns, or all that there are.
    fn read(&self, leaves: impl Fn(usize) -> bool) -> Result<Chunks, Error> {
        let file = match &self.content {
            Content::Fetched(chunks) => return Ok(chunks.clone()),
            Content::Local(file) => file,
        };
        let ranges = ranges(&self.metadata, self.index, leaves, self.file_bytes)
            .map_err(|reason| Error::corrupt(&self.path, Some(self.index), reason))?;
        let ranges = merge(ranges, GAP, TOGETHER);
        let bytes = file.read(&ranges)?;
        let pieces = ranges.iter().map(|range| range.start).zip(bytes).collect();
        Ok(Chunks::new(pieces, self.file_bytes))
    }
}

/// Where the chunks of some leaf columns lie in a row group.
pub(crate) fn ranges(
    metadata: &ArrowReaderMetadata,
    row_group: usize,
    leaves: impl Fn(usize) -> bool,
    file_bytes: u64,
) -> Result<Vec<Range<u64>>, String> {
    let groups = metadata.metadata().row_groups();
    let group = groups
        .get(row_group)
        .ok_or_else(|| format!("expected row group {row_group}, found {}", groups.len()))?;
    let columns = group.columns().iter().enumerate().filter(|(leaf, _)| leaves(*leaf));
    columns.map(|(_, column)| crate::chunk::range(column, file_bytes)).collect()
}
