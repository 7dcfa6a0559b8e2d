//! Scores of predictions and labels: how right, why not, for whom, and what drives them.

mod attribution;
mod bias;
mod estimates;
mod model_quality;
mod relation;

use std::sync::Arc;

pub(crate) use estimates::{ESTIMATES, Promise};
pub(crate) use model_quality::{is_judged, unusable};

use super::{Rule, Scored};
use crate::{
    Settings,
    baseline::OtherMonitors,
    outcomes::{Form, Outcomes},
    tables::{Comparison, Contribution, Family, Key, ScoreRow, Status},
};

/// Both sides of a window or segment.
#[derive(Debug)]
pub(crate) struct Sides<'a> {
    pub(crate) key: &'a Key,
    pub(crate) form: &'a Form,
    pub(crate) settings: &'a Settings,
    pub(crate) baseline: Option<&'a Outcomes>,
    /// What is known of the baseline from documents of Model Monitor, where that is all.
    pub(crate) others: Option<&'a OtherMonitors>,
    /// What the baseline says about predictions without labels, where it has labels itself.
    pub(crate) promise: Option<Promise<'a>>,
    pub(crate) current: &'a Outcomes,
}

/// A score, and the bins or features that it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Turned {
    pub(crate) scored: Scored,
    pub(crate) moved: Vec<Contribution>,
}

/// Every score of predictions and labels.
pub(crate) fn scores(sides: &Sides<'_>) -> Vec<Turned> {
    let mut turned = model_quality::scores(sides);
    turned.extend(estimates::scores(sides));
    turned.extend(relation::scores(sides));
    turned.extend(bias::scores(sides));
    turned.extend(attribution::scores(sides));
    turned
}

impl Sides<'_> {
    /// A row without a number.
    fn blank(&self, family: Family, metric: &'static str, method: String) -> ScoreRow {
        ScoreRow {
            key: self.key.clone(),
            feature: None,
            family,
            metric,
            method,
            value: None,
            error_bound: None,
            standard_error: None,
            baseline_value: None,
            threshold: None,
            comparison: None,
            expected_without_drift: None,
            p_value: None,
            q_value: None,
            rows: self.current.rows,
            baseline_rows: self.baseline.map_or(0, |baseline| baseline.rows),
            status: Status::Ok,
            reason: None,
        }
    }

    /// Of a feature.
    fn of_feature(&self, feature: &str, family: Family, metric: &'static str, method: String) -> ScoreRow {
        ScoreRow { feature: Some(Arc::from(feature)), ..self.blank(family, metric, method) }
    }
}

impl Turned {
    /// A number that is recorded, not judged.
    fn recorded(row: ScoreRow) -> Self {
        Self { scored: Scored { row, rule: None }, moved: Vec::new() }
    }

    /// A number that is judged.
    fn judged(row: ScoreRow, rule: Rule) -> Self {
        Self { scored: Scored { row, rule: Some(rule) }, moved: Vec::new() }
    }

    /// Why there is no number.
    fn without(mut row: ScoreRow, status: Status, reason: impl ToString) -> Self {
        (row.status, row.reason) = (status, Some(reason.to_string()));
        Self::recorded(row)
    }
}

/// Sets the side on which a value breaks its constraint, and where.
fn beyond(row: &mut ScoreRow, comparison: Comparison, threshold: f64) {
    (row.comparison, row.threshold) = (Some(comparison), Some(threshold));
}

#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
