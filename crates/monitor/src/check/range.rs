//! More values outside the baseline's range than chance explains.

use super::{Check, Facts, Finding, Offence, percent};
use crate::score::short;

pub(super) const RANGE: Check = Check {
    name: "range",
    title: "more values outside the baseline's range than chance explains",
    page: "Finds values below the smallest or above the largest of the baseline (or of `range` in the constraints): \
           significantly (q < 0.01), and more than 3 points beyond what chance explains. From 10 points on it is a \
           violation.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated("out_of_range_ratio")?;
    let ((_, baseline), current) = facts.baseline.zip(facts.current)?;
    let bounds = |low: Option<f64>, high: Option<f64>| match low.zip(high) {
        Some((low, high)) => format!("{} to {}", short(low), short(high)),
        None => "nothing".to_owned(),
    };
    let description = format!(
        "{} of `{}` lie outside the baseline's range: {} now, {} in the baseline",
        percent(scored.row.value),
        facts.name,
        bounds(current.moments.min(), current.moments.max()),
        bounds(baseline.moments.min(), baseline.moments.max()),
    );
    Some(Finding::of(scored, description, Offence::Outside))
}
