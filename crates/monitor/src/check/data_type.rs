//! Values of another type than the baseline's.

use profile::Kind;

use super::{Cause, Check, Facts, Finding, Offence, label_against_score, percent};

pub(super) const DATA_TYPE: Check = Check {
    name: "data_type",
    title: "values of another type than the baseline's",
    page: "Finds values that are not of the baseline's type: text in a column of numbers, fractions in a column of \
           whole numbers, numbers in a column of text. Wider integers and doubles that hold whole numbers are the \
           same type; a column that is empty in some files says nothing about its type. Set by \
           `datatype_check_threshold` (the smallest share of matching values, 1.0 unless told otherwise). A \
           violation from 10 % of the values on, a warning below. Features with as many such values in the same \
           captures, as one bad line leaves them, are one finding that names all of them.",
    find,
};

fn find(facts: &Facts<'_>) -> Option<Finding> {
    if label_against_score::holds(facts) {
        return None;
    }
    let scored = facts.violated("type_match_ratio")?;
    let ((spec, _), current) = facts.baseline.zip(facts.current)?;
    let wrong = scored.row.value.map(|value| 1.0 - value);
    let types =
        current.types.iter().map(|name| &**name).filter(|name| !spec.types.iter().any(|known| known == name));
    let types = types.collect::<Vec<_>>().join(", ");
    let found = if current.counts.mismatched == 0 {
        "with a fraction".to_owned()
    } else if types.is_empty() {
        "of another type".to_owned()
    } else {
        format!("of type {types}")
    };
    let description = format!(
        "expected a {} in `{}`, found {} of the values {found}",
        spec.kind.noun(),
        facts.name,
        percent(wrong)
    );
    let mut finding = Finding::of(scored, description, Offence::Mismatched);
    let counts = &current.counts;
    let fractions =
        if matches!(spec.kind, Kind::Number { integral: true, .. }) { counts.fractions } else { 0 };
    let words = format!("expected a {}, found values {found}", spec.kind.noun());
    finding.cause = Some(Cause { rows: counts.mismatched + fractions, words });
    Some(finding)
}
