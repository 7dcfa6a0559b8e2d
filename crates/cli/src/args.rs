//! What can be typed: types for clap, whose comments are the help.

mod bench;

use std::path::PathBuf;

pub(crate) use bench::Bench;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{exit, size};

/// Monitors what a model was asked and what it answered, offline: every window of recorded captures against a
/// baseline.
#[derive(Debug, Parser)]
#[command(name = "driftscan", version, after_help = exit::HELP, max_term_width = 110)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value = "text", help_heading = "Common options")]
    pub(crate) format: Format,
    /// Print results and errors only, no progress and no notes
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Common options")]
    pub(crate) quiet: bool,
    /// Print more notes: roles in use, files set aside, columns on the slower path
    #[arg(short, long, global = true, help_heading = "Common options")]
    pub(crate) verbose: bool,
    /// Settings file [default: driftscan.toml in this folder, if there is one]; flags win over it
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub(crate) config: Option<PathBuf>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run baseline and backfill over bundled real data, in seconds
    #[command(after_help = "Example:\n  driftscan demo --out demo-results")]
    Demo(Demo),
    /// Look at captures and write a commented driftscan.toml with guessed roles
    #[command(after_help = "Example:\n  driftscan init s3://bucket/endpoint/")]
    Init(Init),
    /// Profile good data and suggest constraints
    #[command(
        after_help = "Example:\n  driftscan baseline 'captures/month=2013-01/' --out baseline --timestamp event_ts --id event_id"
    )]
    Baseline(Baseline),
    /// Compare every window of the captures with the baseline and write the result tables
    #[command(
        after_help = "Examples:\n  driftscan backfill captures/ --baseline baseline --out results --timestamp event_ts --from 2013-02-01 --to 2014-01-01\n  driftscan backfill        (everything from driftscan.toml)"
    )]
    Backfill(Backfill),
    /// Compare one window with the baseline, for CI and schedulers: exit code 1 on violations
    #[command(
        after_help = "Example:\n  driftscan check 'captures/date=2013-02-09/' --baseline baseline --fail-on violation"
    )]
    Check(Check),
    /// Score and check again from stored profiles, with other constraints, metrics or windows; reads no captures
    #[command(
        after_help = "Examples:\n  driftscan rescore results --baseline baseline\n  driftscan rescore results --baseline baseline --window 1w --out weekly"
    )]
    Rescore(Rescore),
    /// Write captured requests and answers as Parquet, so that months of JSON are read once
    #[command(
        after_help = "Example:\n  driftscan convert s3://bucket/captures/endpoint/AllTraffic/ --out s3://bucket/records/ --baseline baseline"
    )]
    Convert(Convert),
    /// List the captures behind results: what became of each, and why some were set aside
    #[command(
        after_help = "Examples:\n  driftscan sources results\n  driftscan sources results --status quarantined --format json"
    )]
    Sources(Sources),
    /// Say why a window was found broken: bins, segments and captures that moved, and since when
    #[command(
        after_help = "Examples:\n  driftscan explain results --window 2013-02-09\n  driftscan explain results --window 2013-02-09T14:00:00Z --feature dep_delay"
    )]
    Explain(Explain),
    /// List metrics, checks, or the columns of the result tables
    #[command(
        after_help = "Examples:\n  driftscan list metrics\n  driftscan list metrics kolmogorov_smirnov"
    )]
    List(List),
    /// Measure how fast captures are profiled, beside what decoding them costs
    #[command(
        after_help = "Examples:\n  driftscan bench\n  driftscan bench --rows 10000000 --codec zstd --runs 5\n  driftscan bench --data captures/ --timestamp event_ts --id event_id"
    )]
    Bench(Box<Bench>),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Folder for the baseline and the results
    #[arg(long, value_name = "DIR", default_value = "demo-results")]
    pub(crate) out: String,
    /// Folder of the bundled data [default: data/ here or in a folder above]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) resources: Resources,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Folder, file, glob or URL of captures
    pub(crate) captures: String,
    /// Replace an existing file
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Baseline {
    /// Folder, file, glob or URL of good data, such as the training set or a quiet month
    pub(crate) data: String,
    /// Folder to write it to [default: monitor.baseline of driftscan.toml]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<String>,
    /// Write the numbers that this tool writes, to the digit: its sketch of numbers, its types
    #[arg(long, value_enum, value_name = "TOOL")]
    pub(crate) compat: Option<Compat>,
    #[command(flatten)]
    pub(crate) roles: RoleFlags,
    #[command(flatten)]
    pub(crate) range: Range,
    #[command(flatten)]
    pub(crate) segments: Segments,
    #[command(flatten)]
    pub(crate) ground_truth: GroundTruthFlags,
    #[command(flatten)]
    pub(crate) bad_files: BadFiles,
    #[command(flatten)]
    pub(crate) resources: Resources,
}

