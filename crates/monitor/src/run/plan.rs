//! Planning a run: which captures, which columns, which windows of the baseline tell the usual volume.

use std::collections::{BTreeMap, BTreeSet};

use arrow_schema::DataType;
use profile::Spec;
use store::{Listed, Location, Plan, PlanOptions, PlanProgress, PlanStatus, Store};

use super::known::{Earlier, Wanted};
use crate::{
    Baseline, Error, Progress, Settings, Watch, Windows, gather,
    window::{Calendar, Every},
};

/// Whole windows of the baseline that it takes to say what is usual.
pub(super) const MIN_VOLUMES: usize = 3;

/// Refuses results (or a baseline) inside captures: the next run would read them.
pub(crate) fn apart(captures: &Location, results: &Location) -> Result<(), Error> {
    if captures.contains(results) {
        return Err(Error::Setting {
            name: "out".to_owned(),
            reason: format!("expected a folder outside the captures `{captures}`, found `{results}`"),
        });
    }
    Ok(())
}

/// The settings with a range that starts and ends with whole windows and whole dates: a part of a window is not
/// comparable, and would replace the whole one that an earlier run wrote.
pub(super) fn whole_windows(settings: &Settings) -> Result<(Settings, Option<String>), Error> {
    if let (Some(from), Some(to)) = (settings.windows.from, settings.windows.to)
        && from >= to
    {
        return Err(Error::Setting { name: "from / to".to_owned(), reason: "the range is empty".to_owned() });
    }
    settings.windows.compare.check(settings.windows.every)?;
    let mut settings = settings.clone();
    let windows = &mut settings.windows;
    let mut calendar = Calendar::new(windows.every, windows.timezone.clone());
    let mut days = Calendar::new(Every::Day, windows.timezone.clone());
    let before = (windows.from, windows.to);
    windows.from = windows.from.map(|from| {
        let start = calendar.window_of(from).map_or(from, |window| window.start);
        if matches!(windows.every, Every::Hours(_)) {
            days.window_of(start).map_or(start, |day| day.start)
        } else {
            start
        }
    });
    windows.to = windows.to.map(|to| {
        let last = to.saturating_sub(1);
        let end = calendar.window_of(last).map_or(to, |window| window.end);
        if matches!(windows.every, Every::Hours(_)) {
            days.window_of(last).map_or(end, |day| day.end.max(end))
        } else {
            end
        }
    });
    let widened = before != (windows.from, windows.to);
    let note = "the range was widened to whole windows and dates: part of a window cannot be compared";
    Ok((settings, widened.then(|| note.to_owned())))
}

/// The range of times that is asked for.
pub(crate) fn range(settings: &Settings) -> Option<(i64, i64)> {
    let (from, to) = (settings.windows.from, settings.windows.to);
    (from.is_some() || to.is_some()).then(|| (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX)))
}

/// A plan for a run over windows, which need a time.
pub(super) fn for_windows(
    store: &Store,
    captures: &Location,
    listed: Listed,
    settings: &Settings,
    watch: Watch<'_>,
    baseline: &Spec,
    others: bool,
) -> Result<Plan, Error> {
    let options = options(settings);
    let plan = store.plan_listed(listed, &options, &|progress| tell(watch, progress))?;
    // What was read before has the columns that are named: they are part of what it was read under.
    if !others {
        usable(&plan, captures, &options, settings, Some(baseline))?;
    }
    if settings.roles.timestamp.is_none() {
        let mut candidates = BTreeSet::new();
        for schema in plan.sources.iter().filter_map(|source| source.schema.as_ref()) {
            let times = schema.fields().iter().filter(|field| {
                matches!(field.data_type(), DataType::Timestamp(..) | DataType::Date32 | DataType::Date64)
            });
            candidates.extend(times.map(|field| format!("`{}`", field.name())));
        }
        let hint = match candidates.len() {
            0 => "no column has a type of time; name the one that holds it".to_owned(),
            _ => format!("candidates: {}", candidates.into_iter().collect::<Vec<_>>().join(", ")),
        };
        return Err(Error::Setting {
            name: "timestamp".to_owned(),
            reason: format!(
                "windows need the column that holds the time of a record (--timestamp COL); {hint}"
            ),
        });
    }
    Ok(plan)
}

