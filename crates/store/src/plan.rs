//! Which captures a run has to read: list, prune by path, read footers, prune by statistics.

use crate::backend::Backend;
use crate::capture::Source;
use crate::inspect::{Facts, Inspector, RecordFacts};
use crate::listing::{Capture, Listing, Object, list};
use crate::pool::Pool;
use crate::records::{Decoder, RecordOptions, SLACK};
use crate::{Error, Location, Store, hive};
use arrow_schema::{Fields, Schema, SchemaRef};
use bytes::Bytes;
use futures::StreamExt as _;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// What a plan looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// The column that says when a row happened; without one nothing is pruned by statistics.
    pub timestamp: Option<String>,
    /// Half-open range in microseconds UTC; rows outside it may be left out.
    pub range: Option<(i64, i64)>,
    /// How captured requests and answers become records.
    pub records: RecordOptions,
    /// Columns of files without types whose values are names, however they look: `007` is not 7.
    pub texts: Vec<String>,
}

/// How far a plan has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanProgress {
    /// Objects seen so far.
    pub listed: u64,
    /// Objects left out because nothing here reads their extension.
    pub skipped: u64,
    /// Captures whose footers have to be read; 0 while the listing runs.
    pub captures: u64,
    /// How many of these have been read.
    pub inspected: u64,
}

/// The captures of a location, in an order that does not depend on the order they were listed in.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Sorted by earliest time, those of unknown time first, then by path.
    pub sources: Vec<PlannedSource>,
    /// Objects left out because nothing here reads their extension.
    pub skipped: u64,
    pub(crate) backend: Backend,
    pub(crate) decoder: Arc<Decoder>,
}

/// A capture and what has to be read of it.
#[derive(Clone, Debug)]
pub struct PlannedSource {
    /// The object.
    pub source: Source,
    /// Columns of its batches: those of the file, then `key=value` folders as text; `None` when it was not opened.
    pub schema: Option<SchemaRef>,
    /// Rows in the whole file; 0 when it was not opened, and an estimate where [`crate::Format::is_records`].
    pub rows: u64,
    /// First and last time in it in microseconds, both inclusive; `None` when unknown. Times without a zone are a
    /// day wider on each side.
    pub time: Option<(i64, i64)>,
    /// What to read; row groups without rows or outside the range are left out.
    pub tasks: Vec<TaskPlan>,
    /// Whether it is read at all.
    pub status: PlanStatus,
    /// Of a source that is set aside: whether it will be as bad the next time, unless it changes.
    pub lasting: bool,
    pub(crate) key: String,
    /// How many of the columns are in the file; those of its path come behind them.
    pub(crate) file_columns: usize,
    /// The footer as it is stored, if it was kept.
    pub(crate) footer: Option<Bytes>,
    pub(crate) records: Option<RecordFacts>,
}

/// One row group, a piece of a file of lines, or a whole file in other formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPlan {
    /// Its index in the file.
    pub row_group: usize,
    /// Rows in it.
    pub rows: u64,
    /// Compressed size of all its columns.
    pub bytes: u64,
    /// Like [`PlannedSource::time`], of this row group.
    pub time: Option<(i64, i64)>,
}

/// What becomes of a planned source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanStatus {
    /// It is read; a file without rows is too, and yields nothing.
    Ready,
    /// Nothing in it lies in the range, for this reason.
    OutsideRange(String),
    /// It cannot be read; the reason names what was expected and what was found.
    Quarantined(String),
}

/// The captures of a location, before any of them is looked into.
#[derive(Debug, Clone)]
pub struct Listed {
    captures: Vec<Capture>,
    skipped: u64,
    backend: Backend,
}

impl Listed {
    /// The captures, in no particular order.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.captures.iter().map(|capture| &capture.source)
    }

    /// Leaves captures out of what is planned.
    pub fn retain(&mut self, keep: impl Fn(&Source) -> bool) {
        self.captures.retain(|capture| keep(&capture.source));
    }
}

impl Plan {
    /// What a scan of this plan yields, in its order: indices of sources, and of tasks in them.
    pub fn tasks(&self) -> impl Iterator<Item = (usize, usize)> {
        let sources = self.sources.iter().enumerate();
        let ready = sources.filter(|(_, planned)| planned.status == PlanStatus::Ready);
        ready.flat_map(|(source, planned)| (0..planned.tasks.len()).map(move |task| (source, task)))
    }
}

