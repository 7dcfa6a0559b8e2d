//! From two profiles of a feature to its scores.

mod cut;
mod distribution;
mod errors;
mod latency;
mod outcomes;
mod quality;
#[cfg(test)]
mod simulation;
mod verdict;

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use drift::{Measure, Metric, Score, Undefined};
use profile::{FeatureProfile, FeatureSpec, Kind};

pub(crate) use cut::Cut;
pub(crate) use distribution::{Bin, Distribution, short};
pub(crate) use latency::{Answers, SLOW};
pub(crate) use outcomes::{ESTIMATES, Promise, Sides, Turned, is_judged, scores as outcome_scores, unusable};
pub(crate) use quality::volume;
pub(crate) use verdict::{judge, severity};

use crate::{
    baseline::{Constraints, FeatureConstraints, Rules},
    tables::{Comparison, Family, Key, ScoreRow, Status},
};

/// Metrics recorded for numbers and for categories unless the settings name others.
const DEFAULT_METRICS: [&str; 7] = [
    "kolmogorov_smirnov",
    "category_shift",
    "population_stability",
    "jensen_shannon",
    "wasserstein",
    "l_infinity",
    "total_variation",
];
/// Excess over the expected value from which on people want to hear of it (a shift of 0.02 standard deviations is
/// 0.008, one of 0.2 is 0.080).
pub(crate) const FLOOR: f64 = 0.03;

/// A score, and whether and how it is judged.
#[derive(Debug, Clone)]
pub(crate) struct Scored {
    pub(crate) row: ScoreRow,
    pub(crate) rule: Option<Rule>,
}

/// When a score is an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rule {
    /// Significant and further than this beyond its expected value; a violation if beyond its threshold too.
    Excess(f64),
    /// Significant (where it has a p-value) and beyond its threshold.
    Threshold,
    /// Beyond its threshold, whatever the chances: a promise about every single value.
    Promise,
    /// Its constraint holds outright.
    Satisfied,
    /// Significant and further than a floor on the wrong side of its expected value. Whether a large change would have been
    /// seen is known.
    Change { floor: f64, detectable: bool },
    /// Significant, where it is far enough on the wrong side, which is known.
    Known { alarm: bool, detectable: bool },
}

/// One feature on both sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) spec: &'a FeatureSpec,
    pub(crate) baseline: &'a FeatureProfile,
    pub(crate) current: &'a FeatureProfile,
    pub(crate) constraint: Option<&'a FeatureConstraints>,
    /// How far shares of the baseline's values below a point may be from the exact ones.
    pub(crate) rank_error: f64,
    /// Coarse bins that take the place of the baseline's own.
    pub(crate) cut: Option<&'a Cut>,
}

/// How features are scored.
#[derive(Debug, Clone)]
pub(crate) struct Scorer<'a> {
    pub(crate) metrics: Vec<&'static Metric>,
    /// Of features with constraints.
    rules: HashMap<&'a str, Rules>,
    /// Of the others.
    others: Rules,
}

impl<'a> Scorer<'a> {
    /// `names` are metrics to record beside the deciding ones; empty means the default list.
    pub(crate) fn new(names: &[String], constraints: &'a Constraints) -> Result<Self, crate::Error> {
        let mut metrics = Vec::new();
        for name in names {
            metrics.push(drift::metric(name).ok_or_else(|| crate::Error::Unknown {
                what: "metric",
                found: name.clone(),
                hint: nearest_metric(name),
            })?);
        }
        if metrics.is_empty() {
            metrics = DEFAULT_METRICS.iter().filter_map(|name| drift::metric(name)).collect();
        }
        let unusable = |reason| crate::Error::Setting { name: "baseline".to_owned(), reason };
        let mut rules = HashMap::with_capacity(constraints.features.len());
        for feature in &constraints.features {
            rules.insert(feature.name.as_str(), Rules::of(constraints, Some(feature)).map_err(unusable)?);
        }
        Ok(Self { metrics, rules, others: Rules::of(constraints, None).map_err(unusable)? })
    }

    /// What a feature is judged by.
    pub(crate) fn rules(&self, feature: &str) -> &Rules {
        self.rules.get(feature).unwrap_or(&self.others)
    }

    /// Whether a feature is judged at all.
    pub(crate) fn is_judged(&self, feature: &str, constraint: Option<&FeatureConstraints>) -> bool {
        let ours = constraint.and_then(|constraint| constraint.driftscan.as_ref());
        self.rules(feature).evaluate && ours.and_then(|ours| ours.monitored) != Some(false)
    }

    /// All scores of a feature, the deciding drift score first.
    pub(crate) fn scores(
        &self,
        key: &Key,
        pair: &Pair<'_>,
        distribution: Option<&Distribution>,
    ) -> Vec<Scored> {
        let name: Arc<str> = pair.spec.name.as_str().into();
        let mut scored = self.drift_scores(key, &name, pair, distribution);
        scored.extend(quality::scores(key, &name, pair, self.rules(&name)));
        if !self.is_judged(&name, pair.constraint) {
            scored.iter_mut().for_each(|scored| scored.rule = None);
        }
        scored
    }

