//! `explain`: why a window was found broken.

mod scores;

use std::{collections::BTreeSet, fmt::Write as _};

use anyhow::Context as _;
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use monitor::Explanation;
use scores::Score;
use serde::Serialize;

use crate::{
    args::{Common, Explain, Resources},
    exit, print, program, settings, time,
};

/// Constraints that the text explains in full; the rest is named.
const EXPLAINED: usize = 8;

/// What was found. Member names are stable.
#[derive(Debug, Serialize)]
struct Explained {
    results: String,
    window: String,
    window_start: Option<String>,
    window_end: Option<String>,
    feature: Option<String>,
    status: String,
    rows: i64,
    baseline_rows: i64,
    moved: Vec<Moved>,
    /// How predictions turned out and how answers came.
    scores: Vec<Score>,
    /// Features that are broken, where the one asked for is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Moved {
    segment: Option<String>,
    feature: Option<String>,
    check: String,
    metric: String,
    severity: String,
    value: Option<f64>,
    threshold: Option<f64>,
    baseline_value: Option<f64>,
    description: String,
    /// First window of the unbroken run of broken windows that ends here.
    since: String,
    /// Length of that run.
    windows: u64,
    bins: Vec<Bin>,
    segments: Vec<Segment>,
    sources: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Bin {
    bin: String,
    baseline_ratio: f64,
    ratio: f64,
    contribution: f64,
}

#[derive(Debug, Serialize)]
struct Segment {
    segment: String,
    value: f64,
}

pub(crate) fn run(common: &Common, args: &Explain) -> anyhow::Result<u8> {
    let config = settings::config(common)?;
    let configured = config.monitor.results.as_deref();
    let results =
        settings::place(args.results.as_deref(), "RESULTS", &config, "monitor.results", configured)?;
    let store = settings::store(Resources { threads: Some(2), memory: 0 })?;
    let found =
        monitor::explain(&store, &results, &args.window, args.feature.as_deref()).context("explain")?;
    let mut explained = Explained::new(results.to_string(), args, found);
    if explained.moved.is_empty() && args.feature.is_some() {
        let all = monitor::explain(&store, &results, &args.window, None).context("explain")?;
        let features: BTreeSet<_> = all.moved.into_iter().filter_map(|moved| moved.feature).collect();
        explained.others = features.into_iter().collect();
    }
    print::result(common.format, &explained, Explained::text)?;
    Ok(exit::DONE)
}

impl Explained {
    fn new(results: String, args: &Explain, found: Explanation) -> Self {
        let zone = zone(&args.window, found.window_start);
        let moved = found.moved.into_iter();
        Self {
            results,
            window: args.window.clone(),
            window_start: time::rfc3339(found.window_start),
            window_end: time::rfc3339(found.window_end),
            feature: args.feature.clone(),
            status: found.status,
            rows: found.rows,
            baseline_rows: found.baseline_rows,
            others: Vec::new(),
            scores: found.notable.into_iter().map(Score::of).collect(),
            moved: moved
                .map(|moved| Moved {
                    segment: moved.segment,
                    feature: moved.feature,
                    check: moved.check,
                    metric: moved.metric,
                    severity: moved.severity,
                    value: moved.value,
                    threshold: moved.threshold,
                    baseline_value: moved.baseline_value,
                    description: moved.description,
                    since: since(moved.since, &zone),
                    windows: moved.windows,
                    bins: moved
                        .bins
                        .into_iter()
                        .map(|bin| Bin {
                            bin: bin.bin,
                            baseline_ratio: bin.baseline_ratio,
                            ratio: bin.ratio,
                            contribution: bin.contribution,
                        })
                        .collect(),
                    segments: moved
                        .segments
                        .into_iter()
                        .map(|(segment, value)| Segment { segment, value })
                        .collect(),
                    sources: moved.sources,
                })
                .collect(),
        }
    }

