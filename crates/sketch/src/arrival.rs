//! What depends on the order in which numbers arrive: Deequ's quantile sketch, and sums as Spark takes them.
//!
//! Spark adds doubles one by one and updates mean and sum of squared deviations with each (Welford 1962; parts are joined as
//! by Chan, Golub and LeVeque 1979), so its last digits are those of one order of the rows. Here they are the same, to the
//! bit, for the rows of a file in its order. They are kept to agree with that program: [`crate::Moments`] are exact.

use serde::{Deserialize, Serialize};

use crate::Kll;

/// Summaries of numbers in their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    sketch: Kll,
    values: u64,
    sum: f64,
    mean: f64,
    squares: f64,
}

#[expect(clippy::cast_precision_loss, reason = "rows are below 2^53")]
impl Arrival {
    /// What a published document holds: a sketch, and the sum and population standard deviation of the values that it
    /// stands for.
    #[must_use]
    pub fn published(sketch: Kll, sum: f64, std_dev: f64) -> Self {
        let values = sketch.rows();
        let rows = values.max(1) as f64;
        Self { sketch, values, sum, mean: sum / rows, squares: std_dev * std_dev * rows }
    }

    /// Takes finite numbers in their order.
    pub fn observe_all(&mut self, finite: &[f64]) {
        self.sketch.observe_all(finite);
        for value in finite {
            self.values += 1;
            self.sum += value;
            let deviation = value - self.mean;
            let step = deviation / self.values as f64;
            self.mean += step;
            self.squares += deviation * (deviation - step);
        }
    }

    /// Adds another part behind what is here.
    pub fn merge(&mut self, other: &Self) {
        if other.values == 0 {
            return;
        }
        self.sketch.merge(&other.sketch);
        let (ours, theirs) = (self.values as f64, other.values as f64);
        self.values += other.values;
        self.sum += other.sum;
        let deviation = other.mean - self.mean;
        let step = deviation / self.values as f64;
        self.mean += step * theirs;
        self.squares += other.squares + deviation * step * ours * theirs;
    }

    /// The sketch.
    #[must_use]
    pub fn sketch(&self) -> &Kll {
        &self.sketch
    }

    /// How many numbers were taken.
    #[must_use]
    pub fn values(&self) -> u64 {
        self.values
    }

    /// The sum, one addition after the other.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// That sum by the number of values; `None` without any.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.values > 0).then(|| self.sum / self.values as f64)
    }

    /// Population standard deviation (divides by n); `None` without values.
    #[must_use]
    pub fn std_dev(&self) -> Option<f64> {
        (self.values > 0).then(|| (self.squares / self.values as f64).sqrt())
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.sketch.heap_bytes()
    }

    /// Whether the sketch is sound and stands for as many values as were taken, as bytes from outside may not.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.sketch.is_sound() && self.sketch.rows() == self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moments;

    fn of(values: &[f64]) -> Arrival {
        let mut arrival = Arrival::default();
        arrival.observe_all(values);
        arrival
    }

    #[test]
    fn sums_are_those_of_one_order() {
        let values = [0.1, 0.2, 0.3, 1e16, -1e16];
        assert_eq!(of(&values).sum(), ((0.1 + 0.2) + 0.3 + 1e16) - 1e16);
        assert_ne!(of(&values).sum(), Moments::default().sum() + 0.6);
        assert_eq!((of(&[]).mean(), of(&[]).std_dev()), (None, None));
    }

    #[test]
    fn parts_join_to_the_moments_of_the_whole() {
        let values: Vec<f64> = (0..7_000).map(|i| f64::from(i * 7_919 % 1_000) / 8.0 + 1e6).collect();
        let mut exact = Moments::default();
        exact.observe_all(&values);
        let mut joined = Arrival::default();
        joined.merge(&Arrival::default());
        for part in values.chunks(1_999) {
            joined.merge(&of(part));
        }
        for arrival in [&joined, &of(&values)] {
            assert!(arrival.is_sound() && arrival.values() == 7_000);
            assert!((arrival.mean().unwrap() - exact.mean().unwrap()).abs() < 1e-6);
            assert!((arrival.std_dev().unwrap() - exact.std_dev().unwrap()).abs() < 1e-8);
        }
        let mut first = Arrival::default();
        first.merge(&of(&values));
        assert_eq!(first, of(&values), "an empty one becomes the part");
    }

    #[test]
    fn a_published_document_gives_back_its_numbers() {
        let whole = of(&[1.0, 2.0, 4.0, 7.5]);
        let published = Arrival::published(whole.sketch().clone(), whole.sum(), whole.std_dev().unwrap());
        assert_eq!((published.sum(), published.mean(), published.values()), (14.5, whole.mean(), 4));
        assert!((published.std_dev().unwrap() - whole.std_dev().unwrap()).abs() < 1e-15);
        let other = Arrival { values: 5, ..whole };
        assert!(!other.is_sound());
    }
}
