//! The three monitors that look at predictions with labels, groups or attributions: what each says of a window.
//!
//! A row of `scores` under their rules has its value, the limit that the documents of the baseline set, and whether it is
//! broken; from it follow the finding in their words and the published entry. Of rows without a label, which their join leaves
//! out, only attributions count.

use profile::{Profile, Spec};
use quality::attribution::Aggregate;
use serde_json::{Value, json};

use super::{bias, documents::File, explainability, model_quality, rule::finding};
use crate::{
    baseline::OtherMonitors,
    check::{Finding, Offence},
    outcomes::{Form, Outcomes},
    tables::{Family, Key, ScoreRow, Status},
};

/// What was counted of some rows, by what is known of their columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub(crate) form: &'a Form,
    /// How attributions become one number a feature.
    pub(crate) aggregate: Aggregate,
    pub(crate) outcomes: &'a Outcomes,
    pub(crate) spec: &'a Spec,
    pub(crate) profile: &'a Profile,
}

impl Labels<'_> {
    /// Everything that the documents of a baseline set a limit for.
    pub(crate) fn verdicts(&self, key: &Key, baseline: &OtherMonitors) -> Vec<ScoreRow> {
        let mut rows = model_quality::verdicts(self, key, baseline.model_quality.as_ref());
        rows.extend(bias::verdicts(self, key, baseline.bias.as_ref()));
        rows.extend(explainability::verdicts(self, key, &baseline.attribution));
        rows
    }

    /// The largest value of a column of numbers.
    pub(super) fn largest(&self, column: &str) -> Option<f64> {
        self.profile.features.get(self.spec.position(column)?)?.moments.max()
    }

    /// A row without a number.
    pub(super) fn blank(&self, key: &Key, family: Family, metric: &'static str, method: String) -> ScoreRow {
        ScoreRow {
            key: key.clone(),
            feature: None,
            family,
            metric,
            method,
            value: None,
            error_bound: Some(0.0),
            standard_error: None,
            baseline_value: None,
            threshold: None,
            comparison: None,
            expected_without_drift: None,
            p_value: None,
            q_value: None,
            rows: self.outcomes.labelled,
            baseline_rows: 0,
            status: Status::Ok,
            reason: None,
        }
    }

    /// The documents of a window as a baseline of it alone would have them, with what is broken in it: names below the
    /// window's folder, and contents.
    pub(crate) fn documents(&self, broken: &[ScoreRow]) -> Result<Vec<File>, serde_json::Error> {
        let entries = |entry: fn(&Labels<'_>, &ScoreRow) -> Option<Value>| -> Vec<Value> {
            broken.iter().filter_map(|row| entry(self, row)).collect()
        };
        let mut documents = Vec::new();
        if self.form.is_of_quality() && self.outcomes.labelled > 0 {
            let state = &self.outcomes.quality;
            documents.extend([
                (VIOLATIONS[0], json!({"violations": entries(model_quality::entry)})),
                ("model_quality/statistics.json", model_quality::statistics(state)),
                ("model_quality/constraints.json", model_quality::constraints(state)),
            ]);
        }
        let versioned = |entries: Vec<Value>| json!({"version": "1.0", "violations": entries});
        if !self.form.facets.is_empty() {
            documents.push(("bias/analysis.json", bias::analysis(self)));
            documents.push((VIOLATIONS[1], versioned(entries(bias::entry))));
        }
        if let Some(analysis) = explainability::analysis(self) {
            documents.push(("explainability/analysis.json", analysis));
            documents.push((VIOLATIONS[2], versioned(entries(explainability::entry))));
        }
        let bytes = |(name, document): (_, Value)| Ok((name, serde_json::to_vec_pretty(&document)?));
        documents.into_iter().map(bytes).collect()
    }
}

const VIOLATIONS: [&str; 3] = [
    "model_quality/constraint_violations.json",
    "bias/constraint_violations.json",
    "explainability/constraint_violations.json",
];

/// What a broken row means, in their words: the name of our check, and what is found.
pub(crate) fn found(row: &ScoreRow) -> Option<(&'static str, Finding)> {
    let broken = row.status == Status::Violated;
    let (check, description) = match row.family {
        _ if !broken => return None,
        Family::ModelQuality => ("model_quality", model_quality::description(row)?),
        Family::Bias => ("bias_drift", bias::description(row)?),
        Family::Attribution => ("attribution_drift", explainability::description(row)?),
        _ => return None,
    };
    let finding = Finding {
        family: row.family,
        metric: row.metric,
        value: row.value.filter(|value| value.is_finite()),
        threshold: row.threshold,
        comparison: row.comparison,
        baseline_value: row.baseline_value,
        rows: row.rows,
        description,
        ..finding(Offence::Any)
    };
    Some((check, finding))
}

/// The row as a table has it: no number is infinite there.
pub(crate) fn finite(mut row: ScoreRow) -> ScoreRow {
    if row.value.is_some_and(f64::is_infinite) {
        row.value = None;
        row.reason = Some("value is unbounded".to_owned());
    }
    row
}
