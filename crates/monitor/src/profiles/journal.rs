//! What the tables of each date were made of.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use store::{Location, Store};

use crate::Error;

const FILE: &str = "tables.json";

/// The dates that have tables. Before a date is written its entry is emptied, and filled when all of its tables are
/// there: a run that is killed leaves dates that are known to be in doubt.
#[derive(Debug)]
pub(crate) struct Journal<'a> {
    store: &'a Store,
    place: Location,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Digest of what the tables of a date were made of; `None` where they may be of several runs.
    dates: BTreeMap<String, Option<String>>,
    /// Whether the file says otherwise.
    is_changed: bool,
}

impl<'a> Journal<'a> {
    /// Reads the file. What is damaged is as good as nothing, and noted.
    pub(crate) fn open(store: &'a Store, results: &Location, notes: &mut Vec<String>) -> Result<Self, Error> {
        let place = results.join(FILE)?;
        let dates = store.read(&place)?.map_or_else(BTreeMap::new, |document| {
            serde_json::from_slice(&document).unwrap_or_else(|error| {
                notes.push(format!(
                    "`{FILE}` is damaged ({error}): the tables of all dates are written again"
                ));
                BTreeMap::new()
            })
        });
        Ok(Self { store, place, known: Mutex::new(Known { dates, is_changed: false }) })
    }

    /// What the tables of a date were made of, if all of them were written.
    pub(crate) fn inputs(&self, date: &str) -> Option<String> {
        self.locked().dates.get(date).cloned().flatten()
    }

    /// Dates that have tables, or may have some.
    pub(crate) fn dates(&self) -> Vec<String> {
        self.locked().dates.keys().cloned().collect()
    }

    /// Notes that the tables of some dates are about to be written, one after the other.
    pub(crate) fn begin<'d>(&self, dates: impl Iterator<Item = &'d str>) -> Result<(), Error> {
        self.change(|known| known.extend(dates.map(|date| (date.to_owned(), None))));
        self.write()
    }

    /// Notes, in memory for now, that all tables of a date are written.
    pub(crate) fn settle(&self, date: &str, inputs: String) {
        self.change(|known| {
            known.insert(date.to_owned(), Some(inputs));
        });
    }

    /// Notes, in memory for now, that the tables of a date are gone.
    pub(crate) fn forget(&self, date: &str) {
        self.change(|known| {
            known.remove(date);
        });
    }

    /// Writes down what is known, if the file says otherwise.
    pub(crate) fn write(&self) -> Result<(), Error> {
        let mut known = self.locked();
        if known.is_changed {
            self.store.write(&self.place, serde_json::to_vec_pretty(&known.dates)?)?;
            known.is_changed = false;
        }
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Option<String>>)) {
        let mut known = self.locked();
        change(&mut known.dates);
        known.is_changed = true;
    }

    fn locked(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
