//! The files that profiles lie in.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use store::{Location, Pieces, Store};

use super::{Digest, Entry, Finding, Profiled, StoredProfile};
use crate::Error;

const FOLDER: &str = "profiles";
const PENDING: &str = "pending";
/// Key of the note in a footer that says what is in the file.
const NOTE: &str = "driftscan.profiles";

/// What the footer of a file says.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// Dates of the row groups, in their order.
    dates: Vec<String>,
    sources: Vec<Noted>,
}

/// A source that has rows in a file.
#[derive(Debug, Serialize, Deserialize)]
struct Noted {
    /// With the windows in this file only.
    entry: Entry,
    /// Dates that it has rows on in this file.
    here: Vec<String>,
    /// Number of dates that it has rows on at all.
    dates: usize,
}

/// A version of a source under some settings.
type Key = (Arc<str>, Arc<str>, Arc<str>);
/// The same, with the range that its rows were counted in.
type Counted = (Key, (Option<i64>, Option<i64>));

#[derive(Debug)]
struct File {
    folder: &'static str,
    pieces: Pieces,
    dates: Vec<String>,
    /// What it holds of each date.
    holds: HashMap<String, HashSet<Key>>,
    /// Digest of the note in its footer.
    noted: String,
}

/// All files with profiles of some results.
#[derive(Debug)]
pub(crate) struct Shelf<'a> {
    store: &'a Store,
    results: &'a Location,
    files: Vec<File>,
    /// Positions of the files that hold something of a date.
    by_date: HashMap<String, Vec<usize>>,
    /// Number of the next file of profiles that wait.
    next: u64,
}

impl<'a> Shelf<'a> {
    /// Finds the files, and what is known by their footers alone: sources all of whose rows are there.
    pub(crate) fn open(
        store: &'a Store,
        results: &'a Location,
        notes: &mut Vec<String>,
    ) -> Result<(Self, Vec<Entry>), Error> {
        let mut shelf = Self { store, results, files: Vec::new(), by_date: HashMap::new(), next: 0 };
        let mut found: BTreeMap<Counted, (Entry, BTreeSet<String>, usize)> = BTreeMap::new();
        for folder in [FOLDER, PENDING] {
            for (pieces, note) in store.list_pieces(&results.join(folder)?)? {
                let note = note.map_err(|error| error.chain()).and_then(|note| {
                    let text = note.get(NOTE).map_or("", String::as_str);
                    let read = serde_json::from_str::<Note>(text).map_err(|error| error.to_string());
                    read.map(|note| (note, digest(text)))
                });
                if folder == PENDING {
                    let number = pieces.relative.strip_suffix(".parquet").and_then(|n| n.parse::<u64>().ok());
                    shelf.next = shelf.next.max(number.map_or(0, |number| number + 1));
                }
                let (Note { dates, sources }, noted_here) = match note {
                    Ok(note) => note,
                    Err(reason) => {
                        notes.push(format!(
                            "`{folder}/{}` is damaged ({reason}): its captures are read again",
                            pieces.relative
                        ));
                        continue;
                    }
                };
                let mut holds: HashMap<String, HashSet<Key>> = HashMap::new();
                for noted in sources {
                    let key = key(&noted.entry);
                    for date in &noted.here {
                        holds.entry(date.clone()).or_default().insert(key.clone());
                    }
                    let (entry, here, _) = found
                        .entry((key, noted.entry.range))
                        .or_insert_with(|| (without_windows(&noted.entry), BTreeSet::new(), noted.dates));
                    here.extend(noted.here);
                    add_windows(entry, &noted.entry);
                }
                shelf.push(File { folder, pieces, dates, holds, noted: noted_here });
            }
        }
        let whole = found.into_values().filter(|(_, here, dates)| here.len() == *dates);
        Ok((shelf, whole.map(|(entry, ..)| entry).collect()))
    }

