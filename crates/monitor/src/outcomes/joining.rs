//! Records and labels on their way to each other.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, UInt32Array,
    cast::AsArray,
    types::{Int64Type, UInt32Type},
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use profile::NONE;
use quality::join::{ARRIVED, ID, Join, JoinError, ORDER, PARTS, TIME};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::{
    Counting, Drawer, Form, Outcomes,
    counting::Counted,
    keys::{Keys, Owner, TaskKeys},
    sheet::LABEL,
    tally::Tally,
    truth::{ids, order, times},
};
use crate::{
    Error,
    gather::{self, Trouble},
    group::Grouped,
    window::Window,
};

const SOURCE: &str = "at.source";
const START: &str = "at.start";
const END: &str = "at.end";
const SEGMENT: &str = "at.segment";

/// Both sides, as far as they were read.
pub(crate) struct Joining {
    join: Join,
    schema: SchemaRef,
    /// Names of segments, by the numbers that rows carry.
    segments: Mutex<Vec<Arc<str>>>,
    as_of: Option<i64>,
    keys: Keys,
    tally: Mutex<Tally>,
}

/// The rows of a task, on their way.
#[derive(Debug)]
pub(super) struct Rows {
    /// Place of the source among all, and the number of the task.
    pub(super) owner: Owner,
    /// Rows that came before.
    pub(super) first: u64,
    /// The keys of their ids, if they are to be kept.
    pub(super) keys: Option<TaskKeys>,
}

impl Joining {
    pub(super) fn new(counting: &Counting<'_>, truth: &SchemaRef) -> Result<Self, Error> {
        let mut fields = vec![
            Field::new(ID, DataType::Utf8, true),
            Field::new(TIME, DataType::Int64, true),
            Field::new(ORDER, DataType::UInt64, false),
            Field::new(SOURCE, DataType::UInt32, false),
            Field::new(START, DataType::Int64, false),
            Field::new(END, DataType::Int64, false),
            Field::new(SEGMENT, DataType::UInt32, true),
        ];
        fields.extend(counting.form.sheet_schema());
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let bytes = gather::memory(counting.settings) / gather::SHARE / 2;
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let join = Join::new(&std::env::temp_dir(), bytes, &schema, truth).map_err(broken)?;
        let as_of = counting.settings.as_of;
        let (keys, tally) = (Keys::new()?, Mutex::default());
        Ok(Self { join, schema, segments: Mutex::default(), as_of, keys, tally })
    }

    /// Takes labels, with the columns that were promised.
    pub(super) fn labels(&self, batch: &RecordBatch, rows: &mut Rows) -> Result<(), Trouble> {
        let ids = batch.column_by_name(ID).and_then(|ids| ids.as_string_opt::<i32>());
        let arrivals = batch.column_by_name(TIME).and_then(|times| times.as_primitive_opt::<Int64Type>());
        let (ids, arrivals) = ids.zip(arrivals).ok_or_else(|| "labels without ids or times".to_owned())?;
        let is_later = |row: usize| {
            self.as_of.is_some_and(|as_of| arrivals.is_valid(row) && arrivals.value(row) > as_of)
        };
        let with_id = ids.len() - ids.null_count();
        let later = (0..ids.len()).filter(|&row| ids.is_valid(row) && is_later(row)).count();
        let mut tally = self.tally();
        let of = tally.labels.entry(rows.owner.1).or_default();
        of.arrived += (with_id - later) as u64;
        of.later += later as u64;
        of.without_id += ids.null_count() as u64;
        if rows.owner.2 == 0 && of.example.is_none() {
            of.example = ids.iter().flatten().next().map(str::to_owned);
        }
        drop(tally);
        if let Some(keys) = &mut rows.keys {
            keys.extend(ids, |row| !is_later(row));
        }
        self.join.labels(batch).map_err(of_source)
    }

