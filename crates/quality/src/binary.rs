//! The mergeable state of a binary problem: rows by score, decision and label.

use serde::{Deserialize, Serialize};
use sketch::{MOST_ROWS, Moments};

use crate::cells::{Cells, runs};
use crate::outcomes::Outcomes;

/// Bins of equal width that calibration is judged by.
pub const CALIBRATION_BINS: usize = 10;
const NEGATIVE: u32 = 0;
const POSITIVE: u32 = 1;
/// No label, or one that is neither 0 nor 1.
const UNKNOWN: u32 = 2;
/// Kinds of a row: label, and 3 more where it was decided positive.
const KINDS: u32 = 6;
/// Probabilities are kept this far from 0 and 1 in logarithms, as scikit-learn does: 2^-52.
pub(crate) const CLIP: f64 = f64::EPSILON;

/// Predictions with what is known of their labels, row by row. A column that is shorter than the others lacks the rest.
#[derive(Clone, Copy, Debug)]
pub struct BinaryRows<'a> {
    /// Probabilities of the positive class: NaN is missing, what lies outside 0 to 1 invalid.
    pub scores: &'a [f64],
    /// Where decisions come from.
    pub decisions: Decisions<'a>,
    /// 1 positive, 0 negative, NaN missing; anything else is invalid.
    pub labels: &'a [f64],
}

/// What the model decided.
#[derive(Clone, Copy, Debug)]
pub enum Decisions<'a> {
    /// A column: 1 positive, 0 negative; rows with anything else are left out and counted.
    Given(&'a [f64]),
    /// Positive from this score on.
    AtLeast(f64),
}

/// Rows that a [`Binary`] state was given, and what was wrong with some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BinaryCounts {
    /// All rows.
    pub rows: u64,
    /// Rows without a label; their scores are kept for estimates.
    pub missing_labels: u64,
    /// Rows whose label is neither 0 nor 1, treated as rows without a label.
    pub invalid_labels: u64,
    /// Rows without a score; those with a decision count in what needs no score.
    pub missing_scores: u64,
    /// Rows whose score is no probability, treated as rows without a score.
    pub invalid_scores: u64,
    /// Rows that nothing was decided for (part of all of the above): left out.
    pub undecided: u64,
}

/// One bin of predicted probability.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CalibrationBin {
    /// Score less label.
    pub(crate) residuals: Moments,
    pub(crate) positives: u64,
}

/// Rows by score, decision and label; exact for at most [`crate::MOST_VALUES`] different scores, on a fixed grid beyond.
///
/// Merging is exact: any split in any order gives the same bytes. Log loss, Brier score and calibration have exact sums
/// of their own and never depend on the grid.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Binary {
    counts: BinaryCounts,
    cells: Cells,
    /// Decided rows without a score, by kind.
    unscored: [u64; KINDS as usize],
    log_losses: Moments,
    squares: Moments,
    bins: [CalibrationBin; CALIBRATION_BINS],
}

/// Labelled rows with one score (or in one cell of the grid).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) negatives: u64,
    pub(crate) positives: u64,
}

/// Labelled rows by score, ascending.
pub(crate) type Levels = Vec<(f64, Level)>;

