//! Whether the same features drive predictions as in the baseline.

use quality::attribution::{Aggregate, THRESHOLD, Undefined, shift};

use super::{Sides, Turned, beyond};
use crate::{
    score::Rule,
    settings,
    tables::{Comparison, Contribution, Family, Status},
};

/// Drop of NDCG below what chance leaves of it that people want to hear of.
const FLOOR: f64 = 0.01;
/// A change of a feature's share as large as this is a violation.
const LARGE: f64 = 0.1;
/// Attributions have long tails: of fewer rows the normal law finds changes where nothing has moved (of 51 in 3 of 100
/// windows, of 100 in 3 of 1,000; real attributions, shuffled).
const FEWEST_ROWS: u64 = 100;
const MOST_FEATURES: usize = 5;

pub(super) fn scores(sides: &Sides<'_>) -> Vec<Turned> {
    let Some(current) = &sides.current.attributions else { return Vec::new() };
    let (aggregate, how) = match sides.settings.attribution.aggregate {
        settings::Aggregate::MeanAbs => (Aggregate::MeanAbs, "mean_abs"),
        settings::Aggregate::Median => (Aggregate::Median, "median"),
        settings::Aggregate::MeanSq => (Aggregate::MeanSquared, "mean_sq"),
    };
    let now = current.importances(aggregate);
    let before = sides.baseline.and_then(|baseline| baseline.attributions.as_ref());
    let before = match (before, sides.others) {
        (Some(before), _) => before.importances(aggregate),
        (None, Some(others)) => others.attribution.clone(),
        (None, None) => Vec::new(),
    };
    let row = |metric: &'static str| sides.blank(Family::Attribution, metric, format!("{metric}/{how}"));
    let mut turned = Vec::new();
    for importance in &now {
        let mut row = sides.of_feature(
            &importance.feature,
            Family::Attribution,
            "importance",
            format!("importance/{how}"),
        );
        row.value = Some(importance.value);
        row.error_bound = Some(importance.error_bound);
        row.standard_error = importance.standard_error;
        row.rows = importance.rows;
        let of_baseline = before.iter().find(|other| other.feature == importance.feature);
        row.baseline_value = of_baseline.map(|other| other.value);
        row.baseline_rows = of_baseline.map_or(0, |other| other.rows);
        turned.push(Turned::recorded(row));
    }
    let shift = match shift(&before, &now, 0) {
        Ok(shift) => shift,
        Err(undefined) => {
            let status = match undefined {
                Undefined::EmptyBaseline | Undefined::EmptyCurrent => Status::Empty,
                Undefined::NoGain => Status::Constant,
                Undefined::NotComparable => Status::NotComparable,
            };
            turned.push(Turned::without(row("ndcg"), status, undefined));
            return turned;
        }
    };
    let mut ndcg = row("ndcg");
    ndcg.value = Some(shift.ndcg);
    ndcg.error_bound = Some(0.0);
    ndcg.baseline_value = Some(1.0);
    ndcg.expected_without_drift = shift.expected;
    ndcg.p_value = shift.p_value;
    beyond(&mut ndcg, Comparison::Below, THRESHOLD);
    let moved = shift.movers.iter().take(MOST_FEATURES).map(|mover| Contribution {
        bin: mover.feature.clone(),
        baseline_ratio: mover.baseline_ratio,
        ratio: mover.ratio,
        contribution: mover.ratio_change().abs(),
    });
    let moved = moved.collect();
    let rule =
        Rule::Change { floor: FLOOR, detectable: shift.expected.is_none_or(|expected| expected > THRESHOLD) };
    turned.push(Turned { moved, ..Turned::judged(ndcg, rule) });
    for mover in &shift.movers {
        let of = |metric: &'static str, value: f64, baseline: f64| {
            let mut row =
                sides.of_feature(&mover.feature, Family::Attribution, metric, format!("{metric}/{how}"));
            (row.value, row.baseline_value) = (Some(value), Some(baseline));
            row
        };
        let mut share = of("importance_ratio", mover.ratio, mover.baseline_ratio);
        share.p_value = mover.p_value;
        // The order hides who moved: a leading feature may lose half of its share and still lead.
        turned.push(if mover.p_value.is_none() {
            Turned::recorded(share)
        } else if share.rows.min(share.baseline_rows) < FEWEST_ROWS {
            let reason = format!("a share takes {FEWEST_ROWS} rows on both sides to be judged");
            Turned::without(share, Status::InsufficientRows, reason)
        } else {
            share.expected_without_drift = Some(mover.baseline_ratio);
            let (side, limit) = match mover.ratio_change() {
                change if change < 0.0 => (Comparison::Below, mover.baseline_ratio - LARGE),
                _ => (Comparison::Above, mover.baseline_ratio + LARGE),
            };
            beyond(&mut share, side, limit);
            Turned::judged(share, Rule::Change { floor: crate::score::FLOOR, detectable: true })
        });
        turned.push(Turned::recorded(of("importance_rank", mover.rank, mover.baseline_rank)));
    }
    turned
}
