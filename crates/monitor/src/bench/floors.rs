//! What reading and decoding the same columns costs without a profile, so that a profile has something to stand beside.

use std::{
    collections::BTreeSet,
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use arrow_schema::{DataType, Field, FieldRef, Schema};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    basic::Compression,
    column::page::PageReader as _,
    errors::ParquetError,
    file::{metadata::RowGroupMetaData, serialized_reader::SerializedPageReader},
};
use rayon::ThreadPool;
use store::{Format, Plan};

use super::{
    corrupt, failed,
    pieces::{Pieces, fill},
};
use crate::Error;

/// Rows of a batch, as in the profile's own pass.
const BATCH_ROWS: usize = 8_192;

/// Arrow type of strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strings {
    /// Utf8: each row holds its text.
    Plain,
    /// Dictionary(Int32, Utf8): each row holds the number of its text.
    Dictionary,
}

/// The row groups of a plan and the columns wanted of them.
#[derive(Debug)]
pub(super) struct Floors {
    files: Vec<Footer>,
    tasks: Vec<RowGroup>,
}

#[derive(Debug)]
struct Footer {
    path: PathBuf,
    bytes: u64,
    plain: ArrowReaderMetadata,
    dictionary: ArrowReaderMetadata,
    /// The wanted columns.
    mask: ProjectionMask,
    leaves: Vec<usize>,
}

#[derive(Debug)]
struct RowGroup {
    file: usize,
    index: usize,
    rows: u64,
    /// Where the wanted column chunks lie.
    chunks: Vec<Range<u64>>,
}

impl Floors {
    /// Opens the files of a plan and decodes their footers.
    pub(super) fn open(plan: &Plan, columns: &BTreeSet<String>) -> Result<Self, Error> {
        let (mut files, mut tasks) = (Vec::new(), Vec::new());
        for source in &plan.sources {
            if source.source.format != Format::Parquet {
                let reason =
                    format!("`{}` is not Parquet, and the floors are those of Parquet", source.source.path);
                return Err(Error::NoData { reason });
            }
            let footer = Footer::open(Path::new(&source.source.path), source.source.bytes, columns)?;
            for task in &source.tasks {
                let group = footer.plain.metadata().row_group(task.row_group);
                let chunks = footer.leaves.iter().map(|leaf| {
                    let (start, length) = group.column(*leaf).byte_range();
                    start..start + length
                });
                let chunks = chunks.collect();
                tasks.push(RowGroup { file: files.len(), index: task.row_group, rows: task.rows, chunks });
            }
            files.push(footer);
        }
        Ok(Self { files, tasks })
    }

    /// Compressed bytes of all wanted column chunks.
    pub(super) fn bytes(&self) -> u64 {
        self.tasks.iter().flat_map(|task| &task.chunks).map(|chunk| chunk.end - chunk.start).sum()
    }

