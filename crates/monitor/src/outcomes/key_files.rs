//! The files that remember which ids each capture and each label file holds.
//!
//! `keys/NNNNNN.parquet` has one column `key`, one row group a list of ascending keys; its footer says whose each is.
//! A run adds files for what it read for the first time, and [`Joined`] names those that count.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow_array::{Array as _, RecordBatch, UInt64Array, cast::AsArray as _, types::UInt64Type};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};
use store::{Location, Pieces, Store};

use super::{
    Joined,
    keys::{Keys, Owner, Side, ascending},
};
use crate::Error;

/// Below the folder of results, apart from tables: who reads one of those names all files below its folder.
const FOLDER: &str = "keys";
/// Key of the note that says whose lists are in a file; another name for another format.
const NOTE: &str = "driftscan.keys.1";
/// Keys of a list, nearly; a source may have several lists.
const LIST: usize = 1 << 19;
/// Keys of a file, nearly.
const FILE: usize = 1 << 20;
/// So many files of fewer keys than this are put together.
const MANY: usize = 32;
const SMALL: u64 = 1 << 18;

/// A list of keys in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Section {
    /// Whether they are of labels.
    labels: bool,
    /// Id of the source.
    pub(super) source: String,
    version: String,
    /// How many.
    keys: u64,
}

impl Section {
    pub(super) fn side(&self) -> Side {
        if self.labels { Side::Labels } else { Side::Captures }
    }
}

/// How many keys sources have in files.
pub(super) type Lengths = BTreeMap<(Side, u32), u64>;

/// The files that were found.
#[derive(Debug, Default)]
pub(crate) struct KeyFiles {
    files: BTreeMap<String, (Pieces, Option<Vec<Section>>)>,
    /// Number of the next file.
    next: u64,
}

impl KeyFiles {
    /// Looks for the files of results. New ones are numbered from those on that count, whatever a killed run left: the same files
    /// come of it as of a run that was not.
    pub(super) fn find(store: &Store, results: &Location, joined: Option<&Joined>) -> Result<Self, Error> {
        let number = |name: &String| name.strip_suffix(".parquet")?.parse::<u64>().ok()?.checked_add(1);
        let counting = joined.iter().flat_map(|joined| &joined.keys).filter_map(number);
        let mut found = Self { next: counting.max().unwrap_or(0), ..Self::default() };
        for (pieces, note) in store.list_pieces(&results.join(FOLDER)?)? {
            let name = pieces.relative.clone();
            let note = note.as_ref().ok().and_then(|note| note.get(NOTE));
            let sections = note.and_then(|note| serde_json::from_str(note).ok());
            found.files.insert(name, (pieces, sections));
        }
        Ok(found)
    }

    /// Whether the files name all keys of all that was joined, in these versions of captures.
    pub(super) fn are_of(&self, joined: &Joined, version: impl Fn(&str) -> Option<String>) -> bool {
        let mut found: BTreeMap<(Side, &str, &str), u64> = BTreeMap::new();
        for name in &joined.keys {
            let Some((_, Some(sections))) = self.files.get(name) else { return false };
            for section in sections {
                let key = (section.side(), section.source.as_str(), section.version.as_str());
                *found.entry(key).or_default() += section.keys;
            }
        }
        let has = |side, id: &str, version: &str, keys: u64| {
            found.get(&(side, id, version)).copied().unwrap_or(0) == keys
        };
        joined.captures.iter().all(|(id, capture)| {
            capture.keys == 0
                || version(id).is_some_and(|version| has(Side::Captures, id, &version, capture.keys))
        }) && joined.labels.iter().all(|(id, labels)| has(Side::Labels, id, &labels.version, labels.keys))
    }

    /// Shows the lists of files that are wanted, each source's in one or more parts. Says whether the files could be read.
    pub(super) fn visit(
        &self,
        store: &Store,
        results: &Location,
        names: &[String],
        wanted: impl Fn(&Section) -> bool,
        mut see: impl FnMut(&Section, &[u64]),
    ) -> Result<bool, Error> {
        for name in names {
            let Some((pieces, Some(sections))) = self.files.get(name) else { return Ok(false) };
            let wanted = |at: &usize| wanted(&sections[*at]);
            let groups: Vec<usize> = (0..sections.len()).filter(wanted).collect();
            if groups.is_empty() {
                continue;
            }
            let batches = match store.read_pieces(&results.join(FOLDER)?, pieces, Some(&groups)) {
                Err(error) if error.is_of_the_store() => return Err(error.into()),
                Err(_) => return Ok(false),
                Ok(batches) => batches,
            };
            let mut keys = Vec::new();
            for batch in &batches {
                let column = batch.column_by_name("key").and_then(|c| c.as_primitive_opt::<UInt64Type>());
                let Some(column) = column.filter(|column| column.null_count() == 0) else { return Ok(false) };
                keys.extend_from_slice(column.values());
            }
            let mut rest = keys.as_slice();
            for section in groups.iter().map(|&at| &sections[at]) {
                let length = usize::try_from(section.keys).unwrap_or(usize::MAX);
                let Some((list, after)) = rest.split_at_checked(length) else { return Ok(false) };
                if !list.is_sorted() {
                    return Ok(false);
                }
                see(section, list);
                rest = after;
            }
        }
        Ok(true)
    }

