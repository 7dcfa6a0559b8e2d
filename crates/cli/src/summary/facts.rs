//! From the outcome of a run to the facts of its summary.

use std::{cmp::Reverse, collections::BTreeMap};

use monitor::{Location, Outcome, Settings, tables::WindowStatus};

use super::{Broken, Files, Next, Quality, Quarantined, Summary, Windows, WorstFeature, WorstWindow};
use crate::{print, program, time};

/// Windows and features that are named.
const NAMED: usize = 8;

/// Where a run read and wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) captures: &'a Location,
    pub(crate) baseline: &'a Location,
    pub(crate) results: &'a Location,
}

impl Summary {
    pub(crate) fn new(outcome: &Outcome, settings: &Settings, places: Places<'_>) -> Self {
        let worst_windows = worst_windows(outcome, settings);
        let next = next(outcome, &worst_windows, &places.results.to_string());
        let all_records = || outcome.windows.iter().filter(|window| window.key.segment.is_none());
        let constraints = || outcome.constraints.values();
        Self {
            monitor: settings.monitor.clone(),
            captures: places.captures.to_string(),
            baseline: places.baseline.to_string(),
            results: places.results.to_string(),
            timezone: settings.windows.timezone.iana_name().unwrap_or("UTC").to_owned(),
            interrupted: outcome.interrupted,
            windows: windows(outcome, settings),
            files: Files {
                read: outcome.progress.sources_done,
                reused: outcome.changes.reused,
                new: outcome.changes.new,
                changed: outcome.changes.changed,
                gone: outcome.changes.gone,
                bytes: outcome.progress.bytes_done,
                outside_range: outcome.outside_range,
                quarantined: outcome.quarantined.len() as u64,
                not_captures: outcome.other_objects,
            },
            rows: all_records().map(|window| window.rows).sum(),
            rows_without_time: outcome.rows_without_time,
            baseline_rows: all_records().map(|window| window.baseline_rows).max().unwrap_or_default(),
            violations: constraints().map(|constraint| constraint.violations).sum(),
            warnings: constraints().map(|constraint| constraint.warnings).sum(),
            quality: Quality::of(outcome, &settings.windows.timezone),
            quarantined: quarantined(&outcome.quarantined),
            worst_windows,
            worst_features: worst_features(outcome, settings),
            notes: outcome
                .notes
                .iter()
                .cloned()
                .chain(outcome.bad_lines.note())
                .chain(nothing(outcome))
                .chain(always_broken(outcome))
                .collect(),
            next,
        }
    }
}

fn windows(outcome: &Outcome, settings: &Settings) -> Windows {
    let zone = &settings.windows.timezone;
    let mut windows = Windows { every: settings.windows.every.to_string(), ..Windows::default() };
    for window in &outcome.windows {
        if window.key.segment.is_some() {
            windows.of_segments += 1;
            continue;
        }
        windows.count += 1;
        *match window.status {
            WindowStatus::Completed => &mut windows.completed,
            WindowStatus::CompletedWithViolations => &mut windows.completed_with_violations,
            WindowStatus::NoData => &mut windows.no_data,
            WindowStatus::Failed => &mut windows.failed,
        } += 1;
    }
    windows.written = outcome.windows_written;
    let first = outcome.windows.iter().map(|window| window.key.window_start).min();
    let last = outcome.windows.iter().map(|window| window.key.window_end).max();
    windows.first = first.map(|start| time::show(start, zone));
    windows.last = last.map(|end| time::show_last(end, zone));
    windows
}

fn worst_windows(outcome: &Outcome, settings: &Settings) -> Vec<WorstWindow> {
    let zone = &settings.windows.timezone;
    let worst = outcome.worst_windows(NAMED).into_iter();
    worst
        .map(|worst| WorstWindow {
            window: time::show(worst.window.key.window_start, zone),
            window_start: time::rfc3339(worst.window.key.window_start),
            window_end: time::rfc3339(worst.window.key.window_end),
            rows: worst.window.rows,
            violations: worst.window.violations,
            weight: worst.weight,
            broken: worst
                .broken
                .iter()
                .map(|here| Broken {
                    segment: here.constraint.segment.as_deref().map(str::to_owned),
                    feature: here.constraint.feature.as_deref().map(str::to_owned),
                    check: here.constraint.check,
                    metric: here.breach.metric.to_string(),
                    value: here.breach.value,
                    baseline_value: here.breach.baseline_value,
                    threshold: here.breach.threshold,
                    severity: here.breach.severity.name(),
                    windows: here.windows,
                })
                .collect(),
        })
        .collect()
}

