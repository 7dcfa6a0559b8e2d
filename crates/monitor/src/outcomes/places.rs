//! Where a source stands among all: what decides between rows of the same time, whichever of the sources are read.

use std::{cmp::Ordering, collections::HashMap};

use store::PlannedSource;

/// Places of sources, by id.
#[derive(Debug, Default)]
pub(crate) struct Places {
    ids: Vec<String>,
    places: HashMap<String, u32>,
}

impl Places {
    /// Of sources with their id, path and earliest time, in the order of a plan.
    pub(super) fn new<'a>(sources: impl Iterator<Item = (&'a str, &'a str, Option<i64>)>) -> Self {
        let mut sources: Vec<_> = sources.collect();
        let order = |a: &(&str, &str, Option<i64>), b: &(&str, &str, Option<i64>)| -> Ordering {
            (a.2, a.1).cmp(&(b.2, b.1))
        };
        sources.sort_by(order);
        let ids: Vec<String> = sources.iter().map(|(id, ..)| (*id).to_owned()).collect();
        let places = ids.iter().cloned().zip(0..).collect();
        Self { ids, places }
    }

    pub(super) fn of_plan(sources: &[PlannedSource]) -> Self {
        Self::new(sources.iter().map(planned))
    }

    /// `u32::MAX` for a source that is not among them.
    pub(super) fn of(&self, id: &str) -> u32 {
        self.places.get(id).copied().unwrap_or(u32::MAX)
    }

    /// Id of the source at a place.
    pub(super) fn id(&self, place: u32) -> Option<&str> {
        self.ids.get(usize::try_from(place).ok()?).map(String::as_str)
    }
}

/// Id, path and earliest time of a source.
pub(super) fn planned(planned: &PlannedSource) -> (&str, &str, Option<i64>) {
    (&planned.source.id, &planned.source.path, planned.time.map(|(first, _)| first))
}
