//! Profiles by window and segment of what one or more tasks hold.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use profile::{Profile, Spec};
use store::LeftOut;

use crate::{Settings, window::Window};

/// What one or more tasks of a source came to.
#[derive(Debug, Default)]
pub(crate) struct Grouped {
    /// Profiles by window and segment, in order of first sight.
    pub(crate) parts: Vec<Part>,
    pub(crate) rows: u64,
    pub(crate) rows_without_time: u64,
    /// Lines that are no records.
    pub(crate) left_out: LeftOut,
    pub(crate) times: Option<(i64, i64)>,
    /// Rows by hour since 1970 UTC, where that was asked for.
    pub(crate) hours: HashMap<i64, u64>,
    /// Columns that the page path left to the batch path, with the reason.
    pub(crate) handed_over: BTreeMap<String, String>,
    positions: HashMap<(i64, Option<Arc<str>>), usize>,
}

/// The records of one window and segment.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) window: Window,
    pub(crate) segment: Option<Arc<str>>,
    pub(crate) profile: Profile,
}

impl Grouped {
    /// Refuses a source of which no line is a record, or no row has a time.
    pub(crate) fn timed(self, settings: &Settings) -> Result<Self, String> {
        if self.rows == 0 && self.left_out.count() > 0 {
            return Err(self.left_out.describe());
        }
        if self.rows > 0 && self.rows_without_time >= self.rows {
            let name = settings.roles.timestamp.as_deref().unwrap_or_default();
            return Err(format!("none of its {} rows has a readable time in `{name}`", self.rows));
        }
        Ok(self)
    }

    /// Adds the next task of the same source.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.rows_without_time += other.rows_without_time;
        self.left_out.merge(other.left_out);
        if let Some(times) = other.times {
            self.times = Some(widen(self.times, times));
        }
        #[expect(clippy::iter_over_hash_type, reason = "adding counts gives the same in any order")]
        for (hour, rows) in other.hours {
            *self.hours.entry(hour).or_default() += rows;
        }
        self.handed_over.extend(other.handed_over);
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

    /// The position in `parts` of a window and segment.
    pub(crate) fn position(&mut self, window: Window, segment: Option<Arc<str>>, spec: &Spec) -> usize {
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

/// The smallest stretch that holds both.
pub(crate) fn widen(known: Option<(i64, i64)>, (first, last): (i64, i64)) -> (i64, i64) {
    known.map_or((first, last), |(low, high)| (low.min(first), high.max(last)))
}