fn worst_features(outcome: &Outcome, settings: &Settings) -> Vec<WorstFeature> {
    let zone = &settings.windows.timezone;
    let mut features: Vec<_> = outcome.features.iter().collect();
    features.retain(|(_, feature)| feature.violations + feature.warnings > 0);
    features.sort_by_key(|(_, feature)| Reverse((feature.violations, feature.warnings)));
    let features = features.into_iter().take(NAMED);
    features
        .map(|(name, feature)| {
            let worst = feature.worst.as_ref();
            WorstFeature {
                feature: name.clone(),
                violations: feature.violations,
                warnings: feature.warnings,
                since: time::show(feature.first, zone),
                worst_window: worst.map(|row| time::show(row.key.window_start, zone)),
                check: worst.map(|row| row.check),
                metric: worst.map(|row| row.metric.to_string()),
                value: worst.and_then(|row| row.value),
                baseline_value: worst.and_then(|row| row.baseline_value),
                threshold: worst.and_then(|row| row.threshold),
            }
        })
        .collect()
}

/// A remark on results without a window.
fn nothing(outcome: &Outcome) -> Option<String> {
    let why = "no window has a record: check --timestamp, --from and --to";
    (outcome.windows.is_empty() && !outcome.interrupted).then(|| why.to_owned())
}

/// A remark on features that are broken in nearly all of many windows.
fn always_broken(outcome: &Outcome) -> Option<String> {
    let windows = outcome.windows.iter().filter(|window| window.rows > 0).count() as u64;
    let nearly_all = |violations: u64| windows >= 10 && violations * 10 >= windows * 9;
    let features = outcome.features.iter().filter(|(_, feature)| nearly_all(feature.violations));
    let names: Vec<_> = features.map(|(name, _)| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| {
        format!(
            "violated in nearly every window: {}; where that says nothing, make the baseline from longer data, raise their thresholds in its constraints.json, or leave them out with --ignore",
            names.join(", ")
        )
    })
}

/// A reason without its numbers: a torn file is a torn file, wherever it is torn.
fn kind(reason: &str) -> String {
    let mut kind = reason.replace(|c: char| c.is_ascii_digit(), "0");
    while kind.contains("00") {
        kind = kind.replace("00", "0");
    }
    kind
}

/// Grouped by reason, the commonest first, with the words of the first; the path is not part of it.
pub(crate) fn quarantined(files: &[(String, String)]) -> Vec<Quarantined> {
    let mut reasons: BTreeMap<String, Quarantined> = BTreeMap::new();
    for (path, reason) in files {
        let reason = print::reason(path, reason);
        let group = reasons.entry(kind(&reason)).or_insert_with(|| Quarantined { reason, files: Vec::new() });
        group.files.push(path.clone());
    }
    let mut groups: Vec<_> = reasons.into_values().collect();
    groups.sort_by_key(|group| Reverse(group.files.len()));
    groups
}

fn next(outcome: &Outcome, worst: &[WorstWindow], results: &str) -> Vec<Next> {
    let program = program();
    let mut next = Vec::new();
    if outcome.windows.is_empty() {
        return next;
    }
    if let Some(worst) = worst.first() {
        let command = format!("{program} explain {} --window {}", print::quoted(results), worst.window);
        next.push(Next { about: "why a window was found broken", command });
    }
    if !results.contains("://") || results.starts_with("s3://") {
        let table = |name: &str| format!("'{}/{name}/**/*.parquet'", results.replace('\'', "''"));
        let query = match worst.is_empty() {
            false => format!(
                "SELECT feature, metric, count(*) AS windows, min(window_date) AS first, max(value) AS worst FROM {} WHERE severity = 'violation' GROUP BY ALL ORDER BY windows, worst DESC",
                table("violations")
            ),
            true => format!(
                "SELECT window_date, segment, rows, status FROM {} ORDER BY ALL LIMIT 20",
                table("windows")
            ),
        };
        let quoted = if query.contains(['"', '$', '`', '\\', '!']) {
            print::quoted(&query)
        } else {
            format!("\"{query}\"")
        };
        let command = format!("duckdb -c {quoted}");
        next.push(Next {
            about: "the tables in DuckDB or any reader of Parquet; here, what broke in the fewest windows",
            command,
        });
    }
    next
}
