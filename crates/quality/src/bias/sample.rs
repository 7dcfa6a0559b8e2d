//! Rows kept for the metric that looks at rows: a sample of each value of a facet, mergeable, of bounded size.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sketch::{MAX_NAME_BYTES, MOST_ROWS, short_name};

use super::flip_test::Sides;
use super::metric::Undefined;
use super::tally::MOST_PAIRS;

/// Rows that are kept, of all values of a facet together.
pub const MOST_KEPT: usize = 8192;

/// Rows of each value of a facet, with their features and predictions: all of them while they are few, else those with the
/// smallest keys. Of each value no more are kept than the limit, the largest with which all are [`MOST_KEPT`] at most: so a rare
/// value keeps all its rows, and what is kept does not depend on the order of rows or parts.
///
/// Keys decide what is kept: give each row one of its own that looks random, such as a hash of where it lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Sample {
    /// Features of a row.
    width: usize,
    values: BTreeMap<String, OfValue>,
    /// Rows of one value that are kept at most.
    limit: usize,
    /// Rows without a finite number as each feature.
    left_out: u64,
    /// Whether there are too many values; nothing is kept then.
    refused: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct OfValue {
    /// Rows that were seen.
    rows: u64,
    /// Those that are kept, by key.
    kept: BTreeMap<u64, Kept>,
}

#[derive(Clone, Debug, PartialEq)]
struct Kept {
    prediction: bool,
    labelled: bool,
    features: Box<[f64]>,
}

/// A row as it is observed.
#[derive(Clone, Copy, Debug)]
pub struct SampledRow<'a> {
    /// What decides whether it is kept.
    pub key: u64,
    /// Value of the facet, as [`super::Facet::name`] has it.
    pub facet: &'a str,
    /// Whether it is predicted positive.
    pub prediction: bool,
    /// Whether its label is known.
    pub labelled: bool,
    /// As many as the sample is wide.
    pub features: &'a [f64],
}

impl Sample {
    /// Of no row yet, of so many features.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, values: BTreeMap::new(), limit: MOST_KEPT, left_out: 0, refused: false }
    }

    /// Takes a row, unless others have smaller keys. One of another width, or with a feature that is not finite, is left out.
    pub fn observe(&mut self, row: SampledRow<'_>) {
        if row.features.len() != self.width || !row.features.iter().all(|x| x.is_finite()) {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        if self.refused {
            return;
        }
        let limit = self.limit;
        let of_value = self.values.entry(short_name(row.facet).into_owned()).or_default();
        of_value.rows = of_value.rows.saturating_add(1);
        let is_full = of_value.kept.len() >= limit;
        if is_full && of_value.kept.last_key_value().is_none_or(|(last, _)| row.key >= *last) {
            return;
        }
        let kept = Kept { prediction: row.prediction, labelled: row.labelled, features: row.features.into() };
        of_value.kept.entry(row.key).or_insert(kept);
        of_value.cut(limit);
        if !is_full {
            self.settle();
        }
    }

    /// Adds another part; says whether it has the same features. If not, nothing is added.
    #[must_use]
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.width != other.width {
            return false;
        }
        self.left_out = self.left_out.saturating_add(other.left_out);
        self.refused |= other.refused;
        self.limit = self.limit.min(other.limit);
        for (name, theirs) in &other.values {
            let ours = self.values.entry(name.clone()).or_default();
            ours.rows = ours.rows.saturating_add(theirs.rows);
            for (key, row) in &theirs.kept {
                ours.kept.entry(*key).or_insert_with(|| row.clone());
            }
        }
        let limit = self.limit;
        self.values.values_mut().for_each(|of_value| of_value.cut(limit));
        self.settle();
        true
    }

    /// Rows left out for a feature that is not a finite number.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The rows of the values that are in the group, and the rest of them: of each side a sample in which every row of the side
    /// is as likely, in random order. With `labelled` just those whose label is known.
    ///
    /// # Errors
    /// [`Undefined::TooManyValues`]; [`Undefined::NotFinite`] where every row was left out.
    pub fn sides(&self, in_group: impl Fn(&str) -> bool, labelled: bool) -> Result<Sides, Undefined> {
        if self.refused {
            return Err(Undefined::TooManyValues);
        }
        if self.values.is_empty() && self.left_out > 0 {
            return Err(Undefined::NotFinite);
        }
        let mut sides = Sides::new(self.width);
        for (is_group, side) in [(false, &mut sides.rest), (true, &mut sides.group)] {
            let values = self.values.iter().filter(|(name, _)| in_group(name) == is_group);
            let values: Vec<&OfValue> = values.map(|(_, of_value)| of_value).collect();
            // Where a value lost rows, rows of all others beyond its last key would count too much beside it.
            let last = |of_value: &&OfValue| Some(*of_value.kept.last_key_value()?.0);
            let lost = values.iter().copied().filter(|of_value| of_value.rows > of_value.kept.len() as u64);
            let end = lost.filter_map(|of_value| last(&of_value)).min();
            side.is_whole = end.is_none();
            let end = end.unwrap_or(u64::MAX);
            let kept = values.iter().flat_map(|of_value| of_value.kept.range(..=end));
            let mut kept: Vec<_> = kept.filter(|(_, row)| row.labelled || !labelled).collect();
            kept.sort_unstable_by_key(|(key, _)| **key);
            for (_, row) in kept {
                side.push(&row.features, row.prediction);
            }
        }
        Ok(sides)
    }

    /// Bytes on the heap, nearly.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.kept() * (size_of::<(u64, Kept)>() + self.width * size_of::<f64>())
            + self.values.len() * (size_of::<OfValue>() + MAX_NAME_BYTES)
    }

    fn kept(&self) -> usize {
        self.values.values().map(|of_value| of_value.kept.len()).sum()
    }

    /// Keeps to the bounds. The limit is the largest with which what is kept is few enough: all of a value below it were kept,
    /// so that numbers of rows alone decide.
    fn settle(&mut self) {
        if self.refused || self.values.len() > MOST_PAIRS {
            self.refused = true;
            self.limit = MOST_KEPT;
            self.values.clear();
            return;
        }
        if self.kept() <= MOST_KEPT {
            return;
        }
        let with = |limit: usize| -> usize { self.values.values().map(|v| v.kept.len().min(limit)).sum() };
        let (mut fits, mut exceeds) = (0, self.limit);
        while exceeds - fits > 1 {
            let limit = usize::midpoint(fits, exceeds);
            if with(limit) <= MOST_KEPT {
                fits = limit;
            } else {
                exceeds = limit;
            }
        }
        self.limit = fits;
        self.values.values_mut().for_each(|of_value| of_value.cut(fits));
    }
}

