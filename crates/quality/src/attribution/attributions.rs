//! Attributions of many rows as one mergeable state, and the importance of each feature that follows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sketch::Moments;

use super::slots::Slots;

/// How attributions of many rows become one number per feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Mean of the sizes; Clarify's default.
    MeanAbs,
    /// Median of the values, signs and all, as Clarify has it. Its size decides order and shares.
    Median,
    /// Mean of the squares.
    MeanSquared,
}

/// Attributions of rows, by feature.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Feature>", into = "BTreeMap<String, Feature>")]
pub struct Attributions {
    features: BTreeMap<String, Feature>,
    /// Names in the order that [`Attributions::observe`] takes values in.
    order: Vec<String>,
}

/// Attributions of one feature.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Feature {
    sizes: Moments,
    /// Sizes times the sum of sizes of their row, and squares of those sums: what a share's error needs.
    products: Moments,
    totals: Moments,
    values: Slots,
    missing: u64,
}

/// How much a feature drives predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// Name of the feature.
    pub feature: String,
    /// The aggregate; its size is the feature's weight.
    pub value: f64,
    /// Standard error of the value over rows; `None` where it is not known.
    pub standard_error: Option<f64>,
    /// Standard error of the feature's share of the sum over features; mean sizes only.
    pub share_error: Option<f64>,
    /// How far the value may be from that of the rows; 0 where it is exact.
    pub error_bound: f64,
    /// Rows with an attribution.
    pub rows: u64,
}

impl Attributions {
    /// No rows yet, of these features.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let order: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let features = order.iter().map(|name| (name.clone(), Feature::default())).collect();
        Self { features, order }
    }

    /// Takes a row: one attribution per feature, in the order of their names. What is not finite is missing, as is what a
    /// short row lacks.
    pub fn observe(&mut self, row: &[f64]) {
        let total: f64 = row.iter().take(self.order.len()).filter(|x| x.is_finite()).map(|x| x.abs()).sum();
        for (i, name) in self.order.iter().enumerate() {
            let Some(feature) = self.features.get_mut(name) else { continue };
            match row.get(i).filter(|value| value.is_finite()) {
                Some(&value) => feature.observe(value, total),
                None => feature.missing = feature.missing.saturating_add(1),
            }
        }
    }

    /// Adds another part, feature by feature.
    pub fn merge(&mut self, other: &Self) {
        for (name, theirs) in &other.features {
            let ours = self.features.entry(name.clone()).or_default();
            ours.sizes.merge(&theirs.sizes);
            ours.products.merge(&theirs.products);
            ours.totals.merge(&theirs.totals);
            ours.values.merge(&theirs.values);
            ours.missing = ours.missing.saturating_add(theirs.missing);
        }
    }

    /// Rows without an attribution of the feature; `None` for one that is not known.
    #[must_use]
    pub fn missing_rows(&self, feature: &str) -> Option<u64> {
        self.features.get(feature).map(|feature| feature.missing)
    }

    /// The importance of each feature that has attributions, by name.
    #[must_use]
    pub fn importances(&self, aggregate: Aggregate) -> Vec<Importance> {
        let means = self.features.values().filter_map(|feature| feature.sizes.mean());
        let sum: f64 = means.sum();
        let importance = |(name, feature): (&String, &Feature)| {
            let rows = feature.sizes.values();
            let per_root = 1.0 / (rows as f64).sqrt();
            let (value, error, error_bound) = match aggregate {
                Aggregate::MeanAbs => {
                    let error = feature.sizes.std_dev().map(|spread| spread * per_root);
                    (feature.sizes.mean()?, error, 0.0)
                }
                Aggregate::Median => {
                    let (median, bound) = feature.values.median()?;
                    (median, feature.values.median_error(), bound)
                }
                Aggregate::MeanSquared => {
                    let square = feature.mean_square()?;
                    let fourth = feature.values.mean(|x| (x * x) * (x * x));
                    let spread = (fourth - square * square).max(0.0).sqrt();
                    (square, Some(spread * per_root), 0.0)
                }
            };
            Some(Importance {
                feature: name.clone(),
                value,
                standard_error: error.filter(|error| rows > 1 && error.is_finite()),
                share_error: feature.share_error(sum).filter(|_| aggregate == Aggregate::MeanAbs && rows > 1),
                error_bound,
                rows,
            })
        };
        self.features.iter().filter_map(importance).collect()
    }
}

impl Feature {
    fn observe(&mut self, value: f64, total: f64) {
        self.sizes.observe(value.abs());
        self.products.observe(value.abs() * total);
        self.totals.observe(total);
        self.values.observe(value);
    }

    fn mean_square(&self) -> Option<f64> {
        let mean = self.sizes.mean()?;
        Some(self.sizes.variance()? + mean * mean)
    }

    /// Standard error of mean size over `sum`, the ratio of two means of the same rows, to first order.
    fn share_error(&self, sum: f64) -> Option<f64> {
        let (mean, total) = (self.sizes.mean()?, self.totals.mean()?);
        let share = mean / sum;
        let covariance = self.products.mean()? - mean * total;
        let variance =
            self.sizes.variance()? - 2.0 * share * covariance + share * share * self.totals.variance()?;
        let error = (variance.max(0.0) / self.sizes.values() as f64).sqrt() / sum;
        error.is_finite().then_some(error)
    }
}

impl From<Attributions> for BTreeMap<String, Feature> {
    fn from(attributions: Attributions) -> Self {
        attributions.features
    }
}

impl TryFrom<BTreeMap<String, Feature>> for Attributions {
    type Error = &'static str;