    /// Writes lists to new files; `whose` says id and version of a source. Returns the names of the files, and how many keys
    /// each source has in them.
    pub(super) fn write(
        &mut self,
        store: &Store,
        results: &Location,
        keys: &Keys,
        whose: impl Fn(Side, u32) -> Option<(String, String)>,
    ) -> Result<(Vec<String>, Lengths), Error> {
        let folder = results.join(FOLDER)?;
        let (mut names, mut lengths) = (Vec::new(), Lengths::new());
        let mut file: Vec<(Section, Vec<u64>)> = Vec::new();
        for (side, place, tasks) in lists(keys.owners()) {
            let Some((source, version)) = whose(side, place) else { continue };
            let mut list = Vec::new();
            for owner in tasks {
                list.extend(keys.read(owner)?);
            }
            let list = ascending(list);
            *lengths.entry((side, place)).or_default() += list.len() as u64;
            let labels = side == Side::Labels;
            file.push((Section { labels, source, version, keys: list.len() as u64 }, list));
            if held(&file) >= FILE {
                names.push(self.write_file(store, &folder, std::mem::take(&mut file))?);
            }
        }
        if !file.is_empty() {
            names.push(self.write_file(store, &folder, file)?);
        }
        Ok((names, lengths))
    }

    /// Puts small files together where there are many: each run adds one. Names those that count afterwards.
    pub(super) fn tidy(
        &mut self,
        store: &Store,
        results: &Location,
        names: Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let keys = |name: &String| -> Option<u64> {
            let (_, sections) = self.files.get(name)?;
            Some(sections.as_ref()?.iter().map(|section| section.keys).sum())
        };
        let is_small = |name: &String| keys(name).is_some_and(|keys| keys < SMALL);
        let (small, mut large): (Vec<String>, Vec<String>) = names.iter().cloned().partition(is_small);
        if small.len() < MANY {
            return Ok(names);
        }
        let mut file: Vec<(Section, Vec<u64>)> = Vec::new();
        for name in small {
            let add = |section: &Section, list: &[u64]| {
                file.push((section.clone(), list.to_vec()));
            };
            if !self.visit(store, results, std::slice::from_ref(&name), |_| true, add)? {
                return Ok(names);
            }
            if held(&file) >= FILE {
                large.push(self.write_file(store, &results.join(FOLDER)?, std::mem::take(&mut file))?);
            }
        }
        if !file.is_empty() {
            large.push(self.write_file(store, &results.join(FOLDER)?, file)?);
        }
        Ok(large)
    }

    fn write_file(
        &mut self,
        store: &Store,
        folder: &Location,
        file: Vec<(Section, Vec<u64>)>,
    ) -> Result<String, Error> {
        let name = format!("{:06}.parquet", self.next);
        self.next += 1;
        self.files.remove(&name);
        let (sections, lists): (Vec<Section>, Vec<Vec<u64>>) = file.into_iter().unzip();
        let note = serde_json::to_string(&sections)?;
        let batch = |list: Vec<u64>| RecordBatch::try_new(schema(), vec![Arc::new(UInt64Array::from(list))]);
        store.write_pieces(&folder.join(&name)?, schema(), lists.into_iter().map(batch), &[(NOTE, note)])?;
        Ok(name)
    }

    /// Removes the files that do not count.
    pub(super) fn sweep(
        &mut self,
        store: &Store,
        results: &Location,
        joined: Option<&Joined>,
    ) -> Result<(), Error> {
        let counts: BTreeSet<&String> = joined.iter().flat_map(|joined| &joined.keys).collect();
        let folder = results.join(FOLDER)?;
        let gone: Vec<String> = self.files.keys().filter(|name| !counts.contains(name)).cloned().collect();
        for name in gone {
            store.delete(&folder.join(&name)?)?;
            self.files.remove(&name);
        }
        if counts.is_empty() && self.files.is_empty() {
            store.delete_folder(&folder)?;
        }
        Ok(())
    }
}

fn held(file: &[(Section, Vec<u64>)]) -> usize {
    file.iter().map(|(_, list)| list.len()).sum()
}

/// Tasks of one source together, as long as their keys make no more than a list.
fn lists(owners: Vec<(Owner, usize)>) -> Vec<(Side, u32, Vec<Owner>)> {
    let mut lists: Vec<(Side, u32, Vec<Owner>)> = Vec::new();
    let mut held = 0;
    for (owner, length) in owners {
        let (side, place, _) = owner;
        match lists.last_mut() {
            Some(last) if (last.0, last.1) == (side, place) && held + length <= LIST => last.2.push(owner),
            _ => {
                lists.push((side, place, vec![owner]));
                held = 0;
            }
        }
        held += length;
    }
    lists
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("key", DataType::UInt64, false)]))
}
