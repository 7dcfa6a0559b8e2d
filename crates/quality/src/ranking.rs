//! Rankings: normalised discounted cumulative gain, query by query, and the mergeable mean of it.

use serde::{Deserialize, Serialize};
use sketch::{MOST_ROWS, Moments};

use crate::metric::{Better, Measure, Metric, Problem};
use crate::noise::of_mean;
use crate::{
    attribution,
    score::{Score, Undefined},
};

/// Ranks up to which the gain is counted; the last is all of them.
const CUTS: [usize; 5] = [1, 3, 5, 10, usize::MAX];

/// Normalised discounted cumulative gain of one query: `sum of gain / log2(rank + 1)` in the order of descending scores, up
/// to rank `cut`, by that in the best order. Items with the same score share the mean of their gains, as in scikit-learn.
/// 0 where all gains are zero.
///
/// # Errors
/// [`Undefined::NoRows`] without items; [`Undefined::Unbounded`] where a gain is negative, or a gain or score is not a
/// number, or there are not as many of one as of the other.
pub fn ndcg(gains: &[f64], scores: &[f64], cut: usize) -> Result<f64, Undefined> {
    if gains.is_empty() {
        return Err(Undefined::NoRows);
    }
    match attribution::ndcg(gains, scores, Some(cut)) {
        Err(attribution::Undefined::NoGain) => Ok(0.0),
        outcome => outcome.map_err(|_| Undefined::Unbounded),
    }
}

/// Gains of queries, up to several ranks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// All queries.
    queries: u64,
    /// Queries without items, or with a negative gain, or a gain or score that is no number: left out.
    invalid: u64,
    /// Queries whose gains are all zero; they count 0.
    without_gain: u64,
    values: [Moments; CUTS.len()],
}

impl Ranking {
    /// Takes one query: true gains of its items (0 upwards), and the scores that rank them.
    pub fn observe(&mut self, gains: &[f64], scores: &[f64]) {
        self.queries += 1;
        let values = CUTS.map(|cut| ndcg(gains, scores, cut).ok());
        if values.contains(&None) {
            self.invalid += 1;
            return;
        }
        self.without_gain += u64::from(gains.iter().all(|gain| *gain == 0.0));
        self.values.iter_mut().zip(values.into_iter().flatten()).for_each(|(sum, value)| sum.observe(value));
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        self.queries += other.queries;
        self.invalid += other.invalid;
        self.without_gain += other.without_gain;
        self.values.iter_mut().zip(&other.values).for_each(|(ours, theirs)| ours.merge(theirs));
    }

    /// All queries given.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.queries
    }

    /// Queries left out: no items, a negative gain, or a gain or score that is no number.
    #[must_use]
    pub fn invalid(&self) -> u64 {
        self.invalid
    }

    /// Queries whose gains are all zero; they count 0.
    #[must_use]
    pub fn without_gain(&self) -> u64 {
        self.without_gain
    }

    /// Whether the parts go together, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let valid = self.queries.checked_sub(self.invalid);
        self.queries <= MOST_ROWS
            && valid.is_some_and(|valid| self.without_gain <= valid)
            && self.values.iter().all(|values| values.is_sound() && Some(values.values()) == valid)
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.values.iter().map(Moments::heap_bytes).sum()
    }

    fn mean(&self, cut: usize) -> Result<Score, Undefined> {
        let values =
            CUTS.iter().zip(&self.values).find(|(other, _)| **other == cut).map(|(_, values)| values);
        let values = values.ok_or(Undefined::NoRows)?;
        Score::exact(values.mean().ok_or(Undefined::NoRows)?, of_mean(values), values.values())
    }
}

const GAIN: Metric = Metric {
    name: "ndcg",
    title: "Normalised discounted cumulative gain",
    problem: Problem::Ranking,
    range: (0.0, 1.0),
    better: Better::Higher,
    standard_error: "moments",
    reference: "Jarvelin and Kekalainen 2002; McSherry and Najork 2008 (ties); scikit-learn ndcg_score",
    page: "\
Mean over queries of sum(gain / log2(rank + 1)) by its best value; items with the same score share the mean
of their gains. Range 0 to 1. A query whose gains are all zero counts 0.",
    measure: Measure::Ranking(|state| state.mean(usize::MAX)),
};

/// The metrics of this file.
pub(crate) const METRICS: &[Metric] = &[
    GAIN,
    Metric {
        name: "ndcg_at_1",
        title: "NDCG of the first item",
        measure: Measure::Ranking(|state| state.mean(1)),
        ..GAIN
    },
    Metric {
        name: "ndcg_at_3",
        title: "NDCG of the first 3 items",
        measure: Measure::Ranking(|state| state.mean(3)),
        ..GAIN
    },
    Metric {
        name: "ndcg_at_5",
        title: "NDCG of the first 5 items",
        measure: Measure::Ranking(|state| state.mean(5)),
        ..GAIN
    },
    Metric {
        name: "ndcg_at_10",
        title: "NDCG of the first 10 items",
        measure: Measure::Ranking(|state| state.mean(10)),
        ..GAIN
    },
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn odd_queries_are_counted() {
        let mut state = Ranking::default();
        state.observe(&[], &[]);
        state.observe(&[1.0], &[f64::NAN]);
        state.observe(&[-1.0], &[1.0]);
        state.observe(&[1.0, 2.0], &[1.0]);
        state.observe(&[0.0, 0.0], &[1.0, 2.0]);
        state.observe(&[3.0, 2.0], &[f64::INFINITY, -1.0]);
        assert_eq!((state.queries(), state.invalid(), state.without_gain()), (6, 4, 1));
        assert_eq!(state.mean(1).unwrap().value, 0.5);
        assert!(state.is_sound());
        assert!(!Ranking { invalid: 7, ..state.clone() }.is_sound());
        assert!(!Ranking { values: Default::default(), ..state }.is_sound());
        assert_eq!(ndcg(&[f64::MAX, f64::MAX], &[1.0, 2.0], 2), Err(Undefined::Unbounded));
    }

    proptest! {
        #[test]
        fn queries_merge_in_any_order(queries in prop::collection::vec(prop::collection::vec((0..4_u32, 0..4_u32), 0..6), 0..12), cut in 0..12_usize) {
            let of = |queries: &[Vec<(u32, u32)>]| {
                let mut state = Ranking::default();
                for query in queries {
                    let (gains, scores): (Vec<f64>, Vec<f64>) = query.iter().map(|(g, s)| (f64::from(*g), f64::from(*s))).unzip();
                    state.observe(&gains, &scores);
                }
                state
            };
            let (left, right) = queries.split_at(cut.min(queries.len()));
            let (mut a, whole) = (of(right), of(&queries));
            a.merge(&of(left));
            let bytes = sketch::to_bytes(&whole).unwrap();
            prop_assert!(whole.is_sound());
            prop_assert_eq!(&sketch::to_bytes(&a).unwrap(), &bytes);
            prop_assert_eq!(sketch::from_bytes::<Ranking>(&bytes).unwrap(), whole);
        }
    }
}
