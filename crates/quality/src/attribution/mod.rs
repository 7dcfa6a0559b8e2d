//! Attribution drift: do the same features still drive the predictions?
//!
//! [`Attributions`] aggregates captured attributions (SHAP values, one a feature and row); it merges in any order. Its
//! [`Importance`] per feature, or that of a Clarify `analysis.json` read by [`analyses`], is compared with a baseline's by
//! [`shift()`]: NDCG over the order of features, as SageMaker Model Monitor has it, with what chance alone makes of it, and
//! each feature's share and rank, for NDCG does not say which feature moved.
//!
//! ```
//! use quality::attribution::{Aggregate, Attributions, THRESHOLD, shift};
//!
//! let importances = |rows: &[[f64; 3]]| {
//!     let mut attributions = Attributions::new(["age", "income", "zip"]);
//!     rows.iter().for_each(|row| attributions.observe(row));
//!     attributions.importances(Aggregate::MeanAbs)
//! };
//! let baseline = importances(&[[0.7, -0.5, 0.05], [-0.7, 0.5, 0.05]]);
//! let current = importances(&[[0.1, 0.2, 0.7], [0.1, -0.2, -0.7]]);
//! let shift = shift(&baseline, &current, 0)?;
//! assert!((shift.ndcg - 0.6876).abs() < 1e-4 && shift.ndcg < THRESHOLD);
//! assert_eq!(shift.movers[0].feature, "zip");
//! # Ok::<(), quality::attribution::Undefined>(())
//! ```

mod analysis;
mod attributions;
mod chance;
mod ndcg;
mod shift;
mod slots;

use std::fmt;

pub use analysis::{Analysis, Error, analyses};
pub use attributions::{Aggregate, Attributions, Importance};
pub use ndcg::{dcg, ndcg};
pub use shift::{Mover, Shift, shift};

/// NDCG below which SageMaker Model Monitor reports a violation.
pub const THRESHOLD: f64 = 0.90;

/// Why attributions cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undefined {
    /// The baseline has no attributions.
    EmptyBaseline,
    /// The current side has no attributions.
    EmptyCurrent,
    /// Every gain is zero: there is no order to keep.
    NoGain,
    /// A gain is negative, or a gain or score is not finite, or there are not as many of both.
    NotComparable,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyBaseline => "baseline has no attributions",
            Self::EmptyCurrent => "current has no attributions",
            Self::NoGain => "every attribution of the baseline is zero",
            Self::NotComparable => "attributions are negative or not finite",
        })
    }
}

impl std::error::Error for Undefined {}
