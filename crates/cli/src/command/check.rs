//! `check`: one window against the baseline, for CI and schedulers.

use std::fmt::Write as _;

use anyhow::Context as _;
use monitor::{Error, Every, Outcome, Settings, TimeZone, tables::Comparison};
use serde::Serialize;

use crate::{
    args::{Check, Common},
    exit, print,
    progress::Reporter,
    settings::{self, Flags},
    signal::Signal,
    summary::Quality,
};

/// Violations that the text names; JSON holds all.
const NAMED: usize = 20;

/// What was found. Member names are stable.
#[derive(Debug, Serialize)]
struct Checked {
    captures: String,
    baseline: String,
    status: &'static str,
    rows: u64,
    rows_without_time: u64,
    baseline_rows: u64,
    files: u64,
    quality: Option<Quality>,
    violations: Vec<Violation>,
    scores: Vec<Score>,
    quarantined: Vec<(String, String)>,
    notes: Vec<String>,
    interrupted: bool,
    fail_on: String,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct Violation {
    segment: Option<String>,
    feature: Option<String>,
    features: Vec<String>,
    family: &'static str,
    check: &'static str,
    metric: String,
    value: Option<f64>,
    threshold: Option<f64>,
    baseline_value: Option<f64>,
    severity: &'static str,
    rows: u64,
    description: String,
    sources: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Score {
    segment: Option<String>,
    feature: Option<String>,
    family: &'static str,
    metric: &'static str,
    method: String,
    value: Option<f64>,
    error_bound: Option<f64>,
    standard_error: Option<f64>,
    baseline_value: Option<f64>,
    threshold: Option<f64>,
    comparison: Option<&'static str>,
    expected_without_drift: Option<f64>,
    p_value: Option<f64>,
    q_value: Option<f64>,
    rows: u64,
    baseline_rows: u64,
    status: &'static str,
    reason: Option<String>,
}

pub(crate) fn run(common: &Common, args: &Check) -> anyhow::Result<u8> {
    let (config, signal) = (settings::config(common)?, Signal::listen()?);
    let flags = Flags {
        roles: &args.roles,
        window: None,
        compare: None,
        range: &args.range,
        segments: &args.segments,
        ground_truth: &args.ground_truth,
        compat: args.compat,
        emit: None,
        bad_files: args.bad_files,
        resources: args.resources,
    };
    let mut settings: Settings = settings::settings(&flags, &config)?;
    settings.windows.every = Every::All;
    let (flag, configured) = (args.captures.as_deref(), config.monitor.captures.as_deref());
    let captures = settings::place(flag, "CAPTURES", &config, "monitor.captures", configured)?;
    let (flag, configured) = (args.baseline.as_deref(), config.monitor.baseline.as_deref());
    let baseline = settings::place(flag, "--baseline", &config, "monitor.baseline", configured)?;
    let store = settings::store(args.resources)?;
    let outcome = Reporter::new(common, &signal)
        .watch(|watch| monitor::check(&store, &captures, &baseline, &settings, watch))
        .context("check")?;
    if !outcome.interrupted && outcome.windows.iter().all(|window| window.rows == 0) {
        if let Some((path, reason)) = outcome.quarantined.first() {
            let error = Error::BadFile { path: path.clone(), reason: reason.clone() };
            return Err(error).context("check");
        }
        let reason =
            format!("no record of `{captures}` lies in the window: check --timestamp, --from and --to");
        return Err(Error::NoData { reason }).context("check");
    }
    let code = exit::of_outcome(&outcome, args.fail_on, &signal);
    let fail_on = format!("{:?}", args.fail_on).to_lowercase();
    let checked = Checked::new(captures.to_string(), baseline.to_string(), &outcome, fail_on, code);
    print::result(common.format, &checked, Checked::text)?;
    Ok(code)
}

impl Checked {
    fn new(captures: String, baseline: String, outcome: &Outcome, fail_on: String, exit_code: u8) -> Self {
        let all = outcome.windows.iter().find(|window| window.key.segment.is_none());
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let violations = outcome.detail.iter().flat_map(|detail| &detail.violations);
        let scores = outcome.detail.iter().flat_map(|detail| &detail.scores);
        Self {
            captures,
            baseline,
            status: all.map_or("no_data", |window| window.status.name()),
            rows: all.map_or(0, |window| window.rows),
            rows_without_time: outcome.rows_without_time,
            baseline_rows: all.map_or(0, |window| window.baseline_rows),
            files: all.map_or(0, |window| window.files),
            quality: Quality::of(outcome, &TimeZone::UTC),
            violations: violations
                .map(|row| Violation {
                    segment: text(&row.key.segment),
                    feature: text(&row.feature),
                    features: row.features.iter().map(|name| name.to_string()).collect(),
                    family: row.family.name(),
                    check: row.check,
                    metric: row.metric.to_string(),
                    value: row.value,
                    threshold: row.threshold,
                    baseline_value: row.baseline_value,
                    severity: row.severity.name(),
                    rows: row.rows,
                    description: row.description.clone(),
                    sources: row.sources.clone(),
                })
                .collect(),
            scores: scores
                .map(|row| Score {
                    segment: text(&row.key.segment),
                    feature: text(&row.feature),
                    family: row.family.name(),
                    metric: row.metric,
                    method: row.method.clone(),
                    value: row.value,
                    error_bound: row.error_bound,
                    standard_error: row.standard_error,
                    baseline_value: row.baseline_value,
                    threshold: row.threshold,
                    comparison: row.comparison.map(Comparison::name),
                    expected_without_drift: row.expected_without_drift,
                    p_value: row.p_value,
                    q_value: row.q_value,
                    rows: row.rows,
                    baseline_rows: row.baseline_rows,
                    status: row.status.name(),
                    reason: row.reason.clone(),
                })
                .collect(),
            quarantined: outcome.quarantined.clone(),
            notes: outcome.notes.iter().cloned().chain(outcome.bad_lines.note()).collect(),
            interrupted: outcome.interrupted,
            fail_on,
            exit_code,
        }
    }

    fn text(&self) -> String {
        let of =
            |severity: &str| self.violations.iter().filter(|row| row.severity == severity).count() as u64;
        let mut text = format!(
            "{}: {}, {}, in {} of {} (baseline: {})\n",
            print::plain(&self.captures),
            print::counted(of("violation"), "violation"),
            print::counted(of("warning"), "warning"),
            print::counted(self.rows, "row"),
            print::counted(self.files, "file"),
            print::counted(self.baseline_rows, "row"),
        );
        if let Some(quality) = &self.quality {
            let _ = writeln!(text, "quality: {}", quality.text());
        }
        if !self.violations.is_empty() {
            let mut worst: Vec<_> = self.violations.iter().collect();
            worst.sort_by_key(|row| row.severity != "violation");
            let rows = worst.into_iter().take(NAMED).map(|row| {
                let name = [row.segment.as_deref(), row.feature.as_deref()];
                vec![
                    row.severity.to_owned(),
                    name.into_iter().flatten().collect::<Vec<_>>().join(" "),
                    row.check.to_owned(),
                    print::optional(row.value),
                    print::optional(row.threshold),
                    row.description.clone(),
                ]
            });
            let heads = ["severity", "feature", "check", "#value", "#threshold", "description"];
            let _ = write!(text, "\n{}", print::table(&heads, rows));
            if self.violations.len() > NAMED {
                let _ =
                    writeln!(text, "  and {} more: `--format json` has all", self.violations.len() - NAMED);
            }
        }
        for (path, reason) in &self.quarantined {
            let _ = writeln!(text, "\nset aside: {}: {}", print::plain(path), print::reason(path, reason));
        }
        for note in &self.notes {
            let _ = writeln!(text, "\nnote: {}", print::plain(note));
        }
        text
    }
}
