//! Cells that have rows on both sides, beside others of the same score: what an uneven change is looked for in.

use super::classes::Classes;

/// Cells of two sides, bin by bin; of the bins only those that have a cell to compare.
#[derive(Debug)]
pub(super) struct ComparedCells {
    /// Cells of each bin.
    pub(super) given: usize,
    /// Which bins, and their shares of the baseline's rows in all the cells.
    pub(super) bins: Vec<(usize, f64)>,
    /// All cells of the bins; those that are not compared weigh nothing.
    pub(super) cells: Vec<Cell>,
    /// The baseline's rows in cells that are compared.
    pub(super) covered: f64,
}

/// Rows of a cell, baseline first, and its weights. Those take into account how many rows there are on both sides, as in
/// the estimate of Mantel and Haenszel, and know nothing of labels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) rows: [f64; 2],
    /// n m / (n + m): one over the variance of a difference, up to that of the labels.
    pub(super) weight: f64,
    /// Its share of the cells of the same score.
    pub(super) of_score: f64,
    /// Its share of the cells of the same bin.
    pub(super) of_bin: f64,
}

impl ComparedCells {
    /// The cells of both sides.
    pub(super) fn of(baseline: &Classes, current: &Classes) -> Self {
        let mut cells: Vec<Vec<Cell>> = baseline
            .bins()
            .zip(current.bins())
            .map(|(theirs, ours)| theirs.zip(ours).map(|(b, c)| Cell::of(b, c)).collect())
            .collect();
        let given = cells.first().map_or(0, Vec::len);
        let mut sums = vec![0.0; given];
        for score in 0..given {
            let weights = || cells.iter().map(|bin| bin[score].weight);
            sums[score] = weights().sum();
            if weights().filter(|weight| *weight > 0.0).count() < 2 {
                // Nothing beside it to differ from.
                cells.iter_mut().for_each(|bin| bin[score] = Cell::default());
            }
        }
        for bin in &mut cells {
            let sum: f64 = bin.iter().map(|cell| cell.weight).sum();
            for (cell, of_score) in bin.iter_mut().zip(&sums).filter(|(cell, _)| cell.weight > 0.0) {
                (cell.of_score, cell.of_bin) = (cell.weight / of_score, cell.weight / sum);
            }
        }
        let rows = |bin: &[Cell]| bin.iter().map(|cell| cell.rows[0]).sum::<f64>();
        let covered = cells.iter().map(|bin| rows(bin)).sum();
        let bins = cells.iter().enumerate().map(|(bin, cells)| (bin, rows(cells) / covered));
        let bins = bins.filter(|(_, ratio)| *ratio > 0.0).collect();
        let cells = cells.into_iter().filter(|bin| rows(bin) > 0.0).flatten().collect();
        Self { given, bins, cells, covered }
    }

    /// Rows with this class in each cell, baseline first.
    pub(super) fn hits(&self, sides: [&Classes; 2], class: usize) -> Vec<[f64; 2]> {
        let [baseline, current] = sides;
        let hits = |counts: &[u64]| counts.get(class).map_or(0.0, |rows| *rows as f64);
        let mut compared = self.bins.iter().map(|(bin, _)| *bin).peekable();
        let mut found = Vec::with_capacity(self.cells.len());
        for (bin, (theirs, ours)) in baseline.bins().zip(current.bins()).enumerate() {
            if compared.next_if_eq(&bin).is_some() {
                found.extend(theirs.zip(ours).map(|(b, c)| [hits(b), hits(c)]));
            }
        }
        found
    }

    /// Cells of the same score, one of each bin.
    pub(super) fn of_score<'a, T>(
        &'a self,
        score: usize,
        values: &'a [T],
    ) -> impl Iterator<Item = (&'a Cell, &'a T)> {
        self.cells.iter().zip(values).skip(score).step_by(self.given.max(1))
    }
}

impl Cell {
    fn of(baseline: &[u64], current: &[u64]) -> Self {
        let rows = [baseline, current].map(|counts| counts.iter().map(|rows| *rows as f64).sum::<f64>());
        let [n, m] = rows;
        if n > 0.0 && m > 0.0 {
            Self { rows, weight: n / (n + m) * m, ..Self::default() }
        } else {
            Self::default()
        }
    }
}
