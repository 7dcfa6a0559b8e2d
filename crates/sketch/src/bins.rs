//! Frozen bins: where the values of a feature are cut, decided once on the baseline.
//!
//! *Slots* are the finest cut, one counter each; *coarse bins* are sums of slots. Every bin is closed on the
//! left: it holds `lower <= x < upper`. The edges are one ascending list:
//!
//! * the unique linear deciles of the baseline, which are the edges of the coarse bins;
//! * with at most 256 different values, an atom (a slot for that value alone) for each; otherwise an atom for
//!   every value that holds more than 1/256 of the rows, and cuts such that no slot in between holds more;
//! * in the tails, between the last of these cuts and the baseline's bounds, ever wider slots;
//! * the baseline's minimum, and the first double above its maximum, so that what lies outside is known
//!   exactly; beyond them ever wider slots (each 1.4 times the last), so that a distribution that moved away
//!   still has a shape.
//!
//! So no slot that holds several values has more than 1/256 of the baseline's rows, whatever the
//! distribution: that bounds the error of a Kolmogorov–Smirnov distance computed from slots to 0.0040.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::{ValueCounts, kernel::BLOCK, lookup::Lookup};

/// A baseline with at most this many different values gets a slot for each.
const MAX_ATOMS: usize = 256;
/// Largest share of the baseline's rows in a slot that holds several values: one in this many.
const SLOT_SHARE: u64 = 256;
/// Slots on each side of the baseline's range.
const OUTER_SLOTS: i32 = 48;
/// Tenths as multiples of a tenth, which is how NumPy's `linspace(0, 1, 11)` rounds them: the quantile of a share
/// that is off by one unit in the last place can differ in its last digits, and so can the bin of a value.
const DECILES: [f64; 9] = [0.1, 0.2, 3.0 * 0.1, 0.4, 0.5, 6.0 * 0.1, 7.0 * 0.1, 0.8, 0.9];

/// Frozen edges of a numeric feature.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Bins {
    /// Ascending: slot `i` holds `edges[i - 1] <= x < edges[i]`; the first and last slot are open.
    edges: Vec<f64>,
    /// Ascending inner edges of the coarse bins, each of them among `edges`.
    coarse: Vec<f64>,
    /// Ascending inner edges of the bins of a chart, each of them among `edges`.
    chart: Vec<f64>,
    /// Smallest and largest value of the baseline.
    range: Option<(f64, f64)>,
    /// How blocks of numbers find their slots, once one was looked up.
    #[serde(skip)]
    lookup: OnceLock<Option<Lookup>>,
}

impl PartialEq for Bins {
    fn eq(&self, other: &Self) -> bool {
        (&self.edges, &self.coarse, &self.chart, self.range)
            == (&other.edges, &other.coarse, &other.chart, other.range)
    }
}

/// One slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// Smallest value it can hold (-inf for the first).
    pub lower: f64,
    /// Largest value it can hold (inclusive; +inf for the last).
    pub upper: f64,
}

impl Slot {
    /// Whether it can hold one value only.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "an atom is exactly one double")]
    pub fn is_atom(&self) -> bool {
        self.lower == self.upper
    }
}

impl Bins {
    /// Cuts bins for a baseline with these values.
    #[must_use]
    pub fn cut(baseline: &ValueCounts) -> Self {
        let values = baseline.values();
        let (Some(&(min, _)), Some(&(max, _))) = (values.first(), values.last()) else {
            return Self::default();
        };
        let mut coarse = baseline.quantiles(&DECILES);
        coarse.dedup_by(|a, b| a.total_cmp(b).is_eq());
        let chart = chart_edges(baseline, &coarse);
        let mut edges = [coarse.as_slice(), &chart].concat();
        let heavy = |count: u64| values.len() <= MAX_ATOMS || count > baseline.rows() / SLOT_SHARE;
        let mut filled = 0;
        for &(value, count) in values {
            if heavy(count) {
                edges.extend([value, value.next_up()]);
                filled = 0;
                continue;
            }
            if filled + count > baseline.rows() / SLOT_SHARE {
                edges.push(value);
                filled = 0;
            }
            filled += count;
        }
        edges.extend(tail_edges(&edges, min, max));
        edges.extend([min, max.next_up()]);
        edges.extend(outer_edges(min, max));
        edges.retain(|edge| edge.is_finite());
        edges.iter_mut().for_each(|edge| *edge += 0.0);
        edges.sort_unstable_by(f64::total_cmp);
        edges.dedup_by(|a, b| a.total_cmp(b).is_eq());
        coarse.retain(|edge| edge.is_finite());
        Self { edges, coarse, chart, range: Some((min, max)), lookup: OnceLock::new() }
    }

