//! The budget in memory holds, and changes no byte of a table.

use std::{fs, process::Stdio, sync::Arc, thread, time::Duration};

use arrow_array::{ArrayRef, Float64Array, StringArray, TimestampMicrosecondArray};

use crate::{
    captures::{DAY, START, table, write_parquet},
    sandbox::Sandbox,
};

const ROWS: usize = 8_000;
const FEATURES: usize = 12;
const MIB: u64 = 1 << 20;
/// What the program takes without any budget: itself, its threads, a row group a thread while it is decoded.
const FLOOR: u64 = 64 * MIB;

/// Rows in no order, over 96 hours and 20 segments: a row group holds nearly all of the 1,920 groups, 23,040 features.
fn shuffled(sandbox: &Sandbox, file: u64) {
    let mut seed = file + 1;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let times: Vec<i64> =
        (0..ROWS).map(|_| START + i64::try_from(next(4 * 86_400)).unwrap() * (DAY / 86_400)).collect();
    let segments: Vec<String> = (0..ROWS).map(|_| format!("s{}", next(20))).collect();
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("ts".into(), Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))),
        ("s".into(), Arc::new(StringArray::from(segments))),
    ];
    for feature in 0..FEATURES {
        let values: Float64Array = (0..ROWS).map(|_| Some(next(1 << 24) as f64)).collect();
        columns.push((format!("x{feature}"), Arc::new(values)));
    }
    let columns: Vec<(&str, ArrayRef)> =
        columns.iter().map(|(name, column)| (name.as_str(), Arc::clone(column))).collect();
    write_parquet(&sandbox.path(&format!("captures/{file}.parquet")), &[table(&columns)]);
}

/// Most memory that a run was resident with, by what the kernel says while it runs.
#[cfg(target_os = "linux")]
fn peak(sandbox: &Sandbox, line: &str) -> u64 {
    let mut command = sandbox.command(&line.split_whitespace().collect::<Vec<_>>());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes =
            line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse().ok());
        peak = kibibytes.map_or(peak, |kib: u64| kib * 1024);
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{line:?}: {ended}");
            return peak;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_small_budget_holds_for_thousands_of_windows_and_segments_in_each_row_group() {
    let sandbox = Sandbox::new();
    (0..4).for_each(|file| shuffled(&sandbox, file));
    sandbox.expect(0, "baseline captures/0.parquet --out baseline --timestamp ts --segment-by s");
    let backfill =
        "backfill captures --baseline baseline --timestamp ts --segment-by s --window 1h --threads 2";
    let small = peak(&sandbox, &format!("{backfill} --out small --memory 32MiB"));
    assert!(small > 16 * MIB && small < 32 * MIB * 11 / 10 + FLOOR, "{} MiB", small / MIB);
    sandbox.expect(0, &format!("{backfill} --out large --memory 4GiB"));
    let mut files = ["small", "large"].map(|folder| sandbox.files(folder));
    files.iter_mut().for_each(|files| files.retain(|(name, _)| name != "runs.parquet"));
    assert!(files[0] == files[1] && files[0].len() > 20, "the budget shows in the results");
}
