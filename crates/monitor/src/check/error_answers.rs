//! More answers than in the baseline are errors.

use super::{Check, Facts, Finding, Offence, contributions, percent};

pub(super) const ERROR_ANSWERS: Check = Check {
    name: "error_answers",
    title: "more answers with an error code than in the baseline",
    page: "Finds a share of errors that is larger than the baseline's: significantly (hypergeometric test, q < 0.01), \
           and by 1 point more than chance explains. By more than 10 points, or what the constraints set as \
           `comparison_threshold`, it is a violation. The column is the one with the role `status`; errors are the \
           values under `errors` in the section `[latency]`, or else numbers from 400 on, also where they are text. \
           Names have to be listed. Of a column of numbers the codes of the baseline are counted one by one; of new \
           codes it is known between which of those they lie, what may be an error counts as one, and `error_bound` \
           says how many of these there are. Fewer errors are no offence.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    let scored = facts.violated("error_ratio")?;
    let row = &scored.row;
    let description = format!(
        "{} of answers are errors by `{}`, {} in the baseline",
        percent(row.value),
        facts.name,
        percent(row.baseline_value),
    );
    let mut finding = Finding::of(scored, description, Offence::Any);
    finding.top_contributions = facts.distribution.map(|both| contributions(both.bins())).unwrap_or_default();
    Some(finding)
}
