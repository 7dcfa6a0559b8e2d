//! Agreement with SageMaker Model Monitor: its verdicts, in its words, and the documents that it writes.
//!
//! What its analyzer does is known from its documentation, from files of real jobs and from Deequ, on which it is built. Where
//! those are silent, the doc of the item says what was taken to be so.

mod distance;
mod documents;
mod rule;
mod texts;

pub(crate) use distance::distance;
pub(crate) use documents::{Documents, FILES, Window, folder};
pub(crate) use rule::{Dataset, columns, differences, verdicts};