    /// Compressions of the wanted columns, in alphabetical order.
    pub(super) fn codecs(&self) -> String {
        let of_task = |task: &RowGroup| {
            let group = self.group(task);
            self.files[task.file].leaves.iter().map(|leaf| codec(group.column(*leaf).compression()))
        };
        let codecs: BTreeSet<&str> = self.tasks.iter().flat_map(of_task).collect();
        codecs.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// Reads the column chunks and nothing else, one after the other into one buffer for each thread.
    pub(super) fn read(&self, pool: &ThreadPool) -> Result<(), Error> {
        self.each(pool, |waiting, task, file| {
            let mut buffer = waiting.pop().unwrap_or_default();
            task.chunks.iter().try_for_each(|chunk| fill(file, chunk, &mut buffer))?;
            waiting.push(buffer);
            Ok(())
        })
    }

    /// Decompresses every page and drops it, a column chunk at a time.
    pub(super) fn decompress(&self, pool: &ThreadPool) -> Result<(), Error> {
        self.each(pool, |waiting, task, file| {
            let footer = &self.files[task.file];
            let rows = usize::try_from(task.rows).unwrap_or(usize::MAX);
            for (leaf, chunk) in footer.leaves.iter().zip(&task.chunks) {
                let pieces = Pieces::read(file, footer.bytes, std::slice::from_ref(chunk), waiting)?;
                let (metadata, shared) = (self.group(task).column(*leaf), Arc::new(pieces.clone()));
                let mut pages = SerializedPageReader::new(shared, metadata, rows, None)?;
                while pages.get_next_page()?.is_some() {}
                drop(pages);
                pieces.give_back(waiting);
            }
            Ok(())
        })
    }

    /// Decodes every column into Arrow arrays and drops them, a batch at a time.
    pub(super) fn decode(&self, pool: &ThreadPool, strings: Strings) -> Result<(), Error> {
        self.each(pool, |waiting, task, file| {
            let footer = &self.files[task.file];
            let pieces = Pieces::read(file, footer.bytes, &task.chunks, waiting)?;
            let metadata = match strings {
                Strings::Plain => &footer.plain,
                Strings::Dictionary => &footer.dictionary,
            };
            let batches =
                ParquetRecordBatchReaderBuilder::new_with_metadata(pieces.clone(), metadata.clone())
                    .with_row_groups(vec![task.index])
                    .with_projection(footer.mask.clone())
                    .with_batch_size(BATCH_ROWS)
                    .build()?;
            let mut rows = 0;
            for batch in batches {
                rows += batch?.num_rows() as u64;
            }
            pieces.give_back(waiting);
            if rows == task.rows {
                return Ok(());
            }
            Err(ParquetError::General(format!("expected {} rows, found {rows}", task.rows)))
        })
    }

    fn group(&self, task: &RowGroup) -> &RowGroupMetaData {
        self.files[task.file].plain.metadata().row_group(task.index)
    }

    /// Calls `work` for every row group: each thread of the pool takes the next one that nobody has taken, with a file
    /// and buffers of its own.
    fn each(
        &self,
        pool: &ThreadPool,
        work: impl Fn(&mut Vec<Vec<u8>>, &RowGroup, &File) -> Result<(), ParquetError> + Sync,
    ) -> Result<(), Error> {
        let next = AtomicUsize::new(0);
        let failure: Mutex<Option<Error>> = Mutex::new(None);
        pool.broadcast(|_| {
            let mut waiting = Vec::new();
            while let Some(task) = self.tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let path = &self.files[task.file].path;
                let opened = File::open(path).map_err(failed(path, "read"));
                let done = opened.and_then(|file| {
                    work(&mut waiting, task, &file)
                        .map_err(|error| corrupt(path, Some(task.index), error.to_string()))
                });
                if let Err(error) = done {
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    return;
                }
            }
        });
        failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }
}

impl Footer {
    fn open(path: &Path, bytes: u64, columns: &BTreeSet<String>) -> Result<Self, Error> {
        let file = File::open(path).map_err(failed(path, "read"))?;
        let bad = |error: ParquetError| corrupt(path, None, error.to_string());
        // What a writer noted about its Arrow types is left aside: strings are Utf8 here, and the next floor says
        // what they are as dictionaries.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let plain = ArrowReaderMetadata::load(&file, options).map_err(bad)?;
        let as_dictionary = |field: &FieldRef| match field.data_type() {
            DataType::Utf8 => {
                let dictionary = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
                Arc::new(Field::new(field.name(), dictionary, field.is_nullable()))
            }
            _ => Arc::clone(field),
        };
        let schema = Schema::new(plain.schema().fields().iter().map(as_dictionary).collect::<Vec<_>>());
        let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
        let dictionary = ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), options).map_err(bad)?;
        let descriptor = plain.parquet_schema();
        let wanted = |leaf: &usize| columns.contains(descriptor.get_column_root(*leaf).name());
        let leaves: Vec<usize> = (0..descriptor.num_columns()).filter(wanted).collect();
        let mask = ProjectionMask::leaves(descriptor, leaves.iter().copied());
        Ok(Self { path: path.to_owned(), bytes, plain, dictionary, mask, leaves })
    }
}

/// The name of a compression, as `--codec` takes it.
fn codec(compression: Compression) -> &'static str {
    match compression {
        Compression::UNCOMPRESSED => "none",
        Compression::SNAPPY => "snappy",
        Compression::GZIP(_) => "gzip",
        Compression::LZO => "lzo",
        Compression::BROTLI(_) => "brotli",
        Compression::LZ4 | Compression::LZ4_RAW => "lz4",
        Compression::ZSTD(_) => "zstd",
    }
}
