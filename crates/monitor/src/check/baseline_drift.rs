//! The distribution of present values has moved away from the baseline's.

use super::{Check, Facts, Finding, Offence, label_against_score};
use crate::{
    score::{Bin, short},
    tables::{Contribution, Family, Status},
};

pub(super) const BASELINE_DRIFT: Check = Check {
    name: "baseline_drift",
    title: "the distribution has moved away from the baseline's",
    page: "Finds a distribution that differs from the baseline's by the feature's deciding metric \
           (kolmogorov_smirnov for numbers, category_shift for categories, or the `metric` in the constraints): \
           significantly (q < 0.01, Benjamini-Hochberg over features and segments of the window), and by 0.03 more \
           than is expected without drift at these row counts. With a value above the threshold (0.1) it is a \
           violation, below a warning. Missing values are judged apart, see completeness.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    if label_against_score::holds(facts) {
        return None;
    }
    let scored = facts.scores.iter().find(|scored| {
        scored.row.family == Family::Drift && scored.rule.is_some() && scored.row.status == Status::Violated
    })?;
    let contributions = contributions(facts.distribution?.bins());
    let row = &scored.row;
    let expected = row
        .expected_without_drift
        .map_or_else(String::new, |e| format!(", {} expected without drift", short(e)));
    let most = contributions.first().map_or_else(String::new, |top| {
        format!("; `{}` went from {:.1} % to {:.1} %", top.bin, top.baseline_ratio * 100.0, top.ratio * 100.0)
    });
    let description = format!(
        "`{}` moved: {} {}{expected}{most}",
        facts.name,
        row.metric,
        row.value.map_or_else(String::new, |value| format!("{value:.4}")),
    );
    let mut finding = Finding::of(scored, description, Offence::Any);
    finding.top_contributions = contributions;
    Some(finding)
}

/// The five bins that add most to the population stability index (0.5 added to every count), largest first.
#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
pub(crate) fn contributions(bins: &[Bin]) -> Vec<Contribution> {
    let rows = bins.iter().fold((0, 0), |sums, bin| (sums.0 + bin.baseline, sums.1 + bin.current));
    let half = bins.len() as f64 / 2.0;
    let smoothed = |count: u64, rows: u64| (count as f64 + 0.5) / (rows as f64 + half);
    let ratio = |count: u64, rows: u64| if rows == 0 { 0.0 } else { count as f64 / rows as f64 };
    let mut contributions: Vec<Contribution> = bins
        .iter()
        .map(|bin| {
            let (before, now) = (smoothed(bin.baseline, rows.0), smoothed(bin.current, rows.1));
            Contribution {
                bin: bin.label.clone(),
                baseline_ratio: ratio(bin.baseline, rows.0),
                ratio: ratio(bin.current, rows.1),
                contribution: (now - before) * (now / before).ln(),
            }
        })
        .collect();
    contributions.sort_by(|a, b| b.contribution.total_cmp(&a.contribution).then_with(|| a.bin.cmp(&b.bin)));
    contributions.truncate(5);
    contributions
}
