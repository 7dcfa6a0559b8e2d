//! What was frozen on the baseline: the features, their kinds, their bins.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sketch::{Bins, Domain};

/// The frozen features of a baseline, in the order of its columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<FeatureSpec>", into = "Vec<FeatureSpec>")]
pub struct Spec {
    features: Vec<FeatureSpec>,
    positions: HashMap<String, usize>,
}

/// One frozen feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureSpec {
    /// Column name; members of structs are dotted (`request.amount`).
    pub name: String,
    /// What its values are, and how they are cut.
    pub kind: Kind,
    /// Arrow types that the baseline holds it in, in alphabetical order.
    pub types: Vec<String>,
}

/// What the values of a feature are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// Ordered values, as doubles. Times and dates are seconds since 1970, times of day and durations seconds.
    Number {
        /// Frozen edges.
        bins: Bins,
        /// Whether the baseline stores it as an integer type.
        integral: bool,
        /// Whether what depends on the order of the values is kept ([`sketch::Arrival`]).
        arrival: bool,
    },
    /// Names: text, booleans, binary values (as hexadecimal digits).
    Category {
        /// Frozen names.
        domain: Domain,
    },
    /// The baseline has the column and no value in it.
    Empty,
    /// The baseline has the column in a type that is not profiled.
    Uncovered,
}

impl Kind {
    /// The word for messages.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Number { integral: true, .. } => "whole number",
            Self::Number { integral: false, .. } => "number",
            Self::Category { .. } => "text",
            Self::Empty => "empty column",
            Self::Uncovered => "column of a type that is not profiled",
        }
    }
}

impl Spec {
    /// A spec of these features.
    #[must_use]
    pub fn new(features: Vec<FeatureSpec>) -> Self {
        let positions = features.iter().enumerate().map(|(i, feature)| (feature.name.clone(), i)).collect();
        Self { features, positions }
    }

    /// The same features, each number with what depends on the order of arrival. Such a feature is read row by row.
    #[must_use]
    pub fn with_arrival(mut self) -> Self {
        for feature in &mut self.features {
            if let Kind::Number { arrival, .. } = &mut feature.kind {
                *arrival = true;
            }
        }
        self
    }

    /// Whether every number has what depends on the order of arrival; `None` without numbers.
    #[must_use]
    pub fn has_arrival(&self) -> Option<bool> {
        let of = |feature: &FeatureSpec| match feature.kind {
            Kind::Number { arrival, .. } => Some(arrival),
            _ => None,
        };
        self.features.iter().filter_map(of).reduce(|all, arrival| all && arrival)
    }

    /// The features, in column order.
    #[must_use]
    pub fn features(&self) -> &[FeatureSpec] {
        &self.features
    }

    /// The position of a feature.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }
}

impl From<Vec<FeatureSpec>> for Spec {
    fn from(features: Vec<FeatureSpec>) -> Self {
        Self::new(features)
    }
}

impl From<Spec> for Vec<FeatureSpec> {
    fn from(spec: Spec) -> Self {
        spec.features
    }
}
