//! The same bytes from any number of threads, in any run, from one file or many.

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::Sandbox,
};

type Files = Vec<(String, Vec<u8>)>;

/// Tables of a run, without the one that carries the wall clock.
fn tables(sandbox: &Sandbox, threads: &str) -> Files {
    if sandbox.path("results").exists() {
        std::fs::remove_dir_all(sandbox.path("results")).unwrap();
    }
    sandbox.expect(0, &format!("{BACKFILL} --segment-by colour --threads {threads}"));
    kept(sandbox, &["runs.parquet"])
}

fn kept(sandbox: &Sandbox, without: &[&str]) -> Files {
    let mut files = sandbox.files("results");
    files.retain(|(name, _)| !without.iter().any(|table| name.starts_with(table)));
    files
}

#[track_caller]
fn same(a: &Files, b: &Files, what: &str) {
    let names = |files: &Files| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(a), names(b), "{what}");
    for ((name, one), (_, other)) in a.iter().zip(b) {
        assert!(one == other, "{what}: {name} differs");
    }
    assert!(a.len() > 5, "{what}: too few tables to tell");
}

fn mood(day: i64) -> Mood {
    match day % 5 {
        3 => Mood::Shifted,
        4 => Mood::Gappy,
        _ => Mood::Calm,
    }
}

#[test]
fn threads_and_runs_leave_the_same_bytes() {
    let sandbox = captures::with_baseline();
    captures::write_days(&sandbox, "captures", 0..20, 300, mood);
    let one = tables(&sandbox, "1");
    for threads in ["2", "7", "1"] {
        same(&one, &tables(&sandbox, threads), &format!("{threads} threads"));
    }
    // A second run over the same results, which goes on where the first ended.
    sandbox.expect(0, &format!("{BACKFILL} --segment-by colour"));
    same(&one, &kept(&sandbox, &["runs.parquet"]), "a second run");
}

#[test]
fn baselines_are_the_same_from_any_number_of_threads() {
    let sandbox = Sandbox::new();
    captures::write_days(&sandbox, "good", -30..0, 300, mood);
    let mut baselines = ["1", "2", "7"].into_iter().map(|threads| {
        sandbox
            .expect(0, &format!("baseline good --out b{threads} --timestamp ts --id id --threads {threads}"));
        sandbox.files(&format!("b{threads}"))
    });
    let first = baselines.next().unwrap();
    assert_eq!(first.len(), 3);
    for other in baselines {
        assert!(first == other);
    }
}

#[test]
fn files_may_be_cut_anywhere() {
    let sandbox = captures::with_baseline();
    let cut = |pieces: usize| {
        let folder = sandbox.path("captures");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        for number in 0..10 {
            let day = captures::day(number, 300, mood(number));
            let rows = day.num_rows() / pieces;
            for piece in 0..pieces {
                let path = folder.join(format!("{number:02}-{piece:02}.parquet"));
                captures::write_parquet(&path, &[day.slice(piece * rows, rows)]);
            }
        }
        tables(&sandbox, "2")
    };
    // Which files hold a record is all that differs; where no column says that, not a byte does.
    let rest = |files: Files| -> Files { files.into_iter().filter(|(name, _)| !says_files(name)).collect() };
    let one = cut(1);
    for pieces in [3, 10] {
        let many = cut(pieces);
        for ((name, one), (_, many)) in one.iter().zip(&many).filter(|((name, _), _)| says_files(name)) {
            if !["sources", "profiles", "state", "tables.json"]
                .iter()
                .any(|of_files| name.starts_with(of_files))
            {
                assert_eq!(without_files(one), without_files(many), "{name} of {pieces} pieces");
            }
        }
        same(&rest(one.clone()), &rest(many), &format!("{pieces} pieces"));
    }
}

fn says_files(name: &str) -> bool {
    ["sources", "windows", "violations", "profiles", "state", "tables.json"]
        .iter()
        .any(|table| name.starts_with(table))
}

/// A table without the columns that count or name files.
fn without_files(bytes: &[u8]) -> Vec<RecordBatch> {
    let bytes = bytes.to_vec();
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap().build().unwrap();
    let plain = |batch: RecordBatch| {
        ["files", "sources", "first_source"].iter().fold(batch, |batch, name| captures::without(&batch, name))
    };
    reader.map(|batch| plain(batch.unwrap())).collect()
}
