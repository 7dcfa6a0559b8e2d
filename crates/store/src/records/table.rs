//! Columns of text, each given the type that all its values have.

use super::UNTYPED;
use crate::decode::BATCH_ROWS;
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, NullArray, RecordBatch, RecordBatchOptions,
    StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use std::collections::HashMap;
use std::sync::Arc;

/// A piece of the text that a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    length: u32,
}

/// A value that is null.
pub(super) const NULL: Span = Span { start: 0, length: u32::MAX };

/// Bytes of text that spans reach.
pub(super) const MOST_TEXT: usize = u32::MAX as usize - 1;

/// Values by column, as spans of one text.
#[derive(Debug, Default)]
pub(super) struct Table {
    text: String,
    columns: Vec<Column>,
    ids_of_names: HashMap<String, usize>,
    names: Vec<Name>,
    /// The name that is likely to be asked for next: records are alike.
    next_name: usize,
    ids: Vec<Span>,
    times: Vec<Option<i64>>,
}

/// A name that was met, and its column once a value has it.
#[derive(Debug)]
struct Name {
    text: String,
    column: Option<usize>,
}

#[derive(Debug)]
struct Column {
    name: String,
    values: Vec<Span>,
    /// Whether one of them was a text between quotes in JSON: then all stay text.
    quoted: bool,
}

impl Table {
    /// Keeps some text, and says where it begins.
    pub(super) fn keep(&mut self, text: &str) -> Result<u32, &'static str> {
        let start = self.text.len();
        if start.saturating_add(text.len()) > MOST_TEXT {
            return Err("more than 4 GiB of text in one piece");
        }
        self.text.push_str(text);
        u32::try_from(start).map_err(|_| "more than 4 GiB of text in one piece")
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn get(&self, span: Span) -> Option<&str> {
        let start = span.start as usize;
        if span == NULL { None } else { self.text.get(start..start + span.length as usize) }
    }

    /// Goes back to as much text and as many records.
    pub(super) fn cut(&mut self, text: usize, rows: usize) {
        self.text.truncate(text);
        self.ids.truncate(rows);
        self.times.truncate(rows);
    }

    /// The number of a name.
    pub(super) fn name(&mut self, text: &str) -> usize {
        if self.names.get(self.next_name).is_some_and(|next| next.text == text) {
            self.next_name += 1;
            return self.next_name - 1;
        }
        if let Some(&name) = self.ids_of_names.get(text) {
            self.next_name = name + 1;
            return name;
        }
        self.next_name = self.names.len() + 1;
        self.ids_of_names.insert(text.to_owned(), self.names.len());
        self.names.push(Name { text: text.to_owned(), column: None });
        self.names.len() - 1
    }

    pub(super) fn name_text(&self, name: usize) -> &str {
        &self.names[name].text
    }

    /// Gives the record under way a value.
    pub(super) fn set(&mut self, name: usize, value: Span, quoted: bool) {
        let Name { text, column } = &mut self.names[name];
        let column = *column.get_or_insert_with(|| {
            self.columns.push(Column { name: text.clone(), values: Vec::new(), quoted: false });
            self.columns.len() - 1
        });
        let column = &mut self.columns[column];
        column.values.resize(self.times.len(), NULL);
        column.values.push(value);
        column.quoted |= quoted;
    }

    /// Ends the record under way.
    pub(super) fn end(&mut self, id: Span, time: Option<i64>) {
        self.ids.push(id);
        self.times.push(time);
    }

    pub(super) fn rows(&self) -> usize {
        self.times.len()
    }

