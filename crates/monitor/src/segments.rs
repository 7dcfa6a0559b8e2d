//! The segment of each row: the values of some columns, joined.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{Array, RecordBatch, StringArray, cast::AsArray};
use arrow_cast::cast;
use arrow_schema::DataType;

/// Numbers the segments of a task's batches.
#[derive(Debug)]
pub(crate) struct Segments<'a> {
    columns: &'a [String],
    /// Number by value, for each column; null is a value too.
    values: Vec<HashMap<Option<Box<str>>, u32>>,
    /// Number by the numbers of the values.
    known: HashMap<Vec<u32>, u32>,
    names: Vec<Arc<str>>,
    of_row: Vec<u32>,
}

impl<'a> Segments<'a> {
    pub(crate) fn new(columns: &'a [String]) -> Self {
        let values = columns.iter().map(|_| HashMap::new()).collect();
        Self { columns, values, known: HashMap::new(), names: Vec::new(), of_row: Vec::new() }
    }

    /// Finds the segments of a batch.
    pub(crate) fn read(&mut self, batch: &RecordBatch) -> Result<(), String> {
        self.of_row.clear();
        if self.columns.is_empty() {
            return Ok(());
        }
        let mut texts: Vec<Option<StringArray>> = Vec::new();
        for name in self.columns {
            // A file that lacks the column has no value in it: that is a segment too.
            let text = batch.column_by_name(name).map(|column| cast(column, &DataType::Utf8)).transpose();
            let text = text.map_err(|error| format!("column `{name}`: cannot be a segment: {error}"))?;
            texts.push(text.map(|text| text.as_string::<i32>().clone()));
        }
        let mut last: Option<(Vec<Option<&str>>, u32)> = None;
        let mut row_values = Vec::new();
        for row in 0..batch.num_rows() {
            row_values.clear();
            row_values.extend(
                texts
                    .iter()
                    .map(|text| text.as_ref().filter(|text| text.is_valid(row)).map(|text| text.value(row))),
            );
            if let Some((values, segment)) = &last
                && *values == row_values
            {
                self.of_row.push(*segment);
                continue;
            }
            let segment = self.number(&row_values)?;
            self.of_row.push(segment);
            last = Some((row_values.clone(), segment));
        }
        Ok(())
    }

    /// The segment of a row of the batch that was read last.
    pub(crate) fn of_row(&self, row: usize) -> u32 {
        self.of_row.get(row).copied().unwrap_or(0)
    }

    /// The name of a segment, as `origin=JFK/day=Monday`; `None` without segments.
    pub(crate) fn name(&self, segment: u32) -> Option<Arc<str>> {
        self.names.get(segment as usize).map(Arc::clone)
    }

    fn number(&mut self, values: &[Option<&str>]) -> Result<u32, String> {
        const MANY: &str = "too many segments in one task";
        let mut numbers = Vec::with_capacity(values.len());
        for (known, value) in self.values.iter_mut().zip(values) {
            let value = value.map(Box::from);
            let next = u32::try_from(known.len()).map_err(|_| MANY)?;
            numbers.push(*known.entry(value).or_insert(next));
        }
        if let Some(segment) = self.known.get(&numbers) {
            return Ok(*segment);
        }
        let segment = u32::try_from(self.names.len()).map_err(|_| MANY)?;
        let parts = self
            .columns
            .iter()
            .zip(values)
            .map(|(name, value)| format!("{name}={}", sketch::short_name(value.unwrap_or("(null)"))));
        self.names.push(parts.collect::<Vec<_>>().join("/").into());
        self.known.insert(numbers, segment);
        Ok(segment)
    }
}
