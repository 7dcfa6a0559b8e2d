//! Change of the mean of a number, given the bin, against the baseline, under the baseline's own bin weights.

use sketch::Moments;

use super::Undefined;
use super::chance::Difference;
use super::means::Means;
use super::score::{BinChange, Score, Sums};

/// Compares means bin by bin: labels of a regression, or residuals; the value is in standard deviations of the baseline.
///
/// As [`super::change()`]: of labels 0 and 1 the two differ by that unit alone. By chance, given the numbers of each cell, a
/// difference of means has the variance of all deals of them to the two sides; tails are those of a normal law, so that a few
/// rows of very large numbers in a bin make its p-value a rough one.
///
/// # Errors
/// The reason why there is nothing to compare.
pub fn mean_change(baseline: &Means, current: &Means) -> Result<Score, Undefined> {
    baseline.check(current)?;
    let whole = baseline.whole();
    if current.whole().values() == 0 {
        return Err(if whole.values() == 0 { Undefined::EmptyBaseline } else { Undefined::EmptyCurrent });
    }
    let unit = whole.std_dev().ok_or(Undefined::EmptyBaseline)?;
    if unit <= 0.0 || !unit.is_finite() {
        return Err(Undefined::Constant);
    }
    let (mut sums, mut covered) = (Sums::default(), 0.0);
    for (bin, (theirs, ours)) in baseline.bins().zip(current.bins()).enumerate() {
        let cells: Vec<Cell> = theirs.iter().zip(ours).filter_map(|(b, c)| Cell::new(b, c)).collect();
        let weight: f64 = cells.iter().map(|cell| cell.rows[0]).sum();
        if weight <= 0.0 {
            continue;
        }
        covered += weight;
        let share = |cell: &Cell| cell.rows[0] / weight;
        let parts: Vec<(f64, Difference)> = cells
            .iter()
            .map(|cell| (share(cell), Difference::of_means(cell.means, cell.variances, cell.rows)))
            .collect();
        let difference = Difference::weighted(&parts);
        let mean = |side: usize| cells.iter().map(|cell| share(cell) * cell.means[side]).sum();
        let change = BinChange {
            bin,
            baseline_ratio: weight,
            class: 0,
            baseline_value: mean(0),
            value: mean(1),
            contribution: weight * difference.value.abs() / unit,
            expected: weight * difference.expected_size() / unit,
            rows: ours.iter().fold(0, |sum, cell| sum.saturating_add(cell.values())),
        };
        let statistic = difference.square().map_or([0.0; 3], |(square, variance)| [square, 1.0, variance]);
        sums.add(change, statistic);
    }
    if covered <= 0.0 {
        return Err(Undefined::NothingInCommon);
    }
    Ok(sums.score(covered, whole.values() as f64))
}

/// One cell with rows on both sides, baseline first.
struct Cell {
    rows: [f64; 2],
    means: [f64; 2],
    variances: [f64; 2],
}

impl Cell {
    fn new(baseline: &Moments, current: &Moments) -> Option<Self> {
        let sides = [baseline, current];
        let [n, m] = sides.map(|side| side.values() as f64);
        let [b, c] = sides.map(|side| side.mean().zip(side.variance()));
        let ((b_mean, b_variance), (c_mean, c_variance)) = (b?, c?);
        Some(Self { rows: [n, m], means: [b_mean, c_mean], variances: [b_variance, c_variance] })
    }
}
