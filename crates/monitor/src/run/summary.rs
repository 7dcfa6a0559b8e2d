//! What the rows of a window add to the outcome of a run.

use super::close::Rows;
use crate::{
    Outcome,
    tables::{Severity, ViolationRow},
};

pub(super) fn add(outcome: &mut Outcome, rows: &Rows) {
    outcome.windows.extend(rows.windows.iter().cloned());
    rows.violations.iter().for_each(|row| outcome.observe(row));
    // Rows of a window, segment and feature lie together, so a feature is counted once for each.
    let same = |a: &ViolationRow, b: &ViolationRow| a.key == b.key && a.feature == b.feature;
    for group in rows.violations.chunk_by(same) {
        let Some(name) = group[0].feature.as_deref() else { continue };
        let known = outcome.features.entry(name.to_owned()).or_default();
        if known.violations + known.warnings == 0 {
            known.first = group[0].key.window_start;
        }
        match group.iter().map(|row| row.severity).max() {
            Some(Severity::Violation) => known.violations += 1,
            _ => known.warnings += 1,
        }
        for row in group {
            if known.worst.as_ref().is_none_or(|worst| rank(row) > rank(worst)) {
                known.worst = Some(row.clone());
            }
        }
    }
}

/// Worse is larger.
fn rank(row: &ViolationRow) -> (Severity, f64) {
    (row.severity, row.value.unwrap_or(0.0))
}
