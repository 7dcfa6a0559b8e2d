//! When bias has become worse: the rule of this engine, and that of SageMaker Model Monitor.

use statrs::function::erf::erfc;

use super::metric::{Metric, Undefined};
use super::resampling::{Estimate, IfAlike};

/// How far a metric lies outside the range from no bias to the baseline's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The value now.
    pub value: f64,
    /// The value in the baseline.
    pub baseline: f64,
    /// How far the deviation from no bias lies outside the range from none to the baseline's; 0 inside. Bias that turns
    /// on the other group counts from no bias.
    pub excess: f64,
    /// Probability of an excess as large when nothing has become worse; `None` where a group has too few rows.
    pub p_value: Option<f64>,
    /// Smallest excess that is worth an alarm.
    pub floor: f64,
    /// Whether an excess as large as the floor would be seen.
    pub detectable: bool,
}

/// What became of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not worse than the baseline, and it would have been seen.
    Ok,
    /// Worse than the baseline.
    Violated,
    /// Not found to be worse, but there are too few rows to see it.
    InsufficientRows,
}

/// Rows of a group below which nothing is said about it.
pub const LEAST_ROWS: u64 = 30;

/// Largest p- or q-value of an alarm.
pub const SIGNIFICANT: f64 = 0.01;

/// How many standard errors a change at the limit of significance is away.
pub(super) const ERRORS: f64 = 2.575_829_303_548_901;

impl Change {
    /// Compares two values of a metric.
    ///
    /// The p-value is that of a normal law over the standard errors of both sides, two-sided, for the group that is
    /// worse off was not known before. No error is taken to be smaller than one row of the smaller group: counts of zero
    /// draw nothing but zeros again.
    #[must_use]
    pub fn new(metric: &Metric, baseline: &Estimate, current: &Estimate) -> Self {
        Self::with_error(metric, baseline, current, None)
    }

    /// The same beside what chance makes of the excess where nothing has changed ([`super::Resampling::if_alike`]). Errors drawn
    /// from counts of their own are too small just where few rows look like a large change, of which none or all are positive.
    #[must_use]
    pub fn with_error(
        metric: &Metric,
        baseline: &Estimate,
        current: &Estimate,
        if_alike: Option<IfAlike>,
    ) -> Self {
        let neutral = metric.neutral;
        let (allowed, now) = (neutral.deviation(baseline.value), neutral.deviation(current.value));
        let (turned, excess) = (now * allowed < 0.0, excess(allowed, now));
        let error = |estimate: &Estimate| {
            let rows = estimate.smaller_rows;
            let error = estimate.standard_error.filter(|_| rows >= LEAST_ROWS)?;
            let least = if rows == u64::MAX { 0.0 } else { 1.0 / rows as f64 };
            Some((error * neutral.slope(estimate.value)).max(least))
        };
        let error = match (error(baseline), error(current)) {
            (_, Some(current)) if turned => Some(current),
            (Some(baseline), Some(current)) => Some(baseline.hypot(current)),
            _ => None,
        };
        // Where an error of one side cannot be told, nothing can be said.
        let chance = error.map(|error| if_alike.unwrap_or(IfAlike { excess: 0.0, error }));
        let p_value = chance.map(|chance| {
            let beyond = excess - chance.excess.max(0.0);
            if beyond > 0.0 { two_sided(beyond / chance.error) } else { 1.0 }
        });
        Self {
            value: current.value,
            baseline: baseline.value,
            excess: excess.max(0.0),
            p_value,
            floor: metric.floor,
            detectable: chance.is_some_and(|chance| metric.floor > ERRORS * chance.error),
        }
    }

    /// The verdict, with the p-value or the q-value that the caller made of it.
    #[must_use]
    pub fn verdict(&self, q_value: Option<f64>) -> Verdict {
        if q_value.is_some_and(|q| q < SIGNIFICANT) && self.excess > self.floor {
            Verdict::Violated
        } else if self.detectable {
            Verdict::Ok
        } else {
            Verdict::InsufficientRows
        }
    }
}

