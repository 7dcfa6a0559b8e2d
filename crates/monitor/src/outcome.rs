//! What a run found, small enough to keep in memory however long the run was.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use store::LeftOut;

use crate::{
    Changes, QualityOutcome,
    tables::{ScoreRow, Severity, ViolationRow, WindowRow},
};

/// Counters while a run goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Captures found so far while planning.
    pub listed: u64,
    /// Captures planned, once planning is over.
    pub sources: u64,
    /// Captures done.
    pub sources_done: u64,
    /// Rows planned.
    pub rows: u64,
    /// Rows done.
    pub rows_done: u64,
    /// Bytes planned.
    pub bytes: u64,
    /// Bytes done.
    pub bytes_done: u64,
    /// Windows written.
    pub windows: u64,
    /// Violations found.
    pub violations: u64,
}

/// What a backfill or check found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One entry a window and segment, in order of time.
    pub windows: Vec<WindowRow>,
    /// By feature: in how many windows it was found broken, and the worst of them.
    pub features: BTreeMap<String, FeatureOutcome>,
    /// By segment, feature and check: in how many windows a constraint was found broken, and the worst of them.
    /// Filled by [`Outcome::observe`].
    pub constraints: BTreeMap<ConstraintKey, ConstraintOutcome>,
    /// How right predictions were over the windows, where they have labels.
    pub quality: Option<QualityOutcome>,
    /// Records that predictions can be told right or wrong of: all, and those with a label.
    pub labels: Option<(u64, u64)>,
    /// Captures set aside: path and reason.
    pub quarantined: Vec<(String, String)>,
    /// Rows whose time is null or unreadable.
    pub rows_without_time: u64,
    /// Lines of captures that are no records.
    pub bad_lines: BadLines,
    /// Captures left out because their partition or their times lie outside the range.
    pub outside_range: u64,
    /// Objects below the captures folder that are not captures.
    pub other_objects: u64,
    /// Remarks that a reader of the results should know, each one sentence.
    pub notes: Vec<String>,
    /// Columns that were not profiled from their Parquet pages but through Arrow, with the reason.
    pub handed_over: BTreeMap<String, String>,
    /// Counters at the end.
    pub progress: Progress,
    /// Windows whose tables were written; those of the others were up to date.
    pub windows_written: u64,
    /// What had to be read, and what not.
    pub changes: Changes,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
    /// For `check`: all violations and scores of the one window.
    pub detail: Option<Detail>,
}

/// Lines that were left out, over all captures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BadLines {
    /// How many.
    pub lines: u64,
    /// Captures that they are in.
    pub files: u64,
    /// By reason.
    pub reasons: BTreeMap<String, u64>,
    /// Where the first is, and how it begins.
    pub first: Option<String>,
}

impl BadLines {
    /// Adds those of a capture.
    pub(crate) fn add(&mut self, path: &str, left_out: &LeftOut) {
        let Some(first) = left_out.first.first() else { return };
        self.lines += left_out.count();
        self.files += 1;
        for (reason, lines) in &left_out.reasons {
            *self.reasons.entry(reason.clone()).or_default() += lines;
        }
        self.first.get_or_insert_with(|| format!("{path}, line {}: {}", first.number, first.quote));
    }

    /// One sentence, if there are any.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let more = reasons.len().saturating_sub(5);
        let listed: Vec<_> =
            reasons.iter().take(5).map(|(reason, lines)| format!("{lines} {reason}")).collect();
        let more = if more == 0 { String::new() } else { format!(" and {more} reasons more") };
        let listed = listed.join(", ");
        let captures = if self.files == 1 { "1 capture" } else { &format!("{} captures", self.files) };
        let are = if self.lines == 1 { "line is no record and was" } else { "lines are no records and were" };
        Some(format!("{} {are} left out, in {captures}: {listed}{more}; the first: {first}", self.lines))
    }
}

/// Rows of the one window of a check.
#[derive(Debug, Default)]
pub struct Detail {
    /// Violations, worst first.
    pub violations: Vec<ViolationRow>,
    /// Scores.
    pub scores: Vec<ScoreRow>,
}

/// One feature over all windows.
#[derive(Debug, Clone, Default)]
pub struct FeatureOutcome {
    /// Windows and segments with a violation.
    pub violations: u64,
    /// Windows and segments with a warning but no violation.
    pub warnings: u64,
    /// Start of the first window found broken, microseconds since 1970 UTC.
    pub first: i64,
    /// The violation with the largest value.
    pub worst: Option<ViolationRow>,
}

/// Breaches kept for each constraint.
const KEPT: usize = 16;

