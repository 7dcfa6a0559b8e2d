//! The mergeable state of a regression: exact sums of errors, and their sizes one by one while they are few.

use serde::{Deserialize, Serialize};
use sketch::{MOST_ROWS, Moments};

use crate::cells::{Cells, runs};

/// Labels below this in size are taken for it where scikit-learn divides by them: 2^-52.
const SMALLEST_LABEL: f64 = f64::EPSILON;

/// Rows that a [`Regression`] state was given, and what was wrong with some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegressionCounts {
    /// All rows.
    pub rows: u64,
    /// Rows without a label.
    pub missing_labels: u64,
    /// Rows without a prediction.
    pub missing_predictions: u64,
    /// Rows with both, one of them infinite, or so far apart that their difference is: left out.
    pub not_finite: u64,
    /// Rows whose label is zero, left out of MAPE.
    pub zero_labels: u64,
}

/// Predicted numbers against true ones.
///
/// All sums are exact: any split in any order gives the same bytes. An *error* is the prediction less the label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    counts: RegressionCounts,
    /// Sizes of errors of predictions above the label, or equal to it.
    pub(crate) over: Moments,
    /// Sizes of errors of predictions below the label.
    pub(crate) under: Moments,
    pub(crate) squares: Moments,
    /// Error by label in size, of labels that are not zero.
    pub(crate) relative: Moments,
    /// The same, zero labels taken for 2^-52.
    pub(crate) relative_to_epsilon: Moments,
    pub(crate) labels: Moments,
    pub(crate) spread: Spread,
    /// Sizes of errors.
    pub(crate) sizes: Cells,
}

/// Sums of products of labels and errors, for the noise of R2.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) label_squares: Moments,
    pub(crate) label_cubes: Moments,
    /// Label times error.
    pub(crate) products: Moments,
    /// Label times squared error.
    pub(crate) square_products: Moments,
}

impl Regression {
    /// Takes rows: predictions and labels, NaN where missing. Of a column that is shorter the rest is missing.
    pub fn observe(&mut self, predictions: &[f64], labels: &[f64]) {
        let length = predictions.len().max(labels.len());
        let at = |column: &[f64], row: usize| column.get(row).copied().unwrap_or(f64::NAN);
        let mut rows = Vec::with_capacity(length);
        self.counts.rows += length as u64;
        for row in 0..length {
            let (prediction, label) = (at(predictions, row), at(labels, row));
            self.counts.missing_labels += u64::from(label.is_nan());
            self.counts.missing_predictions += u64::from(prediction.is_nan());
            if label.is_nan() || prediction.is_nan() {
                continue;
            }
            let error = prediction - label;
            if !error.is_finite() {
                self.counts.not_finite += 1;
                continue;
            }
            self.counts.zero_labels += u64::from(label == 0.0);
            rows.push((error, label));
        }
        self.add_up(&rows);
        let mut sizes: Vec<_> = rows.iter().map(|(error, _)| ((error.abs() + 0.0).to_bits(), 0)).collect();
        runs(&mut sizes).for_each(|(size, kind, rows)| self.sizes.add(size, kind, rows));
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        let (ours, theirs) = (&mut self.counts, &other.counts);
        ours.rows += theirs.rows;
        ours.missing_labels += theirs.missing_labels;
        ours.missing_predictions += theirs.missing_predictions;
        ours.not_finite += theirs.not_finite;
        ours.zero_labels += theirs.zero_labels;
        self.moments_mut().into_iter().zip(other.moments()).for_each(|(ours, theirs)| ours.merge(theirs));
        self.sizes.merge(&other.sizes);
    }

    /// Rows given, and what was wrong with some.
    #[must_use]
    pub fn counts(&self) -> &RegressionCounts {
        &self.counts
    }

    /// Rows with a prediction and a label, both of which are numbers.
    #[must_use]
    pub fn labelled(&self) -> u64 {
        self.labels.values()
    }

    /// Whether sizes of errors share cells of the grid, so that their median has an error bound.
    #[must_use]
    pub fn is_coarse(&self) -> bool {
        self.sizes.is_coarse()
    }

    /// Sizes of all errors.
    #[must_use]
    pub fn sizes(&self) -> Moments {
        let mut sizes = self.over.clone();
        sizes.merge(&self.under);
        sizes
    }

