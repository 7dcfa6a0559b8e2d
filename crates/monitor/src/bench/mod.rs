//! Throughput of the profile beside what reading and decoding the same columns costs.
//!
//! Everything is measured in one run, in turn: a round runs every stage once, over the same columns of the same row
//! groups with the same number of threads. What one machine does at one moment then falls on all stages alike, and
//! ratios are taken within a round.

mod floors;
mod law;
mod make;
mod measure;
mod outcome;
mod pass;
mod pieces;
mod remote;
mod shape;

use std::{
    collections::BTreeSet,
    error::Error as StdError,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use store::{Location, Plan, PlanStatus, Store};

use crate::{
    Error, Settings, Watch, gather,
    run::{list, plan_captures},
};
use floors::{Floors, Strings};
pub use make::make_data;
pub use measure::Spread;
use measure::rounds;
use outcome::Beside;
pub use outcome::{Bench, Ratios, RemoteBench, StageBench};
use pass::{Profiling, Seen};
pub use shape::{Codec, Encoding, ID, Order, SEGMENT, Shape, TIME};

/// Who looks on, and may stop it.
#[derive(Clone, Copy)]
pub struct BenchWatch<'a> {
    /// Called between pieces of work, never inside one that is measured.
    pub step: &'a dyn Fn(Step),
    /// Set to true to end soon.
    pub stop: &'a AtomicBool,
}

impl std::fmt::Debug for BenchWatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BenchWatch").field("stop", self.stop).finish_non_exhaustive()
    }
}

/// How far a benchmark has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What it is at.
    pub doing: &'static str,
    /// Pieces done.
    pub done: u64,
    /// Pieces in all.
    pub of: u64,
}

/// A piece of work that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Read,
    Decompress,
    Decode(Strings),
    Profile { pages: bool },
}

impl Stage {
    /// All of them, by name, in the order in which a round runs them.
    const ALL: [(&str, Self); 6] = [
        ("read", Self::Read),
        ("decompress", Self::Decompress),
        ("decode_utf8", Self::Decode(Strings::Plain)),
        ("decode_dictionary", Self::Decode(Strings::Dictionary)),
        ("profile_page", Self::Profile { pages: true }),
        ("profile_batch", Self::Profile { pages: false }),
    ];
}

