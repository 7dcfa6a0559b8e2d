//! Scores of a window beside what broke: how right, why not, for whom, by what, how fast.

use std::fmt::Write as _;

use monitor::Notable;
use serde::Serialize;

use crate::print;

/// Rows of a family that the text shows; JSON holds all.
const SHOWN: usize = 12;

/// One score. Member names are stable.
#[derive(Debug, Serialize)]
pub(super) struct Score {
    family: String,
    feature: Option<String>,
    /// Of bias, the group of the facet.
    group: Option<String>,
    metric: String,
    method: String,
    value: Option<f64>,
    baseline_value: Option<f64>,
    expected_without_drift: Option<f64>,
    standard_error: Option<f64>,
    threshold: Option<f64>,
    q_value: Option<f64>,
    rows: i64,
    status: String,
    reason: Option<String>,
}

impl Score {
    pub(super) fn of(notable: Notable) -> Self {
        Self {
            group: notable.group().map(str::to_owned),
            family: notable.family,
            feature: notable.feature,
            metric: notable.metric,
            method: notable.method,
            value: notable.value,
            baseline_value: notable.baseline_value,
            expected_without_drift: notable.expected_without_drift,
            standard_error: notable.standard_error,
            threshold: notable.threshold,
            q_value: notable.q_value,
            rows: notable.rows,
            status: notable.status,
            reason: notable.reason,
        }
    }

    /// What chance alone makes of it, where that is not the baseline's value.
    fn by_chance(&self) -> String {
        let expected =
            self.expected_without_drift.filter(|_| matches!(self.family.as_str(), "concept" | "attribution"));
        expected.map(print::number).unwrap_or_default()
    }

    /// `ok`, or why there is no value; of what is not judged, nothing.
    fn verdict(&self) -> String {
        let status = self.status.replace('_', " ");
        match &self.reason {
            Some(reason) if self.value.is_none() => reason.clone(),
            Some(reason) => format!("{status}; {reason}"),
            None if self.status == "ok" && self.threshold.is_none() => String::new(),
            None => status,
        }
    }
}

/// A table for each family.
pub(super) fn text(scores: &[Score], text: &mut String) {
    for family in scores.chunk_by(|a, b| a.family == b.family) {
        let title = family.first().map(|score| score.family.replace('_', " ")).unwrap_or_default();
        let _ = writeln!(text, "\n{title}");
        // A column that is empty in all rows says nothing.
        type Cell = fn(&Score) -> String;
        let columns: [(&str, Cell); 9] = [
            ("feature", |score| score.feature.clone().unwrap_or_default()),
            ("group", |score| score.group.clone().unwrap_or_default()),
            ("metric", |score| score.metric.clone()),
            ("#value", |score| print::optional(score.value)),
            ("#baseline", |score| score.baseline_value.map(print::number).unwrap_or_default()),
            ("#by chance", Score::by_chance),
            ("#standard error", |score| score.standard_error.map(print::number).unwrap_or_default()),
            ("#rows", |score| u64::try_from(score.rows).map(print::count).unwrap_or_default()),
            ("verdict", Score::verdict),
        ];
        let is_filled = |cell: &Cell| family.iter().any(|score| !cell(score).is_empty());
        let shown: Vec<_> = columns.into_iter().filter(|(_, cell)| is_filled(cell)).collect();
        let heads: Vec<&str> = shown.iter().map(|(head, _)| *head).collect();
        let rows = family.iter().take(SHOWN).map(|score| shown.iter().map(|(_, cell)| cell(score)).collect());
        text.push_str(&print::table(&heads, rows));
        if family.len() > SHOWN {
            let _ = writeln!(text, "  and {} more: `--format json` has all", family.len() - SHOWN);
        }
    }
}
