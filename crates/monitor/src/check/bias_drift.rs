//! A group is treated less like the others than in the baseline.

use super::{Check, Facts, Finding, Offence};
use crate::{score::short, tables::Family};

pub(super) const BIAS_DRIFT: Check = Check {
    name: "bias_drift",
    title: "a group is treated less like the others than in the baseline",
    page: "Finds a bias metric further from fair (0, or 1 for DI) than in the baseline: significantly (q < \
           0.01, by resampling the counts of both sides), and by more than the metric's floor. Further than \
           0.1 beyond the baseline it is a violation, below a warning. Groups with fewer than 30 rows are \
           never judged; they say `insufficient_rows`.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated_of(Family::Bias)?;
    let row = &scored.row;
    let group = row.method.split('/').find_map(|part| part.strip_prefix("group=")).unwrap_or_default();
    let description = format!(
        "{} of `{}` = {group} against the others: {}, {} in the baseline, over {} rows of the group",
        row.metric,
        facts.name,
        short(row.value?),
        short(row.baseline_value?),
        row.rows,
    );
    Some(Finding::of(scored, description, Offence::Any))
}
