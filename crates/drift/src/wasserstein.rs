//! Wasserstein distance: how far, on average, values have to move to make one sample the other.
//!
//! W = integral of |F - G|, over the standard deviation of the baseline. Range 0 to infinity, not
//! symmetric (`.raw` is), default threshold 0.1. Source: Kantorovich (1942), Vallender (1974). Not
//! where single far outliers are expected, and not for a constant baseline.

use crate::input::{Ranks, square_range};
use crate::metric::{Measure, Metric};
use crate::score::{Score, Undefined};
use std::f64::consts::PI;

/// In population standard deviations of the baseline.
pub(crate) const WASSERSTEIN: Metric = Metric {
    name: "wasserstein",
    title: "Wasserstein distance",
    method: "w1/population_sd",
    range: (0.0, f64::INFINITY),
    symmetric: false,
    threshold: 0.1,
    floor: None,
    reference: "Kantorovich 1942; Vallender 1974, Theory Probab. Appl. 18(4)",
    page: "\
W = integral of |F(x) - G(x)| dx over the population standard deviation of the baseline.
Range 0 upwards, in standard deviations; not symmetric. A shift of the mean by s gives s.
Expected without drift: mean of |F - G| at every point by the normal law. No p-value.
Slots: values sit at the middle; the error bound allows every order inside a slot.
Undefined for a constant baseline; one far outlier moves it.",
    measure: Measure::Ranks(|ranks| over(ranks, ranks.baseline_std_dev)),
};

/// In the unit of the feature.
pub(crate) const RAW: Metric = Metric {
    name: "wasserstein.raw",
    title: "Wasserstein distance, raw",
    method: "w1",
    symmetric: true,
    page: "\
W = integral of |F(x) - G(x)| dx, in the unit of the feature. Range 0 upwards, symmetric.
The default threshold means nothing without knowing the unit.",
    measure: Measure::Ranks(|ranks| over(ranks, 1.0)),
    ..WASSERSTEIN
};

/// As Evidently guards the deviation.
pub(crate) const EVIDENTLY: Metric = Metric {
    name: "wasserstein.evidently",
    title: "Wasserstein distance (Evidently)",
    method: "w1/max(population_sd,0.001)",
    reference: "Evidently 0.7, stattests/wasserstein_distance_norm.py",
    page: "\
W over max(population standard deviation of the baseline, 0.001). Range 0 upwards; not symmetric.
The 0.001 depends on the unit: features of small values look calm.",
    measure: Measure::Ranks(|ranks| over(ranks, ranks.baseline_std_dev.max(0.001))),
    ..WASSERSTEIN
};

/// As Azure guards the sample deviation.
pub(crate) const AZURE: Metric = Metric {
    name: "wasserstein.azure",
    title: "Wasserstein distance (Azure)",
    method: "w1/max(sample_sd,0.001)",
    reference: "Azure Machine Learning, data_drift_compute_metrics",
    page: "\
W over max(sample standard deviation of the baseline, 0.001). Range 0 upwards; not symmetric.",
    measure: Measure::Ranks(azure),
    ..WASSERSTEIN
};

fn azure(ranks: &Ranks<'_>) -> Result<Score, Undefined> {
    let (n, _) = ranks.rows()?;
    if n < 2.0 {
        return Err(Undefined::TooFewRows);
    }
    over(ranks, (ranks.baseline_std_dev * (n / (n - 1.0)).sqrt()).max(0.001))
}

fn over(ranks: &Ranks<'_>, scale: f64) -> Result<Score, Undefined> {
    let (n, m) = ranks.rows()?;
    if scale.is_nan() || scale <= 0.0 {
        return Err(Undefined::Constant);
    }
    let area = Area::new(ranks, (n, m), f64::abs, f64::sqrt)?;
    // Mean of |normal| of variance H(1 - H)(1/n + 1/m), H the distribution of both sides together.
    let expected = (2.0 / PI * (1.0 / n + 1.0 / m)).sqrt() * area.chance;
    Score::checked(area.value / scale, area.error() / scale, Some(expected / scale), None)
}

/// An integral over x of some size of F - G.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    /// With the values of a slot at its middle.
    pub(crate) value: f64,
    /// Smallest value any place of the rows inside their slots could give.
    pub(crate) least: f64,
    /// Largest such value.
    pub(crate) most: f64,
    /// Integral of `spread` of H(1 - H), H the distribution of both sides together.
    pub(crate) chance: f64,
}

impl Area {
    /// Integrates `size` of F - G, even and growing away from 0, and `spread` of H(1 - H).
    ///
    /// Inside a slot the difference may be anything that some order of the slot's rows reaches, and
    /// may stay there over the slot's whole width: that gives the two bounds.
    pub(crate) fn new(
        ranks: &Ranks<'_>,
        (n, m): (f64, f64),
        size: fn(f64) -> f64,
        spread: fn(f64) -> f64,
    ) -> Result<Self, Undefined> {
        let mut area = Self { value: 0.0, least: 0.0, most: 0.0, chance: 0.0 };
        let total = n + m;
        let mut end: Option<f64> = None;
        for step in ranks.steps(n, m) {
            let share = (step.below_baseline + step.below_current) / total;
            let chance = |share: f64| spread((share * (1.0 - share)).max(0.0));
            if let Some(end) = end {
                let gap = (step.lower - end).max(0.0);
                if step.before != 0.0 {
                    let part = size(step.before) * gap;
                    area.value += part;
                    area.least += part;
                    area.most += part;
                }
                area.chance += chance(share) * gap;
            }
            end = Some(step.upper);
            if !step.exact() {
                let half = step.upper / 2.0 - step.lower / 2.0;
                area.value += (size(step.before) + size(step.after)) * half;
                let (least, most) = square_range(step.least, step.most);
                area.least += 2.0 * size(least.sqrt()) * half;
                area.most += 2.0 * size(most.sqrt()) * half;
                area.chance += (chance(share) + chance(share + step.rows() / total)) * half;
            }
        }
        if area.value.is_finite() && area.most.is_finite() { Ok(area) } else { Err(Undefined::Unbounded) }
    }

    fn error(&self) -> f64 {
        (self.most - self.value).max(self.value - self.least).max(0.0)
    }
}
