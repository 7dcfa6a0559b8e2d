//! Why rows could not be joined.

use arrow_schema::ArrowError;

/// Why rows could not be joined.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// A column is missing, or has another type.
    #[error("cannot join: {0}")]
    Columns(String),
    /// What waits on the disk could not be written or read.
    #[error("cannot keep rows in `{folder}` until they are joined: {source}")]
    Disk {
        /// Where the file is.
        folder: String,
        /// What the system says.
        source: std::io::Error,
    },
}

impl From<ArrowError> for JoinError {
    fn from(error: ArrowError) -> Self {
        Self::Columns(error.to_string())
    }
}
