//! Comma-separated values: types found over the whole file, and text where a value does not fit them.

use crate::decode::BATCH_ROWS;
use crate::records::UNTYPED;
use arrow_array::RecordBatch;
use arrow_csv::ReaderBuilder;
use arrow_csv::reader::Format;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use bytes::{Buf as _, Bytes};
use std::sync::Arc;

/// The columns and the number of rows of a file.
///
/// Only an empty field is a null. A column takes the narrowest type that all its values have; one that looks like
/// dates, and has a value that is none, stays text; so do those that are named.
pub(crate) fn infer(content: &Bytes, texts: &[String]) -> Result<(Schema, u64), ArrowError> {
    let (schema, _) = format().infer_schema(content.clone().reader(), None)?;
    let fields = schema.fields.iter().map(|field| {
        let is_text = texts.contains(field.name()) && !field.data_type().is_null();
        if is_text { Field::new(field.name(), DataType::Utf8, true) } else { field.as_ref().clone() }
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    if let Ok(rows) = count(content, &schema, None) {
        return Ok((untyped(&schema), rows));
    }
    let fits = |index: usize| count(content, &schema, Some(vec![index])).is_ok();
    let fields = schema.fields.iter().enumerate().map(|(index, field)| {
        let kind = if fits(index) { field.data_type().clone() } else { DataType::Utf8 };
        Field::new(field.name(), kind, true)
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let rows = count(content, &schema, None)?;
    Ok((untyped(&schema), rows))
}

/// Marks the columns whose type is only a guess: all that are text, numbers or flags.
fn untyped(schema: &Schema) -> Schema {
    let fields = schema.fields.iter().map(|field| {
        let field = field.as_ref().clone();
        match field.data_type() {
            DataType::Utf8 | DataType::Int64 | DataType::Float64 | DataType::Boolean => {
                field.with_metadata([(UNTYPED.to_owned(), "true".to_owned())].into())
            }
            _ => field,
        }
    });
    Schema::new(fields.collect::<Vec<_>>())
}

/// Decodes a file and counts its rows.
fn count(content: &Bytes, schema: &Schema, columns: Option<Vec<usize>>) -> Result<u64, ArrowError> {
    let columns = columns.unwrap_or_else(|| (0..schema.fields.len()).collect());
    let mut rows = 0;
    for batch in read(content.clone(), Arc::new(schema.clone()), columns)? {
        rows += batch?.num_rows() as u64;
    }
    Ok(rows)
}

/// Batches of the columns at the given positions.
pub(crate) fn read(
    content: Bytes,
    schema: SchemaRef,
    columns: Vec<usize>,
) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>> + Send, ArrowError> {
    ReaderBuilder::new(schema)
        .with_format(format())
        .with_projection(columns)
        .with_batch_size(BATCH_ROWS)
        .build(content.reader())
}

fn format() -> Format {
    Format::default().with_header(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(text: &'static str) -> (Vec<String>, u64) {
        let (schema, rows) = infer(&Bytes::from_static(text.as_bytes()), &["id".to_owned()]).unwrap();
        (schema.fields.iter().map(|field| format!("{}:{}", field.name(), field.data_type())).collect(), rows)
    }

    #[test]
    fn types_hold_for_every_value() {
        let text = "i,f,t,d,na,empty,b\n1,2,a,2020-01-01,NA,,true\n,2.5,\"b\nc\",2021-13-45,3,,false\n";
        let expected = ["i:Int64", "f:Float64", "t:Utf8", "d:Utf8", "na:Utf8", "empty:Null", "b:Boolean"];
        assert_eq!(types(text), (expected.map(str::to_owned).to_vec(), 2));
    }

    #[test]
    fn a_number_too_large_is_text() {
        assert_eq!(types("a,b\n1,1\n99999999999999999999,-9223372036854775808\n").0, ["a:Utf8", "b:Int64"]);
    }

    #[test]
    fn names_stay_as_they_are_written() {
        assert_eq!(types("id,x\n007,007\n12e1,12e1\n").0, ["id:Utf8", "x:Float64"]);
    }

    #[test]
    fn header_only_and_crlf() {
        assert_eq!(types("a,b\r\n"), (vec!["a:Null".into(), "b:Null".into()], 0));
        assert_eq!(types("a\r\n1\r\n2"), (vec!["a:Int64".into()], 2));
    }

    #[test]
    fn uneven_rows_are_refused_with_their_line() {
        let error = infer(&Bytes::from_static(b"a,b\n1,2\n3\n"), &[]).unwrap_err().to_string();
        assert!(error.contains('2') && error.contains('3'), "{error}");
    }
}
