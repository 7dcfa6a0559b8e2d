//! `baseline`: profile good data and suggest constraints.

use std::fmt::Write as _;

use anyhow::Context as _;
use monitor::BaselineOutcome;
use serde::Serialize;

use crate::{
    args::{Baseline, Common},
    config::Config,
    exit, print,
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
        range: &args.range,
        segments: &args.segments,
        bad_files: args.bad_files,
        resources: args.resources,
    };
    let settings = settings::settings(&flags, config)?;
    let data = settings::named(&args.data)?;
    let configured = config.monitor.baseline.as_deref();
    let out = settings::place(args.out.as_deref(), "--out", config, "monitor.baseline", configured)?;
    let store = settings::store(args.resources)?;
    let outcome = Reporter::new(common, signal)
        .watch(|watch| monitor::make_baseline(&store, &data, &out, &settings, watch))
        .context("baseline")?;
    if common.verbose {
        print::note(&format!("roles: {:?}", settings.roles));
    }
    Ok(Made::new(data.to_string(), out.to_string(), outcome))
}

impl Made {
    fn new(data: String, baseline: String, outcome: BaselineOutcome) -> Self {
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
            quarantined: quarantined.map(|(path, reason)| Quarantined { path, reason }).collect(),
            notes: outcome.notes,
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
        let (program, baseline) = (crate::program(), print::quoted(&self.baseline));
        let _ = writeln!(text, "\nnext:\n  {program} backfill CAPTURES --baseline {baseline} --out results");
        text
    }
}
