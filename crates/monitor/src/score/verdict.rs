//! When a score becomes an alarm.
//!
//! An alarm is significant (q below 0.01, Benjamini–Hochberg over the judged scores of the window) *and* larger
//! than chance by a floor. So neither more rows nor fewer make an alarm by themselves. A score that does not
//! alarm says `insufficient_rows` where a drift as large as the floor could not have been seen.

use drift::{detectable, false_discovery};

use super::{Rule, Scored};
use crate::tables::{Comparison, Severity, Status};

/// Largest q-value of an alarm.
const SIGNIFICANT: f64 = 0.01;
/// Share of broken values from which on a broken promise is a violation.
const LARGE_SHARE: f64 = 0.1;

/// Gives q-values to the judged scores of a window, over its features and segments, and decides each.
pub(crate) fn judge<'a>(scores: impl Iterator<Item = &'a mut Scored>) {
    let mut judged: Vec<&mut Scored> = scores.filter(|scored| scored.rule.is_some()).collect();
    let tested: Vec<usize> =
        judged.iter().enumerate().filter(|(_, s)| s.row.p_value.is_some()).map(|(index, _)| index).collect();
    let p_values: Vec<f64> = tested.iter().filter_map(|&index| judged[index].row.p_value).collect();
    for (index, q_value) in tested.into_iter().zip(false_discovery(&p_values)) {
        judged[index].row.q_value = Some(q_value);
    }
    judged.into_iter().for_each(decide);
}

fn decide(scored: &mut Scored) {
    let row = &mut scored.row;
    let (Some(rule), Some(_), Status::Ok) = (scored.rule, row.value, row.status) else { return };
    let significant = row.q_value.is_none_or(|q| q < SIGNIFICANT);
    let alarm = match rule {
        Rule::Satisfied => false,
        Rule::Promise => beyond(scored),
        Rule::Threshold => significant && beyond(scored),
        Rule::Change { floor, .. } => {
            scored.row.p_value.is_some() && significant && excess(scored).is_some_and(|excess| excess > floor)
        }
        Rule::Known { alarm, .. } => alarm && scored.row.p_value.is_some() && significant,
        Rule::Excess(floor) => {
            scored.row.p_value.is_some() && significant && excess(scored).is_some_and(|excess| excess > floor)
        }
    };
    let row = &mut scored.row;
    if alarm {
        row.status = Status::Violated;
        return;
    }
    let seen = match rule {
        Rule::Excess(floor) => detectable(floor.max(super::FLOOR), row.baseline_rows, row.rows),
        Rule::Change { detectable, .. } | Rule::Known { detectable, .. } => detectable,
        Rule::Threshold | Rule::Promise | Rule::Satisfied => true,
    };
    if !seen {
        row.status = Status::InsufficientRows;
    }
}

/// How bad an alarm is.
pub(crate) fn severity(scored: &Scored) -> Severity {
    let large = match scored.rule {
        Some(Rule::Promise) if scored.row.metric == "type_match_ratio" => {
            scored.row.value.is_some_and(|value| value < 1.0 - LARGE_SHARE)
        }
        Some(Rule::Promise) => scored.row.value.is_some_and(|value| value <= 0.0),
        _ => beyond(scored),
    };
    if large { Severity::Violation } else { Severity::Warning }
}

/// Whether the value lies beyond its threshold.
fn beyond(scored: &Scored) -> bool {
    let row = &scored.row;
    match (row.value, row.threshold, row.comparison) {
        (Some(value), Some(threshold), Some(Comparison::Above)) => value > threshold,
        (Some(value), Some(threshold), Some(Comparison::Below)) => value < threshold,
        _ => false,
    }
}

/// How far the value lies beyond what is expected without drift.
fn excess(scored: &Scored) -> Option<f64> {
    let row = &scored.row;
    let expected = row.expected_without_drift.unwrap_or(0.0);
    Some(match row.comparison? {
        Comparison::Above => row.value? - expected,
        Comparison::Below => expected - row.value?,
    })
}