/// A constraint of a segment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConstraintKey {
    /// `origin=JFK`; `None` for all rows.
    pub segment: Option<Arc<str>>,
    /// Feature; `None` for the window as a whole.
    pub feature: Option<Arc<str>>,
    /// Name of the check.
    pub check: &'static str,
}

/// One constraint over all windows; as large for a year as for a week.
#[derive(Debug, Clone, Default)]
pub struct ConstraintOutcome {
    /// Windows with a violation.
    pub violations: u64,
    /// Windows with a warning.
    pub warnings: u64,
    /// The worst breaches, worst first; at most 16.
    pub worst: Vec<Breach>,
}

/// One constraint broken in one window.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// Start of the window, microseconds since 1970 UTC.
    pub window_start: i64,
    /// Metric whose value broke it.
    pub metric: Cow<'static, str>,
    /// The value.
    pub value: Option<f64>,
    /// The same number on the baseline.
    pub baseline_value: Option<f64>,
    /// The threshold of a violation.
    pub threshold: Option<f64>,
    /// How bad it is.
    pub severity: Severity,
    /// How far it is from what the baseline has, 0 to 1.
    pub size: f64,
}

/// A window that stands out, with the constraints that make it do so.
#[derive(Debug, Clone)]
pub struct WorstWindow {
    /// Its row for all records, or that of its first segment.
    pub window: WindowRow,
    /// Constraints found broken in it, those first that add most to its weight.
    pub broken: Vec<BrokenHere>,
    /// What it is ordered by: the sum over `broken`.
    pub weight: f64,
}

/// A constraint broken in a window that stands out.
#[derive(Debug, Clone)]
pub struct BrokenHere {
    /// Which.
    pub constraint: ConstraintKey,
    /// How.
    pub breach: Breach,
    /// Windows in which the same constraint is broken, this one included.
    pub windows: u64,
    /// What it adds to the weight of the window.
    pub weight: f64,
}

impl Outcome {
    /// Violations and warnings found so far.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.constraints.values().map(|constraint| constraint.violations + constraint.warnings).sum()
    }
    /// Notes one row of `violations`; to be called once for each, in any order.
    pub fn observe(&mut self, row: &ViolationRow) {
        let key = ConstraintKey {
            segment: row.key.segment.clone(),
            feature: row.feature.clone(),
            check: row.check,
        };
        let constraint = self.constraints.entry(key).or_default();
        match row.severity {
            Severity::Violation => constraint.violations += 1,
            Severity::Warning => constraint.warnings += 1,
        }
        let breach = Breach {
            window_start: row.key.window_start,
            metric: row.metric.clone(),
            value: row.value,
            baseline_value: row.baseline_value,
            threshold: row.threshold,
            severity: row.severity,
            size: size(row),
        };
        let at = constraint.worst.partition_point(|kept| kept.is_worse_than(&breach));
        if at < KEPT {
            constraint.worst.insert(at, breach);
            constraint.worst.truncate(KEPT);
        }
    }

    /// Windows that stand out, most of all first.
    ///
    /// A breach weighs its size times the logarithm of how rare it is: one of half the windows weighs a seventh of
    /// one of three in three hundred. What breaks in every window, as the day of the week does in windows of a day,
    /// says nothing about any of them. What is missing and what has moved are told apart: a feature that moves all
    /// summer is no news when its values also leave their range, but is when they are gone. A window weighs what its
    /// features weigh, each with the heaviest of its checks and segments.
    #[must_use]
    pub fn worst_windows(&self, limit: usize) -> Vec<WorstWindow> {
        let mut scored: BTreeMap<Option<&str>, u64> = BTreeMap::new();
        let mut rows: BTreeMap<i64, &WindowRow> = BTreeMap::new();
        for window in &self.windows {
            *scored.entry(window.key.segment.as_deref()).or_default() += u64::from(window.rows > 0);
            rows.entry(window.key.window_start).or_insert(window);
        }
        let mut often: BTreeMap<Kind<'_>, u64> = BTreeMap::new();
        for (constraint, outcome) in &self.constraints {
            let often = often.entry(constraint.kind()).or_default();
            *often = (*often).max(outcome.violations + outcome.warnings);
        }
        let mut found: BTreeMap<i64, Vec<BrokenHere>> = BTreeMap::new();
        for (constraint, outcome) in &self.constraints {
            let broken = outcome.violations + outcome.warnings;
            let often = often.get(&constraint.kind()).copied().unwrap_or(broken);
            let windows = scored.get(&constraint.segment.as_deref()).copied().unwrap_or(often);
            let rarity = rarity(often, windows);
            for breach in &outcome.worst {
                found.entry(breach.window_start).or_default().push(BrokenHere {
                    constraint: constraint.clone(),
                    breach: breach.clone(),
                    windows: broken,
                    weight: breach.size * rarity,
                });
            }
        }
        let mut worst: Vec<WorstWindow> = found
            .into_iter()
            .filter_map(|(start, broken)| Some(WorstWindow::new((*rows.get(&start)?).clone(), broken)))
            .collect();
        // Stable: of windows that weigh the same the earlier comes first.
        worst.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        worst.truncate(limit);
        worst
    }
}

