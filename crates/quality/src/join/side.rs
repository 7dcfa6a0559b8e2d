//! The columns by which rows of one side are joined.

use arrow_array::{
    Array as _, BooleanArray, Int64Array, RecordBatch, StringArray, UInt64Array,
    cast::AsArray as _,
    types::{Int64Type, UInt64Type},
};
use arrow_schema::{DataType, Schema};

use super::JoinError;

/// The column of ids: text.
pub const ID: &str = "id";
/// The column of times, microseconds since 1970 as a whole number: of a request, or of the arrival of a label.
pub const TIME: &str = "time";
/// The column that says which of two rows comes later where times do not: a whole number without a sign.
pub const ORDER: &str = "order";
/// A column that labels may have: false for those that took part in an earlier join, see [`super::Counted::new_ids`].
pub const NEW: &str = "new";

const COLUMNS: [(&str, DataType); 3] =
    [(ID, DataType::Utf8), (TIME, DataType::Int64), (ORDER, DataType::UInt64)];

/// Checks that the columns are there.
pub(super) fn check(schema: &Schema) -> Result<(), JoinError> {
    for (name, wanted) in COLUMNS {
        let found = schema.field_with_name(name).map(|field| field.data_type().clone());
        if found.as_ref().ok() != Some(&wanted) {
            let found = found.map_or_else(|_| "none".to_owned(), |found| found.to_string());
            return Err(JoinError::Columns(format!("expected a column `{name}` of {wanted}, found {found}")));
        }
    }
    Ok(())
}

/// Rows of a batch that have no id.
pub(super) fn without_id(batch: &RecordBatch) -> Result<u64, JoinError> {
    Ok(Side::of(batch)?.ids.null_count() as u64)
}

/// Rows by what they are joined by.
#[derive(Debug)]
pub(super) struct Side<'a> {
    pub(super) ids: &'a StringArray,
    times: &'a Int64Array,
    order: &'a UInt64Array,
    new: Option<&'a BooleanArray>,
}

impl<'a> Side<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self, JoinError> {
        let column = |name: &str| {
            batch.column_by_name(name).ok_or_else(|| JoinError::Columns(format!("no column `{name}`")))
        };
        let other = |name: &str| JoinError::Columns(format!("the column `{name}` has another type"));
        Ok(Self {
            ids: column(ID)?.as_string_opt().ok_or_else(|| other(ID))?,
            times: column(TIME)?.as_primitive_opt::<Int64Type>().ok_or_else(|| other(TIME))?,
            order: column(ORDER)?.as_primitive_opt::<UInt64Type>().ok_or_else(|| other(ORDER))?,
            new: batch.column_by_name(NEW).and_then(|column| column.as_boolean_opt()),
        })
    }

    /// The time of a row, if it has one.
    pub(super) fn time(&self, row: usize) -> Option<i64> {
        self.times.is_valid(row).then(|| self.times.value(row))
    }

    /// Whether a row takes part in a join for the first time.
    pub(super) fn is_new(&self, row: usize) -> bool {
        self.new.is_none_or(|new| new.is_null(row) || new.value(row))
    }

    /// What is compared to find the last of several rows: those without a time come first.
    pub(super) fn rank(&self, row: usize) -> (Option<i64>, u64) {
        (self.time(row), self.order.value(row))
    }
}
