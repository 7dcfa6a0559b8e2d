//! What is converted together: the captures of a day, or a capture that does not say its day.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use store::{Listed, Location, Pieces, Source, Store};

use super::NOTE;
use crate::{Error, Settings, profiles::Digest};

/// What the footer of a file says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Of the captures that it was made of, and of how they were read.
    pub(super) digest: String,
    /// Its number in the unit, from 0.
    pub(super) part: usize,
    /// Whether no file of the unit follows.
    pub(super) last: bool,
}

/// Captures that are converted together.
#[derive(Debug, Default)]
pub(super) struct Unit {
    pub(super) digest: String,
    captures: u64,
    /// Whether its files are there and made of just these captures.
    is_there: bool,
}

/// All units of a location, and the files that are there.
pub(super) struct Units<'a> {
    store: &'a Store,
    out: &'a Location,
    units: BTreeMap<String, Unit>,
    /// Files of earlier runs by unit.
    files: BTreeMap<String, Vec<(Pieces, Option<Note>)>>,
}

/// The unit of a capture: `date=2026-02-01` by its folders, or else its own path.
pub(super) fn key(source: &Source) -> String {
    match source.date() {
        Some(date) => format!("date={date}"),
        None => {
            // The whole path, since captures of the same name may lie in several folders.
            let name = source.path.rsplit('/').next().unwrap_or_default();
            let digest = Digest::new("capture").text(&source.id).finish();
            format!("capture={}-{}", name.split('.').next().unwrap_or_default(), &digest[..8])
        }
    }
}

/// The name of a file of a unit.
pub(super) fn file(unit: &str, part: usize) -> String {
    format!("{unit}/part-{part:03}.parquet")
}

impl<'a> Units<'a> {
    pub(super) fn new(
        store: &'a Store,
        out: &'a Location,
        listed: &Listed,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let mut sources: BTreeMap<String, Vec<&Source>> = BTreeMap::new();
        for source in listed.sources() {
            sources.entry(key(source)).or_default().push(source);
        }
        let mut files: BTreeMap<String, Vec<(Pieces, Option<Note>)>> = BTreeMap::new();
        for (pieces, notes) in store.list_pieces(out)? {
            let Some((unit, _)) = pieces.relative.split_once('/') else { continue };
            let text = notes.ok().and_then(|mut notes| notes.remove(NOTE));
            let Some(text) = text else { continue };
            files
                .entry(unit.to_owned())
                .or_default()
                .push((pieces.clone(), serde_json::from_str(&text).ok()));
        }
        let mut units = BTreeMap::new();
        for (key, mut sources) in sources {
            sources.sort_by(|a, b| a.id.cmp(&b.id));
            let mut digest = Digest::new("converted")
                .text(env!("CARGO_PKG_VERSION"))
                .text(format_args!("{:?}", settings.records));
            for source in &sources {
                digest = digest.text(&source.id).text(source.bytes);
                digest = match &source.etag {
                    Some(etag) => digest.text(etag),
                    None => digest.text(source.modified_micros),
                };
            }
            let digest = digest.finish();
            let is_there = files.get(&key).is_some_and(|files| is_whole(files, &digest));
            units.insert(key, Unit { digest, captures: sources.len() as u64, is_there });
        }
        Ok(Self { store, out, units, files })
    }

    pub(super) fn get(&self, unit: &str) -> Option<&Unit> {
        self.units.get(unit)
    }

    /// Captures that need not be read.
    pub(super) fn up_to_date(&self) -> u64 {
        self.units.values().filter(|unit| unit.is_there).map(|unit| unit.captures).sum()
    }

    pub(super) fn wants(&self, source: &Source) -> bool {
        self.units.get(&key(source)).is_some_and(|unit| !unit.is_there)
    }

    /// Removes the files of units whose captures are gone.
    pub(super) fn remove_gone(&self) -> Result<(), Error> {
        let gone = self.files.iter().filter(|(unit, _)| !self.units.contains_key(*unit));
        for (pieces, _) in gone.flat_map(|(_, files)| files) {
            self.store.delete(&self.out.join(&pieces.relative)?)?;
        }
        Ok(())
    }

    /// Removes the files of an earlier run that the new ones of a unit did not replace.
    pub(super) fn settle(&self, unit: &str, parts: usize) -> Result<(), Error> {
        let new: BTreeSet<String> = (0..parts).map(|part| file(unit, part)).collect();
        for (pieces, _) in self.files.get(unit).into_iter().flatten() {
            if !new.contains(&pieces.relative) {
                self.store.delete(&self.out.join(&pieces.relative)?)?;
            }
        }
        Ok(())
    }
}

/// Whether the files are all of a unit, and of this digest.
fn is_whole(files: &[(Pieces, Option<Note>)], digest: &str) -> bool {
    let notes: Option<Vec<&Note>> = files.iter().map(|(_, note)| note.as_ref()).collect();
    let Some(mut notes) = notes else { return false };
    notes.sort_by_key(|note| note.part);
    notes.iter().enumerate().all(|(part, note)| {
        note.digest == digest && note.part == part && note.last == (part + 1 == files.len())
    })
}
