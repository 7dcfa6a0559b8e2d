//! One row group, or one whole file, from its bytes to batches.

use crate::capture::Layout;
use crate::decode::{append, checked, guard};
use crate::plan::Plan;
use crate::records::{Decoder, Hour, LeftOut, Shape};
use crate::row_group::RowGroup;
use crate::{Error, csv, text};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use tokio::sync::OwnedSemaphorePermit;

/// Batches of one task.
type Batches<'a> = Box<dyn Iterator<Item = Result<RecordBatch, Error>> + Send + 'a>;

/// One row group, or one whole file, whose bytes have arrived or wait in a local file.
#[derive(Debug)]
pub struct Task {
    /// Index in [`Plan::sources`](crate::Plan::sources).
    pub source: usize,
    /// Index in [`PlannedSource::tasks`](crate::PlannedSource::tasks).
    pub task: usize,
    /// Rows that its batches hold together; an estimate where lines have to be read to be counted.
    pub rows: u64,
    /// Bytes of the wanted columns as they are stored.
    pub bytes: u64,
    pub(crate) path: String,
    /// `key=value` folders that the caller wants as columns.
    pub(crate) path_columns: Vec<(String, String)>,
    pub(crate) content: Result<Content, Error>,
    pub(crate) left_out: OnceLock<LeftOut>,
    /// Its part of the budget, given back when it is dropped.
    pub(crate) _permit: Option<OwnedSemaphorePermit>,
}

/// What there is of a task.
#[derive(Debug)]
pub(crate) enum Content {
    RowGroup(Box<RowGroup>),
    Csv { text: Bytes, schema: SchemaRef, columns: Vec<usize> },
    Records(Records),
}

/// The text of captured requests and answers, and how it is to be read.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) text: Bytes,
    pub(crate) layout: Layout,
    pub(crate) gzip: bool,
    pub(crate) hour: Hour,
    pub(crate) shape: Option<Shape>,
    pub(crate) decoder: Arc<Decoder>,
    /// Columns that are not wanted.
    pub(crate) skip: Vec<&'static str>,
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
            left_out: OnceLock::new(),
            _permit: None,
        }
    }

    /// The row group behind it, for readers of pages; `None` in formats without, and when its fetch failed, as
    /// its batches then say.
    #[must_use]
    pub fn row_group(&self) -> Option<&RowGroup> {
        match &self.content {
            Ok(Content::RowGroup(group)) => Some(group),
            _ => None,
        }
    }

    /// Lines that are no records, known once batches have been asked for; none in formats without lines.
    #[must_use]
    pub fn left_out(&self) -> LeftOut {
        self.left_out.get().cloned().unwrap_or_default()
    }

    /// Decodes on the calling thread, in batches of 8,192 rows; the first error is the last item.
    ///
    /// `only` names the columns to decode, at the top level or of the path, of those that the scan yields; names
    /// it does not yield are left out, `None` is all of them. Each call starts from the first row, and reads what
    /// it needs of a local file at once, on top of the budget.
    #[must_use]
    pub fn batches(&self, only: Option<&[&str]>) -> Batches<'_> {
        let wants = |name: &str| only.is_none_or(|only| only.contains(&name));
        let mut path_columns = self.path_columns.clone();
        path_columns.retain(|(name, _)| wants(name));
        let batches = self.content.as_ref().map_err(Clone::clone);
        let batches = batches.and_then(|content| content.batches(self, &wants));
        match batches {
            Ok(batches) => Box::new(batches.map(move |batch| {
                append(&batch?, &path_columns).map_err(|error| Error::corrupt(&self.path, None, error))
            })),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }
}

impl Content {
    fn batches(&self, task: &Task, wants: &dyn Fn(&str) -> bool) -> Result<Batches<'_>, Error> {
        let path = &task.path;
        let wanted = |schema: &SchemaRef, columns: &[usize]| -> Vec<usize> {
            columns.iter().copied().filter(|index| wants(schema.field(*index).name())).collect()
        };
        Ok(match self {
            Self::RowGroup(group) => {
                let roots = wanted(group.metadata.schema(), &group.wanted);
                Box::new(group.batches(&roots)?)
            }
            Self::Csv { text, schema, columns } => {
                let columns = wanted(schema, columns);
                let reader = csv::read(text.clone(), Arc::clone(schema), columns)
                    .map_err(|error| Error::corrupt(path, None, error))?;
                Box::new(checked(reader, path.clone(), None, task.rows))
            }
            Self::Records(records) => {
                let (batches, left_out) = records.batches(path, wants)?;
                let _ = task.left_out.set(left_out);
                batches
            }
        })
    }
}

impl Records {
    /// All batches have one schema; columns that no line has are not in it.
    fn batches(
        &self,
        path: &str,
        wants: &dyn Fn(&str) -> bool,
    ) -> Result<(Batches<'static>, LeftOut), Error> {
        let corrupt = |reason: String| Error::corrupt(path, None, reason);
        let text = if self.gzip { text::unfold(&self.text).map_err(corrupt)? } else { self.text.clone() };
        let skip = |name: &str| !wants(name) || self.skip.contains(&name);
        let decode = || self.decoder.decode(&text, self.layout, self.hour, self.shape, &skip);
        let decoded = guard(decode).map_err(corrupt)?;
        Ok((Box::new(decoded.batches.into_iter().map(Ok)), decoded.left_out))
    }
}
