//! `statistics.json`: the published SageMaker format.

use profile::{FeatureProfile, FeatureSpec, Kind, Profile, Spec};
use serde_json::{Value, json};
use sketch::Bins;

use super::{inferred_type, sketch_levels};

/// Buckets of a numeric feature, as many as the published files have.
const BUCKETS: u32 = 10;
/// Names listed with their counts.
const MAX_NAMES: usize = 120;

/// The statistics of a profile.
pub(super) fn statistics(spec: &Spec, profile: &Profile) -> Value {
    let features = spec.features().iter().zip(&profile.features);
    let features: Vec<Value> = features.map(|(spec, profile)| feature(spec, profile)).collect();
    json!({"version": 0.0, "dataset": {"item_count": profile.rows}, "features": features})
}

fn feature(spec: &FeatureSpec, profile: &FeatureProfile) -> Value {
    let missing = profile.counts.missing();
    let common = json!({"num_present": profile.counts.rows - missing, "num_missing": missing});
    let mut document = json!({"name": spec.name, "inferred_type": inferred_type(&spec.kind)});
    match &spec.kind {
        Kind::Number { bins, .. } => {
            let moments = &profile.moments;
            let buckets = equal_width(bins, profile);
            let levels = sketch_levels::levels(bins, &profile.histogram, moments);
            document["numerical_statistics"] = json!({
                "common": common,
                "mean": moments.mean(),
                "sum": moments.sum(),
                "std_dev": moments.std_dev(),
                "min": moments.min(),
                "max": moments.max(),
                "distribution": {"kll": {
                    "buckets": buckets,
                    "sketch": {"parameters": {"c": 0.64, "k": 2048.0}, "data": levels},
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

/// Ten buckets of equal width between minimum and maximum, closed on the left, the last on both sides. Their
/// counts come from the slots, so a bucket's may be off by a part of the slot at its edge (1/256 at most).
fn equal_width(bins: &Bins, profile: &FeatureProfile) -> Vec<Value> {
    let (Some(min), Some(max)) = (profile.moments.min(), profile.moments.max()) else { return Vec::new() };
    let edge = |index: u32| min + (max - min) * f64::from(index) / f64::from(BUCKETS);
    let mut counts = [0_u64; BUCKETS as usize];
    for (index, rows) in profile.histogram.entries() {
        let slot = bins.slot(index);
        let middle = f64::midpoint(slot.lower.clamp(min, max), slot.upper.clamp(min, max));
        let bucket = (1..BUCKETS).filter(|&i| edge(i) <= middle).count();
        counts[bucket] += rows;
    }
    (0..BUCKETS)
        .zip(counts)
        .map(|(index, count)| json!({"lower_bound": edge(index), "upper_bound": edge(index + 1), "count": count}))
        .collect()
}
