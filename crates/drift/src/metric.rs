//! What a metric is: a record with a name, a range, a default threshold and a function.

use crate::input::{Names, Ranks, Shares};
use crate::score::{Score, Undefined};

/// One way to measure how far `current` has moved from `baseline`.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Name in configuration and tables: snake case, a variant after a dot (`population_stability.soda`).
    pub name: &'static str,
    /// Name in prose.
    pub title: &'static str,
    /// Smoothing, base of the logarithm and the like, e.g. `add0.5/ln`; binning is the caller's to name.
    pub method: &'static str,
    /// Closed range of the value; infinite where unbounded.
    pub range: (f64, f64),
    /// Whether swapping baseline and current leaves the value as it is.
    pub symmetric: bool,
    /// Default threshold, in the unit of the value.
    pub threshold: f64,
    /// Smallest excess over the expected value that is worth a warning; only deciding metrics have one.
    pub floor: Option<f64>,
    /// Paper, textbook or tool the definition is taken from.
    pub reference: &'static str,
    /// A few lines for people: formula, range, units, and when not to use it.
    pub page: &'static str,
    /// What it looks at, and the function.
    pub measure: Measure,
}

/// What a metric looks at, with the function that computes it.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// Aligned bins or categories.
    Shares(fn(&Shares<'_>) -> Result<Score, Undefined>),
    /// Ordered values.
    Ranks(fn(&Ranks<'_>) -> Result<Score, Undefined>),
    /// Categories by name and by hash bucket.
    Names(fn(&Names<'_>) -> Result<Score, Undefined>),
}
