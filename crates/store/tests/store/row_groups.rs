//! Row groups: chunks for readers of pages, some columns for readers of batches, and files that change between.

use crate::sandbox::{START, Sandbox, batch, batches, count, parquet_grouped};
use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::page::Page;
use parquet::file::reader::{FileReader as _, Length as _};
use parquet::file::serialized_reader::{SerializedFileReader, SerializedPageReader};
use std::sync::Arc;
use store::{Columns, Error, RowGroup, Task};

/// What makes a page.
type Shown = (String, u32, Bytes);

fn show(page: &Page) -> Shown {
    (format!("{:?} {:?}", page.page_type(), page.encoding()), page.num_values(), page.buffer().clone())
}

fn pages(group: &RowGroup, leaf: usize) -> Vec<Shown> {
    let column = group.metadata().metadata().row_group(group.index()).column(leaf).clone();
    let chunk = Arc::new(group.chunk(leaf).unwrap());
    let rows = usize::try_from(group.rows()).unwrap();
    let reader = SerializedPageReader::new(chunk, &column, rows, None).unwrap();
    reader.map(|page| show(&page.unwrap())).collect()
}

/// `id` counts up, `place` is a struct of two leaves, `tags` a list, `s` text.
fn nested(rows: usize) -> RecordBatch {
    let id = Int64Array::from_iter_values(0..i64::try_from(rows).unwrap());
    let longitude: ArrayRef = Arc::new(Float64Array::from_iter_values((0..rows).map(|row| row as f64 / 3.0)));
    let name = (0..rows).map(|row| (row % 3 > 0).then(|| format!("n{}", row % 50)));
    let name: ArrayRef = Arc::new(StringArray::from_iter(name));
    let place = StructArray::try_from(vec![("longitude", longitude), ("name", name)]).unwrap();
    let mut tags = ListBuilder::new(Int32Builder::new());
    for row in 0..rows {
        tags.append_value((0..row % 4).map(|tag| Some(i32::try_from(tag).unwrap())));
    }
    let text = StringArray::from_iter_values((0..rows).map(|row| format!("text {row}")));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(id)),
        ("place", Arc::new(place)),
        ("tags", Arc::new(tags.finish())),
        ("s", Arc::new(text)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The tasks of one file, at a local path or in memory; a folder `day=` in its place is a column.
fn tasks(sandbox: &Sandbox, place: &str, content: &[u8], columns: Columns) -> Vec<Task> {
    sandbox.store.write(&sandbox.location(place), content.to_vec()).unwrap();
    let root = place.split_once("/day=").map_or(place, |(root, _)| root);
    let plan = Arc::new(sandbox.plan_with(root, &store::PlanOptions::default()).unwrap());
    sandbox.store.scan(&plan, columns, 64 << 20).collect()
}

fn names(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|field| field.name().clone()).collect()
}

#[test]
fn chunks_hold_the_pages_of_the_file_wherever_it_lies() {
    let sandbox = Sandbox::new();
    let content = parquet_grouped(&nested(40_000), 25_000, Compression::SNAPPY);
    let whole = SerializedFileReader::new(Bytes::from(content.clone())).unwrap();
    for place in ["f.parquet", "memory:///f.parquet"] {
        let tasks = tasks(&sandbox, place, &content, Columns::All);
        assert_eq!(tasks.len(), 2);
        for (index, task) in tasks.iter().enumerate() {
            let group = task.row_group().unwrap();
            assert_eq!((group.index(), group.rows()), (index, task.rows));
            assert_eq!(group.wanted(), [0, 1, 2, 3]);
            let expected = whole.get_row_group(index).unwrap();
            let mut bytes = 0;
            for leaf in 0..5 {
                let expected = expected.get_column_page_reader(leaf).unwrap();
                let expected: Vec<_> = expected.map(|page| show(&page.unwrap())).collect();
                assert!(expected.len() > 1);
                assert_eq!(pages(group, leaf), expected, "leaf {leaf} at {place}");
                assert_eq!(group.chunk(leaf).unwrap().len(), content.len() as u64);
                bytes += group.metadata().metadata().row_group(index).column(leaf).byte_range().1;
            }
            assert_eq!(task.bytes, bytes);
            assert!(group.chunk(5).is_err());
            assert_eq!(count(&batches(task)), expected.metadata().num_rows() as usize, "after its pages");
        }
    }
}

#[test]
fn only_chunks_that_were_asked_for_can_be_read() {
    let sandbox = Sandbox::new();
    let content = parquet_grouped(&nested(3_000), 3_000, Compression::SNAPPY);
    for place in ["f.parquet", "memory:///f.parquet"] {
        let task =
            tasks(&sandbox, place, &content, Columns::Only(vec!["s".into(), "place".into()])).remove(0);
        let group = task.row_group().unwrap();
        assert_eq!(group.wanted(), [1, 3]);
        let known: Vec<_> = (0..6).filter(|leaf| group.chunk(*leaf).is_ok()).collect();
        assert_eq!(known, [1, 2, 4], "the two leaves of `place` and `s`");
        let error = group.chunk(0).unwrap_err().to_string();
        assert!(error.starts_with(&format!("corrupt `{place}`, row group 0: ")), "{error}");
    }
}

