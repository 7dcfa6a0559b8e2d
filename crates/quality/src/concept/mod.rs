//! Concept drift, directly: whether labels still follow from the inputs as they did.
//!
//! A [`Classes`] counts labels by bin of a feature (or of the score), a [`Means`] sums numbers by the same bins; both merge in
//! any order. [`change`] and [`mean_change`] compare P(label | bin), or the mean, with the baseline's **under the baseline's
//! own bin weights**: what the inputs do moves nothing but the noise. Beside the value: what chance makes of it, a p-value,
//! and the bins responsible, largest first.
//!
//! | question | bins | given |
//! | --- | --- | --- |
//! | is the score still calibrated? | of the score | one |
//! | does the label follow from this feature as before? | of the feature | one |
//! | the same, whatever the other features do | of the feature | bins of the score |
//! | is it this feature in which the relation moved? ([`uneven_change`]) | of the feature | bins of the score |
//!
//! The last is the one to judge features by. A feature's own bins say nothing of the others: where another feature
//! shifts that also drives the label, P(label | bin) moves though the relation to all of the inputs is as it was. Given the
//! score, which sums up what the model knows of the inputs, only what the model does not know remains. And where the
//! relation moves for some rows or for all, every feature's bins move with it: only how far they move apart from one another says
//! which feature tells these rows from the others. Limits of all forms:
//! values that move within a wide bin, above all in the open ones at the ends; inputs that no feature holds.
//!
//! [`decompose`] splits a change of a mean loss (errors, log loss, squared residuals) in the part that the inputs' shift
//! explains and the part of the relation.
//!
//! ```
//! use quality::concept::{Classes, change};
//!
//! let side = |rates: [u64; 2], rows: [u64; 2]| {
//!     let mut classes = Classes::new(2, 1, 2);
//!     for bin in 0..2 {
//!         classes.observe(bin, 0, 1, rates[bin] * rows[bin] / 100);
//!         classes.observe(bin, 0, 0, (100 - rates[bin]) * rows[bin] / 100);
//!     }
//!     classes
//! };
//! let baseline = side([20, 60], [5000, 5000]);
//! // Other inputs, the same relation; then the same inputs, another relation in the second bin.
//! let inputs = change(&baseline, &side([20, 60], [1000, 9000]))?;
//! let relation = change(&baseline, &side([20, 40], [5000, 5000]))?;
//! assert!(inputs.value < 1e-12 && (relation.value - 0.1).abs() < 1e-12);
//! assert_eq!((relation.bins[0].bin, relation.p_value < 0.01), (1, true));
//! # Ok::<(), quality::concept::Undefined>(())
//! ```

mod chance;
mod change;
mod classes;
mod compared_cells;
mod contrasts;
mod decomposition;
#[cfg(test)]
mod laws;
mod layout;
mod mean_change;
mod means;
mod score;
mod uneven_change;

use std::fmt;

pub use change::change;
pub use classes::Classes;
pub use decomposition::{CellParts, Decomposition, Part, decompose};
pub use mean_change::mean_change;
pub use means::Means;
pub use score::{BinChange, Score};
pub use uneven_change::uneven_change;

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undefined {
    /// The baseline has no rows with a label.
    EmptyBaseline,
    /// The current side has no rows with a label.
    EmptyCurrent,
    /// The two sides are counted over different bins or classes.
    Mismatched,
    /// No bin has rows on both sides.
    NothingInCommon,
    /// The rows of each score that both sides have lie in one bin: there is no other to differ from.
    OneBin,
    /// All labels of both sides are the same, or the baseline's numbers do not vary.
    Constant,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyBaseline => "baseline has no labels",
            Self::EmptyCurrent => "current has no labels",
            Self::Mismatched => "counted over different bins",
            Self::NothingInCommon => "no bin has labels on both sides",
            Self::OneBin => "no two bins to tell apart",
            Self::Constant => "labels do not vary",
        })
    }
}

impl std::error::Error for Undefined {}
