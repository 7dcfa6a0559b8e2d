//! `monitoring_config` as a feature is judged by it: the document's, with the feature's own overrides on top.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::constraints::{Constraints, FeatureConstraints, MonitoringConfig};

/// What a feature overrides of `monitoring_config`; members that are left out stay as they are for all features.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Overrides {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) evaluate_constraints: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) emit_metrics: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) datatype_check_threshold: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) domain_content_threshold: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) distribution_constraints: Option<DistributionOverrides>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

/// The same of `distribution_constraints`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DistributionOverrides {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) perform_comparison: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comparison_threshold: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comparison_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) categorical_comparison_threshold: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) categorical_drift_method: Option<String>,
    #[serde(flatten)]
    pub(crate) other: Map<String, Value>,
}

/// How Model Monitor compares the categories of a feature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CategoryMethod {
    /// The largest difference of shares.
    #[default]
    LInfinity,
    /// Pearson's statistic, or its p-value.
    ChiSquared,
}

/// What a feature is judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rules {
    /// Whether it is judged at all.
    pub(crate) evaluate: bool,
    /// Smallest share of values of the right type, 0 to 1.
    pub(crate) type_share: f64,
    /// Smallest share of values inside the domain, 0 to 1.
    pub(crate) domain_share: f64,
    /// Whether its distribution is judged.
    pub(crate) compare: bool,
    /// Distance of a violation.
    pub(crate) distance: f64,
    /// The same for categories.
    pub(crate) category_distance: f64,
    /// Whether Model Monitor allows for the number of values.
    pub(crate) robust: bool,
    /// How Model Monitor compares categories.
    pub(crate) category_method: CategoryMethod,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            evaluate: true,
            type_share: 1.0,
            domain_share: 1.0,
            compare: true,
            distance: 0.1,
            category_distance: 0.1,
            robust: true,
            category_method: CategoryMethod::LInfinity,
        }
    }
}

impl Rules {
    /// The rules of a feature, or of one that has no constraints; the error names the feature and the member.
    pub(crate) fn of(
        constraints: &Constraints,
        feature: Option<&FeatureConstraints>,
    ) -> Result<Self, String> {
        let mut rules = Self::default();
        let mut category_distance = None;
        let config = Overrides::from(&constraints.monitoring_config);
        rules.apply(&config, &mut category_distance).map_err(|(member, reason)| {
            format!("`constraints.json`: `monitoring_config.{member}`: {reason}")
        })?;
        for (place, overrides) in feature.into_iter().flat_map(overrides) {
            rules.apply(overrides, &mut category_distance).map_err(|(member, reason)| {
                let name = feature.map_or("", |feature| &feature.name);
                format!("`constraints.json`: feature `{name}`: `{place}.{member}`: {reason}")
            })?;
        }
        rules.category_distance = category_distance.unwrap_or(rules.distance);
        Ok(rules)
    }

    fn apply(
        &mut self,
        config: &Overrides,
        category_distance: &mut Option<f64>,
    ) -> Result<(), (&'static str, String)> {
        set(&mut self.evaluate, "evaluate_constraints", config.evaluate_constraints.as_deref(), switch)?;
        set(&mut true, "emit_metrics", config.emit_metrics.as_deref(), switch)?;
        set(&mut self.type_share, "datatype_check_threshold", config.datatype_check_threshold, share)?;
        set(&mut self.domain_share, "domain_content_threshold", config.domain_content_threshold, share)?;
        let Some(distribution) = &config.distribution_constraints else { return Ok(()) };
        set(
            &mut self.compare,
            "distribution_constraints.perform_comparison",
            distribution.perform_comparison.as_deref(),
            switch,
        )?;
        set(
            &mut self.distance,
            "distribution_constraints.comparison_threshold",
            distribution.comparison_threshold,
            distance,
        )?;
        set(
            &mut self.robust,
            "distribution_constraints.comparison_method",
            distribution.comparison_method.as_deref(),
            is_robust,
        )?;
        if let Some(threshold) = distribution.categorical_comparison_threshold {
            let member = "distribution_constraints.categorical_comparison_threshold";
            *category_distance = Some(distance(threshold).map_err(|reason| (member, reason))?);
        }
        set(
            &mut self.category_method,
            "distribution_constraints.categorical_drift_method",
            distribution.categorical_drift_method.as_deref(),
            category_method,
        )
    }
}

/// A feature's overrides, in both places where they are found in the wild: where the schema has them, and where the
/// Python SDK writes them.
fn overrides(feature: &FeatureConstraints) -> impl Iterator<Item = (&'static str, &Overrides)> {
    let text = feature.string_constraints.as_ref().and_then(|text| text.monitoring_config_overrides.as_ref());
    let number =
        feature.num_constraints.as_ref().and_then(|number| number.monitoring_config_overrides.as_ref());
    [
        ("monitoringConfigOverrides", feature.monitoring_config_overrides.as_ref()),
        ("string_constraints.monitoring_config_overrides", text),
        ("num_constraints.monitoring_config_overrides", number),
    ]
    .into_iter()
    .filter_map(|(place, overrides)| Some((place, overrides?)))
}

impl From<&MonitoringConfig> for Overrides {
    fn from(config: &MonitoringConfig) -> Self {
        let distribution = &config.distribution_constraints;
        Self {
            evaluate_constraints: Some(config.evaluate_constraints.clone()),
            emit_metrics: Some(config.emit_metrics.clone()),
            datatype_check_threshold: Some(config.datatype_check_threshold),
            domain_content_threshold: Some(config.domain_content_threshold),
            distribution_constraints: Some(DistributionOverrides {
                perform_comparison: Some(distribution.perform_comparison.clone()),
                comparison_threshold: Some(distribution.comparison_threshold),
                comparison_method: Some(distribution.comparison_method.clone()),
                categorical_comparison_threshold: distribution.categorical_comparison_threshold,
                categorical_drift_method: distribution.categorical_drift_method.clone(),
                other: Map::new(),
            }),
            other: Map::new(),
        }
    }
}

