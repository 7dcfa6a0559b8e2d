//! The files that outcomes lie in.

use std::collections::BTreeMap;

use store::{Location, Pieces, Store};

use super::{
    Form, Joined, StoredOutcomes,
    concerned::{Before, Concerned},
    key_files::{KeyFiles, Lengths},
    keys::{Keys, Side},
};
use crate::{
    Error,
    profiles::{Digest, State},
};

const FOLDER: &str = "outcomes";
/// Names all sources of the last run that came to the end of its count.
const STATE: &str = "outcomes.json.zst";
/// Key of the note in a footer that says what is in the file.
const NOTE: &str = "driftscan.outcomes";

/// All files with outcomes of some results, and what is known of their sources.
#[derive(Debug)]
pub(crate) struct OutcomeShelf<'a> {
    store: &'a Store,
    results: &'a Location,
    pub(crate) form: Form,
    /// Digest of the form, windows and segments; rows of another are of no use.
    pub(crate) spec: String,
    /// By date, with the digest of what is in them.
    files: BTreeMap<String, (Pieces, String)>,
    /// Which ids captures and label files hold.
    pub(super) keys: KeyFiles,
    pub(crate) state: State,
}

impl<'a> OutcomeShelf<'a> {
    pub(crate) fn open(
        store: &'a Store,
        results: &'a Location,
        form: Form,
        spec: String,
        notes: &mut Vec<String>,
    ) -> Result<Self, Error> {
        let state = State::read_from(store, results, STATE, notes)?.unwrap_or_default();
        let (mut files, keys) = (BTreeMap::new(), KeyFiles::find(store, results, state.joined.as_ref())?);
        for (pieces, note) in store.list_pieces(&results.join(FOLDER)?)? {
            let date = pieces.relative.strip_prefix("window_date=").and_then(|rest| rest.split('/').next());
            let content = note.ok().and_then(|note| note.get(NOTE).cloned());
            if let (Some(date), Some(content)) = (date.map(str::to_owned), content) {
                files.insert(date, (pieces, content));
            }
        }
        Ok(Self { store, results, form, spec, files, keys, state })
    }

    /// Whether there is a file of a date.
    pub(crate) fn has(&self, date: &str) -> bool {
        self.files.contains_key(date)
    }

    /// Digest of what was counted of a date.
    pub(crate) fn content(&self, date: &str) -> &str {
        self.files.get(date).map_or("", |(_, content)| content.as_str())
    }

    /// What was counted of a date, in the order of windows, of the sources that are wanted (id and version).
    pub(crate) fn load(
        &self,
        date: &str,
        wanted: impl Fn(&str, &str) -> bool,
    ) -> Result<Vec<StoredOutcomes>, Error> {
        let Some((pieces, _)) = self.files.get(date) else { return Ok(Vec::new()) };
        let folder = self.results.join(FOLDER)?;
        let damaged = |what: &str| Error::Results {
            place: format!("{folder}/{}", pieces.relative),
            reason: format!("the file is damaged ({what}): remove it and run again"),
        };
        let batches = match self.store.read_pieces(&folder, pieces, None) {
            Err(error @ store::Error::Corrupt { .. }) => return Err(damaged(&error.chain())),
            outcome => outcome?,
        };
        let rows = StoredOutcomes::of_batches(&batches).ok_or_else(|| damaged("other columns"))?;
        let is_wanted = |row: &StoredOutcomes| *row.spec == *self.spec && wanted(&row.source, &row.version);
        Ok(rows.into_iter().filter(is_wanted).collect())
    }

    /// Replaces what was counted of a date; says whether that is anything new.
    pub(crate) fn replace(
        &self,
        monitor: &str,
        date: &str,
        rows: &mut [StoredOutcomes],
    ) -> Result<bool, Error> {
        let folder = self.results.join(&format!("{FOLDER}/window_date={date}"))?;
        if rows.is_empty() {
            if self.has(date) {
                self.store.delete(&folder.join("part.parquet")?)?;
                self.store.delete_folder(&folder)?;
            }
            return Ok(self.has(date));
        }
        StoredOutcomes::sort(rows);
        let mut digest = Digest::new("outcomes of a date").text(&self.spec);
        for row in &*rows {
            digest = digest.bytes(row.source.as_bytes()).bytes(row.version.as_bytes());
            digest = digest
                .text(row.window.start)
                .text(row.segment.as_deref().unwrap_or_default())
                .bytes(&row.bytes);
        }
        let content = digest.finish();
        if self.content(date) == content {
            return Ok(false);
        }
        let batch = StoredOutcomes::batch(monitor, rows);
        let place = folder.join("part.parquet")?;
        self.store.write_pieces(
            &place,
            StoredOutcomes::schema(),
            std::iter::once(batch),
            &[(NOTE, content)],
        )?;
        Ok(true)
    }

    /// What keys that are added to those that were joined before concern; `None` where that cannot be told.
    pub(super) fn concerned(
        &self,
        joined: &Joined,
        added: &Keys,
        most: usize,
    ) -> Result<Option<Concerned>, Error> {
        Before { store: self.store, results: self.results, files: &self.keys, joined }.concerned(added, most)
    }

    /// Writes keys to new files, beside those that count already; see [`KeyFiles::write`]. Names all that count now.
    pub(super) fn write_keys(
        &mut self,
        before: Vec<String>,
        keys: &Keys,
        whose: impl Fn(Side, u32) -> Option<(String, String)>,
    ) -> Result<(Vec<String>, Lengths), Error> {
        let mut names = self.keys.tidy(self.store, self.results, before)?;
        let (files, lengths) = self.keys.write(self.store, self.results, keys, whose)?;
        names.extend(files);
        Ok((names, lengths))
    }

    /// Notes that dates are about to be replaced one after the other, in all of which only these captures stay as they are. A run
    /// that is killed before it comes to the end of them leaves some that say what was known before and some that say more.
    pub(super) fn begin(&mut self, stays: impl Fn(&str) -> bool) -> Result<(), Error> {
        let mut state = State { joined: None, ..self.state.clone() };
        state.entries.retain(|id, _| stays(id));
        self.remember(state)
    }

    /// Notes what is known of all sources, and removes the keys of others; to be called when all dates are replaced.
    pub(super) fn finish(&mut self, state: State) -> Result<(), Error> {
        self.remember(state)?;
        self.keys.sweep(self.store, self.results, self.state.joined.as_ref())
    }

    fn remember(&mut self, state: State) -> Result<(), Error> {
        if self.state != state {
            state.write_to(self.store, self.results, STATE)?;
            self.state = state;
        }
        Ok(())
    }
}
