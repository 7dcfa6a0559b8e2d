//! Checks: from the facts about one feature (or the window) to at most one violation each.

mod attribution_drift;
mod baseline_drift;
mod bias_drift;
mod categorical_values;
mod completeness;
mod concept_drift;
mod data_type;
mod error_answers;
mod extra_column;
mod group;
mod label_against_score;
mod missing_column;
mod model_quality;
mod non_negative;
mod range;
mod slow_answers;
mod volume;

use profile::{FeatureProfile, FeatureSpec};

pub(crate) use baseline_drift::contributions;
pub(crate) use group::{Cause, Found, grouped};

use crate::{
    score::{Distribution, Scored, severity},
    tables::{Comparison, Contribution, Family, Severity, Status},
};

/// One question about the data.
#[derive(Debug)]
pub struct Check {
    /// As tables write it.
    pub name: &'static str,
    /// One line for lists.
    pub title: &'static str,
    /// What it finds, why it matters, what sets it.
    pub page: &'static str,
    find: fn(&Facts<'_>) -> Option<Finding>,
}

/// All checks, in the order of their rows in a table.
pub const ALL: &[Check] = &[
    volume::VOLUME,
    missing_column::MISSING_COLUMN,
    extra_column::EXTRA_COLUMN,
    label_against_score::LABEL_AGAINST_SCORE,
    data_type::DATA_TYPE,
    completeness::COMPLETENESS,
    categorical_values::CATEGORICAL_VALUES,
    range::RANGE,
    non_negative::NON_NEGATIVE,
    slow_answers::SLOW_ANSWERS,
    error_answers::ERROR_ANSWERS,
    baseline_drift::BASELINE_DRIFT,
    model_quality::MODEL_QUALITY,
    concept_drift::CONCEPT_DRIFT,
    bias_drift::BIAS_DRIFT,
    attribution_drift::ATTRIBUTION_DRIFT,
];

impl Check {
    pub(crate) fn find(&self, facts: &Facts<'_>) -> Option<Finding> {
        (self.find)(facts)
    }
}

/// What a decision may depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The feature; empty for the window as a whole.
    pub(crate) name: &'a str,
    /// The baseline's side; `None` for a column that it does not have.
    pub(crate) baseline: Option<(&'a FeatureSpec, &'a FeatureProfile)>,
    /// The window's side; `None` for the window as a whole.
    pub(crate) current: Option<&'a FeatureProfile>,
    /// Scores of this feature.
    pub(crate) scores: &'a [Scored],
    /// Whether its constraints are judged at all.
    pub(crate) judged: bool,
    /// Both distributions, where they can be compared.
    pub(crate) distribution: Option<&'a Distribution>,
    /// The bins or features that a score of predictions and labels comes from.
    pub(crate) moved: &'a [Contribution],
}

impl Default for Facts<'_> {
    /// Of nothing yet; what is judged where nothing else is said.
    fn default() -> Self {
        Self {
            name: "",
            baseline: None,
            current: None,
            scores: &[],
            judged: true,
            distribution: None,
            moved: &[],
        }
    }
}

/// Which rows of a capture break a constraint, to name the captures that hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Offence {
    /// All rows.
    Any,
    /// Rows without a value.
    Missing,
    /// Rows without the column.
    Absent,
    /// Values of another type.
    Mismatched,
    /// Names that are not in the baseline.
    New,
    /// Values outside the baseline's range.
    Outside,
    /// Values below zero.
    Negative,
}

/// A violation before it knows its window.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) family: Family,
    pub(crate) metric: &'static str,
    pub(crate) value: Option<f64>,
    pub(crate) threshold: Option<f64>,
    pub(crate) comparison: Option<Comparison>,
    pub(crate) baseline_value: Option<f64>,
    pub(crate) severity: Severity,
    pub(crate) rows: u64,
    pub(crate) description: String,
    pub(crate) top_contributions: Vec<Contribution>,
    pub(crate) offence: Offence,
    /// What it may share with findings about other features.
    pub(crate) cause: Option<Cause>,
}

impl Facts<'_> {
    /// The score by a metric, if it broke its constraint.
    fn violated_of(&self, family: Family) -> Option<&Scored> {
        self.scores.iter().find(|scored| scored.row.family == family && scored.row.status == Status::Violated)
    }

    fn violated(&self, metric: &str) -> Option<&Scored> {
        self.scores.iter().find(|scored| scored.row.metric == metric && scored.row.status == Status::Violated)
    }
}

impl Finding {
    fn of(scored: &Scored, description: String, offence: Offence) -> Self {
        let row = &scored.row;
        Self {
            family: row.family,
            metric: row.metric,
            value: row.value,
            threshold: row.threshold,
            comparison: row.comparison,
            baseline_value: row.baseline_value,
            severity: severity(scored),
            rows: row.rows,
            description,
            top_contributions: Vec::new(),
            offence,
            cause: None,
        }
    }
}

/// A share for people: `35.7 %`.
fn percent(ratio: Option<f64>) -> String {
    let percent = ratio.unwrap_or(0.0) * 100.0;
    if percent > 0.0 && percent < 0.1 { "< 0.1 %".to_owned() } else { format!("{percent:.1} %") }
}

/// At most `most` names, quoted, and how many more.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let mut text = names.take(most).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
