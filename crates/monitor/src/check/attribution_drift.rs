//! Other features drive predictions than in the baseline.

use super::{Check, Facts, Finding, Offence};
use crate::{score::short, tables::Family};

pub(super) const ATTRIBUTION_DRIFT: Check = Check {
    name: "attribution_drift",
    title: "other features drive predictions than in the baseline",
    page: "Finds an order of attributions that differs from the baseline's: NDCG with the baseline's \
           attributions as gains, significantly below what chance leaves of it (q < 0.01) and by 0.01 or \
           more. Below 0.90, where SageMaker Model Monitor has its threshold, it is a violation, above a \
           warning. The features named are those whose share moved most. And finds a feature whose share in all \
           importances is significantly another one, by 0.03 or more; by more than 0.1 it is a violation \
           (`importance_ratio`; from 100 rows on both sides on).",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated_of(Family::Attribution)?;
    let row = &scored.row;
    if row.metric == "importance_ratio" {
        let (now, before) = (row.value? * 100.0, row.baseline_value? * 100.0);
        let description = format!(
            "the share of `{}` in what drives predictions went from {before:.1} % to {now:.1} %",
            facts.name
        );
        return Some(Finding::of(scored, description, Offence::Any));
    }
    let most = facts.moved.first().map_or_else(String::new, |top| {
        format!(
            "; the share of `{}` went from {:.1} % to {:.1} %",
            top.bin,
            top.baseline_ratio * 100.0,
            top.ratio * 100.0
        )
    });
    let description = format!("other features drive predictions: ndcg {}{most}", short(row.value?));
    let mut finding = Finding::of(scored, description, Offence::Any);
    finding.top_contributions = facts.moved.to_vec();
    Some(finding)
}
