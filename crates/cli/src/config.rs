//! `driftscan.toml`: what it may hold, and errors that say where and what instead.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Deserialize;
use toml::de::DeTable;

use crate::nearest;

/// The file that is read without being named.
pub(crate) const DEFAULT: &str = "driftscan.toml";

/// Sections with their keys.
const KNOWN: [(&str, &[&str]); 11] = [
    ("monitor", &["name", "captures", "baseline", "results", "compat"]),
    (
        "roles",
        &["timestamp", "id", "prediction", "probability", "label", "latency", "status", "features", "ignore"],
    ),
    ("records", &["names", "outputs", "select"]),
    ("windows", &["every", "timezone", "compare"]),
    ("segments", &["by"]),
    ("drift", &["metrics", "bins"]),
    ("quality", &["problem", "positive", "threshold", "probabilities", "query"]),
    ("ground_truth", &["captures", "id", "label", "arrived"]),
    ("bias", &["facet", "disadvantaged", "above", "group", "flip_test"]),
    ("attribution", &["columns", "features", "aggregate"]),
    ("latency", &["slow", "errors"]),
];

/// Sections that may come more than once, as `[[bias]]`.
const LISTS: [&str; 1] = ["bias"];

/// Sections that a later version acts on.
const LATER: [&str; 1] = ["alerts"];

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) monitor: Monitor,
    pub(crate) roles: Roles,
    pub(crate) records: Records,
    pub(crate) windows: Windows,
    pub(crate) segments: Segments,
    pub(crate) drift: Drift,
    pub(crate) quality: monitor::Quality,
    pub(crate) ground_truth: GroundTruth,
    pub(crate) bias: Vec<Bias>,
    pub(crate) attribution: monitor::Attribution,
    pub(crate) latency: Latency,
    /// The folder of the file, which its relative paths start from.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// `[monitor]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Monitor {
    pub(crate) name: Option<String>,
    pub(crate) captures: Option<String>,
    pub(crate) baseline: Option<String>,
    pub(crate) results: Option<String>,
    pub(crate) compat: Option<monitor::Compat>,
}

/// `[roles]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Roles {
    pub(crate) timestamp: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) prediction: Option<String>,
    pub(crate) probability: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) latency: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) features: Vec<String>,
    pub(crate) ignore: Vec<String>,
}

/// `[records]`: how captured requests and answers are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Records {
    pub(crate) names: Vec<String>,
    pub(crate) outputs: Option<OutputsAt>,
    pub(crate) select: BTreeMap<String, String>,
}

/// Where values of the answer stand among those without a name.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutputsAt {
    Start,
    End,
}

/// `[windows]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Windows {
    pub(crate) every: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) compare: Option<String>,
}

/// `[segments]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Segments {
    pub(crate) by: Vec<String>,
}

/// `[ground_truth]`: labels that lie elsewhere than the captures.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GroundTruth {
    pub(crate) captures: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) label: Option<String>,
    pub(crate) arrived: Option<String>,
}

/// `[[bias]]`: groups whose treatment is compared.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Bias {
    pub(crate) facet: String,
    pub(crate) disadvantaged: Vec<Value>,
    pub(crate) above: Option<f64>,
    pub(crate) group: Option<String>,
    pub(crate) flip_test: Vec<String>,
}

/// A value of a column, as it is typed.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
}

impl Value {
    /// As it is compared.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// `[drift]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Drift {
    pub(crate) metrics: Vec<String>,
    pub(crate) bins: Option<u16>,
}

/// `[latency]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Latency {
    pub(crate) slow: Option<f64>,
    pub(crate) errors: Vec<Status>,
}

/// A status of an answer, as `500` or as `"500"`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected statuses such as 500 or \"timeout\"")]
pub(crate) enum Status {
    Number(i64),
    Name(String),
}

impl Config {
    /// The named file; without a name, the one in this folder or none.
    pub(crate) fn load(named: Option<&Path>) -> anyhow::Result<Self> {
        let path = named.unwrap_or(Path::new(DEFAULT));
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {
                return Ok(Self::default());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                anyhow::bail!("--config: there is no file `{}`", path.display())
            }
            Err(error) => return Err(error).with_context(|| format!("failed to read `{}`", path.display())),
        };
        let mut config = Self::parse(&text).map_err(|error| anyhow::anyhow!("{}:{error}", path.display()))?;
        config.folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(config)
    }

    /// The error starts with the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let broken = |error: toml::de::Error| {
            let line = line(text, error.span().unwrap_or_default().start);
            format!("{line}: {}", error.message().replace('\n', ", "))
        };
        let table = DeTable::parse(text).map_err(broken)?;
        let mut troubles = troubles(table.get_ref());
        troubles.sort();
        if let Some((at, trouble)) = troubles.first() {
            return Err(format!("{}: {trouble}", line(text, *at)));
        }
        toml::from_str(text).map_err(|error| {
            match error.span().and_then(|span| key_at(table.get_ref(), span.start)) {
                Some(key) => {
                    let line = line(text, error.span().unwrap_or_default().start);
                    format!("{line}: `{key}`: {}", error.message())
                }
                None => broken(error),
            }
        })
    }
}

