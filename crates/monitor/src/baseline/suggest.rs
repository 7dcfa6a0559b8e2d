//! Constraints that follow from a baseline profile.

use profile::{FeatureProfile, FeatureSpec, Kind, Profile, Spec};
use serde_json::Map;

use super::constraints::{
    Constraints, FeatureConstraints, MonitoringConfig, NumConstraints, Ours, StringConstraints,
};
use crate::{Roles, score::deciding_metric};

/// Names listed as a domain: as many as Model Monitor's engine counts exactly.
const MAX_DOMAIN: u64 = 120;

/// Constraints for every feature of a baseline.
pub(crate) fn suggest(spec: &Spec, profile: &Profile, roles: &Roles) -> Constraints {
    let features = spec.features().iter().zip(&profile.features);
    Constraints {
        version: 0.0,
        features: features.map(|(spec, profile)| suggest_feature(spec, profile, roles)).collect(),
        monitoring_config: MonitoringConfig::default(),
        other: Map::new(),
    }
}

fn suggest_feature(spec: &FeatureSpec, profile: &FeatureProfile, roles: &Roles) -> FeatureConstraints {
    let metric = deciding_metric(&spec.kind, None);
    let mut ours = Ours {
        metric: metric.map(|metric| metric.name.to_owned()),
        role: roles.role_of(&spec.name).map(str::to_owned),
        ..Ours::default()
    };
    let (mut num_constraints, mut string_constraints) = (None, None);
    match &spec.kind {
        Kind::Number { bins, .. } => {
            ours.range = bins.range();
            let is_non_negative = profile.counts.negatives == 0;
            num_constraints = Some(NumConstraints {
                is_non_negative,
                monitoring_config_overrides: None,
                other: Map::new(),
            });
        }
        Kind::Category { domain } => {
            let mut domains: Vec<String> = Vec::new();
            if domain.distinct() <= MAX_DOMAIN {
                domains = domain.names().iter().map(|name| name.to_string()).collect();
                domains.sort_unstable();
            }
            string_constraints =
                Some(StringConstraints { domains, monitoring_config_overrides: None, other: Map::new() });
        }
        Kind::Empty | Kind::Uncovered => {}
    }
    FeatureConstraints {
        name: spec.name.clone(),
        inferred_type: inferred_type(&spec.kind).to_owned(),
        completeness: profile.counts.missing_ratio().map_or(0.0, |missing| 1.0 - missing),
        num_constraints,
        string_constraints,
        driftscan: Some(ours),
        monitoring_config_overrides: None,
        other: Map::new(),
    }
}

/// The type as the published format names it.
pub(crate) fn inferred_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Number { integral: true, .. } => "Integral",
        Kind::Number { integral: false, .. } => "Fractional",
        Kind::Category { .. } => "String",
        Kind::Empty | Kind::Uncovered => "Unknown",
    }
}
