//! `bench`: how fast captures are profiled, beside what decoding them costs.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use monitor::{
    Settings,
    bench::{Bench, ID, Ratios, RemoteBench, SEGMENT, Shape, Spread, StageBench, TIME},
};
use serde::Serialize;
use tempfile::TempDir;

use crate::{
    args::{self, BadFiles, Common, GroundTruthFlags, OnBadFile, Range},
    config::Config,
    exit, print,
    progress::Reporter,
    settings::{self, Flags},
    signal::Signal,
    size,
};

/// What was measured, over what. Member names are stable.
#[derive(Debug, Serialize)]
struct Measured {
    /// Where the captures are; none if they are gone.
    data: Option<String>,
    /// What captures were made; none if they were there.
    shape: Option<Shape>,
    /// Length of a window.
    window: String,
    #[serde(flatten)]
    bench: Bench,
}

pub(crate) fn run(common: &Common, args: &args::Bench) -> anyhow::Result<u8> {
    let signal = Signal::listen()?;
    let reporter = Reporter::new(common, &signal);
    let measured = match &args.data {
        Some(data) => there(common, args, data, &reporter)?,
        None => made(args, &reporter)?,
    };
    let Some(measured) = measured else {
        print::note("stopped before its end, nothing was measured");
        return Ok(signal.exit_code());
    };
    print::result(common.format, &measured, Measured::text)?;
    Ok(exit::DONE)
}

/// Measures captures that are there.
fn there(
    common: &Common,
    args: &args::Bench,
    data: &str,
    reporter: &Reporter<'_>,
) -> anyhow::Result<Option<Measured>> {
    if data.contains("://") && !data.starts_with("file://") {
        return Err(anyhow!("--data: expected captures on this machine, found `{data}`"));
    }
    let settings = settings(args, &settings::config(common)?)?;
    measure(args, data, &settings, reporter, None)
}

/// Makes captures and measures them.
fn made(args: &args::Bench, reporter: &Reporter<'_>) -> anyhow::Result<Option<Measured>> {
    let shape = shape(args);
    let mut settings = settings(args, &Config::default())?;
    settings.roles.timestamp.get_or_insert_with(|| TIME.to_owned());
    settings.roles.id.get_or_insert_with(|| ID.to_owned());
    if shape.segments > 0 && settings.segment_by.is_empty() {
        settings.segment_by.push(SEGMENT.to_owned());
    }
    let folder = Folder::new(args.keep.as_deref())?;
    let finished = reporter
        .watch_bench(|watch| monitor::bench::make_data(&shape, folder.path(), settings.threads, watch))
        .context("bench")?;
    if !finished {
        return Ok(None);
    }
    let data = folder.path().to_str().ok_or_else(|| anyhow!("expected a folder whose name is UTF-8"))?;
    let mut measured = measure(args, data, &settings, reporter, Some(shape))?;
    if let (Some(measured), Folder::Temporary(_)) = (&mut measured, &folder) {
        measured.data = None;
    }
    Ok(measured)
}

fn measure(
    args: &args::Bench,
    data: &str,
    settings: &Settings,
    reporter: &Reporter<'_>,
    shape: Option<Shape>,
) -> anyhow::Result<Option<Measured>> {
    let (captures, store) = (settings::named(data)?, settings::store(args.resources)?);
    let bench = reporter
        .watch_bench(|watch| {
            monitor::bench::bench(&store, &captures, settings, args.runs.into(), args.remote, watch)
        })
        .context("bench")?;
    let window = settings.roles.timestamp.as_ref().map_or(monitor::Every::All, |_| settings.windows.every);
    let (data, window) = (Some(captures.to_string()), window.to_string());
    Ok(bench.map(|bench| Measured { data, shape, window, bench }))
}

fn settings(args: &args::Bench, config: &Config) -> anyhow::Result<Settings> {
    let flags = Flags {
        roles: &args.roles,
        window: args.window.as_deref(),
        compare: None,
        range: &Range::default(),
        segments: &args.segment_by,
        ground_truth: &GroundTruthFlags::default(),
        compat: None,
        emit: None,
        bad_files: BadFiles { on_bad_file: OnBadFile::Fail },
        resources: args.resources,
    };
    settings::settings(&flags, config)
}

