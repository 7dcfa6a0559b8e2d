//! Puts what is known anew into the dates that it belongs to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{
    Counting, OutcomeShelf, Owner, StoredOutcomes,
    fresh::Fresh,
    known::{Dates, Known},
};
use crate::{
    Error,
    profiles::{Entry, State},
};

/// Replaces the dates that captures are restated on, or gone from, and remembers all captures in `state`. Says of how many
/// dates something else is known than before.
pub(super) fn restate(
    shelf: &mut OutcomeShelf<'_>,
    counting: &Counting<'_>,
    dates: &mut Dates,
    (known, fresh): (Known, Fresh),
    mut state: State,
    spec: &str,
) -> Result<u64, Error> {
    let Known { current, elsewhere, .. } = known;
    let is_left = |entry: &&Entry| !current.contains_key(&entry.id) && !elsewhere.contains_key(&entry.id);
    let left = shelf.state.entries.values().filter(is_left);
    let mut of: BTreeMap<String, Vec<Owner>> =
        left.flat_map(|entry| dates.of_entry(entry)).map(|date| (date, Vec::new())).collect();
    for owner in fresh.drawer.owners() {
        of.entry(dates.of(owner.0.start)).or_default().push(owner.clone());
    }
    let kept: BTreeMap<&str, String> = current
        .values()
        .chain(elsewhere.values())
        .map(|entry| (entry.id.as_str(), entry.version()))
        .collect();
    let rows_spec: Arc<str> = shelf.spec.as_str().into();
    let (entries, drawer) = (&fresh.entries, Mutex::new(fresh.drawer));
    if !of.is_empty() {
        shelf.begin(|id| kept.contains_key(id))?;
    }
    let replace = |(date, owners): (&String, &Vec<Owner>)| -> Result<u64, Error> {
        let mut rows = shelf.load(date, |id, version| kept.get(id).is_some_and(|known| known == version))?;
        for owner in owners {
            let Some(entry) = entries.get(&owner.2) else { continue };
            let mut drawer = drawer.lock().unwrap_or_else(PoisonError::into_inner);
            let outcomes = drawer.whole(owner, counting.form)?;
            drop(drawer);
            rows.push(StoredOutcomes {
                source: entry.id.as_str().into(),
                version: entry.version().into(),
                spec: Arc::clone(&rows_spec),
                window: owner.0,
                segment: owner.1.clone(),
                bytes: outcomes.to_bytes()?.into(),
            });
        }
        shelf.replace(&counting.settings.monitor, date, &mut rows).map(u64::from)
    };
    let of: Vec<_> = of.iter().collect();
    let restated =
        counting.pool.install(|| of.par_iter().map(|of| replace(*of)).try_reduce(|| 0, |a, b| Ok(a + b)))?;

    let all = elsewhere.into_values().chain(fresh.entries.into_values());
    state.entries = all.map(|entry| (entry.id.clone(), entry)).collect();
    let current =
        current.into_values().map(|entry| (entry.id.clone(), Entry { spec: spec.to_owned(), ..entry }));
    state.entries.extend(current);
    state.joined = fresh.joined;
    shelf.finish(state)?;
    Ok(restated)
}
