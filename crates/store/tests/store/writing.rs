//! Documents and tables: whole or not at all, and the same bytes for the same rows.

use crate::sandbox::{START, Sandbox, batch, is_root};
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use store::Error;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_write_replaces_the_whole_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    let place = sandbox.location("new/deep/a b.json");
    assert_eq!(sandbox.store.read(&place).unwrap(), None);
    sandbox.store.write(&place, b"one".to_vec()).unwrap();
    sandbox.store.write(&place, b"two".to_vec()).unwrap();
    assert_eq!(sandbox.store.read(&place).unwrap().as_deref(), Some(b"two".as_slice()));
    assert_eq!(names(&sandbox.path("new/deep")), ["a b.json"]);
    let mode = std::fs::metadata(sandbox.path("new/deep/a b.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o600, 0o600);
    assert_eq!(sandbox.store.list_folder(&sandbox.location("new")).unwrap(), ["deep"]);
    assert!(sandbox.store.list_folder(&sandbox.location("absent")).unwrap().is_empty());
    assert!(matches!(sandbox.store.read(&sandbox.location("new/*")), Err(Error::Invalid { .. })));
}

#[test]
fn a_file_that_holds_the_content_already_is_left_alone() {
    use std::os::unix::fs::MetadataExt as _;
    let sandbox = Sandbox::new();
    let place = sandbox.location("folder/file");
    let file = || std::fs::metadata(sandbox.path("folder/file")).unwrap().ino();
    let write = |content: &[u8]| sandbox.store.write(&place, content.to_vec()).unwrap();
    write(b"one");
    let first = file();
    // Held open, so that no other file gets its number.
    let _kept = std::fs::File::open(sandbox.path("folder/file")).unwrap();
    write(b"one");
    assert_eq!(file(), first);
    for other in [b"two".as_slice(), b"longer"] {
        write(other);
        assert_ne!(file(), first);
        assert_eq!(sandbox.store.read(&place).unwrap().as_deref(), Some(other));
    }
}

#[test]
fn a_failed_write_leaves_no_trace() {
    let sandbox = Sandbox::new();
    sandbox.put("file", b"old");
    let error = sandbox.store.write(&sandbox.location("file/below"), vec![1]).unwrap_err();
    assert!(error.to_string().contains("`file/below`"), "{error}");
    std::fs::create_dir_all(sandbox.path("folder/x")).unwrap();
    let error = sandbox.store.write(&sandbox.location("folder"), vec![1]).unwrap_err();
    assert!(matches!(&error, Error::Io { path, action: "write", .. } if path == "folder"), "{error}");
    assert_eq!(names(sandbox.folder.path()), ["file", "folder"]);
    assert_eq!(std::fs::read(sandbox.path("file")).unwrap(), b"old");
}

#[test]
fn a_full_disk_keeps_the_old_content() {
    let sandbox = Sandbox::new();
    let disk = sandbox.path("disk");
    std::fs::create_dir(&disk).unwrap();
    let mount = |options: &str| {
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&disk).output();
        done.is_ok_and(|output| output.status.success())
    };
    if !is_root(sandbox.folder.path()) || !mount("size=128k") {
        println!("skipped: a small file system cannot be mounted here");
        return;
    }
    let place = sandbox.location("disk/table/part.parquet");
    sandbox.store.write(&place, vec![1; 10_000]).unwrap();
    let full = sandbox.store.write(&place, vec![2; 1 << 20]);
    let left = (names(&disk.join("table")), std::fs::read(disk.join("table/part.parquet")).unwrap());
    let read_only = mount("remount,ro");
    let denied = sandbox.store.write(&place, vec![3]);
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    assert!(matches!(&full, Err(Error::Full { path, .. }) if path == "disk/table/part.parquet"), "{full:?}");
    assert_eq!(left, (vec!["part.parquet".to_owned()], vec![1; 10_000]));
    assert!(!read_only || matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
}

#[test]
fn a_table_has_the_same_bytes_however_it_is_cut() {
    let sandbox = Sandbox::new();
    let metadata: HashMap<_, _> = (0..9).map(|i| (format!("k{i}"), "v".to_owned())).collect();
    let whole = batch(START, 50_000);
    let schema = Arc::new(Schema::new_with_metadata(whole.schema().fields().clone(), metadata));
    let whole = RecordBatch::try_new(schema, whole.columns().to_vec()).unwrap();
    let write = |name: &str, batches: &[RecordBatch]| {
        let place = sandbox.location(name);
        let bytes = sandbox.store.write_table(&place, batches).unwrap();
        let content = sandbox.store.read(&place).unwrap().unwrap();
        assert_eq!(bytes, content.len() as u64);
        content
    };
    let one = write("one", std::slice::from_ref(&whole));
    for step in [1_000, 1_024, 7_777, 49_999] {
        let cuts = (0..50_000).step_by(step).map(|at| whole.slice(at, step.min(50_000 - at)));
        assert!(write("cut", &cuts.collect::<Vec<_>>()) == one, "{step}");
    }
    assert!(!String::from_utf8_lossy(&one).contains("parquet-rs"));
    assert!(matches!(sandbox.store.write_table(&sandbox.location("x"), &[]), Err(Error::Invalid { .. })));
    write("empty", &[whole.slice(0, 0)]);
    let read = sandbox.store.read_parquet(&sandbox.location("one")).unwrap().unwrap();
    assert_eq!(read[0].schema(), whole.schema(), "with its metadata");
    assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), 50_000);
    assert!(sandbox.store.read_parquet(&sandbox.location("absent")).unwrap().is_none());
}