/// Keys that are not known or not acted on, with where they start.
fn troubles(table: &DeTable<'_>) -> Vec<(usize, String)> {
    let mut troubles = Vec::new();
    for (section, value) in table {
        let (name, at) = (section.get_ref().as_ref(), section.span().start);
        let Some((_, keys)) = KNOWN.iter().find(|(known, _)| *known == name) else {
            troubles.push((at, unknown_section(name)));
            continue;
        };
        let listed = LISTS.contains(&name).then(|| value.get_ref().as_array()).flatten();
        if let Some(entries) = listed {
            let tables = entries.iter().filter_map(|entry| entry.get_ref().as_table());
            tables.for_each(|members| unknown_keys(name, keys, members, &mut troubles));
            continue;
        }
        let Some(members) = value.get_ref().as_table().filter(|_| !LISTS.contains(&name)) else {
            let name = if LISTS.contains(&name) { &format!("[{name}]") } else { name };
            troubles.push((
                at,
                format!("`{name}`: expected a section `[{name}]`, found {}", value.get_ref().type_str()),
            ));
            continue;
        };
        unknown_keys(name, keys, members, &mut troubles);
    }
    troubles
}

fn unknown_keys(name: &str, keys: &[&str], members: &DeTable<'_>, troubles: &mut Vec<(usize, String)>) {
    for (key, _) in members {
        let (key, at) = (key.get_ref().as_ref(), key.span().start);
        if !keys.contains(&key) {
            let hint = nearest::hint(key, keys.iter().copied());
            troubles.push((at, format!("unknown key `{key}` in [{name}]; {hint}")));
        }
    }
}

fn unknown_section(name: &str) -> String {
    if LATER.contains(&name) {
        return not_yet(name, "take the section out");
    }
    if let Some((section, _)) = KNOWN.iter().find(|(_, keys)| keys.contains(&name)) {
        return format!("unknown section `{name}`; did you mean the key `{name}` in [{section}]?");
    }
    let names = KNOWN.iter().map(|(known, _)| *known).chain(LATER);
    format!("unknown section `{name}`; {}", nearest::hint(name, names))
}

fn not_yet(what: &str, instead: &str) -> String {
    format!("`{what}`: this version does not act on it yet; {instead} for now")
}

/// `roles.timestamp` for a place in its value.
fn key_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    table.iter().find_map(|(section, value)| {
        let members = value.get_ref().as_table()?;
        let (key, _) = members.iter().find(|(_, value)| value.span().contains(&at))?;
        Some(format!("{}.{}", section.get_ref(), key.get_ref()))
    })
}

/// Lines count from 1.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_key_is_read() {
        for (section, keys) in KNOWN {
            for key in keys {
                let value = match *key {
                    "features" | "ignore" | "by" | "metrics" | "names" => "[\"a\"]",
                    "bins" => "20",
                    "slow" => "500",
                    "errors" => "[500, \"timeout\"]",
                    "outputs" => "\"end\"",
                    "select" | "probabilities" => "{ a = \"input.a\" }",
                    "disadvantaged" | "columns" | "flip_test" => "[\"a\"]",
                    "threshold" | "above" => "0.5",
                    "problem" => "\"binary\"",
                    "aggregate" => "\"median\"",
                    "compare" => "\"baseline\"",
                    "compat" => "\"sagemaker\"",
                    _ => "\"a\"",
                };
                let header =
                    if LISTS.contains(&section) { format!("[[{section}]]") } else { format!("[{section}]") };
                Config::parse(&format!("{header}\n{key} = {value}\n")).unwrap();
            }
        }
    }

    #[test]
    fn errors_say_the_line_and_what_instead() {
        for (text, expected) in [
            (
                "[roles]\n\ntimestmp = \"t\"",
                "3: unknown key `timestmp` in [roles]; did you mean `timestamp`?",
            ),
            ("[role]\nid = \"t\"", "1: unknown section `role`; did you mean `roles`?"),
            (
                "timestamp = \"t\"",
                "1: unknown section `timestamp`; did you mean the key `timestamp` in [roles]?",
            ),
            ("[roles]\nid = 7", "2: `roles.id`: invalid type: integer `7`, expected a string"),
            (
                "[roles]\nignore = [\n\"a\",\n1]",
                "4: `roles.ignore`: invalid type: integer `1`, expected a string",
            ),
            ("roles = 3", "1: `roles`: expected a section `[roles]`, found integer"),
            (
                "[monitor]\ncompat = \"seldon\"",
                "2: `monitor.compat`: unknown variant `seldon`, expected `sagemaker`",
            ),
            (
                "\n[[alerts.to]]\nwebhook = \"x\"",
                "2: `alerts`: this version does not act on it yet; take the section out for now",
            ),
        ] {
            assert_eq!(Config::parse(text).unwrap_err(), expected, "{text}");
        }
        assert!(Config::parse("[roles\n").unwrap_err().starts_with("1: "));
    }
}