impl Binary {
    /// Takes rows.
    pub fn observe(&mut self, rows: &BinaryRows<'_>) {
        let decided = if let Decisions::Given(column) = rows.decisions { column.len() } else { 0 };
        let length = rows.scores.len().max(rows.labels.len()).max(decided);
        let at = |column: &[f64], row: usize| column.get(row).copied().unwrap_or(f64::NAN);
        let mut block = Vec::with_capacity(length);
        self.counts.rows += length as u64;
        for row in 0..length {
            let score = self.score(at(rows.scores, row));
            let label = self.label(at(rows.labels, row));
            let decision = match rows.decisions {
                Decisions::Given(column) => truth(at(column, row)),
                Decisions::AtLeast(threshold) => score.map(|score| score >= threshold),
            };
            let Some(decision) = decision else {
                self.counts.undecided += 1;
                continue;
            };
            let kind = label + if decision { 3 } else { 0 };
            match score {
                Some(score) => block.push((score.to_bits(), kind)),
                None => self.unscored[kind as usize] += 1,
            }
        }
        let mut single = Vec::with_capacity(block.len());
        for (score, kind, rows) in runs(&mut block) {
            self.cells.add(score, kind, rows);
            match (kind % 3, rows) {
                (UNKNOWN, _) => {}
                (label, 1) => single.push((score, label)),
                (label, _) => self.lose(score, label, rows),
            }
        }
        self.lose_each(&single);
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Self) {
        let (ours, theirs) = (&mut self.counts, &other.counts);
        ours.rows += theirs.rows;
        ours.missing_labels += theirs.missing_labels;
        ours.invalid_labels += theirs.invalid_labels;
        ours.missing_scores += theirs.missing_scores;
        ours.invalid_scores += theirs.invalid_scores;
        ours.undecided += theirs.undecided;
        self.cells.merge(&other.cells);
        self.unscored.iter_mut().zip(other.unscored).for_each(|(ours, theirs)| *ours += theirs);
        self.log_losses.merge(&other.log_losses);
        self.squares.merge(&other.squares);
        for (ours, theirs) in self.bins.iter_mut().zip(&other.bins) {
            ours.residuals.merge(&theirs.residuals);
            ours.positives += theirs.positives;
        }
    }

    /// Rows given, and what was wrong with some.
    #[must_use]
    pub fn counts(&self) -> &BinaryCounts {
        &self.counts
    }

    /// Decided rows whose label is known.
    #[must_use]
    pub fn labelled(&self) -> u64 {
        self.outcomes().rows()
    }

    /// Decided rows with a score, whatever is known of their label.
    #[must_use]
    pub fn scored(&self) -> u64 {
        self.cells.total()
    }