    /// Whether the parts go together, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let rows = self.labelled();
        let counts = &self.counts;
        let sums = counts.missing_labels.max(counts.missing_predictions).checked_add(counts.not_finite);
        counts.rows <= MOST_ROWS
            && sums.and_then(|left_out| left_out.checked_add(rows)).is_some_and(|sum| sum <= counts.rows)
            && counts.zero_labels <= rows
            && self.over.values().checked_add(self.under.values()) == Some(rows)
            && self.moments().into_iter().all(|moments| moments.is_sound() && moments.values() <= rows)
            && self.sizes.fits(1, f64::MAX)
            && self.sizes.total() == rows
    }

    /// Bytes on the heap, nearly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.sizes.heap_bytes() + self.moments().into_iter().map(Moments::heap_bytes).sum::<usize>()
    }

    /// Adds errors and labels to the sums, a column at a time.
    fn add_up(&mut self, rows: &[(f64, f64)]) {
        let mut column = Vec::with_capacity(rows.len());
        let mut add = |sum: &mut Moments, of: fn(f64, f64) -> f64| {
            column.clear();
            // What no double holds, and what a sum is not of, is left out.
            column.extend(
                rows.iter().map(|(error, label)| of(*error, *label)).filter(|value| value.is_finite()),
            );
            sum.observe_all(&column);
        };
        add(&mut self.over, |error, _| if error >= 0.0 { error } else { f64::NAN });
        add(&mut self.under, |error, _| if error < 0.0 { -error } else { f64::NAN });
        add(&mut self.squares, |error, _| error * error);
        // Infinite or not a number where the label is zero.
        add(&mut self.relative, |error, label| error.abs() / label.abs());
        add(&mut self.relative_to_epsilon, |error, label| error.abs() / label.abs().max(SMALLEST_LABEL));
        add(&mut self.labels, |_, label| label);
        add(&mut self.spread.label_squares, |_, label| label * label);
        add(&mut self.spread.label_cubes, |_, label| label * label * label);
        add(&mut self.spread.products, |error, label| label * error);
        add(&mut self.spread.square_products, |error, label| label * error * error);
    }

    fn moments(&self) -> [&Moments; 10] {
        let Spread { label_squares, label_cubes, products, square_products } = &self.spread;
        let errors = [&self.over, &self.under, &self.squares, &self.relative, &self.relative_to_epsilon];
        let [a, b, c, d, e] = errors;
        [a, b, c, d, e, &self.labels, label_squares, label_cubes, products, square_products]
    }

    fn moments_mut(&mut self) -> [&mut Moments; 10] {
        let Spread { label_squares, label_cubes, products, square_products } = &mut self.spread;
        [
            &mut self.over,
            &mut self.under,
            &mut self.squares,
            &mut self.relative,
            &mut self.relative_to_epsilon,
            &mut self.labels,
            label_squares,
            label_cubes,
            products,
            square_products,
        ]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(rows: &[(f64, f64)]) -> Regression {
        let mut state = Regression::default();
        let (predictions, labels): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
        state.observe(&predictions, &labels);
        state
    }

    #[test]
    fn nothing_is_dropped_silently() {
        let nan = f64::NAN;
        let rows = [(1.0, 0.0), (nan, 1.0), (1.0, nan), (nan, nan), (f64::INFINITY, 1.0), (2.0, 3.0)];
        let state = of(&rows);
        let counts = RegressionCounts {
            rows: 6,
            missing_labels: 2,
            missing_predictions: 2,
            not_finite: 1,
            zero_labels: 1,
        };
        assert_eq!((*state.counts(), state.labelled(), state.is_sound()), (counts, 2, true));
        let damaged = [
            Regression { over: Moments::default(), ..state.clone() },
            Regression { sizes: Cells::default(), ..state.clone() },
            Regression { labels: Moments::default(), ..state.clone() },
            Regression { counts: RegressionCounts::default(), ..state },
        ];
        assert!(!damaged.iter().any(Regression::is_sound));
        // Numbers whose squares no double holds leave the state sound.
        let large = of(&[(1e300, -1e300), (1e200, 1.0), (f64::MAX, f64::MIN)]);
        assert!(large.is_sound());
        assert_eq!(large.counts().not_finite, 1);
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![6 => -1e3..1e3_f64, 1 => Just(0.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => prop::num::f64::NORMAL]
    }

    proptest! {
        #[test]
        fn any_split_in_any_order_is_the_same_to_the_byte(rows in prop::collection::vec((number(), number()), 0..60), cut in 0..60_usize) {
            let whole = of(&rows);
            let (left, right) = rows.split_at(cut.min(rows.len()));
            let (mut a, mut b) = (of(left), of(right));
            let first = a.clone();
            a.merge(&b);
            b.merge(&first);
            let bytes = sketch::to_bytes(&whole).unwrap();
            prop_assert!(whole.is_sound());
            prop_assert_eq!(&sketch::to_bytes(&a).unwrap(), &bytes);
            prop_assert_eq!(&sketch::to_bytes(&b).unwrap(), &bytes);
            prop_assert_eq!(sketch::from_bytes::<Regression>(&bytes).unwrap(), whole);
        }
    }
}
