//! Fewer or more rows than the baseline's windows have.

use super::{Check, Facts, Finding, Offence};
use crate::tables::Comparison;

pub(super) const VOLUME: Check = Check {
    name: "volume",
    title: "far fewer or more rows than the baseline's windows",
    page: "Finds a window with fewer than half the rows of the baseline's smallest window of the same length, or \
           more than twice those of its largest. A window without rows is a violation, the rest are warnings. \
           Judged only where the baseline has times and at least three whole windows. Captures are often samples: \
           a change of the sampling rate looks like a change of traffic.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated("rows")?;
    let row = &scored.row;
    let (rows, usual) = (row.value?, row.baseline_value?);
    let description = match row.comparison? {
        Comparison::Below => {
            format!("{rows} rows, fewer than half of the smallest window of the baseline (median {usual})")
        }
        Comparison::Above => {
            format!("{rows} rows, more than twice the largest window of the baseline (median {usual})")
        }
    };
    Some(Finding::of(scored, description, Offence::Any))
}
