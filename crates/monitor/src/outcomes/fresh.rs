//! What is read because it is new, or because something new concerns it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use store::{Listed, Plan, PlanStatus, PlannedSource, Source};

use super::{
    Counted, Counting, Drawer, Joined, OutcomeShelf, Truth,
    concerned::Concerned,
    counting::{Captures, Seen},
    joining::Joining,
    keys::Side,
    known::Known,
    places::{Places, planned},
    tally::{OfCapture, OfLabels, Tally},
    truth::Wanted,
};
use crate::{
    Error, Watch,
    gather::{self, Fault},
    profiles::{Entry, Finding, Profiled, version_of},
};

/// How captures are read.
pub(super) struct Reading<'a> {
    pub(super) counting: &'a Counting<'a>,
    pub(super) listed: Listed,
    pub(super) range: (Option<i64>, Option<i64>),
    pub(super) watch: Watch<'a>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Fresh {
    /// Captures whose outcomes are known anew, by place.
    pub(super) entries: BTreeMap<u32, Entry>,
    /// Their outcomes.
    pub(super) drawer: Drawer,
    /// Captures that were read.
    pub(super) read: u64,
    /// Captures that could not be counted: path and reason.
    pub(super) bad: Vec<(String, String)>,
    /// What became of labels that lie elsewhere.
    pub(super) joined: Option<Joined>,
}

impl Reading<'_> {
    fn plan(&self, wanted: impl Fn(&Source) -> bool) -> Result<Arc<Plan>, Error> {
        let options = crate::run::options(self.counting.settings);
        let mut listed = self.listed.clone();
        listed.retain(wanted);
        Ok(Arc::new(self.counting.store.plan_listed(listed, &options, &|_| ())?))
    }

    /// Reads the captures that are not known, each by itself; `None` when the run is to stop.
    pub(super) fn alone(&self, known: &Known, spec: &str) -> Result<Option<Fresh>, Error> {
        let plan = self.plan(|source| !known.current.contains_key(&source.id))?;
        let Some(counted) = self.counting.run(&plan, None, self.watch)? else { return Ok(None) };
        let places = Places::of_plan(&plan.sources);
        Ok(Some(self.fresh(plan.sources.iter(), counted, &places, spec)))
    }

    /// Reads the captures and labels that are not known, and of the others those that share ids with them; `None` when the
    /// run is to stop. What is restated is not among the known any more.
    pub(super) fn joined(
        &self,
        shelf: &mut OutcomeShelf<'_>,
        known: &mut Known,
        truth: &Truth,
        spec: &str,
    ) -> Result<Option<Fresh>, Error> {
        let counting = self.counting;
        let before = shelf.state.joined.clone().filter(|_| !known.current.is_empty()).unwrap_or_default();
        let plan = self.plan(|source| !known.current.contains_key(&source.id))?;
        let places = self.places(&plan, known);
        let joining = Joining::new(counting, &Truth::schema(counting))?;
        let is_new = |file: &Source| !before.labels.contains_key(&file.id);
        let mut counted = Counted::new()?;
        let labels = Wanted { files: &is_new, new: true, keys: true };
        let captures = Captures { plan: &plan, places: &places, joining: Some(&joining), keys: true };
        if !self.read(truth, &labels, &captures, &mut counted)? {
            return Ok(None);
        }
        // Keys of eight bytes, in a half of what rows that are joined may take.
        let most = gather::memory(counting.settings) / gather::SHARE / 2 / 8;
        let concerned =
            shelf.concerned(&before, joining.keys(), usize::try_from(most).unwrap_or(usize::MAX))?;
        let is_part = concerned.is_some();
        let concerned = concerned.unwrap_or_else(|| Concerned::all(&before));
        let is_concerned = |file: &Source| !is_new(file) && concerned.labels.contains(&file.id);
        let again = self.plan(|source| {
            known.current.contains_key(&source.id) && concerned.captures.contains(&source.id)
        })?;
        let labels = Wanted { files: &is_concerned, new: !is_part, keys: !is_part };
        let captures = Captures { plan: &again, keys: !is_part, ..captures };
        if !self.read(truth, &labels, &captures, &mut counted)? {
            return Ok(None);
        }
        let Some((tally, keys)) = joining.finish(counting, &mut counted)? else { return Ok(None) };

        let read = plan.sources.iter().chain(&again.sources).map(|planned| &planned.source);
        let sources: HashMap<&str, &Source> =
            read.chain(truth.files()).map(|source| (source.id.as_str(), source)).collect();
        let whose = |side, place| {
            let places = if side == Side::Captures { &places } else { &truth.places };
            let source = sources.get(places.id(place)?)?;
            Some((source.id.clone(), version_of(source)))
        };
        let mut before = if is_part { before } else { Joined::default() };
        let (files, lengths) = shelf.write_keys(std::mem::take(&mut before.keys), &keys, whose)?;
        let read = counted.sources.len() as u64;
        // Captures that were read only to see which record of an id is the last keep what is known of them.
        let restated = |id: &str| !known.current.contains_key(id) || concerned.restated.contains(id);
        counted.drawer.forget(|place| !places.id(place).is_some_and(restated));
        counted.sources.retain(|place, _| places.id(*place).is_some_and(restated));
        let sources = plan.sources.iter().chain(&again.sources);
        let sources = sources.filter(|planned| restated(&planned.source.id));
        let fresh = self.fresh(sources, counted, &places, spec);
        known.current.retain(|id, _| !concerned.restated.contains(id));
        let joined = before.with(tally, files, &lengths, &fresh.entries, truth);
        Ok(Some(Fresh { read, joined: Some(joined), ..fresh }))
    }

    /// Reads labels and captures. Says whether it came to its end.
    fn read(
        &self,
        truth: &Truth,
        labels: &Wanted<'_>,
        captures: &Captures<'_>,
        counted: &mut Counted,
    ) -> Result<bool, Error> {
        let Some(joining) = captures.joining else { return Ok(false) };
        Ok(truth.read(self.counting, joining, labels, self.watch)?
            && self.counting.pass(captures, counted, self.watch)?)
    }

    /// Where captures stand among all that are listed.
    fn places(&self, plan: &Plan, known: &Known) -> Places {
        let paths: HashMap<&str, &str> =
            self.listed.sources().map(|source| (source.id.as_str(), source.path.as_str())).collect();
        let known = known.current.values().map(|entry| {
            let path = paths.get(entry.id.as_str()).copied().unwrap_or(&entry.path);
            (entry.id.as_str(), path, entry.time.map(|(first, _)| first))
        });
        Places::new(plan.sources.iter().map(planned).chain(known))
    }

    fn fresh<'a>(
        &self,
        sources: impl Iterator<Item = &'a PlannedSource>,
        counted: Counted,
        places: &Places,
        spec: &str,
    ) -> Fresh {
        let bad = counted.bad().collect();
        let Counted { drawer, sources: mut seen, .. } = counted;
        let mut windows: BTreeMap<u32, BTreeSet<i64>> = BTreeMap::new();
        for (window, _, place) in drawer.owners() {
            windows.entry(*place).or_default().insert(window.start);
        }
        let read = seen.len() as u64;
        let entry = |planned: &PlannedSource| {
            let place = places.of(&planned.source.id);
            let windows = windows.remove(&place).unwrap_or_default();
            let seen = seen.remove(&place).map(|read| read.seen);
            (place, self.entry(planned, seen, windows, spec))
        };
        Fresh { entries: sources.map(entry).collect(), drawer, read, bad, joined: None }
    }

    fn entry(
        &self,
        planned: &PlannedSource,
        seen: Option<Result<Seen, Fault>>,
        windows: BTreeSet<i64>,
        spec: &str,
    ) -> Entry {
        let (rows, finding) = match (seen, &planned.status) {
            (Some(Ok(seen)), _) => {
                let Seen { rows, rows_without_time, times } = seen;
                let windows = windows.into_iter().collect();
                (
                    rows,
                    Finding::Profiled(Profiled { rows_without_time, times, windows, ..Profiled::default() }),
                )
            }
            (Some(Err(fault)), _) => (planned.rows, quarantined(fault.reason)),
            (None, PlanStatus::Ready) => (planned.rows, Finding::Profiled(Profiled::default())),
            (None, PlanStatus::OutsideRange(reason)) => (planned.rows, Finding::OutsideRange(reason.clone())),
            (None, PlanStatus::Quarantined(reason)) => (planned.rows, quarantined(reason.clone())),
        };
        Entry::of(planned, (spec, self.range), rows, finding)
    }
}

