//! Rows of result tables, read back by the names of their columns. What is null or of another type is absent.

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Float64Type, Int64Type, TimestampMicrosecondType},
};

use super::Contribution;

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

/// All rows of some batches.
pub(crate) fn rows(batches: &[RecordBatch]) -> impl DoubleEndedIterator<Item = Row<'_>> {
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| Row { batch, row }))
}

impl<'a> Row<'a> {
    fn column(&self, name: &str) -> Option<&'a arrow_array::ArrayRef> {
        self.batch.column_by_name(name).filter(|column| column.is_valid(self.row))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        Some(self.column(name)?.as_string_opt::<i32>()?.value(self.row))
    }

    pub(crate) fn time(&self, name: &str) -> Option<i64> {
        Some(self.column(name)?.as_primitive_opt::<TimestampMicrosecondType>()?.value(self.row))
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.integer(name).and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        Some(self.column(name)?.as_primitive_opt::<Int64Type>()?.value(self.row))
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        Some(self.column(name)?.as_primitive_opt::<Float64Type>()?.value(self.row))
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let list = self.column(name).and_then(|column| column.as_list_opt::<i32>());
        let values = list.map(|list| list.value(self.row));
        let texts = values.as_ref().and_then(|values| values.as_string_opt::<i32>());
        texts.map(|texts| texts.iter().flatten().map(str::to_owned).collect()).unwrap_or_default()
    }

    pub(crate) fn contributions(&self) -> Vec<Contribution> {
        let list = self.column("top_contributions").and_then(|column| column.as_list_opt::<i32>());
        let Some(values) = list.map(|list| list.value(self.row)) else { return Vec::new() };
        let Some(members) = values.as_struct_opt() else { return Vec::new() };
        let number = |name: &str, row: usize| {
            let column = members.column_by_name(name).and_then(|c| c.as_primitive_opt::<Float64Type>());
            column.map_or(0.0, |column| column.value(row))
        };
        let bins = members.column_by_name("bin").and_then(|column| column.as_string_opt::<i32>());
        (0..members.len())
            .map(|row| Contribution {
                bin: bins.map_or_else(String::new, |bins| bins.value(row).to_owned()),
                baseline_ratio: number("baseline_ratio", row),
                ratio: number("ratio", row),
                contribution: number("contribution", row),
            })
            .collect()
    }
}
