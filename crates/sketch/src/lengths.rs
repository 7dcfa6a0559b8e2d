//! Lengths of names in characters; of binary values that is two a byte, as they are shown in hexadecimal digits.

use serde::{Deserialize, Serialize};

use crate::Moments;

/// Moments and bounds of lengths.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Lengths(Moments);

impl Lengths {
    /// Takes one length.
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    pub fn observe(&mut self, length: usize) {
        self.0.observe(length as f64);
    }

    /// Takes one length `weight` times.
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    pub fn observe_many(&mut self, length: usize, weight: u64) {
        self.0.observe_many(length as f64, weight);
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.0.merge(&other.0);
    }

    /// The moments of the lengths.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.0
    }
}
