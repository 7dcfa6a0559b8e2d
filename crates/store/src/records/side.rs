//! The values of one side of a line: of the request, or of the answer.

use super::table::Span;

/// Values, a record after the other.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) cells: Vec<Cell>,
    /// Where each record ends in `cells`.
    pub(super) ends: Vec<usize>,
    /// The text of each record, in formats where that is one piece.
    pub(super) texts: Vec<Span>,
}

/// One value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) value: Span,
    /// Its own name, or for want of a better one.
    pub(super) name: Option<usize>,
    /// Whether it has a name by its place only.
    pub(super) placed: bool,
    /// Whether it was a text between quotes.
    pub(super) quoted: bool,
}

impl Side {
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.ends.clear();
        self.texts.clear();
    }

    pub(super) fn records(&self) -> usize {
        self.ends.len()
    }

    /// The values of a record; none behind the last.
    pub(super) fn record(&self, at: usize) -> &[Cell] {
        let Some(&end) = self.ends.get(at) else { return &[] };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.cells[start..end]
    }

    pub(super) fn end(&mut self, text: Span) {
        self.ends.push(self.cells.len());
        self.texts.push(text);
    }

    /// Answers to several requests that stand on one line become one each.
    pub(super) fn spread(&mut self, requests: usize) {
        let all_placed = self.cells.iter().all(|cell| cell.placed);
        if self.records() == 1 && requests > 1 && self.cells.len() == requests && all_placed {
            self.ends = (1..=requests).collect();
            self.texts = self.cells.iter().map(|cell| cell.value).collect();
        }
    }
}