/// Measures profile and floors over Parquet captures on this machine, `runs` times after one round that does not
/// count. The baseline is frozen from the first capture, before anything is measured. With a `latency`, the same profile
/// is then measured in turn here and over copies of the captures in memory whose every read waits that long. Gives
/// nothing when it was told to stop.
///
/// # Errors
/// When a capture is not Parquet or cannot be read, or a setting cannot be used.
pub fn bench(
    store: &Store,
    captures: &Location,
    settings: &Settings,
    runs: usize,
    latency: Option<Duration>,
    watch: BenchWatch<'_>,
) -> Result<Option<Bench>, Error> {
    let quiet = Watch { progress: &|_| (), stop: watch.stop };
    let listed = list(store, captures, quiet)?;
    let plan = Arc::new(plan_captures(store, captures, listed, settings, quiet, None)?);
    all_ready(&plan)?;
    let pool = gather::pool(settings)?;
    let floors = Floors::open(&plan, &columns_read(&plan, settings))?;
    let profiling = Profiling { store, plan: &plan, settings, pool: &pool, stop: watch.stop };
    let Some(spec) = profiling.freeze()? else { return Ok(None) };

    let rows = plan.sources.iter().map(|source| source.rows).sum();
    let (mut of_pages, mut of_batches) = (Seen::default(), Seen::default());
    let profile = |pages, seen: &mut Seen| {
        if let Some(found) = profiling.run(&spec, pages)? {
            *seen = found;
        }
        Ok(())
    };
    let stages = Stage::ALL.map(|(_, stage)| stage);
    let samples = rounds(&stages, runs, watch, |stage| match stage {
        Stage::Read => floors.read(&pool),
        Stage::Decompress => floors.decompress(&pool),
        Stage::Decode(strings) => floors.decode(&pool, strings),
        Stage::Profile { pages: true } => profile(true, &mut of_pages),
        Stage::Profile { pages: false } => profile(false, &mut of_batches),
    })?;
    let Some(samples) = samples else { return Ok(None) };
    if (of_pages.rows, of_batches.rows) != (rows, rows) {
        let (pages, batches) = (of_pages.rows, of_batches.rows);
        let reason = format!("expected {rows} rows, profiled {pages} from pages and {batches} from batches");
        return Err(corrupt(captures.to_string().as_ref(), None, reason));
    }
    let columns = columns_monitored(&plan, settings);
    let mut bench = Bench {
        rows,
        columns,
        cells: rows * columns,
        files: plan.sources.len() as u64,
        file_bytes: plan.sources.iter().map(|source| source.source.bytes).sum(),
        bytes: floors.bytes(),
        codec: floors.codecs(),
        windows: of_pages.windows,
        segments: of_pages.segments.len() as u64,
        handed_over: of_pages.handed_over,
        threads: pool.current_num_threads(),
        runs,
        stages: Vec::new(),
    };
    let decoder = |strings| {
        let at = stages.iter().position(|stage| *stage == Stage::Decode(strings));
        at.map_or(&[][..], |at| &samples[at])
    };
    let (utf8, dictionary) = (decoder(Strings::Plain), decoder(Strings::Dictionary));
    for ((name, stage), samples) in Stage::ALL.into_iter().zip(&samples) {
        let beside = match stage {
            Stage::Profile { .. } => Beside::Decoders(Ratios::new(samples, utf8, dictionary)),
            _ => Beside::Nothing,
        };
        bench.add(name, samples, beside);
    }
    let Some(latency) = latency else { return Ok(Some(bench)) };
    let Some((samples, remote)) = profiling.remote(&spec, captures, latency, runs, watch)? else {
        return Ok(None);
    };
    bench.add("profile_remote", &samples, Beside::Local(remote));
    Ok(Some(bench))
}

/// A floor and a profile are only comparable over the same files, so none may be set aside.
fn all_ready(plan: &Plan) -> Result<(), Error> {
    for source in &plan.sources {
        if let PlanStatus::Quarantined(reason) = &source.status {
            let path = &source.source.path;
            return Err(corrupt(path.as_ref(), None, gather::plain_reason(path, reason)));
        }
    }
    Ok(())
}

/// Columns that the profile's pass reads.
fn columns_read(plan: &Plan, settings: &Settings) -> BTreeSet<String> {
    match gather::columns(plan, settings) {
        store::Columns::Only(names) => names.into_iter().collect(),
        store::Columns::All => BTreeSet::new(),
    }
}

/// How many columns are monitored, folders left aside.
fn columns_monitored(plan: &Plan, settings: &Settings) -> u64 {
    let mut names = BTreeSet::new();
    for source in &plan.sources {
        let folders: Vec<&str> = source.folder_columns().collect();
        let fields = source.schema.iter().flat_map(|schema| schema.fields().iter());
        let monitored = fields
            .map(|field| field.name().as_str())
            .filter(|name| settings.roles.is_monitored(name) && !folders.contains(name));
        names.extend(monitored);
    }
    names.len() as u64
}

/// A failure to read or write something here.
fn failed<E: StdError + Send + Sync + 'static>(path: &Path, action: &'static str) -> impl FnOnce(E) -> Error {
    let path = path.display().to_string();
    move |error| Error::Store(store::Error::Io { path, action, source: Arc::new(error) })
}

/// Bytes that are not what they should be.
fn corrupt(path: &Path, row_group: Option<usize>, reason: String) -> Error {
    Error::Store(store::Error::Corrupt { path: path.display().to_string(), row_group, reason })
}
