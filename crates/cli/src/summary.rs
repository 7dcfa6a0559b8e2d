//! What a backfill found, as one object: printed for people or as JSON.

mod facts;
mod quality;
mod text;

pub(crate) use facts::{Places, quarantined};
pub(crate) use quality::Quality;
use serde::Serialize;

/// The facts of a backfill. Member names are stable.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) monitor: String,
    pub(crate) captures: String,
    pub(crate) baseline: String,
    pub(crate) results: String,
    pub(crate) timezone: String,
    pub(crate) interrupted: bool,
    pub(crate) windows: Windows,
    pub(crate) files: Files,
    /// Rows in windows.
    pub(crate) rows: u64,
    pub(crate) rows_without_time: u64,
    pub(crate) baseline_rows: u64,
    pub(crate) violations: u64,
    pub(crate) warnings: u64,
    /// How right predictions were, where they may have labels.
    pub(crate) quality: Option<Quality>,
    pub(crate) quarantined: Vec<Quarantined>,
    pub(crate) worst_windows: Vec<WorstWindow>,
    pub(crate) worst_features: Vec<WorstFeature>,
    pub(crate) notes: Vec<String>,
    pub(crate) next: Vec<Next>,
}

/// How the windows of all records ended.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Windows {
    pub(crate) every: String,
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
    pub(crate) count: u64,
    /// Those that were written; the others were up to date.
    pub(crate) written: u64,
    pub(crate) completed: u64,
    pub(crate) completed_with_violations: u64,
    pub(crate) no_data: u64,
    pub(crate) failed: u64,
    /// Windows of single segments, beside those of all records.
    pub(crate) of_segments: u64,
}

/// What became of the files.
#[derive(Debug, Serialize)]
pub(crate) struct Files {
    pub(crate) read: u64,
    /// Not read: what an earlier run counted is used again.
    pub(crate) reused: u64,
    pub(crate) new: u64,
    pub(crate) changed: u64,
    /// No longer there; their rows are out of the windows.
    pub(crate) gone: u64,
    pub(crate) bytes: u64,
    pub(crate) outside_range: u64,
    pub(crate) quarantined: u64,
    pub(crate) not_captures: u64,
}

/// Files set aside for one reason.
#[derive(Debug, Serialize)]
pub(crate) struct Quarantined {
    pub(crate) reason: String,
    pub(crate) files: Vec<String>,
}

/// A window that stands out.
#[derive(Debug, Serialize)]
pub(crate) struct WorstWindow {
    /// As `explain --window` takes it.
    pub(crate) window: String,
    pub(crate) window_start: Option<String>,
    pub(crate) window_end: Option<String>,
    pub(crate) rows: u64,
    pub(crate) violations: u64,
    /// What worst windows are ordered by.
    pub(crate) weight: f64,
    pub(crate) broken: Vec<Broken>,
}

/// One constraint found broken in a window that stands out.
#[derive(Debug, Serialize)]
pub(crate) struct Broken {
    pub(crate) segment: Option<String>,
    pub(crate) feature: Option<String>,
    pub(crate) check: &'static str,
    pub(crate) metric: String,
    pub(crate) value: Option<f64>,
    pub(crate) baseline_value: Option<f64>,
    pub(crate) threshold: Option<f64>,
    pub(crate) severity: &'static str,
    /// Windows in which the same constraint is broken.
    pub(crate) windows: u64,
}

/// A feature over all windows.
#[derive(Debug, Serialize)]
pub(crate) struct WorstFeature {
    pub(crate) feature: String,
    pub(crate) violations: u64,
    pub(crate) warnings: u64,
    pub(crate) since: String,
    pub(crate) worst_window: Option<String>,
    pub(crate) check: Option<&'static str>,
    pub(crate) metric: Option<String>,
    pub(crate) value: Option<f64>,
    pub(crate) baseline_value: Option<f64>,
    pub(crate) threshold: Option<f64>,
}

/// A command to run next.
#[derive(Debug, Serialize)]
pub(crate) struct Next {
    pub(crate) about: &'static str,
    pub(crate) command: String,
}
