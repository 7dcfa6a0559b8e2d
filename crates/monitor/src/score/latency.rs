//! Scores of latency: how long answers took, how many of them were slow, and how many came a second.

use std::sync::Arc;

use profile::{FeatureProfile, Kind};
use sketch::Bins;

use super::{FLOOR, Missing, Pair, Rule, Scored, Scorer, blank, errors, quality::share};
use crate::{
    Baseline, Roles, Settings,
    tables::{Comparison, Family, Key, ScoreRow, Status},
};

/// Metrics and their ranks among a thousand answers.
const QUANTILES: [(&str, u64); 5] = [
    ("latency_p50", 500),
    ("latency_p90", 900),
    ("latency_p95", 950),
    ("latency_p99", 990),
    ("latency_p99_9", 999),
];
/// The rank that is slow where the settings do not say what is.
const SLOW_RANK: u64 = 990;
/// What the method of `slow_ratio` starts with; its limit follows.
pub(crate) const SLOW: &str = "slow_ratio/above";

/// How answers are scored by their latency and their status.
#[derive(Debug)]
pub(crate) struct Answers<'a> {
    roles: &'a Roles,
    /// Answers above it are slow; `None` where the baseline has no latency to tell.
    slow: Option<f64>,
    /// Statuses that are errors; empty means numbers from 400 on.
    errors: &'a [String],
    /// Columns of these roles that the baseline does not have.
    unknown: Vec<&'a str>,
}

impl<'a> Answers<'a> {
    /// Takes the limit of slow answers from the settings, or else from the baseline.
    pub(crate) fn new(settings: &'a Settings, baseline: &Baseline) -> Self {
        let Settings { roles, latency, .. } = settings;
        let of_baseline = || {
            let position = baseline.spec.position(roles.latency.as_deref()?)?;
            let profile = baseline.profiles.get(&None)?.features.get(position)?;
            usual_limit(&baseline.spec.features().get(position)?.kind, profile)
        };
        let named = [&roles.latency, &roles.status].into_iter().filter_map(Option::as_deref);
        Self {
            roles,
            slow: latency.slow.or_else(of_baseline),
            errors: &latency.errors,
            unknown: named.filter(|name| baseline.spec.position(name).is_none()).collect(),
        }
    }

    /// A sentence where a column cannot be scored.
    pub(crate) fn note(&self) -> Option<String> {
        let names: Vec<String> = self.unknown.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| {
            format!(
                "the baseline does not have {}: latency and errors need a baseline that does",
                names.join(" and ")
            )
        })
    }

    /// Scores of a feature that is the latency or the status of answers; none of any other.
    pub(crate) fn scores(&self, key: &Key, pair: &Pair<'_>, scorer: &Scorer<'_>) -> Vec<Scored> {
        let name: Arc<str> = pair.spec.name.as_str().into();
        let is = |role: &Option<String>| role.as_deref() == Some(&*name);
        let threshold = scorer.rules(&name).distance;
        let mut scored = Vec::new();
        if is(&self.roles.latency) {
            scored.extend(QUANTILES.map(|quantile| latency(key, &name, pair, quantile)));
            scored.push(self.slow_ratio(key, &name, pair, threshold));
        }
        if is(&self.roles.status) {
            scored.push(errors::error_ratio(key, &name, pair, self.errors, threshold));
        }
        if !scorer.is_judged(&name, pair.constraint) {
            scored.iter_mut().for_each(|scored| scored.rule = None);
        }
        scored
    }

    /// Share of answers above the limit, against the baseline's.
    fn slow_ratio(&self, key: &Key, name: &Arc<str>, pair: &Pair<'_>, threshold: f64) -> Scored {
        let mut row = blank(key, name, Family::Latency, "slow_ratio", pair, Status::Ok);
        let (Kind::Number { bins, .. }, Some(limit)) = (&pair.spec.kind, self.slow) else {
            row.status = Missing::of(pair).0;
            return Scored { row, rule: None };
        };
        row.method = format!("{SLOW}{limit}");
        let timed = |profile: &FeatureProfile| profile.counts.observed() + profile.counts.infinities();
        (row.baseline_rows, row.rows) = (timed(pair.baseline), timed(pair.current));
        let (before, now) = (above(bins, pair.baseline, limit), above(bins, pair.current, limit));
        increase(row, before, now, threshold, FLOOR)
    }

    /// Answers a second, for windows that have an end. Of the whole, `volumes` are rows of the baseline's windows.
    pub(crate) fn throughput(&self, key: &Key, rows: u64, volumes: &[u64]) -> Option<ScoreRow> {
        if self.roles.latency.is_none() && self.roles.status.is_none() {
            return None;
        }
        let micros = key.window_end.checked_sub(key.window_start).filter(|micros| *micros > 0)?;
        let volumes = if key.segment.is_none() { volumes } else { &[] };
        #[expect(clippy::cast_precision_loss, reason = "row counts and windows are far below 2^53")]
        let per_second = |rows: u64| rows as f64 / (micros as f64 / 1e6);
        Some(ScoreRow {
            key: key.clone(),
            feature: None,
            family: Family::Latency,
            metric: "throughput",
            method: "rows/seconds".to_owned(),
            value: Some(per_second(rows)),
            error_bound: Some(0.0),
            standard_error: None,
            baseline_value: volumes.get(volumes.len() / 2).copied().map(per_second),
            threshold: None,
            comparison: None,
            expected_without_drift: None,
            p_value: None,
            q_value: None,
            rows,
            baseline_rows: volumes.iter().fold(0, |sum: u64, rows| sum.saturating_add(*rows)),
            status: Status::Ok,
            reason: None,
        })
    }
}

