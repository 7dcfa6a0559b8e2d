//! Flags of `bench`.

use std::time::Duration;

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
    value_parser,
};
use jiff::SignedDuration;
use monitor::bench::{Codec, Encoding, Order};

use super::{Resources, RoleFlags, Segments};

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Measure these Parquet captures on this machine instead of making some
    #[arg(long, value_name = "CAPTURES", conflicts_with_all = SHAPE)]
    pub(crate) data: Option<String>,
    /// Make the captures in this empty or new folder and leave them there [default: a temporary folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<String>,
    /// Times that each stage is measured, after one time that does not count
    #[arg(long, value_name = "N", default_value = "9", value_parser = value_parser!(u16).range(1..))]
    pub(crate) runs: u16,
    /// Then profile copies of the captures in memory too, where every request waits this long, such as 50ms
    #[arg(long, value_name = "LATENCY", value_parser = latency)]
    pub(crate) remote: Option<Duration>,
    #[command(flatten)]
    pub(crate) resources: Resources,
    /// Length of a window: 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 1w or 1mo [default: 1d]
    #[arg(long, value_name = "LENGTH", help_heading = "Windows")]
    pub(crate) window: Option<String>,
    #[command(flatten)]
    pub(crate) segment_by: Segments,
    #[command(flatten)]
    pub(crate) shape: ShapeFlags,
    #[command(flatten)]
    pub(crate) roles: RoleFlags,
}

/// Flags that say what captures are made.
const SHAPE: [&str; 17] = [
    "keep",
    "rows",
    "files",
    "row_group_rows",
    "numeric",
    "integer",
    "categorical",
    "text",
    "segments",
    "nulls",
    "distinct",
    "codec",
    "page_version",
    "dictionary",
    "encoding",
    "order",
    "seed",
];

/// What captures are made.
#[derive(Debug, Args)]
#[command(next_help_heading = "Captures that are made")]
pub(crate) struct ShapeFlags {
    /// Rows of all files together
    #[arg(long, value_name = "N", default_value = "2000000", value_parser = value_parser!(u64).range(1..=1_000_000_000_000))]
    pub(crate) rows: u64,
    /// Files, one for each day
    #[arg(long, value_name = "N", default_value = "10", value_parser = value_parser!(u64).range(1..=100_000))]
    pub(crate) files: u64,
    /// Rows of a row group
    #[arg(long, value_name = "N", default_value = "200000", value_parser = value_parser!(u32).range(1..))]
    pub(crate) row_group_rows: u32,
    /// Columns of floating-point numbers: normal with all digits, two decimals, mostly zero, log-normal, uniform
    #[arg(long, value_name = "N", default_value = "22")]
    pub(crate) numeric: u16,
    /// Columns of whole numbers of several widths and ranges
    #[arg(long, value_name = "N", default_value = "10")]
    pub(crate) integer: u16,
    /// Columns of categories, 3 to 5,000 of them, the first ones most often
    #[arg(long, value_name = "N", default_value = "8")]
    pub(crate) categorical: u16,
    /// Columns of texts of five to sixty words
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) text: u16,
    /// Values of a column by which all others are profiled on their own too; 0 for none
    #[arg(long, value_name = "N", default_value = "0", value_parser = value_parser!(u64).range(..=1_000_000))]
    pub(crate) segments: u64,
    /// Share of rows without a value, in every column [default: 0.02 in one column of eight]
    #[arg(long, value_name = "SHARE")]
    pub(crate) nulls: Option<f64>,
    /// Different values that a column draws from, as a share of the rows of a row group [default: as its kind says]
    #[arg(long, value_name = "SHARE")]
    pub(crate) distinct: Option<f64>,
    /// Compression
    #[arg(long, default_value = "snappy", value_parser = one_of(&Codec::ALL))]
    pub(crate) codec: Codec,
    /// Version of data pages
    #[arg(long, value_name = "1|2", default_value = "1", value_parser = value_parser!(u8).range(1..=2))]
    pub(crate) page_version: u8,
    /// Whether values are stored once in a dictionary, as far as 1 MiB holds them
    #[arg(long, default_value = "on", value_parser = one_of(&ON_OFF), action = clap::ArgAction::Set)]
    pub(crate) dictionary: bool,
    /// How values outside of a dictionary are stored; columns of another type are plain
    #[arg(long, default_value = "plain", value_parser = one_of(&Encoding::ALL))]
    pub(crate) encoding: Encoding,
    /// Order of event times: rising, any within the day of a file, any at all
    #[arg(long, default_value = "sorted", value_parser = one_of(&Order::ALL))]
    pub(crate) order: Order,
    /// What all values follow from; the same seed gives the same bytes
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,
}

const ON_OFF: [(&str, bool); 2] = [("on", true), ("off", false)];

/// Reads one of some names.
fn one_of<T: Copy + Send + Sync>(all: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|(name, _)| *name)).try_map(|typed| {
        let found = all.iter().find(|(name, _)| *name == typed);
        found.map(|(_, value)| *value).ok_or_else(|| format!("`{typed}` is not known"))
    })
}

/// Reads a latency, such as `50ms` or `0.5s`.
fn latency(text: &str) -> Result<Duration, String> {
    let most = Duration::from_secs(10);
    let read = text.parse::<SignedDuration>().ok().and_then(|latency| Duration::try_from(latency).ok());
    read.filter(|latency| *latency <= most)
        .ok_or_else(|| format!("expected a time up to 10s with its unit, such as 50ms, found `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_has_a_unit() {
        assert_eq!(latency("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(latency("0.5 s"), Ok(Duration::from_millis(500)));
        for wrong in ["50", "-50ms", "11s", "", "ms", "99999999999999h"] {
            assert!(latency(wrong).unwrap_err().contains("such as 50ms"), "{wrong}");
        }
    }
}
