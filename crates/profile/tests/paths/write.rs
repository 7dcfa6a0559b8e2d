//! Writes a Parquet file of several pages and row groups, in the encoding that is asked for.

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Encoding, Type};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

/// A file whose pages have 500 rows.
pub(crate) fn write(batch: &RecordBatch, properties: WriterPropertiesBuilder) -> Bytes {
    let properties = properties
        .set_data_page_row_count_limit(500)
        .set_write_batch_size(100)
        .set_max_row_group_row_count(Some(1_900));
    write_as(batch, properties.build())
}

/// A file with nothing decided but by the properties.
pub(crate) fn write_as(batch: &RecordBatch, properties: WriterProperties) -> Bytes {
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    file.into()
}

/// Sets an encoding for all columns that can have it.
pub(crate) fn encoded(
    properties: WriterPropertiesBuilder,
    batch: &RecordBatch,
    encoding: Encoding,
) -> WriterPropertiesBuilder {
    let schema = ArrowSchemaConverter::new().convert(&batch.schema()).unwrap();
    let mut properties = properties.set_dictionary_enabled(false);
    for column in schema.columns() {
        let fits = match (encoding, column.physical_type()) {
            (Encoding::DELTA_BINARY_PACKED, Type::INT32 | Type::INT64) => true,
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, Type::BYTE_ARRAY) => true,
            (Encoding::DELTA_BYTE_ARRAY, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY) => true,
            (Encoding::BYTE_STREAM_SPLIT, Type::BOOLEAN | Type::BYTE_ARRAY | Type::INT96) => false,
            (Encoding::BYTE_STREAM_SPLIT, _) => true,
            _ => false,
        };
        if fits {
            properties =
                properties.set_column_encoding(ColumnPath::from(column.path().parts().to_vec()), encoding);
        }
    }
    properties
}