fn set<T, V>(
    rule: &mut T,
    member: &'static str,
    value: Option<V>,
    read: impl Fn(V) -> Result<T, String>,
) -> Result<(), (&'static str, String)> {
    if let Some(value) = value {
        *rule = read(value).map_err(|reason| (member, reason))?;
    }
    Ok(())
}

fn switch(text: &str) -> Result<bool, String> {
    one_of(text, &[("Enabled", true), ("Disabled", false)])
}

fn is_robust(text: &str) -> Result<bool, String> {
    one_of(text, &[("Robust", true), ("Simple", false), ("linf_robust", true), ("linf_simple", false)])
}

fn category_method(text: &str) -> Result<CategoryMethod, String> {
    one_of(text, &[("LInfinity", CategoryMethod::LInfinity), ("ChiSquared", CategoryMethod::ChiSquared)])
}

fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, String> {
    known.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        format!("expected {}, found `{text}`", words.join(" or "))
    })
}

fn share(value: f64) -> Result<f64, String> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(format!("expected 0 to 1, found {value}")) }
}

fn distance(value: f64) -> Result<f64, String> {
    if value >= 0.0 { Ok(value) } else { Err(format!("expected a number from 0, found {value}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(config: &str, feature: &str) -> Constraints {
        let feature = if feature.is_empty() { String::new() } else { format!(",{feature}") };
        serde_json::from_str(&format!(
            r#"{{"version":0.0,"features":[{{"name":"x","inferred_type":"String"{feature}}}],"monitoring_config":{{{config}}}}}"#
        ))
        .unwrap()
    }

    fn rules(config: &str, feature: &str) -> Result<Rules, String> {
        let constraints = constraints(config, feature);
        Rules::of(&constraints, constraints.features.first())
    }

    #[test]
    fn words_are_read_in_any_case_and_thresholds_fall_back() {
        assert_eq!(rules("", "").unwrap(), Rules::default());
        let config = r#""evaluate_constraints":"DISABLED","datatype_check_threshold":0.5,"distribution_constraints":
            {"comparison_method":"LINF_simple","comparison_threshold":0.3,"categorical_drift_method":"chisquared"}"#;
        let read = rules(config, "").unwrap();
        assert!(!read.evaluate && read.compare && !read.robust);
        assert_eq!((read.type_share, read.distance, read.category_distance), (0.5, 0.3, 0.3));
        assert_eq!(read.category_method, CategoryMethod::ChiSquared);
        let apart =
            config.replace(r#""comparison_threshold":0.3"#, r#""categorical_comparison_threshold":0.2"#);
        let read = rules(&apart, "").unwrap();
        assert_eq!((read.distance, read.category_distance), (0.1, 0.2));
    }

    #[test]
    fn a_feature_overrides_in_either_place() {
        let schema = r#""monitoringConfigOverrides":{"datatype_check_threshold":0.9,
            "distribution_constraints":{"perform_comparison":"Disabled","comparison_method":"Simple"}}"#;
        let read = rules("", schema).unwrap();
        assert_eq!((read.type_share, read.compare, read.robust, read.evaluate), (0.9, false, false, true));
        let sdk = r#""string_constraints":{"domains":[],"monitoring_config_overrides":{"evaluate_constraints":"Disabled"}}"#;
        assert!(!rules("", sdk).unwrap().evaluate);
        let number = sdk.replace(
            r#""string_constraints":{"domains":[],"#,
            r#""num_constraints":{"is_non_negative":true,"#,
        );
        assert!(!rules("", &number).unwrap().evaluate);
        // What is not known to us stays in the document.
        let document = constraints("", &sdk.replace("Disabled\"", "Disabled\",\"more\":[1]"));
        let written = serde_json::to_value(&document).unwrap();
        let kept = &written["features"][0]["string_constraints"]["monitoring_config_overrides"];
        assert_eq!(kept.to_string(), r#"{"evaluate_constraints":"Disabled","more":[1]}"#);
    }

    #[test]
    fn what_is_not_known_names_feature_and_member() {
        for (config, feature, expected) in [
            (
                r#""evaluate_constraints":"on""#,
                "",
                "`monitoring_config.evaluate_constraints`: expected Enabled or Disabled, found `on`",
            ),
            (
                r#""datatype_check_threshold":99.0"#,
                "",
                "`monitoring_config.datatype_check_threshold`: expected 0 to 1, found 99",
            ),
            (
                r#""distribution_constraints":{"comparison_method":"KS"}"#,
                "",
                "`monitoring_config.distribution_constraints.comparison_method`: expected Robust or Simple or",
            ),
            (
                "",
                r#""monitoringConfigOverrides":{"distribution_constraints":{"categorical_drift_method":"x"}}"#,
                "feature `x`: `monitoringConfigOverrides.distribution_constraints.categorical_drift_method`: expected LInfinity or ChiSquared",
            ),
            (
                "",
                r#""string_constraints":{"monitoring_config_overrides":{"evaluate_constraints":"no"}}"#,
                "feature `x`: `string_constraints.monitoring_config_overrides.evaluate_constraints`: expected Enabled",
            ),
        ] {
            let reason = rules(config, feature).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
