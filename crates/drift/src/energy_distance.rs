//! Energy distance: the squared gap of the two distribution functions, summed along the axis.
//!
//! E = sqrt(2 * integral of (F - G)^2). Range 0 to infinity, in the root of the feature's unit,
//! symmetric, default threshold 0.1. Source: Szekely and Rizzo (2013). Not with a fixed threshold
//! across features of different units.

use crate::input::Ranks;
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};
use crate::wasserstein::Area;

/// The distance itself.
pub(crate) const ENERGY_DISTANCE: Metric = Metric {
    name: "energy_distance",
    title: "Energy distance",
    method: "root",
    range: (0.0, f64::INFINITY),
    symmetric: true,
    threshold: 0.1,
    floor: None,
    reference: "Szekely and Rizzo 2013, J. Stat. Plan. Inference 143(8)",
    page: "\
E = sqrt(2 * integral of (F(x) - G(x))^2 dx). Range 0 upwards, in the root of the feature's unit;
symmetric. SciPy's energy_distance.
Expected without drift: root of the exact mean of the square (slightly above the mean of the
root). No p-value. Slots: as for wasserstein.
Not scale-free: the default threshold means nothing without knowing the unit.",
    measure: Measure::Ranks(score),
};

fn score(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    let area = Area::new(ranks, (n, m), |d| d * d, |v| v)?;
    let root = |x: f64| (2.0 * x).sqrt();
    let value = root(area.value);
    let error = (root(area.most) - value).max(value - root(area.least));
    let total = n + m;
    let square = area.chance * (1.0 / n + 1.0 / m) * (total / (total - 1.0));
    Score::checked(value, error, Some(root(square)), None)
}
