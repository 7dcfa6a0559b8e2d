//! One row group, or one whole file, from fetched bytes to batches.

use crate::decode::{append, checked};
use crate::parquet_task::RowGroup;
use crate::plan::Plan;
use crate::{Error, csv};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

/// Batches of one task.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send>;

/// One row group, or one whole file, whose bytes have arrived.
#[derive(Debug)]
pub struct Task {
    /// Index in [`Plan::sources`](crate::Plan::sources).
    pub source: usize,
    /// Index in [`PlannedSource::tasks`](crate::PlannedSource::tasks).
    pub task: usize,
    /// Rows that its batches hold together.
    pub rows: u64,
    /// Bytes that were fetched for it.
    pub bytes: u64,
    pub(crate) path: String,
    /// `key=value` folders that the caller wants as columns.
    pub(crate) path_columns: Vec<(String, String)>,
    pub(crate) content: Result<Content, Error>,
    /// Its part of the budget, given back when it is dropped.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// What was fetched for a task.
#[derive(Debug)]
pub(crate) enum Content {
    RowGroup(Box<RowGroup>),
    Csv { text: Bytes, schema: SchemaRef, columns: Vec<usize> },
}

impl Task {
    /// Stands in for a task whose fetch broke down.
    pub(crate) fn lost(plan: &Plan, source: usize, task: usize) -> Self {
        let planned = &plan.sources[source];
        let path = planned.source.path.clone();
        let cause = std::io::Error::other("the background fetch broke down");
        Self {
            source,
            task,
            rows: planned.tasks[task].rows,
            bytes: 0,
            content: Err(Error::io(&path, "read", cause)),
            path,
            path_columns: Vec::new(),
            permit: None,
        }
    }

    /// Decodes on the calling thread, in batches of 8,192 rows; the first error is the last item.
    #[must_use]
    pub fn batches(self) -> Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send> {
        let Self { rows, path, path_columns, content, permit, .. } = self;
        match content.and_then(|content| content.batches(&path, rows)) {
            Ok(batches) => Box::new(batches.map(move |batch| {
                let _held_until_dropped = &permit;
                append(&batch?, &path_columns).map_err(|error| Error::corrupt(&path, None, error))
            })),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }
}

impl Content {
    fn batches(self, path: &str, rows: u64) -> Result<Batches, Error> {
        Ok(match self {
            Self::RowGroup(group) => Box::new(group.batches(path, rows)?),
            Self::Csv { text, schema, columns } => {
                let reader =
                    csv::read(text, schema, columns).map_err(|error| Error::corrupt(path, None, error))?;
                Box::new(checked(reader, path.to_owned(), None, rows))
            }
        })
    }
}
