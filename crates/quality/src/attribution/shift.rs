//! How attributions moved: NDCG against the baseline's order, and each feature's share and rank.

use std::collections::BTreeMap;

use statrs::function::erf::erfc;

use super::Undefined;
use super::attributions::Importance;
use super::chance::{self, Pair};
use super::ndcg::ndcg;

/// What became of the importances of a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// NDCG of the current order with the baseline's importances as gains; 1 is the same order.
    pub ndcg: f64,
    /// NDCG to expect at these row counts where nothing has moved; `None` without standard errors.
    pub expected: Option<f64>,
    /// Probability of an NDCG as low where nothing has moved, not below 0.001; under the same condition.
    pub p_value: Option<f64>,
    /// Spearman's correlation of the two orders, -1 to 1; `None` where one of them is all ties.
    pub rank_correlation: Option<f64>,
    /// Sum of the sizes of all changes of share, 0 to 2.
    pub moved_ratio: f64,
    /// Every feature, those whose share changed most first.
    pub movers: Vec<Mover>,
}

/// What became of one feature. One that a side lacks has importance 0 there.
#[derive(Clone, Debug, PartialEq)]
pub struct Mover {
    /// Name of the feature.
    pub feature: String,
    /// Importance in the baseline, as aggregated.
    pub baseline_value: f64,
    /// Importance now.
    pub value: f64,
    /// Share of the sum of sizes over features, in the baseline, 0 to 1.
    pub baseline_ratio: f64,
    /// Share now.
    pub ratio: f64,
    /// Rank in the baseline: 1 is the most important; the mean of their ranks where features tie.
    pub baseline_rank: f64,
    /// Rank now.
    pub rank: f64,
    /// Probability of a change of share as large where nothing has moved, two-sided; `None` without errors.
    pub p_value: Option<f64>,
}

impl Mover {
    /// Change of the share, current less baseline.
    #[must_use]
    pub fn ratio_change(&self) -> f64 {
        self.ratio - self.baseline_ratio
    }

    /// Places gained, above 0, or lost.
    #[must_use]
    pub fn places_gained(&self) -> f64 {
        self.baseline_rank - self.rank
    }
}

/// Compares importances, feature by feature; `seed` is where the random numbers behind `expected` start.
///
/// # Errors
/// The reason why there is nothing to compare.
pub fn shift(baseline: &[Importance], current: &[Importance], seed: u64) -> Result<Shift, Undefined> {
    if baseline.is_empty() {
        return Err(Undefined::EmptyBaseline);
    }
    if current.is_empty() {
        return Err(Undefined::EmptyCurrent);
    }
    let mut features: BTreeMap<&str, [Option<&Importance>; 2]> = BTreeMap::new();
    for (side, importances) in [baseline, current].into_iter().enumerate() {
        for importance in importances {
            features.entry(&importance.feature).or_default()[side] = Some(importance);
        }
    }
    let value = |importance: Option<&Importance>| importance.map_or(0.0, |importance| importance.value);
    let sizes = |side: usize| -> Vec<f64> { features.values().map(|pair| value(pair[side]).abs()).collect() };
    let (gains, scores) = (sizes(0), sizes(1));
    let ndcg = ndcg(&gains, &scores, None)?;
    let (baseline_ranks, ranks) = (ranks(&gains), ranks(&scores));
    let (baseline_sum, sum) = (gains.iter().sum::<f64>(), scores.iter().sum::<f64>());
    let share = |size: f64, sum: f64| if sum > 0.0 { size / sum } else { 0.0 };
    let mut movers: Vec<Mover> = features
        .iter()
        .enumerate()
        .map(|(i, (name, [baseline, current]))| {
            let (baseline_ratio, ratio) = (share(gains[i], baseline_sum), share(scores[i], sum));
            Mover {
                feature: (*name).to_owned(),
                baseline_value: value(*baseline),
                value: value(*current),
                baseline_ratio,
                ratio,
                baseline_rank: baseline_ranks[i],
                rank: ranks[i],
                p_value: p_value(ratio - baseline_ratio, *baseline, *current),
            }
        })
        .collect();
    movers.sort_by(|left, right| right.ratio_change().abs().total_cmp(&left.ratio_change().abs()));
    let error = |importance: Option<&Importance>| importance.map_or(Some(0.0), |i| i.standard_error);
    let pairs: Vec<Pair> =
        features.values().map(|pair| pair.map(|side| (value(side).abs(), error(side)))).collect();
    let chance = chance::expected(&pairs, ndcg, seed);
    Ok(Shift {
        ndcg,
        expected: chance.map(|(expected, _)| expected),
        p_value: chance.map(|(_, p_value)| p_value),
        rank_correlation: correlation(&baseline_ranks, &ranks),
        moved_ratio: movers.iter().map(|mover| mover.ratio_change().abs()).sum(),
        movers,
    })
}

/// Two-sided tail of a change of share over the errors of both sides; a baseline without an error is taken as it is.
fn p_value(change: f64, baseline: Option<&Importance>, current: Option<&Importance>) -> Option<f64> {
    let baseline = baseline.and_then(|importance| importance.share_error).unwrap_or(0.0);
    let error = baseline.hypot(current?.share_error?);
    (error > 0.0).then(|| erfc(change.abs() / error / std::f64::consts::SQRT_2))
}

