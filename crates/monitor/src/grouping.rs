//! From a task to profiles by window and segment: which rows belong where, then column by column.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};

use arrow_array::{Array, Int64Array, RecordBatch};
use profile::{Coverage, Groups, NONE, Observer, Spec, Survey, cover};
use store::{PlannedSource, RowGroup, Task};

use crate::{
    Settings,
    gather::Trouble,
    group::{Grouped, Room, widen},
    segments::Segments,
    time_column::instants,
    window::{Calendar, Window},
};

/// How records are grouped.
#[derive(Debug, Clone)]
pub(crate) struct Grouping<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) settings: &'a Settings,
    pub(crate) calendar: Calendar,
    /// Whether rows by hour are wanted.
    pub(crate) by_hour: bool,
    /// Whether Parquet columns are profiled from their pages where that is possible.
    pub(crate) pages: bool,
    /// How much may be counted at a time, if that is bounded.
    pub(crate) room: Option<&'a Room>,
    /// Once it is set, what comes of a task is of no use.
    pub(crate) stop: &'a AtomicBool,
}

/// The window of records without a time.
const ALL: Window = Window { start: i64::MIN, end: i64::MAX };

/// What is known while the batches of one task are assigned.
pub(crate) struct Assigning<'a> {
    grouping: &'a Grouping<'a>,
    calendar: Calendar,
    segments: Segments<'a>,
    /// Group by row.
    of_row: Vec<u32>,
}

