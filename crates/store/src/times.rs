//! When the rows of a row group happened, as far as the statistics of its timestamp column tell.

use crate::hive::DAY_MICROS;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Date32Type, Date64Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::errors::Result;

/// What is known about the times in a row group; bounds are inclusive, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// Statistics are absent, make no sense, or the column is not a time.
    Unknown,
    /// No row has a time.
    Never,
    /// From the first to the last.
    Between(i64, i64),
}

impl Times {
    pub(crate) fn bounds(self) -> Option<(i64, i64)> {
        match self {
            Self::Between(first, last) => Some((first, last)),
            _ => None,
        }
    }
}

/// The times of each row group by the statistics of `column`.
///
/// A time without a zone may be local time anywhere, so its bounds are a day wider on each side.
pub(crate) fn of_row_groups(metadata: &ArrowReaderMetadata, column: &str) -> Result<Vec<Times>> {
    let groups = metadata.metadata().row_groups();
    let unknown = || vec![Times::Unknown; groups.len()];
    let Some((_, field)) = metadata.schema().column_with_name(column) else { return Ok(unknown()) };
    let slack = match field.data_type() {
        DataType::Timestamp(_, Some(_)) | DataType::Int64 => 0,
        DataType::Timestamp(_, None) | DataType::Date32 | DataType::Date64 => DAY_MICROS,
        _ => return Ok(unknown()),
    };
    let converter = StatisticsConverter::try_new(column, metadata.schema(), metadata.parquet_schema())?
        .with_missing_null_counts_as_zero(false);
    let mins = converter.row_group_mins(groups)?;
    let maxes = converter.row_group_maxes(groups)?;
    let nulls = converter.row_group_null_counts(groups)?;
    let times =
        groups.iter().enumerate().map(|(index, group)| match (micros(&mins, index), micros(&maxes, index)) {
            (Some(first), Some(last)) if first <= last && one_unit(&mins, &maxes, index) => {
                Times::Between(first.saturating_sub(slack), last.saturating_add(slack))
            }
            (None, None)
                if nulls.is_valid(index) && i64::try_from(nulls.value(index)) == Ok(group.num_rows()) =>
            {
                Times::Never
            }
            _ => Times::Unknown,
        });
    Ok(times.collect())
}

/// Whether both ends are in the same unit: an epoch between a second and a millisecond could lie outside of both.
fn one_unit(mins: &ArrayRef, maxes: &ArrayRef, index: usize) -> bool {
    let digits = |array: &ArrayRef| {
        let epochs = array.as_primitive_opt::<Int64Type>()?;
        epochs.value(index).checked_ilog10()
    };
    digits(mins) == digits(maxes)
}

/// A whole number as a time, microseconds since 1970 UTC. The unit follows from the size: for the years 2001 to 2286 the
/// ranges of seconds, milliseconds, microseconds and nanoseconds are disjoint.
#[must_use]
pub fn epoch_micros(epoch: i64) -> Option<i64> {
    match epoch {
        1_000_000_000..10_000_000_000 => epoch.checked_mul(1_000_000),
        1_000_000_000_000..10_000_000_000_000 => epoch.checked_mul(1_000),
        1_000_000_000_000_000..10_000_000_000_000_000 => Some(epoch),
        1_000_000_000_000_000_000.. => Some(epoch / 1_000),
        _ => None,
    }
}

/// The value at `index` in microseconds, if it is there and fits.
fn micros(array: &ArrayRef, index: usize) -> Option<i64> {
    if array.is_null(index) {
        return None;
    }
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            array.as_primitive::<TimestampSecondType>().value(index).checked_mul(1_000_000)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive::<TimestampMillisecondType>().value(index).checked_mul(1_000)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Some(array.as_primitive::<TimestampMicrosecondType>().value(index))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Some(array.as_primitive::<TimestampNanosecondType>().value(index).div_euclid(1_000))
        }
        DataType::Date32 => {
            i64::from(array.as_primitive::<Date32Type>().value(index)).checked_mul(DAY_MICROS)
        }
        DataType::Date64 => array.as_primitive::<Date64Type>().value(index).checked_mul(1_000),
        DataType::Int64 => epoch_micros(array.as_primitive::<Int64Type>().value(index)),
        _ => None,
    }
}
