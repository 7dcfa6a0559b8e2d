//! What follows for a run from its captures being requests and answers.

use profile::Spec;
use store::{EVENT_ID, EVENT_TIME, GROUND_TRUTH, Listed};

use crate::Settings;

/// The settings with what captures say of themselves, where nothing else was said: that labels from elsewhere are the labels;
/// of requests and answers their time and id, that labels are no features, and the names of their values by those of the
/// baseline.
pub(crate) fn settle(settings: &Settings, listed: &Listed, baseline: Option<&Spec>) -> Settings {
    let mut settings = settings.clone();
    if let (None, Some(truth)) = (&settings.roles.label, &settings.ground_truth) {
        settings.roles.label = Some(truth.label.clone().unwrap_or_else(|| GROUND_TRUTH.to_owned()));
    }
    if !listed.sources().any(|source| source.format.is_records()) {
        return settings;
    }
    let roles = &mut settings.roles;
    roles.timestamp.get_or_insert_with(|| EVENT_TIME.to_owned());
    roles.id.get_or_insert_with(|| EVENT_ID.to_owned());
    let known = |name: &str| baseline.is_some_and(|spec| spec.position(name).is_some());
    for ours in [EVENT_ID, EVENT_TIME] {
        if roles.role_of(ours).is_none() && !known(ours) {
            roles.ignore.push(ours.to_owned());
        }
    }
    if roles.label.is_none() {
        roles.ignore.push(format!("{GROUND_TRUTH}*"));
    }
    let records = &mut settings.records;
    if records.names.is_empty()
        && records.select.is_empty()
        && let Some(spec) = baseline
    {
        records.names = spec.features().iter().map(|feature| feature.name.clone()).collect();
    }
    settings
}
