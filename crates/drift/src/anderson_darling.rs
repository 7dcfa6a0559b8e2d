//! Anderson-Darling statistic: as Cramer-von Mises, with more weight on both tails.
//!
//! A2kN for two samples with midranks, standardised: mean 0, standard deviation 1 without drift.
//! Range -infinity to infinity, symmetric, default threshold 1.961 (its 5 % point). Source: Scholz and
//! Stephens (1987). Not as a size of drift: it grows with the row counts.

use crate::input::{Ranks, Step};
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};
use std::f64::consts::PI;

/// The standardised statistic.
pub(crate) const ANDERSON_DARLING: Metric = Metric {
    name: "anderson_darling",
    title: "Anderson-Darling statistic",
    method: "midrank/standardised",
    range: (f64::NEG_INFINITY, f64::INFINITY),
    symmetric: true,
    threshold: 1.961,
    floor: None,
    reference: "Scholz and Stephens 1987, J. Am. Stat. Assoc. 82(399)",
    page: "\
A2 = (A2kN - 1) / sd for two samples, midranks for ties. Mean 0 and standard deviation 1 without
drift. Range unbounded; symmetric. SciPy's anderson_ksamp.
p-value: interpolated in the published table and cut to 0.001 .. 0.25. Default threshold: the 5 %
point. Slots: rows of a slot count as ties; the error bound allows every order.
Grows with the row counts: a test, not a size of drift. Needs four rows and two distinct values.",
    measure: Measure::Ranks(score),
};

/// ln p as a quadratic in the statistic, highest power first: least squares through the paper's
/// seven points for two samples (0.325 at 25 % to 6.546 at 0.1 %).
const LN_P: [f64; 3] = [0.018_198_094_574_111_47, -1.008_226_564_465_251_5, -1.077_770_279_820_484_4];

/// Statistics at which the paper's table begins (25 %) and ends (0.1 %).
const TABLE: (f64, f64) = (0.325, 6.546);

fn score(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    let total = n + m;
    if total < 4.0 {
        return Err(Undefined::TooFewRows);
    }
    let (mut sum, mut least, mut most) = (0.0, 0.0, 0.0);
    for step in ranks.steps(n, m).filter(|step| step.rows() > 0.0) {
        if step.exact() && step.rows() >= total {
            return Err(Undefined::Constant);
        }
        let part = tied(&step, total);
        sum += part;
        let (low, high) = if step.exact() { (part, part) } else { range(&step, n, m) };
        least += low;
        most += high;
    }
    let spread = std_dev(n, m);
    if spread.is_nan() || spread <= 0.0 {
        return Err(Undefined::TooFewRows);
    }
    let scale = (total - 1.0) / total * (n / total) * m / spread;
    let error = (most - sum).max(sum - least) * scale;
    let value = sum * scale - 1.0 / spread;
    Score::checked(value, error, Some(0.0), Some(tail(value)))
}

/// Part of a point whose rows all tie: rows (F - G)^2 at the midrank, over the weight there.
///
/// The published term N M - n B of one sample is n m (F - G), and that of the other its negative;
/// the weight B (N - B) / N - l / 4 is (below above + l (below + above) / 4) / N.
fn tied(step: &Step, total: f64) -> f64 {
    let below = step.below_baseline + step.below_current;
    let above = (total - below - step.rows()).max(0.0);
    let middle = (step.before + step.after) / 2.0;
    let weight = weight(below, step.rows(), above);
    if weight > 0.0 { step.rows() * middle * middle / weight * total } else { 0.0 }
}

fn weight(below: f64, ties: f64, above: f64) -> f64 {
    below * above + ties * (below + above) / 4.0
}