impl Grouping<'_> {
    /// Reads a task to its end.
    pub(crate) fn read(&self, source: &PlannedSource, task: &Task) -> Result<Grouped, Trouble> {
        let folders: Vec<&str> = source.folder_columns().collect();
        let wanted = |column: &str| self.is_wanted(column, &folders);
        let mut grouped = Grouped::default();
        let mut assigning = self.assigning();
        let Some(row_group) = task.row_group() else {
            for batch in task.batches(None) {
                let batch = batch?;
                let groups = assigning.groups(&batch, &mut grouped)?;
                let mut profiles = grouped.profiles(0..grouped.parts.len(), self.spec);
                let mut observer = Observer::new(self.spec, &groups, &mut profiles);
                observer.batch(0, &batch, &wanted).map_err(|error| error.to_string())?;
                observer.finish();
                if let Some(room) = self.room {
                    grouped.write_down(room, room.bytes, self.spec, None)?;
                }
            }
            grouped.left_out = task.left_out();
            return Ok(grouped);
        };
        let groups = assigning.row_group(task, &mut grouped)?;
        let coverage = self.coverage(row_group, &wanted);
        let mut rest: Vec<&str> = coverage.handed_over.iter().map(|(name, _)| name.as_str()).collect();
        rest.extend(folders.iter().filter(|folder| wanted(folder)));
        let passes = self.passes(&groups);
        for pass in &passes {
            let some = (passes.len() > 1).then(|| groups.only(pass.clone()));
            let mut profiles = grouped.profiles(pass.start as usize..pass.end as usize, self.spec);
            let mut observer = Observer::new(self.spec, some.as_ref().unwrap_or(&groups), &mut profiles);
            self.read_pages(row_group, &coverage, &mut observer)?;
            if !rest.is_empty() {
                let mut start = 0;
                for batch in task.batches(Some(&rest)) {
                    let batch = batch?;
                    observer.batch(start, &batch, &wanted).map_err(|error| error.to_string())?;
                    start += batch.num_rows();
                }
            }
            observer.finish();
            if let Some(room) = self.room {
                let stays = if some.is_some() { 0 } else { room.bytes / 4 };
                grouped.write_down(room, stays, self.spec, None)?;
            }
        }
        if self.pages {
            grouped.handed_over.extend(coverage.handed_over);
        }
        Ok(grouped)
    }

    /// Counts the exact values of a task's records.
    pub(crate) fn survey(&self, source: &PlannedSource, task: &Task) -> Result<Survey, Trouble> {
        let folders: Vec<&str> = source.folder_columns().collect();
        let (mut survey, mut grouped) = (Survey::default(), Grouped::default());
        let mut assigning = self.assigning();
        let wanted = |column: &str| self.is_wanted(column, &folders);
        for batch in task.batches(None) {
            let batch = batch?;
            let groups = assigning.groups(&batch, &mut grouped)?;
            for (_, part) in groups.any().split(0, &batch).map_err(|error| error.to_string())? {
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

    fn coverage(&self, row_group: &RowGroup, wanted: &dyn Fn(&str) -> bool) -> Coverage {
        let fields = row_group.metadata().schema().fields();
        let roots: Vec<usize> =
            row_group.wanted().iter().copied().filter(|root| wanted(fields[*root].name())).collect();
        if self.pages {
            return cover(row_group.metadata(), &roots, self.spec);
        }
        let names = roots.into_iter().map(|root| (fields[root].name().clone(), String::new()));
        Coverage { handed_over: names.collect(), ..Coverage::default() }
    }

    /// Groups that are counted together, a pass over the row group for each.
    fn passes(&self, groups: &Groups) -> Vec<Range<u32>> {
        let end = u32::try_from(groups.sizes().len()).unwrap_or(NONE);
        let (mut passes, mut start, mut bytes) = (Vec::new(), 0, 0_usize);
        for (group, &rows) in (0..end).zip(groups.sizes()) {
            let Some(room) = self.room else { break };
            let more = room.of_group(rows);
            if bytes + more > room.bytes && group > start {
                passes.push(start..group);
                (start, bytes) = (group, 0);
            }
            bytes += more;
        }
        passes.push(start..end);
        passes
    }

    fn read_pages(
        &self,
        row_group: &RowGroup,
        coverage: &Coverage,
        observer: &mut Observer<'_, '_>,
    ) -> Result<(), Trouble> {
        let group = row_group.metadata().metadata().row_group(row_group.index());
        for leaf in &coverage.leaves {
            if self.stop.load(Ordering::Relaxed) {
                return Err("stopped".to_owned().into());
            }
            let chunk = row_group.chunk(leaf.index)?;
            let broken = |error| format!("row group {}: {error}", row_group.index());
            observer.pages(leaf, group, chunk).map_err(broken)?;
        }
        Ok(())
    }

    /// What assigns the batches of one task to groups.
    pub(crate) fn assigning(&self) -> Assigning<'_> {
        Assigning {
            grouping: self,
            calendar: self.calendar.clone(),
            segments: Segments::new(&self.settings.segment_by),
            of_row: Vec::new(),
        }
    }
}

impl Assigning<'_> {
    /// The groups of all rows of a row group, from its times and segments alone.
    fn row_group(&mut self, task: &Task, grouped: &mut Grouped) -> Result<Groups, Trouble> {
        let settings = self.grouping.settings;
        let keys: Vec<&str> =
            settings.roles.timestamp.iter().chain(&settings.segment_by).map(String::as_str).collect();
        if keys.is_empty() {
            grouped.rows += task.rows;
            let position = grouped.position(ALL, None);
            let rows = usize::try_from(task.rows).map_err(|_| "too many rows in one task".to_owned())?;
            return Ok(Groups::one(u32::try_from(position).unwrap_or(0), rows));
        }
        for batch in task.batches(Some(&keys)) {
            let batch = batch?;
            self.assign(&batch, grouped)?;
        }
        Ok(Groups::new(std::mem::take(&mut self.of_row)))
    }

    /// The groups of the rows of a batch.
    fn groups(&mut self, batch: &RecordBatch, grouped: &mut Grouped) -> Result<Groups, String> {
        self.of_rows(batch, grouped).map(Groups::new)
    }

    /// The position in [`Grouped::parts`] of each row of a batch, or [`NONE`].
    pub(crate) fn of_rows(&mut self, batch: &RecordBatch, grouped: &mut Grouped) -> Result<Vec<u32>, String> {
        self.assign(batch, grouped)?;
        Ok(std::mem::take(&mut self.of_row))
    }

    /// Appends the position in [`Grouped::parts`] of each row.
    fn assign(&mut self, batch: &RecordBatch, grouped: &mut Grouped) -> Result<(), String> {
        let rows = batch.num_rows();
        grouped.rows += rows as u64;
        self.segments.read(batch)?;
        let windows = &self.grouping.settings.windows;
        let Some(name) = &self.grouping.settings.roles.timestamp else {
            return self.assign_rows((0..rows).map(|_| Some(ALL)), grouped);
        };
        let column = batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))?;
        let times =
            instants(column, &windows.timezone).map_err(|reason| format!("column `{name}`: {reason}"))?;
        let inside =
            |time: i64| windows.from.is_none_or(|from| time >= from) && windows.to.is_none_or(|to| time < to);
        let bounds = bounds_of(&times).filter(|_| times.null_count() == 0 && !self.grouping.by_hour);
        if let Some((first, last)) = bounds
            && let Some(window) = self.calendar.window_of(first)
            && last < window.end
            && inside(first)
            && inside(last)
        {
            grouped.times = Some(widen(grouped.times, (first, last)));
            return self.assign_rows((0..rows).map(|_| Some(window)), grouped);
        }
        let mut found = Vec::with_capacity(rows);
        for time in &times {
            let window = time.and_then(|time| self.calendar.window_of(time));
            let (Some(time), Some(window)) = (time, window) else {
                grouped.rows_without_time += 1;
                found.push(None);
                continue;
            };
            grouped.times = Some(widen(grouped.times, (time, time)));
            if !inside(time) {
                found.push(None);
                continue;
            }
            if self.grouping.by_hour {
                *grouped.hours.entry(time.div_euclid(3_600_000_000)).or_default() += 1;
            }
            found.push(Some(window));
        }
        self.assign_rows(found.into_iter(), grouped)
    }

    fn assign_rows(
        &mut self,
        windows: impl Iterator<Item = Option<Window>>,
        grouped: &mut Grouped,
    ) -> Result<(), String> {
        let mut last: Option<(i64, u32, u32)> = None;
        for (row, window) in windows.enumerate() {
            let Some(window) = window else {
                self.of_row.push(NONE);
                continue;
            };
            let segment = self.segments.of_row(row);
            if let Some((start, known, group)) = last
                && start == window.start
                && known == segment
            {
                self.of_row.push(group);
                continue;
            }
            let position = grouped.position(window, self.segments.name(segment));
            let group = u32::try_from(position).ok().filter(|group| *group != NONE);
            let group = group.ok_or("too many windows and segments in one task")?;
            last = Some((window.start, segment, group));
            self.of_row.push(group);
        }
        Ok(())
    }
}

/// Earliest and latest of some times.
fn bounds_of(times: &Int64Array) -> Option<(i64, i64)> {
    let values = times.values();
    Some((*values.iter().min()?, *values.iter().max()?))
}
