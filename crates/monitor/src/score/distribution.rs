//! The two distributions of a feature, aligned once and measured by every metric.

use std::borrow::Cow;

use drift::{Measure, Metric, Names, Point, Ranks, Score, Shares};
use profile::Kind;
use sketch::{BUCKETS, Bins, Domain, Histogram, NameCounts};

use super::{Missing, Pair};

/// Coarse bins that a baseline is cut into.
const DECILES: u16 = 10;

/// Aligned counts of both sides.
#[derive(Debug)]
pub(crate) enum Distribution {
    /// Ordered values.
    Numbers {
        /// Slots with a row on either side.
        points: Vec<Point>,
        /// Bins of a chart.
        bins: Vec<Bin>,
        /// Population standard deviation of the baseline.
        baseline_std_dev: f64,
        /// Rows of the coarse bins.
        counts: (Vec<u64>, Vec<u64>),
        /// How many coarse bins were asked for.
        asked: u16,
    },
    /// Categories.
    Names {
        /// One bin a name with a row on either side; the last `pooled` hold several names each.
        bins: Vec<Bin>,
        pooled: usize,
        counts: (Vec<u64>, Vec<u64>),
        /// The same rows by hash, where there are too many names to compare one by one.
        buckets: Option<(Vec<u64>, Vec<u64>)>,
    },
}

/// One bin of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bin {
    pub(crate) label: String,
    pub(crate) lower: Option<f64>,
    pub(crate) upper: Option<f64>,
    pub(crate) baseline: u64,
    pub(crate) current: u64,
}

impl Distribution {
    /// Aligns both sides; `None` where one has no value.
    pub(crate) fn of(pair: &Pair<'_>) -> Option<Self> {
        if pair.baseline.counts.observed() == 0 || pair.current.counts.observed() == 0 {
            return None;
        }
        match &pair.spec.kind {
            Kind::Number { bins, .. } => Some(numbers(bins, pair)),
            Kind::Category { domain } => Some(names(domain, pair)),
            Kind::Empty | Kind::Uncovered => None,
        }
    }

    /// The bins of both sides, whether or not they can be compared.
    pub(crate) fn chart(pair: &Pair<'_>) -> Vec<Bin> {
        match &pair.spec.kind {
            Kind::Number { bins, .. } => chart_bins(bins, pair),
            Kind::Category { domain } => names(domain, pair).into_bins(),
            Kind::Empty | Kind::Uncovered => Vec::new(),
        }
    }

    /// The score by a metric.
    pub(crate) fn measure(&self, metric: &Metric) -> Result<Score, Missing> {
        let (counts, pooled) = match self {
            Self::Numbers { counts, .. } => (counts, 0),
            Self::Names { counts, pooled, .. } => (counts, *pooled),
        };
        let shares = Shares { baseline: &counts.0, current: &counts.1, pooled };
        match (metric.measure, self) {
            (Measure::Shares(measure), _) => Ok(measure(&shares)?),
            (Measure::Ranks(measure), Self::Numbers { points, baseline_std_dev, .. }) => {
                Ok(measure(&Ranks { points, baseline_std_dev: *baseline_std_dev })?)
            }
            (Measure::Names(measure), Self::Names { buckets, .. }) => {
                let buckets = match buckets {
                    Some((baseline, current)) => Shares { baseline, current, pooled: 0 },
                    None => shares,
                };
                Ok(measure(&Names { names: shares, buckets })?)
            }
            _ => Err(Missing(crate::tables::Status::NotComparable)),
        }
    }

    /// How values were binned for a metric, for its method.
    pub(crate) fn binning(&self, metric: &Metric) -> Cow<'static, str> {
        match (self, metric.measure) {
            (Self::Numbers { .. }, Measure::Ranks(_)) => "slots".into(),
            (Self::Numbers { asked, .. }, _) => format!("quantile{asked}").into(),
            (Self::Names { buckets: Some(_), .. }, Measure::Names(_)) => "names+buckets64".into(),
            (Self::Names { .. }, _) => "names".into(),
        }
    }

    /// The bins that a chart shows.
    pub(crate) fn bins(&self) -> &[Bin] {
        match self {
            Self::Numbers { bins, .. } | Self::Names { bins, .. } => bins,
        }
    }
}

impl Distribution {
    fn into_bins(self) -> Vec<Bin> {
        match self {
            Self::Numbers { bins, .. } | Self::Names { bins, .. } => bins,
        }
    }
}

