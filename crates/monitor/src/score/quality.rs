//! Scores of data quality: what is missing, out of range, new, negative or of another type.

use std::sync::Arc;

use drift::share_difference;
use profile::{FeatureProfile, Kind};
use sketch::Bins;

use super::{FLOOR, Pair, Rule, Scored, blank};
use crate::{
    baseline::Rules,
    tables::{Comparison, Family, Key, ScoreRow, Status},
};

pub(super) fn scores(key: &Key, name: &Arc<str>, pair: &Pair<'_>, rules: &Rules) -> Vec<Scored> {
    let threshold = rules.distance;
    let mut scored = vec![missing(key, name, pair, threshold)];
    scored.extend(type_match(key, name, pair, rules.type_share));
    let (baseline, current) = (&pair.baseline.counts, &pair.current.counts);
    match &pair.spec.kind {
        Kind::Number { bins, .. } => {
            let mut outside = (outside(bins, pair, pair.baseline), outside(bins, pair, pair.current));
            if narrowed(bins, pair) {
                // A range that was set by hand is what is expected, whatever the baseline holds.
                outside.0 = 0;
            }
            let totals =
                (baseline.observed() + baseline.infinities(), current.observed() + current.infinities());
            let mut row = blank(key, name, Family::DataQuality, "out_of_range_ratio", pair, Status::Ok);
            (row.baseline_rows, row.rows) = totals;
            scored.push(share(row, outside, totals, threshold, Rule::Excess(FLOOR)));
            let totals = (baseline.observed(), current.observed());
            let non_negative = pair.constraint.and_then(|c| c.num_constraints.as_ref());
            let row = blank(key, name, Family::DataQuality, "negative_ratio", pair, Status::Ok);
            let negative = (baseline.negatives, current.negatives);
            let mut row = share(row, negative, totals, threshold, Rule::Excess(0.0));
            match non_negative {
                // Asked for although the baseline has some: then not one is allowed.
                Some(constraint) if constraint.is_non_negative && baseline.negatives > 0 => {
                    row.row.threshold = Some(0.0);
                    row.row.comparison = Some(Comparison::Above);
                    row.rule = Some(Rule::Promise);
                }
                Some(constraint) if constraint.is_non_negative => {}
                _ => row.rule = None,
            }
            scored.push(row);
        }
        Kind::Category { domain } => {
            let mut row = blank(key, name, Family::DataQuality, "new_category_ratio", pair, Status::Ok);
            "good_turing".clone_into(&mut row.method);
            if domain.is_complete() {
                // Names seen once in the baseline tell how many rows to expect with a name never seen.
                let hits = (domain.singletons(), pair.current.names.new_rows());
                // Names without their rows: all that the baseline tells is that none of its rows has another name.
                let before = if domain.rows() == 0 { baseline.observed() } else { domain.rows() };
                let totals = (before, current.observed());
                let mut row = share(row, hits, totals, threshold, Rule::Excess(FLOOR));
                let inside = 1.0 - row.row.value.unwrap_or(0.0);
                // Fewer new names than expected are no offence.
                if row.row.comparison == Some(Comparison::Below) || inside >= rules.domain_share {
                    row.rule = Some(Rule::Satisfied);
                }
                scored.push(row);
            } else {
                row.status = Status::NotComparable;
                scored.push(Scored { row, rule: None });
            }
        }
        Kind::Empty | Kind::Uncovered => {}
    }
    scored
}

/// Share of rows that are null or NaN, against the baseline's.
fn missing(key: &Key, name: &Arc<str>, pair: &Pair<'_>, threshold: f64) -> Scored {
    let (baseline, current) = (&pair.baseline.counts, &pair.current.counts);
    let mut row = blank(key, name, Family::DataQuality, "missing_ratio", pair, Status::Ok);
    (row.rows, row.baseline_rows) = (current.rows, baseline.rows);
    let hits = (baseline.missing(), current.missing());
    let mut scored = share(row, hits, (baseline.rows, current.rows), threshold, Rule::Excess(FLOOR));
    let complete_enough = pair.constraint.is_some_and(|constraint| {
        scored.row.comparison == Some(Comparison::Above)
            && scored.row.value.is_some_and(|missing| 1.0 - missing >= constraint.completeness)
    });
    if complete_enough {
        scored.rule = Some(Rule::Satisfied);
    }
    scored
}