#[test]
fn batches_of_some_columns_as_often_as_wanted() {
    let sandbox = Sandbox::new();
    let whole = nested(20_000);
    let content = parquet_grouped(&whole, 20_000, Compression::SNAPPY);
    for place in ["in/day=7/f.parquet", "memory:///in/day=7/f.parquet"] {
        let names_wanted = ["id", "place", "tags", "day"].map(str::to_owned).to_vec();
        let task = tasks(&sandbox, place, &content, Columns::Only(names_wanted)).remove(0);
        let read = |only: Option<&[&str]>| -> Vec<RecordBatch> {
            task.batches(only).collect::<Result<_, _>>().unwrap()
        };
        for (only, expected) in [
            (None, &["id", "place", "tags", "day"][..]),
            (Some(&["tags", "place"][..]), &["place", "tags"][..]),
            (Some(&["day", "id"][..]), &["id", "day"][..]),
            (Some(&["s", "absent"][..]), &[][..]),
            (Some(&["day"][..]), &["day"][..]),
            (Some(&[][..]), &[][..]),
        ] {
            let mut row = 0;
            for batch in read(only) {
                assert_eq!(names(&batch), expected);
                for name in expected.iter().filter(|name| **name != "day") {
                    let original = whole.column_by_name(name).unwrap().slice(row, batch.num_rows());
                    assert_eq!(&original, batch.column_by_name(name).unwrap(), "{name} at {row}");
                }
                row += batch.num_rows();
            }
            assert_eq!(row, 20_000, "{only:?}");
        }
    }
}

#[test]
fn csv_has_no_row_group_and_some_columns() {
    let sandbox = Sandbox::new();
    let task = tasks(&sandbox, "in/day=7/f.csv", b"a,b\n1,x\n2,y\n", Columns::All).remove(0);
    assert!(task.row_group().is_none());
    for (only, expected) in
        [(None, vec!["a", "b", "day"]), (Some(&["day", "b"][..]), vec!["b", "day"]), (Some(&[][..]), vec![])]
    {
        let batch = task.batches(only).next().unwrap().unwrap();
        assert_eq!((names(&batch), batch.num_rows()), (expected.into_iter().map(str::to_owned).collect(), 2));
    }
}

#[test]
fn a_local_file_that_changes_between_chunks_is_noticed() {
    let sandbox = Sandbox::new();
    let content = parquet_grouped(&batch(START, 5_000), 2_500, Compression::SNAPPY);
    let assert_changed = |outcome: Result<(), Error>| {
        let error = outcome.unwrap_err();
        assert!(matches!(&error, Error::Changed { path, .. } if path == "f.parquet"), "{error}");
    };
    let other = parquet_grouped(&batch(START + 1, 5_000), 2_500, Compression::SNAPPY);
    let changes: [(&str, &dyn Fn()); 4] = [
        ("rewritten", &|| sandbox.put("f.parquet", &other)),
        ("truncated", &|| sandbox.put("f.parquet", &content[..100])),
        ("replaced", &|| sandbox.store.write(&sandbox.location("f.parquet"), other.clone()).unwrap()),
        ("removed", &|| std::fs::remove_file(sandbox.path("f.parquet")).unwrap()),
    ];
    for (how, change) in changes {
        let tasks = tasks(&sandbox, "f.parquet", &content, Columns::All);
        let (begun, untouched) = (tasks[0].row_group().unwrap(), tasks[1].row_group().unwrap());
        let before = pages(begun, 1);
        std::thread::sleep(std::time::Duration::from_millis(20));
        change();
        assert_changed(untouched.chunk(0).map(drop));
        assert_changed(tasks[1].batches(None).next().unwrap().map(drop));
        assert_changed(tasks[1].batches(Some(&[])).next().unwrap().map(drop));
        if ["rewritten", "truncated"].contains(&how) {
            assert_changed(begun.chunk(1).map(drop));
            assert_changed(tasks[0].batches(Some(&["x"])).next().unwrap().map(drop));
        } else {
            assert_eq!(pages(begun, 1), before, "an opened file stays whole when its name is gone: {how}");
        }
    }
}

#[test]
fn a_failed_task_has_no_row_group_and_says_why_every_time() {
    let sandbox = Sandbox::new();
    sandbox.put("f.parquet", &parquet_grouped(&batch(START, 100), 100, Compression::SNAPPY));
    let plan = Arc::new(sandbox.plan("f.parquet").unwrap());
    std::fs::remove_file(sandbox.path("f.parquet")).unwrap();
    let task = sandbox.store.scan(&plan, Columns::All, 1 << 20).next().unwrap();
    assert!(task.row_group().is_none());
    for only in [None, Some(&["x"][..]), Some(&[][..])] {
        let outcome: Vec<_> = task.batches(only).collect();
        assert!(matches!(&outcome[..], [Err(Error::Changed { .. })]), "{outcome:?}");
    }
}

#[test]
fn threads_read_the_chunks_of_one_row_group_at_once() {
    let sandbox = Sandbox::new();
    let content = parquet_grouped(&nested(30_000), 30_000, Compression::SNAPPY);
    let task = tasks(&sandbox, "f.parquet", &content, Columns::All).remove(0);
    let group = task.row_group().unwrap();
    let expected: Vec<_> = (0..5).map(|leaf| pages(group, leaf)).collect();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let expected = &expected;
            scope.spawn(move || {
                for turn in 0..40 {
                    let leaf = (turn + thread) % 5;
                    assert!(pages(group, leaf) == expected[leaf], "leaf {leaf}");
                }
            });
        }
    });
}
