//! Every type in every encoding, page version, codec and pattern of nulls that parquet-rs writes.

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, Type, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::read::{compare, survey};
use super::shapes::{NULLS, batch};

pub(crate) fn write(batch: &RecordBatch, properties: WriterPropertiesBuilder) -> Bytes {
    let properties = properties
        .set_data_page_row_count_limit(500)
        .set_write_batch_size(100)
        .set_max_row_group_row_count(Some(1_900));
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties.build())).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    file.into()
}

/// Sets an encoding for all columns that can have it.
fn encoded(
    properties: WriterPropertiesBuilder,
    batch: &RecordBatch,
    encoding: Encoding,
) -> WriterPropertiesBuilder {
    let plain = write(batch, WriterProperties::builder());
    let metadata = super::read::metadata(&plain).unwrap();
    let mut properties = properties.set_dictionary_enabled(false);
    for column in metadata.parquet_schema().columns() {
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

#[test]
fn every_type_in_every_encoding() {
    let other = survey(&write(&batch("few", 400, 99), WriterProperties::builder()));
    let mut files = 0;
    for (nulls, distinct) in NULLS.iter().flat_map(|nulls| [(nulls, 150), (nulls, u64::MAX)]) {
        let batch = batch(nulls, distinct, 7);
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let fresh = || WriterProperties::builder().set_writer_version(version);
            let settings = [
                ("dictionary", fresh()),
                ("dictionary that overflows", fresh().set_dictionary_page_size_limit(2_000)),
                ("plain", fresh().set_dictionary_enabled(false).set_encoding(Encoding::PLAIN)),
                ("delta", encoded(fresh(), &batch, Encoding::DELTA_BINARY_PACKED)),
                ("delta lengths", encoded(fresh(), &batch, Encoding::DELTA_LENGTH_BYTE_ARRAY)),
                ("delta texts", encoded(fresh(), &batch, Encoding::DELTA_BYTE_ARRAY)),
                ("byte streams", encoded(fresh(), &batch, Encoding::BYTE_STREAM_SPLIT)),
            ];
            for (encoding, properties) in settings {
                let what = format!("{encoding}, {version:?}, nulls {nulls}, {distinct} distinct");
                let handed = compare(&write(&batch, properties), &other, &what);
                assert_eq!(handed, [] as [&str; 0], "{what}: all of these columns are covered");
                files += 1;
            }
        }
    }
    assert_eq!(files, 140);
}

#[test]
fn every_codec() {
    let batch = batch("few", 300, 3);
    let spec = survey(&write(&batch, WriterProperties::builder()));
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4_RAW,
        Compression::LZ4,
        Compression::ZSTD(ZstdLevel::default()),
    ];
    for codec in codecs {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let properties = WriterProperties::builder().set_compression(codec).set_writer_version(version);
            compare(&write(&batch, properties), &spec, &format!("{codec:?} {version:?}"));
        }
    }
}
