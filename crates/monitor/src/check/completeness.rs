//! More rows without a value than in the baseline, or far fewer.

use super::{Check, Facts, Finding, Offence, percent};
use crate::tables::{Comparison, Contribution};

pub(super) const COMPLETENESS: Check = Check {
    name: "completeness",
    title: "another share of missing values than in the baseline",
    page: "Finds a share of null or NaN that differs from the baseline's: significantly (hypergeometric test, \
           q < 0.01), and by 3 points more than chance explains. By more than 10 points it is a violation. Nothing is \
           reported while the share of values present is at least `completeness` in the constraints. A column that \
           fills up is reported too: the model was trained without those values.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated("missing_ratio")?;
    let (_, current) = facts.baseline.zip(facts.current)?;
    if current.counts.absent == current.counts.rows {
        return None; // missing_column says it
    }
    let row = &scored.row;
    let direction =
        if row.comparison == Some(Comparison::Above) { "missing" } else { "missing, fewer than usual" };
    let (now, before) = (row.value?, row.baseline_value?);
    let description = format!(
        "{} of `{}` {direction}: null or NaN in {} of {} rows, {} in the baseline",
        percent(Some(now)),
        facts.name,
        current.counts.missing(),
        current.counts.rows,
        percent(Some(before)),
    );
    let mut finding = Finding::of(scored, description, Offence::Missing);
    let contribution = (now - before).abs();
    finding.top_contributions = vec![
        Contribution { bin: "(missing)".to_owned(), baseline_ratio: before, ratio: now, contribution },
        Contribution {
            bin: "(present)".to_owned(),
            baseline_ratio: 1.0 - before,
            ratio: 1.0 - now,
            contribution,
        },
    ];
    Some(finding)
}