impl OfValue {
    fn cut(&mut self, limit: usize) {
        while self.kept.len() > limit {
            self.kept.pop_last();
        }
    }
}

/// What is written down.
#[derive(Serialize, Deserialize)]
struct Stored {
    width: usize,
    limit: usize,
    left_out: u64,
    refused: bool,
    values: Vec<StoredValue>,
}

#[derive(Serialize, Deserialize)]
struct StoredValue {
    name: String,
    rows: u64,
    keys: Vec<u64>,
    predictions: Vec<bool>,
    labelled: Vec<bool>,
    /// Row by row.
    features: Vec<f64>,
}

impl From<Sample> for Stored {
    fn from(sample: Sample) -> Self {
        let Sample { width, values, limit, left_out, refused } = sample;
        let of_value = |(name, OfValue { rows, kept }): (String, OfValue)| StoredValue {
            name,
            rows,
            keys: kept.keys().copied().collect(),
            predictions: kept.values().map(|row| row.prediction).collect(),
            labelled: kept.values().map(|row| row.labelled).collect(),
            features: kept.values().flat_map(|row| row.features.iter().copied()).collect(),
        };
        Self { width, limit, left_out, refused, values: values.into_iter().map(of_value).collect() }
    }
}

impl TryFrom<Stored> for Sample {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { width, limit, left_out, refused, values } = stored;
        let rows = values.iter().map(|of_value| of_value.rows);
        if rows.chain([left_out]).fold(0, u64::saturating_add) > MOST_ROWS {
            return Err("more rows than can be");
        }
        if values.len() > MOST_PAIRS || refused && !values.is_empty() || !(2..=MOST_KEPT).contains(&limit) {
            return Err("more values than are kept");
        }
        if !values.is_sorted_by(|left, right| left.name < right.name) {
            return Err("values of a facet out of order");
        }
        let mut sample = Self { width, values: BTreeMap::new(), limit, left_out, refused };
        for StoredValue { name, rows, keys, predictions, labelled, features } in values {
            let as_many = [predictions.len(), labelled.len()].iter().all(|len| *len == keys.len())
                && Some(features.len()) == keys.len().checked_mul(width);
            if !as_many || keys.len() > limit || keys.len() as u64 > rows || rows == 0 {
                return Err("another number of rows than is said");
            }
            if width == 0 || !keys.is_sorted_by(|left, right| left < right) || name.len() > MAX_NAME_BYTES {
                return Err("keys of rows out of order, or a name that is too long");
            }
            if !features.iter().all(|x| x.is_finite()) {
                return Err("a feature that is not finite");
            }
            let flags = predictions.into_iter().zip(labelled);
            let kept = keys.into_iter().zip(flags).zip(features.chunks_exact(width)).map(
                |((key, (prediction, labelled)), features)| {
                    (key, Kept { prediction, labelled, features: features.into() })
                },
            );
            sample.values.insert(name, OfValue { rows, kept: kept.collect() });
        }
        if sample.kept() > MOST_KEPT {
            return Err("more rows than are kept");
        }
        Ok(sample)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample(rows: &[(usize, u64)]) -> Sample {
        let mut sample = Sample::new(2);
        for (value, key) in rows {
            sample.observe(SampledRow {
                key: sketch::hash_f64(*key as f64),
                facet: ["a", "b", "c"][*value],
                prediction: key % 3 == 0,
                labelled: key % 2 == 0,
                features: &[*key as f64, *value as f64],
            });
        }
        sample
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn parts_in_any_order_keep_the_same(
            sizes in (0_usize..9000, 0_usize..9000, 0_usize..40), cuts in (0_usize..18_000, 0_usize..18_000),
        ) {
            let value = |row: usize| usize::from(row >= sizes.0) + usize::from(row >= sizes.0 + sizes.1);
            let all = sizes.0 + sizes.1 + sizes.2;
            let mut rows: Vec<(usize, u64)> = (0..all).map(|row| (value(row), row as u64)).collect();
            let one = sample(&rows);
            let mut mixed = rows.clone();
            mixed.sort_by_key(|(_, key)| sketch::hash_f64(*key as f64 + 0.5));
            prop_assert_eq!(&sample(&mixed), &one);
            rows = mixed;
            let (low, high) = (cuts.0.min(cuts.1).min(all), cuts.0.max(cuts.1).min(all));
            let parts = [sample(&rows[..low]), sample(&rows[low..high]), sample(&rows[high..])];
            let (mut left, mut right) = (parts[0].clone(), parts[2].clone());
            prop_assert!(left.merge(&parts[1]) && left.merge(&parts[2]));
            prop_assert!(right.merge(&parts[0]) && right.merge(&parts[1]));
            prop_assert_eq!(&left, &one);
            prop_assert_eq!(&right, &one);
            prop_assert!(one.kept() <= MOST_KEPT && (all > MOST_KEPT || one.kept() == all));
            prop_assert_eq!(sketch::from_bytes::<Sample>(&sketch::to_bytes(&one).unwrap()), Ok(one));
        }
    }

