//! `statistics.json` as Model Monitor publishes it. Members that we do not know are kept.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::count;

/// What a data set looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Statistics {
    #[serde(default)]
    pub(super) version: f64,
    pub(super) dataset: Dataset,
    pub(super) features: Vec<FeatureStatistics>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Dataset {
    #[serde(deserialize_with = "count")]
    pub(super) item_count: u64,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// One feature; a type has one of the two kinds of statistics, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FeatureStatistics {
    pub(super) name: String,
    pub(super) inferred_type: InferredType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) numerical_statistics: Option<NumericalStatistics>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) string_statistics: Option<StringStatistics>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// The types of the published formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum InferredType {
    Integral,
    Fractional,
    String,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Common {
    #[serde(deserialize_with = "count")]
    pub(super) num_present: u64,
    #[serde(deserialize_with = "count")]
    pub(super) num_missing: u64,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NumericalStatistics {
    pub(super) common: Common,
    pub(super) mean: Option<f64>,
    pub(super) sum: Option<f64>,
    pub(super) std_dev: Option<f64>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) distribution: Option<NumberDistribution>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NumberDistribution {
    pub(super) kll: KllStatistics,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KllStatistics {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sketch: Option<KllItems>,
    /// The buckets among them: they follow from the sketch.
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KllItems {
    /// Items by level; one on level `h` stands for `2^h` values.
    pub(super) data: Vec<Vec<f64>>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct StringStatistics {
    pub(super) common: Common,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) distribution: Option<NameDistribution>,
    /// `distinct_count` among them, which is an estimate.
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NameDistribution {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) categorical: Option<Categorical>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Categorical {
    pub(super) buckets: Vec<NameBucket>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NameBucket {
    pub(super) value: String,
    #[serde(deserialize_with = "count")]
    pub(super) count: u64,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}
