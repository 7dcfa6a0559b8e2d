//! What a run is told: roles of columns, windows, segments, metrics.

mod attribution;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::{Location, RecordOptions};

pub use self::attribution::{Aggregate, Attribution};
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
    /// Status or error code of an answer; monitored like a feature.
    pub status: Option<String>,
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
            || is(&self.status)
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
            (&self.status, "status"),
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
            ("status", &self.status),
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

/// Which answers are slow, and which are errors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latency {
    /// Answers above it are slow, in the unit of the column; `None` is the baseline's 99th percentile.
    pub slow: Option<f64>,
    /// Values of the status column that are errors; empty means all numbers from 400 on.
    pub errors: Vec<String>,
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

/// What predictions are, and which of them are right.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// What is predicted; `None` follows from roles and the baseline's predictions.
    #[serde(with = "problem_name", skip_serializing_if = "Option::is_none")]
    pub problem: Option<quality::Problem>,
    /// The label that is positive; everything else is negative then. `None` is 1 (or true), and 0 (or false) is negative.
    #[serde(deserialize_with = "written")]
    pub positive: Option<String>,
    /// Probability from which on a row counts as predicted positive where no prediction is named; 0.5 if `None`. Of a
    /// regression, the value above which labels and predictions count as positive for bias.
    pub threshold: Option<f64>,
    /// Of several classes, the column of the probability of each.
    pub probabilities: BTreeMap<String, String>,
    /// Of a ranking, the column that says which query an item belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// Groups whose treatment is compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bias {
    /// Column that says who belongs to which group.
    pub facet: String,
    /// Its values that make the group; without these and `above`, each value against all others.
    pub disadvantaged: Vec<String>,
    /// Or: numbers above this one make the group.
    pub above: Option<f64>,
    /// Column within whose values groups are compared too (conditional disparity).
    pub group: Option<String>,
    /// Columns of numbers by which the like of a row are found in the other group (flip test); none without them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flip_test: Vec<String>,
}

/// Labels that lie elsewhere than the captures.
#[derive(Debug, Clone)]
pub struct GroundTruth {
    /// Where they lie.
    pub captures: Location,
    /// Column of the id of the prediction; `None` is the id of captured events, or the name that captures call it by.
    pub id: Option<String>,
    /// Column of the label; `None` is what captured ground truth calls it, or the column with the role.
    pub label: Option<String>,
    /// Column of the time when a label arrived; `None` is the hour of its folder, where it has one.
    pub arrived: Option<String>,
}

impl Settings {
    /// Columns that settings of predictions, labels and groups name: setting and name.
    pub(crate) fn of_outcomes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let probabilities =
            self.quality.probabilities.values().map(|name| ("quality.probabilities", name.as_str()));
        let query = self.quality.query.iter().map(|name| ("quality.query", name.as_str()));
        let groups = self.bias.iter().flat_map(|bias| {
            let group = bias.group.iter().map(|name| ("bias.group", name.as_str()));
            let features = bias.flip_test.iter().map(|name| ("bias.flip_test", name.as_str()));
            std::iter::once(("bias.facet", bias.facet.as_str())).chain(group).chain(features)
        });
        probabilities.chain(query).chain(groups)
    }
}

/// A name, or a number or flag as it is written.
fn written<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Flag(bool),
        Whole(i64),
        Number(f64),
    }
    Ok(Option::<Written>::deserialize(from)?.map(|value| match value {
        Written::Text(text) => text,
        Written::Flag(flag) => flag.to_string(),
        Written::Whole(number) => number.to_string(),
        Written::Number(number) => number.to_string(),
    }))
}

/// The problem by its name.
mod problem_name {
    use quality::Problem;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    const NAMES: [(&str, Problem); 4] = [
        ("binary", Problem::Binary),
        ("multiclass", Problem::Multiclass),
        ("regression", Problem::Regression),
        ("ranking", Problem::Ranking),
    ];

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(problem: &Option<Problem>, to: S) -> Result<S::Ok, S::Error> {
        let name = NAMES.iter().find(|(_, known)| Some(*known) == *problem).map(|(name, _)| name);
        name.serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Problem>, D::Error> {
        let Some(name) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, problem)| Some(*problem)).ok_or_else(|| {
            D::Error::custom(format!(
                "unknown variant `{name}`, expected `binary`, `multiclass`, `regression` or `ranking`"
            ))
        })
    }
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
    /// What predictions are, and which of them are right.
    pub quality: Quality,
    /// Labels that lie elsewhere than the captures.
    pub ground_truth: Option<GroundTruth>,
    /// Labels that arrived later, in microseconds since 1970 UTC, are not there yet.
    pub as_of: Option<i64>,
    /// Groups whose treatment is compared.
    pub bias: Vec<Bias>,
    /// Captured attributions.
    pub attribution: Attribution,
    /// Which answers are slow, and which are errors.
    pub latency: Latency,
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
