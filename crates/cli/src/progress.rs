//! How far a run has come: a bar on a terminal, a line every ten seconds elsewhere.

use std::{
    cell::Cell,
    io::{self, IsTerminal as _},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use monitor::{
    Progress, Watch,
    bench::{BenchWatch, Step},
};

use crate::{args::Common, print, signal::Signal, size};

/// Time between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);

/// Shows progress on standard error.
#[derive(Debug)]
pub(crate) struct Reporter<'a> {
    signal: &'a Signal,
    show: Show,
    started: Instant,
    said_stop: Cell<bool>,
}

#[derive(Debug)]
enum Show {
    Nothing,
    Bar(ProgressBar),
    Lines { last: Cell<Instant> },
}

impl<'a> Reporter<'a> {
    #[expect(clippy::disallowed_methods, reason = "progress measures time; no result holds it")]
    pub(crate) fn new(common: &Common, signal: &'a Signal) -> Self {
        let started = Instant::now();
        let show = if common.quiet {
            Show::Nothing
        } else if io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:12} {percent:>3}% {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(250));
            Show::Bar(bar)
        } else {
            Show::Lines { last: Cell::new(started) }
        };
        Self { signal, show, started, said_stop: Cell::new(false) }
    }

    /// Runs something that reports here and stops when a signal says so.
    pub(crate) fn watch<T>(&self, run: impl FnOnce(Watch<'_>) -> T) -> T {
        let progress = |progress: Progress| {
            self.report(progress.bytes_done, progress.bytes, |seconds| line(progress, seconds));
        };
        let outcome = run(Watch { progress: &progress, stop: &self.signal.stop });
        self.clear();
        outcome
    }

    /// The same for a benchmark.
    pub(crate) fn watch_bench<T>(&self, run: impl FnOnce(BenchWatch<'_>) -> T) -> T {
        let step = |Step { doing, done, of }: Step| {
            self.report(done, of, |_| format!("{doing} · {}/{}", print::count(done), print::count(of)));
        };
        let outcome = run(BenchWatch { step: &step, stop: &self.signal.stop });
        self.clear();
        outcome
    }

    fn clear(&self) {
        if let Show::Bar(bar) = &self.show {
            bar.finish_and_clear();
        }
    }

    #[expect(clippy::disallowed_methods, reason = "progress measures time; no result holds it")]
    fn report(&self, done: u64, of: u64, line: impl FnOnce(f64) -> String) {
        let now = Instant::now();
        let seconds = now.duration_since(self.started).as_secs_f64();
        match &self.show {
            Show::Nothing => return,
            Show::Bar(bar) => {
                if of > 0 {
                    bar.set_length(of);
                    bar.set_position(done);
                }
                bar.set_message(line(seconds));
            }
            Show::Lines { last } => {
                if now.duration_since(last.get()) >= PAUSE {
                    last.set(now);
                    print::note(&line(seconds));
                }
            }
        }
        if self.signal.stop.load(Ordering::Relaxed) && !self.said_stop.replace(true) {
            let text = "stopping once what is under way is written; the same signal again ends at once";
            match &self.show {
                Show::Bar(bar) => bar.suspend(|| print::note(text)),
                _ => print::note(text),
            }
        }
    }
}

/// `windows 120 · violations 512 · files 4/11 · ETA 12 s · 1,200,000 rows/s · 34.1 MB/s`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "two digits are shown"
)]
fn line(progress: Progress, seconds: f64) -> String {
    let Progress { listed, sources, sources_done, rows_done, bytes, bytes_done, windows, violations, .. } =
        progress;
    if sources == 0 {
        return format!("planning · {} found", print::counted(listed, "file"));
    }
    let rate = |done: u64| if seconds > 0.0 { (done as f64 / seconds) as u64 } else { 0 };
    let mut parts = vec![
        format!("windows {}", print::count(windows)),
        format!("violations {}", print::count(violations)),
        format!("files {}/{}", print::count(sources_done), print::count(sources)),
    ];
    if bytes_done > 0 && bytes_done < bytes {
        let left = seconds * (bytes - bytes_done) as f64 / bytes_done as f64;
        parts.push(format!("ETA {}", duration(left as u64)));
    }
    parts.push(format!("{} rows/s", print::count(rate(rows_done))));
    parts.push(format!("{}/s", size::show(rate(bytes_done))));
    parts.join(" · ")
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_it_all() {
        let progress = Progress {
            sources: 11,
            sources_done: 4,
            rows_done: 200,
            bytes: 4_000_000,
            bytes_done: 1_000_000,
            windows: 120,
            violations: 512,
            ..Progress::default()
        };
        let expected = "windows 120 · violations 512 · files 4/11 · ETA 6 s · 100 rows/s · 500.0 KB/s";
        assert_eq!(line(progress, 2.0), expected);
        assert_eq!(line(Progress { listed: 1, ..Progress::default() }, 0.0), "planning · 1 file found");
        assert_eq!(duration(3_700), "1 h 1 min");
    }
}