impl PlannedSource {
    fn new(capture: Capture, status: PlanStatus) -> Self {
        let Capture { source, key, .. } = capture;
        Self {
            source,
            schema: None,
            rows: 0,
            time: None,
            tasks: Vec::new(),
            status,
            lasting: true,
            key,
            file_columns: 0,
            footer: None,
            records: None,
        }
    }

    /// Columns that come from `key=value` folders of its path and not from the file.
    pub fn folder_columns(&self) -> impl Iterator<Item = &str> {
        let fields = self.schema.iter().flat_map(|schema| schema.fields().iter());
        fields.skip(self.file_columns).map(|field| field.name().as_str())
    }

    pub(crate) fn object(&self) -> Object {
        Object {
            key: self.key.clone(),
            path: self.source.path.clone(),
            etag: self.source.etag.clone(),
            bytes: self.source.bytes,
            modified_micros: self.source.modified_micros,
        }
    }
}

impl Store {
    /// Lists the captures and decides what to read of them; `progress` hears how far it has come.
    ///
    /// A file that cannot be read is set aside in the plan with its reason.
    ///
    /// # Errors
    /// When nothing can be listed: [`Error::NotFound`], [`Error::Empty`], [`Error::Denied`], [`Error::Io`].
    pub fn plan(
        &self,
        captures: &Location,
        options: &PlanOptions,
        progress: &dyn Fn(PlanProgress),
    ) -> Result<Plan, Error> {
        self.plan_listed(self.list(captures, progress)?, options, progress)
    }

    /// Lists the captures at a location; `progress` hears how many so far.
    ///
    /// # Errors
    /// As [`Store::plan`].
    pub fn list(&self, captures: &Location, progress: &dyn Fn(PlanProgress)) -> Result<Listed, Error> {
        let backend = self.backend(captures)?;
        let tell = |listed| progress(PlanProgress { listed, ..PlanProgress::default() });
        let Listing { captures, skipped } = self.runtime.block_on(list(&backend, captures, &tell))?;
        Ok(Listed { captures, skipped, backend })
    }

    /// A plan of nothing.
    #[must_use]
    pub fn nothing(&self) -> Plan {
        let backend = Backend::Local(Pool::default());
        Plan { sources: Vec::new(), skipped: 0, backend, decoder: Arc::default() }
    }

    /// Decides what to read of captures that were listed.
    ///
    /// # Errors
    /// [`Error::Io`] when the store does not answer.
    pub fn plan_listed(
        &self,
        listed: Listed,
        options: &PlanOptions,
        progress: &dyn Fn(PlanProgress),
    ) -> Result<Plan, Error> {
        self.runtime.block_on(plan(listed, options, progress))
    }
}

async fn plan(listed: Listed, options: &PlanOptions, progress: &dyn Fn(PlanProgress)) -> Result<Plan, Error> {
    let Listed { captures, skipped, backend } = listed;
    let listed = captures.len() as u64 + skipped;
    let mut sources = Vec::with_capacity(captures.len());
    let mut unread = Vec::new();
    for mut capture in captures {
        if let Some(reason) = capture.trouble.take() {
            let reason = format!("`{}`: {reason}", capture.source.path);
            sources.push(PlannedSource::new(capture, PlanStatus::Quarantined(reason)));
        } else if let Some(reason) = outside_by_path(&capture, options.range) {
            sources.push(PlannedSource::new(capture, PlanStatus::OutsideRange(reason)));
        } else {
            unread.push(PlannedSource::new(capture, PlanStatus::Ready));
        }
    }
    let mut state = PlanProgress { listed, skipped, captures: unread.len() as u64, inspected: 0 };
    progress(state);

    let decoder =
        Decoder::new(&options.records).map_err(|reason| Error::Option { name: "select", reason })?;
    let decoder = Arc::new(decoder);
    let inspector = Inspector::new(backend.clone(), options, Arc::clone(&decoder));
    let inspector = Arc::new(inspector);
    let mut schemas: HashMap<Fields, SchemaRef> = HashMap::new();
    let mut room = backend.footers_kept();
    let mut inspections = futures::stream::iter(unread)
        .map(|source| inspect(Arc::clone(&inspector), source))
        .buffer_unordered(backend.concurrency());
    while let Some((mut source, facts)) = inspections.next().await {
        match facts {
            Ok(mut facts) => {
                let footer = facts.footer.take();
                apply(&mut source, facts, &mut schemas, options.range);
                if let Some(footer) = footer.filter(|footer| !source.tasks.is_empty() && footer.len() <= room)
                {
                    room -= footer.len();
                    // A copy: the rest of what was read with it would stay too.
                    source.footer = Some(Bytes::copy_from_slice(&footer));
                }
            }
            Err(error) if error.is_of_the_store() => return Err(error),
            Err(error) => {
                source.lasting = error.is_lasting();
                source.status = PlanStatus::Quarantined(reason(&error));
            }
        }
        sources.push(source);
        state.inspected += 1;
        progress(state);
    }
    drop(inspections);
    sources.sort_by(|a, b| {
        let key = |source: &PlannedSource| source.time.map(|(first, _)| first);
        key(a).cmp(&key(b)).then_with(|| a.source.path.cmp(&b.source.path))
    });
    Ok(Plan { sources, skipped, backend, decoder })
}

