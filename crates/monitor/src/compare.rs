//! What a window is compared with: the baseline, or windows before it.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, ToSpan as _};

use crate::{
    Error,
    window::{Calendar, Every, Window},
};

/// Windows before one that may be asked for.
const MAX_EARLIER: u16 = 366;

/// What a window is compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compare {
    /// The baseline.
    #[default]
    Baseline,
    /// So many windows right before it, as one; those without rows add nothing.
    Trailing(u16),
    /// The windows of the same weekday, and hour, of so many weeks before it, as one.
    SameWeekday(u16),
}

impl FromStr for Compare {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |text: &str| text.parse::<u16>().ok().filter(|n| (1..=MAX_EARLIER).contains(n));
        let found = match text.split_once(':') {
            None if text == "baseline" => Some(Self::Baseline),
            None if text == "previous" => Some(Self::Trailing(1)),
            Some(("trailing", n)) => number(n).map(Self::Trailing),
            Some(("same-weekday", n)) => number(n).map(Self::SameWeekday),
            _ => None,
        };
        found.ok_or_else(|| Error::Setting {
            name: "compare".to_owned(),
            reason: format!(
                "expected baseline, previous, trailing:N or same-weekday:N, N from 1 to {MAX_EARLIER}, found `{text}`"
            ),
        })
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Baseline => f.write_str("baseline"),
            Self::Trailing(1) => f.write_str("previous"),
            Self::Trailing(n) => write!(f, "trailing:{n}"),
            Self::SameWeekday(n) => write!(f, "same-weekday:{n}"),
        }
    }
}

impl Compare {
    /// Refuses windows that have no weekday.
    pub(crate) fn check(self, every: Every) -> Result<(), Error> {
        match (self, every) {
            (Self::SameWeekday(_), Every::Week | Every::Month | Every::All) => Err(Error::Setting {
                name: "compare".to_owned(),
                reason: format!("`{self}` needs windows of hours or of a day, found windows of {every}"),
            }),
            _ => Ok(()),
        }
    }

    /// Starts of the windows that one is compared with, ascending; none stands for the baseline.
    pub(crate) fn earlier(self, window: Window, calendar: &mut Calendar) -> Vec<i64> {
        let mut earlier = match self {
            Self::Baseline => Vec::new(),
            Self::Trailing(n) => {
                let mut starts = Vec::new();
                let mut at = window.start;
                for _ in 0..n {
                    let Some(before) = calendar.window_of(at.saturating_sub(1)) else { break };
                    at = before.start;
                    starts.push(at);
                }
                starts
            }
            Self::SameWeekday(n) => (1..=i64::from(n))
                .filter_map(|weeks| {
                    let start = Timestamp::from_microsecond(window.start).ok()?;
                    let local = start.to_zoned(calendar.timezone().clone());
                    let before = local.checked_sub(weeks.weeks()).ok()?.timestamp().as_microsecond();
                    Some(calendar.window_of(before)?.start)
                })
                .collect(),
        };
        earlier.sort_unstable();
        earlier.dedup();
        earlier
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn earlier(compare: &str, every: &str, start: &str) -> Vec<String> {
        let zone = TimeZone::get("America/New_York").unwrap();
        let mut calendar = Calendar::new(every.parse().unwrap(), zone.clone());
        let at: jiff::civil::DateTime = start.parse().unwrap();
        let window =
            calendar.window_of(at.to_zoned(zone.clone()).unwrap().timestamp().as_microsecond()).unwrap();
        let compare: Compare = compare.parse().unwrap();
        let starts = compare.earlier(window, &mut calendar).into_iter();
        let shown =
            |start| Timestamp::from_microsecond(start).unwrap().to_zoned(zone.clone()).datetime().to_string();
        starts.map(shown).collect()
    }

    #[test]
    fn days_and_hours_before_follow_the_clock_of_the_zone() {
        // The clocks change on 10 March 2013.
        let days = ["2013-03-09T00:00:00", "2013-03-10T00:00:00", "2013-03-11T00:00:00"];
        assert_eq!(earlier("trailing:3", "1d", "2013-03-12T05:00:00"), days);
        assert_eq!(earlier("previous", "1mo", "2013-03-12T05:00:00"), ["2013-02-01T00:00:00"]);
        let weekdays = ["2013-03-05T06:00:00", "2013-03-12T06:00:00"];
        assert_eq!(earlier("same-weekday:2", "6h", "2013-03-19T08:30:00"), weekdays);
        assert_eq!(earlier("baseline", "1d", "2013-03-12T05:00:00"), [""; 0]);
    }

    #[test]
    fn words_are_checked() {
        for wrong in ["", "trailing", "trailing:0", "trailing:367", "same-weekday:x", "before"] {
            assert!(wrong.parse::<Compare>().unwrap_err().to_string().contains("same-weekday:N"), "{wrong}");
        }
        for right in ["baseline", "previous", "trailing:7", "same-weekday:4"] {
            assert_eq!(right.parse::<Compare>().unwrap().to_string(), right);
        }
        let weekly = "same-weekday:4".parse::<Compare>().unwrap().check(Every::Week);
        assert!(weekly.unwrap_err().to_string().contains("windows of 1w"));
    }
}
