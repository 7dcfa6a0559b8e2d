//! The monitor itself: baseline, windows, scores, checks, and the run that joins them.
//!
//! ```text
//! captures -> store::plan -> store::scan -> profile -> score -> check -> tables
//!                                              ^         ^        ^
//!                                              |         |        +-- Constraints
//!                                              +-- Spec  +-- Profile of the baseline
//! ```
//!
//! It decides and computes no formula of its own: distances and p-values come from `drift`, summaries from
//! `profile`. It knows nothing of a command line or a terminal.

mod baseline;
pub mod bench;
mod captured;
mod check;
mod columns;
mod compare;
mod convert;
mod error;
mod explain;
mod gather;
mod group;
mod grouping;
mod guess;
mod metrics;
mod notable;
mod outcome;
mod outcomes;
mod profiles;
mod quality_outcome;
mod run;
mod sagemaker;
mod score;
mod segments;
mod settings;
pub mod tables;
mod time_column;
mod window;

use std::sync::atomic::AtomicBool;

pub use baseline::{Baseline, BaselineFeature, BaselineOutcome, make_baseline};
pub use check::{ALL as CHECKS, Check};
pub use columns::{Column, TABLES, Table};
pub use compare::Compare;
pub use convert::{Converted, convert};
pub use drift::{ALL as METRICS, Metric};
pub use error::Error;
pub use explain::{Explanation, Moved, explain};
pub use guess::{Guess, guess};
pub use jiff::tz::TimeZone;
pub use metrics::{ScoreMetric, score_metrics};
pub use notable::Notable;
pub use outcome::{
    BadLines, Breach, BrokenHere, ConstraintKey, ConstraintOutcome, Detail, FeatureOutcome, Outcome,
    Progress, WorstWindow,
};
pub use quality::Problem;
pub use quality_outcome::QualityOutcome;
pub use run::{Changes, Preview, backfill, check, dry_run, rescore, settings_of};
pub use settings::{
    Aggregate, Attribution, Bias, Compat, Emit, GroundTruth, Latency, OnBadFile, Quality, Roles, Settings,
    Windows,
};
pub use store::{Location, OutputsAt, RecordOptions, Store};
pub use window::{Calendar, Every, Window};

/// Who looks on while a run goes on, and may stop it.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Called often, from the thread that started the run.
    pub progress: &'a dyn Fn(Progress),
    /// Set to true to end the run soon, keeping what is written.
    pub stop: &'a AtomicBool,
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("stop", self.stop).finish_non_exhaustive()
    }
}
