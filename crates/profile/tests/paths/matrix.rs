//! Every type in every encoding, page version, codec and pattern of nulls that parquet-rs writes.

use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::read::{compare, survey};
use super::shapes::{NULLS, batch};
use super::write::{encoded, write};

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
