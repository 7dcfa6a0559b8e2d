//! How sure a bias metric is: intervals and standard errors from counts drawn again.

use rand::SeedableRng;
use rand_distr::{Binomial, Distribution};
use rand_pcg::Pcg64;

use super::metric::{Convention, Measure, Metric, Undefined};
use super::table::{Outcomes, Table};

/// How counts are drawn again. The same settings and counts give the same bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampling {
    /// How many tables are drawn.
    pub tables: u32,
    /// Share of the drawn values that the interval holds, 0 to 1.
    pub confidence: f64,
    /// Where the random numbers start.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { tables: 1000, confidence: 0.95, seed: 0 }
    }
}

/// Share of drawn tables that may leave a metric undefined before its interval is no guide.
const UNDEFINED: f64 = 0.05;

/// A value with what is known of its noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value of the counts themselves; finite.
    pub value: f64,
    /// Standard deviation of the drawn values; `None` where too many of them are undefined.
    pub standard_error: Option<f64>,
    /// Percentile interval of the drawn values, under the same condition.
    pub interval: Option<(f64, f64)>,
    /// Rows of the smaller group.
    pub smaller_rows: u64,
}

impl Estimate {
    /// A value without noise: a limit that is set, or one that another tool wrote down.
    #[must_use]
    pub fn known(value: f64) -> Self {
        Self { value, standard_error: Some(0.0), interval: Some((value, value)), smaller_rows: u64::MAX }
    }
}

impl Resampling {
    /// The metrics with their values and noise, in the order given; those of rows are left out.
    ///
    /// Rows are drawn with replacement from all rows of the table, that is, counts from a multinomial law over its
    /// cells: the sizes of the groups vary as well.
    #[must_use]
    pub fn estimates<'a>(
        &self,
        metrics: &'a [Metric],
        table: &Table,
    ) -> Vec<(&'a Metric, Result<Estimate, Undefined>)> {
        let counted = metrics.iter().filter(|metric| matches!(metric.measure, Measure::Counts(_)));
        let mut found: Vec<_> =
            counted.map(|metric| (metric, metric.value(table, Convention::Strict), Vec::new())).collect();
        let defined = found.iter().any(|(_, value, _)| value.is_ok());
        let mut random = Pcg64::seed_from_u64(self.seed);
        for _ in 0..if defined { self.tables } else { 0 } {
            let drawn = draw(table, &mut random);
            for (metric, value, values) in &mut found {
                if value.is_ok() {
                    values.extend(metric.value(&drawn, Convention::Strict).ok());
                }
            }
        }
        let estimate = |value, values| self.estimate(value, values, table.smaller_rows());
        found
            .into_iter()
            .map(|(metric, value, values)| (metric, value.map(|v| estimate(v, values))))
            .collect()
    }

    fn estimate(&self, value: f64, mut values: Vec<f64>, smaller_rows: u64) -> Estimate {
        let drawn = values.len() as f64;
        if drawn < 2.0 || drawn < (1.0 - UNDEFINED) * f64::from(self.tables) {
            return Estimate { value, standard_error: None, interval: None, smaller_rows };
        }
        values.sort_unstable_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / drawn;
        let squares = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        let tail = (1.0 - self.confidence.clamp(0.0, 1.0)) / 2.0;
        let interval = (quantile(&values, tail), quantile(&values, 1.0 - tail));
        Estimate {
            value,
            standard_error: Some((squares / (drawn - 1.0)).sqrt()),
            interval: Some(interval),
            smaller_rows,
        }
    }
}

/// The quantile at `share` of ascending values, linear between neighbours.
fn quantile(ascending: &[f64], share: f64) -> f64 {
    let place = share * (ascending.len() as f64 - 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the length")]
    let below = place as usize;
    let at = |index: usize| ascending.get(index).or(ascending.last()).copied().unwrap_or(0.0);
    at(below) + (at(below + 1) - at(below)) * place.fract()
}

/// A table of as many rows, drawn from those of `table` with replacement.
fn draw(table: &Table, random: &mut Pcg64) -> Table {
    let mut left = table.both().iter().fold(0_u64, |sum, group| sum.saturating_add(group.rows()));
    let mut rows = left;
    // A multinomial law is a binomial law of each cell in turn, given what the cells before it took.
    let mut next = |group: &Outcomes| {
        let mut drawn = Outcomes::default();
        for (count, cell) in drawn.counts.iter_mut().zip(group.counts).filter(|(_, cell)| *cell > 0) {
            let share = (cell as f64 / left as f64).min(1.0);
            *count = Binomial::new(rows, share).map_or(0, |law| law.sample(random)).min(rows);
            left -= cell.min(left);
            rows -= *count;
        }
        drawn
    };
    if table.strata().is_empty() {
        let [rest, group] = table.both();
        return Table::new(next(rest), next(group));
    }
    Table::stratified(table.strata().iter().map(|[rest, group]| [next(rest), next(group)]).collect())
}
