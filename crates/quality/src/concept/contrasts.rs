//! How the change of P(class) in the bins of a feature departs from that of all rows of the same score, and what chance
//! makes of that.

use super::compared_cells::ComparedCells;

/// Rows of the same score that stand behind the baseline's share of a cell, beside its own.
const ROWS_OF_SHARE: f64 = 10.0;
/// The same for how far a share has moved: none, as if it had not.
const ROWS_OF_CHANGE: f64 = 4.0;
/// Scores whose shares spread less within a bin say nothing of a slope.
const LEAST_SPREAD: f64 = 0.05;

/// One class in every cell.
struct Moved {
    /// Change of the share.
    change: f64,
    /// What it differs by from the change of all cells of the same score.
    apart: f64,
    /// Variance and fourth cumulant of the change, where all cells of a score change alike.
    variance: f64,
    fourth: f64,
}

/// A weighted sum of changes over the cells of a bin.
struct Contrast {
    /// Which of the bins that are compared.
    bin: usize,
    weights: Vec<f64>,
    /// Mean of the square of the departure, when cells of a score change alike.
    mean: f64,
}

/// What becomes of one class.
#[derive(Debug, Default)]
pub(super) struct OfClass {
    /// Sum of the squares, each times the baseline's share of its bin, with the mean and variance of that by chance.
    pub(super) square: f64,
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// Of each bin.
    pub(super) bins: Vec<OfBin>,
}

/// What becomes of one class in a bin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OfBin {
    /// Share of the class on each side, over the cells.
    pub(super) shares: [f64; 2],
    /// The part of the sum.
    pub(super) square: f64,
    /// The departures, each times the change itself: of two bins that moved apart, this is where the change was.
    pub(super) moved: f64,
    /// Of `square`, by chance.
    pub(super) mean: f64,
}

/// Looks at a class, of which each cell has these rows.
pub(super) fn of_class(common: &ComparedCells, hits: &[[f64; 2]]) -> OfClass {
    let (baseline, moved) = moved(common, hits);
    let mut found = OfClass { bins: vec![OfBin::default(); common.bins.len()], ..OfClass::default() };
    for (((bin, _), cells), hits) in found
        .bins
        .iter_mut()
        .zip(&common.bins)
        .zip(common.cells.chunks(common.given))
        .zip(hits.chunks(common.given))
    {
        for (cell, hits) in cells.iter().zip(hits).filter(|(cell, _)| cell.weight > 0.0) {
            for (share, (hits, rows)) in bin.shares.iter_mut().zip(hits.iter().zip(cell.rows)) {
                *share += cell.of_bin * hits / rows;
            }
        }
    }
    let mut contrasts = contrasts(common, &baseline);
    found.variance = spread(common, &moved, &mut contrasts);
    for contrast in &contrasts {
        let ratio = common.bins[contrast.bin].1;
        let cells = &moved[contrast.bin * common.given..][..common.given];
        let sum = |value: fn(&Moved) -> f64| -> f64 {
            contrast.weights.iter().zip(cells).map(|(weight, cell)| weight * value(cell)).sum()
        };
        let (apart, change) = (sum(|cell| cell.apart), sum(|cell| cell.change));
        let bin = &mut found.bins[contrast.bin];
        bin.square += ratio * apart * apart;
        bin.moved += ratio * apart * change;
        bin.mean += ratio * contrast.mean;
    }
    found.square = found.bins.iter().map(|bin| bin.square).sum();
    found.mean = found.bins.iter().map(|bin| bin.mean).sum();
    found
}

/// The share of each score in the baseline, and what became of each cell.
fn moved(common: &ComparedCells, hits: &[[f64; 2]]) -> (Vec<f64>, Vec<Moved>) {
    let share = |hits: f64, rows: f64| if rows > 0.0 { hits / rows } else { 0.0 };
    let mut shares = vec![[0.0; 2]; common.given];
    let mut weights = vec![0.0; common.given];
    for (score, (shares, weight)) in shares.iter_mut().zip(&mut weights).enumerate() {
        for (cell, hits) in common.of_score(score, hits) {
            *weight += cell.weight;
            for (side, value) in shares.iter_mut().enumerate() {
                *value += cell.of_score * share(hits[side], cell.rows[side]);
            }
        }
    }
    let of_cell = |(at, (cell, hits)): (usize, (&super::compared_cells::Cell, &[f64; 2]))| {
        let ([n, m], [before, now]) = (cell.rows, shares[at % common.given]);
        let change = share(hits[1], m) - share(hits[0], n);
        let shared = now - before;
        let was = (hits[0] + ROWS_OF_SHARE * before) / (n + ROWS_OF_SHARE);
        let weight = weights[at % common.given];
        let firm = shared * weight / (weight + ROWS_OF_CHANGE);
        // The same part of those with the class, or of those without, as of all of this score: so it stays a share.
        let is = if shared > 0.0 {
            was + firm * share(1.0 - was, 1.0 - before)
        } else {
            was + firm * share(was, before)
        };
        let (was, is) = (was * (1.0 - was), (is * (1.0 - is)).max(0.0));
        let over = |part: f64, rows: f64| share(part, rows);
        Moved {
            change,
            apart: change - shared,
            variance: over(was, n) + over(is, m),
            fourth: over(was * (1.0 - 6.0 * was), n * n * n) + over(is * (1.0 - 6.0 * is), m * m * m),
        }
    };
    let cells = common.cells.iter().zip(hits).enumerate().map(of_cell).collect();
    (shares.into_iter().map(|[before, _]| before).collect(), cells)
}

