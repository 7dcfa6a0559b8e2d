//! Nested columns as flat ones: structs by dotted names, lists by length and by their values.

use std::{collections::HashSet, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ListArray, RecordBatch, StructArray, UInt64Array, cast::AsArray, make_array,
};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{DataType, Field};

use crate::values::{Leaf, UNTYPED};

/// Visits every flat column of a batch whose top-level column is wanted.
pub(crate) fn for_each_leaf(batch: &RecordBatch, wanted: &dyn Fn(&str) -> bool, take: &mut dyn FnMut(Leaf)) {
    let fields = batch.schema_ref().fields();
    let columns = || fields.iter().zip(batch.columns()).filter(|(field, _)| wanted(field.name()));
    let flat = |data_type: &DataType| !data_type.is_nested();
    let mut seen = HashSet::new();
    // Flat columns first: where one is called like a member of a struct, it has the name and the member has none.
    for (field, column) in columns().filter(|(field, _)| flat(field.data_type())) {
        seen.insert(field.name().clone());
        let untyped = field.metadata().contains_key(UNTYPED);
        flatten(field.name().clone(), column, &mut |leaf| take(Leaf { untyped, ..leaf }));
    }
    for (field, column) in columns().filter(|(field, _)| !flat(field.data_type())) {
        flatten(field.name().clone(), column, &mut |leaf| {
            if seen.insert(leaf.name.clone()) {
                take(leaf);
            }
        });
    }
}

fn flatten(name: String, column: &ArrayRef, take: &mut dyn FnMut(Leaf)) {
    match column.data_type() {
        DataType::Struct(_) => flatten_struct(&name, column.as_struct(), take),
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            let lengths = (0..list.len())
                .map(|i| list.is_valid(i).then(|| u64::from(list.value_length(i).unsigned_abs())));
            let items = (0..list.len()).filter(|&i| list.is_valid(i)).map(|i| list.value(i)).collect();
            flatten_list(&name, lengths.collect(), items, list.values(), take);
        }
        DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => match cast(column, &DataType::List(Arc::clone(item))) {
            Ok(list) => flatten(name, &list, take),
            Err(_) => take(Leaf::new(name, column)),
        },
        DataType::Map(entries, _) => {
            let map = column.as_map();
            let entries = Arc::new(Field::new("entries", entries.data_type().clone(), false));
            let (offsets, items) = (map.offsets().clone(), Arc::new(map.entries().clone()));
            let list = ListArray::new(entries, offsets, items, map.nulls().cloned());
            flatten(name, &(Arc::new(list) as ArrayRef), take);
        }
        _ => take(Leaf::new(name, column)),
    }
}

fn flatten_struct(name: &str, column: &StructArray, take: &mut dyn FnMut(Leaf)) {
    for (at, field) in column.fields().iter().enumerate() {
        flatten(format!("{name}.{}", field.name()), &member(column, at), take);
    }
}

/// A member of a struct, null where the struct is, whatever the child says of itself.
pub(crate) fn member(column: &StructArray, at: usize) -> ArrayRef {
    let child = column.column(at);
    let nulls = NullBuffer::union(column.nulls(), child.nulls());
    let masked = match child.data_type() {
        DataType::Null => Ok(Arc::clone(child)),
        _ => child.to_data().into_builder().nulls(nulls).build().map(make_array),
    };
    masked.unwrap_or_else(|_| Arc::clone(child))
}

fn flatten_list(
    name: &str,
    lengths: UInt64Array,
    items: Vec<ArrayRef>,
    all: &ArrayRef,
    take: &mut dyn FnMut(Leaf),
) {
    take(Leaf::new(format!("{name}.length"), &(Arc::new(lengths) as ArrayRef)));
    // Only what valid lists refer to: the child of a sliced or partly null list holds more.
    let items: Vec<&dyn Array> = items.iter().map(AsRef::as_ref).collect();
    let values = if items.is_empty() { Ok(all.slice(0, 0)) } else { arrow_select::concat::concat(&items) };
    match values {
        Ok(values) => flatten(format!("{name}.values"), &values, take),
        Err(_) => take(Leaf::uncovered(format!("{name}.values"), all)),
    }
}