    /// Bins with given coarse edges and nothing finer.
    #[must_use]
    pub fn with_edges(mut edges: Vec<f64>) -> Self {
        edges.retain(|edge| edge.is_finite());
        edges.sort_unstable_by(f64::total_cmp);
        edges.dedup_by(|a, b| a.total_cmp(b).is_eq());
        Self { coarse: edges.clone(), chart: edges.clone(), edges, ..Self::default() }
    }

    /// Number of slots.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.edges.len() + 1
    }

    /// Number of coarse bins.
    #[must_use]
    pub fn coarse_bins(&self) -> usize {
        self.coarse.len() + 1
    }

    /// Inner edges of the coarse bins, ascending.
    #[must_use]
    pub fn coarse_edges(&self) -> &[f64] {
        &self.coarse
    }

    /// Inner edges of the bins of a chart, ascending: those of the coarse bins, and where ties leave few of them,
    /// the deciles of the values between the ties.
    #[must_use]
    pub fn chart_edges(&self) -> &[f64] {
        &self.chart
    }

    /// Smallest and largest value of the baseline.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// The slot of a finite value.
    #[must_use]
    #[inline]
    pub fn slot_of(&self, value: f64) -> usize {
        self.edges.partition_point(|&edge| edge <= value)
    }

    /// The slot of each finite number.
    pub fn find(&self, values: &[f64], slots: &mut [u32]) {
        let table = self.lookup.get_or_init(|| {
            let range = self.range.or_else(|| Some((*self.edges.first()?, *self.edges.last()?)));
            Lookup::new(&self.edges, range?)
        });
        for (values, slots) in values.chunks(BLOCK).zip(slots.chunks_mut(BLOCK)) {
            match table {
                Some(table) => table.find(&self.edges, values, slots),
                None => {
                    for (value, slot) in values.iter().zip(slots) {
                        *slot = u32::try_from(self.slot_of(*value)).unwrap_or(u32::MAX);
                    }
                }
            }
        }
    }

    /// The slot at a position.
    #[must_use]
    pub fn slot(&self, index: usize) -> Slot {
        let lower = index.checked_sub(1).and_then(|i| self.edges.get(i)).copied();
        let upper = self.edges.get(index).map(|edge| edge.next_down());
        Slot { lower: lower.unwrap_or(f64::NEG_INFINITY), upper: upper.unwrap_or(f64::INFINITY) }
    }

    /// Whether the edges are ascending and the coarse ones among them, and the range is one, as bytes from outside may
    /// not have them.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.edges.iter().all(|edge| edge.is_finite())
            && self.range.is_none_or(|(min, max)| min.is_finite() && max.is_finite() && min <= max)
            && self.edges.is_sorted_by(|a, b| a < b)
            && self.coarse.is_sorted_by(|a, b| a < b)
            && self.chart.is_sorted_by(|a, b| a < b)
            && [&self.coarse, &self.chart]
                .into_iter()
                .flatten()
                .all(|edge| self.edges.binary_search_by(|e| e.total_cmp(edge)).is_ok())
    }
}

/// Nine tenths of the rows at zero leave one coarse bin, which shows nothing: then the values that are not that
/// frequent are cut at their own deciles.
fn chart_edges(baseline: &ValueCounts, coarse: &[f64]) -> Vec<f64> {
    let mut chart = coarse.to_vec();
    if chart.len() < DECILES.len() {
        let light = baseline.values().iter().filter(|(_, count)| *count <= baseline.rows() / 10);
        chart.extend(ValueCounts::from_sorted(light.copied().collect()).quantiles(&DECILES));
    }
    chart.retain(|edge| edge.is_finite());
    chart.iter_mut().for_each(|edge| *edge += 0.0);
    chart.sort_unstable_by(f64::total_cmp);
    chart.dedup_by(|a, b| a.total_cmp(b).is_eq());
    chart
}

/// Edges in the tails, where a slot of one row in 256 reaches from the last quantile to the bound of the range: a
/// distribution that moved fills it, and its quantiles would be lost in it. Widths grow from those of the slots next to
/// it by the square root of two.
fn tail_edges(cuts: &[f64], min: f64, max: f64) -> Vec<f64> {
    const NEIGHBOURS: usize = 4;
    let mut cuts: Vec<f64> = cuts.iter().copied().filter(|cut| cut.is_finite()).collect();
    cuts.sort_unstable_by(f64::total_cmp);
    cuts.dedup_by(|a, b| a.total_cmp(b).is_eq());
    let Some(neighbours) = cuts.len().checked_sub(NEIGHBOURS + 1) else { return Vec::new() };
    let (first, last) = (cuts[0], cuts[cuts.len() - 1]);
    let mut edges = Vec::new();
    let mut grow = |from: f64, to: f64, width: f64| {
        let (mut edge, mut width) = (from, width);
        for _ in 0..OUTER_SLOTS {
            edge += width;
            width *= std::f64::consts::SQRT_2;
            if !edge.is_finite() || width == 0.0 || (edge - from).abs() >= (to - from).abs() {
                break;
            }
            edges.push(edge);
        }
    };
    grow(first, min, -(cuts[NEIGHBOURS] - first) / 4.0);
    grow(last, max, (last - cuts[neighbours]) / 4.0);
    edges
}

