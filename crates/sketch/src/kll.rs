//! A quantile sketch that depends on the order of arrival, as Deequ and so SageMaker Model Monitor keep it.
//!
//! It is the sketch of Karnin, Lang and Liberty, "Optimal Quantile Approximation in Streams" (2016), in the deterministic
//! form of Deequ 2.0 (`analyzers/QuantileNonSample.scala`): `k` = 2048, `c` = 0.64, no random bits. The items of level `h` stand
//! for `2^h` values each. Values arrive on level 0; when there are more items than all levels have room for, the first
//! full level is sorted and every second item of it goes one level up.
//!
//! So, unlike all other summaries of this crate, it is neither commutative nor associative: the sketch of a whole is not
//! that of merged parts. What holds is that the same values in the same order, merged in the same places, give the same
//! sketch to the bit. A file in its order gives the sketch that Spark makes of it in one partition; of a file that Spark
//! reads in several, it merges as many sketches in an order of its own, and keeps other items.
//!
//! Up to 2,050 rows every value is kept; beyond that ranks are good to 1/200 of the rows, mostly to far less.

use serde::{Deserialize, Serialize};

use crate::{Error, MOST_ROWS};

/// `k` of the published parameters: room on level 0, nearly.
pub const KLL_SIZE: f64 = 2048.0;
/// `c` of the published parameters: room on a level as a share of the level below.
pub const KLL_SHRINKAGE: f64 = 0.64;
/// Equal-width buckets of the published formats.
pub const KLL_BUCKETS: usize = 10;
/// More levels than [`MOST_ROWS`] values can fill.
const MOST_LEVELS: usize = 54;

/// The sketch: items by level, and how often each level was compacted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Kll {
    levels: Vec<Vec<f64>>,
    compactions: Vec<u64>,
}

impl Kll {
    /// A sketch of these levels, as files hold them. They do not say how often a level was compacted, which matters only
    /// for values and sketches that are added to it.
    ///
    /// # Errors
    /// [`Error::Decode`] when an item is not finite, or the items stand for more than [`MOST_ROWS`] values.
    pub fn from_levels(levels: Vec<Vec<f64>>) -> Result<Self, Error> {
        let compactions = vec![0; levels.len()];
        let sketch = Self { levels, compactions };
        if sketch.is_sound() {
            Ok(sketch)
        } else {
            Err(Error::Decode { reason: "items are not numbers, or stand for too many values".to_owned() })
        }
    }

    /// Takes one value; values that are not finite are left out.
    pub fn observe(&mut self, value: f64) {
        if value.is_finite() {
            self.observe_all(&[value]);
        }
    }

    /// Takes finite numbers in their order; the same as taking each of them.
    pub fn observe_all(&mut self, finite: &[f64]) {
        let mut rest = finite;
        while !rest.is_empty() {
            if self.levels.is_empty() {
                self.grow();
            }
            // The value that finds no room is taken before room is made.
            let taken = (self.room().saturating_sub(self.items()) + 1).min(rest.len());
            let (now, later) = rest.split_at(taken);
            self.levels[0].extend_from_slice(now);
            if self.items() > self.room() {
                self.compact();
            }
            rest = later;
        }
    }

    /// Adds another part behind what is here: level by level, then compacted until there is room. An empty part changes
    /// nothing, and an empty sketch becomes the part.
    pub fn merge(&mut self, other: &Self) {
        if other.items() == 0 {
            return;
        }
        if self.items() == 0 {
            self.clone_from(other);
            return;
        }
        while self.levels.len() < other.levels.len() {
            self.grow();
        }
        for (ours, theirs) in self.levels.iter_mut().zip(&other.levels) {
            ours.extend_from_slice(theirs);
        }
        while self.items() >= self.room() && self.compact() {}
    }

    /// Items of each level, in the order in which they came there; one on level `h` stands for `2^h` values.
    #[must_use]
    pub fn levels(&self) -> &[Vec<f64>] {
        &self.levels
    }

