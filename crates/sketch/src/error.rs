//! What can go wrong: only decoding bytes.

/// Why bytes could not be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes were written by another version of the format.
    #[error(
        "expected summary format {supported}, found {found}; it was written by another version of driftscan"
    )]
    Version {
        /// The version this build reads.
        supported: u8,
        /// The version found.
        found: u8,
    },
    /// The bytes are not a summary.
    #[error("not a summary: {reason}")]
    Decode {
        /// What the decoder says.
        reason: String,
    },
    /// The summary could not be written.
    #[error("could not encode a summary: {reason}")]
    Encode {
        /// What the encoder says.
        reason: String,
    },
}
