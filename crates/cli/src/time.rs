//! Times as people read them.

use jiff::{Timestamp, tz::TimeZone};

/// A date when the time is midnight in the zone, or the time in UTC; both can be given to `explain --window`.
pub(crate) fn show(micros: i64, zone: &TimeZone) -> String {
    let Ok(time) = Timestamp::from_microsecond(micros) else { return "unknown".to_owned() };
    let local = time.to_zoned(zone.clone());
    match local.start_of_day() {
        Ok(midnight) if midnight == local => local.date().to_string(),
        _ => time.to_string(),
    }
}

/// The date that holds the instant before an end: the last date of a half-open range.
pub(crate) fn show_last(end_micros: i64, zone: &TimeZone) -> String {
    match Timestamp::from_microsecond(end_micros.saturating_sub(1)) {
        Ok(time) => time.to_zoned(zone.clone()).date().to_string(),
        Err(_) => "unknown".to_owned(),
    }
}

/// RFC 3339 in UTC.
pub(crate) fn rfc3339(micros: i64) -> Option<String> {
    Timestamp::from_microsecond(micros).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnights_of_the_zone_are_dates() {
        let zone = TimeZone::get("America/New_York").unwrap();
        assert_eq!(show(1_359_694_800_000_000, &zone), "2013-02-01");
        assert_eq!(show(1_359_694_800_000_000, &TimeZone::UTC), "2013-02-01T05:00:00Z");
        assert_eq!(show_last(1_359_694_800_000_000, &zone), "2013-01-31");
        assert_eq!(show(i64::MIN, &zone), "unknown");
    }
}
