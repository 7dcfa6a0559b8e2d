//! Writes a data set, a row group at a time, so that memory does not grow with its rows.

use std::{
    fs::{self, File},
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Schema};
use parquet::{
    arrow::ArrowWriter,
    basic::{BrotliLevel, Compression, Encoding as Stored, GzipLevel, ZstdLevel},
    errors::ParquetError,
    file::properties::{WriterProperties, WriterVersion},
    schema::types::ColumnPath,
};
use profile::in_order;
use rand::{RngExt as _, SeedableRng as _};

use super::{
    BenchWatch, Step, failed,
    law::Random,
    shape::{Codec, Column, Encoding, Order, Shape},
};
use crate::{Error, gather};

/// Midnight of the first day, 2026-01-01, in microseconds since 1970 UTC.
const FIRST_DAY: i64 = 1_767_225_600_000_000;
const DAY: i64 = 86_400_000_000;
/// Rows made at a time.
const BATCH_ROWS: usize = 8_192;

/// Writes the files of a shape into an empty or new folder. Returns whether it came to its end; a file that it did not
/// finish is removed.
///
/// # Errors
/// When the shape cannot be made, the folder is not empty, or it cannot be written.
pub fn make_data(shape: &Shape, folder: &Path, threads: usize, watch: BenchWatch<'_>) -> Result<bool, Error> {
    shape.check()?;
    fs::create_dir_all(folder).map_err(failed(folder, "write"))?;
    if fs::read_dir(folder).map_err(failed(folder, "list"))?.next().is_some() {
        let reason = format!("expected an empty folder, `{}` has files in it", folder.display());
        return Err(Error::Setting { name: "keep".to_owned(), reason });
    }
    let columns = shape.columns()?;
    let maker = Maker {
        shape,
        schema: Arc::new(shape.schema(&columns)),
        properties: properties(shape, &columns)?,
        columns,
        stop: watch.stop,
    };
    let pool = gather::threads(threads)?;
    let (mut done, mut failure) = (0, None);
    let tell = |done| (watch.step)(Step { doing: "making files", done, of: shape.files });
    tell(0);
    in_order(
        &pool,
        0..shape.files,
        |_| pool.current_num_threads(),
        |file| maker.file(file, &folder.join(format!("part-{file:04}.parquet"))),
        |made| {
            match made {
                Ok(true) => done += 1,
                Ok(false) => return ControlFlow::Break(()),
                Err(error) => {
                    failure = Some(error);
                    return ControlFlow::Break(());
                }
            }
            tell(done);
            ControlFlow::Continue(())
        },
    );
    match failure {
        Some(error) => Err(error),
        None => Ok(done == shape.files),
    }
}

struct Maker<'a> {
    shape: &'a Shape,
    schema: Arc<Schema>,
    columns: Vec<Column>,
    properties: WriterProperties,
    stop: &'a AtomicBool,
}

