//! Predictions are less right than they were in the baseline.

use super::{Check, Facts, Finding, Offence};
use crate::{score::short, tables::Family};

pub(super) const MODEL_QUALITY: Check = Check {
    name: "model_quality",
    title: "predictions are less right than the baseline's",
    page: "Finds a metric of model quality that is worse than the baseline's: significantly (q < 0.01, from \
           the standard errors of both sides), and by 0.03 (of an error without bounds, 3 % of the \
           baseline's) or more. From 0.1 (10 %) on it is a violation, below a warning. Judged are accuracy, \
           auc, f1 and brier of two classes, accuracy and macro_f1 of several, mae, rmse and r2 of numbers; \
           the other metrics are recorded. Labels that have not come yet are not counted: `maturity_ratio` \
           says how many have.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated_of(Family::ModelQuality)?;
    let row = &scored.row;
    let description = format!(
        "{} {}, {} in the baseline, over {} rows with a label",
        row.metric,
        short(row.value?),
        short(row.baseline_value?),
        row.rows,
    );
    Some(Finding::of(scored, description, Offence::Any))
}
