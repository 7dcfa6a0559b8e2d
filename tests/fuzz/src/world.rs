//! A store in memory with some captures, a baseline of them, and the runs that compare the two.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock};

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use monitor::tables::RunRow;
use monitor::{Error, Location, Outcome, Roles, Settings, Store, Watch, backfill, check, make_baseline};
use parquet::file::properties::WriterProperties;

use crate::paths::write::write_as;

static STORE: LazyLock<Store> = LazyLock::new(|| Store::new(1).unwrap());

/// The one store.
pub(crate) fn store() -> &'static Store {
    &STORE
}

/// Writes a table into it, without compression: to set that up takes longer than all the rest.
pub(crate) fn write_table(place: &Location, batch: &RecordBatch) {
    store().write(place, write_as(batch, WriterProperties::builder().build()).to_vec()).unwrap();
}

/// A place in it.
pub(crate) fn location(path: &str) -> Location {
    Location::parse(&format!("memory:///{path}"), Path::new("/")).unwrap()
}

fn settings() -> Settings {
    let roles = Roles { timestamp: Some("ts".to_owned()), ..Roles::default() };
    Settings { roles, threads: 1, ..Settings::default() }
}

/// Writes captures of a number `x` and a name `y` over two days, once, and says where.
fn captures() -> Location {
    static CAPTURES: LazyLock<Location> = LazyLock::new(|| {
        let rows = 0..40_i64;
        let x = rows.clone().map(|row| (row % 9 > 0).then_some(row as f64 / 4.0));
        let y = rows.clone().map(|row| (row % 7 > 0).then(|| format!("n{}", row % 5)));
        let columns: [(&str, ArrayRef); 3] = [
            ("ts", Arc::new(Int64Array::from_iter_values(rows.map(|row| 1_356_998_400 + row * 3_600)))),
            ("x", Arc::new(x.collect::<Float64Array>())),
            ("y", Arc::new(y.collect::<StringArray>())),
        ];
        let place = location("captures");
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        write_table(&place.join("c.parquet").unwrap(), &batch);
        place
    });
    CAPTURES.clone()
}

fn watched<T>(call: impl FnOnce(Watch<'_>) -> T) -> T {
    call(Watch { progress: &|_| {}, stop: &AtomicBool::new(false) })
}

/// Makes the baseline of the captures.
pub(crate) fn baseline(place: &Location) {
    baseline_of(&captures(), place, &settings());
}

/// Compares the captures, as one window, with a baseline that may be damaged.
pub(crate) fn compare(baseline: &Location) {
    compare_of(&captures(), baseline, &settings());
}

/// The same by day, down to the tables.
pub(crate) fn compare_days(baseline: &Location) {
    compare_days_of(&captures(), baseline, &settings());
}

pub(crate) fn baseline_of(captures: &Location, place: &Location, settings: &Settings) {
    watched(|watch| make_baseline(store(), captures, place, settings, watch)).unwrap();
}

pub(crate) fn compare_of(captures: &Location, baseline: &Location, settings: &Settings) {
    judge(watched(|watch| check(store(), captures, baseline, settings, watch)));
}

pub(crate) fn compare_days_of(captures: &Location, baseline: &Location, settings: &Settings) {
    let results = location("results");
    let row = |_: &Outcome| RunRow::default();
    judge(watched(|watch| backfill(store(), captures, baseline, &results, settings, watch, &row)));
}

/// The baseline is refused, or nothing goes wrong.
fn judge(outcome: Result<Outcome, Error>) {
    match outcome {
        Ok(outcome) => assert!(outcome.quarantined.is_empty(), "{:?}", outcome.quarantined),
        Err(Error::Baseline { .. }) => {}
        Err(error) => panic!("{error:?}"),
    }
}
