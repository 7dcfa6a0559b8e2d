//! Quality without labels, of several classes: each class's probability is calibrated, and those of a row made to add up to 1.
//!
//! Because a row's probabilities are weighed against one another, what they promise must be added up row by row, under
//! calibrators that are frozen on the reference.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sketch::MOST_ROWS;

use crate::calibration::{Calibrate, Calibrator};
use crate::cells::Cells;
use crate::estimate::{Estimate, auc, banded};
use crate::grid;
use crate::multiclass::{Multiclass, MulticlassRows};
use crate::outcomes::Outcomes;
use crate::sampling::{Noise, of_decisions, of_f1, of_mean, of_order};
use crate::score::Undefined;

/// Probabilities are added up in units of 2^-40, which no order can change.
const UNIT: f64 = 1.0 / (1_u64 << 40) as f64;
/// NannyML's factor for what a mean of areas over classes is noisier than independent ones.
const AREAS_TOGETHER: f64 = 1.2;

/// What a reference with labels says about rows without.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassEstimator {
    classes: Vec<Box<str>>,
    calibrators: Vec<Calibrator>,
    /// Of each metric, the noise of each class.
    noise: Vec<(&'static str, Vec<Noise>)>,
}

/// What the scores of some rows promise, class by class; mergeable among states of one estimator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Promises {
    rows: u64,
    /// Rows without a prediction, or whose probabilities are missing, outside 0 to 1, or all 0: left out.
    unusable: u64,
    classes: Vec<Promised>,
}

/// One class. Sums are in units of 2^-40.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Promised {
    /// Rows by score, and the sum of their probabilities.
    cells: Cells,
    sums: BTreeMap<u64, u128>,
    /// Rows with this prediction, and the sum of their probabilities.
    predicted: u64,
    hits: u128,
}

impl ClassEstimator {
    /// Learns from a reference with labels and probabilities; whether to calibrate is asked for each class by its name.
    ///
    /// # Errors
    /// [`Undefined::NoScores`] where no row of the reference has both.
    pub fn new(reference: &Multiclass, calibrate: impl Fn(&str) -> Calibrate) -> Result<Self, Undefined> {
        let classes = reference.classes();
        let levels: Vec<_> = (0..classes.len()).map(|class| reference.levels(class, |_| true)).collect();
        let named = classes.iter().zip(&levels);
        let calibrators: Result<Vec<_>, _> =
            named.map(|(name, levels)| Calibrator::learn(levels, calibrate(name))).collect();
        let confusion = reference.confusion();
        let counted = confusion.classes();
        let outcomes = |name: &str| {
            let class = counted.iter().find(|class| class.name == name);
            class.map_or_else(Outcomes::default, |class| confusion.one_vs_rest(class))
        };
        let outcomes: Vec<Outcomes> = classes.iter().map(|name| outcomes(name)).collect();
        let of = |metric: &str| -> Vec<Noise> {
            let noise = |outcomes| of_decisions(outcomes).into_iter().find(|(name, _)| *name == metric);
            outcomes.iter().filter_map(noise).map(|(_, noise)| noise).collect()
        };
        let mut noise = vec![
            ("macro_precision", of("precision")),
            ("macro_recall", of("recall")),
            ("macro_true_negative_rate", of("true_negative_rate")),
        ];
        noise.push(("macro_f1", outcomes.iter().map(of_f1).collect()));
        noise.push(("auc_ovr_macro", levels.iter().map(|levels| of_order(levels)).collect()));
        // Right or wrong, over all classes at once.
        let right = Outcomes {
            true_positives: confusion.hits(),
            false_positives: confusion.rows() - confusion.hits(),
            ..Outcomes::default()
        };
        noise.push(("accuracy", of_decisions(&right).into_iter().take(1).map(|(_, noise)| noise).collect()));
        let calibrators = calibrators?;
        if calibrators.is_empty() {
            return Err(Undefined::NoScores);
        }
        Ok(Self { classes: classes.into(), calibrators, noise })
    }

    /// The functions from scores to probabilities, with the names of their classes.
    pub fn calibrators(&self) -> impl Iterator<Item = (&str, &Calibrator)> {
        self.classes.iter().map(|name| &**name).zip(&self.calibrators)
    }