/// Of each bin its level and, where its scores differ, its slope over the baseline's share of them.
fn contrasts(common: &ComparedCells, baseline: &[f64]) -> Vec<Contrast> {
    let mut contrasts = Vec::new();
    for (bin, cells) in common.cells.chunks(common.given).enumerate() {
        let level: Vec<f64> = cells.iter().map(|cell| cell.of_bin).collect();
        let over = |value: &dyn Fn(f64) -> f64| -> f64 {
            level.iter().zip(baseline).map(|(weight, share)| weight * value(*share)).sum()
        };
        let mean = over(&|share| share);
        let spread = over(&|share| (share - mean) * (share - mean)).sqrt();
        let slope = (spread > LEAST_SPREAD).then(|| {
            level.iter().zip(baseline).map(|(weight, share)| weight * (share - mean) / spread).collect()
        });
        contrasts.push(Contrast { bin, weights: level, mean: 0.0 });
        contrasts.extend(slope.map(|weights| Contrast { bin, weights, mean: 0.0 }));
    }
    contrasts
}

/// Sets the mean of each square, and returns the variance of their sum.
///
/// Cells are independent, but each departure contains a part of every cell of its score: p of them, and 1 - p of its own.
fn spread(common: &ComparedCells, moved: &[Moved], contrasts: &mut [Contrast]) -> f64 {
    /// What a pair of contrasts takes from a cell.
    #[derive(Clone, Copy)]
    struct Part {
        variance: f64,
        shared: f64,
        same: f64,
        other: f64,
    }
    let parts: Vec<Part> = common
        .cells
        .iter()
        .zip(moved)
        .map(|(cell, moved)| {
            let (p, own) = (cell.of_score, 1.0 - cell.of_score);
            let all = p.powi(4);
            Part {
                variance: moved.variance * (1.0 - 2.0 * p),
                shared: moved.variance * p,
                same: moved.fourth * (own.powi(4) - all),
                other: moved.fourth * (own * own * p * p - all),
            }
        })
        .collect();
    let whole: Vec<[f64; 2]> = (0..common.given)
        .map(|score| {
            common.of_score(score, moved).fold([0.0; 2], |[variance, fourth], (cell, moved)| {
                let square = cell.of_score * cell.of_score;
                [variance + square * moved.variance, fourth + square * square * moved.fourth]
            })
        })
        .collect();
    let mut total = 0.0;
    for at in 0..contrasts.len() {
        let mut mean = 0.0;
        for (before, right) in contrasts[..=at].iter().enumerate() {
            let left = &contrasts[at];
            let of = |contrast: &Contrast| &parts[contrast.bin * common.given..][..common.given];
            let (mut covariance, mut fourth) = (0.0, 0.0);
            let cells = of(left).iter().zip(of(right)).zip(&whole);
            for ((mine, theirs), (a, b)) in cells.zip(left.weights.iter().zip(&right.weights)) {
                let ((mine, theirs), [variance, cumulant]) = (mine, theirs);
                let product = a * b;
                let (own, of_own) = if left.bin == right.bin {
                    (mine.variance, mine.same)
                } else {
                    (-mine.shared - theirs.shared, mine.other + theirs.other)
                };
                covariance += product * (variance + own);
                fourth += product * product * (cumulant + of_own);
            }
            let times = if before == at { 1.0 } else { 2.0 };
            let ratios = common.bins[left.bin].1 * common.bins[right.bin].1;
            total += times * ratios * (2.0 * covariance * covariance + fourth);
            mean = covariance;
        }
        contrasts[at].mean = mean.max(0.0);
    }
    total.max(0.0)
}
