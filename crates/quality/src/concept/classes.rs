//! Labels that are classes, by bin: integer counts that merge in any order.

use serde::{Deserialize, Serialize};
use sketch::MOST_ROWS;

use super::Undefined;
use super::layout::Layout;

/// Classes that are told apart, at most.
const MOST_CLASSES: usize = 1024;

/// Rows by bin, cell within the bin, and class of the label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Classes {
    layout: Layout,
    classes: usize,
    /// Class by class, cell by cell.
    counts: Vec<u64>,
    /// Rows whose bin, cell or class is beyond those there are, such as labels that the baseline lacks.
    beyond: u64,
}

impl Classes {
    /// No rows yet, over so many bins (of the feature, or of the score), cells in each (1 where nothing is given) and
    /// classes (2: negative, positive). Without bins or classes, or with more than a million cells, every row is beyond.
    #[must_use]
    pub fn new(bins: usize, given: usize, classes: usize) -> Self {
        let layout =
            if (1..=MOST_CLASSES).contains(&classes) { Layout::new(bins, given) } else { Layout::default() };
        Self { layout, classes, counts: vec![0; layout.cells() * classes], beyond: 0 }
    }

    /// Counts labelled rows.
    pub fn observe(&mut self, bin: usize, given: usize, class: usize, rows: u64) {
        let cell = self.layout.cell(bin, given).filter(|_| class < self.classes);
        let count = cell.and_then(|cell| self.counts.get_mut(cell * self.classes + class));
        let count = count.unwrap_or(&mut self.beyond);
        *count = count.saturating_add(rows);
    }

    /// Adds another part.
    ///
    /// # Errors
    /// [`Undefined::Mismatched`] for a part over other bins or classes.
    pub fn merge(&mut self, other: &Self) -> Result<(), Undefined> {
        self.check(other)?;
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(count, rows)| *count = count.saturating_add(*rows));
        self.beyond = self.beyond.saturating_add(other.beyond);
        Ok(())
    }

    /// Rows counted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.counts.iter().fold(0, |sum, rows| sum.saturating_add(*rows))
    }

    /// Rows beyond the bins or classes there are; no value looks at them.
    #[must_use]
    pub fn beyond_rows(&self) -> u64 {
        self.beyond
    }

    pub(super) fn classes(&self) -> usize {
        self.classes
    }

    pub(super) fn check(&self, other: &Self) -> Result<(), Undefined> {
        self.layout.check(other.layout)?;
        if self.classes == other.classes { Ok(()) } else { Err(Undefined::Mismatched) }
    }

    /// The cells of each bin, each with its counts by class.
    pub(super) fn bins(&self) -> impl Iterator<Item = impl Iterator<Item = &[u64]>> {
        let width = (self.layout.given() * self.classes).max(1);
        self.counts.chunks(width).map(|bin| bin.chunks(self.classes.max(1)))
    }

    /// Whether each class has rows.
    pub(super) fn seen(&self) -> Vec<bool> {
        let rows =
            |class: usize| self.counts.iter().skip(class).step_by(self.classes.max(1)).any(|rows| *rows > 0);
        (0..self.classes).map(rows).collect()
    }
}

/// What is written down.
#[derive(Serialize, Deserialize)]
struct Stored {
    layout: Layout,
    classes: u32,
    counts: Vec<u64>,
    beyond: u64,
}

impl From<Classes> for Stored {
    fn from(classes: Classes) -> Self {
        let Classes { layout, classes, counts, beyond } = classes;
        Self { layout, classes: u32::try_from(classes).unwrap_or(0), counts, beyond }
    }
}

impl TryFrom<Stored> for Classes {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { layout, classes, counts, beyond } = stored;
        let classes = usize::try_from(classes).unwrap_or(usize::MAX);
        if !layout.is_sound()
            || !(1..=MOST_CLASSES).contains(&classes)
            || counts.len() != layout.cells() * classes
        {
            return Err("counts of labels that do not fit their bins");
        }
        if counts.iter().fold(beyond, |sum, rows| sum.saturating_add(*rows)) > MOST_ROWS {
            return Err("more labels than can be");
        }
        Ok(Self { layout, classes, counts, beyond })
    }
}
