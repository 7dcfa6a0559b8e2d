//! Guessing roles from the names and types of columns, for a first configuration.

use std::collections::BTreeSet;

use arrow_schema::{DataType, SchemaRef};
use store::{Location, PlanOptions, PlanStatus, PlannedSource, Store};

use crate::{Error, Roles};

/// What a look at some captures suggests.
#[derive(Debug, Default)]
pub struct Guess {
    /// Roles.
    pub roles: Roles,
    /// Role or column, and why.
    pub reasons: Vec<(String, String)>,
    /// Columns with their types.
    pub columns: Vec<(String, String)>,
    /// Captures found.
    pub files: u64,
    /// Rows in them.
    pub rows: u64,
    /// Whether captured requests and answers are among them.
    pub captured: bool,
    /// Earliest time, where footers tell.
    pub first_time: Option<i64>,
    /// Latest time.
    pub last_time: Option<i64>,
    /// Columns that would make good segments.
    pub segments: Vec<String>,
    /// Columns that may say who belongs to which group of people.
    pub facets: Vec<String>,
}

/// Words in column names that tell a role, most telling first.
const TIMES: &[&str] =
    &["event_ts", "event_time", "inference_time", "timestamp", "event", "time", "ts", "date", "data"];
const IDS: &[&str] = &["inference_id", "event_id", "request_id", "uuid", "id"];
const PREDICTIONS: &[&str] = &["prediction", "predicted", "pred", "y_hat"];
const PROBABILITIES: &[&str] = &["probability", "predicted_probability", "proba", "prob", "score"];
const LABELS: &[&str] = &["label", "ground_truth", "target", "actual", "y_true"];
const LATENCIES: &[&str] = &["latency_ms", "latency", "duration_ms", "response_time"];
const STATUSES: &[&str] = &["status_code", "http_status", "response_code", "http_code", "error_code"];
const SEGMENTS: &[&str] =
    &["region", "country", "segment", "channel", "origin", "variant", "tenant", "platform"];
const FACETS: &[&str] =
    &["sex", "gender", "race", "ethnicity", "nationality", "religion", "disability", "age"];

/// Looks at the captures' schemas and guesses roles.
///
/// # Errors
/// When no capture can be opened.
pub fn guess(store: &Store, captures: &Location) -> Result<Guess, Error> {
    let plan = store.plan(captures, &PlanOptions::default(), &|_| ())?;
    let mut guess = Guess::default();
    let mut schema: Option<SchemaRef> = None;
    for source in plan.sources.iter().filter(|source| matches!(source.status, PlanStatus::Ready)) {
        guess.files += 1;
        guess.rows += source.rows;
        guess.captured |= source.source.format.is_records();
        let wider = |known: &SchemaRef| {
            source.schema.as_ref().is_some_and(|schema| schema.fields().len() > known.fields().len())
        };
        if schema.as_ref().is_none_or(wider) {
            schema.clone_from(&source.schema);
        }
    }
    let Some(schema) = schema else {
        let first = plan.sources.iter().find_map(|source| match &source.status {
            PlanStatus::Quarantined(reason) => {
                let path = &source.source.path;
                Some(format!("{path}: {}", crate::gather::plain_reason(path, reason)))
            }
            _ => None,
        });
        return Err(Error::NoData {
            reason: format!("no capture in `{captures}` can be opened; {}", first.unwrap_or_default()),
        });
    };
    guess.columns = schema.fields().iter().map(|f| (f.name().clone(), f.data_type().to_string())).collect();
    guess.assign(&schema);
    if let Some(timestamp) = guess.roles.timestamp.clone() {
        let options = PlanOptions { timestamp: Some(timestamp), ..PlanOptions::default() };
        // The times of captured requests are not known; the hour of their folder is, without the allowance around it.
        let time = |source: &PlannedSource| match source.source.hour() {
            Some((start, end)) if source.source.format.is_records() => Some((start, end - 1)),
            _ => source.time,
        };
        for (first, last) in store.plan(captures, &options, &|_| ())?.sources.iter().filter_map(time) {
            guess.first_time = Some(guess.first_time.map_or(first, |known| known.min(first)));
            guess.last_time = Some(guess.last_time.map_or(last, |known| known.max(last)));
        }
    }
    Ok(guess)
}

