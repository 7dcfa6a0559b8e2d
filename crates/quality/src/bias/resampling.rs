//! How sure a bias metric is: intervals and standard errors from counts drawn again.

use rand::SeedableRng;
use rand_distr::{Binomial, Distribution};
use rand_pcg::Pcg64;

use super::change::excess;
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

/// Upper quantiles, and how many standard deviations of a normal law they are away.
const TAILS: [(f64, f64); 2] = [(0.99, 2.326_347_874_040_841), (0.999, 3.090_232_306_167_813)];

/// Share of drawn tables that may leave a metric undefined before its interval is no guide.
const UNDEFINED: f64 = 0.05;

/// A value with what is known of its noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value of the counts themselves; finite.
    pub value: f64,
    /// Standard deviation of the drawn values; `None` where too many of them are undefined.
    pub standard_error: Option<f64>,
    /// Percentile interval of the drawn values, under the same condition; of the flip test the values that choices among
    /// neighbours equally far can make.
    pub interval: Option<(f64, f64)>,
    /// Rows of the smaller group.
    pub smaller_rows: u64,
}

/// What chance makes of an excess where nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IfAlike {
    /// Its mean: distances, which have no sign, are the larger the fewer rows there are.
    pub excess: f64,
    /// Its standard deviation, above 0; that of a normal law with as long a tail where it has a longer one.
    pub error: f64,
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

    /// What chance makes of the excess of each metric, from `baseline` to `current`, if both came from one law; in the order
    /// given. `None` where too many drawn tables leave a metric undefined, it takes strata or rows, or sees nothing but sizes of
    /// groups.
    ///
    /// Groups keep their sizes, and their numbers of known labels and predictions; what is known is drawn with the shares that
    /// both tables have together.
    #[must_use]
    pub fn if_alike(&self, metrics: &[Metric], baseline: &Table, current: &Table) -> Vec<Option<IfAlike>> {
        /// What is left of nothing by rounding.
        const NOTHING: f64 = 1e-12;
        let mut random = Pcg64::seed_from_u64(self.seed);
        let mut drawn = vec![Vec::new(); metrics.len()];
        for _ in 0..self.tables {
            let [before, now] =
                [baseline, current].map(|table| draw_alike(table, [baseline, current], &mut random));
            for (metric, drawn) in metrics.iter().zip(&mut drawn) {
                let deviation = |table: &Table| {
                    metric.value(table, Convention::Strict).map(|value| metric.neutral.deviation(value))
                };
                if let (Ok(before), Ok(now)) = (deviation(&before), deviation(&now)) {
                    drawn.push(excess(before, now));
                }
            }
        }
        let of = |mut drawn: Vec<f64>| {
            let error = self.deviation(&drawn).filter(|error| *error > NOTHING)?;
            let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
            drawn.sort_unstable_by(f64::total_cmp);
            // Of few rows the tail is longer than that of a normal law of this spread.
            let tails = TAILS.map(|(share, errors)| (quantile(&drawn, share) - mean) / errors);
            Some(IfAlike { excess: mean, error: tails.into_iter().fold(error, f64::max) })
        };
        drawn.into_iter().map(of).collect()
    }

    /// The standard deviation of drawn values; `None` where too few of them are defined.
    fn deviation(&self, values: &[f64]) -> Option<f64> {
        let drawn = values.len() as f64;
        if drawn < 2.0 || drawn < (1.0 - UNDEFINED) * f64::from(self.tables) {
            return None;
        }
        let mean = values.iter().sum::<f64>() / drawn;
        let squares = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        Some((squares / (drawn - 1.0)).sqrt())
    }

    fn estimate(&self, value: f64, mut values: Vec<f64>, smaller_rows: u64) -> Estimate {
        values.sort_unstable_by(f64::total_cmp);
        let Some(error) = self.deviation(&values) else {
            return Estimate { value, standard_error: None, interval: None, smaller_rows };
        };
        let tail = (1.0 - self.confidence.clamp(0.0, 1.0)) / 2.0;
        let interval = (quantile(&values, tail), quantile(&values, 1.0 - tail));
        Estimate { value, standard_error: Some(error), interval: Some(interval), smaller_rows }
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

/// A table of groups of the same sizes, with as many known labels and predictions, drawn with the shares of both tables.
fn draw_alike(table: &Table, both: [&Table; 2], random: &mut Pcg64) -> Table {
    let [rest, group] = [Table::rest, Table::disadvantaged].map(|side| {
        let mut pooled = *side(both[0]);
        pooled.merge(side(both[1]));
        let mut drawn = Outcomes::default();
        for places in Outcomes::KNOWN {
            let at =
                |outcomes: &Outcomes| -> u64 { places.iter().map(|&place| outcomes.counts[place]).sum() };
            let (mut rows, mut left) = (at(side(table)), at(&pooled));
            for &place in places.iter().filter(|&&place| pooled.counts[place] > 0) {
                let cell = pooled.counts[place];
                let share = (cell as f64 / left as f64).min(1.0);
                drawn.counts[place] =
                    Binomial::new(rows, share).map_or(0, |law| law.sample(random)).min(rows);
                left -= cell.min(left);
                rows -= drawn.counts[place];
            }
        }
        drawn
    });
    Table::new(rest, group)
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
