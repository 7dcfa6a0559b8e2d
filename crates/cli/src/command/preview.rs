//! `backfill --dry-run`: what would be read, and which windows it would open.

use std::fmt::Write as _;

use anyhow::Context as _;
use monitor::{Preview, Settings};
use serde::Serialize;

use super::backfill::{Told, told};
use crate::{
    args::{Backfill, Common},
    config::Config,
    exit, print,
    progress::Reporter,
    settings,
    signal::Signal,
    size,
    summary::{Quarantined, quarantined},
    time,
};

/// Windows that the text names.
const NAMED: usize = 12;

/// A plan. Member names are stable.
#[derive(Debug, Serialize)]
struct Planned {
    captures: String,
    results: String,
    timezone: String,
    files: Files,
    /// Rows in files to read.
    rows: u64,
    /// Bytes to read, at most.
    bytes: u64,
    windows: Windows,
    quarantined: Vec<Quarantined>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Files {
    new: u64,
    changed: u64,
    gone: u64,
    reused: u64,
    read: u64,
    outside_range: u64,
    quarantined: u64,
    /// Of those to read, files that do not say which times they hold.
    untimed: u64,
}

#[derive(Debug, Serialize)]
struct Windows {
    every: String,
    /// Windows that get other rows.
    opened: Vec<String>,
    /// Windows that earlier runs have counted.
    known: u64,
    /// Whether those are judged again too, from stored profiles.
    judged_again: bool,
}

pub(super) fn run(common: &Common, args: &Backfill, config: &Config) -> anyhow::Result<u8> {
    let Told { settings, captures, baseline, results } = told(args, config)?;
    let store = settings::store(args.resources)?;
    let preview = Reporter::new(common, &Signal::listen()?)
        .watch(|watch| monitor::dry_run(&store, &captures, &baseline, &results, &settings, watch))
        .context("backfill")?;
    let planned = Planned::new(&preview, &settings, captures.to_string(), results.to_string());
    print::result(common.format, &planned, Planned::text)?;
    Ok(exit::DONE)
}

impl Planned {
    fn new(preview: &Preview, settings: &Settings, captures: String, results: String) -> Self {
        let zone = &settings.windows.timezone;
        let changes = preview.changes;
        Self {
            captures,
            results,
            timezone: zone.iana_name().unwrap_or("UTC").to_owned(),
            files: Files {
                new: changes.new,
                changed: changes.changed,
                gone: changes.gone,
                reused: changes.reused,
                read: preview.sources,
                outside_range: preview.outside_range,
                quarantined: preview.quarantined.len() as u64,
                untimed: preview.untimed,
            },
            rows: preview.rows,
            bytes: preview.bytes,
            windows: Windows {
                every: settings.windows.every.to_string(),
                opened: preview.windows.iter().map(|start| time::show(*start, zone)).collect(),
                known: preview.known_windows,
                judged_again: preview.judged_again,
            },
            quarantined: quarantined(&preview.quarantined),
            notes: preview.notes.clone(),
        }
    }

    fn text(&self) -> String {
        let Self { files, windows, .. } = self;
        let mut text = format!("{}: planned, nothing read or written\n", print::plain(&self.results));
        let count = print::count;
        let mut lines = vec![
            (
                "files",
                format!(
                    "{} new, {} changed, {} gone, {} used again",
                    count(files.new),
                    count(files.changed),
                    count(files.gone),
                    count(files.reused)
                ),
            ),
            (
                "to read",
                format!(
                    "{}, {} rows, at most {}",
                    print::counted(files.read, "file"),
                    count(self.rows),
                    size::show(self.bytes)
                ),
            ),
        ];
        if files.outside_range > 0 {
            lines.push(("", format!("{} outside the range", print::counted(files.outside_range, "file"))));
        }
        for group in &self.quarantined {
            let number = print::counted(group.files.len() as u64, "file");
            lines.push(("set aside", format!("{number}: {}", print::plain(&group.reason))));
        }
        let opened = windows.opened.len();
        let mut named = windows.opened.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if opened > NAMED {
            let _ = write!(named, ", and {} more", opened - NAMED);
        }
        let named = if named.is_empty() { named } else { format!(": {named}") };
        lines.push((
            "windows",
            format!("{} of {} get other rows{named}", count(opened as u64), windows.every),
        ));
        if files.untimed > 0 {
            let number = print::counted(files.untimed, "file");
            lines.push(("", format!("{number} to read may open others: their times are not known before")));
        }
        if windows.judged_again {
            let text = format!(
                "all {} that are counted are judged again: the baseline or the metrics are others than before",
                count(windows.known)
            );
            lines.push(("", text));
        }
        for (name, line) in lines {
            let _ = writeln!(text, "  {name:<9}  {line}");
        }
        for note in &self.notes {
            let _ = writeln!(text, "\nnote: {}", print::plain(note));
        }
        text
    }
}
