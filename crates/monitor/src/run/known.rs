//! What is known of the captures before any of them is read.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use store::{Listed, Location, Plan, PlannedSource, Store};

use crate::{
    Error,
    profiles::{Entry, Finding, Shelf, State},
    window::{Calendar, Window},
};

/// Where what is known of a source comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is read in this run.
    Planned,
    /// A run that was stopped or killed has read it.
    Resumed,
    /// A run that came to its end has read it.
    Reused,
    /// So has one, and its captures lie elsewhere than those of this run.
    Elsewhere,
}

/// A source of the results.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) id: Arc<str>,
    pub(super) path: String,
    pub(super) origin: Origin,
    /// What came of reading it; `None` for what is yet to be read.
    pub(super) entry: Option<Entry>,
    /// Its order in time, by what its footer says.
    first: Option<i64>,
}

/// All sources of a run, by earliest time, those of unknown time first, then by path.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) all: Vec<Known>,
    /// Where the sources of the plan are in it.
    pub(super) of_plan: Vec<usize>,
    positions: HashMap<Arc<str>, u32>,
}

/// What a run has to do, and what it need not do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Captures that no run has read.
    pub new: u64,
    /// Captures that are another version than the one that was read, or were read under other settings.
    pub changed: u64,
    /// Captures that are no longer there.
    pub gone: u64,
    /// Captures that need not be read again.
    pub reused: u64,
}

/// What earlier runs leave for this one.
pub(super) struct Earlier<'a> {
    pub(super) shelf: &'a Shelf<'a>,
    /// At the end of the last run that came to its end.
    pub(super) state: State,
    /// What runs since have read.
    pub(super) resumed: Vec<Entry>,
}

/// The settings that decide whether what was counted is of use.
pub(super) struct Wanted<'a> {
    pub(super) captures: &'a Location,
    /// Digest of bins, roles and format.
    pub(super) spec: &'a str,
    pub(super) range: (Option<i64>, Option<i64>),
    /// Whether windows before the range are of use too.
    pub(super) earlier: bool,
}

/// Finds what need not be read again.
pub(super) struct Reuse {
    pub(super) known: BTreeMap<String, (Origin, Entry)>,
    pub(super) changes: Changes,
    /// Sources of the results that this run has nothing to do with; they stay.
    pub(super) others: Vec<Entry>,
    /// What was read of captures that are gone or changed.
    pub(super) left: Vec<Entry>,
}

impl Reuse {
    pub(super) fn of(
        store: &Store,
        listed: &Listed,
        earlier: &Earlier<'_>,
        wanted: &Wanted<'_>,
        dates: &mut Dates,
    ) -> Result<Self, Error> {
        let Earlier { shelf, state, resumed } = earlier;
        let mut by_id: HashMap<&str, Vec<&Entry>> = HashMap::new();
        for entry in resumed {
            by_id.entry(&entry.id).or_default().push(entry);
        }
        let mut is_whole = |entry: &Entry| {
            let on: BTreeSet<Arc<str>> = entry.windows(wanted.range).map(|start| dates.of(start)).collect();
            shelf.holds(entry, on.iter().map(|date| &**date))
        };
        let mut known = BTreeMap::new();
        let mut changes = Changes::default();
        let (mut ids, mut left) = (HashSet::new(), Vec::new());
        for source in listed.sources() {
            ids.insert(source.id.as_str());
            let finished = state.entries.get(&source.id).map(|entry| (Origin::Reused, entry));
            let since =
                by_id.get(source.id.as_str()).into_iter().flatten().map(|entry| (Origin::Resumed, *entry));
            let mut candidates = finished.into_iter().chain(since);
            let found = candidates.find(|(_, entry)| {
                entry.is_of(source)
                    && entry.spec == wanted.spec
                    && entry.serves(wanted.range)
                    && is_whole(entry)
            });
            match found {
                Some((origin, entry)) => {
                    changes.reused += 1;
                    let entry = Entry { path: source.path.clone(), ..entry.clone() };
                    known.insert(source.id.clone(), (origin, entry));
                }
                None => match state.entries.get(&source.id) {
                    Some(before) => {
                        changes.changed += 1;
                        left.push(before.clone());
                    }
                    None => changes.new += 1,
                },
            }
        }
        let (mut others, mut elsewhere) = (Vec::new(), Vec::new());
        let unlisted = state
            .entries
            .values()
            .chain(resumed.iter().filter(|entry| !state.entries.contains_key(&entry.id)));
        for entry in unlisted.filter(|entry| !ids.contains(entry.id.as_str())) {
            if wanted.captures.covers(&entry.id) {
                changes.gone += 1;
                left.push(entry.clone());
            } else if entry.spec == wanted.spec
                && (wanted.earlier || entry.windows(wanted.range).next().is_some())
                && is_whole(entry)
            {
                elsewhere.push(entry);
            } else {
                others.push(entry.clone());
            }
        }
        let mut there = HashMap::new();
        let mut listed_as = HashSet::new();
        if !elsewhere.is_empty() {
            there = store.existing(elsewhere.iter().map(|entry| entry.id.clone()).collect())?;
            listed_as =
                store.existing(ids.iter().map(|id| (*id).to_owned()).collect())?.into_values().collect();
        }
        for entry in elsewhere {
            // Under another name it may be one of those that are listed.
            if there.get(&entry.id).is_some_and(|real| !listed_as.contains(real)) {
                known.insert(entry.id.clone(), (Origin::Elsewhere, entry.clone()));
            } else {
                changes.gone += 1;
                left.push(entry.clone());
            }
        }
        Ok(Self { known, changes, others, left })
    }
}

