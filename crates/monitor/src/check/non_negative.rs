//! Values below zero where the baseline has none.

use super::{Check, Facts, Finding, Offence, percent};
use crate::score::short;

pub(super) const NON_NEGATIVE: Check = Check {
    name: "non_negative",
    title: "values below zero where the baseline has none",
    page: "Finds values below zero in a feature that has none in the baseline, when there are more than chance \
           explains (q < 0.01; a baseline of n rows without any says that fewer than about one row in n has one). \
           From 10 points on it is a violation. Set by `is_non_negative` in the constraints.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated("negative_ratio")?;
    let current = facts.current?;
    let description = format!(
        "{} of `{}` are below zero ({} of {} values, the smallest {}); the baseline has none",
        percent(scored.row.value),
        facts.name,
        current.counts.negatives,
        scored.row.rows,
        current.moments.min().map_or_else(String::new, short),
    );
    Some(Finding::of(scored, description, Offence::Negative))
}
