//! `statistics.json`: the published SageMaker format, in the order of its members.

use std::collections::HashMap;

use profile::{FeatureProfile, FeatureSpec, Kind, Profile, Spec};
use serde_json::{Value, json};
use sketch::{Bins, KLL_BUCKETS, KLL_SHRINKAGE, KLL_SIZE, ValueCounts, equal_width};

use super::{published_type, sketch_levels};

/// Names listed with their counts.
const MAX_NAMES: usize = 120;

/// Ten buckets of equal width between minimum and maximum: lower bound, upper bound and rows, closed on the left, the
/// last on both sides.
pub(crate) type Buckets = [(f64, f64, u64); KLL_BUCKETS];

/// The statistics of a profile. Numbers that were kept in the order of arrival have the sketch, buckets and sums of
/// that; others have exact sums, the buckets in `exact`, and a sketch made from the slots.
pub(crate) fn statistics(spec: &Spec, profile: &Profile, exact: &HashMap<String, Buckets>) -> Value {
    let features = spec.features().iter().zip(&profile.features);
    let features: Vec<Value> =
        features.map(|(spec, profile)| feature(spec, profile, exact.get(&spec.name))).collect();
    json!({"version": 0.0, "dataset": {"item_count": profile.rows}, "features": features})
}

fn feature(spec: &FeatureSpec, profile: &FeatureProfile, exact: Option<&Buckets>) -> Value {
    let missing = profile.counts.missing();
    let common = json!({"num_present": profile.counts.rows - missing, "num_missing": missing});
    let inferred_type = published_type(spec, profile);
    let mut document = json!({"name": spec.name, "inferred_type": inferred_type});
    match &spec.kind {
        // Numbers that Model Monitor counts as text.
        Kind::Number { .. } if inferred_type == "String" => {
            document["string_statistics"] =
                json!({"common": common, "distinct_count": profile.distinct.estimate()});
        }
        Kind::Number { bins, .. } => {
            let moments = &profile.moments;
            let (buckets, levels) = distribution(bins, profile, exact);
            let (mean, sum, std_dev) = match &profile.arrival {
                Some(arrival) => (arrival.mean(), arrival.sum(), arrival.std_dev()),
                None => (moments.mean(), moments.sum(), moments.std_dev()),
            };
            document["numerical_statistics"] = json!({
                "common": common,
                "mean": mean,
                "sum": sum,
                "std_dev": std_dev,
                "min": moments.min(),
                "max": moments.max(),
                "distribution": {"kll": {
                    "buckets": buckets.map(|buckets| buckets.map(bucket).to_vec()).unwrap_or_default(),
                    "sketch": {"parameters": {"c": KLL_SHRINKAGE, "k": KLL_SIZE}, "data": levels},
                }},
            });
        }
        Kind::Category { domain } => {
            let mut names: Vec<Value> = Vec::new();
            for (name, position) in domain.names().iter().zip(0..).take(MAX_NAMES) {
                names.push(json!({"value": name, "count": profile.names.known(position)}));
            }
            document["string_statistics"] = json!({
                "common": common,
                "distinct_count": domain.distinct().max(profile.distinct.estimate().min(domain.distinct())),
                "distribution": {"categorical": {"buckets": names}},
            });
        }
        Kind::Empty | Kind::Uncovered => document["common"] = common,
    }
    document
}

fn bucket((lower, upper, rows): (f64, f64, u64)) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "rows are below 2^53")]
    let count = rows as f64;
    json!({"lower_bound": lower, "upper_bound": upper, "count": count})
}

fn distribution(
    bins: &Bins,
    profile: &FeatureProfile,
    exact: Option<&Buckets>,
) -> (Option<Buckets>, Vec<Vec<f64>>) {
    let bounds = profile.moments.min().zip(profile.moments.max());
    match &profile.arrival {
        Some(arrival) => {
            let sketch = arrival.sketch();
            (bounds.map(|(min, max)| sketch.buckets(min, max)), sketch.levels().to_vec())
        }
        None => {
            let buckets = || bounds.map(|(min, max)| by_slots(bins, profile, min, max));
            let levels = sketch_levels::levels(bins, &profile.histogram, &profile.moments);
            (exact.copied().or_else(buckets), levels)
        }
    }
}

/// The buckets of exact values; `None` without any.
pub(super) fn exact_buckets(values: &ValueCounts) -> Option<Buckets> {
    let values = values.values();
    let ((min, _), (max, _)) = (values.first()?, values.last()?);
    let mut buckets = equal_width(*min, *max);
    for (value, rows) in values {
        add(&mut buckets, *value, *rows);
    }
    Some(buckets)
}

/// The buckets by the middles of slots: one may be off by a part of the slot at its edge (1/256 of the rows at most).
fn by_slots(bins: &Bins, profile: &FeatureProfile, min: f64, max: f64) -> Buckets {
    let mut buckets = equal_width(min, max);
    for (index, rows) in profile.histogram.entries() {
        let slot = bins.slot(index);
        add(&mut buckets, f64::midpoint(slot.lower.clamp(min, max), slot.upper.clamp(min, max)), rows);
    }
    buckets
}

fn add(buckets: &mut Buckets, value: f64, rows: u64) {
    let after = buckets[1..].iter().filter(|(lower, _, _)| *lower <= value).count();
    buckets[after].2 += rows;
}
