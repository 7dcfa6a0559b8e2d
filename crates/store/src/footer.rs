//! The footer of a Parquet file, read in one request where it is of ordinary size.

use crate::Error;
use crate::backend::Backend;
use crate::decode::guard;
use crate::listing::Object;
use crate::thrift::check_footer;
use arrow_schema::{DataType, Field, Fields, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::{ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy};
use std::ops::Range;
use std::sync::Arc;

/// How much of the end of a file the first request asks for.
const TAIL_BYTES: u64 = 64 << 10;
const MAGIC: &[u8] = b"PAR1";
const MAGIC_ENCRYPTED: &[u8] = b"PARE";

/// A footer as it is stored, and the end of the file that came with it, which in a small file is all of it.
#[derive(Debug)]
pub(crate) struct Footer {
    /// The metadata, without the closing length and magic.
    pub(crate) encoded: Bytes,
    pub(crate) tail: (u64, Bytes),
}

/// Reads the footer.
pub(crate) async fn load(backend: &Backend, object: &Object) -> Result<Footer, Error> {
    let corrupt = |reason: String| Error::corrupt(&object.path, None, reason);
    if object.bytes == 0 {
        return Err(corrupt("expected Parquet, found an empty file".to_owned()));
    }
    let start = object.bytes.saturating_sub(TAIL_BYTES);
    let tail = read(backend, object, start..object.bytes).await?;
    if !tail.ends_with(MAGIC) {
        let head = if start == 0 { tail.clone() } else { read(backend, object, 0..4).await? };
        return Err(corrupt(what_else(&head, &tail)));
    }
    Ok(Footer { encoded: encoded(backend, object, &tail).await?, tail: (start, tail) })
}

/// Decodes a footer, with the column statistics or without.
pub(crate) fn decode(
    encoded: &Bytes,
    object: &Object,
    statistics: bool,
) -> Result<ArrowReaderMetadata, Error> {
    let corrupt = |reason: String| Error::corrupt(&object.path, None, reason);
    let decode = || {
        let policy =
            if statistics { ParquetStatisticsPolicy::KeepAll } else { ParquetStatisticsPolicy::SkipAll };
        let options = ParquetMetaDataOptions::new()
            .with_column_stats_policy(policy)
            .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll)
            .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll);
        let metadata = ParquetMetaDataReader::decode_metadata_with_options(encoded, Some(&options))?;
        readable(ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::new())?)
    };
    check_footer(encoded).map_err(corrupt)?;
    guard(decode).map_err(corrupt)
}

/// The parquet crate cannot make dictionaries of views, which Polars asks for in files with categories: these are
/// read as views.
fn readable(metadata: ArrowReaderMetadata) -> parquet::errors::Result<ArrowReaderMetadata> {
    let plain = |field: &Arc<Field>| match field.data_type() {
        DataType::Dictionary(_, values) if matches!(**values, DataType::Utf8View | DataType::BinaryView) => {
            Arc::new(Field::clone(field).with_data_type(DataType::clone(values)))
        }
        _ => Arc::clone(field),
    };
    let fields: Fields = metadata.schema().fields().iter().map(plain).collect();
    if fields == *metadata.schema().fields() {
        return Ok(metadata);
    }
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata.schema().metadata().clone()));
    ArrowReaderMetadata::try_new(
        Arc::clone(metadata.metadata()),
        ArrowReaderOptions::new().with_schema(schema),
    )
}

/// The metadata before the closing length and magic; what the tail lacks of it is read.
async fn encoded(backend: &Backend, object: &Object, tail: &Bytes) -> Result<Bytes, Error> {
    let end = tail.len().saturating_sub(8);
    let length = tail.get(end..end + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    let start = object.bytes.checked_sub(8 + u64::from(length));
    let Some(start) = start.filter(|start| length > 0 && *start >= 4) else {
        let reason = format!("expected a footer within {} bytes, found a length of {length}", object.bytes);
        return Err(Error::corrupt(&object.path, None, reason));
    };
    let tail_start = object.bytes - tail.len() as u64;
    if let Some(offset) = start.checked_sub(tail_start) {
        return Ok(tail.slice(usize::try_from(offset).unwrap_or(end)..end));
    }
    let before = read(backend, object, start..tail_start).await?;
    Ok([&before[..], &tail[..end]].concat().into())
}

async fn read(backend: &Backend, object: &Object, range: Range<u64>) -> Result<Bytes, Error> {
    let bytes = backend.ranges(object, vec![range]).await?;
    Ok(bytes.into_iter().next().unwrap_or_default())
}

fn what_else(head: &[u8], tail: &[u8]) -> String {
    let head = &head[..head.len().min(4)];
    let end = &tail[tail.len().saturating_sub(4)..];
    if end == MAGIC_ENCRYPTED {
        return "expected a readable footer, found an encrypted one".to_owned();
    }
    if head == MAGIC {
        return "expected a footer, found a truncated file that only begins as Parquet".to_owned();
    }
    format!("expected Parquet, found a file that begins with `{}`", head.escape_ascii())
}