/// Range of a slot's part over every order and every tie of its rows.
fn range(step: &Step, n: f64, m: f64) -> (f64, f64) {
    let total = n + m;
    let below = step.below_baseline + step.below_current;
    let rows = step.rows();
    let above = (total - below - rows).max(0.0);
    let (least, most) = step.squares();
    // No weight exceeds that of one row at the slot's place nearest the middle.
    let nearest = (total / 2.0).clamp(below, below + rows);
    let low = rows * least / (nearest * (total - nearest));
    let high = if below < rows || above < rows {
        rim(below, step.before, step, n, m) + rim(above, step.after, step, n, m)
    } else {
        // The weight is concave in where a tie begins and in its length: least at a corner.
        let first = weight(below, 1.0, total - below - 1.0);
        let last = weight(total - above - 1.0, 1.0, above);
        rows * most / first.min(last).min(weight(below, rows, above))
    };
    (low * total, high * total)
}

/// Most that one half of a slot can add, seen from its end with `outside` rows beyond it and
/// F - G = `difference` there.
///
/// A tie around the t-th row from that end has at most 2t rows, all among the first 2t; F - G is at
/// most the rows passed away from `difference`; and the weight is at least that of the tie of 2t.
/// So for each stretch of t that doubles from half a row, 2t rows times the largest such part.
fn rim(outside: f64, difference: f64, step: &Step, n: f64, m: f64) -> f64 {
    let total = n + m;
    let rows = step.rows();
    let half = rows / 2.0;
    let weight = |t: f64| (outside + t) * (total - outside - t) - total * t / 2.0;
    let mut sum = 0.0;
    let mut from: f64 = 0.5;
    loop {
        let to = (2.0 * from).min(half);
        let moved = (step.baseline.min(to) / n).max(step.current.min(to) / m);
        let farthest = difference.abs() + moved;
        let least = weight(from.min(to)).min(weight(to));
        sum += (2.0 * to).min(rows) * farthest * farthest / least.max(0.0);
        if to >= half {
            return sum;
        }
        from = to;
    }
}

/// Standard deviation of A2kN for two samples without drift.
fn std_dev(n: f64, m: f64) -> f64 {
    let total = n + m;
    let (h, squares) = harmonic(total - 1.0);
    // The double sum over 1/((N - i) j), in closed form.
    let g = squares - 2.0 * h / total;
    let inverse = 1.0 / n + 1.0 / m;
    let a = 4.0 * g - 6.0 + (10.0 - 6.0 * g) * inverse;
    let b = 12.0 * g - 22.0 + 8.0 * h + (2.0 * g - 14.0 * h - 4.0) * inverse;
    let c = 36.0 * h + 4.0 + (2.0 * h - 6.0) * inverse;
    let numerator = a + (b + (c + 24.0 / total) / total) / total;
    let denominator = (1.0 - 1.0 / total) * (1.0 - 2.0 / total) * (1.0 - 3.0 / total);
    (numerator / denominator).sqrt()
}

/// Sums of 1/i and 1/i^2 for i from 1 to `count`.
fn harmonic(count: f64) -> (f64, f64) {
    const EULER: f64 = 0.577_215_664_901_532_9;
    if count < 64.0 {
        let (mut h, mut squares, mut i) = (0.0, 0.0, 1.0);
        while i <= count {
            h += 1.0 / i;
            squares += 1.0 / (i * i);
            i += 1.0;
        }
        return (h, squares);
    }
    let x = 1.0 / count;
    let h = count.ln() + EULER + x / 2.0 - x * x / 12.0 + x.powi(4) / 120.0 - x.powi(6) / 252.0;
    let squares = PI * PI / 6.0 - x + x * x / 2.0 - x.powi(3) / 6.0 + x.powi(5) / 30.0;
    (h, squares)
}

/// p-value of the statistic, cut to the table's ends.
pub(crate) fn tail(statistic: f64) -> f64 {
    if statistic < TABLE.0 {
        0.25
    } else if statistic > TABLE.1 {
        0.001
    } else {
        ((LN_P[0] * statistic + LN_P[1]) * statistic + LN_P[2]).exp()
    }
}
