//! What every decoder goes through: a panic is an error, a missing row is an error, path columns are added.

use crate::{Error, hive};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Rows in a batch.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// Calls a decoder on bytes that nobody vouches for; a panic in it becomes a reason too.
pub(crate) fn guard<T, E: ToString>(call: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(format!("the decoder stopped: {text}"))
        }
    }
}

/// Batches of one task, ended at the first error, which names the file and row group.
pub(crate) fn checked(
    reader: impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send,
    path: String,
    row_group: Option<usize>,
    expected_rows: u64,
) -> impl Iterator<Item = Result<RecordBatch, Error>> + Send {
    let mut reader = Some(reader);
    let mut rows = 0_u64;
    std::iter::from_fn(move || {
        let open = reader.as_mut()?;
        let reason = match guard(|| open.next().transpose()) {
            Ok(Some(batch)) => {
                rows += batch.num_rows() as u64;
                return Some(Ok(batch));
            }
            Ok(None) if rows == expected_rows => None,
            Ok(None) => Some(format!("expected {expected_rows} rows, found {rows}")),
            Err(reason) => Some(reason),
        };
        reader = None;
        reason.map(|reason| Err(Error::corrupt(&path, row_group, reason)))
    })
}

/// The partitions that are not columns of the file; of a key that comes twice, the deeper folder counts.
pub(crate) fn path_columns(file: &Fields, partitions: &[(String, String)]) -> Vec<(String, String)> {
    let mut columns: Vec<(String, String)> = Vec::new();
    for (key, value) in partitions.iter().filter(|(key, _)| file.find(key).is_none()) {
        match columns.iter_mut().find(|(known, _)| known == key) {
            Some(column) => column.1.clone_from(value),
            None => columns.push((key.clone(), value.clone())),
        }
    }
    columns
}

/// The schema of a source's batches: the columns of the file, then those of its path.
pub(crate) fn with_path_columns(file: &Fields, columns: &[(String, String)]) -> Fields {
    let added = columns.iter().map(|(key, _)| Arc::new(Field::new(key, DataType::Utf8, true)));
    file.iter().map(Arc::clone).chain(added).collect()
}

/// Appends the path columns to a batch.
pub(crate) fn append(batch: &RecordBatch, columns: &[(String, String)]) -> Result<RecordBatch, ArrowError> {
    let fields = with_path_columns(batch.schema_ref().fields(), columns);
    let rows = batch.num_rows();
    let constant = |value: &str| -> ArrayRef {
        match value {
            hive::NULL => Arc::new(StringArray::new_null(rows)),
            value => Arc::new(StringArray::new_repeated(value, rows)),
        }
    };
    let arrays = batch.columns().iter().map(Arc::clone);
    let arrays = arrays.chain(columns.iter().map(|(_, value)| constant(value))).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_reason() {
        let outcome: Result<(), String> = guard(|| -> Result<(), String> { panic!("at page {}", 3) });
        assert_eq!(outcome, Err("the decoder stopped: at page 3".to_owned()));
    }

    #[test]
    fn a_missing_row_is_an_error() {
        let mut none = checked(std::iter::empty(), "f".into(), Some(1), 5);
        let error = none.next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "corrupt `f`, row group 1: expected 5 rows, found 0");
        assert!(none.next().is_none());
    }
}