impl Fresh {
    /// Where nothing had to be read.
    pub(super) fn nothing(joined: Option<Joined>) -> Result<Self, Error> {
        let (entries, drawer) = (BTreeMap::new(), Drawer::new()?);
        Ok(Self { entries, drawer, read: 0, bad: Vec::new(), joined })
    }
}

impl Joined {
    /// With what another join has read: the keys of what was new to it, and what became of the captures that are known anew.
    fn with(
        mut self,
        mut tally: Tally,
        files: Vec<String>,
        keys: &BTreeMap<(Side, u32), u64>,
        captures: &BTreeMap<u32, Entry>,
        truth: &Truth,
    ) -> Self {
        self.keys = files;
        self.ids += tally.ids;
        for (place, entry) in captures {
            let known = self.captures.get(&entry.id).map_or(0, |known| known.keys);
            let keys = keys.get(&(Side::Captures, *place)).copied().unwrap_or(known);
            let of = tally.captures.remove(place).unwrap_or_default();
            self.captures.insert(entry.id.clone(), OfCapture { keys, ..of });
        }
        let known: HashSet<String> = self.labels.keys().cloned().collect();
        for file in truth.files().filter(|file| !known.contains(&file.id)) {
            let place = truth.places.of(&file.id);
            let keys = keys.get(&(Side::Labels, place)).copied().unwrap_or(0);
            let of = tally.labels.remove(&place).unwrap_or_default();
            self.labels.insert(file.id.clone(), OfLabels { version: version_of(file), keys, ..of });
        }
        self
    }
}

fn quarantined(reason: String) -> Finding {
    Finding::Quarantined { reason, version: env!("CARGO_PKG_VERSION").to_owned() }
}
