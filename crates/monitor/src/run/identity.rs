//! What a results folder is made of: runs that would mix other windows into it are refused.

use serde::{Deserialize, Serialize};
use store::{Location, Store};

use crate::{Error, Settings};

/// Settings that all runs into one folder share.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    monitor: String,
    window: String,
    timezone: String,
    segment_by: Vec<String>,
}

/// Claims an empty folder for these settings, or makes sure that it was made with them.
pub(super) fn claim(store: &Store, results: &Location, settings: &Settings) -> Result<(), Error> {
    let place = results.join("results.json")?;
    let ours = Identity {
        monitor: settings.monitor.clone(),
        window: settings.windows.every.to_string(),
        timezone: settings.windows.timezone.iana_name().unwrap_or("UTC").to_owned(),
        segment_by: settings.segment_by.clone(),
    };
    let Some(document) = store.read(&place)? else {
        store.write(&place, serde_json::to_vec_pretty(&ours)?)?;
        return Ok(());
    };
    let refuse = |reason: String| Error::Results { place: results.to_string(), reason };
    let theirs: Identity = serde_json::from_slice(&document)
        .map_err(|error| refuse(format!("`results.json` cannot be read: {error}")))?;
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
        None => Ok(()),
        Some((name, theirs, ours)) => Err(refuse(format!(
            "made with {name} `{theirs}`, this run has `{ours}`: use another folder (--out) or remove this one"
        ))),
    }
}