impl Maker<'_> {
    /// Writes a file; false if it was told to stop.
    fn file(&self, file: u64, path: &Path) -> Result<bool, Error> {
        let out = File::create_new(path).map_err(failed(path, "write"))?;
        let properties = Some(self.properties.clone());
        let writer = ArrowWriter::try_new(out, Arc::clone(&self.schema), properties);
        let mut writer = writer.map_err(failed(path, "write"))?;
        let mut streams = Streams {
            times: self.stream(file, 0),
            ids: self.stream(file, 1),
            columns: (2..).take(self.columns.len()).map(|column| self.stream(file, column)).collect(),
        };
        let rows = self.shape.file_rows(file);
        let mut row = 0;
        while row < rows {
            if self.stop.load(Ordering::Relaxed) {
                drop(writer);
                fs::remove_file(path).map_err(failed(path, "delete"))?;
                return Ok(false);
            }
            let count = usize::try_from(rows - row).unwrap_or(BATCH_ROWS).min(BATCH_ROWS);
            let batch = self.batch(file, row, count, &mut streams)?;
            writer.write(&batch).map_err(failed(path, "write"))?;
            row += count as u64;
        }
        writer.close().map_err(failed(path, "write"))?;
        Ok(true)
    }

    /// The rows from `first` on.
    fn batch(&self, file: u64, first: u64, rows: usize, streams: &mut Streams) -> Result<RecordBatch, Error> {
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(self.times(file, first, rows, &mut streams.times))];
        for (column, random) in self.columns.iter().zip(&mut streams.columns) {
            arrays.push(column.draw.array(rows, column.nulls, random)?);
        }
        let ids = (0..rows).map(|_| Some(format!("{:032x}", streams.ids.random::<u128>())));
        arrays.push(Arc::new(ids.collect::<StringArray>()));
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), arrays)?)
    }

    fn times(&self, file: u64, first: u64, rows: usize, random: &mut Random) -> TimestampMicrosecondArray {
        let day =
            |file: u64| FIRST_DAY.saturating_add(DAY.saturating_mul(i64::try_from(file).unwrap_or(i64::MAX)));
        let all = u128::from(self.shape.file_rows(file)).max(1);
        // Where a row lies in a day in which all rows of the file follow each other evenly.
        let at =
            |row: u64| i64::try_from(u128::from(row) * u128::from(DAY.unsigned_abs()) / all).unwrap_or(DAY);
        let times = (first..).take(rows).map(|row| match self.shape.order {
            Order::Sorted => day(file) + at(row),
            Order::ShuffledDay => random.random_range(day(file)..day(file + 1)),
            Order::Shuffled => random.random_range(day(0)..day(self.shape.files)),
        });
        TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC")
    }

    /// Where the values of a column and file come from: no stream depends on another, so files are made in parallel.
    fn stream(&self, file: u64, column: u64) -> Random {
        let seed = self.shape.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Random::seed_from_u64(seed.wrapping_add((column << 32) | file))
    }
}

/// Where the values of a file come from.
struct Streams {
    times: Random,
    ids: Random,
    columns: Vec<Random>,
}

fn properties(shape: &Shape, columns: &[Column]) -> Result<WriterProperties, Error> {
    let codec = match shape.codec {
        Codec::None => Compression::UNCOMPRESSED,
        Codec::Snappy => Compression::SNAPPY,
        Codec::Gzip => Compression::GZIP(GzipLevel::default()),
        Codec::Zstd => Compression::ZSTD(zstd_level()?),
        Codec::Lz4 => Compression::LZ4_RAW,
        Codec::Brotli => Compression::BROTLI(BrotliLevel::default()),
    };
    let version = match shape.page_version {
        1 => WriterVersion::PARQUET_1_0,
        _ => WriterVersion::PARQUET_2_0,
    };
    let mut properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_compression(codec)
        .set_dictionary_enabled(shape.dictionary)
        .set_encoding(Stored::PLAIN)
        .set_max_row_group_row_count(Some(shape.row_group_rows));
    for column in columns {
        if let Some(stored) = stored(shape.encoding, &column.draw.law.data_type()) {
            properties = properties.set_column_encoding(ColumnPath::from(column.name.as_str()), stored);
        }
    }
    Ok(properties.build())
}

/// What Zstandard itself takes unless told otherwise.
fn zstd_level() -> Result<ZstdLevel, Error> {
    let refuse = |error: ParquetError| Error::Setting { name: "codec".to_owned(), reason: error.to_string() };
    ZstdLevel::try_new(3).map_err(refuse)
}

