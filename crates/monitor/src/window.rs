//! Windows: half-open stretches of the calendar, in a time zone.

use std::{collections::BTreeMap, fmt, str::FromStr};

use jiff::{Timestamp, ToSpan, Zoned, civil::Weekday, tz::TimeZone};

use crate::Error;

/// Length of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// So many hours from local midnight; divides 24. On a day with a change of clocks the last is shorter or
    /// longer.
    Hours(u8),
    /// A calendar day.
    Day,
    /// A week from Monday.
    Week,
    /// A calendar month.
    Month,
    /// All records in one window.
    All,
}

impl FromStr for Every {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let hours = text.strip_suffix('h').and_then(|n| n.parse::<u8>().ok());
        match (text, hours) {
            ("1d" | "24h", _) => Ok(Self::Day),
            ("1w" | "7d", _) => Ok(Self::Week),
            ("1mo", _) => Ok(Self::Month),
            (_, Some(n)) if n > 0 && 24 % n == 0 => Ok(Self::Hours(n)),
            _ => Err(Error::Setting {
                name: "window".to_owned(),
                reason: format!("expected 1h, 2h, 3h, 4h, 6h, 8h, 12h, 1d, 1w or 1mo, found `{text}`"),
            }),
        }
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hours(n) => write!(f, "{n}h"),
            Self::Day => f.write_str("1d"),
            Self::Week => f.write_str("1w"),
            Self::Month => f.write_str("1mo"),
            Self::All => f.write_str("all"),
        }
    }
}

/// A half-open stretch of time, microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// First instant.
    pub start: i64,
    /// First instant after it.
    pub end: i64,
}

/// Finds the window of an instant; remembers those it has found.
#[derive(Debug, Clone)]
pub struct Calendar {
    every: Every,
    timezone: TimeZone,
    known: BTreeMap<i64, i64>,
    last: Option<Window>,
}

impl Calendar {
    /// A calendar of windows.
    #[must_use]
    pub fn new(every: Every, timezone: TimeZone) -> Self {
        Self { every, timezone, known: BTreeMap::new(), last: None }
    }

    /// The window that holds an instant; `None` beyond the years -9999 to 9999.
    pub fn window_of(&mut self, micros: i64) -> Option<Window> {
        if let Some(window) = self.last
            && (window.start..window.end).contains(&micros)
        {
            return Some(window);
        }
        let found = self.known.range(..=micros).next_back().map(|(&start, &end)| Window { start, end });
        let window = match found {
            Some(window) if micros < window.end => window,
            _ => {
                let window = self.find(micros)?;
                self.known.insert(window.start, window.end);
                window
            }
        };
        self.last = Some(window);
        Some(window)
    }

    /// All windows that touch `start..end`, in order.
    pub fn windows_between(&mut self, start: i64, end: i64) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut at = start;
        while at < end {
            let Some(window) = self.window_of(at) else { break };
            at = window.end;
            windows.push(window);
        }
        windows
    }

    /// The date of an instant in the calendar's zone, as `2026-03-01`.
    #[must_use]
    pub fn date_of(&self, micros: i64) -> String {
        match self.zoned(micros) {
            Some(zoned) => zoned.date().to_string(),
            None => "unknown".to_owned(),
        }
    }

    /// The zone of the windows.
    pub(crate) fn timezone(&self) -> &TimeZone {
        &self.timezone
    }

    fn zoned(&self, micros: i64) -> Option<Zoned> {
        Some(Timestamp::from_microsecond(micros).ok()?.to_zoned(self.timezone.clone()))
    }

    fn find(&self, micros: i64) -> Option<Window> {
        let zoned = self.zoned(micros)?;
        let midnight = zoned.start_of_day().ok()?;
        let (start, end) = match self.every {
            Every::All => return Some(Window { start: i64::MIN, end: i64::MAX }),
            Every::Day => (midnight.clone(), midnight.tomorrow().ok()?.start_of_day().ok()?),
            Every::Week => {
                let monday = match zoned.date().weekday() {
                    Weekday::Monday => zoned.date(),
                    _ => zoned.date().nth_weekday(-1, Weekday::Monday).ok()?,
                };
                let start = monday.to_zoned(self.timezone.clone()).ok()?;
                let end = monday.checked_add(7.days()).ok()?.to_zoned(self.timezone.clone()).ok()?;
                (start, end)
            }
            Every::Month => {
                let first = zoned.date().first_of_month();
                let next = first.checked_add(1.month()).ok()?;
                (first.to_zoned(self.timezone.clone()).ok()?, next.to_zoned(self.timezone.clone()).ok()?)
            }
            Every::Hours(hours) => {
                let length = i64::from(hours) * 3_600_000_000;
                let tomorrow = midnight.tomorrow().ok()?.start_of_day().ok()?.timestamp().as_microsecond();
                let first = midnight.timestamp().as_microsecond();
                let start = first + (micros - first).div_euclid(length) * length;
                let last_regular = first + (24 / i64::from(hours) - 1) * length;
                // A day of 25 hours has a longer last window, not one more.
                let start = start.min(last_regular);
                let end = if start == last_regular { tomorrow } else { (start + length).min(tomorrow) };
                return Some(Window { start, end });
            }
        };
        Some(Window { start: start.timestamp().as_microsecond(), end: end.timestamp().as_microsecond() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(every: &str, zone: &str) -> Calendar {
        Calendar::new(every.parse().unwrap(), TimeZone::get(zone).unwrap())
    }

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn days_follow_the_clock_of_the_zone() {
        let mut calendar = calendar("1d", "America/New_York");
        // 10 March 2013 has 23 hours there, 3 November 25.
        for (inside, hours) in
            [("2013-03-10T12:00:00Z", 23), ("2013-11-03T12:00:00Z", 25), ("2013-06-01T12:00:00Z", 24)]
        {
            let window = calendar.window_of(micros(inside)).unwrap();
            assert_eq!((window.end - window.start) / 3_600_000_000, hours);
        }
        assert_eq!(calendar.date_of(micros("2013-02-01T04:59:59Z")), "2013-01-31");
    }

    #[test]
    fn windows_are_half_open_and_without_gaps() {
        for (every, zone) in [
            ("1h", "UTC"),
            ("6h", "America/New_York"),
            ("1h", "Australia/Lord_Howe"),
            ("1d", "Europe/Rome"),
            ("1w", "Europe/Rome"),
            ("1mo", "Asia/Tokyo"),
        ] {
            let mut calendar = calendar(every, zone);
            let (start, end) = (micros("2013-01-01T00:00:00Z"), micros("2014-01-01T00:00:00Z"));
            let windows = calendar.windows_between(start, end);
            assert!(windows.windows(2).all(|pair| pair[0].end == pair[1].start), "{every} {zone}");
            for window in windows {
                assert_eq!(calendar.window_of(window.start), Some(window));
                assert_eq!(calendar.window_of(window.end - 1), Some(window));
            }
        }
    }

    #[test]
    fn weeks_start_on_monday_and_lengths_are_checked() {
        let window = calendar("1w", "UTC").window_of(micros("2026-11-22T10:00:00Z")).unwrap();
        assert_eq!(window.start, micros("2026-11-16T00:00:00Z"));
        assert!("5h".parse::<Every>().unwrap_err().to_string().contains("found `5h`"));
        assert_eq!("6h".parse::<Every>().unwrap().to_string(), "6h");
    }
}
