//! `key=value` folders: columns that live in the path, and the times they promise.

use crate::location::decode_percent;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

/// What Hive and Spark write for a null.
pub(crate) const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// One day in microseconds: how far a local time can be from UTC, rounded up.
pub(crate) const DAY_MICROS: i64 = 86_400_000_000;

/// Whether a file or folder is bookkeeping of some writer: `.crc`, `_SUCCESS`, `_temporary/`.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.starts_with('.') || (name.starts_with('_') && !name.contains('='))
}

/// The `key=value` folders of a path below its root, percent-decoded, in their order.
pub(crate) fn partitions(relative: &str) -> Vec<(String, String)> {
    let Some((folders, _)) = relative.rsplit_once('/') else { return Vec::new() };
    let decode = |text: &str| decode_percent(text).unwrap_or_else(|| text.to_owned());
    let pairs = folders.split('/').filter_map(|folder| folder.split_once('='));
    pairs.filter(|(key, _)| !key.is_empty()).map(|(key, value)| (decode(key), decode(value))).collect()
}

/// The half-open time in microseconds that the partitions name, read as UTC; `None` when they name none.
pub(crate) fn span(partitions: &[(String, String)]) -> Option<(i64, i64)> {
    let mut named = Named::default();
    for (key, value) in partitions {
        match key.to_ascii_lowercase().as_str() {
            "date" | "dt" | "ds" => named.read_date(value)?,
            "year" => named.year = Some(number(value, 4)?),
            "month" if value.len() > 2 => named.read_date(value)?,
            "month" => named.month = Some(number(value, 2)?),
            "day" if value.len() > 2 => named.read_date(value)?,
            "day" => named.day = Some(number(value, 2)?),
            "hour" if value.len() > 2 => named.read_date(value)?,
            "hour" => named.hour = Some(number(value, 2)?),
            _ => {}
        }
    }
    named.span()
}

/// The hour in microseconds UTC of a file in folders `yyyy/mm/dd/hh`, as captures of endpoints lie.
pub(crate) fn hour(path: &str) -> Option<(i64, i64)> {
    let mut folders = path.rsplit('/').skip(1);
    let mut next = |digits: usize| {
        folders.next().filter(|folder| folder.len() == digits).and_then(|f| number(f, digits))
    };
    let (hour, day, month, year) = (next(2)?, next(2)?, next(2)?, next(4)?);
    Named { year: Some(year), month: Some(month), day: Some(day), hour: Some(hour) }.span()
}

#[derive(Debug, Default)]
struct Named {
    year: Option<i16>,
    month: Option<i16>,
    day: Option<i16>,
    hour: Option<i16>,
}

impl Named {
    /// `2013-02`, `2013-02-01`, `20130201`, or one of these with a time behind it, which is left aside.
    fn read_date(&mut self, value: &str) -> Option<()> {
        let date = value.split(['T', ' ', '_']).next()?;
        let compact = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
        let (year, month, day) = if compact {
            (date.get(..4)?, date.get(4..6)?, date.get(6..))
        } else {
            let mut parts = date.splitn(4, '-');
            (parts.next()?, parts.next()?, parts.next())
        };
        self.year = Some(number(year, 4)?);
        self.month = Some(number(month, 2)?);
        if let Some(day) = day {
            self.day = Some(number(day, 2)?);
        }
        Some(())
    }

    fn span(&self) -> Option<(i64, i64)> {
        let year = self.year?;
        let part = |value: Option<i16>| i8::try_from(value?).ok();
        let (start, length): (_, Span) = match (part(self.month), part(self.day), part(self.hour)) {
            (None, ..) => (Date::new(year, 1, 1).ok()?.at(0, 0, 0, 0), 1.year()),
            (Some(month), None, _) => (Date::new(year, month, 1).ok()?.at(0, 0, 0, 0), 1.month()),
            (Some(month), Some(day), None) => (Date::new(year, month, day).ok()?.at(0, 0, 0, 0), 1.day()),
            (Some(month), Some(day), Some(hour)) => {
                let day = Date::new(year, month, day).ok()?;
                (day.to_datetime(jiff::civil::Time::new(hour, 0, 0, 0).ok()?), 1.hour())
            }
        };
        let micros =
            |time: jiff::civil::DateTime| Some(TimeZone::UTC.to_timestamp(time).ok()?.as_microsecond());
        Some((micros(start)?, micros(start.checked_add(length).ok()?)?))
    }
}

/// A number of one to `digits` digits.
fn number(text: &str, digits: usize) -> Option<i16> {
    let plain = !text.is_empty() && text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(relative: &str) -> Option<(String, String)> {
        let (start, end) = span(&partitions(relative))?;
        let show = |micros| jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
        Some((show(start), show(end)))
    }

    #[test]
    fn partitions_are_decoded_folders_only() {
        let expected = vec![("region".into(), "a/b c".into()), ("x".into(), "1=2".into())];
        assert_eq!(partitions("region=a%2Fb c/plain/x=1=2/name=no.parquet"), expected);
        assert_eq!(partitions("file.parquet"), Vec::new());
    }

    #[test]
    fn spans() {
        let cases = [
            ("year=2013/f", "2013-01-01T00:00:00Z", "2014-01-01T00:00:00Z"),
            ("year=2013/month=2/f", "2013-02-01T00:00:00Z", "2013-03-01T00:00:00Z"),
            ("month=2013-02/f", "2013-02-01T00:00:00Z", "2013-03-01T00:00:00Z"),
            ("month=2013-02/day=28/f", "2013-02-28T00:00:00Z", "2013-03-01T00:00:00Z"),
            ("year=2013/month=12/day=31/hour=23/f", "2013-12-31T23:00:00Z", "2014-01-01T00:00:00Z"),
            ("dt=2013-02-03/hour=05/f", "2013-02-03T05:00:00Z", "2013-02-03T06:00:00Z"),
            ("ds=20130203/f", "2013-02-03T00:00:00Z", "2013-02-04T00:00:00Z"),
            ("Date=2013-02-03 10:00:00/f", "2013-02-03T00:00:00Z", "2013-02-04T00:00:00Z"),
            ("hour=2013-02-03-07/f", "2013-02-03T00:00:00Z", "2013-02-04T00:00:00Z"),
        ];
        for (relative, start, end) in cases {
            assert_eq!(days(relative), Some((start.into(), end.into())), "{relative}");
        }
        for none in
            ["f", "month=02/f", "day=01/f", "year=20x3/f", "dt=yesterday/f", "year=2013/month=13/f", "dt=/f"]
        {
            assert_eq!(days(none), None, "{none}");
        }
        assert_eq!(days(&format!("dt={NULL}/f")), None);
    }

    #[test]
    fn hours_of_captures() {
        let found = hour("s3://b/endpoint/AllTraffic/2022/04/18/00/26-40.jsonl");
        assert_eq!(found, Some((1_650_240_000_000_000, 1_650_243_600_000_000)));
        for none in ["2022/04/18/f", "2022/4/18/00/f", "2022/04/18/24/f", "2022/04/31/00/f", "f"] {
            assert_eq!(hour(none), None, "{none}");
        }
    }

    #[test]
    fn bookkeeping_is_hidden() {
        assert!(is_hidden("_SUCCESS") && is_hidden(".part.crc") && is_hidden("_delta_log"));
        assert!(!is_hidden("_region=1") && !is_hidden("part"));
    }
}
