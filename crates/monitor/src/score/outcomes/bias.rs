//! How differently groups are treated, against how they were in the baseline.

use quality::bias::{
    ALL, Change, Estimate, Facet, IfAlike, Measure, Metric, NEIGHBOURS, Resampling, Sample, Table, Undefined,
};

use super::{Sides, Turned, beyond};
use crate::{
    outcomes::FacetForm,
    score::Rule,
    tables::{Comparison, Family, ScoreRow, Status},
};

/// Groups of a facet without a list that are compared with the rest, the largest first.
const MOST_GROUPS: usize = 16;
/// A deviation from fair treatment that is as much worse than the baseline's is a violation.
const LARGE: f64 = 0.1;

pub(super) fn scores(sides: &Sides<'_>) -> Vec<Turned> {
    let mut turned = Vec::new();
    for (at, form) in sides.form.facets.iter().enumerate() {
        let Some(current) = sides.current.bias.get(at) else { continue };
        let before = sides.baseline.and_then(|baseline| baseline.bias.get(at));
        let mut now = form.facet.tables(current);
        if form.facet == Facet::EachValue {
            now.sort_by_key(|(_, table)| std::cmp::Reverse(table.disadvantaged().rows()));
            now.truncate(MOST_GROUPS);
        }
        let before = before.map(|tally| form.facet.tables(tally)).unwrap_or_default();
        // A group that nobody is in any more has a row that says so.
        let is_gone = |(name, _): &&(_, _)| !now.iter().any(|(other, _)| other == name);
        let mut gone: Vec<_> = before.iter().filter(is_gone).cloned().collect();
        gone.sort_by_key(|(_, table)| std::cmp::Reverse(table.disadvantaged().rows()));
        gone.truncate(MOST_GROUPS.saturating_sub(now.len()));
        let gone = gone.into_iter().map(|(name, _)| (name, Table::default()));
        for (group, table) in now.iter().cloned().chain(gone) {
            let of_baseline = before.iter().find(|(name, _)| *name == group).map(|(_, table)| table);
            turned.extend(group_scores(sides, form, &group, &table, of_baseline));
            turned.extend(flip_test(sides, at, form, &group));
        }
    }
    turned
}

fn group_scores(
    sides: &Sides<'_>,
    form: &FacetForm,
    group: &str,
    table: &Table,
    before: Option<&Table>,
) -> Vec<Turned> {
    let resampling = Resampling::default();
    let now = resampling.estimates(ALL, table);
    let alike = before.map_or_else(Vec::new, |before| resampling.if_alike(ALL, before, table));
    let rows_before = before.map_or(0, |before| before.disadvantaged().rows());
    let before = match before {
        Some(before) => resampling.estimates(ALL, before),
        None => known(sides, form, group),
    };
    let mut turned = Vec::with_capacity(now.len());
    for (metric, estimate) in now {
        let within = form.group.as_ref().map_or_else(String::new, |group| format!("/within={group}"));
        let method = format!("{}/group={group}{within}/resampled{}", metric.name, resampling.tables);
        let mut row = sides.of_feature(&form.column, Family::Bias, metric.name, method);
        row.rows = table.disadvantaged().rows();
        let of_baseline = before.iter().find(|(other, _)| other.name == metric.name);
        let of_baseline = of_baseline.and_then(|(_, estimate)| estimate.ok());
        row.baseline_rows = rows_before;
        row.baseline_value = of_baseline.map(|estimate| estimate.value);
        turned.push(match estimate {
            Ok(estimate) => {
                let at = ALL.iter().position(|other| other.name == metric.name);
                let alike = at.and_then(|at| *alike.get(at)?);
                judged(row, metric, &estimate, of_baseline.map(|before| (before, estimate)), alike)
            }
            // Of numbers nothing is positive unless it is said what is.
            Err(Undefined::NoRows) if sides.form.threshold.is_nan() => {
                let reason = "`threshold` under [quality] says from which value on a number is positive";
                Turned::without(row, Status::NotComparable, reason)
            }
            Err(undefined) => Turned::without(row, status(undefined), undefined),
        });
    }
    turned
}

