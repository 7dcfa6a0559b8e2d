//! Stored summaries: bytes from outside are refused, or stand for a value that merges and is written again alike.
//!
//! Bytes that begin like a Parquet file are a `profile.parquet`. All others describe some values, whose summaries are
//! damaged.

use std::fmt::Debug;
use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use arrow_array::{ArrayRef, BinaryArray, Float64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use profile::{FeatureProfile, FeatureSpec, Kind, Profile, Survey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::world::{compare, compare_days, location, store, write_table};

const CONSTRAINTS: &[u8] = br#"{"version": 0.0, "features": []}"#;
/// Of a number and a name: their frozen kinds, then one part of their profiles, then another.
const CELLS: usize = 6;

/// Reads summaries, alone and as the file of a baseline.
pub fn run(bytes: &[u8]) {
    let folder = location("profile_bytes");
    let place = folder.join("profile.parquet").unwrap();
    store().write(&folder.join("constraints.json").unwrap(), CONSTRAINTS.to_vec()).unwrap();
    if bytes.starts_with(b"PAR1") {
        store().write(&place, bytes.to_vec()).unwrap();
        return compare(&folder);
    }
    let Ok(made) = Made::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let cells = made.cells();
    let sound = [0, 1].map(|feature| check(&cells[feature], &[&cells[feature + 2], &cells[feature + 4]]));
    // That the others are refused is told by the same calls, and a run takes a hundred times as long.
    if sound.contains(&false) {
        return;
    }
    write_table(&place, &made.table(&cells));
    if made.effort == u8::MAX { compare_days(&folder) } else { compare(&folder) }
}

/// Values of a number and a name, and what happens to the bytes of their summaries.
#[derive(Debug, Arbitrary)]
struct Made<'a> {
    parts: [Part<'a>; 3],
    /// The tables of a run are written for one value only: they take ten times as long.
    effort: u8,
    rows: u64,
    hours: Vec<(i64, u64)>,
    /// Which cell changes, where and how.
    flips: Vec<(u8, u16, u8)>,
    /// What stands in a cell behind the version of the format.
    instead: Option<(u8, &'a [u8])>,
}

#[derive(Debug, Arbitrary)]
struct Part<'a> {
    numbers: Vec<Option<f64>>,
    names: Vec<Option<&'a str>>,
}

impl Part<'_> {
    fn columns(&self) -> [RecordBatch; 2] {
        let x: ArrayRef = Arc::new(Float64Array::from(self.numbers.clone()));
        let y: ArrayRef = Arc::new(StringArray::from(self.names.clone()));
        [("x", x), ("y", y)].map(|column| RecordBatch::try_from_iter([column]).unwrap())
    }
}

impl Made<'_> {
    fn cells(&self) -> [Vec<u8>; CELLS] {
        let [baseline, parts @ ..] = &self.parts;
        let mut survey = Survey::default();
        baseline.columns().iter().for_each(|batch| survey.observe(batch, &|_| true));
        let spec = survey.freeze();
        let [left, right] = parts.each_ref().map(|part| {
            let mut profile = Profile::new(&spec);
            part.columns().iter().for_each(|batch| profile.observe(&spec, batch, &|_| true));
            profile.features
        });
        let mut cells = [
            written(&spec.features()[0]),
            written(&spec.features()[1]),
            written(&left[0]),
            written(&left[1]),
            written(&right[0]),
            written(&right[1]),
        ];
        for &(cell, at, change) in &self.flips {
            let cell = &mut cells[usize::from(cell) % CELLS];
            let at = usize::from(at) % cell.len();
            cell[at] ^= change;
        }
        if let Some((cell, bytes)) = self.instead {
            cells[usize::from(cell) % CELLS] = [&[sketch::FORMAT_VERSION], bytes].concat();
        }
        cells
    }

    fn table(&self, cells: &[Vec<u8>; CELLS]) -> RecordBatch {
        let hours: std::collections::BTreeMap<i64, u64> = self.hours.iter().copied().collect();
        let metadata = [
            ("driftscan.format".to_owned(), "1".to_owned()),
            ("driftscan.rows".to_owned(), format!("{{\"\":{}}}", self.rows)),
            ("driftscan.hours".to_owned(), serde_json::to_string(&hours).unwrap()),
        ];
        let fields = vec![
            Field::new("segment", DataType::Utf8, true),
            Field::new("feature", DataType::Utf8, false),
            Field::new("spec", DataType::Binary, true),
            Field::new("profile", DataType::Binary, false),
        ];
        let schema = Schema::new_with_metadata(fields, metadata.into_iter().collect());
        let binary = |cells: &[Vec<u8>]| -> ArrayRef { Arc::new(BinaryArray::from_iter_values(cells)) };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::new_null(2)),
            Arc::new(StringArray::from(vec!["x", "y"])),
            binary(&cells[..2]),
            binary(&cells[2..4]),
        ];
        RecordBatch::try_new(Arc::new(schema), columns).unwrap()
    }
}

/// A kind, and parts of a profile under it; whether all of them can be used.
fn check(spec: &[u8], parts: &[&[u8]; 2]) -> bool {
    let spec: Option<FeatureSpec> = read(spec);
    let [left, right] = parts.map(read::<FeatureProfile>);
    let Some(kind) = spec.map(|spec| spec.kind) else { return false };
    let parts: Vec<FeatureProfile> =
        [left, right].into_iter().flatten().filter(|part| part.fits(&kind)).collect();
    for part in &parts {
        describe(&kind, part);
        let mut sum = part.clone();
        sum.merge(&FeatureProfile::default());
        assert_eq!(written(&sum), written(part), "nothing added changes {part:?}");
    }
    let [left, right] = &parts[..] else { return false };
    let (mut one, mut other) = (left.clone(), right.clone());
    one.merge(right);
    other.merge(left);
    assert!(one.fits(&kind));
    // The one summary that is to depend on the order.
    (one.arrival, other.arrival) = (None, None);
    assert_eq!(written(&one), written(&other), "the order of parts matters");
    describe(&kind, &one);
    true
}

/// Asks for everything that follows from a profile.
fn describe(kind: &Kind, part: &FeatureProfile) {
    let moments = &part.moments;
    let numbers = (moments.sum(), moments.mean(), moments.variance(), moments.std_dev());
    let counts = (part.counts.observed(), part.counts.missing_ratio(), part.distinct.estimate());
    let lengths = (part.lengths.mean(), part.lengths.std_dev());
    std::hint::black_box((numbers, counts, lengths));
    match kind {
        Kind::Number { bins, .. } => {
            let (min, max) = (moments.min().unwrap_or(0.0), moments.max().unwrap_or(0.0));
            let rows: u64 = part.histogram.coarse(bins).iter().sum();
            assert_eq!(rows, part.histogram.rows());
            std::hint::black_box((part.histogram.outside(bins), part.histogram.top_atom(bins)));
            std::hint::black_box(part.histogram.quantile(bins, 0.5, min, max));
        }
        Kind::Category { domain } => {
            std::hint::black_box((
                part.names.top(domain),
                part.names.rows(),
                part.names.uncounted_new_rows(),
            ));
        }
        Kind::Empty | Kind::Uncovered => {}
    }
}

fn read<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) -> Option<T> {
    let value: T = sketch::from_bytes(bytes).ok()?;
    let once = written(&value);
    let again: T = sketch::from_bytes(&once).unwrap_or_else(|error| panic!("{error}: {value:?}"));
    assert_eq!(written(&again), once, "{value:?}");
    Some(value)
}

fn written<T: Serialize>(value: &T) -> Vec<u8> {
    sketch::to_bytes(value).unwrap()
}
