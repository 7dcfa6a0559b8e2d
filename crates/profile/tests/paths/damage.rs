//! Damaged bytes: an error in both paths or the same profile in both, and a panic in neither.

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::judge::{Verdict, judge};
use super::read::{Spread, metadata, survey};
use super::shapes::{batch, mix};
use super::write::write;

#[test]
fn flipped_bytes_are_refused_or_read_alike() {
    let (mut refused, mut read, mut one) = (0, 0, 0);
    for (nulls, dictionary, version) in [
        ("few", true, WriterVersion::PARQUET_1_0),
        ("few", true, WriterVersion::PARQUET_2_0),
        ("runs", false, WriterVersion::PARQUET_1_0),
        ("required", false, WriterVersion::PARQUET_2_0),
    ] {
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_dictionary_enabled(dictionary)
            .set_compression(Compression::UNCOMPRESSED);
        let file = write(&batch(nulls, 200, 11), properties);
        let spec = survey(&file);
        let parsed = metadata(&file).unwrap();
        let end = parsed.metadata().row_groups().iter().flat_map(|group| group.columns());
        let end = end.map(|column| column.byte_range()).map(|(start, length)| start + length).max().unwrap();
        for seed in 0..150_u64 {
            let mut damaged = file.to_vec();
            for flip in 0..1 + seed % 3 {
                let at = usize::try_from(mix(seed * 10 + flip) % end).unwrap();
                damaged[at] ^= 1 << (mix(seed ^ 77) % 8);
            }
            let damaged = Bytes::from(damaged);
            let spread = Spread::ALL[usize::try_from(seed % 3).unwrap()];
            match judge(&damaged, &spec, spread, &format!("{nulls} {version:?} seed {seed}")) {
                Verdict::Read => read += 1,
                Verdict::Refused => refused += 1,
                Verdict::OneRefuses => one += 1,
            }
        }
    }
    assert!(
        refused > 20 && read > 20 && one < 10,
        "{refused} refused, {read} read, {one} refused by one path"
    );
}
