//! Scores and checks again from stored profiles: no capture is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use store::{Location, Store};

use super::{
    backfill::{Inputs, OWNER, Work},
    identity,
    known::{Dates, Origin, Sources, Wanted},
    plan,
    reading::Places,
    record::record_run,
    rule,
};
use crate::{
    Baseline, Error, Outcome, Settings, Watch, Windows, gather,
    profiles::{Entry, Shelf, State},
    tables::RunRow,
    window::{Calendar, Every},
};

/// The settings that results were made with: roles, windows, segments, name.
///
/// # Errors
/// [`Error::Results`] where there are no results.
pub fn settings_of(store: &Store, results: &Location) -> Result<Settings, Error> {
    identity::settings(store, results)
}

/// Makes the tables again from the profiles that a backfill stored: under other constraints or metrics, for a part of
/// the windows, or in longer windows, which takes another folder for the tables. The bins of the baseline have to be
/// those that the profiles were counted under.
///
/// # Errors
/// As [`crate::backfill`], and [`Error::Results`] where there are no profiles that can be used.
pub fn rescore(
    store: &Store,
    results: &Location,
    baseline: &Location,
    out: &Location,
    settings: &Settings,
    watch: Watch<'_>,
    record: &dyn Fn(&Outcome) -> RunRow,
) -> Result<Outcome, Error> {
    let stored = identity::settings(store, results)?;
    let every = stored.windows.every;
    let refuse = |reason: String| Error::Results { place: results.to_string(), reason };
    if !settings.windows.every.holds_whole(every) {
        let asked = settings.windows.every;
        return Err(refuse(format!("profiles of windows of {every} cannot be joined to windows of {asked}")));
    }
    if settings.windows.every != every && results.id() == out.id() {
        return Err(refuse(format!(
            "its tables have windows of {every}: write those of {} to another folder (--out)",
            settings.windows.every
        )));
    }
    if results.id() != out.id() && holds_profiles(store, out)? {
        return Err(Error::Results {
            place: out.to_string(),
            reason: "it holds the results of a backfill: write to another folder (--out)".to_owned(),
        });
    }
    let lease = store.lease(out, OWNER)?;
    let mut notes = Vec::new();
    let state = State::read(store, results, &mut notes)?.unwrap_or_default();
    let (shelf, resumed) = Shelf::open(store, results, &mut notes)?;
    let mut settings = settings.clone();
    if settings.windows.every != every {
        let ranges = state.entries.values().chain(&resumed).map(|entry| entry.range);
        notes.extend(only_whole(&mut settings.windows, ranges));
    }
    let inputs = Inputs::of(Baseline::read(store, baseline, settings.compat)?, &settings, every)?;
    let wanted = inputs.wanted(results);
    let Wanted { spec, range, .. } = wanted;
    let mut dates = Dates::new(Calendar::new(every, settings.windows.timezone.clone()));
    let mut known = BTreeMap::new();
    let (mut other_bins, mut missing) = (0_u64, 0_usize);
    for entry in state.entries.into_values().chain(resumed) {
        let on: BTreeSet<_> = entry.windows(range).map(|start| dates.of(start)).collect();
        if entry.spec != spec {
            other_bins += u64::from(!on.is_empty());
        } else if shelf.holds(&entry, on.iter().map(|date| &**date)) {
            known.entry(entry.id.clone()).or_insert((Origin::Reused, entry));
        } else {
            missing += 1;
        }
    }
    if known.values().all(|(_, entry)| entry.windows(range).next().is_none()) {
        return Err(refuse(match other_bins {
            0 => "expected stored profiles in the range, found none: run `driftscan backfill` first".to_owned(),
            _ if settings.compat.is_some() => "its profiles were counted under other bins or roles than those of this baseline, or without the \
                  sketches that `--compat` compares: run `driftscan backfill` with both"
                .to_owned(),
            _ => "its profiles were counted under other bins or roles than those of this baseline: run `driftscan backfill` with it"
                .to_owned(),
        }));
    }
    // A date of which a source is missing, or was counted in another version, has tables that are better than ours.
    let mut by_date: BTreeMap<Arc<str>, Vec<&Entry>> = BTreeMap::new();
    for (_, entry) in known.values() {
        let on: BTreeSet<_> = entry.windows(range).map(|start| dates.of(start)).collect();
        on.into_iter().for_each(|date| by_date.entry(date).or_default().push(entry));
    }
    let stored = shelf.dates().filter(|date| plan::is_date_within(date, &inputs.settings));
    let partly = by_date
        .keys()
        .map(|date| &**date)
        .chain(stored)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|date| !shelf.is_exactly(date, by_date.get(*date).map_or(&[], Vec::as_slice)))
        .count();
    if partly + missing > 0 {
        return Err(refuse(format!(
            "{} of its dates are not counted whole: captures changed since, or were counted under other bins; run `driftscan backfill` first, or leave these dates out (--from, --to)",
            partly.max(1)
        )));
    }
    let is_elsewhere = results.id() != out.id();
    if is_elsewhere {
        identity::claim(store, out, &inputs.settings)?;
    }
    store.sweep(out)?;
    let plan = store.nothing();
    let sources = Sources::new(&plan, known);
    let pool = gather::pool(&inputs.settings)?;
    let work = Work { store, places: Places { results, out, lease: &lease }, inputs: &inputs, every };
    let turned_out = inputs.outcomes(store, results, every, &mut notes)?;
    let mut outcome = work.run(plan, sources, shelf, turned_out.as_ref(), &wanted, &pool, watch, None)?;
    if !is_elsewhere && !outcome.interrupted && range == (None, None) {
        remember(store, results, rule::of_judging(&inputs.baseline, &inputs.settings))?;
    }
    outcome.notes.splice(0..0, notes);
    record_run(store, out, record(&outcome))?;
    Ok(outcome)
}

