//! A column that the baseline does not have.

use super::{Check, Facts, Finding, Offence};
use crate::tables::{Family, Severity};

pub(super) const EXTRA_COLUMN: Check = Check {
    name: "extra_column",
    title: "a column that the baseline does not have",
    page: "Finds a column of the window that the baseline does not have, by name. It is a warning: the model may \
           not use it, but nobody watches it either until the baseline is made again.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let current = facts.current?;
    if facts.baseline.is_some() || !facts.judged {
        return None;
    }
    let types = current.types.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
    let types = if types.is_empty() { "no value yet".to_owned() } else { types };
    Some(Finding {
        family: Family::DataQuality,
        metric: "rows",
        value: None,
        threshold: None,
        comparison: None,
        baseline_value: None,
        severity: Severity::Warning,
        rows: current.counts.rows,
        description: format!("column `{}` ({types}) is not in the baseline", facts.name),
        top_contributions: Vec::new(),
        offence: Offence::Any,
        cause: None,
    })
}
