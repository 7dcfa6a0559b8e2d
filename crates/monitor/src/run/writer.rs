//! Result tables, a date at a time.

use arrow_array::RecordBatch;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use store::{Location, Store};

use super::close::Rows;
use crate::{
    Error,
    tables::{FeatureRow, HistogramRow, ScoreRow, SourceRow, ViolationRow, WindowRow},
};

/// Threads that write: they wait for the disk or the network far more than they work.
const WRITERS: usize = 8;

/// Writes each date of each table as one file, in one step.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) store: &'a Store,
    pub(super) results: &'a Location,
    pub(super) pool: rayon::ThreadPool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(store: &'a Store, results: &'a Location) -> Result<Self, Error> {
        Ok(Self { store, results, pool: crate::gather::threads(WRITERS)? })
    }

    /// Writes all tables of some dates. A table without rows is written too: it replaces what an earlier run left.
    pub(super) fn dates(&self, dates: Vec<(String, Rows)>) -> Result<(), Error> {
        let write = |(date, rows): (String, Rows)| -> Result<(), Error> {
            let tables = [
                ("scores", ScoreRow::batch(&rows.scores)?),
                ("violations", ViolationRow::batch(&rows.violations)?),
                ("histograms", HistogramRow::batch(&rows.histograms)?),
                ("features", FeatureRow::batch(&rows.features)?),
            ];
            tables.into_par_iter().try_for_each(|(table, batch)| self.part(table, &date, batch))?;
            // Last: a date whose windows are listed is complete.
            self.part("windows", &date, WindowRow::batch(&rows.windows)?)
        };
        self.pool.install(|| dates.into_par_iter().try_for_each(write))
    }

    /// Writes the table of sources.
    pub(super) fn sources(&self, rows: &[SourceRow]) -> Result<(), Error> {
        let batch = SourceRow::batch(rows)?;
        self.store.write_table(&self.results.join("sources/part.parquet")?, &[batch])?;
        Ok(())
    }

    fn part(&self, table: &str, date: &str, batch: RecordBatch) -> Result<(), Error> {
        let place = self.results.join(&format!("{table}/window_date={date}/part.parquet"))?;
        self.store.write_table(&place, &[batch])?;
        Ok(())
    }
}
