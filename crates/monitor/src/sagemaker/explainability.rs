//! The explainability monitor: global attributions of a window, and how well they keep the baseline's order.

use quality::attribution::{Importance, THRESHOLD, shift};
use serde_json::{Map, Value, json};

use super::{Labels, texts::python};
use crate::tables::{Comparison, Family, Key, ScoreRow, Status};

/// What the output of a model with one is called.
const LABEL: &str = "label0";

/// `analysis.json`, with the attributions that were captured in the place of those of Kernel SHAP; `None` without any.
pub(crate) fn analysis(of: &Labels<'_>) -> Option<Value> {
    let importances = of.outcomes.attributions.as_ref()?.importances(of.aggregate);
    let values: Map<_, _> =
        importances.into_iter().map(|importance| (importance.feature, importance.value.into())).collect();
    Some(json!({"version": "1.0", "explanations": {"kernel_shap": {LABEL: {"global_shap_values": values}}}}))
}

/// The order against the baseline's, below the one threshold that there is.
pub(super) fn verdicts(of: &Labels<'_>, key: &Key, before: &[Importance]) -> Vec<ScoreRow> {
    let Some(attributions) = &of.outcomes.attributions else { return Vec::new() };
    let Ok(shift) = shift(before, &attributions.importances(of.aggregate), 0) else { return Vec::new() };
    vec![ScoreRow {
        value: Some(shift.ndcg),
        baseline_value: Some(1.0),
        threshold: Some(THRESHOLD),
        comparison: Some(Comparison::Below),
        rows: of.outcomes.rows,
        status: if shift.ndcg < THRESHOLD { Status::Violated } else { Status::Ok },
        ..of.blank(key, Family::Attribution, "ndcg", "ndcg/model_monitor".to_owned())
    }]
}

/// As real jobs write it, though what falls below its threshold does not exceed it.
pub(super) fn description(row: &ScoreRow) -> Option<String> {
    Some(format!("Feature attribution drift {} exceeds threshold {}", python(row.value?), python(THRESHOLD)))
}

/// The published entry of a broken row; none above the threshold, where its words would not be true.
pub(super) fn entry(_: &Labels<'_>, row: &ScoreRow) -> Option<Value> {
    if row.metric != "ndcg" || row.value? >= THRESHOLD {
        return None;
    }
    Some(json!({"label": LABEL, "metric_name": "shap",
        "constraint_check_type": "feature_attribution_drift_check", "description": description(row)?}))
}