impl Sources {
    /// The sources of a plan among those that are known.
    pub(super) fn new(plan: &Plan, reuse: BTreeMap<String, (Origin, Entry)>) -> Self {
        let planned = plan.sources.iter().enumerate().map(|(at, planned)| {
            let known = Known {
                id: planned.source.id.as_str().into(),
                path: planned.source.path.clone(),
                origin: Origin::Planned,
                entry: None,
                first: planned.time.map(|(first, _)| first),
            };
            (known, Some(at))
        });
        let reused = reuse.into_values().map(|(origin, entry)| {
            let known = Known {
                id: entry.id.as_str().into(),
                path: entry.path.clone(),
                origin,
                first: entry.time.map(|(first, _)| first),
                entry: Some(entry),
            };
            (known, None)
        });
        let mut all: Vec<(Known, Option<usize>)> = planned.chain(reused).collect();
        all.sort_by(|(a, _), (b, _)| a.first.cmp(&b.first).then_with(|| a.path.cmp(&b.path)));
        let mut sources = Self { of_plan: vec![0; plan.sources.len()], ..Self::default() };
        for (at, (known, of_plan)) in all.into_iter().enumerate() {
            if let Some(of_plan) = of_plan {
                sources.of_plan[of_plan] = at;
            }
            sources.positions.insert(Arc::clone(&known.id), u32::try_from(at).unwrap_or(u32::MAX));
            sources.all.push(known);
        }
        sources
    }

    /// The position of a source.
    pub(super) fn position(&self, id: &str) -> Option<u32> {
        self.positions.get(id).copied()
    }

    pub(super) fn get(&self, position: u32) -> Option<&Known> {
        self.all.get(position as usize)
    }

    /// What is known by now, but for the sources that are read.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, &Entry)> {
        (0_u32..).zip(&self.all).filter_map(|(position, known)| Some((position, known.entry.as_ref()?)))
    }
}

/// An entry for a source that was looked into.
pub(super) fn entry(planned: &PlannedSource, wanted: &Wanted<'_>, rows: u64, finding: Finding) -> Entry {
    Entry::of(planned, (wanted.spec, wanted.range), rows, finding)
}

/// The date that a window belongs to, and its end; remembers those that it has found.
#[derive(Debug, Clone)]
pub(super) struct Dates {
    calendar: Calendar,
    known: HashMap<i64, (Window, Arc<str>)>,
}

impl Dates {
    pub(super) fn new(calendar: Calendar) -> Self {
        Self { calendar, known: HashMap::new() }
    }

    /// The date of a window, by its start.
    pub(super) fn of(&mut self, start: i64) -> Arc<str> {
        self.find(start).1
    }

    /// A window, by its start.
    pub(super) fn window(&mut self, start: i64) -> Window {
        self.find(start).0
    }

    fn find(&mut self, start: i64) -> (Window, Arc<str>) {
        if let Some(known) = self.known.get(&start) {
            return known.clone();
        }
        let window = self.calendar.window_of(start).unwrap_or(Window { start, end: i64::MAX });
        let found = (window, Arc::from(self.calendar.date_of(window.start)));
        self.known.insert(start, found.clone());
        found
    }
}
