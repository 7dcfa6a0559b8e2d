//! What a run is told: roles of columns, windows, segments, metrics.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::RecordOptions;

use crate::{Compare, Error, window::Every};

/// Columns with a meaning of their own. Every other column is a feature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Roles {
    /// Time of a record.
    pub timestamp: Option<String>,
    /// Inference id; not monitored.
    pub id: Option<String>,
    /// Predicted label or value; monitored like a feature.
    pub prediction: Option<String>,
    /// Predicted probability; monitored like a feature.
    pub probability: Option<String>,
    /// Ground truth; not monitored.
    pub label: Option<String>,
    /// Response time; monitored like a feature.
    pub latency: Option<String>,
    /// Features to monitor, `*` matching any run of characters; empty means all.
    pub features: Vec<String>,
    /// Columns to leave out, `*` matching any run of characters.
    pub ignore: Vec<String>,
}

impl Roles {
    /// Whether a top-level column is monitored, wholly or in one of its members.
    #[must_use]
    pub fn is_monitored(&self, column: &str) -> bool {
        let member =
            |feature: &String| feature.strip_prefix(column).is_some_and(|rest| rest.starts_with('.'));
        !self.is_left_out(column) && (self.is_chosen(column) || self.features.iter().any(member))
    }

    /// Whether a feature of a baseline is monitored: by the column that it is, or is a member of.
    #[must_use]
    pub fn is_feature_monitored(&self, feature: &str) -> bool {
        // `a.b.c` may be a column, or a member of `a` or `a.b`: any of them may be named.
        let ends = feature.match_indices('.').map(|(at, _)| at).chain([feature.len()]);
        let columns: Vec<&str> = ends.map(|end| &feature[..end]).collect();
        !columns.iter().any(|column| self.is_left_out(column))
            && columns.iter().any(|column| self.is_chosen(column))
    }

    fn is_left_out(&self, column: &str) -> bool {
        let is = |role: &Option<String>| role.as_deref() == Some(column);
        is(&self.timestamp)
            || is(&self.id)
            || is(&self.label)
            || self.ignore.iter().any(|pattern| matches(pattern, column))
    }

    fn is_chosen(&self, column: &str) -> bool {
        let is = |role: &Option<String>| role.as_deref() == Some(column);
        self.features.is_empty()
            || is(&self.prediction)
            || is(&self.probability)
            || is(&self.latency)
            || self.features.iter().any(|pattern| matches(pattern, column))
    }

    /// The role of a column that has one, as configuration names it.
    #[must_use]
    pub fn role_of(&self, column: &str) -> Option<&'static str> {
        [
            (&self.timestamp, "timestamp"),
            (&self.id, "id"),
            (&self.prediction, "prediction"),
            (&self.probability, "probability"),
            (&self.label, "label"),
            (&self.latency, "latency"),
        ]
        .into_iter()
        .find_map(|(role, name)| (role.as_deref() == Some(column)).then_some(name))
    }

    /// All columns named outright (no patterns), to tell a wrong name from a right one.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let roles = [
            ("timestamp", &self.timestamp),
            ("id", &self.id),
            ("prediction", &self.prediction),
            ("probability", &self.probability),
            ("label", &self.label),
            ("latency", &self.latency),
        ];
        let lists = [("features", &self.features), ("ignore", &self.ignore)];
        let single = roles.into_iter().filter_map(|(name, role)| Some((name, role.as_deref()?)));
        single.chain(lists.into_iter().flat_map(|(name, list)| {
            list.iter().filter(|item| !item.contains('*')).map(move |item| (name, item.as_str()))
        }))
    }
}

/// What counts as a window, and which of them are asked for.
#[derive(Debug, Clone)]
pub struct Windows {
    /// Length.
    pub every: Every,
    /// Zone of calendar days, and of timestamps without a zone.
    pub timezone: TimeZone,
    /// What each is compared with.
    pub compare: Compare,
    /// Start of the range (inclusive), microseconds since 1970 UTC.
    pub from: Option<i64>,
    /// End of the range (exclusive), microseconds since 1970 UTC.
    pub to: Option<i64>,
}