    /// Adds what rows promise, whatever their labels; probabilities in the order of the reference's classes.
    pub fn observe(&self, promises: &mut Promises, rows: &MulticlassRows<'_>) {
        promises.classes.resize_with(self.classes.len(), Promised::default);
        let columns = rows.probabilities.iter().map(|column| column.len()).max().unwrap_or(0);
        for row in 0..rows.predictions.len().max(columns) {
            promises.rows += 1;
            let at = |class: usize| rows.probabilities.get(class).and_then(|column| column.get(row)).copied();
            let valid = |score: &f64| (0.0..=1.0).contains(score);
            let scores: Option<Vec<f64>> =
                (0..self.classes.len()).map(|class| at(class).filter(valid)).collect();
            let prediction = rows.predictions.get(row).copied().flatten();
            let Some((scores, prediction)) = scores.zip(prediction) else {
                promises.unusable += 1;
                continue;
            };
            let calibrated: Vec<f64> =
                scores.iter().zip(&self.calibrators).map(|(score, of)| of.probability(*score)).collect();
            let total: f64 = calibrated.iter().sum();
            let even = 1.0 / calibrated.len() as f64;
            let prediction = sketch::short_name(prediction);
            let classes = promises.classes.iter_mut().zip(&self.classes);
            for ((promised, name), (score, probability)) in classes.zip(scores.iter().zip(calibrated)) {
                // All of them 0: each is as likely as the others.
                let probability = if total > 0.0 { probability / total } else { even };
                promised.add(*score, probability, **name == *prediction);
            }
        }
    }

    /// Estimates of accuracy, of precision, recall, true negative rate and F1 as means over classes, and of AUC as mean
    /// of each class against the rest, with bands.
    #[must_use]
    pub fn estimates(&self, promises: &Promises) -> Vec<(&'static str, Result<Estimate, Undefined>)> {
        let rows = promises.rows.saturating_sub(promises.unusable);
        let values = promises.values(rows as f64);
        let estimate = |metric: &'static str, value: Result<f64, Undefined>| {
            let noise = self.noise.iter().find(|(name, _)| *name == metric).ok_or(Undefined::TooFewRows)?;
            let together = if metric == "auc_ovr_macro" { AREAS_TOGETHER } else { 1.0 };
            banded(metric, value?, together * of_mean(&noise.1, rows), rows)
        };
        if rows == 0 || promises.classes.len() != self.classes.len() {
            return self.noise.iter().map(|(metric, _)| (*metric, Err(Undefined::NoScores))).collect();
        }
        values.into_iter().map(|(metric, value)| (metric, estimate(metric, value))).collect()
    }
}

impl Promises {
    /// Adds another part of the same estimator; one of another number of classes changes nothing, and is `false`.
    pub fn merge(&mut self, other: &Self) -> bool {
        if other.classes.is_empty() {
            self.rows += other.rows;
            self.unusable += other.unusable;
            return true;
        }
        if self.classes.is_empty() {
            self.classes = vec![Promised::default(); other.classes.len()];
        }
        if self.classes.len() != other.classes.len() {
            return false;
        }
        self.rows += other.rows;
        self.unusable += other.unusable;
        self.classes.iter_mut().zip(&other.classes).for_each(|(ours, theirs)| ours.merge(theirs));
        true
    }

    /// Rows left out: no prediction, or probabilities that are missing, or outside 0 to 1.
    #[must_use]
    pub fn unusable(&self) -> u64 {
        self.unusable
    }

