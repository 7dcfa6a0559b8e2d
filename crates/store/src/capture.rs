//! One capture object as it was listed.

use crate::hive;

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

impl Source {
    /// Start and end in microseconds UTC, half-open, of the hour of a capture in folders `yyyy/mm/dd/hh`.
    #[must_use]
    pub fn hour(&self) -> Option<(i64, i64)> {
        hive::hour(&self.path)
    }

    /// The day in UTC, `2026-02-01`, of a capture in folders `yyyy/mm/dd/hh`.
    #[must_use]
    pub fn date(&self) -> Option<String> {
        let (start, _) = self.hour()?;
        let time = jiff::Timestamp::from_microsecond(start).ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    }
}

/// Encodings of captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values with a header line.
    Csv,
    /// Captured requests and answers.
    Records {
        /// How they are laid out.
        layout: Layout,
        /// Whether the file is compressed with gzip.
        gzip: bool,
    },
}

/// How captured requests and answers are laid out in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// JSON, one document on each line.
    Lines,
    /// JSON, documents one behind the other; or a manifest that names the files of a batch transform.
    Documents,
    /// Comma-separated values without a header, as batch transforms write them.
    Rows,
    /// Parquet that a manifest names: rows without an id or a time.
    Table,
}

/// The extensions in [`Format::of`], for messages.
pub(crate) const EXTENSIONS: &str = "`.parquet`, `.jsonl`, `.json` (also `.gz`, `.out`) or `.csv`";

impl Format {
    /// The format a file name promises.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = name.rsplit('/').next()?.to_ascii_lowercase();
        let (name, gzip) = name.strip_suffix(".gz").map_or((name.as_str(), false), |name| (name, true));
        let records = |layout| Some(Self::Records { layout, gzip });
        // A batch transform calls its answer to `a.csv` `a.csv.out`.
        if let Some(name) = name.strip_suffix(".out") {
            return match name.rsplit_once('.').map(|(_, extension)| extension) {
                Some("json") => records(Layout::Documents),
                Some("jsonl" | "ndjson") => records(Layout::Lines),
                Some("csv") => records(Layout::Rows),
                _ => None,
            };
        }
        match name.rsplit_once('.')?.1 {
            "jsonl" | "ndjson" => records(Layout::Lines),
            "json" => records(Layout::Documents),
            _ if gzip => None,
            "parquet" | "parq" | "pq" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// Whether captured requests and answers are in it.
    #[must_use]
    pub fn is_records(self) -> bool {
        matches!(self, Self::Records { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_formats() {
        let records = |layout, gzip| Some(Format::Records { layout, gzip });
        for (name, format) in [
            ("a/b.PARQUET", Some(Format::Parquet)),
            ("a.csv", Some(Format::Csv)),
            ("26-40-872-2d5e.jsonl", records(Layout::Lines, false)),
            ("a.JSONL.gz", records(Layout::Lines, true)),
            ("a.json", records(Layout::Documents, false)),
            ("a.csv.out", records(Layout::Rows, false)),
            ("a.jsonl.out", records(Layout::Lines, false)),
            ("a.csv.gz", None),
            ("a.parquet.gz", None),
            ("out", None),
            ("json", None),
        ] {
            assert_eq!(Format::of(name), format, "{name}");
        }
    }
}
