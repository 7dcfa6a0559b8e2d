//! Parquet files of a folder of ours, whose row groups are read one by one and whose footers carry notes.

use crate::backend::{Backend, blocking};
use crate::chunk::fetch;
use crate::decode::{BATCH_ROWS, guard};
use crate::footer;
use crate::listing::{Found, Object};
use crate::sink::properties;
use crate::{Error, Location, Store, local};
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use futures::StreamExt as _;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::collections::HashMap;
use std::sync::Arc;

/// Notes in the footer of a file, by key, or why it is not readable.
pub type Notes = Result<HashMap<String, String>, Error>;

/// A file that [`Store::write_pieces`] made, as it was when it was found.
#[derive(Debug, Clone)]
pub struct Pieces {
    /// Its path below the folder.
    pub relative: String,
    object: Object,
}

impl Store {
    /// Writes batches of a schema, each as a row group, as one Parquet file in one step, with notes in its footer. One
    /// batch at a time is asked for.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a batch that could not be made or has another schema; otherwise those of [`Store::write`].
    pub fn write_pieces(
        &self,
        location: &Location,
        schema: SchemaRef,
        batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
        notes: &[(&str, String)],
    ) -> Result<(), Error> {
        let refused = |reason: String| Error::Invalid { text: location.to_string(), reason };
        let encode = || -> parquet::errors::Result<Vec<u8>> {
            let properties = of_bytes(&schema)?;
            let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
            for batch in batches {
                writer.write(&batch?)?;
                writer.flush()?;
            }
            for (key, note) in notes {
                writer.append_key_value_metadata(KeyValue::new((*key).to_owned(), note.clone()));
            }
            writer.into_inner()
        };
        self.write(location, guard(encode).map_err(refused)?)
    }

    /// The Parquet files below a folder with the notes in their footers, sorted by path; a file that is not readable
    /// comes with the error. None when there is no such folder.
    ///
    /// # Errors
    /// [`Error::Denied`] and [`Error::Io`] when the folder cannot be listed.
    pub fn list_pieces(&self, folder: &Location) -> Result<Vec<(Pieces, Notes)>, Error> {
        let backend = self.backend(folder)?;
        self.runtime.block_on(async {
            let mut files: Vec<Pieces> = walk(&backend, folder).await?;
            files.sort_by(|a, b| a.relative.cmp(&b.relative));
            let notes = |pieces: Pieces| {
                let backend = backend.clone();
                async move {
                    let notes = notes(&backend, &pieces.object).await;
                    (pieces, notes)
                }
            };
            Ok(futures::stream::iter(files).map(notes).buffered(backend.concurrency()).collect().await)
        })
    }

    /// A file of a folder that was just written.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, [`Error::Denied`] and [`Error::Io`] from the store.
    pub fn pieces(&self, folder: &Location, relative: &str) -> Result<Pieces, Error> {
        let place = folder.join(relative)?;
        let object = self.runtime.block_on(self.backend(folder)?.look(place.root(), place.shown()))?;
        let missing = || Error::NotFound { path: place.to_string(), hint: String::new() };
        Ok(Pieces { relative: relative.to_owned(), object: object.ok_or_else(missing)? })
    }

    /// Some row groups of a file, by their positions, or all; the batches of each come in turn.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is not what was written, [`Error::Changed`] when it was written again since it was
    /// found, [`Error::Denied`] and [`Error::Io`] from the store.
    pub fn read_pieces(
        &self,
        folder: &Location,
        pieces: &Pieces,
        which: Option<&[usize]>,
    ) -> Result<Vec<RecordBatch>, Error> {
        let backend = self.backend(folder)?;
        let object = &pieces.object;
        let (metadata, chunks) = self.runtime.block_on(async {
            let footer = footer::load(&backend, object).await?;
            let metadata = footer::decode(&footer.encoded, object, false)?;
            let groups = metadata.metadata().row_groups().iter().enumerate();
            let wanted = groups.filter(|(index, _)| which.is_none_or(|which| which.contains(index)));
            let mut ranges = Vec::new();
            for (index, group) in wanted {
                for column in group.columns() {
                    let range = crate::chunk::range(column, object.bytes)
                        .map_err(|reason| Error::corrupt(&object.path, Some(index), reason))?;
                    ranges.push(range);
                }
            }
            let merged = crate::chunk::merge(ranges, 1 << 20, u64::MAX);
            Ok::<_, Error>((metadata, fetch(&backend, object, merged, &footer.tail).await?))
        })?;
        let decode = || -> parquet::errors::Result<Vec<RecordBatch>> {
            let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata)
                .with_batch_size(BATCH_ROWS);
            if let Some(which) = which {
                builder = builder.with_row_groups(which.to_vec());
            }
            Ok(builder.build()?.collect::<Result<_, _>>()?)
        };
        guard(decode).map_err(|reason| Error::corrupt(&object.path, None, reason))
    }
}

/// Compresses what is encoded by us; the columns beside it repeat, and are as small without that. Numbers without a sign are
/// in ascending order, and are stored as differences.
fn of_bytes(schema: &Schema) -> parquet::errors::Result<WriterProperties> {
    let bytes = |field: &&Arc<Field>| *field.data_type() == DataType::Binary;
    // A batch is a row group, however many rows it has.
    let mut properties = properties()?
        .into_builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_max_row_group_row_count(None);
    let ascending = |field: &&Arc<Field>| *field.data_type() == DataType::UInt64;
    for field in schema.fields().iter().filter(ascending) {
        let column = ColumnPath::from(field.name().as_str());
        properties = properties
            .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED)
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    for field in schema.fields().iter().filter(bytes) {
        let column = ColumnPath::from(field.name().as_str());
        properties = properties
            .set_column_compression(column.clone(), Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    Ok(properties.build())
}

async fn walk(backend: &Backend, folder: &Location) -> Result<Vec<Pieces>, Error> {
    let (root, shown) = (folder.root().to_owned(), folder.shown().to_owned());
    let found = match backend {
        Backend::Local(_) => match blocking("list", move || local::walk(&root, &shown)).await {
            Err(Error::NotFound { .. }) => Vec::new(),
            outcome => outcome?,
        },
        Backend::Objects(objects) => objects.walk(&root, &shown, "", &|_| ()).await?,
    };
    let parquet = found.into_iter().filter(|found| found.relative.ends_with(".parquet"));
    Ok(parquet
        .filter_map(|Found { relative, object }| Some(Pieces { relative, object: object.ok()? }))
        .collect())
}

async fn notes(backend: &Backend, object: &Object) -> Notes {
    let footer::Footer { encoded, .. } = footer::load(backend, object).await?;
    let metadata = footer::decode(&encoded, object, false)?;
    let notes = metadata.metadata().file_metadata().key_value_metadata();
    let pairs = notes.into_iter().flatten().filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?)));
    Ok(pairs.collect())
}
