//! What a bias metric is: a record with a name, a range, a value of no bias and a function of counts.

use std::fmt;

use super::table::Table;

/// One way to say how differently two groups fare.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Name in configuration and tables, as SageMaker Clarify has it: `DPL`.
    pub name: &'static str,
    /// Name in prose.
    pub title: &'static str,
    /// What the metric looks at.
    pub stage: Stage,
    /// Closed range of the value; infinite where unbounded.
    pub range: (f64, f64),
    /// The value of no bias.
    pub neutral: Neutral,
    /// Smallest worsening that is worth an alarm, in the unit of [`Neutral::deviation`].
    pub floor: f64,
    /// The metric that says the same in another unit and with a direction, if there is one: then that one is judged.
    pub same_as: Option<&'static str>,
    /// Paper or tool that the definition is taken from.
    pub reference: &'static str,
    /// A few lines for people: formula, direction, and when not to use it.
    pub page: &'static str,
    /// How it is computed.
    pub measure: Measure,
}

/// What a metric looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Observed labels alone.
    PreTraining,
    /// Predictions, for most metrics beside the labels.
    PostTraining,
}

/// How a metric is computed.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// From counts.
    Counts(fn(&Table, Convention) -> Result<f64, Undefined>),
    /// From rows with their features: [`super::flip_test()`], [`super::Sample`].
    Neighbours,
}

/// The value of no bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neutral {
    /// A difference: 0.
    Zero,
    /// A ratio of shares: 1.
    One,
}

impl Neutral {
    /// The value of no bias itself.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::One => 1.0,
        }
    }

    /// How far a value lies from no bias, with a sign: 0 is none.
    ///
    /// A ratio r becomes r - 1 below 1 and 1 - 1/r above: swapping the groups only changes the sign, both ends are
    /// one away (-1 where r is 0), and the four-fifths rule is a deviation of 0.2.
    #[must_use]
    pub fn deviation(self, value: f64) -> f64 {
        match self {
            Self::Zero => value,
            Self::One if value > 1.0 => 1.0 - 1.0 / value,
            Self::One => value - 1.0,
        }
    }

    /// The value that deviates so much: the inverse of [`Neutral::deviation`].
    #[must_use]
    pub fn at(self, deviation: f64) -> f64 {
        match self {
            Self::Zero => deviation,
            Self::One if deviation > 0.0 => 1.0 / (1.0 - deviation).max(0.0),
            Self::One => (1.0 + deviation).max(0.0),
        }
    }

    /// How much the deviation moves per unit of the value.
    pub(super) fn slope(self, value: f64) -> f64 {
        match self {
            Self::One if value > 1.0 => 1.0 / (value * value),
            _ => 1.0,
        }
    }
}

/// What to do where a formula divides by zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// No value, with the reason; values are finite.
    Strict,
    /// As SageMaker Clarify does: 0/0 is 0, x/0 is infinite, and the distances between the label distributions of
    /// two groups leave out a label that one of the groups lacks. Values may be infinite.
    Compat,
}

impl Convention {
    /// `over / under` of two counts.
    pub(super) fn divide(self, over: f64, under: f64) -> Result<f64, Undefined> {
        match (self, over > 0.0, under > 0.0) {
            (_, _, true) => Ok(over / under),
            (Self::Strict, true, false) => Err(Undefined::Unbounded),
            (Self::Strict, false, false) => Err(Undefined::NoRows),
            (Self::Compat, true, false) => Ok(f64::INFINITY),
            (Self::Compat, false, false) => Ok(0.0),
        }
    }

    /// `left - right`, of which both may be infinite.
    pub(super) fn subtract(self, left: f64, right: f64) -> f64 {
        if left.is_infinite() && right.is_infinite() { 0.0 } else { left - right }
    }
}

impl Metric {
    /// The value: finite, or under [`Convention::Compat`] infinite; never NaN.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn value(&self, table: &Table, convention: Convention) -> Result<f64, Undefined> {
        let Measure::Counts(measure) = self.measure else { return Err(Undefined::NeedsRows) };
        table.check()?;
        if convention == Convention::Compat
            && self.stage == Stage::PostTraining
            && table.both().iter().all(|group| group.positive_predictions() <= 0.0)
        {
            return Err(Undefined::NoPositives);
        }
        let value = measure(table, convention)?;
        // Adding zero turns -0.0 into 0.0.
        if value.is_nan() { Err(Undefined::Unbounded) } else { Ok(value + 0.0) }
    }
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undefined {
    /// No row is in the disadvantaged group.
    EmptyGroup,
    /// Every row is in the disadvantaged group.
    EmptyRest,
    /// No row has what the formula divides by: a label, a prediction, or one of a kind.
    NoRows,
    /// A ratio has nothing below its line, or a divergence meets a label that one group lacks.
    Unbounded,
    /// There is no group variable.
    NoGroupVariable,
    /// No row is positive.
    NoPositives,
    /// No row is negative.
    NoNegatives,
    /// Labels, predictions or facet values are of another type than the condition that is asked of them.
    Mismatched,
    /// The facet and the group variable have too many values to count.
    TooManyValues,
    /// There are more rows than are compared with one another.
    TooManyRows,
    /// The metric looks at features, not at counts.
    NeedsRows,
    /// No row has a finite number as each feature.
    NotFinite,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyGroup => "no row is in the disadvantaged group",
            Self::EmptyRest => "every row is in the disadvantaged group",
            Self::NoRows => "no row has what the formula divides by",
            Self::Unbounded => "value is unbounded",
            Self::NoGroupVariable => "there is no group variable",
            Self::NoPositives => "no row is positive",
            Self::NoNegatives => "no row is negative",
            Self::Mismatched => "values are of another type than the condition",
            Self::TooManyValues => "facet and group variable have too many values",
            Self::TooManyRows => "too many rows to compare with one another",
            Self::NeedsRows => "computed from rows, not from counts",
            Self::NotFinite => "no row has a finite number as each feature",
        })
    }
}

impl std::error::Error for Undefined {}
