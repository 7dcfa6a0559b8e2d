//! Labels follow from the inputs in another way than in the baseline.

use super::{Check, Facts, Finding, Offence};
use crate::{score::short, tables::Family};

pub(super) const CONCEPT_DRIFT: Check = Check {
    name: "concept_drift",
    title: "labels follow from the inputs in another way than in the baseline",
    page: "Finds a relation that moved: P(label | bin of the score), bin by bin under the baseline's own \
           weights, so that a shift of the inputs alone moves nothing (`calibration_change`); and the feature \
           whose bins moved apart from all rows of the same score (`relation_change`). Labels that are numbers \
           fall in the bins of predictions. Significantly (q < 0.01) and by 0.03 more than chance makes of \
           it; above 0.1 it is a violation, below a warning. What labels do whatever a feature is, is told \
           once, of the score: of a feature, half of the score's own excess is added to both limits. The bins \
           named are those whose label moved most, with its share before and now; where rows of one score \
           gain what those of another lose, the share of a bin may stay.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated_of(Family::Concept)?;
    let row = &scored.row;
    let most = facts.moved.first().map_or_else(String::new, |top| {
        format!("; in `{}` it went from {} to {}", top.bin, short(top.baseline_ratio), short(top.ratio))
    });
    let of = if facts.name.is_empty() { "the score".to_owned() } else { format!("`{}`", facts.name) };
    let description = format!(
        "the label follows from {of} in another way: {} {}, {} expected without drift{most}",
        row.metric,
        short(row.value?),
        short(row.expected_without_drift?),
    );
    let mut finding = Finding::of(scored, description, Offence::Any);
    finding.top_contributions = facts.moved.to_vec();
    Some(finding)
}