/// Answers that are slow, or errors.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Hits {
    pub(super) rows: u64,
    /// How many more or fewer they may be.
    pub(super) unsure: u64,
}

/// A share that must not grow.
pub(super) fn increase(row: ScoreRow, before: Hits, now: Hits, threshold: f64, floor: f64) -> Scored {
    let rows = (row.baseline_rows, row.rows);
    let mut scored = share(row, (before.rows, now.rows), rows, threshold, Rule::Excess(floor));
    if scored.row.comparison == Some(Comparison::Below) {
        scored.rule = Some(Rule::Satisfied);
    }
    #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
    let bound = now.unsure as f64 / rows.1 as f64;
    scored.row.error_bound = scored.row.value.map(|_| bound);
    scored
}

/// The latency that so many of a thousand answers do not exceed, with the farthest that it may be off.
fn latency(key: &Key, name: &Arc<str>, pair: &Pair<'_>, (metric, rank): (&'static str, u64)) -> Scored {
    let mut row = blank(key, name, Family::Latency, metric, pair, Status::Ok);
    row.method = format!("{metric}/nearest_rank/slots");
    let Kind::Number { bins, .. } = &pair.spec.kind else {
        row.status = Missing::of(pair).0;
        return Scored { row, rule: None };
    };
    row.baseline_value = Ranked::of(bins, pair.baseline, rank).map(|ranked| ranked.value);
    match Ranked::of(bins, pair.current, rank) {
        None => row.status = Missing::of(pair).0,
        Some(Ranked { lower, value, upper }) => {
            row.value = Some(value);
            row.error_bound = Some((value - lower).max(upper - value));
        }
    }
    Scored { row, rule: None }
}

/// The baseline's 99th percentile, at the upper end of its slot: rows above that are counted exactly.
fn usual_limit(kind: &Kind, profile: &FeatureProfile) -> Option<f64> {
    let Kind::Number { bins, .. } = kind else { return None };
    Ranked::of(bins, profile, SLOW_RANK).map(|ranked| ranked.upper)
}

/// A value by its rank, between the least and the largest that it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ranked {
    lower: f64,
    value: f64,
    upper: f64,
}

impl Ranked {
    /// The smallest finite value that at least so many of a thousand do not exceed.
    fn of(bins: &Bins, profile: &FeatureProfile, rank: u64) -> Option<Self> {
        let (min, max) = profile.moments.min().zip(profile.moments.max())?;
        let rows = profile.histogram.rows();
        let above = u64::try_from(u128::from(rows) * u128::from(1000 - rank) / 1000).ok()?;
        let position = (rows - above).checked_sub(1)?;
        if above == 0 {
            return Some(Self { lower: max, value: max, upper: max });
        }
        let mut below = 0;
        for (index, held) in profile.histogram.entries() {
            if position < below + held {
                let slot = bins.slot(index);
                let (lower, upper) = (slot.lower.clamp(min, max), slot.upper.clamp(min, max));
                #[expect(clippy::cast_precision_loss, reason = "ranks are below 2^53")]
                let within = if held > 1 { (position - below) as f64 / (held - 1) as f64 } else { 0.5 };
                return Some(Self { lower, value: lower + (upper - lower) * within, upper });
            }
            below += held;
        }
        None
    }
}

/// Values above a limit; of a slot that it cuts, as many as if they lay evenly in it.
fn above(bins: &Bins, profile: &FeatureProfile, limit: f64) -> Hits {
    let mut above = Hits { rows: profile.counts.positive_infinities, unsure: 0 };
    let Some((min, max)) = profile.moments.min().zip(profile.moments.max()) else { return above };
    for (index, held) in profile.histogram.entries() {
        let slot = bins.slot(index);
        let (lower, upper) = (slot.lower.clamp(min, max), slot.upper.clamp(min, max));
        if lower > limit {
            above.rows += held;
        } else if upper > limit {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of rows that are far below 2^53"
            )]
            let part = (held as f64 * ((upper - limit) / (upper - lower))).round() as u64;
            above.rows += part.min(held);
            above.unsure = part.max(held.saturating_sub(part)).min(held);
        }
    }
    above
}

#[cfg(test)]
mod tests;