/// Opens captures that were listed; refuses names of columns that none of them has.
pub(crate) fn plan_captures(
    store: &Store,
    captures: &Location,
    listed: Listed,
    settings: &Settings,
    watch: Watch<'_>,
    baseline: Option<&Spec>,
) -> Result<Plan, Error> {
    let options = options(settings);
    let plan = store.plan_listed(listed, &options, &|progress| tell(watch, progress))?;
    usable(&plan, captures, &options, settings, baseline)?;
    Ok(plan)
}

/// What a plan looks for.
pub(crate) fn options(settings: &Settings) -> PlanOptions {
    PlanOptions {
        timestamp: settings.roles.timestamp.clone(),
        range: range(settings),
        records: settings.records.clone(),
        texts: settings.roles.id.iter().cloned().collect(),
    }
}

/// Lists captures.
pub(crate) fn list(store: &Store, captures: &Location, watch: Watch<'_>) -> Result<Listed, Error> {
    Ok(store.list(captures, &|progress| tell(watch, progress))?)
}

fn tell(watch: Watch<'_>, progress: PlanProgress) {
    (watch.progress)(Progress { listed: progress.listed, ..Progress::default() });
}

/// A sentence for captures that have to be read again although they have not changed.
pub(super) fn settings_note(earlier: &Earlier<'_>, wanted: &Wanted<'_>) -> Option<String> {
    let entries = earlier.state.entries.values();
    let again =
        entries.filter(|entry| entry.spec != wanted.spec && wanted.captures.covers(&entry.id)).count();
    (again > 0).then(|| {
        format!(
            "{again} captures are read again: the bins of the baseline, the roles of columns or the format of profiles \
             are not those they were read under"
        )
    })
}

/// Whether windows of a date are asked for.
pub(super) fn is_date_within(date: &str, settings: &Settings) -> bool {
    let Ok(start) = Windows::parse_bound(date, &settings.windows.timezone) else { return false };
    settings.windows.from.is_none_or(|from| start >= from) && settings.windows.to.is_none_or(|to| start < to)
}

/// Refuses captures of which none can be used, and names of columns that none of them has.
fn usable(
    plan: &Plan,
    captures: &Location,
    options: &PlanOptions,
    settings: &Settings,
    baseline: Option<&Spec>,
) -> Result<(), Error> {
    // A column of the baseline that the captures have lost is a finding, not a slip of the pen.
    let known = |name: &str| baseline.is_some_and(|spec| spec.position(name).is_some());
    if options.range.is_some() && options.timestamp.is_none() {
        return Err(Error::Setting {
            name: "from / to".to_owned(),
            reason: "a range needs the column that holds the time of a record (--timestamp COL)".to_owned(),
        });
    }
    let columns: BTreeSet<&str> = plan
        .sources
        .iter()
        .filter_map(|source| source.schema.as_ref())
        .flat_map(|schema| schema.fields().iter().map(|field| field.name().as_str()))
        .collect();
    let ready = plan.sources.iter().any(|source| matches!(source.status, PlanStatus::Ready));
    // Nothing in a range that was asked for is an outage, and its windows say so.
    let outage = options.range.is_some_and(|(from, to)| from > i64::MIN && to < i64::MAX)
        && plan.sources.iter().all(|source| matches!(source.status, PlanStatus::OutsideRange(_)));
    if outage {
        return Ok(());
    }
    if !ready {
        let first = plan.sources.iter().find_map(|source| match &source.status {
            PlanStatus::Quarantined(reason) => Some((&source.source.path, reason)),
            _ => None,
        });
        let reason = match first {
            Some((path, reason)) => {
                let reason = gather::plain_reason(path, reason);
                format!("no capture in `{captures}` can be used; the first, {path}: {reason}")
            }
            None => format!("no capture in `{captures}` lies in the range: check --from and --to"),
        };
        return Err(Error::NoData { reason });
    }
    let segments = settings.segment_by.iter().map(|name| ("segment_by", name.as_str()));
    let unknown = |setting: &str, name: &str| Error::Unknown {
        what: "column",
        found: name.to_owned(),
        hint: nearest(setting, name, &columns),
    };
    for (setting, name) in settings.of_outcomes() {
        let parent = name.split_once('.').map_or(name, |(parent, _)| parent);
        if !columns.contains(name) && !columns.contains(parent) && !known(name) {
            return Err(unknown(setting, name));
        }
    }
    let attribution = &settings.attribution;
    if let Some(pattern) = baseline.and_then(|spec| attribution.unknown(spec)) {
        return Err(Error::Setting {
            name: "attribution.columns".to_owned(),
            reason: format!(
                "the baseline has no column `{pattern}`: make it from data with attributions, or check the name"
            ),
        });
    }
    let among = || attribution.unknown_among(columns.iter().map(|name| &**name));
    if let Some(pattern) = baseline.is_none().then(among).flatten() {
        return Err(unknown("attribution.columns", pattern));
    }
    for (setting, name) in settings.roles.named().chain(segments) {
        // Labels come later, from elsewhere.
        let needed = ["timestamp", "segment_by"].contains(&setting);
        if setting != "label" && !columns.contains(name) && (needed || !known(name)) {
            return Err(unknown(setting, name));
        }
    }
    Ok(())
}

