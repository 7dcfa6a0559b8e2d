//! The background half of a scan: footers a few sources ahead, and what cannot be read from a local file when it
//! is needed as far ahead as the budget allows.

use crate::backend::Backend;
use crate::capture::{Format, Layout};
use crate::chunk::{fetch, merge};
use crate::decode::path_columns;
use crate::footer::{self, Footer};
use crate::listing::Object;
use crate::local_file::LocalFile;
use crate::manifest::Named;
use crate::plan::{Plan, PlannedSource, TaskPlan};
use crate::records::{EVENT_ID, EVENT_TIME};
use crate::row_group::{self, RowGroup, ranges};
use crate::scan::Background;
use crate::task::{Content, Records, Task};
use crate::{Error, text};
use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use futures::StreamExt as _;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Semaphore, mpsc};

/// The grain of the budget in bytes.
pub(crate) const GRAIN: u64 = 1 << 10;
/// Holes between chunks of an object that are cheaper to fetch than to leave out.
const GAP: u64 = 1 << 20;

/// What the background half needs to know.
#[derive(Debug)]
pub(crate) struct Prefetch {
    pub(crate) plan: Arc<Plan>,
    /// The wanted columns, or all.
    pub(crate) columns: Option<HashSet<String>>,
    pub(crate) budget: Arc<Semaphore>,
    /// The whole budget.
    pub(crate) grains: u32,
}

/// A source ready to have its tasks fetched.
#[derive(Debug)]
struct Opened {
    object: Object,
    path_columns: Vec<(String, String)>,
    /// Positions of the wanted columns in the file.
    wanted: Vec<usize>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Parquet {
        metadata: ArrowReaderMetadata,
        /// The end of the file, as far as it is there already.
        tail: (u64, Bytes),
        /// Bytes of memory that a footer takes for each of its row groups.
        share: u64,
    },
    Csv(SchemaRef),
    Records(Layout, bool),
}

impl Prefetch {
    /// Sends the tasks in plan order; each is fetched on its own once the budget has room for it.
    pub(crate) async fn run(self: Arc<Self>, queue: mpsc::Sender<Background<Task>>) {
        let mut ready: Vec<usize> = self.plan.tasks().map(|(source, _)| source).collect();
        ready.dedup();
        let open = |source: usize| {
            let prefetch = Arc::clone(&self);
            let opened = Background::spawn(async move { prefetch.open(source).await });
            async move { (source, opened.join().await) }
        };
        let mut opened = futures::stream::iter(ready).map(open).buffered(self.plan.backend.sources_ahead());
        while let Some((source, Some(opened))) = opened.next().await {
            let opened = opened.map(Arc::new);
            for task in 0..self.plan.sources[source].tasks.len() {
                let Some(fetching) = self.start(source, task, opened.clone()).await else { return };
                if queue.send(fetching).await.is_err() {
                    return;
                }
            }
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.contains(name))
    }

    async fn open(&self, source: usize) -> Result<Opened, Error> {
        let planned = &self.plan.sources[source];
        let object = planned.object();
        let (fields, kind) = match planned.source.format {
            Format::Parquet => {
                let Footer { encoded, tail } = match &planned.footer {
                    Some(encoded) => Footer { encoded: encoded.clone(), tail: (object.bytes, Bytes::new()) },
                    None => footer::load(&self.plan.backend, &object).await?,
                };
                let metadata = footer::decode(&encoded, &object, false)?;
                let decoded = metadata.metadata();
                let share = (decoded.memory_size() / decoded.num_row_groups().max(1)) as u64;
                (metadata.schema().fields().clone(), Kind::Parquet { metadata, tail, share })
            }
            Format::Csv => {
                let schema = csv_schema(planned);
                (schema.fields().clone(), Kind::Csv(schema))
            }
            Format::Records { layout, gzip } => {
                let schema = csv_schema(planned);
                (schema.fields().clone(), Kind::Records(layout, gzip))
            }
        };
        let mut path_columns = path_columns(&fields, &planned.source.partitions);
        path_columns.retain(|(name, _)| self.wants(name));
        let wanted = fields.iter().enumerate().filter(|(_, field)| self.wants(field.name()));
        let wanted = wanted.map(|(index, _)| index).collect();
        Ok(Opened { object, path_columns, wanted, kind })
    }

    /// Waits for room in the budget and starts to fetch; `None` when the scan is over.
    async fn start(
        self: &Arc<Self>,
        source: usize,
        task: usize,
        opened: Result<Arc<Opened>, Error>,
    ) -> Option<Background<Task>> {
        let planned = &self.plan.sources[source];
        let work = opened.and_then(|opened| {
            let ranges = opened.ranges(&planned.tasks[task])?;
            Ok((opened, ranges))
        });
        let (bytes, held) = work.as_ref().map_or((0, 0), |(opened, ranges)| {
            (sizes(ranges).fold(0, u64::saturating_add), self.held(opened, ranges))
        });
        let grains = u32::try_from(held.div_ceil(GRAIN)).unwrap_or(u32::MAX).clamp(1, self.grains);
        let permit = Arc::clone(&self.budget).acquire_many_owned(grains).await.ok()?;
        let prefetch = Arc::clone(self);
        Some(Background::spawn(async move {
            let planned = &prefetch.plan.sources[source];
            let path_columns =
                work.as_ref().map_or_else(|_| Vec::new(), |(opened, _)| opened.path_columns.clone());
            let content = match work {
                Ok((opened, ranges)) => {
                    prefetch.content(&opened, planned, &planned.tasks[task], ranges).await
                }
                Err(error) => Err(error),
            };
            Task {
                source,
                task,
                rows: planned.tasks[task].rows,
                bytes,
                path: planned.source.path.clone(),
                path_columns,
                content,
                left_out: OnceLock::new(),
                _permit: Some(permit),
            }
        }))
    }