    fn drift_scores(
        &self,
        key: &Key,
        name: &Arc<str>,
        pair: &Pair<'_>,
        distribution: Option<&Distribution>,
    ) -> Vec<Scored> {
        let ours = pair.constraint.and_then(|constraint| constraint.driftscan.as_ref());
        let rules = self.rules(name);
        let usual = match pair.spec.kind {
            Kind::Category { .. } => rules.category_distance,
            _ => rules.distance,
        };
        let deciding = deciding_metric(&pair.spec.kind, ours.and_then(|ours| ours.metric.as_deref()));
        let others = self.metrics.iter().copied().filter(|metric| {
            suits(metric, &pair.spec.kind) && deciding.is_none_or(|deciding| deciding.name != metric.name)
        });
        let mut scored = Vec::new();
        for metric in deciding.into_iter().chain(others) {
            let result = match distribution {
                Some(distribution) => distribution.measure(metric),
                None => Err(Missing::of(pair)),
            };
            let decides = deciding.is_some_and(|deciding| deciding.name == metric.name);
            let mut row = drift_row(key, name, metric, pair, distribution, result);
            let mut rule = None;
            if decides {
                let threshold = ours
                    .and_then(|ours| ours.threshold)
                    .unwrap_or_else(|| if metric.floor.is_some() { usual } else { metric.threshold });
                row.threshold = Some(threshold);
                row.comparison = Some(Comparison::Above);
                // A floor is an excess over what chance gives, so it takes a metric that knows its chances.
                let knows =
                    row.value.is_none() || row.p_value.is_some() && row.expected_without_drift.is_some();
                let floor = ours.and_then(|ours| ours.floor).or(metric.floor).filter(|_| knows);
                if rules.compare {
                    rule = Some(floor.map_or(Rule::Threshold, Rule::Excess));
                }
            }
            scored.push(Scored { row, rule });
        }
        // A column that cannot be compared leaves a row that says so.
        if scored.is_empty() {
            let status = Missing::of(pair).0;
            scored.push(Scored { row: blank(key, name, Family::Drift, "none", pair, status), rule: None });
        }
        scored
    }
}

/// Why there is nothing to measure.
pub(crate) struct Missing(pub(crate) Status);

impl Missing {
    fn of(pair: &Pair<'_>) -> Self {
        let (baseline, current) = (&pair.baseline.counts, &pair.current.counts);
        Self(if pair.spec.kind == Kind::Uncovered {
            Status::NotComparable
        } else if current.observed() == 0 && current.mismatched > 0 {
            Status::TypeChanged
        } else if baseline.observed() == 0 || current.observed() == 0 {
            Status::Empty
        } else {
            Status::NotComparable
        })
    }
}

impl From<Undefined> for Missing {
    fn from(undefined: Undefined) -> Self {
        Self(match undefined {
            Undefined::EmptyBaseline | Undefined::EmptyCurrent => Status::Empty,
            Undefined::Constant => Status::Constant,
            Undefined::TooFewRows => Status::InsufficientRows,
            Undefined::Unbounded => Status::NotComparable,
        })
    }
}

/// The metric that decides on drift of a kind: the one a constraint names, else the default.
pub(crate) fn deciding_metric(kind: &Kind, named: Option<&str>) -> Option<&'static Metric> {
    let default = match kind {
        Kind::Number { .. } => "kolmogorov_smirnov",
        Kind::Category { .. } => "category_shift",
        Kind::Empty | Kind::Uncovered => return None,
    };
    named.and_then(drift::metric).filter(|metric| suits(metric, kind)).or_else(|| drift::metric(default))
}

fn suits(metric: &Metric, kind: &Kind) -> bool {
    match (metric.measure, kind) {
        (Measure::Ranks(_), Kind::Number { .. }) | (Measure::Names(_), Kind::Category { .. }) => true,
        (Measure::Shares(_), kind) => matches!(kind, Kind::Number { .. } | Kind::Category { .. }),
        _ => false,
    }
}

/// For messages: the metrics whose names are nearest.
pub(crate) fn nearest_metric(name: &str) -> String {
    let near = drift::ALL
        .iter()
        .max_by(|a, b| strsim::jaro_winkler(name, a.name).total_cmp(&strsim::jaro_winkler(name, b.name)));
    let near = near.map_or("", |metric| metric.name);
    format!("did you mean `{near}`? `driftscan list metrics` names all")
}

fn drift_row(
    key: &Key,
    name: &Arc<str>,
    metric: &'static Metric,
    pair: &Pair<'_>,
    distribution: Option<&Distribution>,
    result: Result<Score, Missing>,
) -> ScoreRow {
    let mut row = blank(key, name, Family::Drift, metric.name, pair, Status::Ok);
    let binning = distribution.map_or_else(Cow::default, |distribution| distribution.binning(metric));
    row.method = [metric.name, &binning, metric.method]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/");
    match result {
        Ok(score) => {
            row.value = Some(score.value);
            row.error_bound = error_bound(metric, score.error_bound, pair.rank_error);
            row.expected_without_drift = score.expected;
            row.p_value = score.p_value;
        }
        Err(Missing(status)) => row.status = status,
    }
    row
}

/// What a baseline that is known by a sketch adds to the error: a distance of ranks is off by no more than the ranks.
/// How far other metrics are is not known.
fn error_bound(metric: &Metric, bound: f64, rank_error: f64) -> Option<f64> {
    if rank_error == 0.0 {
        Some(bound)
    } else if metric.name.starts_with("kolmogorov_smirnov") && metric.range.1 <= 1.0 {
        Some(bound + rank_error)
    } else {
        None
    }
}

/// A row without a number.
pub(crate) fn blank(
    key: &Key,
    name: &Arc<str>,
    family: Family,
    metric: &'static str,
    pair: &Pair<'_>,
    status: Status,
) -> ScoreRow {
    ScoreRow {
        key: key.clone(),
        feature: Some(Arc::clone(name)),
        family,
        metric,
        method: metric.to_owned(),
        value: None,
        error_bound: None,
        standard_error: None,
        baseline_value: None,
        threshold: None,
        comparison: None,
        expected_without_drift: None,
        p_value: None,
        q_value: None,
        rows: pair.current.counts.observed(),
        baseline_rows: pair.baseline.counts.observed(),
        status,
        reason: None,
    }
}