fn reason(error: &Error) -> String {
    match error {
        Error::Corrupt { path, reason, .. } => format!("`{path}`: {reason}"),
        error => error.chain(),
    }
}

/// Inspects one source on the runtime's threads.
async fn inspect(inspector: Arc<Inspector>, source: PlannedSource) -> (PlannedSource, Result<Facts, Error>) {
    let (object, listed) = (source.object(), source.source.clone());
    let facts = tokio::spawn(async move { inspector.inspect(&object, &listed).await }).await;
    let facts = facts.unwrap_or_else(|error| Err(Error::lost(&source.source.path, "read", error)));
    (source, facts)
}

fn apply(
    source: &mut PlannedSource,
    facts: Facts,
    schemas: &mut HashMap<Fields, SchemaRef>,
    range: Option<(i64, i64)>,
) {
    let fields = facts.fields.clone();
    let schema = schemas.entry(facts.fields).or_insert_with(|| Arc::new(Schema::new(fields)));
    source.schema = Some(Arc::clone(schema));
    source.file_columns = facts.file_columns;
    source.rows = facts.rows;
    source.time = facts.time;
    source.tasks = facts.tasks;
    source.records = facts.records;
    let Some(range) = range else { return };
    let had_rows = !source.tasks.is_empty();
    source.tasks.retain(|task| task.time.is_none_or(|time| overlaps(time, range)));
    source.tasks.shrink_to_fit();
    if had_rows && source.tasks.is_empty() {
        source.status = PlanStatus::OutsideRange(outside(source.time, range));
    }
}

/// Why nothing with these times, if they are known, lies in a range.
#[must_use]
pub fn outside(time: Option<(i64, i64)>, range: (i64, i64)) -> String {
    let found = time.map(|(first, last)| format!(", found {} to {}", show(first), show(last)));
    let expected = format!("expected times from {} to before {}", show(range.0), show(range.1));
    expected + &found.unwrap_or_default()
}

/// Why a capture's path rules it out; a partition is often local time, hence a day of slack on each side.
/// The folders `yyyy/mm/dd/hh` of captured requests have an hour.
fn outside_by_path(capture: &Capture, range: Option<(i64, i64)>) -> Option<String> {
    let range = range?;
    // The hours of captured requests are UTC.
    let hour = if capture.source.format.is_records() { hive::hour(&capture.source.path) } else { None };
    let (start, end) = hour.or_else(|| hive::span(&capture.source.partitions))?;
    let slack = if hour.is_some() { SLACK } else { hive::DAY_MICROS };
    let widened = (start.saturating_sub(slack), end.saturating_add(slack - 1));
    if overlaps(widened, range) {
        return None;
    }
    let (expected_from, expected_to) = (show(range.0), show(range.1));
    Some(format!(
        "expected times from {expected_from} to before {expected_to}, found folders that name {} to before {}",
        show(start),
        show(end)
    ))
}

/// Whether an inclusive time and a half-open range have something in common.
fn overlaps((first, last): (i64, i64), (from, to): (i64, i64)) -> bool {
    first < to && last >= from
}

fn show(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| format!("{micros} µs"), |time| time.to_string())
}
