//! What metrics look at: aligned counts, ordered points, and categories seen two ways.

use crate::score::Undefined;

/// Row counts of the same bins or categories on both sides.
///
/// Where the slices differ in length, the longer one is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares<'a> {
    /// Baseline rows per bin.
    pub baseline: &'a [u64],
    /// Current rows per bin.
    pub current: &'a [u64],
    /// How many bins at the end each pool several categories ("other", "new"). They count in
    /// totals and divergences, but none of them is ever treated as one category.
    pub pooled: usize,
}

impl<'a> Shares<'a> {
    /// Counts per bin, baseline first.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (f64, f64)> + Clone + use<'a> {
        self.baseline.iter().zip(self.current).map(|(&b, &c)| (b as f64, c as f64))
    }

    /// Number of bins.
    pub(crate) fn bins(&self) -> usize {
        self.baseline.len().min(self.current.len())
    }

    /// Number of bins with a row on either side.
    pub(crate) fn occupied(&self) -> usize {
        self.cells().filter(|(b, c)| b + c > 0.0).count()
    }

    /// Rows of both sides, neither of them zero.
    pub(crate) fn rows(&self) -> Result<(f64, f64), Undefined> {
        rows(self.cells())
    }
}

/// Rows of one value, or of a slot of values that are not told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Smallest value a row of this point may have.
    pub lower: f64,
    /// Largest value a row of this point may have; equal to `lower` for one exact value.
    pub upper: f64,
    /// Baseline rows.
    pub baseline: u64,
    /// Current rows.
    pub current: u64,
}

/// Ordered values of both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks<'a> {
    /// Ascending and non-overlapping: every value of a point lies below those of the next.
    pub points: &'a [Point],
    /// Population standard deviation of the baseline.
    pub baseline_std_dev: f64,
}

impl Ranks<'_> {
    /// The points of two samples, one for each distinct value; NaN is left out.
    #[must_use]
    pub fn exact_points(baseline: &[f64], current: &[f64]) -> Vec<Point> {
        let side = |values: &[f64], baseline: u64, current: u64| -> Vec<Point> {
            // Adding zero turns -0.0 into 0.0: the two are one value.
            let present = values.iter().filter(|x| !x.is_nan()).map(|x| x + 0.0);
            present.map(|x| Point { lower: x, upper: x, baseline, current }).collect()
        };
        let mut points = side(baseline, 1, 0);
        points.extend(side(current, 0, 1));
        points.sort_unstable_by(|a, b| a.lower.total_cmp(&b.lower));
        points.dedup_by(|next, kept| {
            let same = next.lower.total_cmp(&kept.lower).is_eq();
            if same {
                kept.baseline += next.baseline;
                kept.current += next.current;
            }
            same
        });
        points
    }

    /// Rows of both sides, neither of them zero.
    pub(crate) fn rows(&self) -> Result<(f64, f64), Undefined> {
        rows(self.points.iter().map(|p| (p.baseline as f64, p.current as f64)))
    }

    /// The points in order, each with the difference of the two distribution functions around it.
    pub(crate) fn steps(&self, n: f64, m: f64) -> impl Iterator<Item = Step> {
        let (mut below_baseline, mut below_current) = (0.0, 0.0);
        self.points.iter().map(move |point| {
            let (baseline, current) = (point.baseline as f64, point.current as f64);
            let before = below_baseline / n - below_current / m;
            let step = Step {
                lower: point.lower,
                upper: point.upper,
                baseline,
                current,
                below_baseline,
                below_current,
                before,
                after: (below_baseline + baseline) / n - (below_current + current) / m,
                least: before - current / m,
                most: before + baseline / n,
            };
            below_baseline += baseline;
            below_current += current;
            step
        })
    }
}

/// One point with the difference of the distribution functions (baseline less current) around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    pub(crate) baseline: f64,
    pub(crate) current: f64,
    pub(crate) below_baseline: f64,
    pub(crate) below_current: f64,
    /// Difference just below the point.
    pub(crate) before: f64,
    /// Difference just above the point.
    pub(crate) after: f64,
    /// Smallest difference any order of the point's rows can reach inside it.
    pub(crate) least: f64,
    /// Largest difference any order of the point's rows can reach inside it.
    pub(crate) most: f64,
}

impl Step {
    /// Whether the rows all have the same value.
    pub(crate) fn exact(&self) -> bool {
        self.upper <= self.lower
    }

    /// Rows of both sides.
    pub(crate) fn rows(&self) -> f64 {
        self.baseline + self.current
    }

    /// Smallest and largest square the difference can have inside the point.
    pub(crate) fn squares(&self) -> (f64, f64) {
        square_range(self.least, self.most)
    }
}

/// Smallest and largest square of a number between `low` and `high`.
pub(crate) fn square_range(low: f64, high: f64) -> (f64, f64) {
    let nearest = if low > 0.0 { low } else { high.min(0.0) };
    let farthest = low.abs().max(high.abs());
    (nearest * nearest, farthest * farthest)
}

/// Categories of the same rows, seen two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names<'a> {
    /// One bin per category name.
    pub names: Shares<'a>,
    /// One bin per hash bucket (64), or per name where there are no more than that.
    pub buckets: Shares<'a>,
}

fn rows(cells: impl Iterator<Item = (f64, f64)>) -> Result<(f64, f64), Undefined> {
    let (n, m) = cells.fold((0.0, 0.0), |(n, m), (b, c)| (n + b, m + c));
    if n <= 0.0 {
        Err(Undefined::EmptyBaseline)
    } else if m <= 0.0 {
        Err(Undefined::EmptyCurrent)
    } else {
        Ok((n, m))
    }
}
