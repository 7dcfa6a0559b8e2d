//! Bias: how differently a model, or the labels it learns from, treat two groups of rows.
//!
//! A [`Tally`] counts rows by value of a facet, value of a group variable, label and prediction; it merges in any order.
//! A [`Facet`] makes of it a [`Table`] of a disadvantaged group and the rest, from which every metric of [`ALL`] follows:
//! the eight pre-training and thirteen post-training ones that SageMaker Clarify names. Labels that have not come yet and
//! predictions that are missing are counted as such: a metric uses the rows that have what it looks at.
//!
//! One metric, [`flip_test()`], looks at the features of rows: a [`Sample`] keeps some thousands of them for it, and merges too.
//!
//! [`Resampling`] says how sure a value is, [`Change`] whether it has become worse than the baseline's. Values under
//! [`Convention::Compat`], with [`compat_violated`], are those of SageMaker Model Monitor.
//!
//! ```
//! use quality::bias::{Change, Convention, Outcomes, Resampling, Table, Verdict, metric};
//!
//! // True and false positives, false and true negatives; the rest first.
//! let table = |d| Table::new(Outcomes::of([3200, 1700, 1300, 4500]), Outcomes::of(d));
//! let di = metric("DI").map(std::slice::from_ref).unwrap_or_default();
//! let estimate = |table: Table| Resampling::default().estimates(di, &table).remove(0).1;
//! let baseline = estimate(table([1500, 700, 600, 2000]))?;
//! let current = estimate(table([900, 400, 900, 2600]))?;
//! let change = Change::new(&di[0], &baseline, &current);
//! assert!((baseline.value - 1.0009).abs() < 1e-4 && (current.value - 0.5914).abs() < 1e-4);
//! assert_eq!(change.verdict(change.p_value), Verdict::Violated);
//! # Ok::<(), quality::bias::Undefined>(())
//! ```

mod change;
mod conditional_disparity;
mod facet;
mod flip_test;
mod labels;
#[cfg(test)]
mod laws;
mod metric;
mod predictions;
mod resampling;
mod sample;
mod table;
mod tally;

pub use change::{Change, LEAST_ROWS, SIGNIFICANT, Verdict, compat_violated};
pub use facet::{Condition, Facet, Value};
pub use flip_test::{Flips, MOST_COMPARED, NEIGHBOURS, Rows, Side, Sides, cautious, flip_test};
pub use metric::{Convention, Measure, Metric, Neutral, Stage, Undefined};
pub use resampling::{Estimate, IfAlike, Resampling};
pub use sample::{MOST_KEPT, Sample, SampledRow};
pub use table::{Outcomes, Table};
pub use tally::{MOST_PAIRS, Row, Tally};

/// Every metric: those of labels first, each stage by name.
pub const ALL: &[Metric] = &[
    labels::CDDL,
    labels::CI,
    labels::DPL,
    labels::JS,
    labels::KL,
    labels::KS,
    labels::LP,
    labels::TVD,
    predictions::AD,
    predictions::CDDPL,
    predictions::DAR,
    predictions::DCA,
    predictions::DCR,
    predictions::DI,
    predictions::DPPL,
    predictions::DRR,
    predictions::FT,
    predictions::GE,
    predictions::RD,
    predictions::SD,
    predictions::TE,
];

/// The metric of this name.
#[must_use]
pub fn metric(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}
