//! Result tables: Parquet files whose bytes depend on their rows and on nothing else.

use crate::decode::{BATCH_ROWS, guard};
use crate::{Error, Location, Store};
use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::sync::Arc;

/// Written into every file in place of the library's version, so that an upgrade changes no byte.
const CREATED_BY: &str = "driftscan";
/// The folder of a date in a table.
const DATE_FOLDER: &str = "window_date=";
/// The one file in it.
const PART: &str = "part.parquet";

impl Store {
    /// Writes batches of one schema, at least one, as one Parquet file in one step; returns its size.
    ///
    /// The same rows give the same bytes, however they are cut into batches.
    ///
    /// # Errors
    /// [`Error::Invalid`] without a batch or with two schemas; otherwise those of [`Store::write`].
    pub fn write_table(&self, location: &Location, batches: &[RecordBatch]) -> Result<u64, Error> {
        let refused = |reason: String| Error::Invalid { text: location.to_string(), reason };
        let first =
            batches.first().ok_or_else(|| refused("expected at least one batch, found none".to_owned()))?;
        let content = guard(|| encode(first, batches)).map_err(refused)?;
        let bytes = content.len() as u64;
        self.write(location, content)?;
        Ok(bytes)
    }

    /// All rows of the dates that `keep` wants of a table, in the order of the dates: every
    /// `window_date=*/part.parquet` below `folder`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a part that is not Parquet, [`Error::Denied`] and [`Error::Io`] from the store.
    pub fn read_table(
        &self,
        folder: &Location,
        keep: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<RecordBatch>, Error> {
        let names = self.list_folder(folder)?;
        let wanted = names.iter().filter(|name| name.strip_prefix(DATE_FOLDER).is_some_and(keep));
        let parts =
            wanted.map(|name| folder.join(&format!("{name}/{PART}"))).collect::<Result<Vec<_>, _>>()?;
        let backend = &self.backend(folder)?;
        let read = |part: Location| async move {
            let content = backend.read(part.root(), part.shown()).await?;
            Ok::<_, Error>(content.map(|content| (part, content)))
        };
        let contents = futures::stream::iter(parts.into_iter().map(read)).buffered(8);
        let contents: Vec<_> = self.runtime.block_on(contents.try_collect())?;
        let mut batches = Vec::new();
        for (part, content) in contents.into_iter().flatten() {
            let rows =
                guard(|| decode(content)).map_err(|reason| Error::corrupt(part.shown(), None, reason))?;
            batches.extend(rows);
        }
        Ok(batches)
    }

    /// All rows of one Parquet object, or `None` when there is none. The batches carry the metadata of the schema
    /// that they were written with.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is not Parquet, otherwise those of [`Store::read`].
    pub fn read_parquet(&self, location: &Location) -> Result<Option<Vec<RecordBatch>>, Error> {
        let Some(content) = self.read(location)? else { return Ok(None) };
        let batches = guard(|| decode(content))
            .map_err(|reason| Error::corrupt(&location.to_string(), None, reason))?;
        Ok(Some(batches))
    }
}

fn encode(first: &RecordBatch, batches: &[RecordBatch]) -> parquet::errors::Result<Vec<u8>> {
    // In one piece, because the writer cuts pages where batches end.
    let whole = concat_batches(first.schema_ref(), batches)?;
    let mut writer = ArrowWriter::try_new(Vec::new(), whole.schema(), Some(properties()?))?;
    writer.write(&whole)?;
    writer.into_inner()
}

pub(crate) fn properties() -> parquet::errors::Result<WriterProperties> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by(CREATED_BY.to_owned());
    Ok(properties.build())
}

fn decode(content: Bytes) -> parquet::errors::Result<Vec<RecordBatch>> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(content)?.with_batch_size(BATCH_ROWS);
    // The reader leaves the metadata of the schema out of its batches.
    let schema = Arc::clone(builder.schema());
    let batches = builder.build()?.map(|batch| batch?.with_schema(Arc::clone(&schema)));
    Ok(batches.collect::<Result<_, _>>()?)
}
