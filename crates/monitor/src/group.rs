//! From the batches of a task to profiles by window and segment.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{Array, RecordBatch, StringArray, cast::AsArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use profile::{Profile, Spec, Survey, split};
use store::{PlannedSource, Task};

use crate::{
    Settings,
    time_column::instants,
    window::{Calendar, Window},
};

/// What one or more tasks of a source came to.
#[derive(Debug, Default)]
pub(crate) struct Grouped {
    /// Profiles by window and segment, in order of first sight.
    pub(crate) parts: Vec<Part>,
    pub(crate) rows: u64,
    pub(crate) rows_without_time: u64,
    pub(crate) times: Option<(i64, i64)>,
    /// Rows by hour since 1970 UTC, where that was asked for.
    pub(crate) hours: HashMap<i64, u64>,
    positions: HashMap<(i64, Option<Arc<str>>), usize>,
}

/// The records of one window and segment.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) window: Window,
    pub(crate) segment: Option<Arc<str>>,
    pub(crate) profile: Profile,
}

/// How records are grouped.
#[derive(Debug, Clone)]
pub(crate) struct Grouping<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) settings: &'a Settings,
    pub(crate) calendar: Calendar,
    /// Whether rows by hour are wanted.
    pub(crate) by_hour: bool,
}

impl Grouping<'_> {
    /// Reads a task to its end.
    pub(crate) fn read(&self, source: &PlannedSource, task: Task) -> Result<Grouped, String> {
        let folders: Vec<&str> = source.folder_columns().collect();
        let mut grouped = Grouped::default();
        let mut calendar = self.calendar.clone();
        for batch in task.batches() {
            let batch = batch.map_err(|error| error.chain())?;
            self.observe(&batch, &folders, &mut calendar, &mut grouped)?;
        }
        Ok(grouped)
    }

    /// Counts the exact values of a task's records.
    pub(crate) fn survey(&self, source: &PlannedSource, task: Task) -> Result<Survey, String> {
        let folders: Vec<&str> = source.folder_columns().collect();
        let (mut survey, mut grouped) = (Survey::default(), Grouped::default());
        let mut calendar = self.calendar.clone();
        let wanted = |column: &str| self.is_wanted(column, &folders);
        for batch in task.batches() {
            let batch = batch.map_err(|error| error.chain())?;
            let groups = self.groups(&batch, &mut calendar, &mut grouped)?;
            // Which window a record is in does not matter here, only whether it is in one.
            let groups: Vec<_> = groups.into_iter().map(|group| group.map(|_| 0)).collect();
            for (_, part) in split(&batch, &groups).map_err(|error| error.to_string())? {
                survey.observe(&part, &wanted);
            }
        }
        Ok(survey)
    }

    /// Whether a column is monitored. A folder says where a capture lies, not what was captured: it is only
    /// monitored when it is asked for by name.
    fn is_wanted(&self, column: &str, folders: &[&str]) -> bool {
        let roles = &self.settings.roles;
        roles.is_monitored(column)
            && (!folders.contains(&column) || roles.features.iter().any(|feature| feature == column))
    }

    fn observe(
        &self,
        batch: &RecordBatch,
        folders: &[&str],
        calendar: &mut Calendar,
        grouped: &mut Grouped,
    ) -> Result<(), String> {
        grouped.rows += batch.num_rows() as u64;
        let groups = self.groups(batch, calendar, grouped)?;
        let wanted = |column: &str| self.is_wanted(column, folders);
        for (group, part) in split(batch, &groups).map_err(|error| error.to_string())? {
            grouped.parts[group as usize].profile.observe(self.spec, &part, &wanted);
        }
        Ok(())
    }

    /// The position in [`Grouped::parts`] of each row; `None` for rows in no window.
    fn groups(
        &self,
        batch: &RecordBatch,
        calendar: &mut Calendar,
        grouped: &mut Grouped,
    ) -> Result<Vec<Option<u32>>, String> {
        let windows = self.windows(batch, calendar, grouped)?;
        let segments = self.segments(batch)?;
        let mut groups = Vec::with_capacity(batch.num_rows());
        let mut last: Option<(i64, Option<usize>, u32)> = None;
        for (row, window) in windows.iter().enumerate() {
            let Some(window) = window else {
                groups.push(None);
                continue;
            };
            let segment = segments.as_ref().map(|segments| segments.rows[row]);
            if let Some((start, known, group)) = last
                && start == window.start
                && known == segment
            {
                groups.push(Some(group));
                continue;
            }
            let name = segments.as_ref().zip(segment).map(|(segments, s)| Arc::clone(&segments.names[s]));
            let position = grouped.position(*window, name, self.spec);
            let group = u32::try_from(position).map_err(|_| "too many windows and segments in one task")?;
            last = Some((window.start, segment, group));
            groups.push(Some(group));
        }
        Ok(groups)
    }

    /// The window of each row; `None` without a time or outside the range.
    fn windows(
        &self,
        batch: &RecordBatch,
        calendar: &mut Calendar,
        grouped: &mut Grouped,
    ) -> Result<Vec<Option<Window>>, String> {
        let windows = &self.settings.windows;
        let Some(name) = &self.settings.roles.timestamp else {
            let all = Window { start: i64::MIN, end: i64::MAX };
            return Ok(vec![Some(all); batch.num_rows()]);
        };
        let column = batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))?;
        let times =
            instants(column, &windows.timezone).map_err(|reason| format!("column `{name}`: {reason}"))?;
        let mut found = Vec::with_capacity(times.len());
        for time in times {
            let window = time.and_then(|time| calendar.window_of(time));
            let (Some(time), Some(window)) = (time, window) else {
                grouped.rows_without_time += 1;
                found.push(None);
                continue;
            };
            grouped.times = Some(widen(grouped.times, (time, time)));
            if windows.from.is_some_and(|from| time < from) || windows.to.is_some_and(|to| time >= to) {
                found.push(None);
                continue;
            }
            if self.by_hour {
                *grouped.hours.entry(time.div_euclid(3_600_000_000)).or_default() += 1;
            }
            found.push(Some(window));
        }
        Ok(found)
    }

    fn segments(&self, batch: &RecordBatch) -> Result<Option<Segments>, String> {
        let names = &self.settings.segment_by;
        if names.is_empty() {
            return Ok(None);
        }
        let mut columns: Vec<(&String, Option<StringArray>)> = Vec::new();
        for name in names {
            // A file that lacks the column has no value in it: that is a segment too.
            let text = match batch.column_by_name(name) {
                None => None,
                Some(column) => {
                    let text = cast(column, &DataType::Utf8);
                    let text =
                        text.map_err(|error| format!("column `{name}`: cannot be a segment: {error}"))?;
                    Some(text.as_string::<i32>().clone())
                }
            };
            columns.push((name, text));
        }
        let mut known: HashMap<Vec<Option<&str>>, usize> = HashMap::new();
        let mut segments = Segments { rows: Vec::with_capacity(batch.num_rows()), names: Vec::new() };
        for row in 0..batch.num_rows() {
            let values: Vec<Option<&str>> = columns
                .iter()
                .map(|(_, text)| text.as_ref().filter(|text| text.is_valid(row)).map(|text| text.value(row)))
                .collect();
            let position = *known.entry(values).or_insert_with_key(|values| {
                let parts = columns.iter().zip(values).map(|((name, _), value)| {
                    format!("{name}={}", sketch::short_name(value.unwrap_or("(null)")))
                });
                segments.names.push(parts.collect::<Vec<_>>().join("/").into());
                segments.names.len() - 1
            });
            segments.rows.push(position);
        }
        Ok(Some(segments))
    }
}

