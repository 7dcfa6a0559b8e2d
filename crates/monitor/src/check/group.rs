//! Findings of one cause are one finding: a bad line breaks sixty columns at once, and is one thing to look at.
//!
//! Which rows broke a constraint is not kept, so the same rows are told by what is: the same check says the same words about
//! the same number of rows, in the same captures.

use std::{collections::HashMap, sync::Arc};

use super::Finding;

/// What findings of one check have in common when they have one cause.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Cause {
    /// Rows that break the constraint.
    pub(crate) rows: u64,
    /// What is wrong with them, without the name of the feature.
    pub(crate) words: String,
}

/// A finding with the features and captures that it is about.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) check: &'static str,
    /// Empty for the window as a whole.
    pub(crate) features: Vec<Arc<str>>,
    pub(crate) finding: Finding,
    pub(crate) sources: Vec<String>,
}

/// Joins findings of one cause, each group at the place of its first.
pub(crate) fn grouped(all: Vec<Found>) -> Vec<Found> {
    let mut groups: Vec<Found> = Vec::with_capacity(all.len());
    let mut places: HashMap<(&'static str, Cause, Vec<String>), usize> = HashMap::new();
    for found in all {
        let Some(cause) = found.finding.cause.clone() else {
            groups.push(found);
            continue;
        };
        match places.get(&(found.check, cause.clone(), found.sources.clone())) {
            Some(&at) => {
                let group = &mut groups[at];
                group.finding.severity = group.finding.severity.max(found.finding.severity);
                group.features.extend(found.features);
            }
            None => {
                places.insert((found.check, cause, found.sources.clone()), groups.len());
                groups.push(found);
            }
        }
    }
    for group in groups.iter_mut().filter(|group| group.features.len() > 1) {
        let Some(cause) = &group.finding.cause else { continue };
        let names: Vec<String> = group.features.iter().map(|name| format!("`{name}`")).collect();
        let (rows, of) = (cause.rows, group.finding.rows);
        group.finding.description = format!(
            "{} features at once, each in {rows} of {of} values and in the same captures: {}: {}",
            names.len(),
            cause.words,
            names.join(", ")
        );
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::Offence,
        tables::{Family, Severity},
    };

    fn found(feature: &str, rows: u64, source: &str, severity: Severity) -> Found {
        let finding = Finding {
            family: Family::DataQuality,
            metric: "type_match_ratio",
            value: Some(0.9),
            threshold: Some(1.0),
            comparison: None,
            baseline_value: None,
            severity,
            rows: 10,
            description: feature.to_owned(),
            top_contributions: Vec::new(),
            offence: Offence::Mismatched,
            cause: (rows > 0).then(|| Cause { rows, words: "w".to_owned() }),
        };
        Found {
            check: "data_type",
            features: vec![feature.into()],
            finding,
            sources: vec![source.to_owned()],
        }
    }

    #[test]
    fn one_cause_is_one_finding_and_others_stay_apart() {
        use Severity::{Violation, Warning};
        let all = vec![
            found("a", 1, "x", Warning),
            found("b", 0, "x", Warning),
            found("c", 1, "x", Violation),
            found("d", 2, "x", Warning),
            found("e", 1, "y", Warning),
            found("f", 0, "x", Warning),
        ];
        let groups = grouped(all);
        let texts: Vec<&str> = groups.iter().map(|group| group.finding.description.as_str()).collect();
        let joined = "2 features at once, each in 1 of 10 values and in the same captures: w: `a`, `c`";
        assert_eq!(texts, [joined, "b", "d", "e", "f"]);
        assert_eq!((groups[0].finding.severity, groups[0].features.len()), (Violation, 2));
    }
}
