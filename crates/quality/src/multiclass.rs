//! The mergeable state of a problem with several classes: confusion counts, and scores by class and label.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sketch::{MOST_ROWS, Moments, short_name};

use crate::binary::{CLIP, Level, Levels};
use crate::cells::{Cells, runs};
use crate::class_counts::ClassCounts;

/// Predictions with what is known of their labels, row by row. A column that is shorter than the others lacks the rest.
#[derive(Clone, Copy, Debug)]
pub struct MulticlassRows<'a> {
    /// Predicted classes.
    pub predictions: &'a [Option<&'a str>],
    /// True classes.
    pub labels: &'a [Option<&'a str>],
    /// Of each class of the state, in its order, the column of its probability (NaN is missing); may be empty.
    pub probabilities: &'a [&'a [f64]],
}

/// Rows that a [`Multiclass`] state was given, and what was wrong with some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MulticlassCounts {
    /// All rows.
    pub rows: u64,
    /// Rows without a label.
    pub missing_labels: u64,
    /// Rows without a prediction.
    pub missing_predictions: u64,
    /// Labelled rows in which a probability is missing or lies outside 0 to 1, or all are 0: left out of what needs probabilities.
    pub invalid_probabilities: u64,
    /// Labelled rows with probabilities whose label is no class of the state: they count as negative for every class.
    pub unknown_labels: u64,
}

/// Two states of different classes cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the classes {expected:?}, found {found:?}")]
pub struct OtherClasses {
    /// Classes of the state that was to grow.
    pub expected: Vec<Box<str>>,
    /// Classes of the other.
    pub found: Vec<Box<str>>,
}

/// Rows by label and prediction, and for each class that has a column of probabilities rows by score and label.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Multiclass {
    counts: MulticlassCounts,
    confusion: ClassCounts,
    classes: Vec<Box<str>>,
    /// Of each class, rows by its score and the position of their label (one beyond the last: another label).
    scores: Vec<Cells>,
    log_losses: Moments,
}

impl Multiclass {
    /// No rows yet. `classes` names the columns of probabilities, if there are any.
    #[must_use]
    pub fn new(classes: &[&str]) -> Self {
        let classes: Vec<Box<str>> = classes.iter().map(|name| short_name(name).into()).collect();
        let scores = vec![Cells::default(); classes.len()];
        Self { classes, scores, ..Self::default() }
    }

    /// Takes rows.
    pub fn observe(&mut self, rows: &MulticlassRows<'_>) {
        let columns = rows.probabilities.iter().map(|column| column.len()).max().unwrap_or(0);
        let length = rows.predictions.len().max(rows.labels.len()).max(columns);
        let mut blocks = vec![Vec::with_capacity(length); self.classes.len()];
        let mut pairs: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        self.counts.rows += length as u64;
        for row in 0..length {
            let prediction = rows.predictions.get(row).copied().flatten();
            let label = rows.labels.get(row).copied().flatten();
            self.counts.missing_predictions += u64::from(prediction.is_none());
            let Some(label) = label else {
                self.counts.missing_labels += 1;
                continue;
            };
            if let Some(prediction) = prediction {
                *pairs.entry((label, prediction)).or_insert(0) += 1;
            }
            if !self.classes.is_empty() {
                self.observe_scores(label, rows.probabilities, row, &mut blocks);
            }
        }
        pairs.iter().for_each(|((label, prediction), rows)| self.confusion.add(label, prediction, *rows));
        for (cells, block) in self.scores.iter_mut().zip(&mut blocks) {
            runs(block).for_each(|(score, label, rows)| cells.add(score, label, rows));
        }
    }