/// Ranks from the largest, 1, on; ties have the mean of theirs.
fn ranks(sizes: &[f64]) -> Vec<f64> {
    let above = |size: f64| sizes.iter().filter(|other| **other > size).count() as f64;
    let tied = |size: f64| sizes.iter().filter(|other| other.total_cmp(&size).is_eq()).count() as f64;
    sizes.iter().map(|size| above(*size) + (tied(*size) + 1.0) / 2.0).collect()
}

/// Pearson's correlation; `None` where one side does not vary.
fn correlation(left: &[f64], right: &[f64]) -> Option<f64> {
    let mean = |ranks: &[f64]| ranks.iter().sum::<f64>() / ranks.len() as f64;
    let (left_mean, right_mean) = (mean(left), mean(right));
    let product = |a: &[f64], a_mean: f64, b: &[f64], b_mean: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - a_mean) * (b - b_mean)).sum()
    };
    let spread = product(left, left_mean, left, left_mean) * product(right, right_mean, right, right_mean);
    (spread > 0.0).then(|| product(left, left_mean, right, right_mean) / spread.sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::{Aggregate, Attributions};
    use super::*;

    fn importance(feature: &str, value: f64) -> Importance {
        Importance {
            feature: feature.to_owned(),
            value,
            standard_error: None,
            share_error: None,
            error_bound: 0.0,
            rows: 0,
        }
    }

    #[test]
    fn a_feature_that_a_side_lacks_has_no_weight_there() {
        let shift = shift(
            &[importance("a", 3.0), importance("b", 1.0)],
            &[importance("b", 2.0), importance("c", 2.0)],
            0,
        )
        .unwrap();
        let found = |name: &str| shift.movers.iter().find(|mover| mover.feature == name).unwrap();
        assert_eq!((found("a").baseline_ratio, found("a").ratio), (0.75, 0.0));
        assert_eq!((found("c").baseline_rank, found("c").rank, found("c").places_gained()), (3.0, 1.5, 1.5));
        assert_eq!(shift.movers[0].feature, "a");
        assert_eq!(shift.moved_ratio, 1.5);
        assert!(shift.ndcg < 1.0 && shift.expected.is_none(), "errors are not known: {shift:?}");
    }

    #[test]
    fn nothing_to_compare_is_a_reason() {
        let one = [importance("a", 1.0)];
        assert_eq!(shift(&[], &one, 0), Err(Undefined::EmptyBaseline));
        assert_eq!(shift(&one, &[], 0), Err(Undefined::EmptyCurrent));
        assert_eq!(shift(&[importance("a", 0.0)], &one, 0), Err(Undefined::NoGain));
        assert_eq!(shift(&[importance("a", f64::NAN)], &one, 0), Err(Undefined::NotComparable));
        let silent = shift(&one, &[importance("a", 0.0)], 0).unwrap();
        assert_eq!((silent.ndcg, silent.rank_correlation, silent.movers[0].ratio), (1.0, None, 0.0));
    }

    /// Rows of five features whose sizes are `weights` times chi variables.
    fn rows(weights: [f64; 5], rows: u32, seed: u64) -> Vec<Importance> {
        use rand::SeedableRng;
        use rand_distr::{Distribution, StandardNormal};
        let mut random = rand_pcg::Pcg64::seed_from_u64(seed);
        let mut attributions = Attributions::new(["a", "b", "c", "d", "e"]);
        for _ in 0..rows {
            attributions.observe(&weights.map(|weight| {
                let z: f64 = StandardNormal.sample(&mut random);
                weight * z
            }));
        }
        attributions.importances(Aggregate::MeanAbs)
    }

    #[test]
    fn chance_alone_is_seldom_significant_and_a_swap_always() {
        let weights = [1.0, 0.95, 0.5, 0.48, 0.1];
        let (mut calm, mut shares, mut swapped) = (0, 0, 0);
        for seed in 0..200 {
            let baseline = rows(weights, 500, 2 * seed);
            let found = shift(&baseline, &rows(weights, 200, 2 * seed + 1), seed).unwrap();
            calm += u32::from(found.p_value.unwrap() < 0.05);
            shares += u32::from(found.movers.iter().any(|mover| mover.p_value.unwrap() < 0.01));
            let found =
                shift(&baseline, &rows([0.1, 0.95, 0.5, 0.48, 1.0], 200, 2 * seed + 1), seed).unwrap();
            let first: Vec<&str> = found.movers[..2].iter().map(|mover| mover.feature.as_str()).collect();
            swapped +=
                u32::from(found.p_value.unwrap() < 0.01 && first.contains(&"a") && first.contains(&"e"));
        }
        assert!(calm <= 20, "{calm} of 200 calm windows below 0.05");
        assert!(shares <= 20, "{shares} of 200 calm windows with a share of five below 0.01");
        assert_eq!(swapped, 200);
    }
}
