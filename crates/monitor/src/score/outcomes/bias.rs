//! How differently groups are treated, against how they were in the baseline.

use quality::{
    Problem,
    bias::{
        ALL, Change, Estimate, Facet, IfAlike, Measure, Metric, NEIGHBOURS, Resampling, Sample, Table,
        Undefined, cautious,
    },
};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

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
    let facets = sides.form.facets.iter().enumerate();
    let groups: Vec<Group<'_>> = facets.flat_map(|(at, form)| Group::all(sides, at, form)).collect();
    // Often there is one window at a time to judge, and drawing tables again is most of the work.
    let turned = groups.par_iter().map(|group| {
        let mut turned = group_scores(sides, group);
        turned.extend(flip_test(sides, group));
        turned
    });
    turned.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// A group that is compared with the rest.
struct Group<'a> {
    /// Its facet's place.
    at: usize,
    form: &'a FacetForm,
    name: String,
    table: Table,
    baseline: Option<Table>,
}

impl<'a> Group<'a> {
    fn all(sides: &Sides<'_>, at: usize, form: &'a FacetForm) -> Vec<Self> {
        let Some(current) = sides.current.bias.get(at) else { return Vec::new() };
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
        let group = |(name, table): (String, Table)| {
            let baseline = before.iter().find(|(other, _)| *other == name).map(|(_, table)| table.clone());
            Self { at, form, name, table, baseline }
        };
        now.iter().cloned().chain(gone).map(group).collect()
    }
}

fn group_scores(sides: &Sides<'_>, group: &Group<'_>) -> Vec<Turned> {
    let Group { form, name: group, table, baseline, .. } = group;
    let before = baseline.as_ref();
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
            Err(undefined) => without(sides, row, undefined),
        });
    }
    turned
}

/// Why there is no value.
fn without(sides: &Sides<'_>, row: ScoreRow, undefined: Undefined) -> Turned {
    // Of numbers and names nothing is positive unless it is said what is.
    let unsaid = match sides.form.problem {
        Problem::Regression | Problem::Ranking if sides.form.threshold.is_nan() => {
            Some("`threshold` under [quality] says from which value on a number is positive")
        }
        Problem::Multiclass if sides.settings.quality.positive.is_none() => {
            Some("`positive` under [quality] names the class that is positive")
        }
        _ => None,
    };
    match unsaid.filter(|_| undefined == Undefined::NoRows) {
        Some(reason) => Turned::without(row, Status::NotComparable, reason),
        None => Turned::without(row, status(undefined), undefined),
    }
}

/// The test that looks at rows, where it is asked for.
fn flip_test(sides: &Sides<'_>, group: &Group<'_>) -> Option<Turned> {
    let Group { at, form, name: group, table, .. } = group;
    let at = *at;
    let metric = ALL.iter().find(|metric| matches!(metric.measure, Measure::Neighbours))?;
    let sample = sides.current.flips.get(at)?.as_ref()?;
    let columns = form.flip_test.iter().filter_map(|&at| sides.form.flip_columns.get(at));
    let columns: Vec<&str> = columns.map(String::as_str).collect();
    let method =
        format!("{}/group={group}/neighbours{NEIGHBOURS}/features={}", metric.name, columns.join(","));
    let mut row = sides.of_feature(&form.column, Family::Bias, metric.name, method);
    (row.rows, row.baseline_rows) = (0, 0);
    let drawn = |sample: &Sample| sample.sides(|name| form.facet.is_in(group, name), false);
    let estimated = drawn(sample).and_then(|now| Ok((now.estimate()?, now)));
    let (estimate, now) = match estimated {
        Ok(estimated) => estimated,
        // The group is there, but nobody in it has a prediction.
        Err(Undefined::EmptyGroup) if table.disadvantaged().rows() > 0 => {
            return Some(without(sides, row, Undefined::NoRows));
        }
        Err(undefined) => return Some(without(sides, row, undefined)),
    };
    row.rows = now.group.rows() as u64;
    row.reason = (sample.left_out() > 0)
        .then(|| format!("left out: {} rows without a finite number as each feature", sample.left_out()));
    // Of samples of one size, for neighbours in a crowd are nearer.
    let before = sides.baseline.and_then(|baseline| drawn(baseline.flips.get(at)?.as_ref()?).ok());
    let both = before.as_ref().and_then(|all| {
        let (before, fewer) = (all.as_many_as(&now), now.as_many_as(all));
        let is_all = fewer.group.rows() == now.group.rows() && fewer.rest.rows() == now.rest.rows();
        let now = if is_all { estimate } else { fewer.estimate().ok()? };
        row.baseline_rows = before.group.rows() as u64;
        Some((before.estimate().ok()?, now))
    });
    row.baseline_value = match both {
        Some((before, _)) => Some(before.value),
        None => known(sides, form, group)
            .into_iter()
            .find_map(|(of, estimate)| (of.name == metric.name).then_some(estimate.ok()?.value)),
    };
    let known = row.baseline_value.map(|value| (Estimate::known(value), estimate));
    let both = both.or(known).map(|(before, now)| (cautious(before), cautious(now)));
    let mut turned = judged(row, metric, &estimate, both, None);
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
