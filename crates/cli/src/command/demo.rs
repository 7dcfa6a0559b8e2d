//! `demo`: the baseline and backfill commands over bundled data.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::anyhow;

use crate::{
    args::{
        self, Backfill, BadFiles, Baseline, Common, Demo, FailOn, GroundTruthFlags, OnBadFile, Range,
        RoleFlags, Segments,
    },
    command,
    config::Config,
    exit, print, program,
    signal::Signal,
    summary::{Next, Summary},
};

/// The captures of the demo, below the data folder, and what came of the flights.
const CAPTURES: &str = "nyc_flights_2013/predictions";
const LABELS: &str = "nyc_flights_2013/labels";
/// A day on which most flights were cancelled, and so had no delay to predict from.
const BLIZZARD: &str = "2013-02-09";
/// Those that make the baseline, below the captures, as their labels are below theirs.
const GOOD: &str = "month=2013-01";

pub(crate) fn run(common: &Common, args: &Demo) -> anyhow::Result<u8> {
    let (mut config, signal) = (Config::default(), Signal::listen()?);
    config.ground_truth.arrived = Some("label_ts".to_owned());
    let data = data(args.data.as_deref())?;
    let (captures, labels) = (data.join(CAPTURES), data.join(LABELS));
    let (captures, labels) = (captures.to_string_lossy(), labels.to_string_lossy());
    let out = args.out.trim_end_matches('/');
    let roles = RoleFlags {
        timestamp: Some("event_ts".to_owned()),
        id: Some("event_id".to_owned()),
        prediction: Some("arr_delay_pred".to_owned()),
        probability: Some("late_prob".to_owned()),
        label: Some("late".to_owned()),
        ignore: vec!["flight".to_owned()],
        ..RoleFlags::default()
    };
    let bad_files = BadFiles { on_bad_file: OnBadFile::Quarantine };
    if !common.quiet {
        print::note(
            "a model that predicts the delay of flights from New York, and how it turned out; January 2013 is the baseline",
        );
    }
    let baseline = Baseline {
        data: format!("{captures}/{GOOD}"),
        out: Some(format!("{out}/baseline")),
        compat: None,
        roles: roles.clone(),
        range: Range::default(),
        segments: Segments::default(),
        ground_truth: GroundTruthFlags { ground_truth: Some(format!("{labels}/{GOOD}")), as_of: None },
        bad_files,
        resources: args.resources,
    };
    let made = command::baseline::make(common, &baseline, &config, &signal)?;
    if made.code != exit::DONE {
        return Ok(made.code);
    }
    let backfill = Backfill {
        captures: Some(captures.to_string()),
        baseline: Some(made.baseline.clone()),
        out: Some(format!("{out}/results")),
        window: Some("1d".to_owned()),
        compare: None,
        compat: None,
        emit: None,
        range: Range {
            from: Some("2013-02-01".to_owned()),
            to: Some("2014-01-01".to_owned()),
            timezone: None,
        },
        segments: Segments::default(),
        ground_truth: GroundTruthFlags { ground_truth: Some(labels.to_string()), as_of: None },
        roles,
        dry_run: false,
        fail_on: FailOn::Never,
        bad_files,
        resources: args.resources,
    };
    let (mut summary, code) = command::backfill::make(common, &backfill, &config, &signal)?;
    let results = print::quoted(&summary.results);
    let command = format!("{} explain {results} --window {BLIZZARD} --feature dep_delay", program());
    summary
        .next
        .insert(0, Next { about: "the blizzard of 8 and 9 February: most flights never left", command });
    if common.format == args::Format::Text {
        print::result(common.format, &(), |()| made.line())?;
    }
    print::result(common.format, &summary, Summary::text)?;
    Ok(code)
}

/// The named folder, `data` here or in a folder above, or the one this program was built beside.
fn data(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let below = |folder: &Path| {
        let holds = [CAPTURES, LABELS].iter().all(|name| folder.join(name).is_dir());
        holds.then(|| folder.to_owned())
    };
    if let Some(folder) = named {
        return below(folder).ok_or_else(|| {
            anyhow!(
                "--data: expected a folder that holds `{CAPTURES}` and `{LABELS}`, found `{}`",
                folder.display()
            )
        });
    }
    if let Some(data) = below(Path::new("data")) {
        return Ok(data);
    }
    let here = env::current_dir().unwrap_or_default();
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(|root| root.join("data"));
    here.ancestors().map(|folder| folder.join("data")).chain(built).find_map(|folder| below(&folder)).ok_or_else(|| {
        anyhow!("the bundled data was not found; run this inside a clone of the repository, or name its `data` folder with --data")
    })
}
