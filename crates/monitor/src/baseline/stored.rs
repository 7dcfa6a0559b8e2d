//! `profile.parquet`: the full mergeable state of a baseline, with the frozen bins.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{Array, BinaryArray, RecordBatch, StringArray, cast::AsArray};
use arrow_schema::{DataType, Field, Schema};
use profile::{FeatureProfile, FeatureSpec, Profile, Spec};
use store::{Location, Store};

use crate::Error;

/// Version of this file. A newer one is refused by name.
const FORMAT: u32 = 1;
pub(super) const FILE: &str = "profile.parquet";

/// What is kept.
pub(super) struct Stored {
    pub(super) spec: Spec,
    pub(super) profiles: BTreeMap<Option<Arc<str>>, Profile>,
    pub(super) hours: BTreeMap<i64, u64>,
}

/// Writes the file: a row a segment and feature, in order of segment, then of column.
pub(super) fn write(store: &Store, folder: &Location, stored: &Stored) -> Result<(), Error> {
    let (mut segments, mut names, mut specs, mut profiles) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut rows = BTreeMap::new();
    for (segment, profile) in &stored.profiles {
        rows.insert(segment.as_deref().unwrap_or_default(), profile.rows);
        for (spec, feature) in stored.spec.features().iter().zip(&profile.features) {
            segments.push(segment.as_deref());
            names.push(spec.name.as_str());
            specs.push(if segment.is_none() { Some(sketch::to_bytes(spec)?) } else { None });
            profiles.push(sketch::to_bytes(feature)?);
        }
    }
    let metadata = [
        ("driftscan.format".to_owned(), FORMAT.to_string()),
        ("driftscan.rows".to_owned(), serde_json::to_string(&rows)?),
        ("driftscan.hours".to_owned(), serde_json::to_string(&stored.hours)?),
    ];
    let schema = Schema::new_with_metadata(
        vec![
            Field::new("segment", DataType::Utf8, true),
            Field::new("feature", DataType::Utf8, false),
            Field::new("spec", DataType::Binary, true),
            Field::new("profile", DataType::Binary, false),
        ],
        metadata.into_iter().collect(),
    );
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(StringArray::from(segments)),
            Arc::new(StringArray::from(names)),
            Arc::new(BinaryArray::from_iter(specs)),
            Arc::new(BinaryArray::from_iter_values(profiles)),
        ],
    )?;
    store.write_table(&folder.join(FILE)?, &[batch])?;
    Ok(())
}

/// Reads the file; `None` when it is not there.
pub(super) fn read(store: &Store, folder: &Location) -> Result<Option<Stored>, Error> {
    let refuse = |reason: String| Error::Baseline { place: folder.to_string(), reason };
    let place = folder.join(FILE)?;
    let batches = match store.read_parquet(&place) {
        Ok(Some(batches)) => batches,
        Ok(None) => return Ok(None),
        Err(error @ store::Error::Corrupt { .. }) => {
            return Err(refuse(format!("`{FILE}` cannot be read: {}", error.chain())));
        }
        Err(error) => return Err(error.into()),
    };
    let damaged = |what: &str| refuse(format!("`{FILE}` is damaged: {what}; make the baseline again"));
    let metadata = batches.first().map(|batch| batch.schema().metadata().clone()).unwrap_or_default();
    let format = metadata.get("driftscan.format").and_then(|text| text.parse::<u32>().ok());
    match format {
        Some(FORMAT) => {}
        Some(newer) if newer > FORMAT => {
            return Err(refuse(format!(
                "`{FILE}` has format {newer}, this version of driftscan reads {FORMAT}: update driftscan or make the baseline again"
            )));
        }
        _ => return Err(refuse(format!("`{FILE}` is not a profile that driftscan wrote: no format in it"))),
    }
    let document = |key: &str| metadata.get(key).map_or("{}", String::as_str).to_owned();
    let rows: BTreeMap<String, u64> =
        serde_json::from_str(&document("driftscan.rows")).map_err(|_| damaged("row counts"))?;
    let hours: BTreeMap<i64, u64> =
        serde_json::from_str(&document("driftscan.hours")).map_err(|_| damaged("hours"))?;

    let mut specs: Vec<FeatureSpec> = Vec::new();
    let mut features: BTreeMap<Option<Arc<str>>, Vec<FeatureProfile>> = BTreeMap::new();
    for batch in &batches {
        let text = |name: &str| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        let binary = |name: &str| batch.column_by_name(name).and_then(|c| c.as_binary_opt::<i32>());
        let columns = text("segment").zip(text("feature")).zip(binary("spec")).zip(binary("profile"));
        let Some((((segments, names), kinds), profiles)) = columns else {
            return Err(damaged("columns are missing"));
        };
        for row in 0..batch.num_rows() {
            let name = names.value(row);
            let unreadable = |error: sketch::Error| match error {
                sketch::Error::Version { supported, found } => refuse(other_version(supported, found)),
                error => damaged(&format!("feature `{name}`: {error}")),
            };
            if kinds.is_valid(row) {
                specs.push(sketch::from_bytes(kinds.value(row)).map_err(unreadable)?);
            }
            let segment = segments.is_valid(row).then(|| Arc::from(segments.value(row)));
            let profile = sketch::from_bytes(profiles.value(row)).map_err(unreadable)?;
            features.entry(segment).or_default().push(profile);
        }
    }
    let spec = Spec::new(specs);
    let mut profiles = BTreeMap::new();
    for (segment, features) in features {
        let rows = rows.get(segment.as_deref().unwrap_or_default()).copied().unwrap_or_default();
        let profile = Profile { rows, features, extra: BTreeMap::new() };
        if rows > sketch::MOST_ROWS {
            return Err(damaged("row counts"));
        }
        if !profile.fits(&spec) {
            return Err(damaged("counters do not fit the bins"));
        }
        profiles.insert(segment, profile);
    }
    let Some(all) = profiles.get(&None) else { return Err(damaged("no feature in it")) };
    let with_hour = hours.values().try_fold(0_u64, |sum, rows| sum.checked_add(*rows));
    if with_hour.is_none_or(|rows| rows > all.rows) {
        return Err(damaged("hours"));
    }
    Ok(Some(Stored { spec, profiles, hours }))
}