/// Edges outside the range, at distances that grow by the square root of two.
fn outer_edges(min: f64, max: f64) -> Vec<f64> {
    let spread = max - min;
    let unit = if spread > 0.0 { spread } else { max.abs().max(1.0) } / 64.0;
    (0..OUTER_SLOTS)
        .flat_map(|step| {
            let distance = unit * 2_f64.powf(f64::from(step) / 2.0);
            [min - distance, max + distance]
        })
        .filter(|edge| *edge < min || *edge > max)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_values_get_an_atom_each() {
        let bins = Bins::cut(&ValueCounts::new(vec![0.0, 0.0, 1.0, 5.0]));
        for value in [0.0, 1.0, 5.0] {
            let slot = bins.slot(bins.slot_of(value));
            assert!(slot.is_atom(), "{slot:?}");
            assert_eq!(slot.lower, value);
        }
        assert!(!bins.slot(bins.slot_of(0.5)).is_atom());
        assert_eq!(bins.slot_of(-0.0), bins.slot_of(0.0));
    }

    #[test]
    fn quantiles_of_a_shifted_distribution_stay_sharp() {
        let uniform = |i: u32| (f64::from(i.wrapping_mul(2_654_435_761)) + 0.5) / 4_294_967_296.0;
        let normal =
            |i: u32| (-2.0 * uniform(i).ln()).sqrt() * (std::f64::consts::TAU * uniform(i ^ 0x5555)).cos();
        let bins = Bins::cut(&ValueCounts::new((0..50_000).map(normal).collect()));
        let moved = ValueCounts::new((0..50_000).map(|i| 0.5 + 1.3 * normal(i)).collect());
        let mut histogram = crate::Histogram::default();
        moved.values().iter().for_each(|&(value, rows)| histogram.observe_many(&bins, value, rows));
        let (min, max) = (moved.values()[0].0, moved.values()[moved.values().len() - 1].0);
        for share in [0.01, 0.05, 0.5, 0.95, 0.99] {
            let (exact, found) =
                (moved.quantiles(&[share])[0], histogram.quantile(&bins, share, min, max).unwrap());
            assert!((exact - found).abs() < 0.05, "{share}: {exact} {found}");
        }
    }

    #[test]
    fn nothing_and_one_value_are_cut_too() {
        assert_eq!(Bins::cut(&ValueCounts::default()).slots(), 1);
        let bins = Bins::cut(&ValueCounts::new(vec![7.0; 9]));
        assert_eq!(bins.coarse_edges(), [7.0]);
        assert!(bins.slot(bins.slot_of(7.0)).is_atom());
        assert!(Bins::cut(&ValueCounts::new(vec![f64::MAX, f64::MIN, 0.0])).is_sound());
    }

    #[test]
    fn damaged_edges_are_not_sound() {
        let bins = Bins::cut(&ValueCounts::new(vec![1.0, 2.0, 5.0]));
        let (mut nan, mut falling, mut apart, mut range) = (bins.clone(), bins.clone(), bins.clone(), bins);
        nan.edges = vec![f64::NAN];
        (nan.coarse, nan.chart) = (Vec::new(), Vec::new());
        falling.edges.swap(0, 1);
        apart.coarse = vec![1.5];
        range.range = Some((5.0, 1.0));
        assert_eq!([nan, falling, apart, range].map(|bins| bins.is_sound()), [false; 4]);
    }

    proptest! {
        #[test]
        fn no_slot_of_several_values_is_heavy(values in prop::collection::vec(prop_oneof![-1e3..1e3_f64, Just(0.0), 1000.0..1000.001_f64], 1..3000)) {
            let counts = ValueCounts::new(values);
            let bins = Bins::cut(&counts);
            prop_assert!(bins.is_sound());
            let mut rows = vec![0; bins.slots()];
            for &(value, count) in counts.values() {
                let index = bins.slot_of(value);
                let slot = bins.slot(index);
                prop_assert!(slot.lower <= value && value <= slot.upper);
                rows[index] += count;
            }
            for (index, &held) in rows.iter().enumerate() {
                prop_assert!(bins.slot(index).is_atom() || held <= (counts.rows() / SLOT_SHARE).max(1), "{index}: {held}");
            }
        }
    }
}