#[derive(Debug, Args)]
pub(crate) struct Backfill {
    /// Folder, file, glob or URL of captures [default: monitor.captures of driftscan.toml]
    pub(crate) captures: Option<String>,
    /// Folder of the baseline [default: monitor.baseline of driftscan.toml]
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<String>,
    /// Folder for the result tables [default: monitor.results of driftscan.toml]
    #[arg(long, value_name = "RESULTS")]
    pub(crate) out: Option<String>,
    /// Length of a window: 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 1w or 1mo [default: 1d]
    #[arg(long, value_name = "LENGTH", help_heading = "Windows")]
    pub(crate) window: Option<String>,
    /// What a window is compared with: baseline, previous, trailing:N or same-weekday:N [default: baseline]
    #[arg(long, value_name = "WITH", help_heading = "Windows")]
    pub(crate) compare: Option<String>,
    #[command(flatten)]
    pub(crate) range: Range,
    #[command(flatten)]
    pub(crate) segments: Segments,
    #[command(flatten)]
    pub(crate) ground_truth: GroundTruthFlags,
    #[command(flatten)]
    pub(crate) roles: RoleFlags,
    /// Print what would be read and which windows it opens; read and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Judge as another tool does, with its words; `scores` says where our own verdicts differ
    #[arg(long, value_name = "TOOL", value_enum)]
    pub(crate) compat: Option<Compat>,
    /// Write the documents of this tool too, for each window: RESULTS/sagemaker/yyyy/mm/dd/hh/
    #[arg(long, value_name = "TOOL", value_enum)]
    pub(crate) emit: Option<Emit>,
    /// Exit with code 1 from this severity on
    #[arg(long, value_enum, default_value = "never")]
    pub(crate) fail_on: FailOn,
    #[command(flatten)]
    pub(crate) bad_files: BadFiles,
    #[command(flatten)]
    pub(crate) resources: Resources,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Folder, file, glob or URL of captures [default: monitor.captures of driftscan.toml]
    pub(crate) captures: Option<String>,
    /// Folder of the baseline [default: monitor.baseline of driftscan.toml]
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<String>,
    #[command(flatten)]
    pub(crate) range: Range,
    #[command(flatten)]
    pub(crate) segments: Segments,
    #[command(flatten)]
    pub(crate) ground_truth: GroundTruthFlags,
    #[command(flatten)]
    pub(crate) roles: RoleFlags,
    /// Judge as another tool does, with its words; `scores` says where our own verdicts differ
    #[arg(long, value_name = "TOOL", value_enum)]
    pub(crate) compat: Option<Compat>,
    /// Exit with code 1 from this severity on
    #[arg(long, value_enum, default_value = "violation")]
    pub(crate) fail_on: FailOn,
    #[command(flatten)]
    pub(crate) bad_files: BadFiles,
    #[command(flatten)]
    pub(crate) resources: Resources,
}

#[derive(Debug, Args)]
pub(crate) struct Rescore {
    /// Folder that backfill wrote [default: monitor.results of driftscan.toml]
    pub(crate) results: Option<String>,
    /// Folder of the baseline: the one that backfill had, with the constraints of now [default: monitor.baseline of
    /// driftscan.toml]
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<String>,
    /// Folder for the tables [default: RESULTS]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<String>,
    /// Length of a window, that of RESULTS or longer: 1h, 6h, 1d, 1w, 1mo [default: that of RESULTS]
    #[arg(long, value_name = "LENGTH", help_heading = "Windows")]
    pub(crate) window: Option<String>,
    /// What a window is compared with: baseline, previous, trailing:N or same-weekday:N [default: baseline]
    #[arg(long, value_name = "WITH", help_heading = "Windows")]
    pub(crate) compare: Option<String>,
    /// First date or RFC 3339 time
    #[arg(long, value_name = "DATE", help_heading = "Windows")]
    pub(crate) from: Option<String>,
    /// First date or RFC 3339 time that is too late
    #[arg(long, value_name = "DATE", help_heading = "Windows")]
    pub(crate) to: Option<String>,
    /// Judge as another tool does, with its words; `scores` says where our own verdicts differ
    #[arg(long, value_name = "TOOL", value_enum)]
    pub(crate) compat: Option<Compat>,
    /// Write the documents of this tool too, for each window: RESULTS/sagemaker/yyyy/mm/dd/hh/
    #[arg(long, value_name = "TOOL", value_enum)]
    pub(crate) emit: Option<Emit>,
    /// Exit with code 1 from this severity on
    #[arg(long, value_enum, default_value = "never")]
    pub(crate) fail_on: FailOn,
    #[command(flatten)]
    pub(crate) resources: Resources,
}

