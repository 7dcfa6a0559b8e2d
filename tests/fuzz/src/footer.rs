//! Footers from outside: a file of any bytes is set aside with a reason, or has a plan that agrees with itself.
//!
//! Bytes that begin or end like a Parquet file are one. All others are its metadata, and are framed as such.

use store::{Format, Location, Plan, PlanOptions, PlanStatus, Store};

use crate::world::{location, store};

/// Columns that are tried as the one that says when a row happened.
const MOST_COLUMNS: usize = 8;

/// Plans a file.
pub fn run(bytes: &[u8]) {
    let place = location("footer/f.parquet");
    let whole = bytes.starts_with(b"PAR1") || bytes.ends_with(b"PAR1");
    let file = if whole { bytes.to_vec() } else { framed(bytes) };
    store().write(&place, file).unwrap();
    let plan = plan(store(), &place, PlanOptions::default());
    let schema = plan.sources[0].schema.clone();
    for field in schema.iter().flat_map(|schema| schema.fields()).take(MOST_COLUMNS) {
        let timestamp = Some(field.name().clone());
        for range in [None, Some((0, 1 << 50))] {
            self::plan(
                store(),
                &place,
                PlanOptions { timestamp: timestamp.clone(), range, ..PlanOptions::default() },
            );
        }
    }
}

fn framed(metadata: &[u8]) -> Vec<u8> {
    let length = u32::try_from(metadata.len()).unwrap().to_le_bytes();
    [b"PAR1", metadata, &length, b"PAR1"].concat()
}

fn plan(store: &Store, place: &Location, options: PlanOptions) -> Plan {
    let plan = store.plan(place, &options, &|_| {}).unwrap();
    let [source] = &plan.sources[..] else { panic!("one file, {} sources", plan.sources.len()) };
    assert_eq!(source.source.format, Format::Parquet);
    match &source.status {
        PlanStatus::Quarantined(reason) => {
            assert!(!reason.is_empty() && !reason.contains("panicked"), "{reason}");
        }
        PlanStatus::Ready => {
            let rows: u64 = source.tasks.iter().map(|task| task.rows).sum();
            assert!(rows == source.rows || options.range.is_some() && rows < source.rows);
            assert!(source.tasks.iter().all(|task| task.rows > 0));
            assert!(source.time.is_none_or(|(first, last)| first <= last));
        }
        PlanStatus::OutsideRange(_) => assert!(options.range.is_some()),
    }
    plan
}
