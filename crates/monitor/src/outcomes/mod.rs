//! How predictions turned out: what is counted of predictions and labels together, beside the profiles of features.
//!
//! ```text
//! captures -> sheet (the columns that matter, in one form) -> Outcomes per source, window and segment -> stored
//!                                                   ^
//!             labels of their own, joined by id ----+
//! ```
//!
//! An [`Outcomes`] merges like a profile: windows, segments and longer windows are sums, and nothing that compares it with the
//! baseline's reads a capture again. It lies in `outcomes/window_date=D/part.parquet`, one row a source, window and segment.
//!
//! Where labels are joined, what is added later may restate what was counted before: `keys/` says which ids each source
//! holds, so that only sources with an id of what is added are read again, and those with others of their ids.

mod cells;
mod concerned;
mod counting;
mod drawer;
mod form;
mod fresh;
mod joining;
mod key_files;
mod keys;
mod known;
mod observe;
mod places;
mod positive;
mod restate;
mod sheet;
mod shelf;
mod state;
mod stored;
mod tally;
mod truth;
mod update;

pub(crate) use cells::Cells;
pub(crate) use counting::{Counted, Counting};
pub(crate) use drawer::{Drawer, Owner};
pub(crate) use form::{FacetForm, Form};
pub(crate) use shelf::OutcomeShelf;
pub(crate) use state::Outcomes;
pub(crate) use stored::StoredOutcomes;
pub(crate) use tally::Joined;
pub(crate) use truth::Truth;
pub(crate) use update::{joined, spec, update};
