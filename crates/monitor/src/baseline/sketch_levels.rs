//! The levels of the published sketch format, made from a histogram.
//!
//! In that format an item on level `h` stands for `2^h` values. So the count of a slot is written in binary: its
//! representative stands on every level whose bit is set. The weights add up to the rows exactly; ranks are as
//! good as the slots (1/256 of the rows).

use sketch::{Bins, Histogram, Moments};

pub(super) fn levels(bins: &Bins, histogram: &Histogram, moments: &Moments) -> Vec<Vec<f64>> {
    let (Some(min), Some(max)) = (moments.min(), moments.max()) else { return Vec::new() };
    let mut levels: Vec<Vec<f64>> = Vec::new();
    for (index, rows) in histogram.entries() {
        let slot = bins.slot(index);
        let value = f64::midpoint(slot.lower.clamp(min, max), slot.upper.clamp(min, max));
        for level in (0..u64::BITS as usize).filter(|level| rows >> level & 1 == 1) {
            if levels.len() <= level {
                levels.resize(level + 1, Vec::new());
            }
            levels[level].push(value);
        }
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use sketch::ValueCounts;

    #[test]
    fn weights_add_up_to_the_rows() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i % 37)).collect();
        let bins = Bins::cut(&ValueCounts::new(values.clone()));
        let (mut histogram, mut moments) = (Histogram::default(), Moments::default());
        for value in values {
            histogram.observe(&bins, value);
            moments.observe(value);
        }
        let levels = levels(&bins, &histogram, &moments);
        let rows: usize = levels.iter().enumerate().map(|(level, items)| items.len() << level).sum();
        assert_eq!(rows, 1000);
        assert!(levels.iter().flatten().all(|value| (0.0..37.0).contains(value)));
    }
}