    /// Bytes on the heap, nearly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        /// Of an entry of the map of sums, with what its nodes have to spare.
        const OF_A_SUM: usize = 40;
        let of = |class: &Promised| class.cells.heap_bytes() + OF_A_SUM * class.sums.len();
        self.classes.iter().map(of).sum()
    }

    /// Whether the parts go together, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let usable = self.rows.checked_sub(self.unusable);
        self.rows <= MOST_ROWS
            && self.classes.iter().all(|class| Some(class.cells.total()) == usable && class.is_sound())
            && (!self.classes.is_empty() || usable == Some(0))
    }

    /// The metrics that probabilities promise.
    fn values(&self, rows: f64) -> [(&'static str, Result<f64, Undefined>); 6] {
        let classes = self.classes.len() as f64;
        // Hits, predicted and labelled rows of each class.
        let margins = self.classes.iter().map(|class| {
            let labelled = class.sums.values().sum::<u128>() as f64 * UNIT;
            (class.hits as f64 * UNIT, class.predicted as f64, labelled)
        });
        let margins: Vec<(f64, f64, f64)> = margins.collect();
        let mean = |of: fn(f64, f64, f64, f64) -> (f64, f64)| {
            let ratio = |&(hits, predicted, labelled): &(f64, f64, f64)| {
                let (part, all) = of(hits, predicted, labelled, rows);
                if all > 0.0 { part / all } else { 0.0 }
            };
            Ok(margins.iter().map(ratio).sum::<f64>() / classes)
        };
        let areas: Result<Vec<f64>, _> = self.classes.iter().map(|class| auc(&class.levels())).collect();
        [
            ("accuracy", Ok(margins.iter().map(|margin| margin.0).sum::<f64>() / rows)),
            ("macro_precision", mean(|hits, predicted, _, _| (hits, predicted))),
            ("macro_recall", mean(|hits, _, labelled, _| (hits, labelled))),
            (
                "macro_true_negative_rate",
                mean(|hits, predicted, labelled, rows| {
                    (rows - labelled - (predicted - hits), rows - labelled)
                }),
            ),
            ("macro_f1", mean(|hits, predicted, labelled, _| (2.0 * hits, predicted + labelled))),
            ("auc_ovr_macro", areas.map(|areas| areas.iter().sum::<f64>() / classes)),
        ]
    }
}