/// How far a deviation lies outside the range from none to the baseline's; one that turned counts from none.
pub(super) fn excess(allowed: f64, now: f64) -> f64 {
    if now * allowed < 0.0 { now.abs() } else { now.abs() - allowed.abs() }
}

/// Probability of more than `z` standard deviations in either direction.
fn two_sided(z: f64) -> f64 {
    if z.is_nan() { 1.0 } else { erfc(z / std::f64::consts::SQRT_2) }
}

/// The rule of SageMaker Model Monitor, for values under [`super::Convention::Compat`]: a value of greater size than the
/// baseline's. It knows no noise, and takes a ratio for a difference.
///
/// # Errors
/// Why one of the values does not exist.
pub fn compat_violated(
    baseline: Result<f64, Undefined>,
    current: Result<f64, Undefined>,
) -> Result<bool, Undefined> {
    Ok(current?.abs() > baseline?.abs())
}

#[cfg(test)]
mod tests {
    use super::super::metric;
    use super::*;

    fn estimate(value: f64, error: f64) -> Estimate {
        Estimate { value, standard_error: Some(error), interval: None, smaller_rows: 100_000 }
    }

    fn change(name: &str, baseline: f64, current: f64) -> Change {
        Change::new(metric(name).unwrap(), &estimate(baseline, 0.005), &estimate(current, 0.005))
    }

    #[test]
    fn worse_is_away_from_no_bias() {
        assert_eq!(change("DPPL", 0.2, 0.1).excess, 0.0);
        assert!((change("DPPL", 0.2, 0.25).excess - 0.05).abs() < 1e-12);
        assert!((change("DPPL", -0.2, -0.25).excess - 0.05).abs() < 1e-12);
        assert!((change("DPPL", 0.2, -0.25).excess - 0.25).abs() < 1e-12, "turned on the other group");
        assert!((change("DPPL", 0.0, 0.04).excess - 0.04).abs() < 1e-12);
    }

    #[test]
    fn a_ratio_is_judged_by_its_distance_from_one() {
        // From 0.178 to 0.083 is worse, though smaller; from 1.3 to 1.1 better, though large.
        assert_eq!(change("DI", 0.178, 0.083).verdict(Some(0.0)), Verdict::Violated);
        assert_eq!(compat_violated(Ok(0.178), Ok(0.083)), Ok(false));
        assert_eq!(change("DI", 1.3, 1.1).verdict(Some(0.0)), Verdict::Ok);
        assert!((change("DI", 1.0, 0.8).excess - change("DI", 1.0, 1.25).excess).abs() < 1e-12);
        assert!(change("DI", 0.976, 1.317).excess > 0.2);
        assert_eq!(compat_violated(Ok(0.976), Ok(1.317)), Ok(true));
        assert_eq!(change("DI", 0.5, 0.0).excess, 0.5);
    }

    #[test]
    fn few_rows_are_never_silent() {
        let metric = metric("DPPL").unwrap();
        let few = |rows, error| Estimate { smaller_rows: rows, ..estimate(0.9, error) };
        let change = Change::new(metric, &estimate(0.0, 0.001), &few(29, 0.001));
        assert_eq!((change.p_value, change.verdict(change.p_value)), (None, Verdict::InsufficientRows));
        // An error of zero is that of one row.
        let change = Change::new(metric, &Estimate::known(0.0), &few(100, 0.0));
        assert!(change.p_value.unwrap() < 1e-10 && change.detectable);
        assert!(!Change::new(metric, &Estimate::known(0.0), &few(80, 0.0)).detectable);
        assert_eq!(change.verdict(change.p_value), Verdict::Violated);
        let undefined = Estimate { standard_error: None, ..estimate(0.9, 0.0) };
        assert_eq!(Change::new(metric, &estimate(0.0, 0.0), &undefined).p_value, None);
    }
}
