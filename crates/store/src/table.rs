//! A result table that is written bit by bit, in memory and compressed, then put where it belongs in one step.

use crate::Error;
use crate::decode::guard;
use crate::sink::properties;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use std::fmt;

/// A Parquet file in the making. The same batches give the same bytes.
pub struct TableFile(ArrowWriter<Vec<u8>>);

impl TableFile {
    /// A file without rows yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] for columns that Parquet cannot hold.
    pub fn new(schema: SchemaRef) -> Result<Self, Error> {
        let writer = || ArrowWriter::try_new(Vec::new(), schema, Some(properties()?));
        guard(writer).map(Self).map_err(refused)
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`Error::Invalid`] for rows of another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        guard(|| self.0.write(batch)).map_err(refused)
    }

    /// Adds a note to the footer.
    pub fn note(&mut self, key: &str, text: &str) {
        self.0.append_key_value_metadata(KeyValue::new(key.to_owned(), text.to_owned()));
    }

    /// The whole file.
    ///
    /// # Errors
    /// [`Error::Invalid`] for rows that Parquet cannot hold.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        guard(|| self.0.into_inner()).map_err(refused)
    }
}

impl fmt::Debug for TableFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableFile").field("bytes", &self.0.memory_size()).finish()
    }
}

fn refused(reason: String) -> Error {
    Error::Invalid { text: "table".to_owned(), reason }
}
