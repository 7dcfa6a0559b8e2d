//! Why a window alarmed, read from the result tables.

use std::collections::BTreeMap;

use store::{Location, Store};

use crate::{
    Error, Windows,
    notable::{Notable, notable},
    tables::{Contribution, Row, rows},
};

/// A window and what is broken in it.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// Start of the window, microseconds since 1970 UTC.
    pub window_start: i64,
    /// End of the window.
    pub window_end: i64,
    /// Records in it.
    pub rows: i64,
    /// Records of the baseline.
    pub baseline_rows: i64,
    /// Status of the window.
    pub status: String,
    /// What broke, worst first.
    pub moved: Vec<Moved>,
    /// How predictions turned out and how answers came, family by family.
    pub notable: Vec<Notable>,
}

/// One constraint found broken.
#[derive(Debug, Clone, Default)]
pub struct Moved {
    /// Segment; `None` for all rows.
    pub segment: Option<String>,
    /// Feature; `None` for the window as a whole.
    pub feature: Option<String>,
    /// Check.
    pub check: String,
    /// Metric.
    pub metric: String,
    /// `warning` or `violation`.
    pub severity: String,
    /// Value.
    pub value: Option<f64>,
    /// Threshold of a violation.
    pub threshold: Option<f64>,
    /// The same number on the baseline.
    pub baseline_value: Option<f64>,
    /// One sentence.
    pub description: String,
    /// Start of the first window of the unbroken run of windows with this violation that ends here.
    pub since: i64,
    /// Length of that run in windows.
    pub windows: u64,
    /// Bins that moved most.
    pub bins: Vec<Contribution>,
    /// Segments of this window in which the same feature and check broke, with the value.
    pub segments: Vec<(String, f64)>,
    /// Captures that hold the offending rows.
    pub sources: Vec<String>,
}

/// Identifies a constraint over time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Constraint {
    segment: Option<String>,
    feature: Option<String>,
    check: String,
    /// Metric; of groups, which metric of which of them.
    what: String,
}

/// Explains a window of results: a date, or a time that lies in it.
///
/// # Errors
/// [`Error::Results`] when there are no results, or no such window.
pub fn explain(
    store: &Store,
    results: &Location,
    window: &str,
    feature: Option<&str>,
) -> Result<Explanation, Error> {
    let refuse = |reason: String| Error::Results { place: results.to_string(), reason };
    let windows = store.read_table(&results.join("windows")?, &|_| true)?;
    let spans: Vec<(i64, i64)> = rows(&windows)
        .filter(|row| row.text("segment").is_none())
        .filter_map(|row| Some((row.time("window_start")?, row.time("window_end")?)))
        .collect();
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
        return Err(refuse("expected the tables of a backfill, found none".to_owned()));
    };
    let wanted = Windows::parse_bound(window, &jiff::tz::TimeZone::UTC)?;
    let known = dates(store, results)?;
    // A date names the window that starts on it, in whatever zone the run had; a time the one that holds it.
    let found = if known.contains(&window.to_owned()) {
        let batches = store.read_table(&results.join("windows")?, &|date| date == window)?;
        let broken = rows(&batches).max_by_key(|row| row.integer("violations").unwrap_or(0));
        broken.and_then(|row| Some((row.time("window_start")?, row.time("window_end")?)))
    } else {
        spans.iter().copied().find(|(start, end)| (*start..*end).contains(&wanted))
    };
    let Some((start, end)) = found else {
        let stamp = |micros: i64| {
            jiff::Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), |t| t.to_string())
        };
        return Err(refuse(format!(
            "no window `{window}`; they run from {} to {}",
            stamp(first.0),
            stamp(last.1)
        )));
    };
    let mut explanation = Explanation {
        window_start: start,
        window_end: end,
        notable: notable(store, results, start, feature)?,
        ..Explanation::default()
    };
    for row in
        rows(&windows).filter(|row| row.time("window_start") == Some(start) && row.text("segment").is_none())
    {
        explanation.rows = row.integer("rows").unwrap_or(0);
        explanation.baseline_rows = row.integer("baseline_rows").unwrap_or(0);
        explanation.status = row.text("status").unwrap_or_default().to_owned();
    }
    let violations = store.read_table(&results.join("violations")?, &|_| true)?;
    let mut history: BTreeMap<Constraint, Vec<i64>> = BTreeMap::new();
    // Segments with their values, by what broke.
    let mut by_segment: BTreeMap<Constraint, Vec<(String, f64)>> = BTreeMap::new();
    for row in rows(&violations) {
        let (Some(at), constraint) = (row.time("window_start"), constraint(row)) else { continue };
        if at == start
            && let (Some(segment), Some(value)) = (&constraint.segment, row.number("value"))
        {
            let of_all = Constraint { segment: None, ..constraint.clone() };
            by_segment.entry(of_all).or_default().push((segment.clone(), value));
        }
        history.entry(constraint).or_default().push(at);
    }
    let starts: Vec<i64> = spans.iter().map(|(start, _)| *start).collect();
    for row in rows(&violations).filter(|row| row.time("window_start") == Some(start)) {
        let constraint = constraint(row);
        let is_named = |name: &str| {
            constraint.feature.as_deref() == Some(name) || row.texts("features").iter().any(|one| one == name)
        };
        if feature.is_some_and(|name| !is_named(name)) {
            continue;
        }
        let (since, windows) =
            run_before(&starts, start, history.get(&constraint).map_or(&[], Vec::as_slice));
        let segments = by_segment.get(&constraint).cloned().unwrap_or_default();
        let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
        explanation.moved.push(Moved {
            metric: text("metric"),
            severity: text("severity"),
            value: row.number("value"),
            threshold: row.number("threshold"),
            baseline_value: row.number("baseline_value"),
            description: text("description"),
            since,
            windows,
            bins: row.contributions(),
            segments,
            sources: row.texts("sources"),
            segment: constraint.segment,
            feature: constraint.feature,
            check: constraint.check,
        });
    }
    // Violations before warnings, all rows before segments, what is new before what has long been so.
    explanation.moved.sort_by(|a, b| {
        let rank = |m: &Moved| (m.severity != "violation", m.segment.is_some(), m.windows);
        rank(a).cmp(&rank(b)).then_with(|| b.value.unwrap_or(0.0).total_cmp(&a.value.unwrap_or(0.0)))
    });
    Ok(explanation)
}

/// The unbroken run of windows up to `start` in which a constraint broke: its first window, its length.
fn run_before(starts: &[i64], start: i64, broken: &[i64]) -> (i64, u64) {
    let mut since = (start, 0);
    for &at in starts.iter().rev().skip_while(|at| **at > start) {
        if broken.binary_search(&at).is_err() {
            break;
        }
        since = (at, since.1 + 1);
    }
    since
}

fn dates(store: &Store, results: &Location) -> Result<Vec<String>, Error> {
    let folders = store.list_folder(&results.join("windows")?)?;
    Ok(folders.iter().filter_map(|name| name.strip_prefix("window_date=")).map(str::to_owned).collect())
}

fn constraint(row: Row<'_>) -> Constraint {
    let text = |name: &str| row.text(name).map(str::to_owned);
    // `DPPL of SEX = 2 against the others: 0.2, ...`
    let group = row.text("description").and_then(|text| text.split_once(" against the others"));
    Constraint {
        segment: text("segment"),
        feature: text("feature"),
        check: text("check").unwrap_or_default(),
        what: group.map(|(group, _)| group).or(row.text("metric")).unwrap_or_default().to_owned(),
    }
}
