//! Tasks: their order, their columns, their budget, and what happens when the ground moves under them.

use crate::sandbox::{START, Sandbox, batch, batches, count, parquet, parquet_grouped};
use arrow_array::Array as _;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use parquet::basic::Compression;
use std::sync::Arc;
use std::time::Duration;
use store::{Columns, Error, Plan};

fn captures(sandbox: &Sandbox, files: usize, rows: usize, group_rows: usize) -> Arc<Plan> {
    captures_in("in", sandbox, files, rows, group_rows)
}

fn captures_in(folder: &str, sandbox: &Sandbox, files: usize, rows: usize, group_rows: usize) -> Arc<Plan> {
    for file in 0..files {
        let content = parquet_grouped(&batch(START, rows), group_rows, Compression::UNCOMPRESSED);
        let place = sandbox.location(&format!("{folder}/{file:03}.parquet"));
        sandbox.store.write(&place, content).unwrap();
    }
    Arc::new(sandbox.plan(folder).unwrap())
}

#[test]
fn tasks_come_in_plan_order_with_every_row() {
    let sandbox = Sandbox::new();
    let plan = captures(&sandbox, 30, 1_000, 300);
    let mut order = Vec::new();
    for task in sandbox.store.scan(&plan, Columns::All, 64 << 10) {
        order.push((task.source, task.task));
        let (first, rows) = (task.task * 300, task.rows);
        let batches: Vec<_> = task.batches(None).map(Result::unwrap).collect();
        assert_eq!(batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>(), rows);
        let value = batches[0].column(1).as_primitive::<Float64Type>().value(0);
        assert_eq!(value.to_string(), first.to_string());
        assert_eq!(batches[0].schema(), plan.sources[0].schema.clone().unwrap());
    }
    assert_eq!(order.len(), 120);
    assert!(order.is_sorted());
}

#[test]
fn only_wanted_columns_are_fetched() {
    let sandbox = Sandbox::new();
    let big = parquet_grouped(&batch(START, 200_000), 1 << 20, Compression::UNCOMPRESSED);
    sandbox.put("in/region=a%20b/k=__HIVE_DEFAULT_PARTITION__/x=7/f.parquet", &big);
    let scan = |names: &[&str]| {
        let plan = Arc::new(sandbox.plan("in").unwrap());
        let columns = Columns::Only(names.iter().map(|name| (*name).to_owned()).collect());
        let task = sandbox.store.scan(&plan, columns, 1 << 30).next().unwrap();
        (task.bytes, task.batches(None).collect::<Result<Vec<_>, _>>().unwrap())
    };
    let (bytes, batches) = scan(&["x", "region", "k", "absent"]);
    assert!(bytes > 1_500_000 && bytes < big.len() as u64 / 2 + 200_000, "{bytes} of {}", big.len());
    let names: Vec<_> = batches[0].schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["x", "region", "k"], "the file's own `x` counts, not the folder's");
    assert_eq!(batches[0].column(1).as_string::<i32>().value(8_191), "a b");
    assert_eq!(batches[0].column(2).null_count(), 8_192);
    let (bytes, batches) = scan(&["region"]);
    assert_eq!((bytes, batches.iter().map(|batch| batch.num_rows()).sum::<usize>()), (0, 200_000));
}

#[test]
fn the_prefetch_stays_within_its_budget() {
    let budget = 256 << 10;
    for folder in ["memory:///in", "in"] {
        let sandbox = Sandbox::new();
        let plan = captures_in(folder, &sandbox, 4, 20_000, 2_000);
        let mut scan = sandbox.store.scan(&plan, Columns::All, budget);
        let mut most = 0;
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(5));
            most = most.max(scan.bytes_ahead());
        }
        assert!(most > budget / 4 && most <= budget, "{most}");
        let mut held = Vec::new();
        let largest =
            plan.sources.iter().flat_map(|source| &source.tasks).map(|task| task.bytes).max().unwrap();
        for _ in 0..budget / (largest + 1_024) {
            held.push(scan.next().unwrap());
        }
        assert!(held.iter().map(|task| task.bytes).sum::<u64>() <= budget);
        drop(held);
        assert!(scan.by_ref().flat_map(|task| batches(&task)).all(|batch| batch.is_ok()));
        assert_eq!(scan.bytes_ahead(), 0);
        // A task larger than the whole budget goes alone.
        let rows: Vec<_> =
            sandbox.store.scan(&plan, Columns::All, 1).flat_map(|task| batches(&task)).collect();
        assert_eq!(count(&rows), 80_000);
    }
}

