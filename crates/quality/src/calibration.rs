//! What scores mean: the probability of a positive label as a rising function of the score (isotonic regression).

use serde::{Deserialize, Serialize};

use crate::auc::area;
use crate::binary::{Level, Levels};
use crate::folds::{Fold, folds};
use crate::score::Undefined;

/// Bins of equally many rows that tell whether calibrating helps.
const BINS: usize = 10;
/// Above this area scores separate the classes so well that there is nothing to calibrate.
const SEPARATED: f64 = 0.999;

/// A rising function from scores to probabilities, learnt from rows with labels; or none, where scores are as good as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibrator {
    /// Scores, ascending, with their probabilities, not falling; empty where scores are taken as they are.
    points: Vec<(f64, f64)>,
}

/// Whether scores are calibrated before they are believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calibrate {
    /// Where that brings predicted and observed probabilities closer together in rows that were left out of learning:
    /// NannyML's rule (expected calibration error over ten bins of equally many rows), here of ten folds that are drawn
    /// with a fixed seed, and with ties shared out. Of scores for which it hardly matters the two may decide differently.
    #[default]
    WhereItHelps,
    /// In any case.
    Always,
    /// Never.
    Never,
}

impl Calibrator {
    /// Learns from labelled rows of a reference by score.
    ///
    /// # Errors
    /// [`Undefined::NoScores`] without rows.
    pub(crate) fn learn(levels: &[(f64, Level)], choice: Calibrate) -> Result<Self, Undefined> {
        let learns = match (choice, area(levels, false)) {
            _ if levels.is_empty() => return Err(Undefined::NoScores),
            (Calibrate::Always, _) => true,
            (Calibrate::Never, _) | (_, Err(_)) => false,
            (Calibrate::WhereItHelps, Ok(area)) => area.value <= SEPARATED && helps(levels),
        };
        Ok(if learns { Self::isotonic(levels) } else { Self::default() })
    }

    /// The probability that a score stands for: linear between the scores of the reference, constant beyond them.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        let above = self.points.partition_point(|(point, _)| *point < score);
        match (self.points.get(above.wrapping_sub(1)), self.points.get(above)) {
            (None, None) => score,
            (Some((_, value)), None) | (None, Some((_, value))) => *value,
            (Some((left, low)), Some((right, high))) => {
                low + (high - low) * ((score - left) / (right - left))
            }
        }
    }

    /// Whether scores are taken as they are.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.points.is_empty()
    }

    /// Whether scores rise and probabilities do not fall, as bytes from outside may not have it.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let unit = 0.0..=1.0;
        self.points.iter().all(|(score, value)| unit.contains(score) && unit.contains(value))
            && self.points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1)
    }

    /// Least squares among functions that do not fall (pool adjacent violators).
    fn isotonic(levels: &[(f64, Level)]) -> Self {
        // Blocks of levels that share one value: positives, rows, and the first and last score.
        let mut blocks: Vec<(f64, f64, [f64; 2])> = Vec::new();
        for (score, level) in levels {
            let mut block =
                (level.positives as f64, (level.positives + level.negatives) as f64, [*score, *score]);
            while let Some(last) = blocks.pop_if(|last| last.0 * block.1 >= block.0 * last.1) {
                block = (last.0 + block.0, last.1 + block.1, [last.2[0], block.2[1]]);
            }
            blocks.push(block);
        }
        let mut points = Vec::with_capacity(2 * blocks.len());
        for (positives, rows, [first, last]) in blocks {
            points.push((first, positives / rows));
            if last > first {
                points.push((last, positives / rows));
            }
        }
        Self { points }
    }
}

/// Whether rows left out of learning are better calibrated after it than before.
fn helps(levels: &[(f64, Level)]) -> bool {
    let (mut before, mut after) = (Levels::new(), Levels::new());
    for Fold { learnt, left_out } in folds(levels) {
        let calibrator = Calibrator::isotonic(&learnt);
        for (score, level) in left_out {
            before.push((score, level));
            after.push((calibrator.probability(score), level));
        }
    }
    error(after) < error(before)
}

