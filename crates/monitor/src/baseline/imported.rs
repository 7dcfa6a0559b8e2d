//! A baseline from the two documents of Model Monitor alone: bins are cut from its quantile sketches.
//!
//! A sketch holds some of the values, each for so many rows; bins are cut as if those were the values. Counts, moments,
//! smallest and largest value are those of the document. What the documents do not say stays unknown: a feature that
//! only `constraints.json` has can be judged by its type and its missing values, and has no distribution.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use profile::{FeatureProfile, FeatureSpec, Kind, Profile, Spec};
use sketch::{Arrival, Bins, Counts, Distinct, Domain, Kll, Moments, NameCounts, ValueCounts, hash_f64};

use super::{
    constraints::{Constraints, FeatureConstraints},
    document,
    published::{Common, FeatureStatistics, InferredType, NumericalStatistics, Statistics, StringStatistics},
    stored::Stored,
};

pub(super) const FILE: &str = "statistics.json";

/// A baseline, and by feature how far shares of its values below a point may be from the exact ones.
pub(super) struct Imported {
    pub(super) stored: Stored,
    pub(super) rank_errors: Vec<f64>,
}

/// Reads `statistics.json`, which goes with constraints.
pub(super) fn read(bytes: &[u8], constraints: &Constraints) -> Result<Imported, String> {
    let statistics: Statistics = document::parse(FILE, bytes)?;
    let mut features = Vec::new();
    let mut known = HashMap::new();
    for feature in &statistics.features {
        let constraint = constraints.feature(&feature.name);
        let made = with_statistics(feature, constraint)
            .map_err(|reason| format!("`{FILE}`: feature `{}`: {reason}", feature.name))?;
        if known.insert(feature.name.as_str(), ()).is_some() {
            return Err(format!("`{FILE}`: feature `{}` is there twice", feature.name));
        }
        features.push(made);
    }
    for constraint in constraints.features.iter().filter(|one| !known.contains_key(one.name.as_str())) {
        features.push(without_statistics(constraint)?);
    }
    let rows = statistics.dataset.item_count;
    let rank_errors = features.iter().map(|made| made.rank_error).collect();
    let (specs, profiles) = features.into_iter().map(|made| (made.spec, made.profile)).unzip();
    let profile = Profile { rows, features: profiles, extra: BTreeMap::new() };
    let profiles: BTreeMap<Option<Arc<str>>, Profile> = BTreeMap::from([(None, profile)]);
    let stored = Stored { spec: Spec::new(specs), profiles, hours: BTreeMap::new() };
    Ok(Imported { stored, rank_errors })
}

struct Feature {
    spec: FeatureSpec,
    profile: FeatureProfile,
    rank_error: f64,
}

impl Feature {
    fn of(name: &str, kind: Kind, profile: FeatureProfile, rank_error: f64) -> Self {
        let spec = FeatureSpec { name: name.to_owned(), kind, types: Vec::new() };
        Self { spec, profile, rank_error }
    }
}

fn with_statistics(
    feature: &FeatureStatistics,
    constraint: Option<&FeatureConstraints>,
) -> Result<Feature, String> {
    let expected = constraint.map_or(Ok(feature.inferred_type), inferred_type)?;
    if is_number(expected) != is_number(feature.inferred_type)
        || is_text(expected) != is_text(feature.inferred_type)
    {
        return Err(format!(
            "`inferred_type` is {:?}, and {expected:?} in `constraints.json`",
            feature.inferred_type
        ));
    }
    match (expected, &feature.numerical_statistics, &feature.string_statistics) {
        (InferredType::Unknown, ..) => {
            Ok(Feature::of(&feature.name, Kind::Empty, FeatureProfile::default(), 0.0))
        }
        (InferredType::Integral | InferredType::Fractional, Some(statistics), _) => {
            number(&feature.name, expected == InferredType::Integral, statistics)
        }
        (InferredType::String, _, Some(statistics)) => text(&feature.name, statistics, constraint),
        (InferredType::String, ..) => Err("`string_statistics` is missing".to_owned()),
        _ => Err("`numerical_statistics` is missing".to_owned()),
    }
}

/// A feature of which nothing is known but what should hold.
fn without_statistics(constraint: &FeatureConstraints) -> Result<Feature, String> {
    let kind = match inferred_type(constraint)? {
        InferredType::Unknown => Kind::Empty,
        InferredType::String => Kind::Category { domain: domain(HashMap::new(), false, Some(constraint)) },
        number => {
            Kind::Number { bins: Bins::default(), integral: number == InferredType::Integral, arrival: true }
        }
    };
    Ok(Feature::of(&constraint.name, kind, FeatureProfile::default(), 0.0))
}

