//! What a metric returns: a value with what is known about it, or the reason why there is none.

use std::fmt;

/// A value with its noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The value; always finite.
    pub value: f64,
    /// Standard error of the value as an estimate of what as many other rows would give; `None` where none is known.
    pub standard_error: Option<f64>,
    /// How far the value may be from that of the exact rows; 0 where it is exact.
    pub error_bound: f64,
    /// Rows (of rankings: queries) that the value is of.
    pub rows: u64,
}

impl Score {
    /// An exact value.
    pub(crate) fn exact(value: f64, standard_error: Option<f64>, rows: u64) -> Result<Self, Undefined> {
        Self::within(value, standard_error, 0.0, rows)
    }

    /// A value and its bound, if they are finite; a standard error that is not is left out.
    pub(crate) fn within(
        value: f64,
        standard_error: Option<f64>,
        error_bound: f64,
        rows: u64,
    ) -> Result<Self, Undefined> {
        if rows == 0 {
            return Err(Undefined::NoRows);
        }
        if !value.is_finite() || !error_bound.is_finite() {
            return Err(Undefined::Unbounded);
        }
        let standard_error = standard_error.filter(|error| error.is_finite() && *error >= 0.0);
        Ok(Self { value, standard_error, error_bound: error_bound.max(0.0), rows })
    }
}

/// Why a metric has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Undefined {
    /// No row has what the metric looks at, such as a label beside a prediction.
    NoRows,
    /// No row has a usable score beside its label.
    NoScores,
    /// No label is positive.
    NoPositives,
    /// No label is negative.
    NoNegatives,
    /// No row was predicted positive.
    NoPredictedPositives,
    /// Labels, or predictions, are all the same where the metric divides by their spread.
    Constant,
    /// Every label is zero where the metric divides by it.
    ZeroLabels,
    /// There are more classes than are counted one by one.
    TooManyClasses,
    /// The formula needs more rows.
    TooFewRows,
    /// The formula gives no finite number.
    Unbounded,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRows => "no rows with a prediction and a label",
            Self::NoScores => "no rows with a score and a label",
            Self::NoPositives => "no label is positive",
            Self::NoNegatives => "no label is negative",
            Self::NoPredictedPositives => "no row was predicted positive",
            Self::Constant => "labels or predictions do not vary",
            Self::ZeroLabels => "every label is zero",
            Self::TooManyClasses => "more classes than are counted one by one",
            Self::TooFewRows => "too few rows",
            Self::Unbounded => "value is unbounded",
        })
    }
}

impl std::error::Error for Undefined {}