    /// Adds another part.
    ///
    /// # Errors
    /// [`OtherClasses`] when the parts have columns of probabilities for different classes; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), OtherClasses> {
        if self.classes != other.classes {
            return Err(OtherClasses { expected: self.classes.clone(), found: other.classes.clone() });
        }
        let (ours, theirs) = (&mut self.counts, &other.counts);
        ours.rows += theirs.rows;
        ours.missing_labels += theirs.missing_labels;
        ours.missing_predictions += theirs.missing_predictions;
        ours.invalid_probabilities += theirs.invalid_probabilities;
        ours.unknown_labels += theirs.unknown_labels;
        self.confusion.merge(&other.confusion);
        self.scores.iter_mut().zip(&other.scores).for_each(|(ours, theirs)| ours.merge(theirs));
        self.log_losses.merge(&other.log_losses);
        Ok(())
    }

    /// Rows given, and what was wrong with some.
    #[must_use]
    pub fn counts(&self) -> &MulticlassCounts {
        &self.counts
    }

    /// Rows by label and prediction.
    #[must_use]
    pub fn confusion(&self) -> &ClassCounts {
        &self.confusion
    }

    /// Classes with a column of probabilities.
    #[must_use]
    pub fn classes(&self) -> &[Box<str>] {
        &self.classes
    }

    /// Whether the parts go together, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let scored = self.log_losses.values() + self.counts.unknown_labels.min(MOST_ROWS);
        let kinds = kind(self.classes.len()).saturating_add(1);
        self.counts.rows <= MOST_ROWS
            && self.counts.unknown_labels <= self.counts.rows
            && self.scores.len() == self.classes.len()
            && self.log_losses.is_sound()
            && self.confusion.rows() <= self.counts.rows
            && self.scores.iter().all(|cells| cells.fits(kinds, 1.0) && cells.total() == scored)
    }

    /// Bytes on the heap, nearly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let scores: usize = self.scores.iter().map(Cells::heap_bytes).sum();
        scores + self.confusion.heap_bytes() + self.log_losses.heap_bytes()
    }

    /// Of the class at a position, rows by its score: those with this label against those whose label is among `rest`.
    pub(crate) fn levels(&self, class: usize, rest: impl Fn(usize) -> bool) -> Levels {
        let Some(cells) = self.scores.get(class) else { return Vec::new() };
        let mut levels = cells.levels(|level: &mut Level, label, rows| match label as usize {
            label if label == class => level.positives += rows,
            label if rest(label) => level.negatives += rows,
            _ => {}
        });
        levels.retain(|(_, level)| level.negatives + level.positives > 0);
        levels
    }

    /// Whether scores of a class share cells of the grid.
    pub(crate) fn is_coarse(&self, class: usize) -> bool {
        self.scores.get(class).is_some_and(Cells::is_coarse)
    }

    pub(crate) fn log_losses(&self) -> &Moments {
        &self.log_losses
    }

    fn observe_scores(
        &mut self,
        label: &str,
        probabilities: &[&[f64]],
        row: usize,
        blocks: &mut [Vec<(u64, u32)>],
    ) {
        let at = |class: usize| probabilities.get(class).and_then(|column| column.get(row)).copied();
        let valid = |score: Option<f64>| score.filter(|score| (0.0..=1.0).contains(score));
        let scores: Option<Vec<f64>> = (0..self.classes.len()).map(|class| valid(at(class))).collect();
        let total: f64 = scores.iter().flatten().sum();
        let Some(scores) = scores.filter(|_| total > 0.0) else {
            self.counts.invalid_probabilities += 1;
            return;
        };
        let label = short_name(label);
        let position = self.classes.iter().position(|class| **class == *label);
        match position {
            // Rows whose probabilities do not add up to 1 are made to.
            Some(position) => {
                let share = (scores[position] / total).clamp(CLIP, 1.0 - CLIP);
                self.log_losses.observe(-share.ln());
            }
            None => self.counts.unknown_labels += 1,
        }
        let kind = kind(position.unwrap_or(self.classes.len()));
        blocks.iter_mut().zip(scores).for_each(|(block, score)| block.push(((score + 0.0).to_bits(), kind)));
    }
}

/// The position of a label as a kind of row.
fn kind(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    fn of(rows: &[(usize, usize, u32)]) -> Multiclass {
        let mut state = Multiclass::new(&NAMES[..3]);
        let name = |index: usize| NAMES.get(index).copied();
        let predictions: Vec<_> = rows.iter().map(|row| name(row.0)).collect();
        let labels: Vec<_> = rows.iter().map(|row| name(row.1)).collect();
        let column = |class: u32| -> Vec<f64> {
            // Some are not probabilities.
            rows.iter().map(|row| f64::from((row.2 + class) % 11) / 9.0).collect()
        };
        let columns: Vec<Vec<f64>> = (0..3).map(column).collect();
        let probabilities: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        state.observe(&MulticlassRows {
            predictions: &predictions,
            labels: &labels,
            probabilities: &probabilities,
        });
        state
    }

    #[test]
    fn nothing_is_dropped_silently() {
        let state = of(&[(0, 0, 0), (1, 4, 1), (4, 1, 2), (3, 3, 3), (0, 1, 10)]);
        let counts = MulticlassCounts {
            rows: 5,
            missing_labels: 1,
            missing_predictions: 1,
            invalid_probabilities: 1,
            unknown_labels: 1,
        };
        assert_eq!(*state.counts(), counts);
        assert_eq!(state.confusion().rows(), 3);
        assert!(state.is_sound());
        let mut other = Multiclass::new(&["a"]);
        assert!(other.merge(&state).is_err());
        let damaged = [
            Multiclass { scores: vec![Cells::default(); 3], ..state.clone() },
            Multiclass { scores: Vec::new(), ..state.clone() },
            Multiclass { log_losses: Moments::default(), ..state.clone() },
            Multiclass { classes: vec!["a".into()], ..state.clone() },
            Multiclass { counts: MulticlassCounts::default(), ..state },
        ];
        assert!(!damaged.iter().any(Multiclass::is_sound));
    }

    proptest! {
        #[test]
        fn any_split_in_any_order_is_the_same_to_the_byte(rows in prop::collection::vec((0..5_usize, 0..5_usize, 0..50_u32), 0..60), cut in 0..60_usize) {
            let whole = of(&rows);
            let (left, right) = rows.split_at(cut.min(rows.len()));
            let (mut a, mut b) = (of(left), of(right));
            let first = a.clone();
            a.merge(&b).unwrap();
            b.merge(&first).unwrap();
            let bytes = sketch::to_bytes(&whole).unwrap();
            prop_assert!(whole.is_sound());
            prop_assert_eq!(&sketch::to_bytes(&a).unwrap(), &bytes);
            prop_assert_eq!(&sketch::to_bytes(&b).unwrap(), &bytes);
            prop_assert_eq!(sketch::from_bytes::<Multiclass>(&bytes).unwrap(), whole);
        }
    }
}
