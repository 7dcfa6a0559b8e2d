//! What is under way at once against a store that answers late, counted in requests and bytes.

use crate::{Columns, Error, Location, Plan, PlanOptions, Store, Task};
use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;
use std::time::Duration;

const ROWS: usize = 4_000;
/// Bytes of a row group of that many numbers, pages included, at most.
const GROUP_BYTES: u64 = 8 * 4_000 + 1_000;

/// A file of numbers that do not shrink.
fn file(groups: usize) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(ROWS))
        .build();
    let numbers: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..ROWS * groups).map(|row| row as f64)));
    let batch = RecordBatch::try_from_iter([("x", numbers)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn place(text: &str) -> Location {
    Location::parse(text, "".as_ref()).unwrap()
}

/// A store with files of `groups` row groups each, 20 ms away.
fn distant(files: usize, groups: usize) -> Store {
    let store = Store::new(2).unwrap().distant(Duration::from_millis(20));
    for number in 0..files {
        store.write(&place(&format!("memory:///in/{number:03}.parquet")), file(groups)).unwrap();
    }
    store
}

fn plan(store: &Store) -> Plan {
    store.plan(&place("memory:///in"), &PlanOptions::default(), &|_| ()).unwrap()
}

fn rows(task: &Task) -> Result<usize, Error> {
    task.batches(None).map(|batch| Ok(batch?.num_rows())).sum()
}

#[test]
fn footers_are_read_together_and_once() {
    let store = distant(40, 1);
    let written = store.traffic().requests;
    let plan = Arc::new(plan(&store));
    let planned = store.traffic();
    assert_eq!(planned.requests - written, 1 + 40, "a listing, and the end of each file");
    assert!(planned.reads_at_once > 8, "{planned:?}");
    let read: usize = store.scan(&plan, Columns::All, 64 << 20).map(|task| rows(&task).unwrap()).sum();
    assert_eq!(read, 40 * ROWS);
    assert_eq!(store.traffic().requests - planned.requests, 40);
}

#[test]
fn footers_that_were_not_kept_are_read_ahead() {
    let store = distant(40, 1);
    let mut plan = plan(&store);
    plan.sources.iter_mut().for_each(|source| source.footer = None);
    let planned = store.traffic();
    let read: usize =
        store.scan(&Arc::new(plan), Columns::All, 64 << 20).map(|task| rows(&task).unwrap()).sum();
    assert_eq!(read, 40 * ROWS);
    assert_eq!(store.traffic().requests - planned.requests, 40, "files this small come with their footer");
}

#[test]
fn text_files_are_read_together() {
    let store = distant(0, 0);
    for number in 0..40 {
        store.write(&place(&format!("memory:///in/{number:03}.csv")), b"x\n1\n".to_vec()).unwrap();
    }
    let plan = Arc::new(plan(&store));
    assert_eq!(plan.sources.len(), 40);
    assert!(store.traffic().reads_at_once > 8, "{:?}", store.traffic());
}

#[test]
fn row_groups_are_fetched_together() {
    let store = distant(1, 40);
    let plan = Arc::new(plan(&store));
    assert_eq!(store.traffic().reads_at_once, 1);
    let read: usize = store.scan(&plan, Columns::All, 64 << 20).map(|task| rows(&task).unwrap()).sum();
    assert_eq!(read, 40 * ROWS);
    assert!(store.traffic().reads_at_once > 8, "{:?}", store.traffic());
}

#[test]
fn bytes_in_flight_stay_within_the_budget_and_use_it() {
    let store = distant(1, 60);
    let plan = Arc::new(plan(&store));
    let budget = 10 * GROUP_BYTES;
    for task in store.scan(&plan, Columns::All, budget) {
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(rows(&task).unwrap(), ROWS);
    }
    let most = store.traffic().bytes_in_flight;
    assert!(budget / 2 < most && most <= budget, "{most} of {budget}");
}

#[test]
fn a_row_group_beyond_the_budget_goes_alone() {
    let store = distant(1, 5);
    let plan = Arc::new(plan(&store));
    let before = store.traffic().bytes_in_flight;
    for task in store.scan(&plan, Columns::All, 1 << 10) {
        assert_eq!(rows(&task).unwrap(), ROWS);
    }
    assert!(before <= 64 << 10);
    assert!(store.traffic().bytes_in_flight <= before.max(GROUP_BYTES), "{:?}", store.traffic());
}

#[test]
fn an_object_that_fails_stops_no_other() {
    let store = distant(12, 2);
    let plan = Arc::new(plan(&store));
    store.write(&place("memory:///in/003.parquet"), file(3)).unwrap();
    store.delete(&place("memory:///in/007.parquet")).unwrap();
    let mut failed = Vec::new();
    let mut read = 0;
    for task in store.scan(&plan, Columns::All, 4 * GROUP_BYTES) {
        match rows(&task) {
            Ok(rows) => read += rows,
            Err(Error::Changed { path, .. }) => failed.push(path),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(read, 10 * 2 * ROWS);
    let [replaced, gone] = ["memory:///in/003.parquet", "memory:///in/007.parquet"];
    assert_eq!(failed, [replaced, replaced, gone, gone]);
}

#[test]
fn copies_keep_their_folders_and_their_bytes() {
    let store = Store::new(2).unwrap();
    for name in ["day=1/a.parquet", "day=2/b%20c.parquet"] {
        store.write(&place(&format!("memory:///from/{name}")), file(1)).unwrap();
    }
    let captures = place("memory:///from/day=*/*.parquet");
    let plan = store.plan(&captures, &PlanOptions::default(), &|_| ()).unwrap();
    let other = store.distant(Duration::ZERO);
    store.copy_sources(&plan, &captures, &other, &place("memory:///to")).unwrap();
    let copied = other.plan(&place("memory:///to"), &PlanOptions::default(), &|_| ()).unwrap();
    let named =
        |plan: &Plan| plan.sources.iter().map(|source| source.source.partitions.clone()).collect::<Vec<_>>();
    assert_eq!((named(&copied), copied.sources.len()), (named(&plan), 2));
    assert_eq!(other.read(&place("memory:///to/day=2/b%20c.parquet")).unwrap(), Some(file(1).into()));

    let one = place("memory:///from/day=1/a.parquet");
    let plan = store.plan(&one, &PlanOptions::default(), &|_| ()).unwrap();
    store.copy_sources(&plan, &one, &other, &place("memory:///one")).unwrap();
    assert_eq!(other.list_folder(&place("memory:///one")).unwrap(), ["a.parquet"]);
}