fn shape(args: &args::Bench) -> Shape {
    let flags = &args.shape;
    Shape {
        rows: flags.rows,
        files: flags.files,
        row_group_rows: usize::try_from(flags.row_group_rows).unwrap_or(usize::MAX),
        numeric: flags.numeric.into(),
        integer: flags.integer.into(),
        categorical: flags.categorical.into(),
        text: flags.text.into(),
        segments: flags.segments,
        nulls: flags.nulls,
        distinct: flags.distinct,
        codec: flags.codec,
        page_version: flags.page_version,
        dictionary: flags.dictionary,
        encoding: flags.encoding,
        order: flags.order,
        seed: flags.seed,
    }
}

/// Where captures are made.
#[derive(Debug)]
enum Folder {
    /// Gone with this value.
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Folder {
    fn new(keep: Option<&str>) -> anyhow::Result<Self> {
        match keep {
            Some(folder) => Ok(Self::Kept(folder.into())),
            None => {
                let folder = tempfile::Builder::new().prefix("driftscan-bench-").tempdir();
                let place = env::temp_dir();
                let folder = folder.with_context(|| format!("failed to write `{}`", place.display()))?;
                Ok(Self::Temporary(folder))
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

impl Measured {
    fn text(&self) -> String {
        let bench = &self.bench;
        let mut text = format!(
            "{} x {} in {} of {}; {} of it read ({})\n",
            print::counted(bench.rows, "row"),
            print::counted(bench.columns, "column"),
            print::counted(bench.files, "file"),
            size::show(bench.file_bytes),
            size::show(bench.bytes),
            bench.codec,
        );
        text.push_str(&format!(
            "{} of {}, {}; {}; {} after one that does not count\n\n",
            print::counted(bench.windows, "window"),
            self.window,
            print::counted(bench.segments, "segment"),
            print::counted(bench.threads as u64, "thread"),
            print::counted(bench.runs as u64, "round"),
        ));
        text.push_str(&print::table(
            &[
                "stage",
                "#seconds",
                "#min",
                "#max",
                "#CPU s",
                "#M rows/s",
                "#M cells/s",
                "#MB/s",
                "#peak MiB",
                "#of utf8",
                "#of dictionary",
            ],
            bench.stages.iter().map(row),
        ));
        text.push_str("\n`of utf8`, `of dictionary`: seconds over those of the decoder in the same round, median (min to max)\n");
        text.extend(bench.stages.iter().filter_map(|stage| stage.remote.as_ref()).map(remote));
        for (column, reason) in &bench.handed_over {
            text.push_str(&format!("not from pages: {}: {}\n", print::plain(column), print::plain(reason)));
        }
        if let Some(data) = &self.data {
            text.push_str(&format!("captures: {}\n", print::plain(data)));
        }
        text
    }
}

/// What latency costs, on two lines.
fn remote(remote: &RemoteBench) -> String {
    let Spread { min, median, max } = remote.ratio_local;
    format!(
        "remote, {} ms a request: {median:.2} of local speed ({min:.2} to {max:.2}), at most {} MiB in flight, {}\n\
         remote: listed and opened in {} s with {}\n",
        print::number(remote.latency_seconds * 1e3),
        print::count(remote.in_flight_bytes >> 20),
        print::counted(remote.requests, "request"),
        print::number(remote.plan_seconds),
        print::counted(remote.plan_requests, "request"),
    )
}

fn row(stage: &StageBench) -> Vec<String> {
    let StageBench { seconds, ratios, .. } = stage;
    let ratio = |of: fn(&Ratios) -> Spread| {
        ratios.as_ref().map_or_else(String::new, |ratios| {
            let Spread { min, median, max } = of(ratios);
            format!("{median:.2} ({min:.2} to {max:.2})")
        })
    };
    vec![
        stage.name.to_owned(),
        print::number(seconds.median),
        print::number(seconds.min),
        print::number(seconds.max),
        print::number(stage.cpu_seconds),
        print::number(stage.rows_per_second / 1e6),
        print::number(stage.cells_per_second / 1e6),
        print::number(stage.bytes_per_second / 1e6),
        stage.peak_bytes.map_or_else(|| "-".to_owned(), |bytes| print::count(bytes >> 20)),
        ratio(|ratios| ratios.ratio_utf8),
        ratio(|ratios| ratios.ratio_dictionary),
    ]
}
