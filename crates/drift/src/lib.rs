//! Distance between a baseline distribution and a current one, with what chance alone would make of it.
//!
//! Every metric is a record in [`ALL`]: a name, a range, a default threshold and a function from
//! counts to a [`Score`]. A score carries the value to expect without drift, a p-value where one is
//! known, and an error bound where rows are only known by slots. This crate computes and never
//! decides; it sees neither Arrow, files, threads, clocks nor the environment, and no input makes it
//! panic.
//!
//! ```
//! use drift::{Measure, Shares, metric};
//!
//! let shares = Shares { baseline: &[120, 340, 540], current: &[90, 300, 610], pooled: 0 };
//! let Some(drift::Metric { measure: Measure::Shares(measure), .. }) = metric("total_variation") else {
//!     unreachable!("total variation looks at shares");
//! };
//! let score = measure(&shares)?;
//! assert!((score.value - 0.07).abs() < 1e-12);
//! assert!(score.p_value < Some(0.01));
//! # Ok::<(), drift::Undefined>(())
//! ```
//!
//! [`deequ`] has the distances of SageMaker Model Monitor's engine, over its own sketches.
//!
//! To add a metric, add its file and one line in [`ALL`]: the laws in `laws.rs` and a demand for an
//! independently computed value in `tests/golden.rs` then apply to it.

mod anderson_darling;
mod category_shift;
mod chi_squared;
mod chi_squared_goodness_of_fit;
mod cramer_von_mises;
mod cramers_v;
pub mod deequ;
mod energy_distance;
mod false_discovery;
mod g_test;
mod hellinger;
mod input;
mod jensen_shannon;
mod kolmogorov_smirnov;
mod kullback_leibler;
mod l_infinity;
mod law;
#[cfg(test)]
mod laws;
mod metric;
#[cfg(test)]
mod oracle;
mod population_stability;
mod score;
mod share_difference;
mod total_variation;
mod two_proportion_z;
mod wasserstein;

pub use false_discovery::false_discovery;
pub use input::{Names, Point, Ranks, Shares};
pub use kolmogorov_smirnov::detectable;
pub use metric::{Measure, Metric};
pub use score::{Score, Undefined};
pub use share_difference::share_difference;

/// Every metric, deciding ones first, then variants after the metric they vary.
pub const ALL: &[Metric] = &[
    kolmogorov_smirnov::KOLMOGOROV_SMIRNOV,
    kolmogorov_smirnov::EXACT,
    kolmogorov_smirnov::POPMON,
    kolmogorov_smirnov::DEEQU_ROBUST,
    category_shift::CATEGORY_SHIFT,
    l_infinity::L_INFINITY,
    l_infinity::DEEQU_ROBUST,
    total_variation::TOTAL_VARIATION,
    population_stability::POPULATION_STABILITY,
    population_stability::EVIDENTLY,
    population_stability::DEEPCHECKS,
    population_stability::SODA,
    population_stability::AZURE,
    population_stability::AZURE_CATEGORICAL,
    population_stability::POPMON,
    population_stability::POPMON_SHARES,
    population_stability::UNSMOOTHED,
    jensen_shannon::JENSEN_SHANNON,
    jensen_shannon::EVIDENTLY,
    jensen_shannon::TFDV,
    jensen_shannon::POPMON,
    jensen_shannon::POPMON_SHARES,
    kullback_leibler::KULLBACK_LEIBLER,
    kullback_leibler::REVERSE,
    kullback_leibler::EVIDENTLY,
    kullback_leibler::UNSMOOTHED,
    kullback_leibler::UNSMOOTHED_REVERSE,
    hellinger::HELLINGER,
    wasserstein::WASSERSTEIN,
    wasserstein::RAW,
    wasserstein::EVIDENTLY,
    wasserstein::AZURE,
    energy_distance::ENERGY_DISTANCE,
    cramer_von_mises::CRAMER_VON_MISES,
    cramer_von_mises::SCIPY,
    anderson_darling::ANDERSON_DARLING,
    chi_squared::CHI_SQUARED,
    chi_squared::YATES,
    chi_squared::EVIDENTLY,
    chi_squared_goodness_of_fit::GOODNESS_OF_FIT,
    chi_squared_goodness_of_fit::DEEQU,
    g_test::G_TEST,
    g_test::EVIDENTLY,
    cramers_v::CRAMERS_V,
    cramers_v::DEEPCHECKS,
    two_proportion_z::TWO_PROPORTION_Z,
];

/// The metric of this name.
#[must_use]
pub fn metric(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}