/// Whether a folder is one that a backfill writes to.
fn holds_profiles(store: &Store, folder: &Location) -> Result<bool, Error> {
    let has_state = State::read(store, folder, &mut Vec::new())?.is_some();
    Ok(has_state || !store.list_folder(&folder.join("profiles")?)?.is_empty())
}

/// Notes how all windows are judged by now.
fn remember(store: &Store, results: &Location, rule: String) -> Result<(), Error> {
    match State::read(store, results, &mut Vec::new())? {
        Some(state) if state.rule != rule => State { rule, ..state }.write(store, results),
        _ => Ok(()),
    }
}

/// Leaves out windows that reach beyond what was counted: part of a window cannot be compared.
fn only_whole(
    windows: &mut Windows,
    counted: impl Iterator<Item = (Option<i64>, Option<i64>)>,
) -> Option<String> {
    let (first, last) = counted.fold((Some(i64::MAX), Some(i64::MIN)), |(first, last), (from, to)| {
        (first.zip(from).map(|(a, b)| a.min(b)), last.zip(to).map(|(a, b)| a.max(b)))
    });
    let mut calendar = Calendar::new(windows.every, windows.timezone.clone());
    let from = first
        .and_then(|first| calendar.window_of(first).map(|window| (first, window)))
        .map(|(first, window)| if window.start < first { window.end } else { window.start });
    let to = last.and_then(|last| calendar.window_of(last)).map(|window| window.start);
    let before = (windows.from, windows.to);
    windows.from = windows.from.into_iter().chain(from).max();
    windows.to = windows.to.into_iter().chain(to).min();
    let cut = first.zip(from).is_some_and(|(a, b)| a < b) || last.zip(to).is_some_and(|(a, b)| b < a);
    (before != (windows.from, windows.to) && cut).then(|| {
        "windows that reach beyond what was counted were left out: part of a window cannot be compared"
            .to_owned()
    })
}

impl Every {
    /// Whether each window of a shorter length lies in one window of this length.
    fn holds_whole(self, shorter: Self) -> bool {
        match (self, shorter) {
            (long, short) if long == short => true,
            (Self::Hours(long), Self::Hours(short)) => long.is_multiple_of(short),
            (Self::Day | Self::Week | Self::Month, Self::Hours(_)) => true,
            (Self::Week | Self::Month, Self::Day) => true,
            _ => false,
        }
    }
}