#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// Folder, file, glob or URL of captures [default: monitor.captures of driftscan.toml]
    pub(crate) captures: Option<String>,
    /// Folder for the Parquet files; days whose captures have not changed are left as they are
    #[arg(long, value_name = "DIR")]
    pub(crate) out: String,
    /// Folder of a baseline whose features name the values, unless `[records]` of driftscan.toml does [default:
    /// monitor.baseline of driftscan.toml, once it is made]
    #[arg(long, value_name = "DIR")]
    pub(crate) baseline: Option<String>,
    #[command(flatten)]
    pub(crate) bad_files: BadFiles,
    #[command(flatten)]
    pub(crate) resources: Resources,
}

#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// Folder that backfill wrote [default: monitor.results of driftscan.toml]
    pub(crate) results: Option<String>,
    /// List the captures with this status only
    #[arg(long, value_enum)]
    pub(crate) status: Option<SourceStatus>,
}

/// What became of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum SourceStatus {
    Profiled,
    Reused,
    Quarantined,
    OutsideRange,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Folder that backfill wrote [default: monitor.results of driftscan.toml]
    pub(crate) results: Option<String>,
    /// The window that holds this date or RFC 3339 time
    #[arg(long, value_name = "T")]
    pub(crate) window: String,
    /// This feature only
    #[arg(long, value_name = "F")]
    pub(crate) feature: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list
    #[arg(value_enum)]
    pub(crate) what: Registry,
    /// Show the page of this one entry
    pub(crate) name: Option<String>,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Registry {
    /// What `scores` may hold, by family: how far a distribution has moved, how right predictions were, ...
    Metrics,
    /// What is reported as a violation
    Checks,
    /// Columns of the result tables
    Columns,
}

/// Labels that lie elsewhere than the captures.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Labels")]
pub(crate) struct GroundTruthFlags {
    /// Folder, file, glob or URL of labels, joined by id; more in `[ground_truth]` of driftscan.toml
    #[arg(long, value_name = "URL")]
    pub(crate) ground_truth: Option<String>,
    /// Labels that arrived later are not there yet: quality as it was known at this date or RFC 3339 time
    #[arg(long, value_name = "T")]
    pub(crate) as_of: Option<String>,
}

/// Columns with a meaning of their own; every other column is a feature.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Roles of columns")]
pub(crate) struct RoleFlags {
    /// Time of a record
    #[arg(long, value_name = "COL")]
    pub(crate) timestamp: Option<String>,
    /// Inference id; not monitored
    #[arg(long, value_name = "COL")]
    pub(crate) id: Option<String>,
    /// Predicted label or value; monitored like a feature
    #[arg(long, value_name = "COL")]
    pub(crate) prediction: Option<String>,
    /// Predicted probability; monitored like a feature
    #[arg(long, value_name = "COL")]
    pub(crate) probability: Option<String>,
    /// Ground truth; not monitored
    #[arg(long, value_name = "COL")]
    pub(crate) label: Option<String>,
    /// Response time; monitored like a feature
    #[arg(long, value_name = "COL")]
    pub(crate) latency: Option<String>,
    /// Status or error code of an answer; monitored like a feature
    #[arg(long, value_name = "COL")]
    pub(crate) status: Option<String>,
    /// Features to monitor, `*` for any run of characters [default: all columns without another role]
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    pub(crate) features: Vec<String>,
    /// Columns to leave out, `*` for any run of characters
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
}

/// Which records are looked at.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Windows")]
pub(crate) struct Range {
    /// First date or RFC 3339 time
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// First date or RFC 3339 time that is too late
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    /// Time zone of days, and of timestamps without one [default: UTC]
    #[arg(long, value_name = "AREA/CITY")]
    pub(crate) timezone: Option<String>,
}

/// Groups of records that are monitored on their own.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Segments {
    /// Monitor each value of these columns on its own too
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    pub(crate) segment_by: Vec<String>,
}

/// What to do with files that cannot be read.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct BadFiles {
    /// Set a file that cannot be read aside and go on, or end
    #[arg(long, value_enum, default_value = "quarantine")]
    pub(crate) on_bad_file: OnBadFile,
}

/// Threads and memory.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Resources {
    /// Threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(crate) threads: Option<u16>,
    /// Memory for captures read ahead, counts of tasks at work, what waits for its dates, and windows in the making
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::parse)]
    pub(crate) memory: u64,
}

/// From which severity on a run counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Never,
    Warning,
    Violation,
}

/// A tool to agree with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compat {
    /// SageMaker Model Monitor
    Sagemaker,
}

/// A tool whose documents are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// SageMaker Model Monitor: constraint_violations.json, statistics.json, constraints.json
    Sagemaker,
}

/// What to do with a file that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnBadFile {
    Quarantine,
    Fail,
}
