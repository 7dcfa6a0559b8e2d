//! What the rows of a window add to the outcome of a run.

use std::collections::BTreeMap;

use super::close::Rows;
use crate::{
    Outcome, QualityOutcome,
    quality_outcome::QualityRow,
    tables::{Severity, ViolationRow},
};

pub(super) fn add(outcome: &mut Outcome, rows: &Rows) {
    outcome.windows.extend(rows.windows.iter().cloned());
    for row in &rows.quality {
        match *row {
            QualityRow::Lead { at, window, value, baseline_value } => {
                QualityOutcome::observe(&mut outcome.quality, at, window, value, baseline_value);
            }
            QualityRow::Labels { labelled, rows } => {
                let known = outcome.labels.get_or_insert((0, 0));
                *known = (known.0 + rows, known.1 + labelled);
            }
        }
    }
    rows.violations.iter().for_each(|row| outcome.observe(row));
    // A feature counts once for each window and segment, however many of its constraints broke.
    for group in rows.violations.chunk_by(|a, b| a.key == b.key) {
        let mut worst: BTreeMap<&str, Severity> = BTreeMap::new();
        for row in group {
            for name in row.features.iter().map(|name| &**name) {
                let severity = worst.entry(name).or_insert(row.severity);
                *severity = row.severity.max(*severity);
                let known = outcome.features.entry(name.to_owned()).or_default();
                if known.worst.as_ref().is_none_or(|worst| rank(row) > rank(worst)) {
                    known.worst = Some(row.clone());
                }
            }
        }
        for (name, severity) in worst {
            let known = outcome.features.entry(name.to_owned()).or_default();
            if known.violations + known.warnings == 0 {
                known.first = group[0].key.window_start;
            }
            match severity {
                Severity::Violation => known.violations += 1,
                Severity::Warning => known.warnings += 1,
            }
        }
    }
}

/// Worse is larger.
fn rank(row: &ViolationRow) -> (Severity, f64) {
    (row.severity, row.value.unwrap_or(0.0))
}
