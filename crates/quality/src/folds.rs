//! Parts of a state for cross-validation: rows are counts, so each count is drawn apart.

use rand::SeedableRng;
use rand_distr::{Binomial, Distribution};
use rand_pcg::Pcg64;

use crate::binary::{Level, Levels};

const FOLDS: usize = 10;
const SEED: u64 = 42;

/// Rows to learn from, and those left out.
pub(crate) struct Fold {
    pub(crate) learnt: Levels,
    pub(crate) left_out: Levels,
}

/// Ten times the rows without a tenth of them, and that tenth. Every row is left out once; which rows go together is random
/// with a fixed seed, so the same counts give the same folds.
pub(crate) fn folds(levels: &[(f64, Level)]) -> Vec<Fold> {
    let mut rng = Pcg64::seed_from_u64(SEED);
    let mut parts = vec![Levels::new(); FOLDS];
    for (score, level) in levels {
        let negatives = split(level.negatives, &mut rng);
        let positives = split(level.positives, &mut rng);
        for (part, (negatives, positives)) in parts.iter_mut().zip(negatives.into_iter().zip(positives)) {
            if negatives + positives > 0 {
                part.push((*score, Level { negatives, positives }));
            }
        }
    }
    let fold = |left_out: Levels| Fold { learnt: without(levels, &left_out), left_out };
    parts.into_iter().map(fold).filter(|fold| !fold.learnt.is_empty()).collect()
}

/// Rows in ten parts, each row in any of them with the same probability.
fn split(rows: u64, rng: &mut Pcg64) -> [u64; FOLDS] {
    let mut left = rows;
    std::array::from_fn(|fold| {
        let share = 1.0 / (FOLDS - fold) as f64;
        let taken = match Binomial::new(left, share) {
            Ok(law) if left > 0 => law.sample(rng).min(left),
            _ => 0,
        };
        left -= taken;
        taken
    })
}

/// Levels less a part of them.
fn without(levels: &[(f64, Level)], part: &[(f64, Level)]) -> Levels {
    let mut taken = part.iter().peekable();
    let rest = levels.iter().map(|(score, level)| {
        let gone = taken
            .next_if(|(other, _)| other.total_cmp(score).is_eq())
            .map_or_else(Level::default, |part| part.1);
        let (negatives, positives) = (level.negatives - gone.negatives, level.positives - gone.positives);
        (*score, Level { negatives, positives })
    });
    rest.filter(|(_, level)| level.negatives + level.positives > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_left_out_once() {
        let levels: Levels = (0..50_u64)
            .map(|i| (i as f64 / 50.0, Level { negatives: i * 7 % 11, positives: i % 3 + i / 40 * 1000 }))
            .filter(|(_, level)| level.negatives + level.positives > 0)
            .collect();
        let count =
            |levels: &[(f64, Level)]| levels.iter().map(|(_, l)| l.negatives + l.positives).sum::<u64>();
        let folds = folds(&levels);
        assert_eq!(folds.iter().map(|fold| count(&fold.left_out)).sum::<u64>(), count(&levels));
        for Fold { learnt, left_out: out } in &folds {
            assert_eq!(count(learnt) + count(out), count(&levels));
            let share = count(out) as f64 / count(&levels) as f64;
            assert!((0.07..0.13).contains(&share), "{share}");
        }
        let again = super::folds(&levels);
        assert!(folds.iter().zip(&again).all(|(a, b)| a.left_out == b.left_out));
    }
}
