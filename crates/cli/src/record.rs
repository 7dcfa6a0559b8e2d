//! The record of a run: when, where, with which options. The only result that carries the wall clock.

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

use monitor::{Outcome, tables::RunRow};

use crate::print;

/// A run that has started.
#[derive(Debug)]
pub(crate) struct Record {
    started: i64,
}

impl Record {
    pub(crate) fn start() -> Self {
        Self { started: now() }
    }

    /// The row of a run that came to its end or was stopped.
    pub(crate) fn row(&self, outcome: &Outcome) -> RunRow {
        let progress = outcome.progress;
        RunRow {
            started: self.started,
            ended: now(),
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            options: options(env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned())),
            windows: progress.windows,
            sources: progress.sources_done,
            rows: progress.rows_done,
            violations: progress.violations,
            status: if outcome.interrupted { "interrupted" } else { "completed" },
        }
    }
}

/// The command line as typed. Locations with credentials never get here: they are refused when they are read.
fn options(words: impl Iterator<Item = String>) -> String {
    words.map(|word| print::quoted(&word)).collect::<Vec<_>>().join(" ")
}

#[expect(clippy::disallowed_methods, reason = "the record of a run is the one result with the wall clock")]
fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_can_be_typed_again() {
        let words = ["backfill", "a b", "--out=r"].map(str::to_owned);
        assert_eq!(options(words.into_iter()), "backfill 'a b' --out=r");
    }
}
