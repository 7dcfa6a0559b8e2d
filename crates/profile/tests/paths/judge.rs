//! What both paths make of bytes that nobody vouches for: an error in both or the same profile in both.

use bytes::Bytes;
use profile::Spec;

use super::read::{Spread, assert_same, by_batches, by_pages};

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Both paths have the same profile.
    Read,
    /// Neither has one.
    Refused,
    /// One path refuses what the other reads, for a reason that is known.
    OneRefuses,
}

/// Reads a file by both paths; fails where they differ.
#[track_caller]
pub(crate) fn judge(file: &Bytes, spec: &Spec, spread: Spread, what: &str) -> Verdict {
    match (by_pages(file, spec, spread), by_batches(file, spec, spread)) {
        (Ok((pages, _)), Ok(batches)) => {
            assert_same(&pages, &batches, spec, what);
            Verdict::Read
        }
        (Err(_), Err(_)) => Verdict::Refused,
        // The two decoders of the parquet crate do not check the same lengths: that of values refuses negative ones,
        // which that of Arrow arrays takes for text, and reads on where there are more suffixes than prefixes.
        (Err(error), Ok(_)) | (Ok(_), Err(error)) if error.contains("DELTA") => Verdict::OneRefuses,
        (Err(error), Ok(_)) => panic!("{what}: only the page path refuses: {error}"),
        (Ok(_), Err(error)) => panic!("{what}: only the batch path refuses: {error}"),
    }
}