#[test]
fn a_table_is_read_back_by_date() {
    let sandbox = Sandbox::new();
    let table = sandbox.location("results/scores");
    assert!(sandbox.store.read_table(&table, &|_| true).unwrap().is_empty());
    for (date, rows) in [("2013-01-03", 3), ("2013-01-01", 1), ("2013-01-02", 2)] {
        let part = table.join(&format!("window_date={date}/part.parquet")).unwrap();
        sandbox.store.write_table(&part, &[batch(START, rows)]).unwrap();
    }
    sandbox.put("results/scores/other/part.parquet", b"ignored");
    sandbox.put("results/scores/window_date=2013-01-09/.tmpXYZ", b"ignored");
    let rows = |keep: &dyn Fn(&str) -> bool| -> Vec<usize> {
        sandbox.store.read_table(&table, keep).unwrap().iter().map(RecordBatch::num_rows).collect()
    };
    assert_eq!(rows(&|_| true), [1, 2, 3]);
    assert_eq!(rows(&|date| date >= "2013-01-02"), [2, 3]);
    sandbox.put("results/scores/window_date=2013-01-02/part.parquet", b"junk");
    let error = sandbox.store.read_table(&table, &|_| true).unwrap_err();
    assert!(
        matches!(&error, Error::Corrupt { path, .. } if path.ends_with("2013-01-02/part.parquet")),
        "{error}"
    );
}

#[test]
fn objects_of_any_size_are_put_whole_in_few_requests() {
    let sandbox = Sandbox::new();
    let place = sandbox.location("memory:///results/part.parquet");
    for (bytes, requests) in [(0, 1), (16 << 20, 1), ((16 << 20) + 1, 5), (24 << 20, 5)] {
        let content: Vec<u8> = (0..bytes).map(|at: u32| (at / 1_000) as u8).collect();
        let before = sandbox.store.traffic().requests;
        sandbox.store.write(&place, content.clone()).unwrap();
        assert_eq!(sandbox.store.traffic().requests - before, requests, "{bytes} bytes");
        assert!(sandbox.store.read(&place).unwrap().unwrap() == content, "{bytes} bytes");
    }
}