/// The test that looks at rows, where it is asked for.
fn flip_test(sides: &Sides<'_>, at: usize, form: &FacetForm, group: &str) -> Option<Turned> {
    let metric = ALL.iter().find(|metric| matches!(metric.measure, Measure::Neighbours))?;
    let sample = sides.current.flips.get(at)?.as_ref()?;
    let columns = form.flip_test.iter().filter_map(|&at| sides.form.flip_columns.get(at));
    let columns: Vec<&str> = columns.map(String::as_str).collect();
    let method =
        format!("{}/group={group}/neighbours{NEIGHBOURS}/features={}", metric.name, columns.join(","));
    let mut row = sides.of_feature(&form.column, Family::Bias, metric.name, method);
    (row.rows, row.baseline_rows) = (0, 0);
    let drawn = |sample: &Sample| sample.sides(|name| form.facet.is_in(group, name), false);
    let now = match drawn(sample) {
        Ok(now) => now,
        Err(undefined) => return Some(Turned::without(row, status(undefined), undefined)),
    };
    row.rows = now.group.rows() as u64;
    let estimate = match now.estimate() {
        Ok(estimate) => estimate,
        Err(undefined) => return Some(Turned::without(row, status(undefined), undefined)),
    };
    let before = sides.baseline.and_then(|baseline| baseline.flips.get(at)?.as_ref());
    let before = before.and_then(|sample| drawn(sample).ok());
    row.baseline_rows = before.as_ref().map_or(0, |before| before.group.rows() as u64);
    row.baseline_value = match &before {
        Some(before) => before.estimate().ok().map(|estimate| estimate.value),
        None => known(sides, form, group)
            .into_iter()
            .find_map(|(of, estimate)| (of.name == metric.name).then_some(estimate.ok()?.value)),
    };
    // Of samples of the same size, for what chance makes of both.
    let both = before.as_ref().map(|before| (before.as_many_as(&now), now.as_many_as(before)));
    let both =
        both.and_then(|(before, now)| before.cautious_estimate().ok().zip(now.cautious_estimate().ok()));
    let alike = row.baseline_value.map(|value| both.unwrap_or((Estimate::known(value), estimate)));
    let mut turned = judged(row, metric, &estimate, alike, None);
    // What other choices among neighbours equally far would say; nothing bounds what other rows would have said.
    let is_whole = now.group.is_whole && now.rest.is_whole;
    turned.scored.row.error_bound = estimate
        .interval
        .filter(|_| is_whole)
        .map(|(low, high)| (high - estimate.value).max(estimate.value - low).max(0.0));
    Some(turned)
}

/// What a document of Model Monitor says of a group.
fn known(
    sides: &Sides<'_>,
    form: &FacetForm,
    group: &str,
) -> Vec<(&'static Metric, Result<Estimate, Undefined>)> {
    let Some(analysis) = sides.others.and_then(|others| others.bias.as_ref()) else { return Vec::new() };
    let value =
        |metric: &'static Metric| analysis.value(form, group, metric).filter(|value| value.is_finite());
    ALL.iter().filter_map(|metric| Some((metric, Ok(Estimate::known(value(metric)?))))).collect()
}

/// A value beside that of the baseline; `both` are what is compared, the baseline's first.
fn judged(
    mut row: ScoreRow,
    metric: &Metric,
    estimate: &Estimate,
    both: Option<(Estimate, Estimate)>,
    alike: Option<IfAlike>,
) -> Turned {
    row.value = Some(estimate.value);
    row.error_bound = Some(0.0);
    row.standard_error = estimate.standard_error;
    if metric.same_as.is_some() {
        return Turned::recorded(row);
    }
    let Some((before, now)) = both else {
        return Turned::without(row, Status::NotComparable, "there is no value to compare it with");
    };
    let change = Change::with_error(metric, &before, &now, alike);
    row.p_value = change.p_value;
    // Worse is further from fair than the baseline, on the side where the value lies now.
    let allowed = metric.neutral.deviation(before.value).abs();
    let side = metric.neutral.deviation(now.value);
    let limit = |excess: f64| metric.neutral.at((allowed + excess).copysign(side));
    let comparison = if side < 0.0 { Comparison::Below } else { Comparison::Above };
    beyond(&mut row, comparison, limit(LARGE.max(metric.floor)));
    row.expected_without_drift = Some(limit(0.0));
    let alarm = change.p_value.is_some() && change.excess > change.floor;
    Turned::judged(row, Rule::Known { alarm, detectable: change.detectable })
}

fn status(undefined: Undefined) -> Status {
    match undefined {
        Undefined::EmptyGroup | Undefined::EmptyRest | Undefined::NoRows => Status::Empty,
        Undefined::NoPositives | Undefined::NoNegatives => Status::Constant,
        Undefined::Mismatched | Undefined::NotFinite => Status::TypeChanged,
        _ => Status::NotComparable,
    }
}
