//! `violations`: one row per constraint found broken.

use std::{borrow::Cow, sync::Arc};

use arrow_array::{
    RecordBatch,
    builder::{Float64Builder, ListBuilder, StringBuilder, StructBuilder},
};
use arrow_schema::{ArrowError, DataType, Field, Fields};

use super::{Comparison, Family, Key, Row, columns::Columns};
use crate::check;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Real, but small.
    Warning,
    /// Real, and beyond the threshold.
    Violation,
}

impl Severity {
    /// As tables write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Violation => "violation",
        }
    }
}

/// What one bin adds to the population stability index of its feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// Label of the bin.
    pub bin: String,
    /// Share of the baseline's rows, 0 to 1.
    pub baseline_ratio: f64,
    /// Share of the window's rows, 0 to 1.
    pub ratio: f64,
    /// What it adds; never negative.
    pub contribution: f64,
}

/// One constraint found broken.
#[derive(Debug, Clone)]
pub struct ViolationRow {
    /// Monitor, window, segment.
    pub key: Key,
    /// Feature, the first of several that broke at once; `None` for the window as a whole.
    pub feature: Option<Arc<str>>,
    /// All features that broke at once.
    pub features: Vec<Arc<str>>,
    /// Family.
    pub family: Family,
    /// Name of the check.
    pub check: &'static str,
    /// Metric whose value broke it.
    pub metric: Cow<'static, str>,
    /// The value.
    pub value: Option<f64>,
    /// The threshold of a violation.
    pub threshold: Option<f64>,
    /// Side of the threshold that breaks it.
    pub comparison: Option<Comparison>,
    /// The same number on the baseline.
    pub baseline_value: Option<f64>,
    /// How bad it is.
    pub severity: Severity,
    /// Rows of the window that the value is computed from.
    pub rows: u64,
    /// One sentence for people.
    pub description: String,
    /// Bins that moved most, at most five, largest first.
    pub top_contributions: Vec<Contribution>,
    /// Captures that hold the offending rows, the first five.
    pub sources: Vec<String>,
}

impl ViolationRow {
    /// From a row of the table; `None` when it is not one, or names a check of another version.
    pub(crate) fn of_row(row: Row<'_>) -> Option<Self> {
        let (check, metric, severity) = (row.text("check")?, row.text("metric")?, row.text("severity")?);
        Some(Self {
            key: Key::of_row(row)?,
            feature: row.text("feature").map(Arc::from),
            features: row.texts("features").iter().map(|name| name.as_str().into()).collect(),
            family: Family::of_name(row.text("family")?)?,
            check: check::ALL.iter().find(|known| known.name == check)?.name,
            metric: metric.to_owned().into(),
            value: row.number("value"),
            threshold: row.number("threshold"),
            comparison: row.text("comparison").and_then(Comparison::of_name),
            baseline_value: row.number("baseline_value"),
            severity: [Severity::Warning, Severity::Violation].into_iter().find(|s| s.name() == severity)?,
            rows: row.count("rows"),
            description: row.text("description").unwrap_or_default().to_owned(),
            top_contributions: row.contributions(),
            sources: row.texts("sources"),
        })
    }

    pub(crate) fn batch(rows: &[Self]) -> Result<RecordBatch, ArrowError> {
        let members = Fields::from(vec![
            Field::new("bin", DataType::Utf8, true),
            Field::new("baseline_ratio", DataType::Float64, true),
            Field::new("ratio", DataType::Float64, true),
            Field::new("contribution", DataType::Float64, true),
        ]);
        let mut contributions = ListBuilder::new(StructBuilder::new(
            members,
            vec![
                Box::new(StringBuilder::new()),
                Box::new(Float64Builder::new()),
                Box::new(Float64Builder::new()),
                Box::new(Float64Builder::new()),
            ],
        ));
        let mut sources = ListBuilder::new(StringBuilder::new());
        let mut features = ListBuilder::new(StringBuilder::new());
        for row in rows {
            for item in &row.top_contributions {
                let builder = contributions.values();
                if let Some(bin) = builder.field_builder::<StringBuilder>(0) {
                    bin.append_value(&item.bin);
                }
                for (index, number) in [(1, item.baseline_ratio), (2, item.ratio), (3, item.contribution)] {
                    if let Some(column) = builder.field_builder::<Float64Builder>(index) {
                        column.append_value(number);
                    }
                }
                builder.append(true);
            }
            contributions.append(true);
            row.sources.iter().for_each(|source| sources.values().append_value(source));
            sources.append(true);
            row.features.iter().for_each(|feature| features.values().append_value(feature));
            features.append(true);
        }
        let (contributions, sources, features) =
            (contributions.finish(), sources.finish(), features.finish());
        let list = |name: &str, list: &arrow_array::ListArray| {
            Field::new(name, arrow_array::Array::data_type(list).clone(), false)
        };
        Columns::new(rows)
            .key(|row| &row.key)
            .optional_text("feature", |row| row.feature.as_deref())
            .text("family", |row| row.family.name())
            .text("check", |row| row.check)
            .text("metric", |row| &row.metric)
            .number("value", |row| row.value)
            .number("threshold", |row| row.threshold)
            .optional_text("comparison", |row| row.comparison.map(Comparison::name))
            .number("baseline_value", |row| row.baseline_value)
            .text("severity", |row| row.severity.name())
            .count("rows", |row| row.rows)
            .text("description", |row| &row.description)
            .push(list("top_contributions", &contributions), Arc::new(contributions.clone()))
            .push(list("sources", &sources), Arc::new(sources.clone()))
            .optional_text("top_bin", |row| row.top_contributions.first().map(|top| top.bin.as_str()))
            .number("top_contribution", |row| row.top_contributions.first().map(|top| top.contribution))
            .optional_text("first_source", |row| row.sources.first().map(String::as_str))
            .push(list("features", &features), Arc::new(features.clone()))
            .finish()
    }
}
