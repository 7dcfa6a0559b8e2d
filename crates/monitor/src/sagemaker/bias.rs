//! The bias monitor: Clarify's metrics of each group, and which of them are of greater size than the baseline's.
//!
//! A threshold is the value in the baseline's `analysis.json`, and zero a threshold like any other. The flip test has a value
//! where settings name its features; it is the mean over all choices among neighbours that are equally far, where a job takes
//! those that it meets first.

use quality::bias::{
    ALL, Condition, Convention, Facet, Measure, Metric, Sample, Stage, Table, Undefined, compat_violated,
};
use serde_json::{Map, Value, json};

use super::{Labels, texts::python};
use crate::{
    outcomes::FacetForm,
    tables::{Comparison, Family, Key, ScoreRow, Status},
};

/// Members of the document, in its order.
const STAGES: [(&str, Stage); 2] =
    [("post_training_bias_metrics", Stage::PostTraining), ("pre_training_bias_metrics", Stage::PreTraining)];
/// Metrics in the words of Clarify, its spelling included.
const WORDS: [(&str, &str); 21] = [
    ("AD", "Accuracy Difference (AD)"),
    ("CDDL", "Conditional Demographic Disparity in Labels (CDDL)"),
    ("CDDPL", "Conditional Demographic Disparity in Predicted Labels (CDDPL)"),
    ("CI", "Class Imbalance (CI)"),
    ("DAR", "Difference in Acceptance Rates (DAR)"),
    ("DCA", "Difference in Conditional Acceptance (DCA)"),
    ("DCR", "Difference in Conditional Rejection (DCR)"),
    ("DI", "Disparate Impact (DI)"),
    ("DPL", "Difference in Positive Proportions in Labels (DPL)"),
    ("DPPL", "Difference in Positive Proportions in Predicted Labels (DPPL)"),
    ("DRR", "Difference in Rejection Rates (DRR)"),
    ("FT", "Flip Test (FT)"),
    ("GE", "Generalized Entropy (GE)"),
    ("JS", "Jensen-Shannon Divergence (JS)"),
    ("KL", "Kullback-Liebler Divergence (KL)"),
    ("KS", "Kolmogorov-Smirnov Distance (KS)"),
    ("LP", "L-p Norm (LP)"),
    ("RD", "Recall Difference (RD)"),
    ("SD", "Specificity Difference (SD)"),
    ("TE", "Treatment Equality (TE)"),
    ("TVD", "Total Variation Distance (TVD)"),
];

/// Values of an `analysis.json`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Analysis(Vec<Known>);

#[derive(Debug, Clone, PartialEq)]
struct Known {
    facet: String,
    group: String,
    metric: String,
    value: f64,
}

impl Analysis {
    /// Reads a document; metrics that failed are left out.
    ///
    /// # Errors
    /// What is expected where the document is something else.
    pub(crate) fn of(document: &Value) -> Result<Self, String> {
        let mut known = Vec::new();
        let stages: Vec<&Value> = STAGES.iter().filter_map(|(name, _)| document.get(name)).collect();
        if stages.is_empty() {
            return Err(format!("expected `{}` or `{}`", STAGES[0].0, STAGES[1].0));
        }
        for stage in stages {
            let facets = stage["facets"].as_object().ok_or("`facets` is missing")?;
            for (facet, groups) in facets {
                let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
                for (group, metric) in list(groups).iter().flat_map(|group| {
                    list(&group["metrics"])
                        .into_iter()
                        .map(move |metric| (text(&group["value_or_threshold"]), metric))
                }) {
                    let Some(value) = number(&metric["value"]) else { continue };
                    known.push(Known { facet: facet.clone(), group, metric: text(&metric["name"]), value });
                }
            }
        }
        Ok(Self(known))
    }

