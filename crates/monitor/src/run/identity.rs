//! What a results folder is made of: runs that would mix other windows into it are refused.

use serde::{Deserialize, Serialize};
use store::{Location, RecordOptions, Store};

use crate::{Attribution, Bias, Error, Quality, Roles, Settings, TimeZone, Windows};

const FILE: &str = "results.json";

/// Settings of the runs into one folder. All but the roles of columns and how requests become records are the same for
/// all of them.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    monitor: String,
    window: String,
    timezone: String,
    segment_by: Vec<String>,
    #[serde(default)]
    roles: Roles,
    #[serde(default)]
    records: RecordOptions,
    #[serde(default)]
    quality: Quality,
    #[serde(default)]
    bias: Vec<Bias>,
    #[serde(default)]
    attribution: Attribution,
}

/// Claims a folder for these settings.
pub(super) fn claim(store: &Store, results: &Location, settings: &Settings) -> Result<(), Error> {
    let ours = Identity::of(settings);
    if same(store, results, settings)?.as_ref() != Some(&ours) {
        store.write(&results.join(FILE)?, serde_json::to_vec_pretty(&ours)?)?;
    }
    Ok(())
}

/// Makes sure that a folder was made with these settings, or is new.
pub(super) fn check(store: &Store, results: &Location, settings: &Settings) -> Result<(), Error> {
    same(store, results, settings).map(drop)
}

/// What a folder was made with, which is the same as these settings in all that has to be.
fn same(store: &Store, results: &Location, settings: &Settings) -> Result<Option<Identity>, Error> {
    let Some(theirs) = read(store, results)? else { return Ok(None) };
    let ours = Identity::of(settings);
    let segments = |identity: &Identity| identity.segment_by.join(",");
    let differs = [
        ("monitor", theirs.monitor.clone(), ours.monitor.clone()),
        ("window", theirs.window.clone(), ours.window.clone()),
        ("timezone", theirs.timezone.clone(), ours.timezone.clone()),
        ("segment-by", segments(&theirs), segments(&ours)),
    ]
    .into_iter()
    .find(|(_, theirs, ours)| theirs != ours);
    match differs {
        None => Ok(Some(theirs)),
        Some((name, theirs, ours)) => Err(Error::Results {
            place: results.to_string(),
            reason: format!(
                "made with {name} `{theirs}`, this run has `{ours}`: use another folder (--out) or remove this one"
            ),
        }),
    }
}

/// The settings that results were made with.
pub(super) fn settings(store: &Store, results: &Location) -> Result<Settings, Error> {
    let refuse = |reason: String| Error::Results { place: results.to_string(), reason };
    let identity = read(store, results)?.ok_or_else(|| {
        refuse("expected the tables of a backfill, found none: run `driftscan backfill` first".to_owned())
    })?;
    let Identity { monitor, window, timezone, segment_by, roles, records, quality, bias, attribution } =
        identity;
    let timezone = TimeZone::get(&timezone)
        .map_err(|_| refuse(format!("`{FILE}` names a time zone `{timezone}` that is not known")))?;
    let windows = Windows { every: window.parse()?, timezone, ..Windows::default() };
    let settings = Settings { monitor, windows, segment_by, roles, records, ..Settings::default() };
    Ok(Settings { quality, bias, attribution, ..settings })
}

fn read(store: &Store, results: &Location) -> Result<Option<Identity>, Error> {
    let Some(document) = store.read(&results.join(FILE)?)? else { return Ok(None) };
    let identity = serde_json::from_slice(&document).map_err(|error| Error::Results {
        place: results.to_string(),
        reason: format!("`{FILE}` cannot be read: {error}"),
    })?;
    Ok(Some(identity))
}

impl Identity {
    fn of(settings: &Settings) -> Self {
        Self {
            monitor: settings.monitor.clone(),
            window: settings.windows.every.to_string(),
            timezone: settings.windows.timezone.iana_name().unwrap_or("UTC").to_owned(),
            segment_by: settings.segment_by.clone(),
            roles: settings.roles.clone(),
            records: settings.records.clone(),
            quality: settings.quality.clone(),
            bias: settings.bias.clone(),
            attribution: settings.attribution.clone(),
        }
    }
}
