//! What chance makes of a divergence that is a sum over bins.

use crate::input::Shares;
use crate::law::binomial::ln_probability;
use crate::law::chi_squared::{root_ratio, survival};
use crate::score::{Score, Undefined};

/// Below this many expected rows on a side, a bin's expectation is summed count by count.
const SPARSE: f64 = 20.0;

/// Bins with fewer rows than this share their expectations with other bins of the same count.
const REPEATED: usize = 512;

/// Expectation of a divergence without drift, and the degrees of freedom of its chi-squared law.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance {
    expected: f64,
    freedom: f64,
    /// Fewer rows on a side than bins: nothing like a chi-squared law.
    sparse: bool,
}

impl Chance {
    /// Expectation of the sum of `cell(baseline, current)` over the bins of `shares`, when rows
    /// fall on the two sides by chance. `curvature` is the divergence's second-order coefficient:
    /// without smoothing and with many rows a bin adds `curvature` (1/n + 1/m) (1 - its share).
    pub(crate) fn new(
        shares: &Shares<'_>,
        (n, m): (f64, f64),
        curvature: f64,
        cell: impl Fn(f64, f64) -> f64,
    ) -> Self {
        let total = n + m;
        let (q, p) = (n / total, m / total);
        let expect = |rows: f64| {
            let fixed = (1.0 - rows / total).max(0.0);
            let unmoved = cell(rows * q, rows * p);
            if rows * q.min(p) >= SPARSE {
                unmoved + curvature * (1.0 / n + 1.0 / m) * fixed
            } else {
                unmoved + fixed * (sum_over_counts(rows, q, p, &cell) - unmoved)
            }
        };
        let mut known = vec![f64::NAN; REPEATED];
        let mut expected = 0.0;
        let mut occupied: f64 = 0.0;
        for (b, c) in shares.cells() {
            let rows = b + c;
            if rows > 0.0 {
                occupied += 1.0;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates beyond the table"
            )]
            match known.get_mut(rows as usize) {
                Some(value) => {
                    if value.is_nan() {
                        *value = expect(rows);
                    }
                    expected += *value;
                }
                None => expected += expect(rows),
            }
        }
        Self { expected: expected.max(0.0), freedom: (occupied - 1.0).max(0.0), sparse: n.min(m) < occupied }
    }

    /// Score of the divergence itself.
    pub(crate) fn score(self, value: f64) -> Result<Score, Undefined> {
        Score::checked(value, 0.0, Some(self.expected), self.tail(value))
    }

    /// Score of a distance that is `scale` times the square root of the divergence.
    pub(crate) fn root_score(self, divergence: f64, scale: f64) -> Result<Score, Undefined> {
        let expected = scale * self.expected.sqrt() * root_ratio(self.freedom);
        let value = scale * divergence.max(0.0).sqrt();
        Score::checked(value, 0.0, Some(expected), self.tail(divergence))
    }

    /// Tail of a chi-squared law stretched to the expectation; `None` where that is no guide.
    fn tail(self, value: f64) -> Option<f64> {
        if self.freedom <= 0.0 {
            return Some(1.0);
        }
        let usable = self.expected > 0.0 && !self.sparse;
        usable.then(|| survival(value / self.expected * self.freedom, self.freedom))
    }
}

/// Mean of `cell` over the binomial split of `rows` rows, where one side expects only a few.
fn sum_over_counts(rows: f64, q: f64, p: f64, cell: impl Fn(f64, f64) -> f64) -> f64 {
    let rare = q.min(p);
    let mean = rows * rare;
    let last = (mean + 10.0 * mean.sqrt() + 12.0).min(rows);
    let mut sum = 0.0;
    let mut probability = ln_probability(0.0, rows, rare, 1.0 - rare).exp();
    let mut hits = 0.0;
    while hits <= last {
        let (b, c) = if p <= q { (rows - hits, hits) } else { (hits, rows - hits) };
        sum += probability * cell(b, c);
        probability *= (rows - hits) / (hits + 1.0) * rare / (1.0 - rare);
        hits += 1.0;
    }
    sum
}
