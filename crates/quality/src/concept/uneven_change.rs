//! Whether P(label | bin) moved in some bins of a feature otherwise than in the others.

use statrs::function::gamma::ln_gamma;

use super::Undefined;
use super::chance::survival;
use super::classes::Classes;
use super::compared_cells::ComparedCells;
use super::contrasts::{OfClass, of_class};
use super::score::{BinChange, Score};

/// Compares the classes of labels bin by bin, given the score, with what became of all rows of the same score.
///
/// In a cell of bin b and score s the change of P(class) less that of all cells of this score is d(b, s): 0 where a relation
/// moves for all rows alike, and where only the inputs move. (What all cells of a score do is their mean by n m / (n + m) of
/// their rows, as Mantel and Haenszel weigh them, and so is what a bin does over its scores.) Of a bin two things count: its
/// level, the mean of d, and its slope, the mean of d times the score's own P(class) in standard units. Labels that are set,
/// turned or drawn anew in one bin move it along these two. With the baseline's share of the bins as weights w,
///
/// value² = half the sum over classes of Σ w (level² + slope²),
///
/// the variance of the change that the feature accounts for. A feature alone in deciding where the relation moved accounts
/// for all of it; one that goes along with it, for less. Where a share p of the rows moves by x, it is about x √(p (1 - p)).
///
/// By chance, when all cells of a score move alike, the value² has a mean and a variance that follow from the shares and rows
/// of the cells; the p-value is that of the gamma law of these moments, and the expected value its mean root. Bins come
/// in the order of what they themselves moved; all contributions add up to the value.
///
/// # Errors
/// The reason why there is nothing to compare; [`Undefined::OneBin`] where no two bins share a score.
pub fn uneven_change(baseline: &Classes, current: &Classes) -> Result<Score, Undefined> {
    let sides = [baseline, current];
    super::change::check(sides)?;
    let common = ComparedCells::of(baseline, current);
    if common.bins.is_empty() {
        let shared = super::change::change(baseline, current)?;
        return Err(if shared.bins.is_empty() { Undefined::NothingInCommon } else { Undefined::OneBin });
    }
    let classes: Vec<OfClass> = match baseline.classes() {
        // The other class moves as far the other way.
        2 => vec![of_class(&common, &common.hits(sides, 1))],
        classes => (0..classes).map(|class| of_class(&common, &common.hits(sides, class))).collect(),
    };
    let half = if classes.len() == 1 { 1.0 } else { 0.5 };
    let sum = |value: fn(&OfClass) -> f64| half * classes.iter().map(value).sum::<f64>();
    let (square, mean) = (sum(|class| class.square), sum(|class| class.mean));
    let variance = half * sum(|class| class.variance) * together(&common, sides, classes.len());
    let (value, expected) = (square.sqrt(), mean_root(mean, variance));
    let bins = bins(&common, &classes, value, expected, current);
    let p_value = survival(square, mean, variance);
    Ok(Score { value, expected, p_value, covered_ratio: common.covered / baseline.rows() as f64, bins })
}

/// What each bin did, largest contribution first.
fn bins(
    common: &ComparedCells,
    classes: &[OfClass],
    value: f64,
    expected: f64,
    current: &Classes,
) -> Vec<BinChange> {
    let of_all = |what: fn(&super::contrasts::OfBin) -> f64| -> Vec<f64> {
        let of_bin = |at: usize| classes.iter().map(|class| what(&class.bins[at])).sum::<f64>().max(0.0);
        let parts: Vec<f64> = (0..common.bins.len()).map(of_bin).collect();
        let whole: f64 = parts.iter().sum();
        parts.into_iter().map(|part| if whole > 0.0 { part / whole } else { 0.0 }).collect()
    };
    let (mut moved, means) = (of_all(|bin| bin.moved), of_all(|bin| bin.mean));
    if moved.iter().all(|part| *part <= 0.0) {
        moved = of_all(|bin| bin.square);
    }
    let rows: Vec<u64> = current.bins().map(|cells| cells.flatten().sum()).collect();
    let mut bins: Vec<BinChange> = Vec::with_capacity(moved.len());
    for (at, ((bin, ratio), (moved, mean))) in common.bins.iter().zip(moved.iter().zip(&means)).enumerate() {
        let most = classes
            .iter()
            .enumerate()
            .max_by(|(_, left), (_, right)| left.bins[at].square.total_cmp(&right.bins[at].square));
        let (class, shares) = most.map_or((0, [0.0; 2]), |(class, of)| (class, of.bins[at].shares));
        bins.push(BinChange {
            bin: *bin,
            baseline_ratio: *ratio,
            class: if classes.len() == 1 { 1 } else { class },
            baseline_value: shares[0],
            value: shares[1],
            contribution: value * moved,
            expected: expected * mean,
            rows: rows.get(*bin).copied().unwrap_or(0),
        });
    }
    bins.sort_by(|left, right| right.contribution.total_cmp(&left.contribution));
    bins
}

/// By how much the variance of the sum over classes exceeds that of independent ones: what one class gains, others lose.
fn together(common: &ComparedCells, sides: [&Classes; 2], classes: usize) -> f64 {
    if classes < 2 {
        return 1.0;
    }
    let rows = |class| common.hits(sides, class).iter().flatten().sum::<f64>();
    let rows: Vec<f64> = (0..classes).map(rows).collect();
    let all: f64 = rows.iter().sum();
    let (mut pairs, mut own) = (0.0, 0.0);
    for (left, mine) in rows.iter().map(|rows| rows / all).enumerate() {
        for (right, theirs) in rows.iter().map(|rows| rows / all).enumerate() {
            let covariance = if left == right { mine - mine * mine } else { -mine * theirs };
            pairs += covariance * covariance;
            own += if left == right { covariance * covariance } else { 0.0 };
        }
    }
    if own > 0.0 { pairs / own } else { 1.0 }
}

/// Mean of the root of a gamma variable.
fn mean_root(mean: f64, variance: f64) -> f64 {
    if mean <= 0.0 || variance <= 0.0 {
        return mean.max(0.0).sqrt();
    }
    let shape = mean * mean / variance;
    if shape > 1e6 {
        // ln_gamma would take the difference of two large numbers, and the law hardly spreads.
        return mean.sqrt();
    }
    (variance / mean).sqrt() * (ln_gamma(shape + 0.5) - ln_gamma(shape)).exp()
}
