//! What a plan wants to know about one capture, and the reasons to set it aside.

use crate::backend::Backend;
use crate::capture::{Format, Layout, Source};
use crate::decode::{guard, path_columns, with_path_columns};
use crate::listing::Object;
use crate::manifest::{self, Named};
use crate::plan::{PlanOptions, TaskPlan};
use crate::records::{Decoder, Hour, SLACK, Shape};
use crate::times::{self, Times};
use crate::{Error, chunk, csv, footer, hive, text};
use arrow_schema::Fields;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::basic::Compression;
use parquet::file::metadata::RowGroupMetaData;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

/// What one look at a capture tells.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) fields: Fields,
    pub(crate) file_columns: usize,
    pub(crate) rows: u64,
    pub(crate) time: Option<(i64, i64)>,
    pub(crate) tasks: Vec<TaskPlan>,
    /// The footer as it is stored, in formats with one.
    pub(crate) footer: Option<Bytes>,
    pub(crate) records: Option<RecordFacts>,
}

/// What is known of captured requests and answers before they are read.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecordFacts {
    pub(crate) hour: Hour,
    pub(crate) shape: Option<Shape>,
    /// The files to read instead, where it is a manifest.
    pub(crate) named: Vec<Named>,
}

/// Looks at captures of one store.
#[derive(Debug)]
pub(crate) struct Inspector {
    backend: Backend,
    timestamp: Option<String>,
    texts: Vec<String>,
    decoder: Arc<Decoder>,
    /// Text files have to be read whole: together they take this many KiB, however many footers are under way.
    whole_files: Semaphore,
}

/// Memory for text files that are read whole, in KiB; a larger one is read alone.
const WHOLE_KIB: u32 = 64 << 10;

impl Inspector {
    pub(crate) fn new(backend: Backend, options: &PlanOptions, decoder: Arc<Decoder>) -> Self {
        let PlanOptions { timestamp, texts, .. } = options.clone();
        Self { backend, timestamp, texts, decoder, whole_files: Semaphore::new(WHOLE_KIB as usize) }
    }

    pub(crate) async fn inspect(&self, object: &Object, source: &Source) -> Result<Facts, Error> {
        let mut facts = match source.format {
            Format::Parquet => self.inspect_parquet(object).await?,
            Format::Csv => self.inspect_csv(object).await?,
            Format::Records { layout, gzip } => self.inspect_records(object, layout, gzip).await?,
        };
        let corrupt = |reason: String| Error::corrupt(&object.path, None, reason);
        check_names(&facts.fields).map_err(corrupt)?;
        let columns = path_columns(&facts.fields, &source.partitions);
        facts.file_columns = facts.fields.len();
        facts.fields = with_path_columns(&facts.fields, &columns);
        if let Some(timestamp) = self.timestamp.as_ref().filter(|name| facts.fields.find(name).is_none()) {
            return Err(corrupt(missing(timestamp, &facts.fields)));
        }
        Ok(facts)
    }

    async fn inspect_parquet(&self, object: &Object) -> Result<Facts, Error> {
        let encoded = footer::load(&self.backend, object).await?.encoded;
        let timestamp = self.timestamp.as_deref();
        let metadata = footer::decode(&encoded, object, timestamp.is_some())?;
        let facts = guard(|| parquet_facts(&metadata, timestamp, object.bytes))
            .map_err(|reason| Error::corrupt(&object.path, None, reason))?;
        Ok(Facts { footer: Some(encoded), ..facts })
    }

    async fn inspect_csv(&self, object: &Object) -> Result<Facts, Error> {
        let _turn = self.turn(object).await;
        if object.bytes == 0 {
            let reason = "expected a header line, found an empty file";
            return Err(Error::corrupt(&object.path, None, reason));
        }
        let content = text::whole(&self.backend, object).await?;
        let (schema, rows) = guard(|| csv::infer(&content, &self.texts))
            .map_err(|reason| Error::corrupt(&object.path, None, reason))?;
        let task = TaskPlan { row_group: 0, rows, bytes: object.bytes, time: None };
        let tasks = if rows == 0 { Vec::new() } else { vec![task] };
        Ok(Facts {
            fields: schema.fields,
            file_columns: 0,
            rows,
            time: None,
            tasks,
            footer: None,
            records: None,
        })
    }

