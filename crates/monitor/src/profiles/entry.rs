//! What is known of one capture.

use serde::{Deserialize, Serialize};
use store::{PlannedSource, Source};

/// A version of a capture, the settings under which it was looked into, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The capture, however its location was written.
    pub(crate) id: String,
    /// As tables show it.
    pub(crate) path: String,
    pub(crate) etag: Option<String>,
    pub(crate) bytes: u64,
    pub(crate) modified_micros: i64,
    /// Digest of the bins, roles and format that its rows were counted under.
    pub(crate) spec: String,
    /// Rows outside this range of times were not counted.
    pub(crate) range: (Option<i64>, Option<i64>),
    /// Rows in it.
    pub(crate) rows: u64,
    /// First and last time that its footer states, both inclusive.
    pub(crate) time: Option<(i64, i64)>,
    pub(crate) finding: Finding,
}

/// What came of looking into a capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Finding {
    Profiled(Profiled),
    /// No row of it lies in the range.
    OutsideRange(String),
    /// It cannot be read; by which version of driftscan, since another may.
    Quarantined {
        reason: String,
        version: String,
    },
}

/// What was counted of a capture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profiled {
    pub(crate) rows_without_time: u64,
    /// Lines that are no records, and why.
    #[serde(default)]
    pub(crate) bad_lines: u64,
    #[serde(default)]
    pub(crate) left_out: String,
    /// Earliest and latest time that was read.
    pub(crate) times: Option<(i64, i64)>,
    /// Starts of the windows that it has rows in, ascending.
    pub(crate) windows: Vec<i64>,
    /// Number of dates that these belong to.
    pub(crate) dates: usize,
    /// Digest of all that was counted.
    pub(crate) content: String,
}

impl Entry {
    /// Of a source that was looked into, for windows of a spec in a range.
    pub(crate) fn of(
        planned: &PlannedSource,
        (spec, range): (&str, (Option<i64>, Option<i64>)),
        rows: u64,
        finding: Finding,
    ) -> Self {
        let source = &planned.source;
        Self {
            id: source.id.clone(),
            path: source.path.clone(),
            etag: source.etag.clone(),
            bytes: source.bytes,
            modified_micros: source.modified_micros,
            spec: spec.to_owned(),
            range,
            rows,
            time: planned.time,
            finding,
        }
    }

    /// What tells this version of the capture from others.
    pub(crate) fn version(&self) -> String {
        version(self.etag.as_deref(), self.bytes, self.modified_micros)
    }

    /// Whether a capture that was listed is this version.
    pub(crate) fn is_of(&self, source: &Source) -> bool {
        self.id == source.id
            && self.bytes == source.bytes
            && match (&self.etag, &source.etag) {
                (Some(known), Some(listed)) => known == listed,
                _ => self.modified_micros == source.modified_micros,
            }
    }

    pub(crate) fn profiled(&self) -> Option<&Profiled> {
        match &self.finding {
            Finding::Profiled(profiled) => Some(profiled),
            _ => None,
        }
    }

    /// Starts of the windows that it has rows in, within a range.
    pub(crate) fn windows(&self, range: (Option<i64>, Option<i64>)) -> impl Iterator<Item = i64> {
        let windows = self.profiled().map_or(&[][..], |profiled| &profiled.windows);
        windows.iter().copied().filter(move |start| within(*start, range))
    }

    /// Whether all that a range asks of this capture was counted.
    pub(crate) fn serves(&self, range: (Option<i64>, Option<i64>)) -> bool {
        let (asked, counted) = (bounds(range), bounds(self.range));
        let needed = match self.time {
            Some((first, last)) => (asked.0.max(first), asked.1.min(last.saturating_add(1))),
            None => asked,
        };
        match &self.finding {
            Finding::Profiled(_) => needed.0 >= needed.1 || counted.0 <= needed.0 && needed.1 <= counted.1,
            Finding::OutsideRange(_) => asked == counted || self.is_outside(range),
            // What is bad may lie in rows that a narrower range does not ask for.
            Finding::Quarantined { version, .. } => {
                version == env!("CARGO_PKG_VERSION") && asked.0 <= counted.0 && counted.1 <= asked.1
            }
        }
    }

    /// Whether the footer says that no row lies in a range.
    pub(crate) fn is_outside(&self, range: (Option<i64>, Option<i64>)) -> bool {
        let (from, to) = bounds(range);
        self.time.is_some_and(|(first, last)| last < from || first >= to)
    }
}

/// What tells this version of a capture from others.
pub(crate) fn version_of(source: &Source) -> String {
    version(source.etag.as_deref(), source.bytes, source.modified_micros)
}

fn version(etag: Option<&str>, bytes: u64, modified_micros: i64) -> String {
    etag.map_or_else(|| format!("{bytes}-{modified_micros}"), str::to_owned)
}

/// A range with ends: those of time where it has none.
pub(crate) fn bounds((from, to): (Option<i64>, Option<i64>)) -> (i64, i64) {
    (from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX))
}

/// Whether an instant lies in a half-open range.
pub(crate) fn within(at: i64, range: (Option<i64>, Option<i64>)) -> bool {
    let (from, to) = bounds(range);
    from <= at && at < to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(range: (Option<i64>, Option<i64>), time: Option<(i64, i64)>, finding: Finding) -> Entry {
        Entry {
            id: "/a".into(),
            path: "a".into(),
            etag: None,
            bytes: 1,
            modified_micros: 2,
            spec: String::new(),
            range,
            rows: 1,
            time,
            finding,
        }
    }

    #[test]
    fn what_was_counted_serves_ranges_within() {
        let profiled = || Finding::Profiled(Profiled::default());
        let some = entry((Some(10), Some(20)), Some((5, 30)), profiled());
        assert!(some.serves((Some(12), Some(20))));
        assert!(!some.serves((Some(12), Some(21))));
        assert!(!some.serves((None, None)));
        // Rows that the range asks for beyond what was counted do not exist.
        let inside = entry((Some(10), Some(20)), Some((12, 15)), profiled());
        assert!(inside.serves((None, None)));
        assert!(!entry((Some(10), Some(20)), None, profiled()).serves((None, None)));
        let outside = entry((Some(10), Some(20)), Some((1, 2)), Finding::OutsideRange(String::new()));
        assert!(outside.serves((Some(5), None)) && !outside.serves((Some(1), None)));
    }
}