    /// Labelled rows by decision and label.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        let mut kinds = self.unscored;
        for (_, kind, rows) in self.cells.entries() {
            kinds[(kind % KINDS) as usize] += rows;
        }
        Outcomes {
            true_negatives: kinds[0],
            false_negatives: kinds[1],
            false_positives: kinds[3],
            true_positives: kinds[4],
        }
    }

    /// Labelled rows with a score as they would be decided from another threshold on, and how many of them share a cell
    /// of the grid with it, so that they may lie on the other side (0 where scores are exact).
    #[must_use]
    pub fn outcomes_at(&self, threshold: f64) -> (Outcomes, u64) {
        let (mut outcomes, mut unsure) = (Outcomes::default(), 0);
        for (score, Level { negatives, positives }) in self.levels() {
            let (low, high) = self.ends(score);
            let (decided_negatives, decided_positives) = if score >= threshold {
                (&mut outcomes.false_positives, &mut outcomes.true_positives)
            } else {
                (&mut outcomes.true_negatives, &mut outcomes.false_negatives)
            };
            *decided_negatives += negatives;
            *decided_positives += positives;
            if low < threshold && threshold <= high && low < high {
                unsure += negatives + positives;
            }
        }
        (outcomes, unsure)
    }

    /// Whether scores share cells of the grid, so that what looks at their order has an error bound.
    #[must_use]
    pub fn is_coarse(&self) -> bool {
        self.cells.is_coarse()
    }

    /// Whether the parts go together, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let scored = self.cells.total();
        let labelled = self.levels().iter().map(|(_, level)| level.negatives + level.positives).sum::<u64>();
        let decided = self.unscored.iter().try_fold(scored, |sum, rows| sum.checked_add(*rows));
        let binned = self.bins.iter().try_fold(0_u64, |sum, bin| {
            let rows = bin.residuals.values();
            sum.checked_add(rows).filter(|_| bin.positives <= rows && bin.residuals.is_sound())
        });
        self.counts.rows <= MOST_ROWS
            && self.cells.fits(KINDS, 1.0)
            && decided.and_then(|decided| decided.checked_add(self.counts.undecided))
                == Some(self.counts.rows)
            && self.log_losses.values() == labelled
            && self.squares.values() == labelled
            && self.log_losses.is_sound()
            && self.squares.is_sound()
            && binned == Some(labelled)
    }

    /// Bytes on the heap, nearly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let moments = [&self.log_losses, &self.squares].into_iter();
        let bins = self.bins.iter().map(|bin| &bin.residuals);
        self.cells.heap_bytes() + moments.chain(bins).map(Moments::heap_bytes).sum::<usize>()
    }

    /// Labelled rows by score, ascending; scores without any are left out.
    pub(crate) fn levels(&self) -> Levels {
        let mut levels = self.cells.levels(|level: &mut Level, kind, rows| match kind % 3 {
            NEGATIVE => level.negatives += rows,
            POSITIVE => level.positives += rows,
            _ => {}
        });
        levels.retain(|(_, level)| level.negatives + level.positives > 0);
        levels
    }

    /// Rows by score, ascending, whatever their label: decided negative, decided positive.
    pub(crate) fn decided(&self) -> Vec<(f64, [u64; 2])> {
        self.cells.levels(|level: &mut [u64; 2], kind, rows| level[usize::from(kind >= 3)] += rows)
    }

    /// Smallest and largest score that rows at this one may have.
    pub(crate) fn ends(&self, score: f64) -> (f64, f64) {
        if self.is_coarse() { crate::grid::ends(score) } else { (score, score) }
    }

    pub(crate) fn log_losses(&self) -> &Moments {
        &self.log_losses
    }

    pub(crate) fn squares(&self) -> &Moments {
        &self.squares
    }

    pub(crate) fn bins(&self) -> &[CalibrationBin] {
        &self.bins
    }

    fn score(&mut self, score: f64) -> Option<f64> {
        if (0.0..=1.0).contains(&score) {
            return Some(score + 0.0);
        }
        let counter =
            if score.is_nan() { &mut self.counts.missing_scores } else { &mut self.counts.invalid_scores };
        *counter += 1;
        None
    }

    fn label(&mut self, label: f64) -> u32 {
        match truth(label) {
            Some(true) => POSITIVE,
            Some(false) => NEGATIVE,
            None if label.is_nan() => {
                self.counts.missing_labels += 1;
                UNKNOWN
            }
            None => {
                self.counts.invalid_labels += 1;
                UNKNOWN
            }
        }
    }

    /// Adds to the sums what rows with a score and a label lose.
    fn lose(&mut self, score: f64, label: u32, rows: u64) {
        let residual = residual(score, label);
        self.log_losses.observe_many(log_loss(score, label), rows);
        self.squares.observe_many(residual * residual, rows);
        let bin = &mut self.bins[bin_of(score)];
        bin.residuals.observe_many(residual, rows);
        bin.positives += u64::from(label) * rows;
    }

    /// The same for rows with ascending scores, one each: a column is faster than its values.
    fn lose_each(&mut self, rows: &[(f64, u32)]) {
        let mut column: Vec<f64> = rows.iter().map(|(score, label)| log_loss(*score, *label)).collect();
        self.log_losses.observe_all(&column);
        column.clear();
        column.extend(rows.iter().map(|(score, label)| residual(*score, *label).powi(2)));
        self.squares.observe_all(&column);
        for same in rows.chunk_by(|a, b| bin_of(a.0) == bin_of(b.0)) {
            column.clear();
            column.extend(same.iter().map(|(score, label)| residual(*score, *label)));
            let bin = &mut self.bins[bin_of(same[0].0)];
            bin.residuals.observe_all(&column);
            bin.positives += same.iter().map(|(_, label)| u64::from(*label)).sum::<u64>();
        }
    }
}

/// Score less label.
fn residual(score: f64, label: u32) -> f64 {
    score - f64::from(label)
}

/// -ln of the probability given to the label; certain and right, the logarithm of 1 - 2^-52 rather than of 1.
fn log_loss(score: f64, label: u32) -> f64 {
    let loss = if label == POSITIVE { -score.max(CLIP).ln() } else { -(-score.min(1.0 - CLIP)).ln_1p() };
    loss.max(-(-CLIP).ln_1p())
}

/// 1 is true, 0 is false.
fn truth(value: f64) -> Option<bool> {
    match value {
        1.0 => Some(true),
        0.0 => Some(false),
        _ => None,
    }
}

/// The bin of a probability: left-closed, but for the last, which holds 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 10")]
fn bin_of(score: f64) -> usize {
    ((score * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1)
}

#[cfg(test)]
mod tests;
