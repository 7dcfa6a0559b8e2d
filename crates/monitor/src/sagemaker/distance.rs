//! How far a feature has moved, as Model Monitor measures it.

use std::sync::Arc;

use drift::{
    Shares,
    deequ::{Distance, RankTable, c_alpha, categorical, chi_squared, numeric},
};
use profile::Kind;

use crate::{
    baseline::{CategoryMethod, Rules},
    score::{Distribution, Pair, blank},
    tables::{Comparison, Family, Key, ScoreRow, Status},
};

/// The distance of a feature with its verdict, as a row of `scores`; `None` for what it does not compare.
///
/// Numbers are compared by the quantile sketches of both sides, with the defect of Deequ 2.0.2: a value counts once,
/// however often it occurs. The chi-squared p-value is the one number that falls where drift grows; how Model Monitor turns
/// it into a verdict is not known, and a p-value below the threshold is taken to be one.
pub(crate) fn distance(
    key: &Key,
    name: &Arc<str>,
    pair: &Pair<'_>,
    distribution: Option<&Distribution>,
    rules: &Rules,
) -> Option<ScoreRow> {
    // Numbers that were text to it by how they are written have no sketch there.
    let is_text = pair.constraint.is_some_and(|constraint| constraint.inferred_type == "String");
    if !rules.evaluate || !rules.compare || is_text != matches!(pair.spec.kind, Kind::Category { .. }) {
        return None;
    }
    let (before, now) = (pair.baseline.arrival.as_ref(), pair.current.arrival.as_ref());
    let of_ranks =
        |distance: Distance| if rules.robust { distance.robust(c_alpha(None)) } else { distance.simple };
    let less = if rules.robust { "/less1.8" } else { "" };
    let form = if rules.robust { "linf_robust" } else { "linf_simple" };
    let mut comparison = Comparison::Above;
    let (metric, method, value, threshold) = match (&pair.spec.kind, distribution) {
        (Kind::Number { .. }, _) => {
            let distance =
                numeric(before?.sketch().levels(), now?.sketch().levels(), RankTable::Deequ).ok()?;
            (form, format!("deequ2.0.2/kll2048/distinct_values{less}"), of_ranks(distance), rules.distance)
        }
        (Kind::Category { .. }, Some(Distribution::Names { counts, .. })) => {
            let shares = Shares { baseline: &counts.0, current: &counts.1, pooled: 0 };
            let threshold = rules.category_distance;
            match (rules.category_method, rules.robust) {
                (CategoryMethod::LInfinity, _) => {
                    (form, format!("deequ2.0.2/names{less}"), of_ranks(categorical(&shares).ok()?), threshold)
                }
                (CategoryMethod::ChiSquared, false) => {
                    let (statistic, _) = chi_squared(&shares).ok()?;
                    ("chi_squared", "deequ2.0.2/names/statistic".to_owned(), statistic, threshold)
                }
                (CategoryMethod::ChiSquared, true) => {
                    comparison = Comparison::Below;
                    let (_, p_value) = chi_squared(&shares).ok()?;
                    ("chi_squared", "deequ2.0.2/names/p_value".to_owned(), p_value, threshold)
                }
            }
        }
        _ => return None,
    };
    let broken = match comparison {
        Comparison::Above => value > threshold,
        Comparison::Below => value < threshold,
    };
    let status = if broken { Status::Violated } else { Status::Ok };
    let row = blank(key, name, Family::Drift, metric, pair, status);
    Some(ScoreRow {
        method,
        value: Some(value),
        threshold: Some(threshold),
        comparison: Some(comparison),
        ..row
    })
}