/// Share of values that are of the baseline's type.
fn type_match(key: &Key, name: &Arc<str>, pair: &Pair<'_>, minimum: f64) -> Option<Scored> {
    let counts = &pair.current.counts;
    let wrong = counts.mismatched
        + match pair.spec.kind {
            Kind::Number { integral: true, .. } => counts.fractions,
            Kind::Number { .. } | Kind::Category { .. } => 0,
            Kind::Empty | Kind::Uncovered => return None,
        };
    let mut row = blank(key, name, Family::DataQuality, "type_match_ratio", pair, Status::Ok);
    row.rows = counts.present();
    if row.rows == 0 {
        row.status = Status::Empty;
        return Some(Scored { row, rule: None });
    }
    row.value = Some(1.0 - ratio(wrong, row.rows));
    row.error_bound = Some(0.0);
    row.baseline_value = Some(1.0);
    row.threshold = Some(minimum);
    row.comparison = Some(Comparison::Below);
    Some(Scored { row, rule: Some(Rule::Promise) })
}

/// A share against the baseline's: which way it moved, how far it may by chance, how likely that is.
pub(super) fn share(
    mut row: ScoreRow,
    hits: (u64, u64),
    rows: (u64, u64),
    threshold: f64,
    rule: Rule,
) -> Scored {
    match share_difference(hits.0, rows.0, hits.1, rows.1) {
        Err(undefined) => {
            row.status = super::Missing::from(undefined).0;
            return Scored { row, rule: None };
        }
        Ok(score) => {
            let (before, now) = (ratio(hits.0, rows.0), ratio(hits.1, rows.1));
            let expected = score.expected.unwrap_or(0.0);
            row.value = Some(now);
            row.error_bound = Some(0.0);
            row.baseline_value = Some(before);
            row.p_value = score.p_value;
            if now >= before {
                row.comparison = Some(Comparison::Above);
                row.expected_without_drift = Some(before + expected);
                row.threshold = Some(before + threshold);
            } else {
                row.comparison = Some(Comparison::Below);
                row.expected_without_drift = Some(before - expected);
                row.threshold = Some(before - threshold);
            }
        }
    }
    Scored { row, rule: Some(rule) }
}

/// Rows outside the range that the constraints give, or that of the baseline; infinities lie outside any.
fn outside(bins: &Bins, pair: &Pair<'_>, profile: &FeatureProfile) -> u64 {
    let ours = pair.constraint.and_then(|constraint| constraint.driftscan.as_ref());
    let range = ours.and_then(|ours| ours.range).or_else(|| bins.range());
    let Some((low, high)) = range else { return 0 };
    let beyond = |(index, _): &(usize, u64)| {
        let slot = bins.slot(*index);
        slot.upper < low || slot.lower > high
    };
    let finite = profile.histogram.entries().into_iter().filter(beyond);
    finite.map(|(_, rows)| rows).sum::<u64>() + profile.counts.infinities()
}

/// Rows of a window against those of the baseline's windows of the same length.
pub(crate) fn volume(key: &Key, rows: u64, baseline: &[u64]) -> Option<Scored> {
    let (&low, &high) = (baseline.first()?, baseline.last()?);
    let median = baseline.get(baseline.len() / 2).copied()?;
    let mut row = ScoreRow {
        key: key.clone(),
        feature: None,
        family: Family::DataQuality,
        metric: "rows",
        method: "rows/baseline_windows".to_owned(),
        value: Some(count(rows)),
        error_bound: Some(0.0),
        standard_error: None,
        baseline_value: Some(count(median)),
        threshold: None,
        comparison: None,
        expected_without_drift: Some(count(median)),
        p_value: None,
        q_value: None,
        rows,
        baseline_rows: baseline.iter().sum(),
        status: Status::Ok,
        reason: None,
    };
    if rows <= median {
        row.comparison = Some(Comparison::Below);
        row.threshold = Some(count(low) / 2.0);
    } else {
        row.comparison = Some(Comparison::Above);
        row.threshold = Some(count(high) * 2.0);
    }
    Some(Scored { row, rule: Some(Rule::Promise) })
}

/// Whether the range in the constraints is another than the baseline's.
fn narrowed(bins: &Bins, pair: &Pair<'_>) -> bool {
    let ours = pair.constraint.and_then(|constraint| constraint.driftscan.as_ref());
    ours.and_then(|ours| ours.range).is_some_and(|range| Some(range) != bins.range())
}

fn ratio(hits: u64, rows: u64) -> f64 {
    if rows == 0 { 0.0 } else { count(hits) / count(rows) }
}

#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
fn count(rows: u64) -> f64 {
    rows as f64
}
