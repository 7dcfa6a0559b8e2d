//! Result tables and reference values, read for comparison.

use std::{
    collections::HashMap,
    fs::File,
    path::{Path, PathBuf},
};

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Float64Type, Int64Type, TimestampMicrosecondType},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// All rows of `RESULTS/<table>`, in the order of their dates.
pub(crate) fn read(results: &Path, table: &str) -> Vec<RecordBatch> {
    let mut parts = Vec::new();
    let mut folders = vec![results.join(table)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "parquet") {
                parts.push(path);
            }
        }
    }
    parts.sort();
    let read = |path: PathBuf| {
        ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap()
    };
    parts.into_iter().flat_map(read).map(Result::unwrap).collect()
}

/// A row of a table.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(&'a RecordBatch, usize);

pub(crate) fn rows(batches: &[RecordBatch]) -> impl Iterator<Item = Row<'_>> {
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| Row(batch, row)))
}

impl<'a> Row<'a> {
    fn column(&self, name: &str) -> Option<&'a arrow_array::ArrayRef> {
        let column = self.0.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
        column.is_valid(self.1).then_some(column)
    }

    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.column(name).map_or("", |column| column.as_string::<i32>().value(self.1))
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        Some(self.column(name)?.as_primitive::<Float64Type>().value(self.1))
    }

    pub(crate) fn count(&self, name: &str) -> i64 {
        self.column(name).unwrap().as_primitive::<Int64Type>().value(self.1)
    }

    /// Microseconds since 1970 UTC.
    pub(crate) fn time(&self, name: &str) -> i64 {
        self.column(name).unwrap().as_primitive::<TimestampMicrosecondType>().value(self.1)
    }

    /// Start of the window as a date, UTC.
    pub(crate) fn date(&self) -> String {
        let days = self.time("window_start").div_euclid(86_400_000_000);
        arrow_array::temporal_conversions::date32_to_datetime(i32::try_from(days).unwrap())
            .unwrap()
            .date()
            .to_string()
    }
}

/// Rows by date and feature (and by a third column).
pub(crate) fn by_feature<'a>(
    batches: &'a [RecordBatch],
    third: &str,
) -> HashMap<(String, &'a str, &'a str), Row<'a>> {
    rows(batches)
        .map(|row| {
            let third = if third.is_empty() { "" } else { row.text(third) };
            ((row.date(), row.text("feature"), third), row)
        })
        .collect()
}

/// A file beside the checkout that only developers have; says so where it is absent.
pub(crate) fn shared(relative: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(relative);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no {relative} beside the checkout");
    None
}

/// A reference document.
pub(crate) fn oracle(name: &str) -> Option<serde_json::Value> {
    let text = std::fs::read(shared(&format!("oracle/{name}"))?).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

/// Whether two numbers agree, relative to the second.
pub(crate) fn agrees(found: Option<f64>, expected: f64, tolerance: f64) -> bool {
    found.is_some_and(|found| (found - expected).abs() <= tolerance * expected.abs().max(f64::MIN_POSITIVE))
}
