//! The background half of a scan: footers a few sources ahead, column chunks as far ahead as the budget allows.

use crate::capture::Format;
use crate::chunk::{fetch, merge};
use crate::decode::path_columns;
use crate::footer::{self, Footer};
use crate::listing::Object;
use crate::parquet_task::{RowGroup, ranges};
use crate::plan::{Plan, PlannedSource};
use crate::scan::Background;
use crate::task::{Content, Task};
use crate::{Error, csv};
use arrow_schema::{Schema, SchemaRef};
use futures::StreamExt as _;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

/// Sources whose footers are read ahead of their tasks.
const SOURCES_AHEAD: usize = 8;
/// The grain of the budget in bytes.
pub(crate) const GRAIN: u64 = 1 << 10;

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
    Parquet(Footer),
    Csv(SchemaRef),
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
        let mut opened = futures::stream::iter(ready).map(open).buffered(SOURCES_AHEAD);
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
                let footer = footer::load(&self.plan.backend, &object, false).await?;
                (footer.metadata.schema().fields().clone(), Kind::Parquet(footer))
            }
            Format::Csv => {
                let schema = csv_schema(planned);
                (schema.fields().clone(), Kind::Csv(schema))
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
        let row_group = planned.tasks[task].row_group;
        let work = opened.and_then(|opened| {
            let ranges = opened.ranges(row_group, self.plan.backend.gap())?;
            Ok((opened, ranges))
        });
        let bytes =
            work.as_ref().map_or(0, |(_, ranges)| ranges.iter().map(|range| range.end - range.start).sum());
        let grains = u32::try_from(bytes.div_ceil(GRAIN)).unwrap_or(u32::MAX).clamp(1, self.grains);
        let permit = Arc::clone(&self.budget).acquire_many_owned(grains).await.ok()?;
        let prefetch = Arc::clone(self);
        Some(Background::spawn(async move {
            let planned = &prefetch.plan.sources[source];
            let path_columns =
                work.as_ref().map_or_else(|_| Vec::new(), |(opened, _)| opened.path_columns.clone());
            let content = match work {
                Ok((opened, ranges)) => prefetch.fetch(&opened, row_group, ranges).await,
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
                permit: Some(permit),
            }
        }))
    }

    async fn fetch(&self, opened: &Opened, index: usize, ranges: Vec<Range<u64>>) -> Result<Content, Error> {
        let backend = &self.plan.backend;
        match &opened.kind {
            Kind::Parquet(footer) => {
                let bytes = fetch(backend, &opened.object, ranges, &footer.tail).await?;
                let (metadata, roots) = (footer.metadata.clone(), opened.wanted.clone());
                Ok(Content::RowGroup(Box::new(RowGroup { metadata, roots, index, bytes })))
            }
            Kind::Csv(schema) => {
                let text = csv::load(backend, &opened.object).await?;
                Ok(Content::Csv { text, schema: Arc::clone(schema), columns: opened.wanted.clone() })
            }
        }
    }
}

impl Opened {
    fn ranges(&self, row_group: usize, gap: u64) -> Result<Vec<Range<u64>>, Error> {
        let bytes = self.object.bytes;
        match &self.kind {
            Kind::Parquet(footer) => ranges(&footer.metadata, row_group, &self.wanted, bytes)
                .map(|wanted| merge(wanted, gap))
                .map_err(|reason| Error::corrupt(&self.object.path, Some(row_group), reason)),
            Kind::Csv(_) => Ok(std::iter::once(0..bytes).collect()),
        }
    }
}

/// The planned columns without those of the path, which come last.
fn csv_schema(planned: &PlannedSource) -> SchemaRef {
    let fields = planned.schema.iter().flat_map(|schema| schema.fields().iter());
    Arc::new(Schema::new(fields.take(planned.file_columns).map(Arc::clone).collect::<Vec<_>>()))
}
