//! Change of P(label | bin) against the baseline, under the baseline's own bin weights.

use super::Undefined;
use super::chance::Difference;
use super::classes::Classes;
use super::score::{BinChange, Score, Sums};

/// Compares the classes of labels bin by bin.
///
/// In a bin, the share of each class is standardised over the cells that have rows on both sides, by the baseline's rows in
/// them; the change is half the sum over classes of the differences, and its weight the baseline's rows in those cells.
/// By chance, given the rows and labels of each cell, a difference follows a hypergeometric law, of which variance and
/// fourth cumulant are exact; so are expectations where a bin has one cell.
///
/// # Errors
/// The reason why there is nothing to compare.
pub fn change(baseline: &Classes, current: &Classes) -> Result<Score, Undefined> {
    check([baseline, current])?;
    let (mut sums, mut covered) = (Sums::default(), 0.0);
    for (bin, (theirs, ours)) in baseline.bins().zip(current.bins()).enumerate() {
        let cells: Vec<Cell<'_>> = theirs.zip(ours).filter_map(|(b, c)| Cell::new(b, c)).collect();
        if let Some((change, statistic)) = compare(bin, &cells, baseline.classes()) {
            covered += change.baseline_ratio;
            sums.add(change, statistic);
        }
    }
    if covered <= 0.0 {
        return Err(Undefined::NothingInCommon);
    }
    Ok(sums.score(covered, baseline.rows() as f64))
}

/// Whether there is anything to compare.
pub(super) fn check([baseline, current]: [&Classes; 2]) -> Result<(), Undefined> {
    baseline.check(current)?;
    if baseline.rows() == 0 {
        return Err(Undefined::EmptyBaseline);
    }
    if current.rows() == 0 {
        return Err(Undefined::EmptyCurrent);
    }
    let seen = baseline.seen().into_iter().zip(current.seen()).filter(|(left, right)| *left || *right);
    if seen.count() < 2 {
        return Err(Undefined::Constant);
    }
    Ok(())
}

/// One cell with rows on both sides, baseline first.
struct Cell<'a> {
    counts: [&'a [u64]; 2],
    rows: [u64; 2],
}

impl<'a> Cell<'a> {
    fn new(baseline: &'a [u64], current: &'a [u64]) -> Option<Self> {
        let counts = [baseline, current];
        let rows = counts.map(|counts| counts.iter().fold(0_u64, |sum, rows| sum.saturating_add(*rows)));
        rows.iter().all(|rows| *rows > 0).then_some(Self { counts, rows })
    }

    fn hits(&self, class: usize) -> [u64; 2] {
        self.counts.map(|counts| counts.get(class).copied().unwrap_or(0))
    }
}

/// The change of a bin, its weight in rows, with its statistic and the mean and variance of that; `None` without cells.
fn compare(bin: usize, cells: &[Cell<'_>], classes: usize) -> Option<(BinChange, [f64; 3])> {
    let weight: f64 = cells.iter().map(|cell| cell.rows[0] as f64).sum();
    if weight <= 0.0 {
        return None;
    }
    let share = |cell: &Cell<'_>| cell.rows[0] as f64 / weight;
    let mut change = BinChange {
        bin,
        baseline_ratio: weight,
        class: 0,
        baseline_value: 0.0,
        value: 0.0,
        contribution: 0.0,
        expected: 0.0,
        rows: cells.iter().fold(0, |sum, cell| sum.saturating_add(cell.rows[1])),
    };
    let (mut statistic, mut most) = ([0.0; 3], -1.0);
    for class in 0..classes {
        let parts: Vec<(f64, Difference)> = cells
            .iter()
            .map(|cell| (share(cell), Difference::of_shares(cell.hits(class), cell.rows)))
            .collect();
        let difference = Difference::weighted(&parts);
        change.contribution += weight * difference.value.abs() / 2.0;
        change.expected += weight * difference.expected_size() / 2.0;
        let standardised = |side: usize| -> f64 {
            cells
                .iter()
                .map(|cell| share(cell) * cell.hits(class)[side] as f64 / cell.rows[side] as f64)
                .sum()
        };
        // Of two classes the second is the one that people ask for.
        if difference.value.abs() > most || (classes == 2 && class == 1) {
            most = difference.value.abs();
            (change.class, change.baseline_value, change.value) = (class, standardised(0), standardised(1));
        }
        if let Some((square, variance)) = difference.square() {
            let pooled = |cell: &Cell<'_>| {
                let [b, c] = cell.hits(class).map(|hits| hits as f64);
                share(cell) * (b + c) / (cell.rows[0] as f64 + cell.rows[1] as f64)
            };
            let others = 1.0 - cells.iter().map(pooled).sum::<f64>();
            statistic[0] += others * square;
            statistic[1] += others;
            statistic[2] += others * variance;
        }
    }
    Some((change, statistic))
}