fn number(name: &str, integral: bool, statistics: &NumericalStatistics) -> Result<Feature, String> {
    let mut profile = FeatureProfile { counts: counts(&statistics.common)?, ..FeatureProfile::default() };
    let present = statistics.common.num_present;
    if present == 0 {
        let kind = Kind::Number { bins: Bins::default(), integral, arrival: true };
        return Ok(Feature::of(name, kind, profile, 0.0));
    }
    let member = |member: &str, value: Option<f64>| {
        value.ok_or_else(|| format!("`numerical_statistics.{member}` is missing"))
    };
    let (sum, std_dev) = (member("sum", statistics.sum)?, member("std_dev", statistics.std_dev)?);
    let (min, max) = (member("min", statistics.min)?, member("max", statistics.max)?);
    if min > max {
        return Err(format!("`numerical_statistics`: `min` is {min} and `max` {max}"));
    }
    let place = "numerical_statistics.distribution.kll.sketch";
    let items = statistics.distribution.as_ref().and_then(|distribution| distribution.kll.sketch.as_ref());
    let items = items.ok_or_else(|| format!("`{place}` is missing: bins are cut from it"))?;
    let kll = Kll::from_levels(items.data.clone()).map_err(|error| format!("`{place}.data`: {error}"))?;
    if kll.rows() != present {
        return Err(format!(
            "`{place}.data`: its items stand for {} values, `num_present` is {present}",
            kll.rows()
        ));
    }
    if let Some((item, _)) = kll.weighted().find(|(item, _)| *item < min || *item > max) {
        return Err(format!("`{place}.data`: {item} lies outside `min` and `max`, {min} to {max}"));
    }
    // The bounds need not be among the items.
    let weighted = kll.weighted().chain([(min, 0), (max, 0)]).collect();
    let bins = Bins::cut(&ValueCounts::weighted(weighted));
    profile.moments = Moments::known(present, sum, std_dev, (min, max));
    let mut of_sketch = Counts::default();
    for (item, rows) in kll.weighted() {
        profile.histogram.observe_many(&bins, item, rows);
        profile.distinct.observe(hash_f64(item));
        of_sketch.observe_many(item, rows);
    }
    let counts = &mut profile.counts;
    (counts.zeros, counts.negatives) = (of_sketch.zeros, of_sketch.negatives.max(u64::from(min < 0.0)));
    counts.fractions = if integral { 0 } else { of_sketch.fractions };
    let rank_error = kll.rank_error();
    profile.arrival = Some(Box::new(Arrival::published(kll, sum, std_dev)));
    Ok(Feature::of(name, Kind::Number { bins, integral, arrival: true }, profile, rank_error))
}

fn text(
    name: &str,
    statistics: &StringStatistics,
    constraint: Option<&FeatureConstraints>,
) -> Result<Feature, String> {
    let mut profile = FeatureProfile { counts: counts(&statistics.common)?, ..FeatureProfile::default() };
    let place = "string_statistics.distribution.categorical.buckets";
    let categorical = statistics.distribution.as_ref().and_then(|d| d.categorical.as_ref());
    let mut names: HashMap<Box<str>, u64> = HashMap::new();
    for bucket in categorical.into_iter().flat_map(|categorical| &categorical.buckets) {
        let rows = names.entry(sketch::short_name(&bucket.value).into()).or_default();
        *rows = rows.saturating_add(bucket.count);
    }
    let present = statistics.common.num_present;
    let counted = names.values().try_fold(0_u64, |sum, rows| sum.checked_add(*rows));
    if counted.is_none_or(|counted| counted > present) {
        return Err(format!("`{place}`: they hold more rows than `num_present`, which is {present}"));
    }
    // A list that does not hold all rows tells names, not shares.
    let is_whole = counted == Some(present);
    if !is_whole {
        names.values_mut().for_each(|rows| *rows = 0);
    }
    let counted: Vec<(Box<str>, u64)> = names.iter().map(|(name, rows)| (name.clone(), *rows)).collect();
    let domain = domain(names, is_whole, constraint);
    let (mut counts, mut distinct) = (NameCounts::default(), Distinct::default());
    for (name, rows) in counted.into_iter().filter(|(_, rows)| *rows > 0) {
        distinct.observe(counts.observe(&domain, &name, rows));
    }
    (profile.names, profile.distinct) = (counts, distinct);
    Ok(Feature::of(name, Kind::Category { domain }, profile, 0.0))
}

/// Names with their rows, and those that constraints allow.
fn domain(
    mut names: HashMap<Box<str>, u64>,
    is_whole: bool,
    constraint: Option<&FeatureConstraints>,
) -> Domain {
    let allowed = constraint.and_then(|constraint| constraint.string_constraints.as_ref());
    let allowed = allowed.map_or(&[][..], |text| &text.domains);
    for name in allowed {
        names.entry(sketch::short_name(name).into()).or_default();
    }
    Domain::freeze(names, is_whole || !allowed.is_empty())
}

fn counts(common: &Common) -> Result<Counts, String> {
    let rows = common.num_present + common.num_missing;
    let counts = Counts { rows, nulls: common.num_missing, ..Counts::default() };
    if counts.is_sound() { Ok(counts) } else { Err(format!("`common`: {rows} rows are too many")) }
}

fn inferred_type(constraint: &FeatureConstraints) -> Result<InferredType, String> {
    let words = ["Integral", "Fractional", "String", "Unknown"];
    let types =
        [InferredType::Integral, InferredType::Fractional, InferredType::String, InferredType::Unknown];
    let known = words.iter().zip(types).find(|(word, _)| **word == constraint.inferred_type);
    known.map(|(_, known)| known).ok_or_else(|| {
        format!(
            "`constraints.json`: feature `{}`: `inferred_type`: expected {}, found `{}`",
            constraint.name,
            words.join(", "),
            constraint.inferred_type
        )
    })
}

fn is_number(inferred: InferredType) -> bool {
    matches!(inferred, InferredType::Integral | InferredType::Fractional)
}

fn is_text(inferred: InferredType) -> bool {
    inferred == InferredType::String
}

#[cfg(test)]
mod tests;
