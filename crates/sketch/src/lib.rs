//! Mergeable one-pass summaries of a column of plain values.
//!
//! A summary is fed with `observe` and combined with `merge`. The contract of every type here:
//!
//! * merging is associative and commutative, and an empty summary is neutral;
//! * the summary of a whole equals the merged summaries of any split of it, in any order. That is
//!   exact, to the bit;
//! * bytes round-trip, and weights survive being written, read and merged.
//!
//! [`Kll`] and [`Arrival`], whose numbers other tools' files hold, are the exception to the first two: they depend on the
//! order of the values.
//!
//! | question | summary | error |
//! | --- | --- | --- |
//! | how many rows, nulls, NaN, zeros? | [`Counts`] | exact |
//! | mean, standard deviation? | [`Moments`] | exact sums, one rounding at the end |
//! | which distribution, which quantile? | [`Histogram`] over frozen [`Bins`] | the width of one slot |
//! | how many different values? | [`Distinct`] | exact up to 512 values, 1.6 % standard error above |
//! | which values, how often? | [`NameCounts`] over a frozen [`Domain`] | exact up to the caps |
//! | which quantile, as SageMaker Model Monitor has it? | [`Kll`] | 0.5 % of the rows |
//! | how long are the texts? | [`Lengths`] | exact |
//!
//! What this crate refuses to know: Arrow, files, threads, clocks, the environment.
//!
//! ```
//! use sketch::Moments;
//!
//! let (mut left, mut right) = (Moments::default(), Moments::default());
//! [1.0, 2.0].into_iter().for_each(|value| left.observe(value));
//! [3.0, 6.0].into_iter().for_each(|value| right.observe(value));
//! left.merge(&right);
//! assert_eq!(left.mean(), Some(3.0));
//! assert_eq!(left.variance(), Some(3.5));
//! ```

mod arrival;
mod bins;
mod bounds;
mod counts;
mod distinct;
mod domain;
mod error;
mod exact_sum;
mod gaps;
mod hash;
mod histogram;
mod kernel;
mod kll;
mod lengths;
mod lookup;
mod moments;
mod names;
mod rational;
mod split_sums;
mod tally;
mod value_counts;

pub use arrival::Arrival;
pub use bins::{Bins, Slot};
pub use counts::{Counts, MOST_ROWS};
pub use distinct::Distinct;
pub use domain::{Domain, MAX_NAME_BYTES, NameKey, short_name};
pub use error::Error;
pub use exact_sum::ExactSum;
pub use hash::{hash_bytes, hash_f64};
pub use histogram::Histogram;
pub use kernel::BLOCK;
pub use kll::{KLL_BUCKETS, KLL_SHRINKAGE, KLL_SIZE, Kll, equal_width};
pub use lengths::Lengths;
pub use moments::Moments;
pub use names::{BUCKETS, NameCounts, NewName};
pub use value_counts::ValueCounts;

/// Writes a summary as versioned bytes.
///
/// # Errors
/// [`Error::Encode`] when the value cannot be encoded, which no type of this crate does.
pub fn to_bytes<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.push(FORMAT_VERSION);
    postcard::to_extend(value, bytes).map_err(|e| Error::Encode { reason: e.to_string() })
}

/// Reads what [`to_bytes`] wrote.
///
/// # Errors
/// [`Error::Version`] for bytes of a newer format, [`Error::Decode`] for anything that is not such bytes.
pub fn from_bytes<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    match bytes.split_first() {
        Some((&FORMAT_VERSION, rest)) => match postcard::take_from_bytes(rest) {
            Ok((value, [])) => Ok(value),
            Ok(_) => Err(Error::Decode { reason: "more bytes than a summary".to_owned() }),
            Err(error) => Err(Error::Decode { reason: error.to_string() }),
        },
        Some((&version, _)) => Err(Error::Version { supported: FORMAT_VERSION, found: version }),
        None => Err(Error::Decode { reason: "no bytes".to_owned() }),
    }
}

/// Most summaries take less.
const USUAL_BYTES: usize = 512;

/// The version byte in front of every encoded summary.
pub const FORMAT_VERSION: u8 = 5;
