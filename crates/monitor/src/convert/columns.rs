//! Records of several captures under one schema.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{
    ArrayRef, RecordBatch, RecordBatchOptions, StringArray, cast::AsArray, new_null_array, types::Float64Type,
};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::Error;

/// The batches with the columns of all of them, in order of first sight; each of the narrowest type that holds it
/// everywhere: whole numbers beside others are numbers, and anything beside text is text.
pub(super) fn unify(batches: &[RecordBatch]) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
    let mut fields: Vec<Field> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for field in batches.iter().flat_map(|batch| batch.schema_ref().fields()) {
        match positions.get(field.name()) {
            Some(&position) => {
                let known = &mut fields[position];
                let data_type = join(known.data_type(), field.data_type());
                known.set_data_type(data_type);
            }
            None => {
                positions.insert(field.name().clone(), fields.len());
                fields.push(field.as_ref().clone().with_nullable(true));
            }
        }
    }
    // Parquet readers differ in what they make of a column without a type.
    for field in fields.iter_mut().filter(|field| field.data_type().is_null()) {
        field.set_data_type(DataType::Utf8);
    }
    let schema = Arc::new(Schema::new(fields));
    let batches = batches.iter().map(|batch| under(&schema, batch)).collect::<Result<_, ArrowError>>()?;
    Ok((schema, batches))
}

fn under(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) => converted(column, field.data_type()),
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn join(a: &DataType, b: &DataType) -> DataType {
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (DataType::Null, other) | (other, DataType::Null) => other.clone(),
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64) => DataType::Float64,
        _ => DataType::Utf8,
    }
}

fn converted(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (column.data_type(), to) {
        (from, to) if from == to => Ok(Arc::clone(column)),
        // As profiles print numbers that are names.
        (DataType::Float64, DataType::Utf8) => {
            let numbers = column.as_primitive::<Float64Type>();
            Ok(Arc::new(numbers.iter().map(|number| Some(number?.to_string())).collect::<StringArray>()))
        }
        _ => cast(column, to),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{BooleanArray, Float64Array, Int64Array};

    use super::*;

    #[test]
    fn types_widen_and_columns_that_are_missing_are_null() {
        let a = RecordBatch::try_from_iter([
            ("x", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
            ("y", Arc::new(Float64Array::from(vec![1.0]))),
        ]);
        let b = RecordBatch::try_from_iter([
            ("y", Arc::new(StringArray::from(vec!["a"])) as ArrayRef),
            ("x", Arc::new(Float64Array::from(vec![0.5]))),
            ("z", Arc::new(BooleanArray::from(vec![true]))),
        ]);
        let (schema, batches) = unify(&[a.unwrap(), b.unwrap()]).unwrap();
        let types: Vec<_> = schema.fields().iter().map(|field| field.data_type().to_string()).collect();
        assert_eq!(types, ["Float64", "Utf8", "Boolean"]);
        assert_eq!(batches[0].column(1).as_string::<i32>().value(0), "1");
        assert!(batches[0].column(2).is_null(0) && !batches[1].column(2).is_null(0));
    }
}
