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
        let parts = self.columns.iter().zip(values).map(|(name, value)| format!("{name}={}", shown(*value)));
        self.names.push(parts.collect::<Vec<_>>().join("/").into());
        self.known.insert(numbers, segment);
        Ok(segment)
    }
}

/// A value as it stands in the name of a segment: `(null)` for none, and what would be read otherwise, a slash, a
/// percent sign, a bracket in front, as in a URL. So different values never share a name.
fn shown(value: Option<&str>) -> String {
    let Some(value) = value else { return "(null)".to_owned() };
    let value = sketch::short_name(value).replace('%', "%25").replace('/', "%2F");
    match value.strip_prefix('(') {
        Some(rest) => format!("%28{rest}"),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray};

    use super::*;

    #[test]
    fn different_values_are_different_segments() {
        let column = |values: Vec<Option<&str>>| Arc::new(StringArray::from(values)) as ArrayRef;
        let batch = RecordBatch::try_from_iter([
            ("a", column(vec![None, Some("(null)"), Some("x/b=y"), Some("x"), Some("x%2Fb=y"), Some("")])),
            ("b", column(vec![Some("z"), Some("z"), Some("z"), Some("y/b=z"), Some("z"), None])),
        ]);
        let columns = ["a".to_owned(), "b".to_owned()];
        let mut segments = Segments::new(&columns);
        segments.read(&batch.unwrap()).unwrap();
        let names: Vec<_> = (0..6).filter_map(|row| segments.name(segments.of_row(row))).collect();
        let expected = [
            "a=(null)/b=z",
            "a=%28null)/b=z",
            "a=x%2Fb=y/b=z",
            "a=x/b=y%2Fb=z",
            "a=x%252Fb=y/b=z",
            "a=/b=(null)",
        ];
        assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), expected);
    }
}