    /// Values that the items stand for: as many as were taken.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.weighted().map(|(_, weight)| weight).sum()
    }

    /// Every item with the number of values that it stands for, level by level.
    pub fn weighted(&self) -> impl Iterator<Item = (f64, u64)> {
        self.levels
            .iter()
            .zip(0..)
            .flat_map(|(items, level)| items.iter().map(move |item| (*item, 1 << level)))
    }

    /// Ten buckets of equal width between `min` and `max`: lower bound, upper bound, and the rows in them by the sketch,
    /// closed on the left, the last on both sides. The bounds are rounded as in the published files.
    #[must_use]
    pub fn buckets(&self, min: f64, max: f64) -> [(f64, f64, u64); KLL_BUCKETS] {
        let mut bounds = equal_width(min, max);
        let last = bounds.len() - 1;
        for (index, (lower, upper, rows)) in bounds.iter_mut().enumerate() {
            let within = |item: f64| *lower <= item && (item < *upper || (index == last && item <= *upper));
            *rows = self.weighted().filter(|(item, _)| within(*item)).map(|(_, weight)| weight).sum();
        }
        bounds
    }

    /// How far the share of values below any point can be from that of the values taken, at worst: each time a level was
    /// compacted, ranks moved by one item of it at most. What is measured is far less.
    #[must_use]
    pub fn rank_error(&self) -> f64 {
        let rows = self.rows();
        let mut above = rows;
        let mut moved = 0;
        for (items, level) in self.levels.iter().zip(0_usize..) {
            above -= (items.len() as u64) << level;
            // What lies above a level went through it, a full level at a time.
            let compactions = above / ((room(level) as u64) << level);
            moved += compactions.max(u64::from(above > 0)) << level;
        }
        if rows == 0 { 0.0 } else { (moved as f64 / rows as f64).min(1.0) }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let items: usize = self.levels.iter().map(Vec::capacity).sum();
        (items + self.compactions.capacity()) * size_of::<f64>()
            + self.levels.capacity() * size_of::<Vec<f64>>()
    }

    /// Whether all items are finite and stand for a number of rows that can be, as bytes from outside may not.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let rows = || {
            self.levels.iter().zip(0_u32..).try_fold(0_u64, |rows, (items, level)| {
                let weighted = (items.len() as u64).checked_mul(1 << level)?;
                rows.checked_add(weighted).filter(|rows| *rows <= MOST_ROWS)
            })
        };
        self.levels.len() <= MOST_LEVELS
            && self.compactions.len() == self.levels.len()
            && self.levels.iter().flatten().all(|item| item.is_finite())
            && rows().is_some()
    }

    fn items(&self) -> usize {
        self.levels.iter().map(Vec::len).sum()
    }

    /// Items that all levels have room for.
    fn room(&self) -> usize {
        (0..self.levels.len()).map(room).sum()
    }

    fn grow(&mut self) {
        self.levels.push(Vec::new());
        self.compactions.push(0);
    }

    /// Sends half of the first full level one level up; `false` when no level is full.
    fn compact(&mut self) -> bool {
        let Some(level) = self.levels.iter().zip(0..).position(|(items, level)| items.len() >= room(level))
        else {
            return false;
        };
        if level + 1 == self.levels.len() {
            self.grow();
        }
        // Where it starts changes before every second compaction: 0, 1, 1, 0, 0, 1, 1, 0, ...
        let start = usize::from(self.compactions[level].wrapping_add(1) / 2 % 2 == 1);
        self.compactions[level] = self.compactions[level].wrapping_add(1);
        let items = &mut self.levels[level];
        // An odd one, the last that came, stays.
        let odd = if items.len() % 2 == 1 { items.pop() } else { None };
        items.sort_by(f64::total_cmp);
        let promoted: Vec<f64> = items.iter().skip(start).step_by(2).copied().collect();
        items.clear();
        items.extend(odd);
        self.levels[level + 1].extend(promoted);
        true
    }
}

/// Ten buckets of equal width without rows.
#[must_use]
pub fn equal_width(min: f64, max: f64) -> [(f64, f64, u64); KLL_BUCKETS] {
    let bound = |index: usize| min + (max - min) * index as f64 / KLL_BUCKETS as f64;
    std::array::from_fn(|index| (bound(index), bound(index + 1), 0))
}

/// Items that a level has room for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to half of `k`")]
fn room(level: usize) -> usize {
    let shrunk = KLL_SIZE * KLL_SHRINKAGE.powi(i32::try_from(level).unwrap_or(i32::MAX)) / 2.0;
    2 * (shrunk.ceil() as usize + 1)
}

#[cfg(test)]
mod tests;
