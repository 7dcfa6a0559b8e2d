//! What a comparison of relations returns: a value with its noise, and the bins it comes from.

use super::chance::survival;

/// How far a relation has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Mean over bins, by the baseline's rows, of the size of the change: of P(label | bin), 0 to 1, half the sum over
    /// classes; or of the mean, in the baseline's standard deviations. Of an uneven change, the root of the mean square.
    pub value: f64,
    /// The value to expect at these row counts when the relation has not moved.
    pub expected: f64,
    /// Probability of changes as large when the relation has not moved: the squares of all bins, each over its mean (of an
    /// uneven change, the square of the value), by a gamma law of their mean and variance.
    pub p_value: f64,
    /// Share of the baseline's rows in cells that have rows on both sides: the others are not compared.
    pub covered_ratio: f64,
    /// Every bin that is compared, largest contribution first.
    pub bins: Vec<BinChange>,
}

/// What became of the relation in one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinChange {
    /// Which bin.
    pub bin: usize,
    /// Share of the baseline's compared rows; the bin's weight.
    pub baseline_ratio: f64,
    /// The class whose share moved most; 1 for two classes, 0 for numbers.
    pub class: usize,
    /// Share of that class in the baseline, or the mean.
    pub baseline_value: f64,
    /// The same now, with the same weights of the cells in the bin: the baseline's, or those of an uneven change.
    pub value: f64,
    /// What the bin adds to the score's value.
    pub contribution: f64,
    /// What it would add by chance.
    pub expected: f64,
    /// Rows now.
    pub rows: u64,
}

/// Sums over bins.
#[derive(Debug, Default)]
pub(super) struct Sums {
    statistic: f64,
    mean: f64,
    variance: f64,
    bins: Vec<BinChange>,
}

impl Sums {
    /// Adds a bin, its square statistic with the mean and variance of that.
    pub(super) fn add(&mut self, bin: BinChange, [statistic, mean, variance]: [f64; 3]) {
        self.statistic += statistic;
        self.mean += mean;
        self.variance += variance;
        self.bins.push(bin);
    }

    /// The score, with weights made shares of `covered` rows of the baseline's `rows`.
    pub(super) fn score(mut self, covered: f64, rows: f64) -> Score {
        for bin in &mut self.bins {
            bin.baseline_ratio /= covered;
            bin.contribution /= covered;
            bin.expected /= covered;
        }
        self.bins.sort_by(|left, right| right.contribution.total_cmp(&left.contribution));
        Score {
            value: self.bins.iter().map(|bin| bin.contribution).sum(),
            expected: self.bins.iter().map(|bin| bin.expected).sum(),
            p_value: survival(self.statistic, self.mean, self.variance),
            covered_ratio: covered / rows,
            bins: self.bins,
        }
    }
}