#[test]
fn local_row_groups_larger_than_the_budget_do_not_wait_for_each_other() {
    let sandbox = Sandbox::new();
    let plan = captures(&sandbox, 3, 20_000, 20_000);
    let largest_chunk = 20_000 * 8 + 10_000;
    let budget = 3 * largest_chunk;
    let mut scan = sandbox.store.scan(&plan, Columns::All, budget);
    let held: Vec<_> = scan.by_ref().take(2).collect();
    assert!(held.iter().map(|task| task.bytes).sum::<u64>() > budget);
    assert!(scan.bytes_ahead() <= budget);
    for task in &held {
        assert_eq!(count(&batches(task)), 20_000);
    }
    drop(held);
    assert_eq!(scan.count(), 1);
}

#[test]
fn a_scan_can_be_stopped_and_dropped() {
    let sandbox = Sandbox::new();
    let plan = captures(&sandbox, 20, 1_000, 100);
    let mut scan = sandbox.store.scan(&plan, Columns::All, 32 << 10);
    let stop = scan.stop_handle();
    let task = scan.next().unwrap();
    // The next one waits for room that the held task never gives back; another thread ends the wait.
    let waiting = std::thread::spawn(move || scan.by_ref().collect::<Vec<_>>().len());
    std::thread::sleep(Duration::from_millis(100));
    stop.stop();
    assert!(waiting.join().unwrap() < 199);
    assert!(task.batches(None).all(|batch| batch.is_ok()));
    drop(sandbox.store.scan(&plan, Columns::All, 32 << 10));
    // The store may go before the scan.
    let Sandbox { store, folder } = sandbox;
    let scan = store.scan(&plan, Columns::All, 1 << 20);
    drop(store);
    assert_eq!(scan.count(), 200);
    drop(folder);
}

#[test]
fn an_object_that_changes_is_named() {
    let sandbox = Sandbox::new();
    let plan = captures(&sandbox, 1, 1_000, 100);
    std::thread::sleep(Duration::from_millis(20));
    sandbox.put("in/000.parquet", &parquet(&batch(START, 10)));
    let errors: Vec<_> =
        sandbox.store.scan(&plan, Columns::All, 1 << 20).map(|task| task.batches(None).last()).collect();
    assert_eq!(errors.len(), 10, "every planned task answers");
    for error in errors {
        let error = error.unwrap().unwrap_err();
        assert!(matches!(&error, Error::Changed { path, .. } if path == "in/000.parquet"), "{error}");
    }
    std::fs::remove_file(sandbox.path("in/000.parquet")).unwrap();
    let gone = sandbox.store.scan(&plan, Columns::All, 1 << 20).next().unwrap().batches(None).next().unwrap();
    assert!(matches!(gone, Err(Error::Changed { .. })), "{gone:?}");

    let memory = sandbox.location("memory:///f.parquet");
    sandbox.store.write(&memory, parquet(&batch(START, 10))).unwrap();
    let plan = Arc::new(sandbox.plan("memory:///f.parquet").unwrap());
    sandbox.store.write(&memory, parquet(&batch(START, 10))).unwrap();
    let error = sandbox
        .store
        .scan(&plan, Columns::All, 1 << 20)
        .next()
        .unwrap()
        .batches(None)
        .next()
        .unwrap()
        .unwrap_err();
    assert!(matches!(&error, Error::Changed { path, .. } if path == "memory:///f.parquet"), "{error}");
}
