//! The flip test: are the like of the disadvantaged group treated better in the rest?

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use super::change::{ERRORS, SIGNIFICANT};
use super::metric::Undefined;
use super::resampling::Estimate;

/// Rows of the rest below which just one neighbour votes.
const FEW: usize = 10;

/// Neighbours that vote, unless told otherwise.
pub const NEIGHBOURS: usize = 5;

/// Pairs of rows that are compared, at most: some seconds of one core.
pub const MOST_COMPARED: u64 = 1_000_000_000;

/// Parts that a sample is split into to see how far its value is from that of others, at most and at least, and rows of either
/// side that each of them has at least.
const PARTS: (u64, u64) = (16, 8);
const OF_A_PART: u64 = FEW as u64;

/// A sample of the rows of a disadvantaged group and of the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Sides {
    width: usize,
    /// Rows of the rest.
    pub rest: Side,
    /// Rows of the group.
    pub group: Side,
}

/// A sample of the rows of one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    features: Vec<f64>,
    predictions: Vec<bool>,
    /// Whether these are all the rows that there are.
    pub is_whole: bool,
}

/// Rows of one group with their features and predictions.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Features row by row, all rows of the same width.
    pub features: &'a [f64],
    /// Whether each row is predicted positive.
    pub predictions: &'a [bool],
}

/// Result of the flip test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flips {
    /// The value: where neighbours are equally far, the mean over all choices among them.
    pub value: f64,
    /// Smallest value that a choice among neighbours equally far can make.
    pub low: f64,
    /// Largest such value.
    pub high: f64,
    /// Rows of both groups left out because a feature is not a finite number.
    pub left_out: u64,
}

/// Each row of the disadvantaged group beside its nearest neighbours in the rest, of which so many vote (but one where the
/// rest has fewer than ten rows): rows predicted positive whose neighbours mostly are not, less the reverse, by rows of the
/// group. Clarify has [`NEIGHBOURS`]; one of its jobs on record can only have asked one.
///
/// Distances are Euclidean over the features as they are: scale them first if their units differ. Model Monitor takes
/// numeric columns unscaled, and among neighbours that are equally far those that its search meets first; its value lies
/// between `low` and `high`.
///
/// # Errors
/// [`Undefined::EmptyGroup`], [`Undefined::EmptyRest`]; [`Undefined::TooManyRows`] beyond [`MOST_COMPARED`] pairs, for
/// which the caller has to draw a sample; [`Undefined::NoRows`] without features.
pub fn flip_test(
    width: usize,
    rest: Rows<'_>,
    group: Rows<'_>,
    neighbours: usize,
) -> Result<Flips, Undefined> {
    if width == 0 {
        return Err(Undefined::NoRows);
    }
    let (rest_rows, group_rows) = (rest.finite(width), group.finite(width));
    if group_rows.is_empty() {
        return Err(Undefined::EmptyGroup);
    }
    if rest_rows.is_empty() {
        return Err(Undefined::EmptyRest);
    }
    if (rest_rows.len() as u64).saturating_mul(group_rows.len() as u64) > MOST_COMPARED {
        return Err(Undefined::TooManyRows);
    }
    let voters = if rest_rows.len() < FEW { 1 } else { neighbours.clamp(1, rest_rows.len()) };
    // Column by column, so that the distances of a row are computed many at once.
    let columns: Vec<Vec<f64>> =
        (0..width).map(|at| rest_rows.iter().map(|(features, _)| features[at]).collect()).collect();
    let positives: Vec<bool> = rest_rows.iter().map(|(_, positive)| *positive).collect();
    let mut squares = vec![0.0; positives.len()];
    let mut sums = [0.0; 3];
    for (features, positive) in &group_rows {
        squares.fill(0.0);
        for (column, own) in columns.iter().zip(*features) {
            squares
                .iter_mut()
                .zip(column)
                .for_each(|(square, other)| *square += (own - other) * (own - other));
        }
        let vote = Vote::new(&squares, &positives, voters);
        let predicted = f64::from(u8::from(*positive));
        for (sum, neighbours) in sums.iter_mut().zip([vote.mean(), vote.most(), vote.least()]) {
            *sum += predicted - neighbours;
        }
    }
    let [value, low, high] = sums.map(|sum| sum / group_rows.len() as f64);
    let given = rest.predictions.len() + group.predictions.len();
    Ok(Flips { value, low, high, left_out: (given - rest_rows.len() - group_rows.len()) as u64 })
}

