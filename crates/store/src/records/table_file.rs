//! Records that a batch transform took from Parquet: they have columns of their own, but neither an id nor a time.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{Field, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{EVENT_ID, EVENT_TIME};
use crate::decode::BATCH_ROWS;

/// All rows, in batches of one schema; the time is that of the hour's start, where there is an hour. `skip` names columns
/// to leave out.
pub(super) fn batches(
    content: &[u8],
    hour: Option<i64>,
    skip: &dyn Fn(&str) -> bool,
) -> Result<(SchemaRef, Vec<RecordBatch>), String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(content))
        .map_err(|error| failed(&error))?;
    let fields = builder.schema().fields().iter().enumerate();
    let wanted = fields.filter(|(_, field)| !skip(field.name())).map(|(position, _)| position);
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    let added = |name: &str| !skip(name) && builder.schema().field_with_name(name).is_err();
    let (id, time) = (added(EVENT_ID), added(EVENT_TIME) && hour.is_some());
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    let (mut schema, mut batches) = (None, Vec::new());
    for batch in reader.map_err(|error| failed(&error))? {
        let batch = batch.map_err(|error| failed(&error))?;
        let rows = batch.num_rows();
        let mut columns: Vec<(Arc<Field>, ArrayRef)> = Vec::with_capacity(batch.num_columns() + 2);
        let mut add = |name: &str, column: ArrayRef| {
            columns.push((Arc::new(Field::new(name, column.data_type().clone(), true)), column));
        };
        if id {
            add(EVENT_ID, Arc::new(StringArray::new_null(rows)));
        }
        if let Some(hour) = hour.filter(|_| time) {
            let times = TimestampMicrosecondArray::from_value(hour, rows).with_timezone("UTC");
            add(EVENT_TIME, Arc::new(times));
        }
        columns.extend(batch.schema_ref().fields().iter().cloned().zip(batch.columns().iter().cloned()));
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let schema = schema.get_or_insert_with(|| Arc::new(Schema::new(fields)));
        batches.push(RecordBatch::try_new(Arc::clone(schema), arrays).map_err(|error| failed(&error))?);
    }
    Ok((schema.unwrap_or_else(|| Arc::new(Schema::empty())), batches))
}