    #[test]
    fn rare_values_keep_all_and_the_rest_is_as_mixed_as_its_rows() {
        // 30,000, 10,000 and 50 rows: each of the large ones keeps half of what the small one leaves.
        let rows = |value: usize, rows: u64, from: u64| (from..from + rows).map(move |key| (value, key));
        let rows: Vec<_> =
            rows(0, 30_000, 0).chain(rows(1, 10_000, 30_000)).chain(rows(2, 50, 40_000)).collect();
        let sample = sample(&rows);
        assert_eq!(sample.limit, (MOST_KEPT - 50) / 2);
        let sides = sample.sides(|name| name == "c", false).unwrap();
        assert_eq!((sides.group.rows(), sides.group.is_whole, sides.rest.is_whole), (50, true, false));
        let of_first = sides.rest.features().chunks_exact(2).filter(|row| row[1] < 0.5).count();
        let share = of_first as f64 / sides.rest.rows() as f64;
        assert!((share - 0.75).abs() < 0.02, "{share}");
        assert_eq!(sample.sides(|name| name == "c", true).unwrap().group.rows(), 25);
    }

    #[test]
    fn what_cannot_be_kept_is_said() {
        let mut sample = Sample::new(1);
        let observe = |sample: &mut Sample, key: u64, facet: &str, feature: f64| {
            sample.observe(SampledRow { key, facet, prediction: true, labelled: true, features: &[feature] });
        };
        observe(&mut sample, 1, "a", f64::NAN);
        assert_eq!(sample.sides(|_| true, false), Err(Undefined::NotFinite));
        (0..=MOST_PAIRS as u64).for_each(|key| observe(&mut sample, key, &key.to_string(), 0.0));
        assert_eq!(sample.sides(|_| true, false), Err(Undefined::TooManyValues));
        assert_eq!((sample.left_out(), sample.kept()), (1, 0));
        let mut other = Sample::new(1);
        assert!(other.merge(&sample));
        assert_eq!(other, sample);
        assert!(!other.merge(&Sample::new(2)));
    }
}
