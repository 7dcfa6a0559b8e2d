//! Captured requests and answers, as SageMaker endpoints and batch transforms write them, turned into records.
//!
//! Everything is read as text first: a column takes the type that all its values in a piece of a file have. What it was
//! written as says little, so its field is marked [`UNTYPED`]: a reader that expects numbers may read its text as
//! numbers, one that expects names may take its numbers for names.

mod csv;
mod decoder;
mod depth;
mod envelope;
mod json;
mod left_out;
mod names;
mod select;
mod side;
mod table;
mod table_file;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use decoder::{Decoder, Hour, SLACK, Shape};
pub use left_out::{LeftOut, LeftOutLine};

/// Metadata key of fields whose type is a guess from text.
pub const UNTYPED: &str = "driftscan.untyped";
/// Column of the id of a record: the caller's inference id, or else the event's own; of the second and further records of
/// a request with `/1`, `/2` behind it.
pub const EVENT_ID: &str = "event_id";
/// Column of the time of the request.
pub const EVENT_TIME: &str = "event_time";
/// Column of a label that was merged into a capture, or the start of its columns' names.
pub const GROUND_TRUTH: &str = "ground_truth";

/// Lines longer than this are left out: a request and its answer have at most 25 MB each.
pub(crate) const LONGEST_LINE: usize = 64 << 20;

/// How captured requests and answers become records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordOptions {
    /// Names of the values that come without (CSV, arrays of JSON), in their order; none: `_c0`, `_c1` and so on.
    pub names: Vec<String>,
    /// Where those of the answer stand among them.
    pub outputs: OutputsAt,
    /// Columns by JMESPath over `{"input": ..., "output": ..., "metadata": ...}` of a record; none: all values.
    pub select: Vec<(String, String)>,
}

/// Where the values of the answer stand among those without a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputsAt {
    /// Before those of the request, as in captures of endpoints.
    #[default]
    Start,
    /// Behind them.
    End,
}
