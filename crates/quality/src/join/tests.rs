//! Joins against the plain statement of the rules, in memory and over the disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, UInt64Array,
    cast::AsArray as _, types::Int64Type,
};
use arrow_schema::{DataType, Field, Schema};
use proptest::prelude::*;

use super::*;

/// Id, time, and what is carried along.
type Row = (Option<String>, Option<i64>, i64);

fn batch(rows: &[(u64, Row)], value: &str) -> RecordBatch {
    let ids: StringArray = rows.iter().map(|(_, row)| row.0.as_deref()).collect();
    let times: Int64Array = rows.iter().map(|(_, row)| row.1).collect();
    let order: UInt64Array = rows.iter().map(|(order, _)| Some(*order)).collect();
    let values: Int64Array = rows.iter().map(|(_, row)| Some(row.2)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        (ID, Arc::new(ids)),
        (TIME, Arc::new(times)),
        (ORDER, Arc::new(order)),
        (value, Arc::new(values)),
    ];
    let fields = columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    RecordBatch::try_new(schema, columns.into_iter().map(|(_, column)| column).collect()).unwrap()
}

/// Value of the record, value and time of its label.
type Joined = Vec<(i64, Option<i64>, Option<i64>)>;

fn joined(
    records: &[RecordBatch],
    labels: &[RecordBatch],
    bytes: usize,
    as_of: Option<i64>,
) -> (Joined, Counted) {
    let folder = tempfile::tempdir().unwrap();
    let join = Join::new(folder.path(), bytes, records[0].schema_ref(), labels[0].schema_ref()).unwrap();
    records.iter().for_each(|batch| join.records(batch).unwrap());
    labels.iter().for_each(|batch| join.labels(batch).unwrap());
    assert_eq!(join.disk_bytes() > 0, bytes == 0);
    let (mut rows, mut counted) = (Joined::new(), Counted::default());
    for part in 0..PARTS {
        let (batch, of_part) = join.part(part, as_of).unwrap();
        counted += of_part;
        let column = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().clone();
        let (values, labels, arrived) = (column("score"), column("label"), column(ARRIVED));
        let get = |column: &Int64Array, row: usize| column.is_valid(row).then(|| column.value(row));
        rows.extend(
            (0..batch.num_rows()).map(|row| (values.value(row), get(&labels, row), get(&arrived, row))),
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has a name");
    rows.sort_unstable();
    (rows, counted)
}

/// The rules, one after the other.
fn stated(records: &[(u64, Row)], labels: &[(u64, Row)], as_of: Option<i64>) -> (Joined, Counted) {
    fn last(rows: &[(u64, Row)]) -> (BTreeMap<&str, &(u64, Row)>, u64) {
        let (mut last, mut repeated) = (BTreeMap::new(), 0);
        let mut sorted: Vec<_> = rows.iter().filter(|(_, row)| row.0.is_some()).collect();
        sorted.sort_by_key(|(order, row)| (row.1, *order));
        for row in sorted {
            repeated += u64::from(last.insert(row.1.0.as_deref().unwrap(), row).is_some());
        }
        (last, repeated)
    }
    let mut counted = Counted::default();
    let in_time = |row: &Row| as_of.is_none() || row.1.is_none() || row.1 <= as_of;
    let known: Vec<_> = labels.iter().filter(|(_, row)| row.0.is_none() || in_time(row)).cloned().collect();
    counted.later_labels = (labels.len() - known.len()) as u64;
    let (of_labels, repeated) = last(&known);
    counted.repeated_labels = repeated;
    let (of_records, repeated) = last(records);
    counted.repeated_records = repeated;
    let mut rows: Joined = of_records
        .iter()
        .map(|(id, (_, record))| match of_labels.get(id) {
            Some((_, label)) => {
                counted.matched += 1;
                counted.early_labels +=
                    u64::from(label.1.zip(record.1).is_some_and(|(label, record)| label < record));
                (record.2, Some(label.2), label.1)
            }
            None => (record.2, None, None),
        })
        .collect();
    rows.extend(records.iter().filter(|(_, row)| row.0.is_none()).map(|(_, row)| (row.2, None, None)));
    counted.unlabelled = rows.len() as u64 - counted.matched;
    counted.new_ids = of_labels.len() as u64;
    let ids: BTreeSet<_> = of_records.keys().collect();
    let unmatched = of_labels.keys().filter(|id| !ids.contains(id)).count();
    let without_id = labels.iter().filter(|(_, row)| row.0.is_none()).count();
    counted.unmatched_labels = (unmatched + without_id) as u64;
    rows.sort_unstable();
    (rows, counted)
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let id = prop_oneof![1 => Just(None), 20 => (0..60_u32).prop_map(|id| Some(format!("request-{id}")))];
    let time = prop_oneof![1 => Just(None), 9 => (0..20_i64).prop_map(Some)];
    prop::collection::vec((id, time, any::<i64>()), 1..120)
}

proptest! {
    #[test]
    fn joins_are_as_stated(
        records in rows(), labels in rows(), as_of in prop::option::of(0..20_i64), cut in 1..50_usize, seed: u64,
    ) {
        let numbered = |rows: Vec<Row>| -> Vec<(u64, Row)> { (0..).zip(rows).collect() };
        let (records, labels) = (numbered(records), numbered(labels));
        let expected = stated(&records, &labels, as_of);
        for bytes in [usize::MAX, 0] {
            let cut_up = |rows: &[(u64, Row)], name| -> Vec<RecordBatch> {
                let mut rows = rows.to_vec();
                rows.sort_by_key(|(order, _)| (order ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
                rows.chunks(cut).map(|rows| batch(rows, name)).collect()
            };
            let found = joined(&cut_up(&records, "score"), &cut_up(&labels, "label"), bytes, as_of);
            prop_assert_eq!(&found, &expected);
        }
    }
}

proptest! {
    #[test]
    fn ids_are_new_where_no_label_was_known(known in rows(), added in rows(), as_of in prop::option::of(0..20_i64)) {
        let flagged = |rows: &[Row], first: u64, new: bool| {
            let rows: Vec<(u64, Row)> = (first..).zip(rows.iter().cloned()).collect();
            let batch = batch(&rows, "label");
            let mut columns = batch.columns().to_vec();
            columns.push(Arc::new(BooleanArray::from(vec![new; rows.len()])));
            let mut fields = batch.schema().fields().to_vec();
            fields.push(Arc::new(Field::new(NEW, DataType::Boolean, false)));
            RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
        };
        let records = [batch(&[(0, (None, None, 1))], "score")];
        let (before, after) = (flagged(&known, 0, false), flagged(&added, known.len() as u64, true));
        let ids = |rows: &[&Vec<Row>]| -> u64 {
            let in_time = |row: &&Row| as_of.is_none() || row.1.is_none() || row.1 <= as_of;
            let rows = rows.iter().flat_map(|rows| rows.iter()).filter(in_time);
            rows.filter_map(|row| row.0.as_deref()).collect::<BTreeSet<_>>().len() as u64
        };
        let whole = ids(&[&known, &added]);
        for bytes in [usize::MAX, 0] {
            let labels = [before.clone(), after.clone()];
            let (_, counted) = joined(&records, &labels, bytes, as_of);
            prop_assert_eq!(counted.new_ids, whole - ids(&[&known]));
            let given = [&known, &added].iter().flat_map(|rows| rows.iter()).filter(|row| row.0.is_some()).count();
            prop_assert_eq!(counted.repeated_labels, given as u64 - counted.later_labels - whole);
        }
    }
}

#[test]
fn columns_that_do_not_fit_are_named() {
    let good = batch(&[(0, (Some("a".to_owned()), Some(1), 2))], "score");
    let folder = tempfile::tempdir().unwrap();
    let without = good.project(&[0, 1, 3]).unwrap();
    let error = Join::new(folder.path(), 0, good.schema_ref(), without.schema_ref()).unwrap_err();
    assert_eq!(error.to_string(), "cannot join: expected a column `order` of UInt64, found none");
    let join = Join::new(folder.path(), 0, good.schema_ref(), good.schema_ref()).unwrap();
    assert!(join.records(&without).is_err());
    let missing = folder.path().join("gone");
    let join = Join::new(&missing, 0, good.schema_ref(), good.schema_ref()).unwrap();
    let error = join.labels(&good).unwrap_err().to_string();
    assert!(error.starts_with("cannot keep rows in `") && error.contains("gone"), "{error}");
    assert_eq!(DataType::UInt64, *good.schema_ref().field(2).data_type());
}
