//! The state of any problem, and all its scores.

use serde::{Deserialize, Serialize};

use crate::auc;
use crate::average_precision;
use crate::binary::Binary;
use crate::metric::{Measure, Metric, Problem};
use crate::multiclass::{Multiclass, OtherClasses};
use crate::outcomes::Outcomes;
use crate::ranking::Ranking;
use crate::regression::Regression;
use crate::score::{Score, Undefined};

/// What is known of some predictions and their labels, mergeable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of them to a window, of kilobytes to megabytes on the heap"
)]
pub enum State {
    /// One of two classes.
    Binary(Binary),
    /// One of several classes.
    Multiclass(Multiclass),
    /// A number.
    Regression(Regression),
    /// An order of items.
    Ranking(Ranking),
}

/// Two states cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// They are of different problems.
    #[error("expected the state of a problem {expected:?}, found {found:?}")]
    Problem {
        /// Problem of the state that was to grow.
        expected: Problem,
        /// Problem of the other.
        found: Problem,
    },
    /// They have probabilities of different classes.
    #[error(transparent)]
    Classes(#[from] OtherClasses),
}

impl State {
    /// What is predicted.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Binary(_) => Problem::Binary,
            Self::Multiclass(_) => Problem::Multiclass,
            Self::Regression(_) => Problem::Regression,
            Self::Ranking(_) => Problem::Ranking,
        }
    }

    /// Adds another part.
    ///
    /// # Errors
    /// [`Mismatch`] when the parts are of different problems or classes; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Mismatch> {
        match (&mut *self, other) {
            (Self::Binary(ours), Self::Binary(theirs)) => ours.merge(theirs),
            (Self::Multiclass(ours), Self::Multiclass(theirs)) => ours.merge(theirs)?,
            (Self::Regression(ours), Self::Regression(theirs)) => ours.merge(theirs),
            (Self::Ranking(ours), Self::Ranking(theirs)) => ours.merge(theirs),
            _ => return Err(Mismatch::Problem { expected: self.problem(), found: other.problem() }),
        }
        Ok(())
    }

    /// The value of a metric; `None` for a metric of another problem.
    #[must_use]
    pub fn score(&self, metric: &Metric) -> Option<Result<Score, Undefined>> {
        match (metric.measure, self) {
            (Measure::Outcomes(measure), Self::Binary(state)) => Some(measure(&state.outcomes())),
            (Measure::Binary(measure), Self::Binary(state)) => Some(measure(state)),
            (Measure::Multiclass(measure), Self::Multiclass(state)) => Some(measure(state)),
            (Measure::Regression(measure), Self::Regression(state)) => Some(measure(state)),
            (Measure::Ranking(measure), Self::Ranking(state)) => Some(measure(state)),
            _ => None,
        }
    }

    /// Every metric of the problem with its value or the reason why it has none.
    #[must_use]
    pub fn scores(&self) -> Vec<(&'static Metric, Result<Score, Undefined>)> {
        let metrics = crate::metrics(self.problem());
        metrics.filter_map(|metric| Some((metric, self.score(metric)?))).collect()
    }

    /// Of a problem with several classes: for each class against the rest the metrics of decisions and, where the class has
    /// probabilities, AUC and average precision.
    #[must_use]
    pub fn class_scores(&self) -> Vec<(&str, &'static Metric, Result<Score, Undefined>)> {
        let Self::Multiclass(state) = self else { return Vec::new() };
        let counts = state.confusion();
        let mut scores = Vec::new();
        for class in counts.classes() {
            let outcomes: Outcomes = counts.one_vs_rest(&class);
            let at = state.classes().iter().position(|name| **name == *class.name);
            let levels = at.map(|at| (state.levels(at, |_| true), state.is_coarse(at)));
            for metric in crate::metrics(Problem::Binary) {
                let score = match (metric.measure, &levels) {
                    (Measure::Outcomes(measure), _) => measure(&outcomes),
                    (_, Some((levels, coarse))) if metric.name == "auc" => auc::area(levels, *coarse),
                    (_, Some((levels, coarse))) if metric.name == "average_precision" => {
                        average_precision::area(levels, *coarse)
                    }
                    _ => continue,
                };
                scores.push((class.name, metric, score));
            }
        }
        scores
    }

    /// Whether the parts go together, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Binary(state) => state.is_sound(),
            Self::Multiclass(state) => state.is_sound(),
            Self::Regression(state) => state.is_sound(),
            Self::Ranking(state) => state.is_sound(),
        }
    }

    /// Bytes on the heap, nearly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Binary(state) => state.heap_bytes(),
            Self::Multiclass(state) => state.heap_bytes(),
            Self::Regression(state) => state.heap_bytes(),
            Self::Ranking(state) => state.heap_bytes(),
        }
    }
}
