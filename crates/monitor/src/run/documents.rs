//! The documents of windows, `sagemaker/yyyy/mm/dd/hh/`, beside the tables of their dates.
//!
//! Those of a date are written before its tables, while the journal says that the date is not settled: a run that is
//! killed in between makes the date again. Documents of windows that are gone are removed by then.

use std::collections::BTreeSet;

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use store::{Location, Store};

use crate::{
    Error, Settings,
    sagemaker::{Documents, FILES, folder},
};

const FOLDER: &str = "sagemaker";

/// Writes and removes documents.
#[derive(Debug)]
pub(super) struct DocumentFiles<'a> {
    store: &'a Store,
    results: &'a Location,
    timezone: TimeZone,
    /// Whether this run writes them, or an earlier one did.
    any: bool,
}

impl<'a> DocumentFiles<'a> {
    pub(super) fn new(store: &'a Store, results: &'a Location, settings: &Settings) -> Result<Self, Error> {
        let any = settings.emit.is_some() || !store.list_folder(&results.join(FOLDER)?)?.is_empty();
        Ok(Self { store, results, timezone: settings.windows.timezone.clone(), any })
    }

    /// Whether there are documents to write or to remove.
    pub(super) fn are_any(&self) -> bool {
        self.any
    }

    /// Writes those of a window.
    pub(super) fn write(&self, documents: &Documents) -> Result<(), Error> {
        for (name, bytes) in FILES.into_iter().zip(&documents.files) {
            let place = self.results.join(&format!("{FOLDER}/{}/{name}", documents.folder))?;
            self.store.write(&place, bytes.clone())?;
        }
        Ok(())
    }

    /// Removes those of all hours that belong to a date, but for windows that start at `kept`.
    pub(super) fn clear(&self, date: &str, kept: impl Iterator<Item = i64>) -> Result<(), Error> {
        if !self.any {
            return Ok(());
        }
        let kept: BTreeSet<String> = kept.map(folder).collect();
        let hours = self.hours(date);
        let days: BTreeSet<&str> = hours.iter().filter_map(|hour| Some(hour.rsplit_once('/')?.0)).collect();
        for day in days {
            let day_folder = self.results.join(&format!("{FOLDER}/{day}"))?;
            for hour in self.store.list_folder(&day_folder)? {
                let hour = format!("{day}/{hour}");
                if hours.contains(&hour) && !kept.contains(&hour) {
                    self.remove(&hour)?;
                }
            }
            // Folders that are empty now; others stay.
            let mut above = day;
            loop {
                self.store.delete_folder(&self.results.join(&format!("{FOLDER}/{above}"))?)?;
                match above.rsplit_once('/') {
                    Some((parent, _)) => above = parent,
                    None => break,
                }
            }
        }
        Ok(())
    }

    fn remove(&self, hour: &str) -> Result<(), Error> {
        let folder = self.results.join(&format!("{FOLDER}/{hour}"))?;
        for name in FILES {
            self.store.delete(&folder.join(name)?)?;
        }
        Ok(self.store.delete_folder(&folder)?)
    }

    /// Hours, UTC, in which windows of a date start: whole hours after its beginning.
    fn hours(&self, date: &str) -> BTreeSet<String> {
        let Ok(date) = date.parse::<Date>() else { return BTreeSet::new() };
        let start =
            |date: Date| date.to_zoned(self.timezone.clone()).map(|zoned| zoned.timestamp().as_microsecond());
        let next = date.checked_add(1.day()).and_then(start);
        let (Ok(start), Ok(end)) = (start(date), next) else { return BTreeSet::new() };
        let mut hours = BTreeSet::new();
        let mut at = start;
        while at < end {
            hours.insert(folder(at));
            at += 3_600_000_000;
        }
        hours
    }
}