/// How a column is stored outside of a dictionary, where the encoding is one for its type.
fn stored(encoding: Encoding, data_type: &DataType) -> Option<Stored> {
    match encoding {
        Encoding::Delta if data_type.is_integer() => Some(Stored::DELTA_BINARY_PACKED),
        Encoding::Delta if *data_type == DataType::Utf8 => Some(Stored::DELTA_BYTE_ARRAY),
        Encoding::ByteStreamSplit if data_type.is_numeric() => Some(Stored::BYTE_STREAM_SPLIT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use arrow_array::{cast::AsArray as _, types::TimestampMicrosecondType};
    use parquet::{
        arrow::arrow_reader::ParquetRecordBatchReaderBuilder,
        file::reader::{FileReader as _, SerializedFileReader},
    };

    use super::*;

    fn shape() -> Shape {
        Shape {
            rows: 5_000,
            files: 2,
            row_group_rows: 1_000,
            numeric: 11,
            integer: 6,
            categorical: 2,
            text: 1,
            segments: 3,
            nulls: None,
            distinct: None,
            codec: Codec::Snappy,
            page_version: 1,
            dictionary: true,
            encoding: Encoding::Plain,
            order: Order::Sorted,
            seed: 1,
        }
    }

    fn make(shape: &Shape, folder: &Path) -> bool {
        let watch = BenchWatch { step: &|_| (), stop: &AtomicBool::new(false) };
        make_data(shape, folder, 2, watch).unwrap()
    }

    fn times(file: &Path) -> Vec<i64> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
        let batches = reader.build().unwrap().map(Result::unwrap);
        let values =
            |batch: RecordBatch| batch.column(0).as_primitive::<TimestampMicrosecondType>().values().to_vec();
        batches.flat_map(values).collect()
    }

    #[test]
    fn times_are_in_the_order_that_was_asked_for() {
        for (order, rising, within_its_day) in
            [(Order::Sorted, true, true), (Order::ShuffledDay, false, true), (Order::Shuffled, false, false)]
        {
            let folder = tempfile::tempdir().unwrap();
            assert!(make(&Shape { order, ..shape() }, folder.path()));
            let times = times(&folder.path().join("part-0001.parquet"));
            assert_eq!(times.len(), 2_500);
            assert_eq!(times.is_sorted(), rising, "{order:?}");
            let second_day = FIRST_DAY + DAY..FIRST_DAY + 2 * DAY;
            assert_eq!(times.iter().all(|time| second_day.contains(time)), within_its_day, "{order:?}");
            assert!(times.iter().all(|time| (FIRST_DAY..second_day.end).contains(time)), "{order:?}");
        }
    }

    #[test]
    fn files_are_stored_as_asked_for() {
        let chunk = |shape: Shape, name: &str| {
            let folder = tempfile::tempdir().unwrap();
            make(&shape, folder.path());
            let reader =
                SerializedFileReader::new(File::open(folder.path().join("part-0000.parquet")).unwrap());
            let metadata = reader.unwrap().metadata().clone();
            assert_eq!(metadata.num_row_groups(), 3);
            let mut columns = metadata.row_group(0).columns().iter();
            columns.find(|column| column.column_path().string() == name).unwrap().clone()
        };
        for (encoding, name, stored) in [
            (Encoding::Plain, "numeric_0_gaussian", Stored::PLAIN),
            (Encoding::ByteStreamSplit, "numeric_0_gaussian", Stored::BYTE_STREAM_SPLIT),
            (Encoding::ByteStreamSplit, "integer_2_two_digits", Stored::BYTE_STREAM_SPLIT),
            (Encoding::Delta, "integer_1_five_digits", Stored::DELTA_BINARY_PACKED),
            (Encoding::Delta, "categorical_0_names", Stored::DELTA_BYTE_ARRAY),
            (Encoding::Delta, "numeric_0_gaussian", Stored::PLAIN),
        ] {
            let column = chunk(Shape { encoding, dictionary: false, ..shape() }, name);
            assert!(column.encodings().any(|found| found == stored), "{encoding:?} {name}");
            assert!(column.dictionary_page_offset().is_none());
        }
        let column = chunk(Shape { codec: Codec::Zstd, ..shape() }, "numeric_0_gaussian");
        assert!(matches!(column.compression(), Compression::ZSTD(_)));
        assert!(column.dictionary_page_offset().is_some());
    }

    #[test]
    fn a_folder_with_files_is_left_alone_and_a_stop_leaves_nothing_half_made() {
        let folder = tempfile::tempdir().unwrap();
        let (stop, steps) = (AtomicBool::new(true), RefCell::new(Vec::new()));
        let step = |step: Step| steps.borrow_mut().push(step.done);
        let finished = make_data(&shape(), folder.path(), 2, BenchWatch { step: &step, stop: &stop });
        assert!(!finished.unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(steps.into_inner(), [0]);
        fs::write(folder.path().join("mine"), "").unwrap();
        stop.store(false, Ordering::Relaxed);
        let watch = BenchWatch { step: &|_| (), stop: &stop };
        let refused = make_data(&shape(), folder.path(), 2, watch).unwrap_err().to_string();
        assert!(refused.starts_with("keep: expected an empty folder"), "{refused}");
    }
}
