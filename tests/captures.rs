//! Captures made from a seed: calm days, and days on which something happens.

use std::{fs, fs::File, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;

use crate::sandbox::Sandbox;

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400_000_000;
/// 2026-03-01T00:00:00Z, day 0.
pub(crate) const START: i64 = 1_772_323_200_000_000;

/// What a day is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As every day.
    Calm,
    /// `amount` is twice as large.
    Shifted,
    /// Half of `amount` is missing.
    Gappy,
}

/// Rows of one day: `id`, `ts`, `amount`, `colour`, `score`.
pub(crate) fn day(day: i64, rows: usize, mood: Mood) -> RecordBatch {
    let mut seed = u64::try_from(day + 1000).unwrap() * 7919;
    let mut uniform = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(seed >> 33).unwrap()) / f64::from(1_u32 << 31)
    };
    let step = DAY / i64::try_from(rows).unwrap();
    let (mut ids, mut times, mut amounts, mut colours, mut scores) = (vec![], vec![], vec![], vec![], vec![]);
    for row in 0..rows {
        ids.push(format!("{day}-{row}"));
        times.push(START + day * DAY + i64::try_from(row).unwrap() * step);
        let amount = 100.0 * uniform() + 100.0 * uniform();
        let missing = uniform() < 0.5;
        amounts.push(match mood {
            Mood::Calm => Some(amount),
            Mood::Shifted => Some(amount * 2.0),
            Mood::Gappy => (!missing).then_some(amount),
        });
        colours.push(match uniform() {
            u if u < 0.3 => "red",
            u if u < 0.7 => "green",
            _ => "blue",
        });
        scores.push(uniform());
    }
    table(&[
        ("id", Arc::new(StringArray::from(ids))),
        ("ts", Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))),
        ("amount", Arc::new(Float64Array::from(amounts))),
        ("colour", Arc::new(StringArray::from(colours))),
        ("score", Arc::new(Float64Array::from(scores))),
    ])
}

/// A batch from columns, all of which may be null.
pub(crate) fn table(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(
        columns.iter().map(|(name, array)| (*name, Arc::clone(array), true)),
    )
    .unwrap()
}

/// The same batch with another column of that name, or one column more.
pub(crate) fn with(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let schema = batch.schema();
    let mut columns: Vec<(&str, ArrayRef)> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(f, c)| (f.name().as_str(), Arc::clone(c)))
        .collect();
    match columns.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = column,
        None => columns.push((name, column)),
    }
    table(&columns)
}

/// The same batch without a column.
pub(crate) fn without(batch: &RecordBatch, name: &str) -> RecordBatch {
    let schema = batch.schema();
    let keep: Vec<usize> =
        (0..batch.num_columns()).filter(|index| schema.field(*index).name() != name).collect();
    batch.project(&keep).unwrap()
}

pub(crate) fn write_parquet(path: &Path, batches: &[RecordBatch]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batches[0].schema(), None).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
}

/// Writes `folder/date=.../part-0.parquet` for each day.
pub(crate) fn write_days(
    sandbox: &Sandbox,
    folder: &str,
    days: std::ops::Range<i64>,
    rows: usize,
    mood: impl Fn(i64) -> Mood,
) {
    for number in days {
        let path = sandbox.path(&format!("{folder}/day-{number:03}.parquet"));
        write_parquet(&path, &[day(number, rows, mood(number))]);
    }
}

/// A sandbox with calm `good/` (30 days before day 0) and its `baseline/`.
pub(crate) fn with_baseline() -> Sandbox {
    let sandbox = Sandbox::new();
    write_days(&sandbox, "good", -30..0, 200, |_| Mood::Calm);
    sandbox.expect(0, "baseline good --out baseline --timestamp ts --id id");
    sandbox
}

/// The options that every backfill of these captures needs.
pub(crate) const BACKFILL: &str =
    "backfill captures --baseline baseline --out results --timestamp ts --id id";

/// The date of a day, as `2026-03-01`.
pub(crate) fn date(day: i64) -> String {
    jiff::Timestamp::from_microsecond(START + day * DAY).unwrap().strftime("%F").to_string()
}
