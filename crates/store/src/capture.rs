//! One capture object as it was listed.

/// A capture object: where it is, what identifies its content, and the columns its folders name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Full readable path: the location as given joined with the rest, or the URL.
    pub path: String,
    /// The same however the location was written: an absolute path without links in the location's own, or a URL.
    pub id: String,
    /// Entity tag without its quotes, where the store has one; local files are told apart by size and time.
    pub etag: Option<String>,
    /// Size of the object.
    pub bytes: u64,
    /// When it was last modified, in microseconds UTC.
    pub modified_micros: i64,
    /// `key=value` folders below the location's root, percent-decoded, in their order.
    pub partitions: Vec<(String, String)>,
    /// How it is encoded.
    pub format: Format,
}

/// Encodings of captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values with a header line.
    Csv,
}

/// The extensions in [`Format::of`], for messages.
pub(crate) const EXTENSIONS: &str = "`.parquet` or `.csv`";

impl Format {
    /// The format a file name promises.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit('/').next()?.rsplit_once('.')?;
        match extension.to_ascii_lowercase().as_str() {
            "parquet" | "parq" | "pq" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}