    /// Waits until a text file may be read whole.
    async fn turn(&self, object: &Object) -> Option<SemaphorePermit<'_>> {
        let kib = u32::try_from(object.bytes.div_ceil(1 << 10)).unwrap_or(WHOLE_KIB);
        self.whole_files.acquire_many(kib.min(WHOLE_KIB)).await.ok()
    }

    /// Looks at the first lines; the number of rows is an estimate from them.
    async fn inspect_records(&self, object: &Object, layout: Layout, gzip: bool) -> Result<Facts, Error> {
        let hour = hive::hour(&object.path);
        let (sample, named) = match layout {
            Layout::Lines | Layout::Rows => {
                (text::first_lines(&self.backend, object, gzip).await?, Vec::new())
            }
            Layout::Table => (text::whole(&self.backend, object).await?, Vec::new()),
            Layout::Documents => {
                let _turn = self.turn(object).await;
                let content = text::whole(&self.backend, object).await?;
                let content = if gzip { unfold(&content, object)? } else { content };
                match manifest::addresses(&content) {
                    None => (content, Vec::new()),
                    Some(addresses) => {
                        let named = manifest::find(&self.backend, object, addresses).await?;
                        let sample = match named.first() {
                            Some(Named {
                                object,
                                format: Format::Records { layout: Layout::Documents | Layout::Table, gzip },
                            }) => {
                                let content = text::whole(&self.backend, object).await?;
                                if *gzip { unfold(&content, object)? } else { content }
                            }
                            Some(Named { object, format }) => {
                                let gzip = matches!(format, Format::Records { gzip: true, .. });
                                text::first_lines(&self.backend, object, gzip).await?
                            }
                            None => Bytes::new(),
                        };
                        (sample, named)
                    }
                }
            }
        };
        let of_sample = match named.first() {
            Some(Named { format: Format::Records { layout, .. }, .. }) => *layout,
            _ => layout,
        };
        let decoded = guard(|| self.decoder.decode(&sample, of_sample, hour, None, &|_| false))
            .map_err(|reason| Error::corrupt(&object.path, None, reason))?;
        let seen = decoded.batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        let time = hour.map(|(start, end)| (start - SLACK, end + SLACK - 1));
        let estimate = |bytes: u64| {
            let share = u128::from(seen) * u128::from(bytes) / (sample.len() as u128).max(1);
            u64::try_from(share).unwrap_or(seen)
        };
        let task =
            |(row_group, bytes): (usize, u64)| TaskPlan { row_group, rows: estimate(bytes), bytes, time };
        let tasks: Vec<TaskPlan> = if !named.is_empty() {
            named.iter().map(|named| named.object.bytes).enumerate().map(task).collect()
        } else if layout == Layout::Lines && !gzip {
            let starts = (0..object.bytes).step_by(usize::try_from(text::PIECE).unwrap_or(1 << 24));
            starts.map(|start| text::PIECE.min(object.bytes - start)).enumerate().map(task).collect()
        } else if object.bytes > 0 {
            vec![task((0, object.bytes))]
        } else {
            Vec::new()
        };
        Ok(Facts {
            fields: decoded.schema.fields().clone(),
            file_columns: 0,
            rows: tasks.iter().map(|task| task.rows).sum(),
            time,
            tasks,
            footer: None,
            records: Some(RecordFacts { hour, shape: decoded.shape, named }),
        })
    }
}

fn unfold(content: &Bytes, object: &Object) -> Result<Bytes, Error> {
    text::unfold(content).map_err(|reason| Error::corrupt(&object.path, None, reason))
}

fn parquet_facts(
    metadata: &ArrowReaderMetadata,
    timestamp: Option<&str>,
    file_bytes: u64,
) -> Result<Facts, String> {
    let groups = metadata.metadata().row_groups();
    let times = match timestamp {
        Some(column) => times::of_row_groups(metadata, column).map_err(|error| error.to_string())?,
        None => vec![Times::Unknown; groups.len()],
    };
    let mut rows = 0_u64;
    let mut tasks = Vec::with_capacity(groups.len());
    let mut known = Vec::new();
    for (row_group, (group, times)) in groups.iter().zip(times).enumerate() {
        let task = task(row_group, group, times, file_bytes)?;
        if task.rows == 0 {
            continue;
        }
        rows = rows.checked_add(task.rows).ok_or("expected a number of rows, found more than fits")?;
        known.push(times);
        tasks.push(task);
    }
    let fields = metadata.schema().fields().clone();
    Ok(Facts { fields, file_columns: 0, rows, time: hull(&known), tasks, footer: None, records: None })
}

fn task(
    row_group: usize,
    group: &RowGroupMetaData,
    times: Times,
    file_bytes: u64,
) -> Result<TaskPlan, String> {
    let rows = u64::try_from(group.num_rows()).map_err(|_| {
        format!("expected a number of rows in row group {row_group}, found {}", group.num_rows())
    })?;
    let mut bytes = 0_u64;
    for column in group.columns() {
        let range = chunk::range(column, file_bytes)?;
        bytes = bytes.saturating_add(range.end - range.start);
        if column.compression() == Compression::LZO {
            let name = column.column_path().string();
            return Err(format!("expected column `{name}` in a known compression, found LZO"));
        }
    }
    Ok(TaskPlan { row_group, rows, bytes, time: times.bounds() })
}

/// The times of the whole file; unknown as soon as one row group is, while rows without a time do not count.
fn hull(times: &[Times]) -> Option<(i64, i64)> {
    if times.contains(&Times::Unknown) {
        return None;
    }
    let known = || times.iter().filter_map(|times| times.bounds());
    Some((known().map(|(first, _)| first).min()?, known().map(|(_, last)| last).max()?))
}

fn check_names(fields: &Fields) -> Result<(), String> {
    let mut names = HashSet::new();
    match fields.iter().find(|field| !names.insert(field.name())) {
        Some(field) => Err(format!("expected every column once, found `{}` twice", field.name())),
        None => Ok(()),
    }
}

fn missing(timestamp: &str, fields: &Fields) -> String {
    let names: Vec<_> = fields.iter().take(8).map(|field| field.name().as_str()).collect();
    let more = if fields.len() > 8 { ", ..." } else { "" };
    format!("no column `{timestamp}`; it has: {}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hull_is_unknown_as_soon_as_a_part_is() {
        let between = Times::Between(3, 9);
        assert_eq!(hull(&[between, Times::Never, Times::Between(1, 2)]), Some((1, 9)));
        assert_eq!(hull(&[between, Times::Unknown]), None);
        assert_eq!(hull(&[Times::Never]), None);
        assert_eq!(hull(&[]), None);
    }
}
