//! Result tables: their rows, and the Arrow columns that they are written as.

mod columns;
mod confusion;
mod curves;
mod features;
mod histograms;
mod row;
mod runs;
mod scores;
mod sources;
mod violations;
mod windows;

use std::{fmt, sync::Arc};

pub use confusion::ConfusionRow;
pub use curves::CurveRow;
pub use features::FeatureRow;
pub(crate) use features::QUANTILES;
pub use histograms::HistogramRow;
pub(crate) use row::{Row, rows};
pub use runs::RunRow;
pub use scores::{ScoreRow, Status};
pub use sources::{SourceRow, SourceStatus, read_sources};
pub use violations::{Contribution, Severity, ViolationRow};
pub use windows::{WindowRow, WindowStatus};

/// What every row of a result starts with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Name of the monitor.
    pub monitor: Arc<str>,
    /// Start of the window, microseconds since 1970 UTC.
    pub window_start: i64,
    /// End of the window.
    pub window_end: i64,
    /// `origin=JFK`; `None` for all rows.
    pub segment: Option<Arc<str>>,
}

/// What kind of question a score answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Has the distribution moved?
    Drift,
    /// Is the data complete, of the right type, in range?
    DataQuality,
    /// Are predictions right?
    ModelQuality,
    /// Do labels still follow from the inputs as they did?
    Concept,
    /// Are groups treated alike?
    Bias,
    /// Do the same features drive predictions?
    Attribution,
    /// Do answers come in time, and without errors?
    Latency,
}

impl Family {
    /// As tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::DataQuality => "data_quality",
            Self::ModelQuality => "model_quality",
            Self::Concept => "concept",
            Self::Bias => "bias",
            Self::Attribution => "attribution",
            Self::Latency => "latency",
        }
    }
}

/// On which side of its threshold a value breaks a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Broken when above.
    Above,
    /// Broken when below.
    Below,
}

impl Family {
    /// All of them.
    const ALL: [Self; 7] = [
        Self::Drift,
        Self::DataQuality,
        Self::ModelQuality,
        Self::Concept,
        Self::Bias,
        Self::Attribution,
        Self::Latency,
    ];

    /// From what tables write.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }
}

impl Comparison {
    /// As tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

impl Comparison {
    /// From what tables write.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        [Self::Above, Self::Below].into_iter().find(|comparison| comparison.name() == name)
    }
}

impl Key {
    /// From a row of any table.
    pub(crate) fn of_row(row: Row<'_>) -> Option<Self> {
        Some(Self {
            monitor: row.text("monitor")?.into(),
            window_start: row.time("window_start")?,
            window_end: row.time("window_end")?,
            segment: row.text("segment").map(Arc::from),
        })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