    /// Keeps the keys of a task that came to its end, or to a fault: what it handed over takes part.
    pub(super) fn done(&self, rows: Rows) -> Result<(), Trouble> {
        rows.keys.map_or(Ok(()), |keys| self.keys.put(rows.owner, keys)).map_err(Trouble::Run)
    }

    /// The keys that were kept.
    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the rows of a batch that are in a window.
    pub(super) fn records(
        &self,
        counting: &Counting<'_>,
        batch: &RecordBatch,
        sheet: &RecordBatch,
        of_row: &[u32],
        grouped: &Grouped,
        from: &mut Rows,
    ) -> Result<(), Trouble> {
        let rows = batch.num_rows();
        let roles = &counting.settings.roles;
        let id = roles.id.as_deref().ok_or_else(|| "no column of ids is named".to_owned())?;
        let time = match &roles.timestamp {
            Some(name) => times(batch, name, counting.settings)?,
            None => Int64Array::new_null(rows),
        };
        let numbers = self.numbers(grouped);
        let of = |row: usize| {
            let group = of_row.get(row).copied().filter(|group| *group != NONE)?;
            Some((grouped.parts.get(group as usize)?, numbers.get(group as usize).copied().flatten()))
        };
        let window = |bound: fn(&Window) -> i64| -> ArrayRef {
            let bounds = (0..rows).map(|row| of(row).map_or(0, |(part, _)| bound(&part.window)));
            Arc::new(Int64Array::from_iter_values(bounds))
        };
        let (_, source, _) = from.owner;
        let segments: UInt32Array = (0..rows).map(|row| of(row).and_then(|(_, segment)| segment)).collect();
        let mut columns: Vec<ArrayRef> = vec![
            ids(batch, id)?,
            Arc::new(time),
            Arc::new(order(from, rows)),
            Arc::new(UInt32Array::from_value(source, rows)),
            window(|window| window.start),
            window(|window| window.end),
            Arc::new(segments),
        ];
        columns.extend(sheet.columns().iter().cloned());
        let error = |error: arrow_schema::ArrowError| error.to_string();
        let records = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(error)?;
        let inside: BooleanArray = of_row.iter().map(|group| Some(*group != NONE)).collect();
        let records = filter_record_batch(&records, &inside).map_err(error)?;
        let ids = records.column_by_name(ID).and_then(|ids| ids.as_string_opt::<i32>());
        let mut tally = self.tally();
        let of = tally.captures.entry(source).or_default();
        of.records += records.num_rows() as u64;
        if from.owner.2 == 0 && of.example.is_none() {
            of.example = ids.and_then(|ids| ids.iter().flatten().next()).map(str::to_owned);
        }
        drop(tally);
        if let Some((keys, ids)) = from.keys.as_mut().zip(ids) {
            keys.extend(ids, |_| true);
        }
        self.join.records(&records).map_err(of_source)
    }

    /// The number of the segment of each group.
    fn numbers(&self, grouped: &Grouped) -> Vec<Option<u32>> {
        let mut known = self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        let number = |name: &Arc<str>| {
            let at = known.iter().position(|known| known == name).unwrap_or_else(|| {
                known.push(Arc::clone(name));
                known.len() - 1
            });
            u32::try_from(at).ok()
        };
        let mut number = number;
        grouped.parts.iter().map(|part| part.segment.as_ref().and_then(&mut number)).collect()
    }