    fn text(&self) -> String {
        let rows = |rows: i64| print::count(u64::try_from(rows).unwrap_or_default());
        let mut text = format!(
            "window {}: {}, {} rows, compared with {} of the baseline\n",
            print::plain(&self.window),
            self.status.replace('_', " "),
            rows(self.rows),
            rows(self.baseline_rows),
        );
        if let (Some(start), Some(end)) = (&self.window_start, &self.window_end) {
            let _ = writeln!(text, "{start} to {end}");
        }
        if self.moved.is_empty() {
            let of = self
                .feature
                .as_deref()
                .map(|name| format!(" of `{}`", print::plain(name)))
                .unwrap_or_default();
            let _ = writeln!(text, "\nno constraint{of} was found broken in it");
            if !self.others.is_empty() {
                let _ = writeln!(text, "broken in it: {}", print::plain(&self.others.join(", ")));
            }
        }
        for moved in self.moved.iter().take(EXPLAINED) {
            moved.text(&mut text);
        }
        if self.moved.len() > EXPLAINED {
            let rest = rest(self.moved.iter().skip(EXPLAINED).map(Moved::name));
            let _ = writeln!(text, "\nand {} more: {rest}", self.moved.len() - EXPLAINED);
        }
        scores::text(&self.scores, &mut text);
        if self.moved.len() > EXPLAINED {
            let (results, window) = (print::quoted(&self.results), print::quoted(&self.window));
            let _ = writeln!(
                text,
                "\nnext:\n  {} explain {results} --window {window} --feature FEATURE",
                program()
            );
        }
        text
    }
}

impl Moved {
    /// `origin=JFK dep_delay completeness`.
    fn name(&self) -> String {
        let parts = [self.segment.as_deref(), self.feature.as_deref(), Some(&self.check)];
        print::plain(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }

    fn text(&self, text: &mut String) {
        let _ = writeln!(text, "\n{}: {}", self.name(), self.severity);
        let _ = writeln!(text, "  {}", print::plain(&self.description));
        let mut line = format!("{} {}", self.metric, print::optional(self.value));
        for (name, value) in [("baseline", self.baseline_value), ("threshold", self.threshold)] {
            if let Some(value) = value {
                let _ = write!(line, ", {name} {}", print::number(value));
            }
        }
        let _ = writeln!(text, "  {line}");
        let _ = match self.windows {
            0 | 1 => writeln!(text, "  new in this window"),
            windows => writeln!(text, "  since {}, {} windows in a row", self.since, print::count(windows)),
        };
        if !self.bins.is_empty() {
            let rows = self.bins.iter().flat_map(|bin| {
                // Labels that are numbers have no bar.
                let bar = if bin.is_of_shares() { print::bar } else { |_| String::new() };
                let row = |name: &str, side: &str, ratio: f64| {
                    vec![name.to_owned(), side.to_owned(), print::number(ratio), bar(ratio)]
                };
                [row(&bin.bin, "baseline", bin.baseline_ratio), row("", "current", bin.ratio)]
            });
            // Of a relation the bins of a feature, with the label in them; of attributions features.
            let (bin, ratio) = match self.check.as_str() {
                "concept_drift" => ("  bin", "#label"),
                "attribution_drift" => ("  feature", "#share"),
                _ => ("  bin", "#share"),
            };
            text.push_str(&print::table(
                &[bin, "", ratio, ""],
                rows.map(|mut row| {
                    row[0].insert_str(0, "  ");
                    row
                }),
            ));
        }
        if !self.segments.is_empty() {
            let segments = self.segments.iter();
            let shown =
                segments.map(|one| format!("{} {}", print::plain(&one.segment), print::number(one.value)));
            let _ = writeln!(text, "  segments: {}", shown.collect::<Vec<_>>().join(", "));
        }
        if !self.sources.is_empty() {
            let _ = writeln!(text, "  captures: {}", print::plain(&self.sources.join(", ")));
        }
    }
}

impl Bin {
    fn is_of_shares(&self) -> bool {
        [self.baseline_ratio, self.ratio].iter().all(|ratio| (0.0..=1.0).contains(ratio))
    }
}

/// Names, those that occur several times with how often.
fn rest(names: impl Iterator<Item = String>) -> String {
    let mut counted: Vec<(String, u64)> = Vec::new();
    for name in names {
        match counted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, times)) => *times += 1,
            None => counted.push((name, 1)),
        }
    }
    let shown = counted.into_iter().map(|(name, times)| match times {
        1 => name,
        times => format!("{name} ({times})"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// The zone in which a window that was named by its date starts: a fixed offset, which is wrong by the hour that
/// clocks change by, so dates are rounded. UTC when the window was named by a time.
fn zone(window: &str, start: i64) -> Option<TimeZone> {
    let midnight = window.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let start = Timestamp::from_microsecond(start).ok()?;
    let seconds = i32::try_from(midnight.as_second() - start.as_second()).ok()?;
    jiff::tz::Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

fn since(micros: i64, zone: &Option<TimeZone>) -> String {
    let Some(zone) = zone else { return time::show(micros, &TimeZone::UTC) };
    let time = Timestamp::from_microsecond(micros).ok().map(|time| time.to_zoned(zone.clone()));
    let rounded = time.and_then(|time| time.checked_add(2.hours()).ok());
    rounded.map_or_else(|| "unknown".to_owned(), |time| time.date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_other_windows_are_those_of_the_zone() {
        let of = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let zone = zone("2013-07-01", of("2013-07-01T04:00:00Z"));
        assert_eq!(since(of("2013-02-09T05:00:00Z"), &zone), "2013-02-09");
        assert_eq!(since(of("2013-06-30T04:00:00Z"), &zone), "2013-06-30");
        assert_eq!(since(of("2013-06-30T04:00:00Z"), &None), "2013-06-30T04:00:00Z");
    }
}
