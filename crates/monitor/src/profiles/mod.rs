//! Stored profiles: what was counted of every capture, so that nothing is counted twice.
//!
//! `profiles/window_date=D/part.parquet` holds one row a (source, window, segment, feature) for the windows that start
//! on that date. Sources whose dates are not all written yet wait in `pending/`, which is empty after a run that came
//! to its end. The footer of each file names the sources in it, so that a run that was killed is taken up from there;
//! `state.json.zst` names all sources of the last run that came to its end, also those without a row; `tables.json`
//! says what the tables of each date were made of.

mod digest;
mod entry;
mod journal;
mod rows;
mod shelf;
mod state;
mod written;

pub(crate) use digest::Digest;
pub(crate) use entry::{Entry, Finding, Profiled, bounds, version_of};
pub(crate) use journal::Journal;
pub(crate) use rows::StoredProfile;
pub(crate) use shelf::Shelf;
pub(crate) use state::State;
pub(crate) use written::{Names, Written, names};
