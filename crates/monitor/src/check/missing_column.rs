//! A column of the baseline that no capture of the window has.

use super::{Check, Facts, Finding, Offence};
use crate::tables::{Family, Severity};

pub(super) const MISSING_COLUMN: Check = Check {
    name: "missing_column",
    title: "a column of the baseline is gone",
    page: "Finds a column that the baseline has and no capture of the window does, by name. A column that only \
           some captures lack is judged as incomplete instead (see completeness).",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let (_, current) = facts.baseline.zip(facts.current)?;
    let counts = &current.counts;
    if !facts.judged || counts.rows == 0 || counts.absent < counts.rows {
        return None;
    }
    Some(Finding {
        family: Family::DataQuality,
        metric: "missing_ratio",
        value: Some(1.0),
        threshold: None,
        comparison: None,
        baseline_value: None,
        severity: Severity::Violation,
        rows: counts.rows,
        description: format!("column `{}` of the baseline is in no capture of the window", facts.name),
        top_contributions: Vec::new(),
        offence: Offence::Absent,
        cause: None,
    })
}