impl Promised {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 2^40")]
    fn add(&mut self, score: f64, probability: f64, predicted: bool) {
        let units = u128::from((probability.clamp(0.0, 1.0) / UNIT).round() as u64);
        self.grow(|cells| cells.add(score, 0, 1));
        *self.sums.entry(self.place(score)).or_default() += units;
        if predicted {
            self.predicted += 1;
            self.hits += units;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.grow(|cells| cells.merge(&other.cells));
        for (&score, units) in &other.sums {
            *self.sums.entry(self.place(f64::from_bits(score))).or_default() += units;
        }
        self.predicted += other.predicted;
        self.hits += other.hits;
    }

    /// Where the sum of a score's probabilities is kept: with its rows.
    fn place(&self, score: f64) -> u64 {
        (if self.cells.is_coarse() { grid::point(score) } else { score } + 0.0).to_bits()
    }

    /// Adds rows; if that puts them on the grid, sums follow.
    fn grow(&mut self, add: impl FnOnce(&mut Cells)) {
        let exact = !self.cells.is_coarse();
        add(&mut self.cells);
        if exact && self.cells.is_coarse() {
            for (score, units) in std::mem::take(&mut self.sums) {
                *self.sums.entry(self.place(f64::from_bits(score))).or_default() += units;
            }
        }
    }

    /// Probability and rows by ascending score.
    fn levels(&self) -> Vec<(f64, f64)> {
        let rows = self.cells.entries().map(|(_, _, rows)| rows as f64);
        let sums = self.sums.values().map(|units| *units as f64 * UNIT);
        rows.zip(sums).map(|(rows, sum)| (sum / rows, rows)).collect()
    }

    fn is_sound(&self) -> bool {
        let same = self.cells.entries().map(|(score, _, _)| score.to_bits()).eq(self.sums.keys().copied());
        let whole = |rows: u64| u128::from(rows) << 40;
        let within =
            self.cells.entries().zip(self.sums.values()).all(|((_, _, rows), sum)| *sum <= whole(rows));
        self.cells.fits(1, 1.0)
            && same
            && within
            && self.predicted <= self.cells.total()
            && self.hits <= whole(self.predicted)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 2] = ["a", "b"];

    fn estimator() -> ClassEstimator {
        let mut reference = Multiclass::new(&NAMES);
        let names = [Some("a"), Some("a"), Some("b"), Some("b"), Some("a")];
        let labels = [Some("a"), Some("b"), Some("b"), Some("b"), Some("a")];
        let (a, b) = ([0.75, 0.5, 0.25, 0.0, 1.0], [0.25, 0.5, 0.75, 1.0, 0.0]);
        reference.observe(&MulticlassRows { predictions: &names, labels: &labels, probabilities: &[&a, &b] });
        ClassEstimator::new(&reference, |_| Calibrate::WhereItHelps).unwrap()
    }

    fn promises(rows: &[(u32, u32, usize)]) -> Promises {
        let column = |of: fn(&(u32, u32, usize)) -> u32| -> Vec<f64> {
            rows.iter().map(|row| f64::from(of(row)) / 9.0).collect()
        };
        let predictions: Vec<_> = rows.iter().map(|row| NAMES.get(row.2).copied()).collect();
        let mut promises = Promises::default();
        let (a, b) = (column(|row| row.0), column(|row| row.1));
        let rows = MulticlassRows { predictions: &predictions, labels: &[], probabilities: &[&a, &b] };
        estimator().observe(&mut promises, &rows);
        promises
    }

    #[test]
    fn what_scores_promise() {
        let plain = ClassEstimator { calibrators: vec![Calibrator::default(); 2], ..estimator() };
        let mut promises = Promises::default();
        let predictions = [Some("a"), Some("b"), Some("b"), None, Some("a")];
        let (a, b) = ([0.75, 0.25, 0.0, 0.5, f64::NAN], [0.25, 0.25, 0.0, 0.5, 0.5]);
        plain.observe(
            &mut promises,
            &MulticlassRows { predictions: &predictions, labels: &[], probabilities: &[&a, &b] },
        );
        assert_eq!((promises.unusable(), promises.is_sound()), (2, true));
        let estimates = plain.estimates(&promises);
        let value = |name: &str| estimates.iter().find(|(n, _)| *n == name).unwrap().1.unwrap().value;
        assert_eq!(value("accuracy"), (0.75 + 0.5 + 0.5) / 3.0);
        assert_eq!(value("macro_precision"), (0.75 + 0.5) / 2.0);
        assert!(plain.estimates(&Promises::default()).iter().all(|(_, e)| *e == Err(Undefined::NoScores)));
        assert_eq!(
            ClassEstimator::new(&Multiclass::new(&[]), |_| Calibrate::Always),
            Err(Undefined::NoScores)
        );
        assert!(!Promises { rows: 1, ..promises.clone() }.is_sound());
        assert!(!Promises { classes: Vec::new(), ..promises }.is_sound());
    }

    #[test]
    fn sums_go_to_the_grid_with_their_rows() {
        let estimator = estimator();
        let n = 40_000_u32;
        let part = |from: u32, to: u32| {
            let a: Vec<f64> = (from..to).map(|i| (f64::from(i) + 0.5) / f64::from(n)).collect();
            let b: Vec<f64> = a.iter().map(|a| 1.0 - a).collect();
            let predictions: Vec<_> = a.iter().map(|a| Some(NAMES[usize::from(*a < 0.5)])).collect();
            let mut promises = Promises::default();
            let rows = MulticlassRows { predictions: &predictions, labels: &[], probabilities: &[&a, &b] };
            estimator.observe(&mut promises, &rows);
            promises
        };
        let (whole, mut left, right) = (part(0, n), part(0, 15_000), part(15_000, n));
        assert!(left.merge(&right));
        assert!(whole.is_sound() && whole.classes[0].cells.is_coarse());
        assert_eq!(sketch::to_bytes(&left), sketch::to_bytes(&whole));
    }

    proptest! {
        #[test]
        fn any_split_in_any_order_is_the_same_to_the_byte(rows in prop::collection::vec((0..11_u32, 0..11_u32, 0..3_usize), 0..40), cut in 0..40_usize) {
            let whole = promises(&rows);
            let (left, right) = rows.split_at(cut.min(rows.len()));
            let mut merged = promises(right);
            prop_assert!(merged.merge(&promises(left)));
            let bytes = sketch::to_bytes(&whole).unwrap();
            prop_assert!(whole.is_sound());
            prop_assert_eq!(&sketch::to_bytes(&merged).unwrap(), &bytes);
            prop_assert_eq!(sketch::from_bytes::<Promises>(&bytes).unwrap(), whole);
        }
    }
}