    fn try_from(features: BTreeMap<String, Feature>) -> Result<Self, Self::Error> {
        let sound = |feature: &Feature| {
            let rows = feature.sizes.values();
            let bounds = [&feature.sizes, &feature.products, &feature.totals].map(Moments::min);
            feature.sizes.is_sound()
                && feature.totals.values() == rows
                && feature.products.values() == rows
                && feature.values.rows() == rows
                && feature.missing <= sketch::MOST_ROWS
                && bounds.iter().flatten().all(|least| *least >= 0.0)
        };
        if !features.values().all(sound) {
            return Err("attributions whose counts contradict each other");
        }
        Ok(Self { order: features.keys().cloned().collect(), features })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(rows: &[[f64; 3]]) -> Attributions {
        let mut attributions = Attributions::new(["b", "a", "c"]);
        rows.iter().for_each(|row| attributions.observe(row));
        attributions
    }

    #[test]
    fn aggregates_are_those_of_the_rows() {
        let attributions = of(&[[1.0, -2.0, 0.0], [-3.0, 2.0, f64::NAN], [5.0, -2.0, 0.0]]);
        let value = |aggregate, feature: usize| attributions.importances(aggregate)[feature].clone();
        assert_eq!((value(Aggregate::MeanAbs, 1).value, value(Aggregate::MeanAbs, 1).rows), (3.0, 3));
        assert_eq!(value(Aggregate::MeanSquared, 0).value, 4.0);
        let median = value(Aggregate::Median, 0);
        assert!((median.value + 2.0).abs() <= median.error_bound && median.error_bound < 0.016, "{median:?}");
        assert!((value(Aggregate::MeanSquared, 1).value - 35.0 / 3.0).abs() < 1e-12);
        assert_eq!(attributions.missing_rows("c"), Some(1));
        assert_eq!(value(Aggregate::MeanAbs, 2).value, 0.0);
        assert!(Attributions::new(["a"]).importances(Aggregate::Median).is_empty());
    }

    #[test]
    fn the_error_of_a_share_is_that_of_jackknifed_rows() {
        let rows: Vec<[f64; 3]> = (0..300_u32)
            .map(|i| {
                [f64::from(i % 7) - 3.0, f64::from(i % 11) * 0.5, f64::from(i % 7) * 0.2 + f64::from(i % 3)]
            })
            .collect();
        let share = |rows: &[[f64; 3]]| {
            let importances = of(rows).importances(Aggregate::MeanAbs);
            importances[1].value / importances.iter().map(|i| i.value).sum::<f64>()
        };
        let without: Vec<f64> = (0..rows.len())
            .map(|out| {
                share(
                    &rows.iter().enumerate().filter(|(i, _)| *i != out).map(|(_, r)| *r).collect::<Vec<_>>(),
                )
            })
            .collect();
        let n = rows.len() as f64;
        let mean = without.iter().sum::<f64>() / n;
        let jackknife = ((n - 1.0) / n * without.iter().map(|s| (s - mean).powi(2)).sum::<f64>()).sqrt();
        let ours = of(&rows).importances(Aggregate::MeanAbs)[1].share_error.unwrap();
        assert!((ours / jackknife - 1.0).abs() < 0.02, "{ours} {jackknife}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn parts_merge_in_any_order_and_survive_bytes(
            rows in proptest::collection::vec(proptest::array::uniform3(-1e3..1e3), 0..30), cut in 0_usize..30,
        ) {
            let cut = cut.min(rows.len());
            let (mut left, mut right) = (of(&rows[..cut]), of(&rows[cut..]));
            let (first, second) = (left.clone(), right.clone());
            left.merge(&second);
            right.merge(&first);
            prop_assert_eq!(&left, &of(&rows));
            prop_assert_eq!(&left, &right);
            let bytes = sketch::to_bytes(&left).unwrap();
            let read: Attributions = sketch::from_bytes(&bytes).unwrap();
            prop_assert_eq!(read.importances(Aggregate::MeanAbs), left.importances(Aggregate::MeanAbs));
            prop_assert_eq!(sketch::to_bytes(&read).unwrap(), bytes);
            for aggregate in [Aggregate::MeanAbs, Aggregate::Median, Aggregate::MeanSquared] {
                for importance in left.importances(aggregate) {
                    prop_assert!(importance.value.is_finite() && importance.error_bound >= 0.0);
                    prop_assert!(importance.standard_error.is_none_or(|e| e.is_finite() && e >= 0.0));
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let bytes = [vec![sketch::FORMAT_VERSION], bytes].concat();
            if let Ok(read) = sketch::from_bytes::<Attributions>(&bytes) {
                prop_assert!(read.importances(Aggregate::Median).iter().all(|importance| importance.rows > 0));
            }
        }
    }

    #[test]
    fn counts_that_contradict_each_other_are_refused() {
        let damaged = |change: fn(&mut Feature)| {
            let mut features = of(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).features;
            change(features.get_mut("a").unwrap());
            sketch::from_bytes::<Attributions>(&sketch::to_bytes(&features).unwrap()).is_err()
        };
        assert!(!damaged(|_| {}));
        assert!(damaged(|feature| feature.values.observe(1.0)));
        assert!(damaged(|feature| feature.totals.observe(1.0)));
        assert!(damaged(|feature| feature.missing = u64::MAX));
        assert!(damaged(|feature| feature.sizes = {
            let mut m = Moments::default();
            m.observe(-1.0);
            m.observe(1.0);
            m
        }));
    }
}