    /// Whether all rows of a source are there, on dates that it has some on.
    pub(crate) fn holds<'d>(&self, entry: &Entry, mut dates: impl Iterator<Item = &'d str>) -> bool {
        let key = key(entry);
        dates.all(|date| self.files_of(date).any(|file| file.has(date, &key)))
    }

    /// Dates that have a file of their own.
    pub(crate) fn dates(&self) -> impl Iterator<Item = &str> {
        let files = self.files.iter().filter(|file| file.folder == FOLDER);
        files.flat_map(|file| &file.dates).map(String::as_str)
    }

    /// Whether the file of a date holds all rows of these sources, and of no others.
    pub(crate) fn is_exactly(&self, date: &str, entries: &[&Entry]) -> bool {
        let mut files = self.files_of(date).filter(|file| file.folder == FOLDER);
        match files.find_map(|file| file.holds.get(date)) {
            None => entries.is_empty(),
            Some(keys) => {
                keys.len() == entries.len() && entries.iter().all(|entry| keys.contains(&key(entry)))
            }
        }
    }

    /// Profiles of a date, of the sources that are wanted; each is there once.
    pub(crate) fn load(
        &self,
        date: &str,
        wanted: impl Fn(&str, &str, &str) -> bool,
    ) -> Result<Vec<StoredProfile>, Error> {
        let mut loaded: HashSet<Key> = HashSet::new();
        let mut profiles = Vec::new();
        for file in self.files_of(date) {
            let Some(holds) = file.holds.get(date) else { continue };
            let fresh: HashSet<&Key> = holds
                .iter()
                .filter(|(id, version, spec)| wanted(id, version, spec))
                .filter(|key| !loaded.contains(*key))
                .collect();
            if fresh.is_empty() {
                continue;
            }
            let groups = file.dates.iter().enumerate().filter(|(_, known)| *known == date);
            let groups: Vec<usize> = groups.map(|(group, _)| group).collect();
            let folder = self.results.join(file.folder)?;
            let damaged = |what: &str| Error::Results {
                place: format!("{folder}/{}", file.pieces.relative),
                reason: format!("the file is damaged ({what}): remove it and run again"),
            };
            let batches = match self.store.read_pieces(&folder, &file.pieces, Some(&groups)) {
                Err(error @ store::Error::Corrupt { .. }) => return Err(damaged(&error.chain())),
                outcome => outcome?,
            };
            let rows = StoredProfile::of_batches(&batches).ok_or_else(|| damaged("other columns"))?;
            profiles.extend(rows.into_iter().filter(|row| {
                fresh.contains(&(Arc::clone(&row.source), Arc::clone(&row.version), Arc::clone(&row.spec)))
            }));
            let fresh: Vec<Key> = fresh.into_iter().cloned().collect();
            loaded.extend(fresh);
        }
        Ok(profiles)
    }

    /// Writes all profiles of a date, which replace those that its file holds; to be called when its tables are written.
    /// A file that holds these versions of these sources in these windows is left alone.
    pub(crate) fn write_date(
        &self,
        monitor: &str,
        date: &str,
        profiles: &[StoredProfile],
        entries: &[&Entry],
    ) -> Result<(), Error> {
        let dates = [(date, profiles)];
        let note = note(&dates, entries)?;
        let noted = digest(&note);
        if self.files_of(date).any(|file| file.folder == FOLDER && file.noted == noted) {
            return Ok(());
        }
        let place = self.results.join(&format!("{FOLDER}/window_date={date}/part.parquet"))?;
        self.write(&place, monitor, &dates, note)
    }

    /// Writes profiles of several dates, which wait there for the rest of their dates.
    pub(crate) fn set_aside(
        &mut self,
        monitor: &str,
        waiting: &BTreeMap<String, Vec<StoredProfile>>,
        entries: &[&Entry],
    ) -> Result<(), Error> {
        let folder = self.results.join(PENDING)?;
        let name = format!("{:06}.parquet", self.next);
        let dates: Vec<(&str, &[StoredProfile])> =
            waiting.iter().map(|(date, profiles)| (date.as_str(), profiles.as_slice())).collect();
        let note = note(&dates, entries)?;
        let noted = digest(&note);
        self.write(&folder.join(&name)?, monitor, &dates, note)?;
        self.next += 1;
        let pieces = self.store.pieces(&folder, &name)?;
        let mut holds: HashMap<String, HashSet<Key>> = HashMap::new();
        for (date, profiles) in waiting {
            let keys = profiles
                .iter()
                .map(|row| (Arc::clone(&row.source), Arc::clone(&row.version), Arc::clone(&row.spec)));
            holds.entry(date.clone()).or_default().extend(keys);
        }
        let dates = waiting.keys().cloned().collect();
        self.push(File { folder: PENDING, pieces, dates, holds, noted });
        Ok(())
    }

    fn push(&mut self, file: File) {
        for date in &file.dates {
            self.by_date.entry(date.clone()).or_default().push(self.files.len());
        }
        self.files.push(file);
    }

    /// Files that hold something of a date, in their order.
    fn files_of(&self, date: &str) -> impl Iterator<Item = &File> {
        self.by_date.get(date).into_iter().flatten().map(|&at| &self.files[at])
    }

    /// Removes what waits; to be called when all dates are written.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        let folder = self.results.join(PENDING)?;
        for name in self.store.list_folder(&folder)? {
            self.store.delete(&folder.join(&name)?)?;
        }
        Ok(self.store.delete_folder(&folder)?)
    }

    /// Removes the file of a date.
    pub(crate) fn remove_date(&self, date: &str) -> Result<(), Error> {
        let folder = self.results.join(&format!("{FOLDER}/window_date={date}"))?;
        self.store.delete(&folder.join("part.parquet")?)?;
        Ok(self.store.delete_folder(&folder)?)
    }

    fn write(
        &self,
        place: &Location,
        monitor: &str,
        dates: &[(&str, &[StoredProfile])],
        note: String,
    ) -> Result<(), Error> {
        let batches = dates.iter().map(|(_, profiles)| StoredProfile::batch(monitor, profiles));
        Ok(self.store.write_pieces(place, StoredProfile::schema(), batches, &[(NOTE, note)])?)
    }
}

