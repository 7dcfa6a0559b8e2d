//! Baselines: the frozen spec, the profile under it, and the constraints that follow.

mod constraints;
mod document;
mod imported;
mod make;
mod other_monitors;
mod outcomes;
mod published;
mod rules;
mod sketch_levels;
mod statistics;
mod stored;
mod suggest;

use std::{collections::BTreeMap, sync::Arc};

use profile::{Profile, Spec};
use store::{Location, Store};

use self::stored::Stored;
use crate::{Compat, Error, profiles::Digest};

pub(crate) use constraints::{Constraints, FeatureConstraints};
pub use make::{BaselineFeature, BaselineOutcome, make_baseline};
pub(crate) use other_monitors::OtherMonitors;
pub(crate) use outcomes::BaselineOutcomes;
pub(crate) use rules::{CategoryMethod, Rules};
pub(crate) use statistics::statistics;
pub(crate) use suggest::{inferred_type, published_type, suggest};

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
    /// By feature, how far shares of the baseline's values below a point may be from the exact ones; empty where they
    /// are exact.
    pub(crate) rank_errors: Vec<f64>,
    /// How its predictions turned out, where it has labels.
    pub(crate) outcomes: Option<BaselineOutcomes>,
    /// What the other monitors of Model Monitor compare with.
    pub(crate) others: OtherMonitors,
    /// Digest of the folder's files that verdicts depend on.
    pub(crate) digest: String,
}

impl Baseline {
    /// Reads a baseline folder: one that [`make_baseline`] wrote, or the two documents of a job of Model Monitor. Beside
    /// either may lie what its other monitors compare with: `model_quality/constraints.json`, `bias/analysis.json` and
    /// `attribution/analysis.json`.
    ///
    /// To agree with another tool takes the sketches that it makes; without, those of its documents only cut bins.
    ///
    /// # Errors
    /// [`Error::Baseline`] when a file is missing, of a newer format or damaged, or lacks what `compat` needs.
    pub fn read(store: &Store, folder: &Location, compat: Option<Compat>) -> Result<Self, Error> {
        let place = folder.to_string();
        let refuse = |reason: String| Error::Baseline { place: place.clone(), reason };
        let own = stored::read(store, folder)?;
        let statistics = match &own {
            Some(_) => bytes::Bytes::new(),
            None => store.read(&folder.join(imported::FILE)?)?.ok_or_else(|| {
                refuse(format!(
                    "expected `{}`, which `driftscan baseline DATA --out DIR` writes, or `{}` and `{}` of a job of \
                     SageMaker Model Monitor",
                    stored::FILE,
                    imported::FILE,
                    constraints::FILE
                ))
            })?,
        };
        let document = store.read(&folder.join(constraints::FILE)?)?.ok_or_else(|| {
            refuse(
                "expected `constraints.json`; `driftscan baseline DATA --out DIR` writes one, and so do the jobs of \
                 SageMaker Model Monitor"
                    .to_owned(),
            )
        })?;
        let constraints: Constraints = document::parse(constraints::FILE, &document).map_err(refuse)?;
        let (stored, rank_errors, frozen) = match own {
            Some(stored) => {
                if compat.is_some() && stored.spec.has_arrival() == Some(false) {
                    return Err(refuse(
                        "expected sketches in the order of its rows: make it again with `driftscan baseline DATA --out DIR \
                         --compat sagemaker`"
                            .to_owned(),
                    ));
                }
                (stored, Vec::new(), store.read(&folder.join(stored::FILE)?)?.unwrap_or_default())
            }
            None => {
                let imported = imported::read(&statistics, &constraints).map_err(refuse)?;
                (imported.stored, imported.rank_errors, statistics)
            }
        };
        constraints.check(&stored.spec).map_err(refuse)?;
        let outcomes = outcomes::read(store, folder)?;
        let mut digest = Digest::new("baseline").bytes(&frozen).bytes(&document);
        for (segment, bytes) in outcomes.iter().flat_map(|outcomes| &outcomes.segments) {
            digest = digest.text(segment.as_deref().unwrap_or_default()).bytes(bytes);
        }
        let (others, digest) = other_monitors::read(store, folder, digest)?;
        let digest = digest.finish();
        let Stored { spec, profiles, hours } = stored;
        Ok(Self { spec, profiles, hours, constraints, rank_errors, outcomes, others, digest })
    }

    /// How far shares of a feature's values below a point may be from the exact ones, by its position.
    pub(crate) fn rank_error(&self, feature: usize) -> f64 {
        self.rank_errors.get(feature).copied().unwrap_or(0.0)
    }
}