fn numbers(bins: &Bins, pair: &Pair<'_>) -> Distribution {
    let (baseline, current) = (&pair.baseline.histogram, &pair.current.histogram);
    // A slot is no wider than the values seen: that tightens the error bounds.
    let bounds = [&pair.baseline.moments, &pair.current.moments];
    let min = bounds.iter().filter_map(|m| m.min()).fold(f64::INFINITY, f64::min);
    let max = bounds.iter().filter_map(|m| m.max()).fold(f64::NEG_INFINITY, f64::max);
    let point = |(index, baseline, current)| {
        let slot = bins.slot(index);
        Point { lower: slot.lower.clamp(min, max), upper: slot.upper.clamp(min, max), baseline, current }
    };
    let edges = pair.cut.map_or(bins.coarse_edges(), |cut| &cut.edges);
    let counts = (baseline.between(bins, edges), current.between(bins, edges));
    Distribution::Numbers {
        points: paired(baseline.entries(), current.entries()).map(point).collect(),
        bins: chart_bins(bins, pair),
        baseline_std_dev: pair.baseline.moments.std_dev().unwrap_or(0.0),
        counts,
        asked: pair.cut.map_or(DECILES, |cut| cut.bins),
    }
}

/// Bins of a chart, with labels.
fn chart_bins(bins: &Bins, pair: &Pair<'_>) -> Vec<Bin> {
    let edges = pair.cut.map_or(bins.chart_edges(), |cut| &cut.edges);
    let rows = |histogram: &Histogram| histogram.between(bins, edges);
    let (baseline, current) = (rows(&pair.baseline.histogram), rows(&pair.current.histogram));
    (0..=edges.len())
        .map(|index| {
            let lower = index.checked_sub(1).and_then(|i| edges.get(i)).copied();
            let upper = edges.get(index).copied();
            let label = match (lower, upper) {
                (None, None) => "all".to_owned(),
                (None, Some(upper)) => format!("< {}", short(upper)),
                (Some(lower), None) => format!(">= {}", short(lower)),
                (Some(lower), Some(upper)) => format!("[{}, {})", short(lower), short(upper)),
            };
            Bin { label, lower, upper, baseline: baseline[index], current: current[index] }
        })
        .collect()
}

fn names(domain: &Domain, pair: &Pair<'_>) -> Distribution {
    let (baseline, current) = (&pair.baseline.names, &pair.current.names);
    let bin = |label: &str, baseline, current| Bin {
        label: label.to_owned(),
        lower: None,
        upper: None,
        baseline,
        current,
    };
    let mut bins: Vec<Bin> = paired(baseline.known_rows(), current.known_rows())
        .map(|(at, before, now)| bin(domain.names().get(at).map_or("", |name| name), before, now))
        .collect();
    // Earlier windows have names that the baseline has not, too.
    let (new, [now, before]) = current.new_beside(baseline);
    bins.extend(new.into_iter().map(|new| bin(new.name, new.theirs, new.rows)));
    let named = bins.len();
    if baseline.other() + current.other() > 0 {
        bins.push(bin("(other known names)", baseline.other(), current.other()));
    }
    if before + now > 0 {
        bins.push(bin("(other new names)", before, now));
    }
    let pooled = bins.len() - named;
    let counts =
        (bins.iter().map(|bin| bin.baseline).collect(), bins.iter().map(|bin| bin.current).collect());
    let buckets = |names: &NameCounts| names.buckets(domain).to_vec();
    let buckets = (named > BUCKETS || pooled > 0).then(|| (buckets(baseline), buckets(current)));
    Distribution::Names { bins, pooled, counts, buckets }
}

/// Rows by position on both sides, for each position that either has; both lists ascend.
fn paired(
    baseline: Vec<(usize, u64)>,
    current: Vec<(usize, u64)>,
) -> impl Iterator<Item = (usize, u64, u64)> {
    let (mut theirs, mut ours) = (baseline.into_iter().peekable(), current.into_iter().peekable());
    std::iter::from_fn(move || {
        let position = [theirs.peek(), ours.peek()].into_iter().flatten().map(|(at, _)| *at).min()?;
        let before = theirs.next_if(|(at, _)| *at == position).map_or(0, |(_, rows)| rows);
        let now = ours.next_if(|(at, _)| *at == position).map_or(0, |(_, rows)| rows);
        Some((position, before, now))
    })
}

/// Six digits are enough to recognise an edge.
pub(crate) fn short(value: f64) -> String {
    format!("{value:.5e}").parse::<f64>().unwrap_or(value).to_string()
}
