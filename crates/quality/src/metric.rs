//! What a metric is: a record with a name, a range, a direction and a function over a state.

use crate::binary::Binary;
use crate::multiclass::Multiclass;
use crate::outcomes::Outcomes;
use crate::ranking::Ranking;
use crate::regression::Regression;
use crate::score::{Score, Undefined};

/// One way to say how right predictions were.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Name in configuration and tables, snake case; unique among the metrics of its problem.
    pub name: &'static str,
    /// Name in prose.
    pub title: &'static str,
    /// What predictions it is for.
    pub problem: Problem,
    /// Closed range of the value; infinite where unbounded.
    pub range: (f64, f64),
    /// Which values are good.
    pub better: Better,
    /// How the standard error is had: `wilson`, `jackknife`, `delong`, `influence`, `moments`, `order_statistics`; or `none`.
    pub standard_error: &'static str,
    /// Paper, textbook or tool the definition is taken from.
    pub reference: &'static str,
    /// A few lines for people: formula, units, when it has no value.
    pub page: &'static str,
    /// What it looks at, and the function.
    pub measure: Measure,
}

/// What is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Problem {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
    /// An order of items, query by query.
    Ranking,
}

/// Which values are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Better {
    /// Large ones: a threshold is broken from below.
    Higher,
    /// Small ones: a threshold is broken from above.
    Lower,
    /// Neither: it describes the rows, or is good near a value of its own.
    Neither,
}

/// What a metric looks at, with the function that computes it.
#[derive(Clone, Copy, Debug)]
pub enum Measure {
    /// Decisions against labels, of a binary problem or of one class against the rest.
    Outcomes(fn(&Outcomes) -> Result<Score, Undefined>),
    /// Scores against labels.
    Binary(fn(&Binary) -> Result<Score, Undefined>),
    /// Classes, and their probabilities, against labels.
    Multiclass(fn(&Multiclass) -> Result<Score, Undefined>),
    /// Numbers against numbers.
    Regression(fn(&Regression) -> Result<Score, Undefined>),
    /// Orders against gains.
    Ranking(fn(&Ranking) -> Result<Score, Undefined>),
}