impl Sides {
    pub(super) fn new(width: usize) -> Self {
        Self { width, rest: Side::default(), group: Side::default() }
    }

    /// The flip test of [`NEIGHBOURS`], with how far values of other samples as large lie apart: both sides are split into parts
    /// at random, and the spread of their values is that of the whole times the root of their number (random groups, Wolter 2007,
    /// *Introduction to Variance Estimation*, 2.4).
    ///
    /// No standard error where a side has fewer than 80 rows.
    ///
    /// # Errors
    /// As [`flip_test`].
    pub fn estimate(&self) -> Result<Estimate, Undefined> {
        let Flips { value, low, high, .. } = self.part(0, 1)?;
        let smaller = self.rest.rows().min(self.group.rows());
        let parts = parts(smaller as u64);
        let interval = Some((low, high));
        let mut estimate = Estimate { value, standard_error: None, interval, smaller_rows: smaller as u64 };
        if (parts as u64) < PARTS.1 {
            return Ok(estimate);
        }
        let values = (0..parts).map(|part| self.part(part, parts).map(|flips| flips.value));
        let values: Vec<f64> = values.collect::<Result<_, _>>()?;
        let count = parts as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        estimate.standard_error = Some((squares / (count - 1.0) / count).sqrt());
        Ok(estimate)
    }

    /// As many rows as there are in both: neighbours in a crowd are nearer, so that samples of other sizes have other values
    /// though nothing changed.
    #[must_use]
    pub fn as_many_as(&self, other: &Self) -> Self {
        let cut = |ours: &Side, theirs: &Side| {
            let rows = ours.rows().min(theirs.rows());
            Side {
                features: ours.features.get(..rows * self.width).unwrap_or_default().to_vec(),
                predictions: ours.predictions.get(..rows).unwrap_or_default().to_vec(),
                is_whole: ours.is_whole && rows == ours.rows(),
            }
        };
        Self { width: self.width, rest: cut(&self.rest, &other.rest), group: cut(&self.group, &other.group) }
    }

    /// The value of every row whose place leaves the remainder `part`.
    fn part(&self, part: usize, parts: usize) -> Result<Flips, Undefined> {
        if parts <= 1 {
            return flip_test(self.width, self.rest.as_rows(), self.group.as_rows(), NEIGHBOURS);
        }
        let of = |side: &Side| {
            let rows = side.features.chunks_exact(self.width).zip(&side.predictions);
            let mut some = Side::default();
            rows.skip(part).step_by(parts).for_each(|(features, positive)| some.push(features, *positive));
            some
        };
        let (rest, group) = (of(&self.rest), of(&self.group));
        flip_test(self.width, rest.as_rows(), group.as_rows(), NEIGHBOURS)
    }
}

/// Parts that rows are split into, by those of the smaller side.
fn parts(smaller: u64) -> usize {
    (smaller / OF_A_PART).min(PARTS.0) as usize
}

/// An estimate of [`Sides::estimate`] with the error that a normal law needs to be as wide, at the limit of significance, as that
/// of Student of so few parts: for [`super::Change`].
#[must_use]
pub fn cautious(mut estimate: Estimate) -> Estimate {
    let freedom = parts(estimate.smaller_rows) as f64 - 1.0;
    if let (Some(error), Ok(law)) = (&mut estimate.standard_error, StudentsT::new(0.0, 1.0, freedom)) {
        *error *= law.inverse_cdf(1.0 - SIGNIFICANT / 2.0) / ERRORS;
    }
    estimate
}

