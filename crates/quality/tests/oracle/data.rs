//! Reading the real data beside the workspace: columns of numbers and texts, joins, windows.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// The folder of data, which lies beside the workspace and may be absent.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if folder.join("oracle").is_dir() {
        return Some(folder);
    }
    skipped();
    None
}

#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
fn skipped() {
    eprintln!("skipped: no real data and reference values beside the workspace");
}

/// A document of reference values.
pub(crate) fn oracle(name: &str) -> Option<Value> {
    let path = folder()?.join("oracle").join(name);
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

/// Columns by name.
#[derive(Default)]
pub(crate) struct Frame {
    numbers: BTreeMap<String, Vec<f64>>,
    texts: BTreeMap<String, Vec<Option<String>>>,
}

impl Frame {
    /// Columns of a Parquet file, or of all in a folder, in the order of their names. Times are microseconds.
    pub(crate) fn read(path: &str, columns: &[&str]) -> Self {
        let path = folder().unwrap().join("real").join(path);
        let mut frame = Self::default();
        let mut files = vec![path.clone()];
        if path.is_dir() {
            files =
                path.read_dir().unwrap().map(|entry| entry.unwrap().path().join("part-0.parquet")).collect();
            files.sort();
        }
        for file in files {
            frame.read_file(&file, columns);
        }
        frame
    }

    fn read_file(&mut self, file: &std::path::Path, columns: &[&str]) {
        let file = std::fs::File::open(file).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            for name in columns {
                let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
                let cast = |to| match column.data_type() {
                    DataType::Timestamp(..) => {
                        arrow_cast::cast(&arrow_cast::cast(column, &DataType::Int64).unwrap(), &to).unwrap()
                    }
                    _ => arrow_cast::cast(column, &to).unwrap(),
                };
                let text = *column.data_type() == DataType::Utf8 || name.ends_with("_id");
                if text {
                    let array = cast(DataType::Utf8);
                    let values = array.as_string::<i32>().iter().map(|value| value.map(str::to_owned));
                    self.texts.entry((*name).to_owned()).or_default().extend(values);
                } else {
                    let array = cast(DataType::Float64);
                    let values = array.as_primitive::<Float64Type>();
                    let values = values.iter().map(|value| value.unwrap_or(f64::NAN));
                    self.numbers.entry((*name).to_owned()).or_default().extend(values);
                }
            }
        }
    }

    pub(crate) fn numbers(&self, name: &str) -> &[f64] {
        self.numbers.get(name).unwrap_or_else(|| panic!("no column of numbers {name}"))
    }

    pub(crate) fn texts(&self, name: &str) -> &[Option<String>] {
        self.texts.get(name).unwrap_or_else(|| panic!("no column of texts {name}"))
    }

    pub(crate) fn rows(&self) -> usize {
        self.numbers.values().map(Vec::len).chain(self.texts.values().map(Vec::len)).max().unwrap_or(0)
    }

    /// Adds columns of another frame by `event_id`; of several rows with an id, the first.
    pub(crate) fn join(&mut self, other: &Self) {
        // The first comes last.
        let ids: HashMap<&str, usize> = other
            .texts("event_id")
            .iter()
            .enumerate()
            .rev()
            .map(|(row, id)| (id.as_deref().unwrap(), row))
            .collect();
        let rows: Vec<Option<usize>> =
            self.texts("event_id").iter().map(|id| ids.get(id.as_deref().unwrap()).copied()).collect();
        for (name, values) in &other.numbers {
            let joined = rows.iter().map(|row| row.map_or(f64::NAN, |row| values[row])).collect();
            self.numbers.insert(name.clone(), joined);
        }
        for (name, values) in other.texts.iter().filter(|(name, _)| *name != "event_id") {
            let joined = rows.iter().map(|row| row.and_then(|row| values[row].clone())).collect();
            self.texts.insert(name.clone(), joined);
        }
    }

    /// A column of times as text, by a pattern such as `%Y-%m`.
    pub(crate) fn times(&self, name: &str, pattern: &str) -> Vec<String> {
        let text = |time: &f64| {
            jiff::Timestamp::from_microsecond(*time as i64).unwrap().strftime(pattern).to_string()
        };
        self.numbers(name).iter().map(text).collect()
    }
}

/// Cuts rows into uneven pieces and merges what is made of them, the last piece first.
pub(crate) fn in_pieces<T>(
    rows: &[usize],
    mut of: impl FnMut(&[usize]) -> T,
    merge: impl Fn(&mut T, &T),
) -> T {
    let (mut parts, mut rest, mut size) = (Vec::new(), rows, 1);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(size.min(rest.len()));
        parts.push(of(now));
        (rest, size) = (later, size * 3 % 2_003 + 1);
    }
    let mut merged = of(&[]);
    parts.iter().rev().for_each(|part| merge(&mut merged, part));
    merged
}

/// The values of some rows.
pub(crate) fn pick(values: &[f64], rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|row| values[*row]).collect()
}