    /// Joins both sides and counts what comes of it; `None` when the run is to stop. Says what became of the rows of each
    /// source, and gives back their keys.
    pub(super) fn finish(
        self,
        counting: &Counting<'_>,
        counted: &mut Counted,
    ) -> Result<Option<(Tally, Keys)>, Error> {
        let segments = self.segments.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let threads = counting.pool.current_num_threads().max(1);
        let budget = gather::memory(counting.settings) / gather::SHARE / threads as u64;
        let drawer = Mutex::new(&mut counted.drawer);
        let stop = counting.stop;
        let some = |first: usize| -> Result<(), Error> {
            let mut held = Held::default();
            for part in (first..PARTS).step_by(threads) {
                if stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let (batch, of_part) = self.join.part(part, self.as_of).map_err(broken)?;
                held.tally.ids += of_part.new_ids;
                held.count(counting.form, &batch)?;
                if held.heap_bytes() as u64 > budget {
                    held.put(&drawer, &segments)?;
                }
            }
            self.tally().add(&held.tally);
            held.put(&drawer, &segments)
        };
        counting.pool.install(|| (0..threads).into_par_iter().try_for_each(some))?;
        // Rows before the fault of a source are as little counted as in its profile.
        let sources = &counted.sources;
        counted.drawer.forget(|place| sources.get(&place).is_some_and(|read| read.seen.is_err()));
        let tally = self.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((!stop.load(Ordering::Relaxed)).then_some((tally, self.keys)))
    }
}

/// Start of the window, source, and number of the segment.
type Key = (i64, u32, Option<u32>);

/// What a thread has counted of joined rows.
#[derive(Default)]
struct Held {
    outcomes: BTreeMap<Key, Outcomes>,
    /// Ends of windows, by their starts.
    ends: BTreeMap<i64, i64>,
    tally: Tally,
}

impl Held {
    fn count(&mut self, form: &Form, batch: &RecordBatch) -> Result<(), Error> {
        let defect = |what: &str| Error::Scratch { reason: format!("joined rows are damaged: {what}") };
        let time = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<Int64Type>();
        let number = |name: &str| batch.column_by_name(name)?.as_primitive_opt::<UInt32Type>();
        let windows = time(START).zip(time(END)).zip(time(TIME)).zip(time(ARRIVED));
        let ((((starts, ends), times), arrived), (sources, numbers)) =
            windows.zip(number(SOURCE).zip(number(SEGMENT))).ok_or_else(|| defect("columns"))?;
        let key = |row: usize| -> Key {
            (starts.value(row), sources.value(row), numbers.is_valid(row).then(|| numbers.value(row)))
        };
        let groups = (0..batch.num_rows()).map(|row| Some(key(row)));
        form.observe(batch, groups, &mut self.outcomes).map_err(|what| defect(&what))?;
        let labels = batch.column_by_name(LABEL).ok_or_else(|| defect("labels"))?;
        for row in 0..batch.num_rows() {
            self.ends.insert(starts.value(row), ends.value(row));
            let early = arrived.is_valid(row) && times.is_valid(row) && arrived.value(row) < times.value(row);
            if early && let Some(outcomes) = self.outcomes.get_mut(&key(row)) {
                outcomes.early += 1;
            }
            let of = self.tally.captures.entry(sources.value(row)).or_default();
            of.last += 1;
            of.matched += u64::from(labels.is_valid(row));
            of.early += u64::from(early);
        }
        Ok(())
    }

    fn heap_bytes(&self) -> usize {
        self.outcomes.values().map(Outcomes::heap_bytes).sum()
    }

    /// Puts all of it away.
    fn put(&mut self, drawer: &Mutex<&mut Drawer>, segments: &[Arc<str>]) -> Result<(), Error> {
        let mut drawer = drawer.lock().unwrap_or_else(PoisonError::into_inner);
        for ((start, source, segment), outcomes) in std::mem::take(&mut self.outcomes) {
            let window = Window { start, end: self.ends.get(&start).copied().unwrap_or(start) };
            let segment = segment.and_then(|segment| segments.get(segment as usize)).map(Arc::clone);
            drawer.put((window, segment, source), &outcomes)?;
        }
        Ok(())
    }
}

/// No fault of the source: rows have nowhere to wait.
fn of_source(error: JoinError) -> Trouble {
    Trouble::Run(broken(error))
}

fn broken(error: JoinError) -> Error {
    let source = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
    Error::Scratch { reason: format!("{error}{source}") }
}
