//! `constraints.json`: the published SageMaker format, with one member of ours per feature.
//!
//! Members that we do not know are kept when a document is read and written again.

use profile::Spec;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rules::{Overrides, Rules};

pub(super) const FILE: &str = "constraints.json";

/// What should hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Constraints {
    pub(crate) version: f64,
    pub(crate) features: Vec<FeatureConstraints>,
    #[serde(default)]
    pub(crate) monitoring_config: MonitoringConfig,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

/// What should hold for a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FeatureConstraints {
    pub(crate) name: String,
    pub(crate) inferred_type: String,
    /// Smallest share of rows with a value, 0 to 1.
    #[serde(default)]
    pub(crate) completeness: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) num_constraints: Option<NumConstraints>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) string_constraints: Option<StringConstraints>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) driftscan: Option<Ours>,
    #[serde(default, rename = "monitoringConfigOverrides", skip_serializing_if = "Option::is_none")]
    pub(crate) monitoring_config_overrides: Option<Overrides>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NumConstraints {
    #[serde(default)]
    pub(crate) is_non_negative: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) monitoring_config_overrides: Option<Overrides>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StringConstraints {
    #[serde(default)]
    pub(crate) domains: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) monitoring_config_overrides: Option<Overrides>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

/// What the published format cannot hold. Members that are left out have their defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ours {
    /// Metric that decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metric: Option<String>,
    /// Value above which drift is a violation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<f64>,
    /// Excess over the expected value above which drift is a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<f64>,
    /// Values outside are out of range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) range: Option<(f64, f64)>,
    /// Role of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    /// `false` takes the feature out of all checks; it is still described.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) monitored: Option<bool>,
}

/// What holds for all features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MonitoringConfig {
    #[serde(default = "enabled")]
    pub(crate) evaluate_constraints: String,
    #[serde(default = "enabled")]
    pub(crate) emit_metrics: String,
    /// Smallest share of values of the right type, 0 to 1.
    #[serde(default = "whole")]
    pub(crate) datatype_check_threshold: f64,
    /// Smallest share of values inside the domain, 0 to 1.
    #[serde(default = "whole")]
    pub(crate) domain_content_threshold: f64,
    #[serde(default)]
    pub(crate) distribution_constraints: DistributionConstraints,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DistributionConstraints {
    #[serde(default = "enabled")]
    pub(crate) perform_comparison: String,
    #[serde(default = "tenth")]
    pub(crate) comparison_threshold: f64,
    #[serde(default = "robust")]
    pub(crate) comparison_method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) categorical_comparison_threshold: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) categorical_drift_method: Option<String>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

impl Default for MonitoringConfig {
    fn default() -> Self {
        Self {
            evaluate_constraints: enabled(),
            emit_metrics: enabled(),
            datatype_check_threshold: whole(),
            domain_content_threshold: whole(),
            distribution_constraints: DistributionConstraints::default(),
            other: Map::new(),
        }
    }
}

impl Default for DistributionConstraints {
    fn default() -> Self {
        Self {
            perform_comparison: enabled(),
            comparison_threshold: tenth(),
            comparison_method: robust(),
            categorical_comparison_threshold: None,
            categorical_drift_method: None,
            other: Map::new(),
        }
    }
}

fn enabled() -> String {
    "Enabled".to_owned()
}

fn robust() -> String {
    "Robust".to_owned()
}

fn whole() -> f64 {
    1.0
}

fn tenth() -> f64 {
    0.1
}

impl Constraints {
    /// The constraints of a feature.
    pub(crate) fn feature(&self, name: &str) -> Option<&FeatureConstraints> {
        self.features.iter().find(|feature| feature.name == name)
    }

    /// Whether names and numbers in it can be used; the error names the feature and the key.
    pub(crate) fn check(&self, spec: &Spec) -> Result<(), String> {
        Rules::of(self, None)?;
        for feature in &self.features {
            Rules::of(self, Some(feature))?;
            let Some(position) = spec.position(&feature.name) else {
                return Err(format!(
                    "`constraints.json` names a feature `{}` that `profile.parquet` does not have",
                    feature.name
                ));
            };
            let kind = &spec.features()[position].kind;
            let Some(ours) = &feature.driftscan else { continue };
            let refuse = |key: &str, reason: String| {
                Err(format!("`constraints.json`: feature `{}`: `driftscan.{key}`: {reason}", feature.name))
            };
            if let Some(name) = &ours.metric
                && drift::metric(name).is_none()
            {
                let hint = crate::score::nearest_metric(name);
                return refuse("metric", format!("`{name}` is not known; {hint}"));
            }
            if let Some(name) = &ours.metric
                && crate::score::deciding_metric(kind, Some(name)).is_none_or(|metric| metric.name != name)
            {
                return refuse("metric", format!("`{name}` does not measure a {}", kind.noun()));
            }
            for (key, value) in [("threshold", ours.threshold), ("floor", ours.floor)] {
                if let Some(value) = value
                    && !(value.is_finite() && value >= 0.0)
                {
                    return refuse(key, format!("expected a number from 0, found {value}"));
                }
            }
            if let Some((low, high)) = ours.range
                && low > high
            {
                return refuse("range", format!("expected the smaller bound first, found [{low}, {high}]"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_survive_and_defaults_fill_gaps() {
        let text = r#"{"version":0.0,"features":[{"name":"x","inferred_type":"Integral","completeness":1.0,
            "num_constraints":{"is_non_negative":true},"monitoringConfigOverrides":{"a":1}}],"note":"kept"}"#;
        let constraints: Constraints = serde_json::from_str(text).unwrap();
        assert_eq!(constraints.monitoring_config.distribution_constraints.comparison_threshold, 0.1);
        let written = serde_json::to_value(&constraints).unwrap();
        assert_eq!(written["note"], "kept");
        assert_eq!(written["features"][0]["monitoringConfigOverrides"]["a"], 1);
        assert_eq!(serde_json::from_value::<Constraints>(written).unwrap(), constraints);
    }

    #[test]
    fn a_wrong_metric_names_feature_and_neighbour() {
        let text = r#"{"version":0.0,"features":[{"name":"x","inferred_type":"Integral","driftscan":{"metric":"kolmogorov_smirnof"}}]}"#;
        let constraints: Constraints = serde_json::from_str(text).unwrap();
        let kind = profile::Kind::Number { bins: sketch::Bins::default(), integral: true, arrival: false };
        let feature = profile::FeatureSpec { name: "x".to_owned(), kind, types: Vec::new() };
        let reason = constraints.check(&Spec::new(vec![feature])).unwrap_err();
        assert!(reason.contains("feature `x`") && reason.contains("`kolmogorov_smirnov`"), "{reason}");
    }
}
