//! Labels, or losses, that are numbers, by bin: exact sums that merge in any order.

use serde::{Deserialize, Serialize};
use sketch::{MOST_ROWS, Moments};

use super::Undefined;
use super::layout::Layout;

/// Sums of a number by bin and cell within the bin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Means {
    layout: Layout,
    cells: Vec<Moments>,
    /// Rows whose bin or cell is beyond those there are, or whose number is not finite.
    beyond: u64,
}

impl Means {
    /// No rows yet, over so many bins and cells in each (1 where nothing is given). Without bins, or with more than a
    /// million cells, every row is beyond.
    #[must_use]
    pub fn new(bins: usize, given: usize) -> Self {
        let layout = Layout::new(bins, given);
        Self { layout, cells: vec![Moments::default(); layout.cells()], beyond: 0 }
    }

    /// Takes a number so many times.
    pub fn observe(&mut self, bin: usize, given: usize, value: f64, rows: u64) {
        let cell = self.layout.cell(bin, given).filter(|_| value.is_finite());
        match cell.and_then(|cell| self.cells.get_mut(cell)) {
            Some(moments) => moments.observe_many(value, rows),
            None => self.beyond = self.beyond.saturating_add(rows),
        }
    }

    /// Adds another part.
    ///
    /// # Errors
    /// [`Undefined::Mismatched`] for a part over other bins.
    pub fn merge(&mut self, other: &Self) -> Result<(), Undefined> {
        self.check(other)?;
        self.cells.iter_mut().zip(&other.cells).for_each(|(cell, theirs)| cell.merge(theirs));
        self.beyond = self.beyond.saturating_add(other.beyond);
        Ok(())
    }

    /// All cells as one.
    #[must_use]
    pub fn whole(&self) -> Moments {
        let mut whole = Moments::default();
        self.cells.iter().for_each(|cell| whole.merge(cell));
        whole
    }

    /// Rows beyond the bins there are, or without a finite number; no value looks at them.
    #[must_use]
    pub fn beyond_rows(&self) -> u64 {
        self.beyond
    }

    pub(super) fn check(&self, other: &Self) -> Result<(), Undefined> {
        self.layout.check(other.layout)
    }

    /// The cells of each bin.
    pub(super) fn bins(&self) -> impl Iterator<Item = &[Moments]> {
        self.cells.chunks(self.layout.given().max(1))
    }

    pub(super) fn cells(&self) -> &[Moments] {
        &self.cells
    }
}

/// What is written down.
#[derive(Serialize, Deserialize)]
struct Stored {
    layout: Layout,
    cells: Vec<Moments>,
    beyond: u64,
}

impl From<Means> for Stored {
    fn from(means: Means) -> Self {
        let Means { layout, cells, beyond } = means;
        Self { layout, cells, beyond }
    }
}

impl TryFrom<Stored> for Means {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { layout, cells, beyond } = stored;
        if !layout.is_sound() || cells.len() != layout.cells() {
            return Err("sums of labels that do not fit their bins");
        }
        let rows = cells.iter().fold(beyond, |sum, cell| sum.saturating_add(cell.values()));
        if rows > MOST_ROWS || !cells.iter().all(Moments::is_sound) {
            return Err("sums of labels that contradict each other");
        }
        Ok(Self { layout, cells, beyond })
    }
}