/// What to do about summaries of another version.
fn other_version(supported: u8, found: u8) -> String {
    let (version, update) =
        if found > supported { ("a later", "update driftscan or ") } else { ("an earlier", "") };
    format!(
        "`{FILE}` was made by {version} version of driftscan (summary format {found}, this version reads {supported}): {update}make the baseline again"
    )
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Float64Array};
    use profile::Survey;

    use super::*;

    /// A baseline of one number.
    fn stored() -> Stored {
        let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 4.0]));
        let batch = RecordBatch::try_from_iter([("x", x)]).unwrap();
        let mut survey = Survey::default();
        survey.observe(&batch, &|_| true);
        let spec = survey.freeze();
        let mut whole = Profile::new(&spec);
        whole.observe(&spec, &batch, &|_| true);
        whole.rows = 3;
        Stored { spec, profiles: BTreeMap::from([(None, whole)]), hours: BTreeMap::new() }
    }

    #[test]
    fn summaries_of_another_version_are_no_damage() {
        let store = Store::new(1).unwrap();
        let folder = Location::parse("memory:///b", "/".as_ref()).unwrap();
        let place = folder.join(FILE).unwrap();
        write(&store, &folder, &stored()).unwrap();
        let batch = store.read_parquet(&place).unwrap().unwrap().remove(0);
        let supported = batch.column(3).as_binary::<i32>().value(0)[0];
        for (found, says) in [
            (supported - 1, "was made by an earlier version of driftscan"),
            (supported + 1, "was made by a later version of driftscan"),
        ] {
            let mut bytes = batch.column(3).as_binary::<i32>().value(0).to_vec();
            bytes[0] = found;
            let mut columns = batch.columns().to_vec();
            columns[3] = Arc::new(BinaryArray::from_iter_values([bytes]));
            let other = RecordBatch::try_new(batch.schema(), columns).unwrap();
            store.write_table(&place, &[other]).unwrap();
            let reason = read(&store, &folder).map(|_| ()).unwrap_err().to_string();
            assert!(reason.contains(says) && !reason.contains("damaged"), "{reason}");
            assert!(reason.ends_with("make the baseline again"), "{reason}");
        }
    }

    #[test]
    fn rows_and_hours_that_contradict_each_other_are_damage() {
        let Stored { spec, profiles, .. } = stored();
        let whole = &profiles[&None];
        let store = Store::new(1).unwrap();
        let folder = Location::parse("memory:///b", "/".as_ref()).unwrap();
        let written = |rows: u64, hours: &[(i64, u64)]| {
            let profiles = BTreeMap::from([(None, Profile { rows, ..whole.clone() })]);
            let stored = Stored { spec: spec.clone(), profiles, hours: hours.iter().copied().collect() };
            write(&store, &folder, &stored).unwrap();
            read(&store, &folder).map(|stored| stored.unwrap().hours.len()).map_err(|error| error.to_string())
        };
        assert_eq!(written(3, &[(0, 1), (9, 2)]), Ok(2));
        for (rows, hours, what) in [
            (3, &[(0, 1), (9, 3)][..], "is damaged: hours"),
            (3, &[(0, u64::MAX), (9, u64::MAX)], "is damaged: hours"),
            (u64::MAX, &[], "is damaged: row counts"),
        ] {
            let reason = written(rows, hours).unwrap_err();
            assert!(reason.contains(what), "{reason}");
        }
    }
}