/// Mean over rows of |mean probability - share of positives| of the row's bin.
fn error(mut levels: Levels) -> f64 {
    levels.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let rows: f64 = levels.iter().map(|(_, level)| (level.negatives + level.positives) as f64).sum();
    let size = rows / BINS as f64;
    let (mut error, mut excess, mut room) = (0.0, 0.0_f64, size);
    for (probability, level) in levels {
        let all = (level.negatives + level.positives) as f64;
        let each = probability - level.positives as f64 / all;
        // Rows of one probability may fill several bins.
        let mut left = all;
        while left > 0.0 {
            let taken = left.min(room);
            excess += taken * each;
            (left, room) = (left - taken, room - taken);
            if room <= size * 1e-9 {
                error += excess.abs();
                (excess, room) = (0.0, size);
            }
        }
    }
    (error + excess.abs()) / rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::binary::{Binary, BinaryRows, Decisions};

    fn of(rows: &[(f64, bool)]) -> Binary {
        let (scores, labels): (Vec<f64>, Vec<f64>) =
            rows.iter().map(|(s, y)| (*s, f64::from(u8::from(*y)))).unzip();
        let mut state = Binary::default();
        state.observe(&BinaryRows { scores: &scores, decisions: Decisions::AtLeast(0.5), labels: &labels });
        state
    }

    #[test]
    fn pools_what_falls_and_joins_what_rises() {
        let state = of(&[(0.1, false), (0.2, true), (0.3, false), (0.3, true), (0.4, true), (0.9, true)]);
        let calibrator = Calibrator::isotonic(&state.levels());
        assert_eq!(
            calibrator.points,
            [(0.1, 0.0), (0.2, 2.0 / 3.0), (0.3, 2.0 / 3.0), (0.4, 1.0), (0.9, 1.0)]
        );
        assert_eq!(calibrator.probability(0.0), 0.0);
        assert!((calibrator.probability(0.15) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((calibrator.probability(0.25), calibrator.probability(1.0)), (2.0 / 3.0, 1.0));
    }

    #[test]
    fn learns_only_what_helps() {
        let draw = |i: u32| (sketch::hash_f64(f64::from(i)) >> 11) as f64 / 2_f64.powi(53);
        let rows = |truth: fn(f64) -> f64| -> Vec<(f64, bool)> {
            let scores = (0..20_000).map(|i| (draw(i) * 100.0).round() / 100.0);
            scores.enumerate().map(|(i, score)| (score, draw(i as u32 + 50_000) < truth(score))).collect()
        };
        let skewed =
            Calibrator::learn(&of(&rows(|score| score * score)).levels(), Calibrate::WhereItHelps).unwrap();
        assert!(!skewed.is_identity() && skewed.is_sound());
        let levels = of(&[(0.3, true), (0.4, false)]).levels();
        assert!(!Calibrator::learn(&levels, Calibrate::Always).unwrap().is_identity());
        assert!(Calibrator::learn(&levels, Calibrate::Never).unwrap().is_identity());
        assert!((skewed.probability(0.5) - 0.25).abs() < 0.05);
        assert!(
            Calibrator::learn(
                &of(&rows(|score| f64::from(u8::from(score > 0.5)))).levels(),
                Calibrate::WhereItHelps
            )
            .unwrap()
            .is_identity()
        );
        assert!(
            Calibrator::learn(&of(&[(0.3, true), (0.4, true)]).levels(), Calibrate::WhereItHelps)
                .unwrap()
                .is_identity()
        );
        assert_eq!(Calibrator::learn(&[], Calibrate::Always), Err(Undefined::NoScores));
    }

    #[test]
    fn damaged_points_are_not_sound() {
        for points in [
            vec![(0.5, 0.1), (0.4, 0.2)],
            vec![(0.1, 0.5), (0.2, 0.4)],
            vec![(f64::NAN, 0.5)],
            vec![(0.1, 1.5)],
            vec![(0.1, 0.5), (0.1, 0.5)],
        ] {
            assert!(!Calibrator { points }.is_sound());
        }
    }

    proptest! {
        #[test]
        fn rises_within_the_unit(rows in prop::collection::vec(((0..20_u32).prop_map(|s| f64::from(s) / 19.0), any::<bool>()), 1..80), score in 0.0..1.0_f64, step in 0.0..0.2_f64) {
            let calibrator = Calibrator::isotonic(&of(&rows).levels());
            prop_assert!(calibrator.is_sound());
            let (low, high) = (calibrator.probability(score), calibrator.probability((score + step).min(1.0)));
            prop_assert!((0.0..=1.0).contains(&low) && low <= high + 1e-15);
            // The mean over the rows is kept.
            let kept: f64 = rows.iter().map(|(score, _)| calibrator.probability(*score)).sum();
            prop_assert!((kept - rows.iter().filter(|(_, y)| *y).count() as f64).abs() < 1e-9);
        }
    }
}
