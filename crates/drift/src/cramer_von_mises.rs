//! Cramer-von Mises statistic: the squared gap of the distribution functions, averaged over rows.
//!
//! T = nm/(n+m)^2 * sum over all rows of (F - G)^2. Range 0 to infinity, symmetric, default threshold
//! 0.461 (its 5 % point). Source: Anderson (1962). Not as a size of drift: it grows with the row counts.

use crate::input::{Ranks, Step, square_range};
use crate::law::cramer_von_mises;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};

/// The statistic, safe with ties.
pub(crate) const CRAMER_VON_MISES: Metric = Metric {
    name: "cramer_von_mises",
    title: "Cramer-von Mises statistic",
    method: "ecdf/asymptotic",
    range: (0.0, f64::INFINITY),
    symmetric: true,
    threshold: 0.461_36,
    floor: None,
    reference: "Anderson 1962, Ann. Math. Stat. 33(3)",
    page: "\
T = nm/(n+m)^2 * sum over the rows of both sides of (F - G)^2. Range 0 upwards, symmetric.
Equals SciPy's statistic where no value repeats; with ties it stays what the formula says.
Expected without drift: (1 + 1/(n+m)) / 6. p-value: the limiting law at Anderson's standardised
value. Default threshold: the 5 % point. Slots: rows spread evenly; the error bound allows every order.
Grows with the row counts: a test, not a size of drift.",
    measure: Measure::Ranks(ecdf),
};

/// The midrank form, as SciPy computes it.
pub(crate) const SCIPY: Metric = Metric {
    name: "cramer_von_mises.scipy",
    title: "Cramer-von Mises statistic (SciPy)",
    method: "midrank/asymptotic",
    reference: "Anderson 1962; SciPy, cramervonmises_2samp",
    page: "\
T from midranks, as SciPy's cramervonmises_2samp: U/(nm(n+m)) - (4nm-1)/(6(n+m)).
Range 0 upwards, symmetric. With many ties and unequal row counts it is far too large (thousands
where there is no drift): only for comparison with SciPy and Evidently.",
    measure: Measure::Ranks(midrank),
    ..CRAMER_VON_MISES
};

/// Tail of the limiting law at the statistic, standardised to the limit's mean and variance.
pub(crate) fn tail(statistic: f64, n: f64, m: f64) -> Option<f64> {
    let total = n + m;
    let mean = (1.0 + 1.0 / total) / 6.0;
    // Anderson's exact variance, written with shares so that large counts do not overflow.
    let (a, b) = (n / total, m / total);
    let variance = (total + 1.0) / (45.0 * total)
        * (1.0 - 3.0 * (a * a + b * b) / (4.0 * a * b * total) - 1.0 / (2.0 * total));
    let standard = 1.0 / 6.0 + (statistic - mean) / (45.0 * variance).sqrt();
    // Two rows have no variance, and no law.
    (variance > 1e-12 && !standard.is_nan()).then(|| cramer_von_mises::survival(standard))
}

fn ecdf(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    let (mut value, mut least, mut most) = (0.0, 0.0, 0.0);
    for step in ranks.steps(n, m) {
        let rows = step.rows();
        if step.exact() {
            let part = rows * step.after * step.after;
            value += part;
            least += part;
            most += part;
        } else {
            let (d, e) = (step.before, step.after);
            value += rows * (d * d + d * e + e * e) / 3.0;
            let (low, high) = step.squares();
            least += rows * low;
            most += rows * high;
        }
    }
    let scale = n / (n + m) * (m / (n + m));
    let error = (most - value).max(value - least) * scale;
    finish(value * scale, error, n, m)
}

fn midrank(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    let (mut sum, mut least, mut most) = (0.0, 0.0, 0.0);
    for step in ranks.steps(n, m) {
        let [baseline, current] = rank_parts(&step);
        let part = baseline.0 / m + current.0 / n;
        sum += part;
        least += if step.exact() { part } else { baseline.1 / m + current.1 / n };
        most += if step.exact() { part } else { baseline.2 / m + current.2 / n };
    }
    let total = n + m;
    let value = sum / total - (4.0 * n * m - 1.0) / (6.0 * total);
    let error = (most - sum).max(sum - least) / total;
    finish(value.max(0.0), error, n, m)
}

/// For each side: the sum over its rows of (midrank - own rank)^2 as if all rows of the point tied,
/// and the range of that sum over every order and every tie inside the point.
fn rank_parts(step: &Step) -> [(f64, f64, f64); 2] {
    let rows = step.rows();
    let side = |own: f64, below_other: f64| {
        let offset = below_other + (rows - own) / 2.0;
        let tied = own * (offset * offset + (own * own - 1.0) / 12.0);
        let (low, high) = square_range(below_other + 1.0 - own, below_other + rows - 1.0);
        if own > 0.0 { (tied, own * low, own * high) } else { (0.0, 0.0, 0.0) }
    };
    [side(step.baseline, step.below_current), side(step.current, step.below_baseline)]
}

fn finish(value: f64, error: f64, n: f64, m: f64) -> Result<Score, Undefined> {
    let expected = (1.0 + 1.0 / (n + m)) / 6.0;
    Score::checked(value, error, Some(expected), tail(value, n, m))
}
