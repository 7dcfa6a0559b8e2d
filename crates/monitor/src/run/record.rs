//! The record of runs: the only table with the wall clock.

use store::{Location, Store};

use crate::{Error, tables::RunRow};

/// Adds a row to `runs.parquet`; to be called while no other run can.
pub(super) fn record_run(store: &Store, results: &Location, run: RunRow) -> Result<(), Error> {
    let place = results.join("runs.parquet")?;
    let mut batches = store.read_parquet(&place)?.unwrap_or_default();
    let row = RunRow::batch(&[run])?;
    // A table of another version of the program is left as it is, and started anew.
    batches.retain(|batch| batch.schema().fields() == row.schema().fields());
    let batches =
        batches.into_iter().map(|batch| batch.with_schema(row.schema())).collect::<Result<Vec<_>, _>>();
    let mut batches = batches?;
    batches.push(row);
    store.write_table(&place, &batches)?;
    Ok(())
}