impl Side {
    pub(super) fn push(&mut self, features: &[f64], positive: bool) {
        self.features.extend_from_slice(features);
        self.predictions.push(positive);
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.predictions.len()
    }

    /// Features, row by row.
    #[must_use]
    pub fn features(&self) -> &[f64] {
        &self.features
    }

    fn as_rows(&self) -> Rows<'_> {
        Rows { features: &self.features, predictions: &self.predictions }
    }
}

impl<'a> Rows<'a> {
    fn finite(self, width: usize) -> Vec<(&'a [f64], bool)> {
        let rows = self.features.chunks_exact(width).zip(self.predictions.iter().copied());
        rows.filter(|(features, _)| features.iter().all(|x| x.is_finite())).collect()
    }
}

/// Neighbours of a row: nearer than the last that votes, and as far as that one.
struct Vote {
    voters: usize,
    nearer: usize,
    nearer_positive: usize,
    tied: usize,
    tied_positive: usize,
}

impl Vote {
    fn new(squares: &[f64], positives: &[bool], voters: usize) -> Self {
        // The nearest so far, ascending; what is as far as the last is counted beside them.
        let mut nearest: Vec<(f64, bool)> = Vec::with_capacity(voters + 1);
        let (mut beside, mut beside_positive) = (0, 0);
        let mut last = f64::INFINITY;
        for (&square, positive) in squares.iter().zip(positives) {
            if nearest.len() == voters && square >= last {
                if square <= last {
                    beside += 1;
                    beside_positive += usize::from(*positive);
                }
                continue;
            }
            let place = nearest.partition_point(|(distance, _)| *distance <= square);
            nearest.insert(place, (square, *positive));
            if nearest.len() > voters
                && let Some((pushed, positive)) = nearest.pop()
            {
                if nearest.last().is_some_and(|(last, _)| *last >= pushed) {
                    beside += 1;
                    beside_positive += usize::from(positive);
                } else {
                    (beside, beside_positive) = (0, 0);
                }
            }
            if nearest.len() == voters {
                last = nearest[voters - 1].0;
            }
        }
        let last = nearest.last().map_or(0.0, |(distance, _)| *distance);
        let (nearer, tied): (Vec<_>, Vec<_>) = nearest.iter().partition(|(distance, _)| *distance < last);
        let positive = |rows: &[&(f64, bool)]| rows.iter().filter(|(_, positive)| *positive).count();
        Self {
            voters: nearest.len(),
            nearer: nearer.len(),
            nearer_positive: positive(&nearer),
            tied: tied.len() + beside,
            tied_positive: positive(&tied) + beside_positive,
        }
    }

    /// Whether so many positive votes are a majority.
    fn carries(&self, positive: usize) -> f64 {
        f64::from(u8::from(2 * positive > self.voters))
    }

    /// Votes that the tied neighbours have.
    fn open(&self) -> usize {
        self.voters - self.nearer
    }

    fn most(&self) -> f64 {
        self.carries(self.nearer_positive + self.open().min(self.tied_positive))
    }

    fn least(&self) -> f64 {
        let negative = self.tied - self.tied_positive;
        self.carries(self.nearer_positive + self.open().saturating_sub(negative))
    }

