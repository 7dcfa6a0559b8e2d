//! `list`: the registries, with one page per entry.

use std::fmt::Write as _;

use anyhow::anyhow;
use monitor::{Problem, tables::Family};
use serde::Serialize;

use crate::{
    args::{Common, List, Registry},
    nearest, print,
};

/// One entry of a registry.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    title: String,
    /// Heading that it stands under in a list.
    #[serde(skip)]
    group: &'static str,
    #[serde(flatten)]
    facts: serde_json::Map<String, serde_json::Value>,
    page: String,
}

pub(crate) fn run(common: &Common, args: &List) -> anyhow::Result<u8> {
    let (kind, entries) = match args.what {
        Registry::Metrics => ("metric", metrics()),
        Registry::Checks => ("check", checks()),
        Registry::Columns => ("column", columns()),
    };
    match &args.name {
        None => print::result(common.format, &entries, |entries| overview(kind, entries))?,
        Some(name) => {
            let found = find(kind, &entries, name)?;
            print::result(common.format, &found, |found| {
                found.iter().map(|entry| page(entry)).collect::<Vec<_>>().join("\n")
            })?;
        }
    }
    Ok(crate::exit::DONE)
}

/// The entries of a name, of which several problems may have one; for columns also all of a table, or those of one name in every table.
fn find<'a>(kind: &str, entries: &'a [Entry], name: &str) -> anyhow::Result<Vec<&'a Entry>> {
    let named = |entry: &&Entry| {
        let (table, column) = entry.name.split_once('.').unwrap_or_default();
        entry.name == name || (kind == "column" && (table == name || column == name))
    };
    let found: Vec<_> = entries.iter().filter(named).collect();
    if found.is_empty() {
        // Columns are known by their own name too.
        let names = entries.iter().flat_map(|entry| {
            let own = entry.name.split_once('.').filter(|_| kind == "column").map(|(_, column)| column);
            own.into_iter().chain([entry.name.as_str()])
        });
        let hint = nearest::hint(name, names);
        return Err(anyhow!("{kind} `{name}` is not known; {hint} (`driftscan list {kind}s` shows all)"));
    }
    Ok(found)
}

fn metrics() -> Vec<Entry> {
    let entry = |metric: &monitor::Metric| Entry {
        name: metric.name.to_owned(),
        title: metric.title.to_owned(),
        group: "drift (`[drift] metrics` takes these)",
        facts: facts(&[
            ("family", "drift".into()),
            ("method", metric.method.into()),
            ("range", range(metric.range).into()),
            ("threshold", metric.threshold.into()),
            ("decides", metric.floor.is_some().into()),
            ("symmetric", metric.symmetric.into()),
            ("reference", metric.reference.into()),
        ]),
        page: metric.page.to_owned(),
    };
    monitor::METRICS.iter().map(entry).chain(monitor::score_metrics().iter().map(score_metric)).collect()
}

/// A metric of another family than drift.
fn score_metric(metric: &monitor::ScoreMetric) -> Entry {
    let (problem, group) = match (metric.family, metric.problem) {
        (Family::ModelQuality, Some(Problem::Binary)) => {
            (Some("binary"), "model quality, one of two classes")
        }
        (Family::ModelQuality, Some(Problem::Multiclass)) => {
            (Some("multiclass"), "model quality, one of several classes")
        }
        (Family::ModelQuality, Some(Problem::Regression)) => (Some("regression"), "model quality, a number"),
        (Family::ModelQuality, _) => (None, "model quality, any"),
        (family, _) => (None, family.name()),
    };
    let mut facts = facts(&[
        ("family", metric.family.name().into()),
        ("range", range(metric.range).into()),
        ("judged", metric.judged.into()),
    ]);
    let optional = [
        ("problem", problem),
        ("good", metric.good),
        ("standard_error", metric.standard_error),
        ("reference", metric.reference),
    ];
    facts.extend(optional.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
    let title = metric.title.clone().into_owned();
    Entry { name: metric.name.to_owned(), title, group, facts, page: metric.page.to_owned() }
}

fn checks() -> Vec<Entry> {
    let entry = |check: &monitor::Check| Entry {
        name: check.name.to_owned(),
        title: check.title.to_owned(),
        group: "",
        facts: facts(&[]),
        page: check.page.to_owned(),
    };
    monitor::CHECKS.iter().map(entry).collect()
}

fn columns() -> Vec<Entry> {
    let of_table = |table: &'static monitor::Table| {
        table.columns.iter().map(|column| Entry {
            name: format!("{}.{}", table.name, column.name),
            title: column.about.to_owned(),
            group: "",
            facts: facts(&[("type", column.data_type.into()), ("table", table.about.into())]),
            page: String::new(),
        })
    };
    monitor::TABLES.iter().flat_map(of_table).collect()
}

fn range((low, high): (f64, f64)) -> String {
    let bound = |bound: f64| if bound.is_finite() { print::number(bound) } else { "any".to_owned() };
    if low.is_finite() || high.is_finite() {
        format!("{} to {}", bound(low), bound(high))
    } else {
        "any".to_owned()
    }
}

fn facts(facts: &[(&str, serde_json::Value)]) -> serde_json::Map<String, serde_json::Value> {
    facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn overview(kind: &str, entries: &[Entry]) -> String {
    let mut text = String::new();
    for of_group in entries.chunk_by(|a, b| a.group == b.group) {
        let shown: &[&str] = match (kind, of_group.first()) {
            ("metric", Some(first)) if first.facts.contains_key("decides") => {
                &["range", "threshold", "decides"]
            }
            ("metric", _) => &["range", "good", "judged"],
            ("column", _) => &["type"],
            _ => &[],
        };
        let heads: Vec<&str> = [kind].iter().chain(shown).chain(&["about"]).copied().collect();
        let rows = of_group.iter().map(|entry| {
            let facts = shown.iter().map(|name| entry.facts.get(*name).map(show).unwrap_or_default());
            [entry.name.clone()].into_iter().chain(facts).chain([entry.title.clone()]).collect()
        });
        if let Some(Entry { group, .. }) = of_group.first().filter(|entry| !entry.group.is_empty()) {
            let _ = writeln!(text, "{group}");
        }
        let _ = writeln!(text, "{}", print::table(&heads, rows));
    }
    let example = entries.first().map(|entry| entry.name.as_str()).unwrap_or_default();
    let _ = writeln!(text, "`driftscan list {kind}s {example}` shows a page");
    text
}

fn page(entry: &Entry) -> String {
    let mut text = format!("{}: {}\n", entry.name, entry.title);
    let width = entry.facts.keys().map(String::len).max().unwrap_or_default();
    for (name, value) in &entry.facts {
        let shown = if value.as_bool() == Some(false) { "no".to_owned() } else { show(value) };
        let name = name.replace('_', " ");
        let _ = writeln!(text, "  {name:<width$}  {shown}");
    }
    if !entry.page.is_empty() {
        text.push_str(&format!("\n{}\n", entry.page.trim_end()));
    }
    text
}

fn show(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(true) => "yes".to_owned(),
        serde_json::Value::Bool(false) => String::new(),
        serde_json::Value::Number(number) => number.as_f64().map(print::number).unwrap_or_default(),
        _ => "-".to_owned(),
    }
}
