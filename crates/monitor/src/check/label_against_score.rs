//! A column that holds labels in the baseline and scores of a model now.

use profile::Kind;

use super::{Check, Facts, Finding, Offence};

pub(super) const LABEL_AGAINST_SCORE: Check = Check {
    name: "label_against_score",
    title: "labels in the baseline, scores of a model now",
    page: "Finds a column that is 0 or 1 in the baseline, as a label is, and mostly fractions between 0 and 1 in the \
           window, as a score is. Where captures have no names, columns are matched by position, and a training set \
           has the label where a capture has the model's output: the two are compared, which says nothing about \
           either. Instead of a wrong type and of drift, which follow from it, this is reported. What helps: a \
           baseline with the model's output under this name (`--probability`), or to leave the column out \
           (`--label`).",
    find,
};

/// Share of values with a fraction from which on they are scores, not labels with a few bad lines.
const SCORES: f64 = 0.5;

fn find(facts: &Facts<'_>) -> Option<Finding> {
    if !holds(facts) {
        return None;
    }
    let scored = facts.violated("type_match_ratio")?;
    let name = facts.name;
    let description = format!(
        "`{name}` is 0 or 1 in the baseline, as a label, and a fraction between 0 and 1 now, as a score of the model: \
         they cannot be compared. Make the baseline from data with the model's output in `{name}` (`--probability \
         {name}`), or leave the column out (`--label {name}`)"
    );
    Some(Finding::of(scored, description, Offence::Mismatched))
}

/// Whether the two sides are labels and scores.
pub(super) fn holds(facts: &Facts<'_>) -> bool {
    let Some(((spec, before), now)) = facts.baseline.zip(facts.current) else { return false };
    let labels = matches!(spec.kind, Kind::Number { integral: true, .. })
        && (before.moments.min(), before.moments.max()) == (Some(0.0), Some(1.0));
    let within = now.moments.min().zip(now.moments.max()).is_some_and(|(min, max)| min >= 0.0 && max <= 1.0);
    #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
    let fractions = now.counts.fractions as f64 > SCORES * now.counts.present() as f64;
    labels && within && fractions
}
