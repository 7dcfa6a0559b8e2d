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
    let inferred_type = published_type(spec, profile);
    let metric = deciding_metric(&spec.kind, None);
    let mut ours = Ours {
        metric: metric.map(|metric| metric.name.to_owned()),
        role: roles.role_of(&spec.name).map(str::to_owned),
        ..Ours::default()
    };
    let (mut num_constraints, mut string_constraints) = (None, None);
    match &spec.kind {
        Kind::Number { .. } if inferred_type == "String" => {
            string_constraints = Some(StringConstraints {
                domains: Vec::new(),
                monitoring_config_overrides: None,
                other: Map::new(),
            });
        }
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
        inferred_type: inferred_type.to_owned(),
        completeness: completeness(profile),
        num_constraints,
        string_constraints,
        driftscan: Some(ours),
        monitoring_config_overrides: None,
        other: Map::new(),
    }
}

/// Share of rows with a value, 0 to 1; 0 without rows.
#[expect(clippy::cast_precision_loss, reason = "rows are below 2^53")]
pub(super) fn completeness(profile: &FeatureProfile) -> f64 {
    let (rows, present) = (profile.counts.rows, profile.counts.present());
    if rows > 0 { present as f64 / rows as f64 } else { 0.0 }
}

/// The type as Model Monitor infers it, where its numbers are asked for: one value that is no number makes a column text,
/// and times are text. What a CSV reader takes for a number and Model Monitor does not (`NaN`, `.5`, `5.`) is not known any
/// more: it stays one.
pub(crate) fn published_type(spec: &FeatureSpec, profile: &FeatureProfile) -> &'static str {
    let is_of_time = |name: &String| ["Date", "Time", "Duration"].iter().any(|word| name.starts_with(word));
    match &spec.kind {
        Kind::Number { arrival: true, .. }
            if profile.counts.mismatched > 0 || spec.types.iter().any(is_of_time) =>
        {
            "String"
        }
        kind => inferred_type(kind),
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
