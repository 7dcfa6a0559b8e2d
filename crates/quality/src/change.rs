//! Whether a value of a metric has become worse than the baseline's.

use statrs::function::erf::erfc;

use crate::metric::{Better, Metric};
use crate::score::Score;

/// How two values of a metric differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// How much worse the value is than the baseline's; below 0 where it is better.
    pub worse_by: f64,
    /// What makes a difference large: 1 of a metric with a bounded range, the size of the baseline's value of others.
    pub unit: f64,
    /// Standard error of the difference; `None` where one side has none, or neither varies.
    pub standard_error: Option<f64>,
    /// Probability of a value as much worse where nothing has changed, one-sided, by a normal law over both standard errors;
    /// under the same condition.
    pub p_value: Option<f64>,
}

impl Change {
    /// Compares two values; `None` for a metric of which neither large nor small values are good.
    #[must_use]
    pub fn new(metric: &Metric, baseline: &Score, current: &Score) -> Option<Self> {
        let worse_by = match metric.better {
            Better::Higher => baseline.value - current.value,
            Better::Lower => current.value - baseline.value,
            Better::Neither => return None,
        };
        let bounded = metric.range.0.is_finite() && metric.range.1.is_finite();
        let errors = baseline.standard_error.zip(current.standard_error);
        let standard_error = errors.map(|(before, now)| before.hypot(now)).filter(|error| *error > 0.0);
        Some(Self {
            worse_by,
            unit: if bounded { 1.0 } else { baseline.value.abs() },
            standard_error,
            p_value: standard_error.map(|error| 0.5 * erfc(worse_by / error / std::f64::consts::SQRT_2)),
        })
    }

    /// Whether a difference of this size would be seen at the one-sided level of 0.005.
    #[must_use]
    pub fn is_detectable(&self, size: f64) -> bool {
        /// Of the normal law, the quantile of 0.995.
        const ERRORS: f64 = 2.575_829_303_548_901;
        self.standard_error.is_some_and(|error| ERRORS * error < size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Problem, metric};

    #[test]
    fn worse_is_lower_for_accuracy_and_higher_for_errors() {
        let score = |value, error| Score { value, standard_error: Some(error), error_bound: 0.0, rows: 100 };
        let accuracy = metric(Problem::Binary, "accuracy").unwrap();
        let change = Change::new(accuracy, &score(0.9, 0.03), &score(0.8, 0.04)).unwrap();
        // Two standard errors of 0.05: 0.022750 of the normal law lies beyond (any table of it).
        assert!((change.worse_by - 0.1).abs() < 1e-12 && (change.p_value.unwrap() - 0.022_750).abs() < 1e-6);
        assert!(change.is_detectable(0.13) && !change.is_detectable(0.12));
        let mae = metric(Problem::Regression, "mae").unwrap();
        let change = Change::new(mae, &score(4.0, 0.0), &score(3.0, 0.0)).unwrap();
        assert_eq!((change.worse_by, change.unit, change.p_value), (-1.0, 4.0, None));
    }
}
