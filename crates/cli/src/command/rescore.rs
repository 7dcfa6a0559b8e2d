//! `rescore`: the tables again, from stored profiles.

use anyhow::Context as _;
use monitor::Outcome;

use crate::{
    args::{Common, Rescore},
    exit, print,
    progress::Reporter,
    record::Record,
    settings,
    signal::Signal,
    summary::{Places, Summary},
};

pub(crate) fn run(common: &Common, args: &Rescore) -> anyhow::Result<u8> {
    let config = settings::config(common)?;
    let files = &config.monitor;
    let place = |flag: &Option<String>, name: &str, key: &str, configured: &Option<String>| {
        settings::place(flag.as_deref(), name, &config, key, configured.as_deref())
    };
    let results = place(&args.results, "RESULTS", "monitor.results", &files.results)?;
    let baseline = place(&args.baseline, "--baseline", "monitor.baseline", &files.baseline)?;
    let out = args.out.as_deref().map(settings::named).transpose()?.unwrap_or_else(|| results.clone());
    let store = settings::store(args.resources)?;
    let mut settings = monitor::settings_of(&store, &results).context("rescore")?;
    settings::rescored(&mut settings, args, &config)?;
    if common.verbose {
        print::note(&settings::shown(&settings));
    }
    let (record, signal) = (Record::start(), Signal::listen()?);
    let left = settings::not_counted(&settings, &config)?;
    let mut outcome = Reporter::new(common, &signal)
        .watch(|watch| {
            let row = |outcome: &Outcome| record.row(outcome);
            monitor::rescore(&store, &results, &baseline, &out, &settings, watch, &row)
        })
        .context("rescore")?;
    outcome.notes.extend(left);
    let code = exit::of_outcome(&outcome, args.fail_on, &signal);
    let places = Places { captures: &results, baseline: &baseline, results: &out };
    print::result(common.format, &Summary::new(&outcome, &settings, places), Summary::text)?;
    Ok(code)
}