fn nearest(setting: &str, name: &str, columns: &BTreeSet<&str>) -> String {
    let mut near: Vec<_> =
        columns.iter().map(|column| (strsim::jaro_winkler(name, column), *column)).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<_> = near.iter().take(3).map(|(_, column)| format!("`{column}`")).collect();
    format!("`{setting}` names it; nearest: {}", near.join(", "))
}

/// Earliest time of the sources from each position on.
pub(super) fn frontier(plan: &Plan) -> Vec<i64> {
    let mut frontier = vec![i64::MAX; plan.sources.len() + 1];
    for (index, source) in plan.sources.iter().enumerate().rev() {
        let first = match source.status {
            PlanStatus::Ready => source.time.map_or(i64::MIN, |(first, _)| first),
            _ => i64::MAX,
        };
        frontier[index] = frontier[index + 1].min(first);
    }
    frontier
}

/// Rows of the baseline's whole windows, ascending. The first and the last may be cut off, so they are left out.
pub(super) fn volumes(baseline: &Baseline, calendar: &mut Calendar, every: Every) -> Vec<u64> {
    if every == Every::All {
        return Vec::new();
    }
    let mut windows: BTreeMap<i64, u64> = BTreeMap::new();
    for (&hour, &rows) in &baseline.hours {
        if let Some(window) = hour.checked_mul(3_600_000_000).and_then(|micros| calendar.window_of(micros)) {
            let window: &mut u64 = windows.entry(window.start).or_default();
            *window = window.saturating_add(rows);
        }
    }
    windows.pop_first();
    windows.pop_last();
    let mut volumes: Vec<u64> = windows.into_values().collect();
    volumes.sort_unstable();
    if volumes.len() < MIN_VOLUMES { Vec::new() } else { volumes }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn more_rows_than_can_be_counted_are_the_most_that_can() {
        let document = br#"{"version": 0.0, "features": []}"#;
        let baseline = Baseline {
            spec: Spec::default(),
            profiles: BTreeMap::new(),
            hours: (0..24 * 400).map(|hour| (hour, u64::MAX)).collect(),
            constraints: serde_json::from_slice(document).unwrap(),
            rank_errors: Vec::new(),
            outcomes: None,
            others: Default::default(),
            digest: String::new(),
        };
        let volumes = volumes(&baseline, &mut Calendar::new(Every::Day, TimeZone::UTC), Every::Day);
        assert_eq!(volumes, [u64::MAX; 398]);
    }
}