impl File {
    fn has(&self, date: &str, key: &Key) -> bool {
        self.holds.get(date).is_some_and(|keys| keys.contains(key))
    }
}

/// What the footer of a file with these profiles says.
fn note(dates: &[(&str, &[StoredProfile])], entries: &[&Entry]) -> Result<String, Error> {
    let groups = dates.iter().map(|(date, _)| (*date).to_owned()).collect();
    let mut here: HashMap<&str, (BTreeSet<&str>, BTreeSet<i64>)> = HashMap::new();
    for (date, profiles) in dates {
        for row in *profiles {
            let (on, windows) = here.entry(&*row.source).or_default();
            on.insert(date);
            windows.insert(row.window.start);
        }
    }
    let sources = entries.iter().filter_map(|entry| {
        let (on, windows) = here.get(entry.id.as_str())?;
        let mut noted = without_windows(entry);
        if let Finding::Profiled(profiled) = &mut noted.finding {
            profiled.windows = windows.iter().copied().collect();
        }
        let here = on.iter().map(|date| (*date).to_owned()).collect();
        Some(Noted { entry: noted, here, dates: entry.profiled()?.dates })
    });
    Ok(serde_json::to_string(&Note { dates: groups, sources: sources.collect() })?)
}

fn digest(note: &str) -> String {
    Digest::new("note").text(note).finish()
}

fn key(entry: &Entry) -> Key {
    (entry.id.as_str().into(), entry.version().into(), entry.spec.as_str().into())
}

fn without_windows(entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    if let Finding::Profiled(Profiled { windows, .. }) = &mut entry.finding {
        windows.clear();
    }
    entry
}

fn add_windows(entry: &mut Entry, part: &Entry) {
    if let (Finding::Profiled(whole), Finding::Profiled(part)) = (&mut entry.finding, &part.finding) {
        whole.windows.extend(&part.windows);
        whole.windows.sort_unstable();
        whole.windows.dedup();
    }
}