    /// Share of the choices among the tied neighbours that make a positive majority.
    fn mean(&self) -> f64 {
        let (least, most) = (self.least(), self.most());
        if most - least <= 0.0 {
            return least;
        }
        let ways = |from: usize, chosen: usize| -> f64 {
            (0..chosen).map(|i| from.saturating_sub(i) as f64 / (i + 1) as f64).product()
        };
        let open = self.open();
        let with = |positive: usize| {
            ways(self.tied_positive, positive) * ways(self.tied - self.tied_positive, open - positive)
        };
        let carried =
            (0..=open).map(|positive| with(positive) * self.carries(self.nearer_positive + positive));
        carried.sum::<f64>() / ways(self.tied, open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<'a>(features: &'a [f64], predictions: &'a [bool]) -> Rows<'a> {
        Rows { features, predictions }
    }

    #[test]
    fn neighbours_decide_by_majority() {
        // Ten rows of the rest at 0..10, positive from 5 on; their five nearest of 2 and 9 are 0..5 and 5..10.
        let rest: Vec<f64> = (0..10).map(f64::from).collect();
        let positive: Vec<bool> = (0..10).map(|i| i >= 5).collect();
        let flips = |at: &[f64], predicted: &[bool]| {
            flip_test(1, rows(&rest, &positive), rows(at, predicted), NEIGHBOURS).unwrap()
        };
        assert_eq!(flips(&[2.0, 9.0], &[false, false]).value, -0.5);
        assert_eq!(flips(&[2.0, 9.0], &[true, true]).value, 0.5);
        assert_eq!(flips(&[2.0, 9.0], &[false, true]).value, 0.0);
        assert_eq!(flip_test(1, rows(&rest, &positive), rows(&[4.9], &[false]), 1).unwrap().value, -1.0);
        let nan = flips(&[2.0, f64::NAN], &[true, true]);
        assert_eq!((nan.value, nan.left_out), (1.0, 1));
    }

    #[test]
    fn ties_give_a_mean_and_its_bounds() {
        // Twelve rows in one place, a third of them positive: three of five with chance 1/3 * ...
        let rest = [0.0; 12];
        let positive: Vec<bool> = (0..12).map(|i| i < 4).collect();
        let flips = flip_test(1, rows(&rest, &positive), rows(&[0.0], &[true]), NEIGHBOURS).unwrap();
        // C(4,3) C(8,2) + C(4,4) C(8,1) of C(12,5).
        let carried = (4.0 * 28.0 + 8.0) / 792.0;
        assert!((flips.value - (1.0 - carried)).abs() < 1e-12, "{flips:?}");
        assert_eq!((flips.low, flips.high), (0.0, 1.0));
        let few = flip_test(1, rows(&rest[..9], &positive[..9]), rows(&[0.0], &[true]), NEIGHBOURS).unwrap();
        assert!((few.value - 5.0 / 9.0).abs() < 1e-12, "one neighbour votes: {few:?}");
    }

    #[test]
    fn ties_do_not_depend_on_order() {
        let places = [0.0, 1.0, 1.0, 2.0, 1.0, 5.0, 1.0, -1.0, 3.0, 1.0, 0.5, 0.5];
        let positive = [true, false, true, true, false, false, true, false, true, false, true, true];
        let value = |turn: usize| {
            let (mut places, mut positive) = (places, positive);
            places.rotate_left(turn);
            positive.rotate_left(turn);
            flip_test(1, rows(&places, &positive), rows(&[0.0, 1.0, 4.0], &[true, false, false]), 5).unwrap()
        };
        (1..12).for_each(|turn| assert_eq!(value(turn), value(0), "{turn}"));
    }

    #[test]
    fn no_rows_is_a_reason() {
        let none = rows(&[], &[]);
        let one = rows(&[1.0], &[true]);
        assert_eq!(flip_test(1, none, one, 5), Err(Undefined::EmptyRest));
        assert_eq!(flip_test(1, one, none, 5), Err(Undefined::EmptyGroup));
        assert_eq!(flip_test(0, one, one, 5), Err(Undefined::NoRows));
        let many = vec![0.0; 40_000];
        let predictions = vec![true; 40_000];
        let many = rows(&many, &predictions);
        assert_eq!(flip_test(1, many, many, 5), Err(Undefined::TooManyRows));
    }
}