    /// The value of a metric of a group; its end does not matter where it is everything above a number.
    pub(crate) fn value(&self, form: &FacetForm, group: &str, metric: &Metric) -> Option<f64> {
        let is_it = |known: &&Known| {
            known.facet == form.column
                && known.metric == metric.name
                && is_group(&known.group, &form.facet, group)
        };
        self.0.iter().find(is_it).map(|known| known.value)
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A number, or an infinity, which is a word there.
fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

fn is_group(published: &str, facet: &Facet, group: &str) -> bool {
    if let Facet::Group(Condition::Above(from)) = facet {
        let start = published.strip_prefix('(').and_then(|rest| rest.split_once(','));
        return start
            .and_then(|(start, _)| start.trim().parse().ok())
            .is_some_and(|start: f64| start.total_cmp(from).is_eq());
    }
    let names = |text: &str| {
        let name = |name: &str| match name.trim().parse::<f64>() {
            Ok(number) => number.to_string(),
            Err(_) => name.trim().to_owned(),
        };
        let mut names: Vec<String> = text.split(',').map(name).collect();
        names.sort_unstable();
        names
    };
    names(published) == names(group)
}

/// A group of a facet.
struct Group<'a> {
    form: &'a FacetForm,
    name: String,
    /// Its labelled rows and those of the rest.
    table: Table,
    /// Rows for the flip test.
    sample: Option<&'a Sample>,
}

impl<'a> Group<'a> {
    fn all(of: &Labels<'a>) -> Vec<Self> {
        let facets = of.form.facets.iter().zip(&of.outcomes.bias).zip(&of.outcomes.flips);
        let groups = facets.flat_map(|((form, tally), sample)| {
            let tables = form.facet.tables(tally).into_iter();
            tables.map(|(name, table)| Self { form, name, table: table.labelled(), sample: sample.as_ref() })
        });
        groups.collect()
    }

    fn value(&self, metric: &Metric) -> Result<f64, Undefined> {
        match (metric.measure, self.sample) {
            (Measure::Neighbours, Some(sample)) => {
                let sides = sample.sides(|name| self.form.facet.is_in(&self.name, name), true)?;
                Ok(sides.estimate()?.value)
            }
            _ => metric.value(&self.table, Convention::Compat),
        }
    }
}

/// `(100, 225]` for values above 100; of a list the names.
fn published(of: &Labels<'_>, form: &FacetForm, group: &str) -> String {
    match form.facet {
        Facet::Group(Condition::Above(from)) => {
            let end = of.largest(&form.column).map_or_else(|| "inf".to_owned(), |end| end.to_string());
            format!("({from}, {end}]")
        }
        _ => group.to_owned(),
    }
}

/// `analysis.json`.
pub(crate) fn analysis(of: &Labels<'_>) -> Value {
    let groups = Group::all(of);
    let mut document = json!({"version": "1.0"});
    for (member, stage) in STAGES {
        let mut facets = Map::new();
        for group in &groups {
            let metrics = ALL.iter().filter(|metric| metric.stage == stage);
            let metrics: Vec<Value> = metrics.map(|metric| reported(metric, group)).collect();
            let entry =
                json!({"value_or_threshold": published(of, group.form, &group.name), "metrics": metrics});
            if let Some(list) = facets.entry(&group.form.column).or_insert_with(|| json!([])).as_array_mut() {
                list.push(entry);
            }
        }
        let label = of.form.label.as_deref().unwrap_or("label");
        document[member] = json!({"label": label, "facets": facets,
            "label_value_or_threshold": of.form.positive.positive.text()});
    }
    document
}

fn reported(metric: &Metric, group: &Group<'_>) -> Value {
    let words = WORDS.iter().find(|(name, _)| *name == metric.name).map_or(metric.title, |(_, words)| words);
    let mut reported = json!({"name": metric.name, "description": words});
    match group.value(metric) {
        Ok(value) if value.is_finite() => reported["value"] = value.into(),
        Ok(value) => reported["value"] = python(value).into(),
        Err(undefined) => {
            let error = match undefined {
                Undefined::NoGroupVariable => "Group variable is empty or not provided".to_owned(),
                Undefined::NeedsRows => "`flip_test` under [[bias]] names no features".to_owned(),
                other => other.to_string(),
            };
            (reported["value"], reported["error"]) = (Value::Null, error.into());
        }
    }
    reported
}

/// Every metric that has a value in the baseline and now.
pub(super) fn verdicts(of: &Labels<'_>, key: &Key, before: Option<&Analysis>) -> Vec<ScoreRow> {
    let Some(before) = before else { return Vec::new() };
    let mut rows = Vec::new();
    for group in Group::all(of) {
        for metric in ALL {
            let Some(limit) = before.value(group.form, &group.name, metric) else { continue };
            let live = group.value(metric);
            let Ok(broken) = compat_violated(Ok(limit), live) else { continue };
            let method = format!("{}/group={}/model_monitor", metric.name, group.name);
            rows.push(ScoreRow {
                feature: Some(group.form.column.as_str().into()),
                value: live.ok(),
                baseline_value: Some(limit).filter(|limit| limit.is_finite()),
                threshold: Some(limit.abs()).filter(|limit| limit.is_finite()),
                comparison: Some(Comparison::Above),
                rows: group.table.disadvantaged().rows(),
                status: if broken { Status::Violated } else { Status::Ok },
                ..of.blank(key, Family::Bias, metric.name, method)
            });
        }
    }
    rows
}

/// As real jobs write it.
pub(super) fn description(row: &ScoreRow) -> Option<String> {
    Some(requirement(row.value?, row.baseline_value?))
}

fn requirement(value: f64, limit: f64) -> String {
    format!(
        "Metric value {} doesn't meet the baseline constraint requirement {}",
        python(value),
        python(limit)
    )
}

/// The published entry of a broken row.
pub(super) fn entry(of: &Labels<'_>, row: &ScoreRow) -> Option<Value> {
    let facet = row.feature.as_deref().filter(|_| row.family == Family::Bias)?;
    // What follows the name of the group says how the value was had.
    let group = row.method.split_once("/group=")?.1.rsplit_once('/')?.0;
    let group = group.rsplit_once("/within=").map_or(group, |(group, _)| group);
    let form = of.form.facets.iter().find(|form| form.column == facet)?;
    Some(json!({"facet": facet, "facet_value": published(of, form, group), "metric_name": row.metric,
        "constraint_check_type": "bias_drift_check", "description": description(row)?}))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use quality::bias::metric;

    use super::*;

    /// A report of a job; the folder lies beside the workspace and may be absent.
    #[expect(clippy::print_stderr, reason = "what was skipped is what the test is worth")]
    fn report(name: &str) -> Option<Value> {
        let folder =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/model-monitor/reports");
        match std::fs::read(folder.join(name)) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
            Err(_) => {
                eprintln!("skipped: no reports beside the workspace");
                None
            }
        }
    }

