//! How cells of a feature's bins, given bins of the score, lie in one row of cells.

use serde::{Deserialize, Serialize};

use super::Undefined;

/// Cells that a summary may have; what is read back with more is damaged.
const MOST_CELLS: usize = 1 << 20;

/// Bins, and cells of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layout {
    bins: u32,
    given: u32,
}

impl Layout {
    /// So many bins with so many cells each; none where they are too many to count.
    pub(super) fn new(bins: usize, given: usize) -> Self {
        let small = |count: usize| u32::try_from(count).ok();
        match (small(bins), small(given)) {
            (Some(bins), Some(given)) if (Self { bins, given }).is_sound() => Self { bins, given },
            _ => Self::default(),
        }
    }

    pub(super) fn is_sound(self) -> bool {
        self.bins() > 0 && self.given() > 0 && self.bins().saturating_mul(self.given()) <= MOST_CELLS
    }

    pub(super) fn bins(self) -> usize {
        usize::try_from(self.bins).unwrap_or(0)
    }

    pub(super) fn given(self) -> usize {
        usize::try_from(self.given).unwrap_or(0)
    }

    pub(super) fn cells(self) -> usize {
        self.bins() * self.given()
    }

    /// Place of a cell; `None` beyond the bins.
    pub(super) fn cell(self, bin: usize, given: usize) -> Option<usize> {
        (bin < self.bins() && given < self.given()).then(|| bin * self.given() + given)
    }

    pub(super) fn check(self, other: Self) -> Result<(), Undefined> {
        if self == other { Ok(()) } else { Err(Undefined::Mismatched) }
    }
}
