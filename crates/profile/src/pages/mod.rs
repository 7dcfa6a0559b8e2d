//! The page path: from the pages of a Parquet column chunk to profiles, without Arrow arrays in between.
//!
//! Headers and codecs are those of the parquet crate. Plain values are weighed in blocks straight from the page;
//! dictionary codes are counted, and each value of the dictionary is weighed once; definition levels only say how
//! many rows have a value, so values stay dense. Pages in rarer encodings are decoded by the parquet crate and go
//! on as plain ones. The batch path over the same bytes gives the same profile, to the byte.

mod chunk;
mod codec;
mod cover;
mod dictionary;
mod hybrid;
mod levels;
mod many;
mod names;
mod one;
mod physical;
mod transcode;
mod weights;

use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::file::{metadata::RowGroupMetaData, reader::ChunkReader};

use codec::{Codec, Pages};
pub use cover::{Coverage, PageLeaf, cover};
use many::Buffers;

use crate::{FeatureProfile, Groups, feature::Target};

/// Why a column chunk cannot be profiled.
#[derive(Debug, thiserror::Error)]
#[error("column `{column}`: {reason}")]
pub struct PageError {
    /// Dotted name.
    pub column: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Memory that one column chunk after the other uses.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    tally: Vec<u32>,
    looked_up: Vec<f64>,
    many: Buffers,
    starts: Vec<usize>,
    codec: Codec,
}

/// Counts the pages of a chunk into one feature for each group.
pub(crate) fn observe<R: ChunkReader + 'static>(
    leaf: &PageLeaf,
    row_group: &RowGroupMetaData,
    bytes: R,
    target: Target<'_>,
    groups: &Groups,
    features: &mut [&mut FeatureProfile],
    scratch: &mut Scratch,
) -> Result<(), PageError> {
    let chunk = || {
        let chunk = row_group.columns().get(leaf.index).ok_or("the row group does not have it")?;
        let pages = Pages::open(bytes, chunk, groups.rows())?;
        chunk::read(leaf, chunk.column_descr_ptr(), pages, target, groups, features, scratch)
    };
    // Bytes that nobody vouches for go through decoders that are not ours.
    let outcome = catch_unwind(AssertUnwindSafe(chunk)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(format!("the decoder stopped: {text}"))
    });
    outcome.map_err(|reason| PageError { column: leaf.name.clone(), reason })
}
