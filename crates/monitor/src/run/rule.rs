//! What results are made under, as digests: how rows are counted, and how windows are judged.

use crate::{Baseline, Roles, Settings, profiles::Digest, window::Every};

/// Everything that decides how rows are counted, in windows of some length: with another digest they have to be counted
/// again.
pub(super) fn of_counting(
    baseline: &Baseline,
    settings: &Settings,
    every: Every,
) -> Result<String, sketch::Error> {
    let Settings { roles, windows, segment_by, .. } = settings;
    let mut digest = Digest::new("spec").text(sketch::FORMAT_VERSION);
    for feature in baseline.spec.features() {
        digest = digest.bytes(&sketch::to_bytes(feature)?);
    }
    let zone = windows.timezone.iana_name().unwrap_or("UTC");
    digest = digest.text(every).text(zone).text(format_args!("{segment_by:?}"));
    for name in
        [&roles.timestamp, &roles.id, &roles.label, &roles.prediction, &roles.probability, &roles.latency]
    {
        digest = digest.text(format_args!("{name:?}"));
    }
    let mut digest = digest.text(format_args!("{:?} {:?}", roles.features, roles.ignore));
    // A column that is counted for its role alone; mostly it is counted as a feature anyway.
    let without = Roles { status: None, ..roles.clone() };
    if let Some(status) = roles.status.as_ref().filter(|status| !without.is_monitored(status)) {
        digest = digest.text(format_args!("status {status}"));
    }
    Ok(digest.text(format_args!("{:?}", settings.records)).finish())
}

/// Everything that decides how windows are judged.
pub(super) fn of_judging(baseline: &Baseline, settings: &Settings) -> String {
    let digest = Digest::new("rule").text(env!("CARGO_PKG_VERSION")).text(&settings.monitor);
    let digest = digest.text(&baseline.digest).text(settings.windows.compare);
    let Settings { metrics, bins, compat, emit, attribution, latency, roles, .. } = settings;
    let digest = digest.text(format_args!("{metrics:?} {bins:?} {compat:?} {emit:?}"));
    let digest = digest.text(format_args!("{:?}", attribution.aggregate));
    match (&roles.latency, &roles.status) {
        (None, None) => digest,
        answers => digest.text(format_args!("{answers:?} {latency:?}")),
    }
    .finish()
}
