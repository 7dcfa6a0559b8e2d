//! Numbers whose order matters: no page counts them, and each group has its rows in their order.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::file::properties::WriterProperties;
use profile::{Profile, Spec};
use sketch::Kll;

use crate::{
    read::{self, Spread},
    shapes::mix,
    write,
};

const ROWS: usize = 9_000;

fn columns() -> (Vec<Option<f64>>, RecordBatch) {
    let value = |row: usize| match mix(row as u64) % 50 {
        0 => None,
        1 => Some(f64::NAN),
        2 => Some(f64::INFINITY),
        _ => Some((mix(row as u64 ^ 7) % 100_000) as f64 / 8.0),
    };
    let values: Vec<Option<f64>> = (0..ROWS).map(value).collect();
    let x: ArrayRef = Arc::new(Float64Array::from(values.clone()));
    let name: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("n{}", row % 9))));
    (values, RecordBatch::try_from_iter([("x", x), ("name", name)]).unwrap())
}

fn sketches(profiles: &[Profile]) -> Vec<Kll> {
    profiles.iter().map(|profile| profile.features[0].arrival.as_deref().unwrap().sketch().clone()).collect()
}

#[test]
fn a_row_group_is_one_sketch_in_row_order() {
    let (values, batch) = columns();
    let file = write::write_as(&batch, WriterProperties::builder().build());
    let spec = read::survey(&file).with_arrival();
    let (profiles, handed) = read::by_pages(&file, &spec, Spread::One).unwrap();
    assert_eq!(handed, ["x"]);
    let mut whole = Kll::default();
    values.iter().flatten().for_each(|value| whole.observe(*value));
    assert_eq!(sketches(&profiles), [whole]);
    assert!(profiles[0].fits(&spec) && profiles[0].features[1].arrival.is_none());
    assert!(!profiles[0].fits(&read::survey(&file)), "a sketch that the spec does not ask for");
    for spread in Spread::ALL {
        let (pages, _) = read::by_pages(&file, &spec, spread).unwrap();
        read::assert_same(&pages, &read::by_batches(&file, &spec, spread).unwrap(), &spec, "arrival");
        let rows: u64 = sketches(&pages).iter().map(Kll::rows).sum();
        assert_eq!(rows, pages.iter().map(|profile| profile.features[0].moments.values()).sum::<u64>());
    }
}

/// Row groups are tasks of their own, so their sketches are merged: the same ones in the same order give the same.
#[test]
fn row_groups_merge_in_their_order() {
    let (_, batch) = columns();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(4_000));
    let file = write::write_as(&batch, properties.build());
    let spec: Spec = read::survey(&file).with_arrival();
    let (parts, _) = read::by_pages(&file, &spec, Spread::One).unwrap();
    assert_eq!(parts.len(), 3);
    let merged = |parts: &mut dyn Iterator<Item = &Profile>| {
        let mut all = Profile::new(&spec);
        parts.for_each(|part| all.merge(part));
        assert!(all.fits(&spec));
        all
    };
    let mut by_hand = Kll::default();
    sketches(&parts).iter().for_each(|part| by_hand.merge(part));
    let all = merged(&mut parts.iter());
    assert_eq!(sketches(std::slice::from_ref(&all)), [by_hand]);
    let backwards = merged(&mut parts.iter().rev());
    assert_ne!(sketches(&[backwards]), sketches(&[all]), "the order of parts shows");
}
