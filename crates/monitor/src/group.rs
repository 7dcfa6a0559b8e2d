//! Profiles by window and segment of what one or more tasks hold.

use std::{
    collections::{BTreeMap, HashMap},
    mem,
    ops::Range,
    sync::Arc,
};

use profile::{FeatureProfile, Profile, Spec};
use rayon::{
    ThreadPool,
    iter::{IntoParallelRefMutIterator as _, ParallelIterator as _},
};
use store::LeftOut;

use crate::{
    Settings,
    profiles::{Names, Written},
    window::Window,
};

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
    /// Bytes of what is written down, and what they were when it was joined last.
    written_bytes: usize,
    joined_bytes: usize,
}

/// The records of one window and segment.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) window: Window,
    pub(crate) segment: Option<Arc<str>>,
    /// What was counted and is not written down; without features where nothing is.
    pub(crate) profile: Profile,
    /// What is written down, in any order.
    pub(crate) written: Vec<Written>,
}

/// How much may be counted at a time.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    /// Features of the spec.
    pub(crate) names: Names,
    /// What counting a task may take; what comes of it may take a quarter of that before it is written down.
    pub(crate) bytes: usize,
}

impl Room {
    /// What counting rows of one group comes to, by and large: a place for each feature, and what the first values add.
    pub(crate) fn of_group(&self, rows: u64) -> usize {
        let values = usize::try_from(rows).unwrap_or(usize::MAX).min(400);
        self.names.len() * (size_of::<FeatureProfile>() + 24 * values)
    }
}

impl Part {
    /// Writes what was counted down, so that it takes a fraction of the memory; returns the bytes.
    fn write_down(&mut self, names: &Names) -> Result<usize, String> {
        if self.profile.rows == 0 {
            return Ok(0);
        }
        let written =
            Written::new(names, &mem::take(&mut self.profile)).map_err(|error| error.to_string())?;
        let bytes = written.heap_bytes();
        self.written.push(written);
        Ok(bytes)
    }

    /// Makes one piece of those that are written down; returns the bytes.
    fn join(&mut self, names: &Names, spec: &Spec) -> Result<usize, String> {
        if self.written.len() > 1 {
            let mut whole = Profile::new(spec);
            for piece in mem::take(&mut self.written) {
                whole.merge(&piece.read(spec)?);
            }
            self.written.push(Written::new(names, &whole).map_err(|error| error.to_string())?);
        }
        Ok(self.written.iter().map(Written::heap_bytes).sum())
    }

    /// All of it, written down; as a profile too, where that is at hand.
    pub(crate) fn whole(mut self, names: &Names, spec: &Spec) -> Result<(Written, Option<Profile>), String> {
        if !self.written.is_empty() {
            self.write_down(names)?;
        }
        self.join(names, spec)?;
        match self.written.pop() {
            Some(written) => Ok((written, None)),
            None => {
                let written = Written::new(names, &self.profile).map_err(|error| error.to_string())?;
                Ok((written, Some(self.profile)))
            }
        }
    }
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
        self.written_bytes += other.written_bytes;
        for part in other.parts {
            let key = (part.window.start, part.segment.clone());
            match self.positions.get(&key) {
                Some(&position) => {
                    let ours = &mut self.parts[position];
                    if ours.profile.rows == 0 {
                        ours.profile = part.profile;
                    } else if part.profile.rows > 0 {
                        ours.profile.merge(&part.profile);
                    }
                    ours.written.extend(part.written);
                }
                None => {
                    self.positions.insert(key, self.parts.len());
                    self.parts.push(part);
                }
            }
        }
    }

    /// The position in `parts` of a window and segment.
    pub(crate) fn position(&mut self, window: Window, segment: Option<Arc<str>>) -> usize {
        let key = (window.start, segment);
        if let Some(&position) = self.positions.get(&key) {
            return position;
        }
        let position = self.parts.len();
        let segment = key.1.clone();
        self.parts.push(Part { window, segment, profile: Profile::default(), written: Vec::new() });
        self.positions.insert(key, position);
        position
    }

    /// Profiles of some parts, to count in.
    pub(crate) fn profiles(&mut self, parts: Range<usize>, spec: &Spec) -> Vec<&mut Profile> {
        let parts = self.parts.get_mut(parts).unwrap_or_default();
        let open = parts.iter_mut().map(|part| {
            if part.profile.features.is_empty() {
                part.profile = Profile::new(spec);
            }
            &mut part.profile
        });
        open.collect()
    }

    /// Writes down what was counted, if it takes more than so many bytes, and joins the pieces once they have become
    /// twice as large. A task has no pool: it works on one of its threads.
    pub(crate) fn write_down(
        &mut self,
        room: &Room,
        bytes: usize,
        spec: &Spec,
        pool: Option<&ThreadPool>,
    ) -> Result<(), String> {
        let open = || self.parts.iter().map(|part| part.profile.heap_bytes()).sum::<usize>();
        if self.parts.len() * room.of_group(0) <= bytes && open() <= bytes {
            return Ok(());
        }
        self.written_bytes += self.each(pool, |part| part.write_down(&room.names))?;
        if self.written_bytes > 2 * self.joined_bytes.max(bytes) {
            self.written_bytes = self.each(pool, |part| part.join(&room.names, spec))?;
            self.joined_bytes = self.written_bytes;
        }
        Ok(())
    }

    /// Does something with every part; returns the sum.
    fn each(
        &mut self,
        pool: Option<&ThreadPool>,
        work: impl Fn(&mut Part) -> Result<usize, String> + Send + Sync,
    ) -> Result<usize, String> {
        match pool {
            Some(pool) => pool.install(|| self.parts.par_iter_mut().map(work).sum()),
            None => self.parts.iter_mut().map(work).sum(),
        }
    }
}

/// The smallest stretch that holds both.
pub(crate) fn widen(known: Option<(i64, i64)>, (first, last): (i64, i64)) -> (i64, i64) {
    known.map_or((first, last), |(low, high)| (low.min(first), high.max(last)))
}