impl Guess {
    fn assign(&mut self, schema: &SchemaRef) {
        let mut taken = BTreeSet::new();
        let is_time =
            |t: &DataType| matches!(t, DataType::Timestamp(..) | DataType::Date32 | DataType::Date64);
        let is_text = |t: &DataType| matches!(t, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        let is_number = |t: &DataType| t.is_numeric();
        let is_fraction = |t: &DataType| t.is_floating();
        let any = |_: &DataType| true;
        let mut pick = |words: &[&str], fits: &dyn Fn(&DataType) -> bool| -> Option<(String, String)> {
            // Exact names first, then names that hold the word; among those the order of the columns.
            let exact = |name: &str, word: &str| name == word;
            let part = |name: &str, word: &str| name.split(['_', '.', '-']).any(|piece| piece == word);
            for matches in [&exact as &dyn Fn(&str, &str) -> bool, &part] {
                for word in words {
                    let found = schema.fields().iter().find(|field| {
                        let name = field.name().to_lowercase();
                        matches(&name, word) && fits(field.data_type()) && !taken.contains(field.name())
                    });
                    if let Some(field) = found {
                        taken.insert(field.name().clone());
                        return Some((
                            field.name().clone(),
                            format!("its name says `{word}`, its type is {}", field.data_type()),
                        ));
                    }
                }
            }
            None
        };
        let mut chosen = vec![("timestamp", pick(TIMES, &is_time))];
        chosen.push(("id", pick(IDS, &any)));
        // A `predicted_label` is no label: what the model said is picked first.
        chosen.push(("probability", pick(PROBABILITIES, &is_fraction)));
        chosen.push(("prediction", pick(PREDICTIONS, &any)));
        chosen.push(("label", pick(LABELS, &any)));
        chosen.push(("latency", pick(LATENCIES, &is_number)));
        chosen.push(("status", pick(STATUSES, &|t| is_number(t) || is_text(t))));
        let segments: Vec<String> = std::iter::from_fn(|| Some(pick(SEGMENTS, &is_text)?.0)).collect();
        if chosen[0].1.is_none() {
            let first = schema.fields().iter().find(|field| is_time(field.data_type()));
            chosen[0].1 =
                first.map(|f| (f.name().clone(), format!("the first column of type {}", f.data_type())));
        }
        self.segments = segments;
        for (role, choice) in chosen {
            let Some((column, why)) = choice else { continue };
            self.reasons.push((role.to_owned(), why));
            let slot = match role {
                "timestamp" => &mut self.roles.timestamp,
                "id" => &mut self.roles.id,
                "label" => &mut self.roles.label,
                "probability" => &mut self.roles.probability,
                "prediction" => &mut self.roles.prediction,
                "status" => &mut self.roles.status,
                _ => &mut self.roles.latency,
            };
            *slot = Some(column);
        }
        let facets = schema.fields().iter().filter(|field| {
            let name = field.name().to_lowercase();
            let is_facet = name.split(['_', '.', '-']).any(|piece| FACETS.contains(&piece));
            is_facet && self.roles.role_of(field.name()).is_none()
        });
        self.facets = facets.map(|field| field.name().clone()).collect();
        // Other times move with the calendar: every window differs from the baseline in them.
        for field in schema.fields() {
            if is_time(field.data_type()) && self.roles.role_of(field.name()).is_none() {
                self.roles.ignore.push(field.name().clone());
                self.reasons.push((field.name().clone(), "a second time moves with the calendar".to_owned()));
            }
        }
    }
}
