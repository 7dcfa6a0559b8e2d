//! What was known at the end of the last run that came to its end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::{Location, Store};

use super::Entry;
use crate::{Error, outcomes::Joined};

/// Version of the file. With another one, all captures are read again.
const FORMAT: u32 = 1;
const FILE: &str = "state.json.zst";
const LEVEL: i32 = 3;

/// All sources of the results, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) entries: BTreeMap<String, Entry>,
    /// The range of the run.
    pub(crate) range: (Option<i64>, Option<i64>),
    /// Digest of how windows were judged.
    pub(crate) rule: String,
    /// Files of labels that could not be read: path and reason.
    pub(crate) aside: Vec<(String, String)>,
    /// What became of predictions and labels that were joined; `None` while that is in doubt.
    pub(crate) joined: Option<Joined>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    range: (Option<i64>, Option<i64>),
    rule: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aside: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joined: Option<Joined>,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl State {
    /// Reads the file. `None` when there is none; what cannot be used is as good as nothing, and the reason is noted.
    pub(crate) fn read(
        store: &Store,
        results: &Location,
        notes: &mut Vec<String>,
    ) -> Result<Option<Self>, Error> {
        Self::read_from(store, results, FILE, notes)
    }

    /// Reads a file of another name.
    pub(crate) fn read_from(
        store: &Store,
        results: &Location,
        file: &str,
        notes: &mut Vec<String>,
    ) -> Result<Option<Self>, Error> {
        let Some(bytes) = store.read(&results.join(file)?)? else { return Ok(None) };
        let again = "all captures are read again";
        let Ok(text) = zstd::decode_all(&*bytes) else {
            notes.push(format!("`{file}` is damaged: {again}"));
            return Ok(None);
        };
        match serde_json::from_slice::<Version>(&text) {
            Ok(Version { format: FORMAT }) => {}
            Ok(Version { format }) => {
                notes.push(format!(
                    "`{file}` has format {format}, this version of driftscan reads {FORMAT}: {again}"
                ));
                return Ok(None);
            }
            Err(_) => {
                notes.push(format!("`{file}` is damaged: {again}"));
                return Ok(None);
            }
        }
        match serde_json::from_slice::<Document>(&text) {
            Ok(Document { range, rule, aside, joined, entries, .. }) => {
                let entries = entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
                Ok(Some(Self { entries, range, rule, aside, joined }))
            }
            Err(error) => {
                notes.push(format!("`{file}` is damaged ({error}): {again}"));
                Ok(None)
            }
        }
    }

    /// Writes the file.
    pub(crate) fn write(&self, store: &Store, results: &Location) -> Result<(), Error> {
        self.write_to(store, results, FILE)
    }

    /// Writes a file of another name.
    pub(crate) fn write_to(&self, store: &Store, results: &Location, file: &str) -> Result<(), Error> {
        let entries = self.entries.values().cloned().collect();
        let text = serde_json::to_vec(&Document {
            format: FORMAT,
            range: self.range,
            rule: self.rule.clone(),
            aside: self.aside.clone(),
            joined: self.joined.clone(),
            entries,
        })?;
        let place = results.join(file)?;
        let bytes = zstd::encode_all(&*text, LEVEL).map_err(|error| Error::Results {
            place: place.to_string(),
            reason: format!("could not be compressed: {error}"),
        })?;
        Ok(store.write(&place, bytes)?)
    }
}
