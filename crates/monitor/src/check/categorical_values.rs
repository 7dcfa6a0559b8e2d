//! More rows with names that the baseline does not have than chance explains.

use super::{Check, Facts, Finding, Offence, listed, percent};
use crate::tables::Contribution;

pub(super) const CATEGORICAL_VALUES: Check = Check {
    name: "categorical_values",
    title: "more values that are not in the baseline than chance explains",
    page: "Finds names that the baseline does not have, when their share of the rows exceeds what the baseline \
           itself predicts for names not yet seen (Good-Turing: the share of its rows whose name occurs once): \
           significantly (q < 0.01), and by 3 points more than chance explains. By more than 10 points it is a \
           violation. So a feature with thousands of seldom values does not alarm because one more turns up. \
           Nothing is reported while the share of known names is at least `domain_content_threshold`.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated("new_category_ratio")?;
    let current = facts.current?;
    let names = current.names.new_names();
    let row = &scored.row;
    let description = format!(
        "{} of `{}` are values not in the baseline, {} expected: {}",
        percent(row.value),
        facts.name,
        percent(row.baseline_value),
        listed(names.iter().map(|(name, _)| *name), 5),
    );
    let mut finding = Finding::of(scored, description, Offence::New);
    #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
    let ratio = |rows: u64| rows as f64 / row.rows.max(1) as f64;
    finding.top_contributions = names
        .iter()
        .take(5)
        .map(|(name, rows)| Contribution {
            bin: (*name).to_owned(),
            baseline_ratio: 0.0,
            ratio: ratio(*rows),
            contribution: ratio(*rows),
        })
        .collect();
    Some(finding)
}
