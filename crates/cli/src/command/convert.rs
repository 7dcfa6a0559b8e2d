//! `convert`: captured requests and answers as Parquet.

use std::fmt::Write as _;

use anyhow::{Context as _, anyhow};
use monitor::{Converted, Location, Store};
use serde::Serialize;

use crate::{
    args::{Common, Convert, GroundTruthFlags, Range, RoleFlags, Segments},
    config::Config,
    exit, print,
    progress::Reporter,
    settings::{self, Flags},
    signal::Signal,
    size,
};

/// What was written. Member names are stable.
#[derive(Debug, Serialize)]
struct Written {
    captures: String,
    out: String,
    files: u64,
    reused: u64,
    rows: u64,
    bad_lines: u64,
    files_written: u64,
    bytes_written: u64,
    quarantined: Vec<Quarantined>,
    notes: Vec<String>,
    interrupted: bool,
    next: String,
}

#[derive(Debug, Serialize)]
struct Quarantined {
    path: String,
    reason: String,
}

pub(crate) fn run(common: &Common, args: &Convert) -> anyhow::Result<u8> {
    let config = settings::config(common)?;
    let configured = config.monitor.captures.as_deref();
    let captures =
        settings::place(args.captures.as_deref(), "CAPTURES", &config, "monitor.captures", configured)?;
    let out = settings::named(&args.out)?;
    let flags = Flags {
        roles: &RoleFlags::default(),
        window: None,
        compare: None,
        compat: None,
        emit: None,
        range: &Range::default(),
        segments: &Segments::default(),
        ground_truth: &GroundTruthFlags::default(),
        bad_files: args.bad_files,
        resources: args.resources,
    };
    let settings = settings::settings(&flags, &config)?;
    let store = settings::store(args.resources)?;
    let baseline = baseline(args, &config, &store)?;
    let signal = Signal::listen()?;
    let converted = Reporter::new(common, &signal)
        .watch(|watch| monitor::convert(&store, &captures, &out, baseline.as_ref(), &settings, watch))
        .context("convert")?;
    let code =
        if converted.interrupted { signal.exit_code() } else { exit::of_quarantine(&converted.quarantined) };
    let baseline = match (&args.baseline, &baseline) {
        (Some(named), _) => format!(" --baseline {}", print::quoted(named)),
        (None, Some(_)) => String::new(),
        (None, None) => " --baseline DIR".to_owned(),
    };
    let written = Written::new(captures.to_string(), out.to_string(), &baseline, converted);
    print::result(common.format, &written, Written::text)?;
    Ok(code)
}

/// The baseline whose features name the values: the one of the command line, or that of the file once it is made.
fn baseline(args: &Convert, config: &Config, store: &Store) -> anyhow::Result<Option<Location>> {
    if let Some(named) = &args.baseline {
        return settings::named(named).map(Some);
    }
    let Some(configured) = config.monitor.baseline.as_deref() else { return Ok(None) };
    let folder = settings::place(None, "--baseline", config, "monitor.baseline", Some(configured))?;
    let document = folder.join("constraints.json").and_then(|document| store.read(&document));
    let is_there = document.map_err(|error| anyhow!(error.chain())).context("convert")?.is_some();
    Ok(is_there.then_some(folder))
}

impl Written {
    fn new(captures: String, out: String, baseline: &str, converted: Converted) -> Self {
        let quarantined = converted.quarantined.into_iter();
        Self {
            captures,
            files: converted.files,
            reused: converted.reused,
            rows: converted.rows,
            bad_lines: converted.bad_lines.lines,
            files_written: converted.files_written,
            bytes_written: converted.bytes_written,
            quarantined: quarantined
                .map(|(path, reason)| Quarantined { reason: print::reason(&path, &reason), path })
                .collect(),
            notes: converted.bad_lines.note().into_iter().collect(),
            interrupted: converted.interrupted,
            next: format!(
                "driftscan backfill {} --timestamp event_time --id event_id{baseline} --out DIR",
                print::quoted(&out)
            ),
            out,
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}: {} of {} in {} ({}){}\n",
            print::plain(&self.out),
            print::counted(self.rows, "record"),
            print::counted(self.files, "capture"),
            print::counted(self.files_written, "file"),
            size::show(self.bytes_written),
            match self.reused {
                0 => String::new(),
                reused => format!("; {} had been converted before", print::counted(reused, "capture")),
            }
        );
        for aside in &self.quarantined {
            let _ = writeln!(text, "set aside: {}: {}", print::plain(&aside.path), aside.reason);
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {}", print::plain(note));
        }
        if !self.interrupted {
            let _ = writeln!(text, "next: {}", print::plain(&self.next));
        }
        text
    }
}