    /// Bytes that a task takes of the budget: its share of the footer, and what is fetched ahead, or of a local file,
    /// of which nothing is, the largest chunk that its reader needs at once.
    fn held(&self, opened: &Opened, ranges: &[Range<u64>]) -> u64 {
        let share = match &opened.kind {
            Kind::Parquet { share, .. } => *share,
            Kind::Csv(_) | Kind::Records(..) => 0,
        };
        let content = match (&self.plan.backend, &opened.kind) {
            (Backend::Local(_), Kind::Parquet { .. }) => sizes(ranges).max().unwrap_or(0),
            _ => sizes(&merge(ranges.to_vec(), GAP, u64::MAX)).sum(),
        };
        content.saturating_add(share)
    }

    async fn content(
        &self,
        opened: &Opened,
        source: &PlannedSource,
        task: &TaskPlan,
        ranges: Vec<Range<u64>>,
    ) -> Result<Content, Error> {
        let backend = &self.plan.backend;
        let object = &opened.object;
        let (metadata, tail) = match &opened.kind {
            Kind::Parquet { metadata, tail, .. } => (metadata, tail),
            Kind::Csv(schema) => {
                let text = text::whole(backend, object).await?;
                return Ok(Content::Csv { text, schema: Arc::clone(schema), columns: opened.wanted.clone() });
            }
            Kind::Records(layout, gzip) => return self.records(opened, *layout, *gzip, source, task).await,
        };
        let content = match backend {
            Backend::Local(pool) => row_group::Content::Local(LocalFile::new(object.clone(), pool.clone())),
            Backend::Objects(_) => {
                let merged = merge(ranges, GAP, u64::MAX);
                row_group::Content::Fetched(fetch(backend, object, merged, tail).await?)
            }
        };
        Ok(Content::RowGroup(Box::new(RowGroup {
            metadata: metadata.clone(),
            index: task.row_group,
            rows: task.rows,
            wanted: opened.wanted.clone(),
            path: object.path.clone(),
            file_bytes: object.bytes,
            content,
        })))
    }

    /// The text of a task.
    async fn records(
        &self,
        opened: &Opened,
        layout: Layout,
        gzip: bool,
        source: &PlannedSource,
        task: &TaskPlan,
    ) -> Result<Content, Error> {
        let backend = &self.plan.backend;
        let facts = source.records.clone().unwrap_or_default();
        let (text, layout, gzip) = match facts.named.get(task.row_group) {
            Some(Named { object, format: Format::Records { layout, gzip } }) => {
                (text::whole(backend, object).await?, *layout, *gzip)
            }
            Some(_) => return Err(Error::corrupt(&opened.object.path, None, "a manifest that has changed")),
            None if layout == Layout::Lines && !gzip => {
                let start = task.row_group as u64 * text::PIECE;
                let part = start..(start + task.bytes).min(opened.object.bytes);
                (text::lines(backend, &opened.object, part).await?, layout, gzip)
            }
            None => (text::whole(backend, &opened.object).await?, layout, gzip),
        };
        let decoder = Arc::clone(&self.plan.decoder);
        let skip = [EVENT_ID, EVENT_TIME].into_iter().filter(|name| !self.wants(name)).collect();
        Ok(Content::Records(Records {
            text,
            layout,
            gzip,
            hour: facts.hour,
            shape: facts.shape,
            decoder,
            skip,
        }))
    }
}

impl Opened {
    /// Where what a task wants lies in the object.
    fn ranges(&self, task: &TaskPlan) -> Result<Vec<Range<u64>>, Error> {
        let row_group = task.row_group;
        let metadata = match &self.kind {
            Kind::Parquet { metadata, .. } => metadata,
            Kind::Csv(_) => return Ok(std::iter::once(0..self.object.bytes).collect()),
            // What is read, however it is spread over the files of a manifest.
            Kind::Records(..) => return Ok(std::iter::once(0..task.bytes).collect()),
        };
        let descriptor = metadata.parquet_schema();
        let wants = |leaf| self.wanted.binary_search(&descriptor.get_column_root_idx(leaf)).is_ok();
        ranges(metadata, row_group, wants, self.object.bytes)
            .map_err(|reason| Error::corrupt(&self.object.path, Some(row_group), reason))
    }
}

fn sizes(ranges: &[Range<u64>]) -> impl Iterator<Item = u64> {
    ranges.iter().map(|range| range.end - range.start)
}

/// The planned columns without those of the path, which come last.
fn csv_schema(planned: &PlannedSource) -> SchemaRef {
    let fields = planned.schema.iter().flat_map(|schema| schema.fields().iter());
    Arc::new(Schema::new(fields.take(planned.file_columns).map(Arc::clone).collect::<Vec<_>>()))
}
