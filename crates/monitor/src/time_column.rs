//! The timestamp column as microseconds since 1970 UTC.
//!
//! Timestamps with a zone are instants. Those without one, dates and texts without an offset are read in the
//! zone of the windows (UTC unless told otherwise). Whole numbers are epochs whose unit follows from their
//! size: for years 2001 to 2286 the ranges of seconds, milliseconds, microseconds and nanoseconds are disjoint.

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, StringViewArray, cast::AsArray};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Instants; null for rows without a readable time. The error says what the column holds instead.
pub(crate) fn instants(column: &ArrayRef, timezone: &TimeZone) -> Result<Int64Array, String> {
    let refuse = || format!("expected timestamps, found {}", column.data_type());
    let cast_to = |data_type: &DataType| cast(column, data_type).map_err(|_| refuse());
    match column.data_type() {
        DataType::Null => Ok(Int64Array::new_null(column.len())),
        DataType::Dictionary(_, values) => instants(&cast_to(values)?, timezone),
        DataType::Timestamp(_, zone) => {
            let micros = cast_to(&DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let ticks = cast(&micros, &DataType::Int64).map_err(|_| refuse())?;
            let ticks: &Int64Array = ticks.as_primitive();
            if zone.is_some() || *timezone == TimeZone::UTC {
                return Ok(ticks.clone());
            }
            let mut reader = Naive::new(timezone);
            Ok(ticks.iter().map(|tick| reader.instant(tick?)).collect())
        }
        DataType::Date32 | DataType::Date64 => {
            instants(&cast_to(&DataType::Timestamp(TimeUnit::Microsecond, None))?, timezone)
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let views = cast_to(&DataType::Utf8View)?;
            let views: &StringViewArray = views.as_string_view();
            Ok(views.iter().map(|text| parse(text?, timezone)).collect())
        }
        data_type if data_type.is_integer() => {
            let epochs = cast_to(&DataType::Int64)?;
            let epochs: &Int64Array = epochs.as_primitive();
            Ok(epochs.unary_opt(store::epoch_micros))
        }
        DataType::Float64 => {
            let doubles: &Float64Array = column.as_primitive();
            Ok(doubles.unary_opt(from_seconds))
        }
        _ => Err(refuse()),
    }
}

/// Civil times of a zone; remembers the offset of the hour it was last asked for.
struct Naive<'a> {
    timezone: &'a TimeZone,
    hour: Option<(i64, i64)>,
}

impl<'a> Naive<'a> {
    fn new(timezone: &'a TimeZone) -> Self {
        Self { timezone, hour: None }
    }

    fn instant(&mut self, civil_micros: i64) -> Option<i64> {
        // Clocks change on quarter hours everywhere, so within one the offset is the same.
        let quarter = civil_micros.div_euclid(900_000_000);
        if let Some((known, offset)) = self.hour
            && known == quarter
        {
            return civil_micros.checked_sub(offset);
        }
        let civil = Timestamp::from_microsecond(civil_micros).ok()?.to_zoned(TimeZone::UTC).datetime();
        let instant = civil.to_zoned(self.timezone.clone()).ok()?.timestamp().as_microsecond();
        self.hour = Some((quarter, civil_micros - instant));
        Some(instant)
    }
}

/// RFC 3339, or the same without an offset (`T` or a blank in between), or a date.
fn parse(text: &str, timezone: &TimeZone) -> Option<i64> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_microsecond());
    }
    let civil: DateTime = text.parse().ok()?;
    Some(civil.to_zoned(timezone.clone()).ok()?.timestamp().as_microsecond())
}

/// Epochs as doubles are seconds with a fraction, as Python's `time.time()` writes them.
#[expect(clippy::cast_possible_truncation, reason = "checked to be below 10^16")]
fn from_seconds(seconds: f64) -> Option<i64> {
    (1e9..1e10).contains(&seconds).then(|| (seconds * 1e6).round() as i64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::*;

    use super::*;

    const NOON: i64 = 1_360_411_200_000_000; // 2013-02-09T12:00:00Z

    fn read(array: impl Array + 'static, zone: &str) -> Vec<Option<i64>> {
        instants(&(Arc::new(array) as ArrayRef), &TimeZone::get(zone).unwrap()).unwrap().iter().collect()
    }

    #[test]
    fn instants_do_not_depend_on_the_zone_but_civil_times_do() {
        let zoned =
            TimestampMillisecondArray::from(vec![Some(NOON / 1000), None]).with_timezone("Asia/Tokyo");
        assert_eq!(read(zoned, "America/New_York"), [Some(NOON), None]);
        let naive = TimestampSecondArray::from(vec![NOON / 1_000_000]);
        assert_eq!(read(naive.clone(), "UTC"), [Some(NOON)]);
        assert_eq!(read(naive, "America/New_York"), [Some(NOON + 5 * 3_600_000_000)]);
    }

    #[test]
    fn texts_and_epochs_are_read() {
        let texts = StringArray::from(vec![
            "2013-02-09T12:00:00Z",
            "2013-02-09 12:00:00",
            "2013-02-09T14:00:00+02:00",
            "soon",
        ]);
        assert_eq!(read(texts, "UTC"), [Some(NOON), Some(NOON), Some(NOON), None]);
        let epochs = Int64Array::from(vec![NOON / 1_000_000, NOON / 1_000, NOON, NOON * 1_000, 17]);
        assert_eq!(read(epochs, "UTC"), [Some(NOON), Some(NOON), Some(NOON), Some(NOON), None]);
        assert_eq!(read(Float64Array::from(vec![NOON as f64 / 1e6]), "UTC"), [Some(NOON)]);
        let refused = instants(&(Arc::new(BooleanArray::from(vec![true])) as ArrayRef), &TimeZone::UTC);
        assert_eq!(refused.unwrap_err(), "expected timestamps, found Boolean");
    }

    #[test]
    fn a_skipped_hour_is_read_after_the_gap() {
        let text = StringArray::from(vec!["2013-03-10T02:30:00"]);
        assert_eq!(read(text, "America/New_York"), [Some(1_362_900_600_000_000)]);
    }
}
