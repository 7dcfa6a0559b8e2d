//! `backfill`: every window of the captures against the baseline, into tables.

use anyhow::Context as _;
use monitor::{Location, Outcome};

use super::preview;

use crate::{
    args::{Backfill, Common},
    config::Config,
    exit, print,
    progress::Reporter,
    record::Record,
    settings::{self, Flags},
    signal::Signal,
    summary::{Places, Summary},
};

pub(crate) fn run(common: &Common, args: &Backfill) -> anyhow::Result<u8> {
    let config = settings::config(common)?;
    if args.dry_run {
        return preview::run(common, args, &config);
    }
    let (summary, code) = make(common, args, &config, &Signal::listen()?)?;
    print::result(common.format, &summary, Summary::text)?;
    Ok(code)
}

/// What a backfill is told: by flags, and by the file.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) settings: monitor::Settings,
    pub(super) captures: Location,
    pub(super) baseline: Location,
    pub(super) results: Location,
}

pub(super) fn told(args: &Backfill, config: &Config) -> anyhow::Result<Told> {
    let flags = Flags {
        roles: &args.roles,
        window: args.window.as_deref(),
        compare: args.compare.as_deref(),
        range: &args.range,
        segments: &args.segments,
        ground_truth: &args.ground_truth,
        compat: args.compat,
        emit: args.emit,
        bad_files: args.bad_files,
        resources: args.resources,
    };
    let files = &config.monitor;
    let place = |flag: &Option<String>, name: &str, key: &str, configured: &Option<String>| {
        settings::place(flag.as_deref(), name, config, key, configured.as_deref())
    };
    Ok(Told {
        settings: settings::settings(&flags, config)?,
        captures: place(&args.captures, "CAPTURES", "monitor.captures", &files.captures)?,
        baseline: place(&args.baseline, "--baseline", "monitor.baseline", &files.baseline)?,
        results: place(&args.out, "--out", "monitor.results", &files.results)?,
    })
}

/// Writes the tables and prints nothing but progress and notes.
pub(crate) fn make(
    common: &Common,
    args: &Backfill,
    config: &Config,
    signal: &Signal,
) -> anyhow::Result<(Summary, u8)> {
    let Told { settings, captures, baseline, results } = told(args, config)?;
    let store = settings::store(args.resources)?;
    if common.verbose {
        print::note(&settings::shown(&settings));
    }
    let record = Record::start();
    let outcome = Reporter::new(common, signal)
        .watch(|watch| {
            let row = |outcome: &Outcome| record.row(outcome);
            monitor::backfill(&store, &captures, &baseline, &results, &settings, watch, &row)
        })
        .context("backfill")?;
    if common.verbose {
        for (path, reason) in &outcome.quarantined {
            print::note(&format!("set aside: {}: {}", print::plain(path), print::reason(path, reason)));
        }
        for (column, reason) in &outcome.handed_over {
            print::note(&format!("not from its pages but through Arrow: {}: {reason}", print::plain(column)));
        }
    }
    let places = Places { captures: &captures, baseline: &baseline, results: &results };
    let code = exit::of_outcome(&outcome, args.fail_on, signal);
    Ok((Summary::new(&outcome, &settings, places), code))
}
