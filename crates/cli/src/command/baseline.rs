//! `baseline`: profile good data and suggest constraints.

use std::fmt::Write as _;

use anyhow::Context as _;
use monitor::BaselineOutcome;
use serde::Serialize;

use crate::{
    args::{Baseline, Common},
    config::Config,
    exit, print, program,
    progress::Reporter,
    settings::{self, Flags},
    signal::Signal,
};

/// What was made. Member names are stable.
#[derive(Debug, Serialize)]
pub(crate) struct Made {
    data: String,
    pub(crate) baseline: String,
    rows: u64,
    files: u64,
    features: Vec<Feature>,
    quarantined: Vec<Quarantined>,
    notes: Vec<String>,
    interrupted: bool,
    next: String,
    #[serde(skip)]
    pub(crate) code: u8,
}

#[derive(Debug, Serialize)]
struct Feature {
    name: String,
    inferred_type: &'static str,
    completeness: f64,
    distinct: u64,
    range: Option<(f64, f64)>,
    /// The metric that decides.
    metric: &'static str,
}

#[derive(Debug, Serialize)]
struct Quarantined {
    path: String,
    reason: String,
}

pub(crate) fn run(common: &Common, args: &Baseline) -> anyhow::Result<u8> {
    let config = settings::config(common)?;
    let made = make(common, args, &config, &Signal::listen()?)?;
    print::result(common.format, &made, Made::text)?;
    Ok(made.code)
}

/// Makes the baseline and prints nothing but progress and notes.
pub(crate) fn make(
    common: &Common,
    args: &Baseline,
    config: &Config,
    signal: &Signal,
) -> anyhow::Result<Made> {
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
    let settings = settings::settings(&flags, config)?;
    let data = settings::named(&args.data)?;
    let configured = config.monitor.baseline.as_deref();
    let out = settings::place(args.out.as_deref(), "--out", config, "monitor.baseline", configured)?;
    let store = settings::store(args.resources)?;
    if common.verbose {
        print::note(&settings::shown(&settings));
    }
    let outcome = Reporter::new(common, signal)
        .watch(|watch| monitor::make_baseline(&store, &data, &out, &settings, watch))
        .context("baseline")?;
    let mut made =
        Made::new(data.to_string(), out.to_string(), outcome, next(args, common, config, &out.to_string()));
    if made.interrupted {
        made.code = signal.exit_code();
    }
    Ok(made)
}

impl Made {
    fn new(data: String, baseline: String, outcome: BaselineOutcome, next: String) -> Self {
        let code = exit::of_quarantine(&outcome.quarantined);
        let feature = |feature: monitor::BaselineFeature| Feature {
            name: feature.name,
            inferred_type: feature.inferred_type,
            completeness: feature.completeness,
            distinct: feature.distinct,
            range: feature.range,
            metric: feature.metric,
        };
        let quarantined = outcome.quarantined.into_iter();
        Self {
            data,
            baseline,
            rows: outcome.rows,
            files: outcome.files,
            features: outcome.features.into_iter().map(feature).collect(),
            quarantined: quarantined
                .map(|(path, reason)| Quarantined { reason: print::reason(&path, &reason), path })
                .collect(),
            notes: outcome.notes,
            interrupted: outcome.interrupted,
            next,
            code,
        }
    }

    /// `demo-results/baseline: 27,004 rows of 1 file, 18 features`.
    pub(crate) fn line(&self) -> String {
        format!(
            "{}: done, {} of {}, {}\n",
            print::plain(&self.baseline),
            print::counted(self.rows, "row"),
            print::counted(self.files, "file"),
            print::counted(self.features.len() as u64, "feature"),
        )
    }

    fn text(&self) -> String {
        if self.interrupted {
            return format!(
                "{}: stopped before its end, nothing was written\n",
                print::plain(&self.baseline)
            );
        }
        let mut text = self.line() + "\n";
        text.push_str(&print::table(
            &["feature", "type", "#completeness", "#distinct", "range", "decided by"],
            self.features.iter().map(|feature| {
                let range = feature
                    .range
                    .map(|(low, high)| format!("{} to {}", print::number(low), print::number(high)));
                vec![
                    feature.name.clone(),
                    feature.inferred_type.to_owned(),
                    print::number(feature.completeness),
                    print::count(feature.distinct),
                    range.unwrap_or_default(),
                    feature.metric.to_owned(),
                ]
            }),
        ));
        for file in &self.quarantined {
            let _ =
                writeln!(text, "\nset aside: {}: {}", print::plain(&file.path), print::plain(&file.reason));
        }
        for note in &self.notes {
            let _ = writeln!(text, "\nnote: {}", print::plain(note));
        }
        let _ = writeln!(text, "\nnext:\n  {}", self.next);
        text
    }
}

/// The backfill that goes with a baseline: what the file does not say is said again.
fn next(args: &Baseline, common: &Common, config: &Config, out: &str) -> String {
    let captures = if config.monitor.captures.is_none() { " CAPTURES" } else { "" };
    let mut command = format!("{} backfill{captures}", program());
    let mut add = |name: &str, value: &str| {
        let _ = write!(command, " {name} {}", print::quoted(value));
    };
    if let Some(file) = &common.config {
        add("--config", &file.to_string_lossy());
    }
    if args.out.is_some() || config.monitor.baseline.is_none() {
        add("--baseline", out);
    }
    if config.monitor.results.is_none() {
        add("--out", "results");
    }
    let roles = &args.roles;
    for (name, value) in [
        ("--timestamp", &roles.timestamp),
        ("--id", &roles.id),
        ("--prediction", &roles.prediction),
        ("--probability", &roles.probability),
        ("--label", &roles.label),
        ("--latency", &roles.latency),
        ("--status", &roles.status),
        ("--timezone", &args.range.timezone),
    ] {
        if let Some(value) = value {
            add(name, value);
        }
    }
    for (name, values) in [
        ("--features", &roles.features),
        ("--ignore", &roles.ignore),
        ("--segment-by", &args.segments.segment_by),
    ] {
        if !values.is_empty() {
            add(name, &values.join(","));
        }
    }
    command
}
