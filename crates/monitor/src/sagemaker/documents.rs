//! The three documents that a job of Model Monitor leaves of one window.
//!
//! `statistics.json` and `constraints.json` are of the window itself, as if it were a baseline; columns that the baseline
//! does not have are left out of them. `constraint_violations.json` holds one entry for each feature and check, also
//! where a row of `violations` names several features.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use profile::{FeatureProfile, FeatureSpec, Kind, Profile, Spec};
use serde_json::{Value, json};
use sketch::{Domain, NameCounts};

use super::{rule::matching, texts};
use crate::{
    Roles,
    baseline::{inferred_type, statistics, suggest},
    score::Scorer,
    tables::ViolationRow,
};

/// Names of the documents of data quality.
const FILES: [&str; 3] = ["constraint_violations.json", "statistics.json", "constraints.json"];
/// Names of all documents of a window: of data quality, then of monitors with folders of their own.
pub(crate) const ALL_FILES: [&str; 10] = [
    FILES[0],
    FILES[1],
    FILES[2],
    "model_quality/constraint_violations.json",
    "model_quality/statistics.json",
    "model_quality/constraints.json",
    "bias/analysis.json",
    "bias/constraint_violations.json",
    "explainability/analysis.json",
    "explainability/constraint_violations.json",
];

/// A document: its name, below the folder of the window, and its bytes.
pub(crate) type File = (&'static str, Vec<u8>);

/// The published names of checks, by ours. Others have no published counterpart.
const CHECKS: [(&str, &str); 7] = [
    ("data_type", "data_type_check"),
    ("label_against_score", "data_type_check"),
    ("completeness", "completeness_check"),
    ("categorical_values", "categorical_values_check"),
    ("baseline_drift", "baseline_drift_check"),
    ("missing_column", "missing_column_check"),
    ("extra_column", "extra_column_check"),
];

/// The documents of a window.
#[derive(Debug, Clone)]
pub(crate) struct Documents {
    /// `yyyy/mm/dd/hh` of its start, UTC.
    pub(crate) folder: String,
    /// All that there are.
    pub(crate) files: Vec<File>,
}

/// Where the documents of a window go.
pub(crate) fn folder(window_start: i64) -> String {
    let start = Timestamp::from_microsecond(window_start).unwrap_or_default();
    start.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d/%H").to_string()
}

/// What the documents are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) start: i64,
    pub(crate) spec: &'a Spec,
    pub(crate) profile: &'a Profile,
    pub(crate) roles: &'a Roles,
    pub(crate) scorer: &'a Scorer<'a>,
    /// Those of all rows.
    pub(crate) violations: &'a [ViolationRow],
    /// Whether they are in the words of Model Monitor already.
    pub(crate) compat: bool,
}

impl Window<'_> {
    /// Makes the documents.
    pub(crate) fn documents(&self) -> Result<Documents, serde_json::Error> {
        let (mut specs, mut features) = (Vec::new(), Vec::new());
        for (spec, profile) in self.spec.features().iter().zip(&self.profile.features) {
            if self.roles.is_feature_monitored(&spec.name) && profile.counts.absent < profile.counts.rows {
                let (spec, profile) = own(spec, profile);
                specs.push(spec);
                features.push(profile);
            }
        }
        let spec = Spec::new(specs);
        let profile = Profile { rows: self.profile.rows, features, extra: Default::default() };
        let mut constraints = suggest(&spec, &profile, self.roles);
        constraints.features.iter_mut().for_each(|feature| feature.driftscan = None);
        let documents = [
            json!({"violations": self.violations.iter().flat_map(|row| self.entries(row)).collect::<Vec<_>>()}),
            statistics(&spec, &profile, &HashMap::new()),
            serde_json::to_value(&constraints)?,
        ];
        let file = |(name, document)| Ok((name, serde_json::to_vec_pretty(&document)?));
        let files = FILES.into_iter().zip(documents).map(file).collect::<Result<_, serde_json::Error>>()?;
        Ok(Documents { folder: folder(self.start), files })
    }

    /// A row of the table as published entries; none where no published check says the like.
    fn entries(&self, row: &ViolationRow) -> Vec<Value> {
        let Some((_, check)) = CHECKS.iter().find(|(ours, _)| *ours == row.check) else { return Vec::new() };
        let of_all = match row.check {
            "missing_column" => "Missing columns",
            "extra_column" => "Extra columns",
            _ => "",
        };
        let names: Vec<&str> = if row.features.is_empty() {
            vec![of_all]
        } else {
            row.features.iter().map(|name| &**name).collect()
        };
        let entry = |name: &str| {
            let description = if self.compat { row.description.clone() } else { self.words(row, name)? };
            Some(json!({"feature_name": name, "constraint_check_type": check, "description": description}))
        };
        names.into_iter().filter_map(entry).collect()
    }

    /// Our verdict in the published words; `None` where they would not be true, as of drift below the threshold.
    fn words(&self, row: &ViolationRow, name: &str) -> Option<String> {
        let value = row.value.unwrap_or(0.0);
        match row.check {
            "data_type" | "label_against_score" => {
                let position = self.spec.position(name)?;
                let expected = inferred_type(&self.spec.features()[position].kind);
                let (fitting, values) = matching(expected, self.profile.features.get(position)?);
                #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^53")]
                let share = fitting as f64 / values.max(1) as f64;
                Some(texts::data_type(expected, self.scorer.rules(name).type_share, share))
            }
            "completeness" | "categorical_values" => Some(texts::requirement(1.0 - value)),
            "baseline_drift" => row
                .threshold
                .filter(|threshold| value > *threshold)
                .map(|threshold| texts::drift(value, threshold)),
            _ => Some(row.description.clone()),
        }
    }
}

/// A feature as a baseline of the window alone would have it: its own type, and its own names.
fn own(spec: &FeatureSpec, profile: &FeatureProfile) -> (FeatureSpec, FeatureProfile) {
    let (mut spec, mut profile) = (spec.clone(), profile.clone());
    match &mut spec.kind {
        Kind::Number { integral, .. } => *integral &= profile.counts.fractions == 0,
        Kind::Category { domain } => {
            let known = profile.names.known_rows();
            let known = known.iter().filter_map(|(at, rows)| Some((&**domain.names().get(*at)?, *rows)));
            let names: HashMap<Box<str>, u64> =
                known.chain(profile.names.new_names()).map(|(name, rows)| (name.into(), rows)).collect();
            let is_whole = profile.names.other() + profile.names.uncounted_new_rows() == 0;
            let own = Domain::freeze(names.clone(), is_whole);
            let mut counts = NameCounts::default();
            #[expect(clippy::iter_over_hash_type, reason = "adding counts gives the same in any order")]
            for (name, rows) in names {
                counts.observe(&own, &name, rows);
            }
            (profile.names, *domain) = (counts, own);
        }
        Kind::Empty | Kind::Uncovered => {}
    }
    (spec, profile)
}
