//! The verdicts of Model Monitor: what it finds in a data set under `constraints.json`.
//!
//! A feature without constraints is not judged, and one without a value now only for its missing values. All text fits a
//! column of text; a whole number fits a column of fractions. NaN and infinities are words to it, and fit no number.

use std::collections::{HashMap, HashSet};

use profile::{FeatureProfile, FeatureSpec, Kind};

use super::texts;
use crate::{
    baseline::{FeatureConstraints, Rules},
    check::{Finding, Offence},
    tables::{Comparison, Contribution, Family, ScoreRow, Severity, Status},
};

/// One feature of a data set, and what should hold for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dataset<'a> {
    pub(crate) spec: &'a FeatureSpec,
    pub(crate) current: &'a FeatureProfile,
    pub(crate) constraint: &'a FeatureConstraints,
    pub(crate) rules: &'a Rules,
    /// Its distance from the baseline.
    pub(crate) distance: Option<&'a ScoreRow>,
    /// Bins that moved most.
    pub(crate) moved: &'a [Contribution],
}

/// Everything broken in a feature: the name of our check, and what is found.
pub(crate) fn verdicts(of: &Dataset<'_>) -> Vec<(&'static str, Finding)> {
    let counts = &of.current.counts;
    // A column that is gone shows in the number of columns.
    if !of.rules.evaluate || counts.rows == 0 || counts.absent == counts.rows {
        return Vec::new();
    }
    [
        ("data_type", data_type(of)),
        ("completeness", completeness(of)),
        ("categorical_values", categorical_values(of)),
        ("baseline_drift", drift(of)),
    ]
    .into_iter()
    .filter_map(|(check, finding)| Some((check, finding?)))
    .collect()
}

/// Values of a published type, and all values that are not null.
pub(super) fn matching(inferred_type: &str, current: &FeatureProfile) -> (u64, u64) {
    let counts = &current.counts;
    let values = counts.rows.saturating_sub(counts.nulls);
    let words = counts.mismatched + counts.nans + counts.infinities();
    let wrong = match inferred_type {
        "Integral" => words + counts.fractions,
        "Fractional" => words,
        _ => 0,
    };
    (values.saturating_sub(wrong), values)
}

fn data_type(of: &Dataset<'_>) -> Option<Finding> {
    let expected = of.constraint.inferred_type.as_str();
    let (fitting, values) = matching(expected, of.current);
    let share = ratio(fitting, values)?;
    let text = texts::data_type(expected, of.rules.type_share, share);
    below(share, of.rules.type_share, "type_match_ratio", values, text, Offence::Mismatched)
}

fn completeness(of: &Dataset<'_>) -> Option<Finding> {
    let counts = &of.current.counts;
    let share = ratio(counts.rows - counts.nulls, counts.rows)?;
    let expected = of.constraint.completeness;
    below(share, expected, "completeness", counts.rows, texts::requirement(share), Offence::Missing)
}

fn categorical_values(of: &Dataset<'_>) -> Option<Finding> {
    let domains = &of.constraint.string_constraints.as_ref()?.domains;
    let Kind::Category { domain } = &of.spec.kind else { return None };
    let names = &of.current.names;
    let allowed: HashSet<_> = domains.iter().map(|name| sketch::short_name(name)).collect();
    if allowed.is_empty() {
        return None;
    }
    let known =
        names.known_rows().into_iter().filter_map(|(at, rows)| Some((&**domain.names().get(at)?, rows)));
    let inside: u64 = known
        .chain(names.new_names())
        .filter(|(name, _)| allowed.contains(*name))
        .map(|(_, rows)| rows)
        .sum();
    let share = ratio(inside, names.rows())?;
    let expected = of.rules.domain_share;
    below(share, expected, "domain_content_ratio", names.rows(), texts::requirement(share), Offence::New)
}

fn drift(of: &Dataset<'_>) -> Option<Finding> {
    let row = of.distance.filter(|row| row.status == Status::Violated)?;
    let (value, threshold) = (row.value?, row.threshold?);
    Some(Finding {
        family: Family::Drift,
        metric: row.metric,
        value: row.value,
        threshold: row.threshold,
        comparison: row.comparison,
        rows: row.rows,
        description: texts::drift(value, threshold),
        top_contributions: of.moved.to_vec(),
        ..finding(Offence::Any)
    })
}

/// A data set with fewer or more columns than constraints have; they are counted, not named.
pub(crate) fn columns(now: usize, expected: usize, rows: u64) -> Option<(&'static str, Finding)> {
    let (check, which, comparison) = match now.cmp(&expected) {
        std::cmp::Ordering::Less => ("missing_column", "missing", Comparison::Below),
        std::cmp::Ordering::Greater => ("extra_column", "extra", Comparison::Above),
        std::cmp::Ordering::Equal => return None,
    };
    #[expect(clippy::cast_precision_loss, reason = "numbers of columns are small")]
    let number = |columns: usize| Some(columns as f64);
    let finding = Finding {
        metric: "columns",
        value: number(now),
        threshold: number(expected),
        comparison: Some(comparison),
        rows,
        description: texts::columns(which, now, expected),
        ..finding(Offence::Any)
    };
    Some((check, finding))
}

/// Where our own verdicts and those of Model Monitor differ, as rows of `scores`: 1 for what only we find, -1 for what only
/// it does.
pub(crate) fn differences(
    ours: &[(&'static str, Finding)],
    theirs: &[(&'static str, Finding)],
    row: &ScoreRow,
) -> Vec<ScoreRow> {
    let by_check = |found: &[(&'static str, Finding)]| -> HashMap<&'static str, Family> {
        found.iter().map(|(check, finding)| (*check, finding.family)).collect()
    };
    let (ours_by_check, theirs_by_check) = (by_check(ours), by_check(theirs));
    let only = |found: &[(&'static str, Finding)], other: &HashMap<_, _>, value: f64| -> Vec<ScoreRow> {
        let alone = found.iter().filter(|(check, _)| !other.contains_key(check));
        let row = |(check, finding): &(&'static str, Finding)| ScoreRow {
            family: finding.family,
            method: (*check).to_owned(),
            value: Some(value),
            ..row.clone()
        };
        alone.map(row).collect()
    };
    let mut rows = only(ours, &theirs_by_check, 1.0);
    rows.extend(only(theirs, &ours_by_check, -1.0));
    rows
}

fn below(
    share: f64,
    expected: f64,
    metric: &'static str,
    rows: u64,
    description: String,
    offence: Offence,
) -> Option<Finding> {
    (share < expected).then(|| Finding {
        metric,
        value: Some(share),
        threshold: Some(expected),
        comparison: Some(Comparison::Below),
        rows,
        description,
        ..finding(offence)
    })
}

pub(super) fn finding(offence: Offence) -> Finding {
    Finding {
        family: Family::DataQuality,
        metric: "",
        value: None,
        threshold: None,
        comparison: None,
        baseline_value: None,
        severity: Severity::Violation,
        rows: 0,
        description: String::new(),
        top_contributions: Vec::new(),
        offence,
        cause: None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
fn ratio(rows: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| rows as f64 / all as f64)
}
