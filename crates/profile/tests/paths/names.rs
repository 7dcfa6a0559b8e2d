//! Columns that are called like what is made of others, and structs of which a file has no value.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array, Int64Array, ListArray, NullArray, RecordBatch, StructArray, types::Float64Type,
};
use arrow_schema::{DataType, Field};
use parquet::file::properties::WriterProperties;

use super::read::{Spread, by_pages, compare, survey};
use super::write::write;

const ROWS: i64 = 3_000;

fn file(columns: Vec<(&str, ArrayRef)>) -> bytes::Bytes {
    write(&RecordBatch::try_from_iter(columns).unwrap(), WriterProperties::builder())
}

#[test]
fn a_column_called_like_the_length_of_a_list_is_counted_once() {
    let lists = (0..ROWS).map(|row| (row % 7 > 0).then(|| (0..row % 4).map(|i| Some(i as f64))));
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(lists));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS));
    for columns in [
        vec![
            ("items", Arc::clone(&lists)),
            ("items.length", Arc::clone(&numbers)),
            ("plain", Arc::clone(&numbers)),
        ],
        vec![("items.values", numbers), ("items", lists)],
    ] {
        let file = file(columns);
        let spec = survey(&file);
        let handed = compare(&file, &spec, "a list and a column");
        assert!(handed.iter().any(|name| name == "items"), "{handed:?}");
    }
}

#[test]
fn members_of_a_struct_without_a_value_are_null_in_every_group() {
    let amounts: ArrayRef = Arc::new(Float64Array::from_iter_values((0..ROWS).map(|row| row as f64)));
    let member = Arc::new(Field::new("amount", DataType::Float64, true));
    let spec = survey(&file(vec![("request", Arc::new(StructArray::from(vec![(member, amounts)])))]));
    let nothing = file(vec![("request", Arc::new(NullArray::new(ROWS as usize)))]);
    compare(&nothing, &spec, "a struct without a value");
    let (profiles, _) = by_pages(&nothing, &spec, Spread::Shuffled).unwrap();
    for profile in profiles {
        let counts = profile.features[0].counts;
        assert_eq!((counts.rows, counts.nulls), (profile.rows, profile.rows));
        assert!(profile.extra.is_empty());
    }
}
