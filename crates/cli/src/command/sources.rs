//! `sources`: what became of each capture behind results.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;
use monitor::tables::{SourceRow, SourceStatus, read_sources};
use serde::Serialize;

use crate::{
    args::{self, Common, Resources, Sources},
    exit, print, settings, size,
    summary::{Quarantined, quarantined},
    time,
};

/// Files of a status that is asked for that the text names.
const NAMED: usize = 50;

/// What was found. Member names are stable.
#[derive(Debug, Serialize)]
struct Listed {
    results: String,
    statuses: Vec<Status>,
    quarantined: Vec<Quarantined>,
    sources: Vec<Source>,
    /// Whether the text lists the sources.
    #[serde(skip)]
    names: bool,
}

#[derive(Debug, Serialize)]
struct Status {
    status: &'static str,
    files: u64,
    bytes: u64,
    rows: u64,
}

#[derive(Debug, Serialize)]
struct Source {
    path: String,
    status: &'static str,
    etag: Option<String>,
    bytes: u64,
    rows: u64,
    rows_without_time: u64,
    bad_lines: u64,
    first_time: Option<String>,
    last_time: Option<String>,
    reason: Option<String>,
}

pub(crate) fn run(common: &Common, args: &Sources) -> anyhow::Result<u8> {
    let config = settings::config(common)?;
    let configured = config.monitor.results.as_deref();
    let results =
        settings::place(args.results.as_deref(), "RESULTS", &config, "monitor.results", configured)?;
    let store = settings::store(Resources { threads: Some(2), memory: 0 })?;
    let mut rows = read_sources(&store, &results).context("sources")?;
    if let Some(status) = args.status {
        rows.retain(|row| row.status == wanted(status));
    }
    let listed = Listed::new(results.to_string(), &rows, args.status.is_some());
    print::result(common.format, &listed, Listed::text)?;
    Ok(exit::DONE)
}

fn wanted(status: args::SourceStatus) -> SourceStatus {
    match status {
        args::SourceStatus::Profiled => SourceStatus::Profiled,
        args::SourceStatus::Reused => SourceStatus::Reused,
        args::SourceStatus::Quarantined => SourceStatus::Quarantined,
        args::SourceStatus::OutsideRange => SourceStatus::OutsideRange,
    }
}

impl Listed {
    fn new(results: String, rows: &[SourceRow], names: bool) -> Self {
        let mut statuses: BTreeMap<&'static str, Status> = BTreeMap::new();
        for row in rows {
            let name = row.status.name();
            let status = statuses.entry(name).or_insert(Status { status: name, files: 0, bytes: 0, rows: 0 });
            status.files += 1;
            status.bytes += row.bytes;
            status.rows += row.rows;
        }
        let aside = rows.iter().filter(|row| row.status == SourceStatus::Quarantined);
        let aside: Vec<(String, String)> =
            aside.map(|row| (row.path.clone(), row.reason.clone().unwrap_or_default())).collect();
        let time = |micros: Option<i64>| micros.and_then(time::rfc3339);
        Self {
            results,
            statuses: statuses.into_values().collect(),
            quarantined: quarantined(&aside),
            sources: rows
                .iter()
                .map(|row| Source {
                    path: row.path.clone(),
                    status: row.status.name(),
                    etag: row.etag.clone(),
                    bytes: row.bytes,
                    rows: row.rows,
                    rows_without_time: row.rows_without_time,
                    bad_lines: row.bad_lines,
                    first_time: time(row.first_time),
                    last_time: time(row.last_time),
                    reason: row.reason.clone(),
                })
                .collect(),
            names,
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", print::plain(&self.results));
        text.push_str(&print::table(
            &["status", "#files", "#rows", "#size"],
            self.statuses.iter().map(|status| {
                vec![
                    status.status.to_owned(),
                    print::count(status.files),
                    print::count(status.rows),
                    size::show(status.bytes),
                ]
            }),
        ));
        if !self.quarantined.is_empty() {
            text.push_str("\nset aside, by reason\n");
            text.push_str(&print::table(
                &["#files", "first", "reason"],
                self.quarantined.iter().map(|group| {
                    let first = group.files.first().cloned().unwrap_or_default();
                    vec![print::count(group.files.len() as u64), first, group.reason.clone()]
                }),
            ));
        }
        let bad: Vec<_> = self.sources.iter().filter(|source| source.bad_lines > 0).collect();
        if !bad.is_empty() {
            text.push_str("\nlines left out\n");
            for source in bad.iter().take(NAMED) {
                let reason = source.reason.as_deref().unwrap_or_default();
                let _ = writeln!(text, "  {}: {}", print::plain(&source.path), print::plain(reason));
            }
            if bad.len() > NAMED {
                let _ = writeln!(text, "  and {} more files (--format json lists all)", bad.len() - NAMED);
            }
        }
        if self.names {
            text.push('\n');
            for source in self.sources.iter().take(NAMED) {
                let _ = writeln!(text, "  {}", print::plain(&source.path));
            }
            if self.sources.len() > NAMED {
                let more = print::count((self.sources.len() - NAMED) as u64);
                let _ = writeln!(text, "  and {more} more (--format json lists all)");
            }
        }
        text
    }
}
