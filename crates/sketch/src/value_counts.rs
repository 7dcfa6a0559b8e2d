//! The exact values of a baseline column with their counts: what bins are cut from.

/// Different values in ascending order, each with the number of rows that hold it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ValueCounts {
    /// Ascending and different; all finite.
    values: Vec<(f64, u64)>,
    rows: u64,
}

impl ValueCounts {
    /// Sorts and counts values; those that are not finite are left out.
    #[must_use]
    pub fn new(mut values: Vec<f64>) -> Self {
        values.retain(|value| value.is_finite());
        // Adding 0 turns -0 into 0, which sorts below it by bits but is the same value.
        values.iter_mut().for_each(|value| *value += 0.0);
        values.sort_unstable_by(f64::total_cmp);
        let mut counts: Vec<(f64, u64)> = Vec::new();
        for value in values {
            match counts.last_mut() {
                Some((last, count)) if last.total_cmp(&value).is_eq() => *count += 1,
                _ => counts.push((value, 1)),
            }
        }
        Self::from_sorted(counts)
    }

    /// Sorts values that stand for so many rows each, such as the items of a sketch; those that are not finite are left
    /// out. A value of no rows is a value all the same: it can be a bound of the range.
    #[must_use]
    pub fn weighted(mut values: Vec<(f64, u64)>) -> Self {
        values.retain(|(value, _)| value.is_finite());
        values.iter_mut().for_each(|(value, _)| *value += 0.0);
        values.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        let sum = |same: &[(f64, u64)]| (same[0].0, same.iter().map(|(_, rows)| rows).sum());
        Self::from_sorted(values.chunk_by(|(a, _), (b, _)| a.total_cmp(b).is_eq()).map(sum).collect())
    }

    /// Adds another part.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if self.rows == 0 {
            return other;
        }
        let mut merged = Vec::with_capacity(self.values.len() + other.values.len());
        let (mut left, mut right) = (self.values.into_iter().peekable(), other.values.into_iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some((a, _)), Some((b, _))) => a.total_cmp(b),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => break,
            };
            match order {
                std::cmp::Ordering::Less => merged.extend(left.next()),
                std::cmp::Ordering::Greater => merged.extend(right.next()),
                std::cmp::Ordering::Equal => {
                    merged.extend(left.next().zip(right.next()).map(|((value, a), (_, b))| (value, a + b)))
                }
            }
        }
        Self::from_sorted(merged)
    }

    /// The different values with their counts, ascending.
    #[must_use]
    pub fn values(&self) -> &[(f64, u64)] {
        &self.values
    }

    /// All rows counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The quantiles at ascending `shares` (0 to 1), linear between neighbours (type 7 of Hyndman and Fan
    /// 1996, the default of NumPy and R). Empty without rows.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks are below 2^53 and never negative"
    )]
    pub fn quantiles(&self, shares: &[f64]) -> Vec<f64> {
        let Some(last) = self.rows.checked_sub(1) else { return Vec::new() };
        let mut cumulative = 0;
        let ends: Vec<u64> = self
            .values
            .iter()
            .map(|(_, count)| {
                cumulative += count;
                cumulative
            })
            .collect();
        let at = |rank: u64| self.values[ends.partition_point(|&end| end <= rank).min(ends.len() - 1)].0;
        shares
            .iter()
            .map(|share| {
                let position = share.clamp(0.0, 1.0) * last as f64;
                let below = position.floor();
                let (low, high) = (at(below as u64), at((below as u64 + 1).min(last)));
                let weight = position - below;
                // Counted from the nearer end, so that a weight of 1 gives `high` itself.
                if weight < 0.5 { low + (high - low) * weight } else { high - (high - low) * (1.0 - weight) }
            })
            .collect()
    }

    /// Counts of different values in ascending order.
    pub(crate) fn from_sorted(values: Vec<(f64, u64)>) -> Self {
        let rows = values.iter().map(|(_, count)| count).sum();
        Self { values, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::ValueCounts;

    #[test]
    fn counts_values_and_merges() {
        let left = ValueCounts::new(vec![2.0, f64::NAN, -0.0, 0.0]);
        assert_eq!(left.values(), [(0.0, 2), (2.0, 1)]);
        let both = left.merge(ValueCounts::new(vec![1.0, 2.0]));
        assert_eq!(both.values(), [(0.0, 2), (1.0, 1), (2.0, 2)]);
        assert_eq!(both.rows(), 5);
    }

    #[test]
    fn weighted_values_are_repeated_ones_and_bounds_may_weigh_nothing() {
        let weighted = ValueCounts::weighted(vec![(2.0, 1), (f64::NAN, 9), (-0.0, 2), (2.0, 4)]);
        assert_eq!(weighted, ValueCounts::new(vec![0.0, 0.0, 2.0, 2.0, 2.0, 2.0, 2.0]));
        let bounded = ValueCounts::weighted(vec![(1.0, 0), (2.0, 2), (3.0, 2), (9.0, 0)]);
        assert_eq!(bounded.quantiles(&[0.0, 0.5, 1.0]), [2.0, 2.5, 3.0]);
        assert_eq!(crate::Bins::cut(&bounded).range(), Some((1.0, 9.0)));
    }

    #[test]
    fn quantiles_are_linear() {
        let counts = ValueCounts::new(vec![1.0, 2.0, 3.0, 10.0]);
        assert_eq!(counts.quantiles(&[0.0, 0.5, 0.75, 1.0]), [1.0, 2.5, 4.75, 10.0]);
        assert_eq!(ValueCounts::default().quantiles(&[0.5]), [] as [f64; 0]);
    }
}
