//! The page path and the batch path over the same Parquet bytes: the same profile, or an error from both.
//!
//! Bytes that begin like a Parquet file are one. All others describe a file, which is written and then damaged.

use arbitrary::{Arbitrary, Unstructured};
use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use profile::Spec;

use crate::paths::judge::{Verdict, judge};
use crate::paths::read::{Spread, metadata, try_survey};
use crate::paths::shapes::of_raw;
use crate::paths::write::{encoded, write_as};

/// Rows that a file may claim: a page of a few bytes can hold millions of nulls, which only takes time.
const MOST_ROWS: i64 = 50_000;

/// Rows of a file that is made, and the fewest of a row group but the last.
const MADE_ROWS: usize = 300;
const GROUP_ROWS: usize = 30;

/// Reads a file by both paths.
pub fn run(bytes: &[u8]) {
    if bytes.starts_with(b"PAR1") {
        whole_file(&Bytes::copy_from_slice(bytes), Spread::ALL[bytes.len() % 3]);
    } else if let Ok(made) = Made::arbitrary_take_rest(Unstructured::new(bytes)) {
        made.run();
    }
}

fn whole_file(file: &Bytes, spread: Spread) {
    let Ok(metadata) = metadata(file) else { return };
    let groups = metadata.metadata().row_groups();
    if !groups.iter().all(|group| (0..=MOST_ROWS).contains(&group.num_rows())) {
        return;
    }
    judge(file, &Spec::default(), spread, "under no spec");
    if let Ok(spec) = try_survey(file) {
        judge(file, &spec, spread, "under its own spec");
    }
}

/// A column chunk or two, and what happens to their bytes.
#[derive(Debug, Arbitrary)]
struct Made<'a> {
    columns: [u8; 2],
    nullable: bool,
    pages: Pages,
    spread: u8,
    under: Under,
    /// What values are made of.
    values: Vec<u64>,
    /// Where a byte changes, and how.
    flips: Vec<(u16, u8)>,
    /// One byte a row: whether it has a value, and which.
    rows: &'a [u8],
}

#[derive(Debug, Arbitrary)]
struct Pages {
    second_version: bool,
    codec: Codec,
    encoding: Layout,
    rows_of_page: u8,
    rows_of_group: u8,
}

#[derive(Debug, Arbitrary)]
enum Codec {
    Uncompressed,
    Snappy,
    Gzip,
    Brotli,
    Lz4Raw,
    Lz4,
    Zstd,
}

#[derive(Debug, Arbitrary)]
enum Layout {
    Dictionary,
    OverflowingDictionary,
    Plain,
    Delta,
    DeltaLengths,
    DeltaTexts,
    ByteStreams,
}

/// Which bins and names values are counted over.
#[derive(Debug, Arbitrary)]
enum Under {
    TheirOwn,
    None,
    Another,
}

impl Made<'_> {
    fn run(&self) {
        let Some(batch) = self.batch() else { return };
        let file = write_as(&batch, self.properties(&batch));
        let spec = match self.under {
            Under::TheirOwn => try_survey(&file).unwrap(),
            Under::None => Spec::default(),
            Under::Another => try_survey(&write_as(&of_raw(&[3, 1 << 40, 1 << 62], None), plain())).unwrap(),
        };
        let spread = Spread::ALL[usize::from(self.spread) % 3];
        let mut damaged = file.to_vec();
        for &(at, change) in &self.flips {
            let at = usize::from(at) % damaged.len();
            damaged[at] ^= change;
        }
        let verdict = judge(&damaged.into(), &spec, spread, "made");
        let whole = self.flips.iter().all(|(_, change)| *change == 0);
        assert!(!whole || verdict == Verdict::Read, "a whole file is refused");
    }

    fn batch(&self) -> Option<RecordBatch> {
        let rows = &self.rows[..self.rows.len().min(MADE_ROWS)];
        if rows.is_empty() {
            return None;
        }
        let values = if self.values.is_empty() { &[0][..] } else { &self.values };
        let raw: Vec<u64> = rows.iter().map(|row| values[usize::from(row & 0x7f) % values.len()]).collect();
        let present: Vec<bool> = rows.iter().map(|row| row & 0x80 == 0).collect();
        let all = of_raw(&raw, self.nullable.then_some(&present));
        let mut columns = self.columns.map(|column| usize::from(column) % all.num_columns()).to_vec();
        columns.dedup();
        all.project(&columns).ok()
    }

    fn properties(&self, batch: &RecordBatch) -> WriterProperties {
        let pages = &self.pages;
        let version =
            if pages.second_version { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
        let codec = match pages.codec {
            Codec::Uncompressed => Compression::UNCOMPRESSED,
            Codec::Snappy => Compression::SNAPPY,
            Codec::Gzip => Compression::GZIP(GzipLevel::default()),
            Codec::Brotli => Compression::BROTLI(BrotliLevel::default()),
            Codec::Lz4Raw => Compression::LZ4_RAW,
            Codec::Lz4 => Compression::LZ4,
            Codec::Zstd => Compression::ZSTD(ZstdLevel::default()),
        };
        let fresh = WriterProperties::builder()
            .set_writer_version(version)
            .set_compression(codec)
            .set_write_batch_size(4)
            .set_data_page_row_count_limit(usize::from(pages.rows_of_page).max(1))
            .set_max_row_group_row_count(Some(usize::from(pages.rows_of_group).max(GROUP_ROWS)));
        match pages.encoding {
            Layout::Dictionary => fresh,
            Layout::OverflowingDictionary => fresh.set_dictionary_page_size_limit(40),
            Layout::Plain => fresh.set_dictionary_enabled(false).set_encoding(Encoding::PLAIN),
            Layout::Delta => encoded(fresh, batch, Encoding::DELTA_BINARY_PACKED),
            Layout::DeltaLengths => encoded(fresh, batch, Encoding::DELTA_LENGTH_BYTE_ARRAY),
            Layout::DeltaTexts => encoded(fresh, batch, Encoding::DELTA_BYTE_ARRAY),
            Layout::ByteStreams => encoded(fresh, batch, Encoding::BYTE_STREAM_SPLIT),
        }
        .build()
    }
}

fn plain() -> WriterProperties {
    WriterProperties::builder().build()
}
