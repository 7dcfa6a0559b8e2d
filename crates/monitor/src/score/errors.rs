//! The share of answers that are errors, by their status: a number such as that of HTTP, or a name.

use std::sync::Arc;

use profile::{FeatureProfile, Kind};
use sketch::short_name;

use super::{
    Missing, Pair, Scored, blank,
    latency::{Hits, increase},
};
use crate::tables::{Family, Key, Status};

/// Numbers from here on are errors where the settings do not say which are.
const ERRORS_FROM: f64 = 400.0;
/// Excess from which on people want to hear of errors: they are rarer than slow answers, and worse.
const FLOOR: f64 = 0.01;

/// Share of answers with the status of an error, against the baseline's.
pub(super) fn error_ratio(
    key: &Key,
    name: &Arc<str>,
    pair: &Pair<'_>,
    listed: &[String],
    threshold: f64,
) -> Scored {
    let mut row = blank(key, name, Family::Latency, "error_ratio", pair, Status::Ok);
    let counts = &pair.current.counts;
    if counts.observed() == 0 && counts.mismatched > 0 {
        row.status = Status::TypeChanged;
        return Scored { row, rule: None };
    }
    let of = |profile| errors(&pair.spec.kind, profile, listed);
    let (Some(before), Some(now)) = (of(pair.baseline), of(pair.current)) else {
        row.status = Missing::of(pair).0;
        let are_names = listed.is_empty() && matches!(pair.spec.kind, Kind::Category { .. });
        row.reason = are_names.then(|| {
            "no status of the baseline is a number: `errors` under [latency] names those that are errors"
                .to_owned()
        });
        return Scored { row, rule: None };
    };
    let answered = |profile: &FeatureProfile| profile.counts.observed() + profile.counts.mismatched;
    (row.baseline_rows, row.rows) = (answered(pair.baseline), answered(pair.current));
    row.method = match listed {
        [] => format!("error_ratio/from{ERRORS_FROM}"),
        _ => format!("error_ratio/{}", listed.join(",")),
    };
    increase(row, before, now, threshold, FLOOR)
}

/// Answers that are errors; `None` where nothing says what an error is.
fn errors(kind: &Kind, profile: &FeatureProfile, listed: &[String]) -> Option<Hits> {
    let mut errors = Hits::default();
    match kind {
        Kind::Number { bins, .. } => {
            let numbers: Vec<f64> = listed.iter().filter_map(|status| number(status)).collect();
            if numbers.len() < listed.len() {
                // Text among numbers is not told apart: it may be any of the names.
                errors = Hits { rows: profile.counts.mismatched, unsure: profile.counts.mismatched };
            }
            let (min, max) = profile.moments.min().zip(profile.moments.max()).unwrap_or_default();
            for (index, held) in profile.histogram.entries() {
                let slot = bins.slot(index);
                let (lower, upper) = (slot.lower.clamp(min, max), slot.upper.clamp(min, max));
                // Numbers of the baseline have a slot each. Of others only their slot is known: what may be an error
                // counts as one.
                let (may_be, is) = if listed.is_empty() {
                    (upper >= ERRORS_FROM, lower >= ERRORS_FROM)
                } else {
                    let inside = numbers.iter().any(|number| (lower..=upper).contains(number));
                    (inside, inside && lower >= upper)
                };
                errors.rows += if may_be { held } else { 0 };
                errors.unsure += if may_be && !is { held } else { 0 };
            }
        }
        Kind::Category { domain } => {
            if listed.is_empty() && !domain.names().iter().any(|name| number(name).is_some()) {
                return None;
            }
            let is_error = |name: &str| match listed {
                [] => number(name).is_some_and(|number| number >= ERRORS_FROM),
                _ => listed.iter().any(|status| short_name(status) == name),
            };
            let names = &profile.names;
            let known = names.known_rows().into_iter();
            let known = known.filter_map(|(at, rows)| Some((&**domain.names().get(at)?, rows)));
            let all = known.chain(names.new_names());
            errors.rows = all.filter(|(name, _)| is_error(name)).map(|(_, rows)| rows).sum();
            errors.unsure = names.other() + names.uncounted_new_rows();
        }
        Kind::Empty | Kind::Uncovered => return None,
    }
    Some(errors)
}

fn number(status: &str) -> Option<f64> {
    status.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use profile::{Profile, Survey};

    use super::*;

    /// Errors among `now`, under the bins or names of `before`.
    fn found(before: &ArrayRef, now: &ArrayRef, listed: &[&str]) -> Option<Hits> {
        let batch = |column: &ArrayRef| RecordBatch::try_from_iter([("status", Arc::clone(column))]).unwrap();
        let mut survey = Survey::default();
        survey.observe(&batch(before), &|_| true);
        let spec = survey.freeze();
        let mut profile = Profile::new(&spec);
        profile.observe(&spec, &batch(now), &|_| true);
        let listed: Vec<String> = listed.iter().map(|status| (*status).to_owned()).collect();
        errors(&spec.features()[0].kind, &profile.features[0], &listed)
    }

    fn numbers(codes: &[i64]) -> ArrayRef {
        Arc::new(Int64Array::from(codes.to_vec()))
    }

    fn names(codes: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from(codes.to_vec()))
    }

    fn exactly(rows: u64) -> Option<Hits> {
        Some(Hits { rows, unsure: 0 })
    }

    #[test]
    fn numbers_from_400_on_are_errors() {
        let before = numbers(&[200, 200, 404]);
        assert_eq!(found(&before, &before, &[]), exactly(1));
        // Codes above those of the baseline are errors whatever they are; those next to 404 may be.
        assert_eq!(found(&before, &numbers(&[200, 503, 500, 404]), &[]), exactly(3));
        let between = found(&before, &numbers(&[200, 201, 403, 404]), &[]).unwrap();
        assert_eq!(between, Hits { rows: 2, unsure: 1 });
        assert_eq!(found(&numbers(&[200, 200]), &numbers(&[200, 404, 503, 100]), &[]), exactly(2));
    }

    #[test]
    fn listed_numbers_are_errors_and_no_others() {
        let before = numbers(&[200, 404, 500]);
        assert_eq!(found(&before, &numbers(&[200, 404, 500, 500]), &["500"]), exactly(2));
        let new = found(&before, &numbers(&[200, 450, 403, 402, 404]), &["403"]).unwrap();
        assert_eq!(new, Hits { rows: 2, unsure: 2 }, "402 lies between the same codes of the baseline");
    }

    #[test]
    fn names_that_are_numbers_are_judged_as_such_and_others_have_to_be_listed() {
        let before = names(&["200", "200", "404"]);
        assert_eq!(found(&before, &names(&["200", "503", "403", "inf"]), &[]), exactly(2));
        let before = names(&["ok", "timeout"]);
        let now = names(&["ok", "timeout", "refused", "timeout"]);
        assert_eq!(found(&before, &now, &[]), None);
        assert_eq!(found(&before, &now, &["timeout", "refused"]), exactly(3));
    }
}