struct Segments {
    rows: Vec<usize>,
    names: Vec<Arc<str>>,
}

impl Grouped {
    /// Adds the next task of the same source.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.rows_without_time += other.rows_without_time;
        if let Some(times) = other.times {
            self.times = Some(widen(self.times, times));
        }
        #[expect(clippy::iter_over_hash_type, reason = "adding counts gives the same in any order")]
        for (hour, rows) in other.hours {
            *self.hours.entry(hour).or_default() += rows;
        }
        for part in other.parts {
            let key = (part.window.start, part.segment.clone());
            match self.positions.get(&key) {
                Some(&position) => self.parts[position].profile.merge(&part.profile),
                None => {
                    self.positions.insert(key, self.parts.len());
                    self.parts.push(part);
                }
            }
        }
    }

    fn position(&mut self, window: Window, segment: Option<Arc<str>>, spec: &Spec) -> usize {
        let key = (window.start, segment);
        if let Some(&position) = self.positions.get(&key) {
            return position;
        }
        let position = self.parts.len();
        self.parts.push(Part { window, segment: key.1.clone(), profile: Profile::new(spec) });
        self.positions.insert(key, position);
        position
    }
}

fn widen(known: Option<(i64, i64)>, (first, last): (i64, i64)) -> (i64, i64) {
    known.map_or((first, last), |(low, high)| (low.min(first), high.max(last)))
}
