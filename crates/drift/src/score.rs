//! What a metric returns: a score with its noise, or the reason why there is none.

use std::fmt;

/// A value with what is known about its noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The value; always finite.
    pub value: f64,
    /// How far the value may be from that of the exact rows; 0 where it is exact.
    pub error_bound: f64,
    /// The value to expect at these row counts when nothing has drifted.
    pub expected: Option<f64>,
    /// Probability of a value at least this large when nothing has drifted.
    pub p_value: Option<f64>,
}

impl Score {
    /// A finite score, or `Unbounded`; what is not finite beside the value is left out.
    pub(crate) fn checked(
        value: f64,
        error_bound: f64,
        expected: Option<f64>,
        p_value: Option<f64>,
    ) -> Result<Self, Undefined> {
        if !value.is_finite() || !error_bound.is_finite() {
            return Err(Undefined::Unbounded);
        }
        let expected = expected.filter(|e| e.is_finite());
        let p_value = p_value.filter(|p| !p.is_nan()).map(|p| p.clamp(0.0, 1.0));
        Ok(Self { value, error_bound: error_bound.max(0.0), expected, p_value })
    }

    /// How far the value lies above its expectation; the value itself where there is none.
    pub(crate) fn excess(&self) -> f64 {
        self.value - self.expected.unwrap_or(0.0)
    }
}

/// Why a metric has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undefined {
    /// The baseline has no rows.
    EmptyBaseline,
    /// The current side has no rows.
    EmptyCurrent,
    /// The values do not vary where the metric divides by their spread.
    Constant,
    /// The formula needs more rows.
    TooFewRows,
    /// The formula gives infinity, as with an empty bin and no smoothing.
    Unbounded,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyBaseline => "baseline has no rows",
            Self::EmptyCurrent => "current has no rows",
            Self::Constant => "values do not vary",
            Self::TooFewRows => "too few rows",
            Self::Unbounded => "value is unbounded",
        })
    }
}

impl std::error::Error for Undefined {}
