//! What a feature looks like in a window, whether or not anything is broken.

use std::sync::Arc;

use profile::{FeatureProfile, Kind};

use crate::{
    baseline::inferred_type,
    score::{Bin, Distribution, Pair, short},
    tables::{FeatureRow, HistogramRow, Key, QUANTILES},
};

/// Names with a bin of their own in a chart.
const MAX_NAMES: usize = 100;

pub(super) fn feature(key: &Key, name: &Arc<str>, kind: &Kind, profile: &FeatureProfile) -> FeatureRow {
    let (min, max) = (profile.moments.min(), profile.moments.max());
    let mut quantiles = [None; QUANTILES.len()];
    let mut top_value = profile.names.new_names().first().map(|(name, _)| (*name).to_owned());
    match kind {
        Kind::Number { bins, .. } => {
            if let Some((min, max)) = min.zip(max) {
                for (quantile, (_, share)) in quantiles.iter_mut().zip(QUANTILES) {
                    *quantile = profile.histogram.quantile(bins, share, min, max);
                }
            }
            top_value = profile.histogram.top_atom(bins).map(|(value, _)| short(value));
        }
        Kind::Category { domain } => top_value = profile.names.top(domain).map(|(name, _)| name.to_owned()),
        Kind::Empty | Kind::Uncovered => {}
    }
    FeatureRow {
        key: key.clone(),
        feature: Arc::clone(name),
        counts: profile.counts,
        min,
        max,
        mean: profile.moments.mean(),
        std_dev: profile.moments.std_dev(),
        quantiles,
        distinct: profile.distinct(),
        top_value,
        inferred_type: match kind {
            Kind::Empty if profile.names.rows() > 0 => "String",
            Kind::Empty if profile.moments.values() > 0 && profile.counts.fractions == 0 => "Integral",
            Kind::Empty if profile.moments.values() > 0 => "Fractional",
            kind => inferred_type(kind),
        },
    }
}

/// The chart of a feature: its bins, then the fixed bins that have a row on either side.
pub(super) fn histogram(key: &Key, name: &Arc<str>, pair: &Pair<'_>) -> Vec<HistogramRow> {
    let mut bins = Distribution::chart(pair);
    if matches!(pair.spec.kind, Kind::Category { .. }) {
        bins = most_frequent(bins);
    }
    let (before, now) = (&pair.baseline.counts, &pair.current.counts);
    let fixed = [
        ("(null)", before.nulls, now.nulls),
        ("(NaN)", before.nans, now.nans),
        ("(-inf)", before.negative_infinities, now.negative_infinities),
        ("(+inf)", before.positive_infinities, now.positive_infinities),
        ("(other type)", before.mismatched, now.mismatched),
    ];
    for (label, baseline, current) in fixed {
        if baseline + current > 0 {
            bins.push(Bin { label: label.to_owned(), lower: None, upper: None, baseline, current });
        }
    }
    bins.into_iter()
        .zip(0_i32..)
        .map(|(bin, position)| HistogramRow {
            key: key.clone(),
            feature: Arc::clone(name),
            bin: position,
            label: bin.label,
            lower: bin.lower,
            upper: bin.upper,
            baseline_rows: bin.baseline,
            rows: bin.current,
            baseline_ratio: ratio(bin.baseline, before.rows),
            ratio: ratio(bin.current, now.rows),
        })
        .collect()
}

/// The names that are most frequent on either side; the others share a bin.
fn most_frequent(mut bins: Vec<Bin>) -> Vec<Bin> {
    if bins.len() <= MAX_NAMES {
        return bins;
    }
    let totals = bins.iter().fold((0, 0), |sums, bin| (sums.0 + bin.baseline, sums.1 + bin.current));
    let share = |bin: &Bin| ratio(bin.baseline, totals.0).max(ratio(bin.current, totals.1));
    bins.sort_by(|a, b| share(b).total_cmp(&share(a)).then_with(|| a.label.cmp(&b.label)));
    let rest = bins.split_off(MAX_NAMES);
    let (baseline, current) =
        rest.iter().fold((0, 0), |sums, bin| (sums.0 + bin.baseline, sums.1 + bin.current));
    bins.push(Bin {
        label: format!("({} other names)", rest.len()),
        lower: None,
        upper: None,
        baseline,
        current,
    });
    bins
}

#[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
fn ratio(rows: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { rows as f64 / all as f64 }
}
