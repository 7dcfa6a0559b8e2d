//! Where captured attributions lie, and of which features they are.

use std::collections::BTreeSet;

use profile::{Kind, Spec};
use serde::{Deserialize, Serialize};

use super::matches;
use crate::Error;

/// Items of a list that are features, at most.
const MOST_ITEMS: usize = 4096;

/// Captured attributions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attribution {
    /// Columns of attributions, `*` matching any run of characters: what it stands for is the feature (`shap_*`). A list has
    /// the attributions of a row in itself; each item is of one feature, called by its number.
    pub columns: Vec<String>,
    /// Other names of these features, in the order of the columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// How many rows become one number a feature.
    pub aggregate: Aggregate,
}

/// How attributions of many rows become one number a feature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Mean of the sizes.
    #[default]
    MeanAbs,
    /// Median of the values.
    Median,
    /// Mean of the squares.
    MeanSq,
}

impl Aggregate {
    /// As the crate `quality` has it.
    pub(crate) fn measure(self) -> quality::attribution::Aggregate {
        match self {
            Self::MeanAbs => quality::attribution::Aggregate::MeanAbs,
            Self::Median => quality::attribution::Aggregate::Median,
            Self::MeanSq => quality::attribution::Aggregate::MeanSquared,
        }
    }
}

impl Attribution {
    /// The columns in a baseline, each with the feature that it is of. Of a list of attributions each item is a column, by its
    /// number.
    ///
    /// # Errors
    /// [`Error::Setting`] where the features that are named are not as many.
    pub(crate) fn columns(&self, spec: &Spec) -> Result<Vec<(String, String)>, Error> {
        let found = candidates(spec).into_iter().filter_map(|column| {
            let feature = self.columns.iter().find_map(|pattern| attributed(pattern, &column))?.to_owned();
            Some((column, feature))
        });
        let mut found: Vec<(String, String)> = found.collect();
        if !self.features.is_empty() && self.features.len() != found.len() {
            let columns: Vec<&str> = found.iter().take(3).map(|(column, _)| column.as_str()).collect();
            return Err(Error::Setting {
                name: "attribution.features".to_owned(),
                reason: format!(
                    "{} names for {} columns of attributions in the baseline ({}, ...): name the feature of each, in their order",
                    self.features.len(),
                    found.len(),
                    columns.join(", ")
                ),
            });
        }
        found.iter_mut().zip(&self.features).for_each(|((_, feature), name)| feature.clone_from(name));
        Ok(found)
    }

    /// The first pattern that fits no column of a baseline.
    pub(crate) fn unknown(&self, spec: &Spec) -> Option<&str> {
        let candidates = candidates(spec);
        let fits = |pattern: &str| candidates.iter().any(|column| attributed(pattern, column).is_some());
        self.columns.iter().map(String::as_str).find(|pattern| !fits(pattern))
    }

    /// The first pattern that can fit none of these columns, nor what is inside of them.
    pub(crate) fn unknown_among<'a>(&self, columns: impl Iterator<Item = &'a str> + Clone) -> Option<&str> {
        let fits = |pattern: &str| {
            columns.clone().any(|column| {
                let inside = pattern.strip_prefix(column).is_some_and(|rest| rest.starts_with('.'));
                inside || attributed(pattern, column).is_some()
            })
        };
        self.columns.iter().map(String::as_str).find(|pattern| !fits(pattern))
    }
}

/// Columns that may hold attributions: in the place of the length and the values of a list its items.
fn candidates(spec: &Spec) -> Vec<String> {
    let names: BTreeSet<&str> = spec.features().iter().map(|feature| feature.name.as_str()).collect();
    let of_list = |name: &str, end: &str, other: &str| {
        let list = name.strip_suffix(end)?;
        names.contains(format!("{list}{other}").as_str()).then(|| list.to_owned())
    };
    let mut found = Vec::new();
    for feature in spec.features() {
        let name = feature.name.as_str();
        if let Some(list) = of_list(name, ".length", ".values") {
            let items = (0..longest(&feature.kind)).map(|item| format!("{list}.{item}"));
            found.extend(items);
        } else if of_list(name, ".values", ".length").is_none() {
            found.push(name.to_owned());
        }
    }
    found
}

/// Items of the longest list of a baseline.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, and casts saturate")]
fn longest(lengths: &Kind) -> usize {
    match lengths {
        Kind::Number { bins, .. } => bins.range().map_or(0, |(_, most)| most as usize).min(MOST_ITEMS),
        _ => 0,
    }
}

/// The feature that a column of attributions is of: what the `*` of the pattern stands for, or the number of an item of the list
/// that is named.
fn attributed<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    let item = |rest: &&str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(item) = name.strip_prefix(pattern).and_then(|rest| rest.strip_prefix('.')).filter(item) {
        return Some(item);
    }
    if !matches(pattern, name) {
        return None;
    }
    match pattern.split_once('*') {
        Some((before, after)) => Some(name.strip_prefix(before)?.strip_suffix(after).unwrap_or(name)),
        None => Some(name),
    }
}