impl Default for Windows {
    fn default() -> Self {
        Self { every: Every::Day, timezone: TimeZone::UTC, compare: Compare::Baseline, from: None, to: None }
    }
}

impl Windows {
    /// Reads a bound: a date (its start in the zone of the windows) or an RFC 3339 time.
    ///
    /// # Errors
    /// [`Error::Setting`] for anything else.
    pub fn parse_bound(text: &str, timezone: &TimeZone) -> Result<i64, Error> {
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return Ok(time.as_microsecond());
        }
        let civil = text
            .parse::<jiff::civil::DateTime>()
            .or_else(|_| text.parse::<jiff::civil::Date>().map(|date| date.at(0, 0, 0, 0)));
        civil
            .and_then(|civil| civil.to_zoned(timezone.clone()))
            .map(|zoned| zoned.timestamp().as_microsecond())
            .map_err(|_| Error::Setting {
                name: "from / to".to_owned(),
                reason: format!(
                    "expected a date (2026-03-01) or a time (2026-03-01T06:00:00Z), found `{text}`"
                ),
            })
    }
}

/// What to do with a source that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnBadFile {
    /// Set it aside with its reason and go on.
    #[default]
    Quarantine,
    /// End the run.
    Fail,
}

/// Another tool whose files and verdicts are to be had, not ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compat {
    /// SageMaker Model Monitor: what its analyzer container writes for the same rows in the same order.
    Sagemaker,
}

/// Documents of another tool that are written of each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Emit {
    /// SageMaker Model Monitor: `constraint_violations.json`, `statistics.json` and `constraints.json`.
    Sagemaker,
}

/// Everything a run is told beside where its data is.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Name that goes into every row.
    pub monitor: String,
    /// Roles of columns.
    pub roles: Roles,
    /// Windows.
    pub windows: Windows,
    /// How captured requests and answers become records.
    pub records: RecordOptions,
    /// Columns whose values make segments.
    pub segment_by: Vec<String>,
    /// Metrics to record beside the deciding ones; empty means the default list.
    pub metrics: Vec<String>,
    /// Coarse bins of numbers; `None` is the deciles that the baseline was cut at.
    pub bins: Option<u16>,
    /// The tool to agree with; `None` is none.
    pub compat: Option<Compat>,
    /// The tool whose documents are written of each window too; `None` is none.
    pub emit: Option<Emit>,
    /// What to do with a source that cannot be read.
    pub on_bad_file: OnBadFile,
    /// Threads of the pool; 0 means one a core.
    pub threads: usize,
    /// Bytes that prefetched captures may take.
    pub memory_bytes: u64,
}

/// `*` matches any run of characters; everything else itself.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_any_run() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*_score", "late_score", true),
            ("*_score", "score", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "acb", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn roles_are_not_features_but_predictions_are() {
        let roles = Roles {
            timestamp: Some("ts".into()),
            prediction: Some("p".into()),
            features: vec!["x*".into()],
            ignore: vec!["xx".into()],
            ..Roles::default()
        };
        let monitored: Vec<_> =
            ["ts", "p", "x1", "xx", "y"].into_iter().filter(|c| roles.is_monitored(c)).collect();
        assert_eq!(monitored, ["p", "x1"]);
        let members = Roles { features: vec!["s.a".into()], ..Roles::default() };
        assert!(members.is_monitored("s") && members.is_feature_monitored("s.a.b"));
        assert!(!members.is_monitored("t") && !members.is_feature_monitored("s.b"));
        let ignored = Roles { ignore: vec!["s.a".into()], ..Roles::default() };
        assert!(
            ignored.is_monitored("s")
                && !ignored.is_feature_monitored("s.a")
                && ignored.is_feature_monitored("s.b")
        );
    }

    #[test]
    fn bounds_are_dates_or_times() {
        let zone = TimeZone::get("America/New_York").unwrap();
        assert_eq!(Windows::parse_bound("2013-02-01", &zone).unwrap(), 1_359_694_800_000_000);
        assert_eq!(Windows::parse_bound("2013-02-01T00:00:00Z", &zone).unwrap(), 1_359_676_800_000_000);
        assert!(Windows::parse_bound("yesterday", &zone).unwrap_err().to_string().contains("yesterday"));
    }
}
