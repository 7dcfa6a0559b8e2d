//! Baselines: the frozen spec, the profile under it, and the constraints that follow.

mod constraints;
mod make;
mod rules;
mod sketch_levels;
mod statistics;
mod stored;
mod suggest;

use std::{collections::BTreeMap, sync::Arc};

use profile::{Profile, Spec};
use store::{Location, Store};

use crate::{Error, profiles::Digest};

pub(crate) use constraints::{Constraints, FeatureConstraints};
pub use make::{BaselineFeature, BaselineOutcome, make_baseline};
pub(crate) use rules::Rules;
pub(crate) use suggest::inferred_type;
#[cfg(test)]
pub(crate) use suggest::suggest;

/// Everything a run compares with.
#[derive(Debug)]
pub struct Baseline {
    /// Frozen features.
    pub(crate) spec: Spec,
    /// Profiles by segment; `None` is all rows.
    pub(crate) profiles: BTreeMap<Option<Arc<str>>, Profile>,
    /// Rows by hour since 1970 UTC; empty where the baseline has no times.
    pub(crate) hours: BTreeMap<i64, u64>,
    /// What should hold.
    pub(crate) constraints: Constraints,
    /// Digest of the folder's files that verdicts depend on.
    pub(crate) digest: String,
}

impl Baseline {
    /// Reads a baseline folder.
    ///
    /// # Errors
    /// [`Error::Baseline`] when a file is missing, of a newer format or damaged.
    pub fn read(store: &Store, folder: &Location) -> Result<Self, Error> {
        let place = folder.to_string();
        let refuse = |reason: String| Error::Baseline { place: place.clone(), reason };
        let stored = stored::read(store, folder)?;
        let document = store.read(&folder.join("constraints.json")?)?.ok_or_else(|| {
            refuse("expected `constraints.json`; `driftscan baseline DATA --out DIR` writes one".to_owned())
        })?;
        let constraints: Constraints = serde_json::from_slice(&document)
            .map_err(|error| refuse(format!("`constraints.json` cannot be read: {error}")))?;
        constraints.check(&stored.spec).map_err(refuse)?;
        let profile = store.read(&folder.join(stored::FILE)?)?.unwrap_or_default();
        let digest = Digest::new("baseline").bytes(&profile).bytes(&document).finish();
        Ok(Self { spec: stored.spec, profiles: stored.profiles, hours: stored.hours, constraints, digest })
    }
}