    #[test]
    fn every_reported_violation_is_one_in_the_same_words() {
        let sex = FacetForm {
            column: "Sex".to_owned(),
            facet: Facet::Group(Condition::OneOf(vec!["0".to_owned()])),
            group: Some("Age".to_owned()),
            flip_test: Vec::new(),
        };
        let length = FacetForm {
            column: "Account Length".to_owned(),
            facet: Facet::Group(Condition::Above(100.0)),
            group: None,
            flip_test: Vec::new(),
        };
        let mut compared = 0;
        for (name, form, group) in [
            ("adult-batch-json", &sex, "0"),
            ("adult-batch-jsonlines", &sex, "0"),
            ("adult-endpoint-json", &sex, "0"),
            ("adult-endpoint-jsonlines", &sex, "0"),
            ("churn-batch-csv", &length, "> 100"),
        ] {
            let Some(baseline) = report(&format!("{name}-baseline-analysis.json")) else { return };
            let analysis = Analysis::of(&baseline).unwrap();
            let violations = report(&format!("{name}-constraint_violations.json")).unwrap();
            for entry in violations["violations"].as_array().unwrap() {
                let words = entry["description"].as_str().unwrap();
                let live = words.split(' ').nth(2).map(|word| word.replace("Infinity", "inf")).unwrap();
                let live: f64 = live.parse().unwrap();
                // The end of `(100, 232]` is another than that of the baseline.
                let metric = metric(entry["metric_name"].as_str().unwrap()).unwrap();
                let limit = analysis.value(form, group, metric).unwrap();
                assert_eq!(requirement(live, limit), words, "{name}");
                assert_eq!(compat_violated(Ok(limit), Ok(live)), Ok(true), "{name}: {words}");
                assert!(is_group(&text(&entry["facet_value"]), &form.facet, group), "{name}: {entry}");
                compared += 1;
            }
        }
        assert_eq!(compared, 41);
    }

    #[test]
    fn groups_are_the_same_however_they_are_written() {
        let list = |names: &[&str]| {
            Facet::Group(Condition::OneOf(names.iter().map(|name| (*name).to_owned()).collect()))
        };
        let above = Facet::Group(Condition::Above(2.5));
        for (published, facet, group, expected) in [
            ("0", list(&["0"]), "0", true),
            ("0.0", list(&["0"]), "0", true),
            ("b, a", list(&["a", "b"]), "a,b", true),
            ("a", list(&["a", "b"]), "a,b", false),
            ("(2.5, 7.25]", above.clone(), "> 2.5", true),
            ("(2, 7.25]", above.clone(), "> 2.5", false),
            ("2.5", above, "> 2.5", false),
            ("x", Facet::EachValue, "x", true),
        ] {
            assert_eq!(is_group(published, &facet, group), expected, "{published} {group}");
        }
    }
}