impl WorstWindow {
    fn new(window: WindowRow, mut broken: Vec<BrokenHere>) -> Self {
        broken.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let mut features = Vec::new();
        broken.retain(|here| {
            let known = features.contains(&here.constraint.feature);
            if !known {
                features.push(here.constraint.feature.clone());
            }
            !known
        });
        let weight = broken.iter().map(|here| here.weight).sum();
        Self { window, broken, weight }
    }
}

/// Segment, feature, and whether it is about values that are there at all or about what they are.
type Kind<'a> = (Option<&'a str>, Option<&'a str>, bool);

impl ConstraintKey {
    fn kind(&self) -> Kind<'_> {
        let presence = matches!(self.check, "completeness" | "missing_column" | "extra_column" | "data_type");
        (self.segment.as_deref(), self.feature.as_deref(), presence)
    }
}

impl Breach {
    fn is_worse_than(&self, other: &Self) -> bool {
        let order = self.severity.cmp(&other.severity).then(self.size.total_cmp(&other.size)).reverse();
        order.then(self.window_start.cmp(&other.window_start)).is_lt()
    }
}

/// Distance from the baseline's value (from nothing, where the baseline has none), at most 1; what has no value
/// at all, such as a feature that is gone, is as large as can be.
fn size(row: &ViolationRow) -> f64 {
    let Some(value) = row.value else { return 1.0 };
    let baseline = row.baseline_value.unwrap_or(0.0);
    ((value - baseline).abs() / baseline.abs().max(1.0)).clamp(0.0, 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "numbers of windows are small")]
fn rarity(broken: u64, windows: u64) -> f64 {
    ((windows.max(broken) + 1) as f64 / broken.max(1) as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Family, Key, WindowStatus};

    fn key(day: i64) -> Key {
        Key { monitor: "m".into(), window_start: day, window_end: day + 1, segment: None }
    }

    fn row(day: i64, feature: &str, value: f64) -> ViolationRow {
        ViolationRow {
            key: key(day),
            feature: Some(feature.into()),
            features: vec![feature.into()],
            family: Family::Drift,
            check: "baseline_drift",
            metric: "kolmogorov_smirnov".into(),
            value: Some(value),
            threshold: Some(0.1),
            comparison: None,
            baseline_value: None,
            severity: Severity::Violation,
            rows: 10,
            description: String::new(),
            top_contributions: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// A year in which `season` is far off every day and `gap` on days 40 and 41 only.
    fn year() -> Outcome {
        let mut outcome = Outcome::default();
        for day in 0..365 {
            outcome.windows.push(WindowRow {
                key: key(day),
                status: WindowStatus::CompletedWithViolations,
                rows: 10,
                baseline_rows: 10,
                files: 1,
                violations: 1,
                features_drifted: 1,
                reason: None,
            });
            outcome.observe(&row(day, "season", 0.99));
        }
        outcome.observe(&row(41, "gap", 0.7));
        outcome.observe(&row(40, "gap", 0.4));
        outcome
    }

    #[test]
    fn a_rare_breach_stands_out_before_one_of_every_day() {
        let worst = year().worst_windows(3);
        let starts: Vec<_> = worst.iter().map(|worst| worst.window.key.window_start).collect();
        assert_eq!(starts[..2], [41, 40]);
        assert_eq!(worst[0].broken[0].constraint.feature.as_deref(), Some("gap"));
        assert_eq!(worst[0].broken[0].windows, 2);
    }

    #[test]
    fn a_year_takes_no_more_room_than_a_month_and_order_does_not_matter() {
        let outcome = year();
        let season = outcome.constraints.values().find(|constraint| constraint.violations == 365).unwrap();
        assert_eq!(season.worst.len(), KEPT);
        assert_eq!(season.worst[0].window_start, 0);
        let mut backwards = Outcome::default();
        (0..365).rev().for_each(|day| backwards.observe(&row(day, "season", 0.99)));
        assert_eq!(backwards.constraints.values().next().unwrap().worst, season.worst);
    }
}
