//! The end of a run: what only a run that came to its end knows.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    known::{self, Origin},
    plan,
    reading::Reading,
};
use crate::{
    Error,
    profiles::{Entry, Finding, State, bounds},
    tables::{SourceRow, SourceStatus},
    window::Calendar,
};

impl Reading<'_> {
    /// Writes what only a run that came to its end knows.
    pub(super) fn finish(&mut self, before: Option<State>, others: Vec<Entry>) -> Result<(), Error> {
        self.is_ours()?;
        self.remove_stale(&others)?;
        let mut state = State { range: self.wanted.range, rule: self.rule.to_owned(), ..State::default() };
        for entry in others.into_iter().chain(self.sources.entries().map(|(_, entry)| entry.clone())) {
            state.entries.insert(entry.id.clone(), entry);
        }
        if before.as_ref() != Some(&state) {
            let mut rows: Vec<SourceRow> = self
                .sources
                .all
                .iter()
                .filter_map(|known| Some(self.source_row(known.origin, known.entry.as_ref()?)))
                .collect();
            rows.sort_by(|a, b| a.path.cmp(&b.path));
            self.writer.sources(&rows)?;
            // Last: from here on the run is known to have come to its end.
            state.write(self.store, self.places.results)?;
        }
        self.shelf.clear()?;
        self.close_journal()
    }

    /// Writes down what the tables of all dates were made of.
    pub(super) fn close_journal(&self) -> Result<(), Error> {
        if self.places.are_one() { self.journal.write() } else { Ok(()) }
    }

    /// Ends a run that read nothing.
    pub(super) fn finish_rescore(&mut self) -> Result<(), Error> {
        if self.places.are_one() {
            return self.close_journal();
        }
        self.is_ours()?;
        self.remove_stale(&[])
    }

    /// Removes dates of the range that this or an earlier run wrote and that have no window any more.
    fn remove_stale(&self, others: &[Entry]) -> Result<(), Error> {
        let mut dates = known::Dates::new(Calendar::new(
            self.settings.windows.every,
            self.settings.windows.timezone.clone(),
        ));
        let kept: BTreeSet<Arc<str>> = others
            .iter()
            .flat_map(|entry| entry.windows(self.wanted.range))
            .map(|start| dates.of(start))
            .collect();
        let mut known: BTreeSet<String> = self.tables.any.clone();
        if self.places.are_one() {
            known.extend(self.shelf.dates().map(str::to_owned));
            known.extend(self.journal.dates());
        }
        for date in &known {
            let date = date.as_str();
            let is_asked_for = plan::is_date_within(date, self.settings);
            if is_asked_for && !self.visited.contains(date) && !kept.contains(date) {
                self.writer.remove(date)?;
                if self.places.are_one() {
                    self.shelf.remove_date(date)?;
                    self.journal.forget(date);
                }
            }
        }
        Ok(())
    }

    fn source_row(&self, origin: Origin, entry: &Entry) -> SourceRow {
        let mut row = SourceRow {
            path: entry.path.clone(),
            etag: entry.etag.clone(),
            bytes: entry.bytes,
            rows: entry.rows,
            rows_without_time: 0,
            bad_lines: 0,
            first_time: None,
            last_time: None,
            status: match origin {
                Origin::Reused | Origin::Elsewhere => SourceStatus::Reused,
                Origin::Planned | Origin::Resumed => SourceStatus::Profiled,
            },
            reason: None,
        };
        match &entry.finding {
            Finding::Profiled(profiled) => {
                row.rows_without_time = profiled.rows_without_time;
                row.bad_lines = profiled.bad_lines;
                row.reason = Some(profiled.left_out.clone()).filter(|reason| !reason.is_empty());
                row.first_time = profiled.times.map(|(first, _)| first);
                row.last_time = profiled.times.map(|(_, last)| last);
                if entry.is_outside(self.wanted.range) {
                    row.status = SourceStatus::OutsideRange;
                    row.reason = entry.time.map(|time| store::outside(Some(time), bounds(self.wanted.range)));
                }
            }
            Finding::OutsideRange(reason) => {
                row.status = SourceStatus::OutsideRange;
                row.reason = Some(reason.clone());
            }
            Finding::Quarantined { reason, .. } => {
                row.status = SourceStatus::Quarantined;
                row.reason = Some(reason.clone());
            }
        }
        row
    }
}
