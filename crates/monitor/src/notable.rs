//! Scores of a window that say how predictions turned out and how answers came, beside what broke.

use store::{Location, Store};

use crate::{
    Error, score,
    tables::{Family, Row, Status, rows},
};

/// Longest distance of a zone from UTC, microseconds.
const DAY: i64 = 86_400_000_000;

/// A score that people look at to see why a window is as it is.
#[derive(Debug, Clone)]
pub struct Notable {
    /// Feature, or facet; `None` for the window as a whole.
    pub feature: Option<String>,
    /// Family.
    pub family: String,
    /// Metric.
    pub metric: String,
    /// How it was computed; of bias, with the group.
    pub method: String,
    /// Value.
    pub value: Option<f64>,
    /// The same number on the baseline.
    pub baseline_value: Option<f64>,
    /// The number to expect without drift.
    pub expected_without_drift: Option<f64>,
    /// Standard error of the value.
    pub standard_error: Option<f64>,
    /// Threshold of a violation.
    pub threshold: Option<f64>,
    /// Benjamini–Hochberg over the judged scores of the window.
    pub q_value: Option<f64>,
    /// Rows that the value is of.
    pub rows: i64,
    /// Status.
    pub status: String,
    /// Why there is no value.
    pub reason: Option<String>,
}

impl Notable {
    /// The group of a facet that a bias metric is of.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        let (_, rest) = self.method.split_once("/group=")?;
        let ends = ["/within=", "/resampled"].into_iter().filter_map(|end| rest.rfind(end)).min();
        Some(rest.get(..ends?).unwrap_or(rest))
    }

    fn of(row: Row<'_>) -> Self {
        let text = |name: &str| row.text(name).unwrap_or_default().to_owned();
        Self {
            feature: row.text("feature").map(str::to_owned),
            family: text("family"),
            metric: text("metric"),
            method: text("method"),
            value: row.number("value"),
            baseline_value: row.number("baseline_value"),
            expected_without_drift: row.number("expected_without_drift"),
            standard_error: row.number("standard_error"),
            threshold: row.number("threshold"),
            q_value: row.number("q_value"),
            rows: row.integer("rows").unwrap_or(0),
            status: text("status"),
            reason: row.text("reason").map(str::to_owned),
        }
    }

    fn is_violated(&self) -> bool {
        self.status == Status::Violated.name()
    }

    /// How far the value lies from the baseline's.
    fn distance(&self) -> f64 {
        (self.value.unwrap_or(0.0) - self.baseline_value.unwrap_or(0.0)).abs()
    }
}

/// Scores of all records in the window that starts at a time: those of a feature, or those that matter for the whole.
pub(crate) fn notable(
    store: &Store,
    results: &Location,
    start: i64,
    feature: Option<&str>,
) -> Result<Vec<Notable>, Error> {
    // Windows lie under the date on which they start in their zone.
    let date = |micros: i64| {
        let time = jiff::Timestamp::from_microsecond(micros).ok()?;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    };
    let dates = [date(start - DAY), date(start), date(start + DAY)];
    let near = |name: &str| dates.iter().flatten().any(|date| date == name);
    let batches = store.read_table(&results.join("scores")?, &near)?;
    let of_window = |row: &Row<'_>| row.time("window_start") == Some(start) && row.text("segment").is_none();
    let mut all: Vec<Notable> = rows(&batches).filter(of_window).map(Notable::of).collect();
    let shown: &[Family] =
        &[Family::ModelQuality, Family::Concept, Family::Bias, Family::Attribution, Family::Latency];
    all.retain(|score| shown.iter().any(|family| family.name() == score.family));
    if let Some(feature) = feature {
        all.retain(|score| score.feature.as_deref() == Some(feature));
        return Ok(all);
    }
    Ok(shown.iter().flat_map(|family| of_family(&all, *family)).collect())
}

fn of_family(all: &[Notable], family: Family) -> Vec<Notable> {
    let is = |score: &&Notable| score.family == family.name();
    let of_family = || all.iter().filter(is).cloned();
    match family {
        Family::ModelQuality => of_family()
            .filter(|score| !score.method.contains("/one_vs_rest/") && leads(&score.metric))
            .collect(),
        Family::Concept => {
            let whole = of_family().filter(|score| score.feature.is_none());
            whole
                .chain(furthest(of_family().filter(|score| score.feature.is_some() && score.is_violated())))
                .collect()
        }
        Family::Bias => furthest(of_family().filter(Notable::is_violated)),
        Family::Attribution => {
            let ndcg = of_family().filter(|score| score.metric == "ndcg");
            let moved =
                of_family().filter(|score| score.metric == "importance_ratio" && score.distance() > 0.0);
            ndcg.chain(furthest(moved)).collect()
        }
        _ => of_family().filter(|score| !["latency_p90", "latency_p95"].contains(&&*score.metric)).collect(),
    }
}

/// Whether a metric of model quality is one that people look at first.
fn leads(metric: &str) -> bool {
    let of = score::ESTIMATES.iter().find(|(.., name)| *name == metric).map_or(metric, |(_, of, _)| of);
    metric == "maturity_ratio"
        || quality::ALL.iter().copied().flatten().any(|one| one.name == of && score::is_judged(one))
}

/// The scores that lie furthest from their baseline's, furthest first.
fn furthest(scores: impl Iterator<Item = Notable>) -> Vec<Notable> {
    let mut scores: Vec<Notable> = scores.collect();
    scores.sort_by(|a, b| b.distance().total_cmp(&a.distance()));
    scores
}
