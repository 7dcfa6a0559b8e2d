//! More answers than in the baseline took longer than they should.

use super::{Check, Facts, Finding, Offence, contributions, percent};
use crate::score::{SLOW, short};

pub(super) const SLOW_ANSWERS: Check = Check {
    name: "slow_answers",
    title: "more slow answers than in the baseline",
    page: "Finds a share of slow answers that is larger than the baseline's: significantly (hypergeometric test, \
           q < 0.01), and by 3 points more than chance explains. By more than 10 points, or what the constraints set as \
           `comparison_threshold`, it is a violation. The column is the one with the role `latency`; an answer is slow \
           above `slow` in the section `[latency]`, or else above the baseline's 99th percentile. Fewer slow answers \
           are no offence. Answers without a latency are left out: see completeness.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated("slow_ratio")?;
    let row = &scored.row;
    let limit: f64 = row.method.strip_prefix(SLOW)?.parse().ok()?;
    let quantile = |metric: &str| {
        let row = &facts.scores.iter().find(|scored| scored.row.metric == metric)?.row;
        Some(format!("{} (baseline {})", short(row.value?), short(row.baseline_value?)))
    };
    let half = quantile("latency_p50").map_or_else(String::new, |p50| format!("; p50 {p50}"));
    let tail = quantile("latency_p99").map_or_else(String::new, |p99| format!(", p99 {p99}"));
    let description = format!(
        "{} of answers have a `{}` above {}, {} in the baseline{half}{tail}",
        percent(row.value),
        facts.name,
        short(limit),
        percent(row.baseline_value),
    );
    let mut finding = Finding::of(scored, description, Offence::Any);
    finding.top_contributions = facts.distribution.map(|both| contributions(both.bins())).unwrap_or_default();
    Some(finding)
}