    /// The records in batches, all of one schema: id and time first, then columns in the order in which they came.
    ///
    /// `skip` names columns to leave out.
    pub(super) fn finish(
        mut self,
        skip: &dyn Fn(&str) -> bool,
    ) -> Result<(SchemaRef, Vec<RecordBatch>), ArrowError> {
        let rows = self.rows();
        let mut fields = Vec::with_capacity(self.columns.len() + 2);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len() + 2);
        if !skip(super::EVENT_ID) {
            fields.push(Field::new(super::EVENT_ID, DataType::Utf8, true));
            arrays.push(Arc::new(self.ids.iter().map(|&id| self.get(id)).collect::<StringArray>()));
        }
        if !skip(super::EVENT_TIME) {
            let times = TimestampMicrosecondArray::from(std::mem::take(&mut self.times)).with_timezone("UTC");
            let times: ArrayRef = Arc::new(times);
            fields.push(Field::new(super::EVENT_TIME, times.data_type().clone(), true));
            arrays.push(times);
        }
        for mut column in std::mem::take(&mut self.columns) {
            if skip(&column.name) {
                continue;
            }
            column.values.resize(rows, NULL);
            let array = self.typed(&column);
            let field = Field::new(column.name, array.data_type().clone(), true);
            fields.push(field.with_metadata(HashMap::from([(UNTYPED.to_owned(), "true".to_owned())])));
            arrays.push(array);
        }
        let schema = Arc::new(Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let whole = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)?;
        let starts = (0..rows).step_by(BATCH_ROWS);
        let batches = starts.map(|start| whole.slice(start, BATCH_ROWS.min(rows - start))).collect();
        Ok((schema, batches))
    }

    /// Whole numbers, numbers, flags, or text.
    fn typed(&self, column: &Column) -> ArrayRef {
        let values = || column.values.iter().map(|&span| self.get(span));
        let Some(first) = values().flatten().next() else {
            return Arc::new(NullArray::new(column.values.len()));
        };
        if !column.quoted {
            if whole(first).is_some()
                && let Some(numbers) = all(values(), whole)
            {
                return Arc::new(Int64Array::from(numbers));
            }
            if number(first).is_some()
                && let Some(numbers) = all(values(), |text| number(text).filter(|_| !is_code(text)))
                && numbers.iter().flatten().any(|number| number.is_finite())
            {
                return Arc::new(Float64Array::from(numbers));
            }
            if flag(first).is_some()
                && let Some(flags) = all(values(), flag)
            {
                return Arc::new(BooleanArray::from(flags));
            }
        }
        Arc::new(values().collect::<StringArray>())
    }
}

/// All values by a reading that each of them allows.
fn all<'a, T>(
    values: impl Iterator<Item = Option<&'a str>>,
    read: impl Fn(&str) -> Option<T>,
) -> Option<Vec<Option<T>>> {
    values.map(|value| value.map_or(Some(None), |text| read(text).map(Some))).collect()
}

/// A whole number that is written as it would be printed.
fn whole(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let plain = matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && text != "-0";
    if plain { text.parse().ok() } else { None }
}

/// What `f64` reads: with blanks around it, and the words for infinity and NaN.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// `007` is more likely a code than a number: as text it can still be read as either.
fn is_code(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['-', '+']).as_bytes();
    matches!(digits, [b'0', b'0'..=b'9', ..])
}

fn flag(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

impl Span {
    /// The part of kept text that begins at `base`.
    pub(super) fn of(base: u32, part: std::ops::Range<usize>) -> Self {
        // Text is kept only as long as all of it can be reached.
        let (start, length) = (u32::try_from(part.start), u32::try_from(part.end - part.start));
        match (start, length) {
            (Ok(start), Ok(length)) => Self { start: base + start, length },
            _ => NULL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(columns: &[&[&str]]) -> Vec<String> {
        let mut table = Table::default();
        let rows = columns.iter().map(|values| values.len()).max().unwrap_or(0);
        for row in 0..rows {
            for (position, values) in columns.iter().enumerate() {
                let name = table.name(&format!("c{position}"));
                let value = values.get(row).filter(|value| **value != "-");
                let span = value.map(|value| Span::of(table.keep(value).unwrap(), 0..value.len()));
                table.set(name, span.unwrap_or(NULL), false);
            }
            table.end(NULL, Some(7));
        }
        let (schema, batches) = table.finish(&|name| name.starts_with("event")).unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), rows);
        assert!(schema.fields().iter().all(|field| field.metadata().contains_key(UNTYPED)));
        schema.fields().iter().map(|field| field.data_type().to_string()).collect()
    }

    #[test]
    fn a_column_has_the_type_that_all_its_values_have() {
        let columns: &[&[&str]] = &[
            &["1", "-", "-12", "0"],
            &["1", "2.50", "1e3", "nan"],
            &["True", "false"],
            &["1", "a", "2.5"],
            &["007", "8"],
            &["-", "-", "-"],
            &["nan", "inf"],
            &["9223372036854775808", "1"],
        ];
        let expected = ["Int64", "Float64", "Boolean", "Utf8", "Utf8", "Null", "Utf8", "Float64"];
        assert_eq!(types(columns), expected);
    }
}
