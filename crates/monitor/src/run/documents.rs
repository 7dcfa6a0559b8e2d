//! The documents of windows, `sagemaker/yyyy/mm/dd/hh/`, beside the tables of their dates.
//!
//! Those of a date are written before its tables, while the journal says that the date is not settled: a run that is
//! killed in between makes the date again. Documents of windows that are gone are removed by then.

use std::collections::BTreeSet;

use jiff::{ToSpan as _, civil::Date, tz::TimeZone};
use store::{Location, Store};

use crate::{
    Error, Settings,
    sagemaker::{ALL_FILES, Documents, folder},
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
        for (name, bytes) in &documents.files {
            let place = self.results.join(&format!("{FOLDER}/{}/{name}", documents.folder))?;
            self.store.write(&place, bytes.clone())?;
        }
        Ok(())
    }

    /// Removes those of all hours that belong to a date, but for what windows that start at `kept` write again anyhow.
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
                if hours.contains(&hour) {
                    self.remove(&hour, kept.contains(&hour))?;
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

    /// Removes the documents of an hour; of one that is written again those of monitors that may have none now.
    fn remove(&self, hour: &str, again: bool) -> Result<(), Error> {
        let folder = self.results.join(&format!("{FOLDER}/{hour}"))?;
        let there = self.store.list_folder(&folder)?;
        for name in ALL_FILES {
            let first = name.split('/').next().unwrap_or(name);
            if there.iter().any(|entry| entry == first) && !(again && first == name) {
                self.store.delete(&folder.join(name)?)?;
            }
        }
        let inner = ALL_FILES.iter().filter_map(|name| Some(name.split_once('/')?.0));
        for name in inner.collect::<BTreeSet<_>>() {
            self.store.delete_folder(&folder.join(name)?)?;
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
