//! Result tables, a date at a time.

use arrow_array::RecordBatch;
use rayon::iter::{IntoParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _};
use store::{Location, Store};

use super::build::Built;
use crate::{
    Error,
    tables::{FeatureRow, HistogramRow, ScoreRow, SourceRow, ViolationRow, WindowRow},
};

/// Threads that write: they wait for the disk or the network far more than they work.
const WRITERS: usize = 8;
/// Tables with a file for each date, in the order they are written in. A date whose windows are listed is complete.
const TABLES: [&str; 5] = ["scores", "violations", "histograms", "features", WINDOWS];
const WINDOWS: &str = "windows";

/// Writes each date of each table as one file, in one step.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    store: &'a Store,
    results: &'a Location,
    pool: rayon::ThreadPool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(store: &'a Store, results: &'a Location) -> Result<Self, Error> {
        Ok(Self { store, results, pool: crate::gather::threads(WRITERS)? })
    }

    /// Writes all tables of some dates, but of those that are up to date. A table without rows is written too: it
    /// replaces what an earlier run left.
    pub(super) fn dates(&self, dates: &[Built]) -> Result<(), Error> {
        let write = |Built { date, rows, made }: &Built| -> Result<(), Error> {
            if made.is_none() {
                return Ok(());
            }
            let tables = [
                ("scores", ScoreRow::batch(&rows.scores)?),
                ("violations", ViolationRow::batch(&rows.violations)?),
                ("histograms", HistogramRow::batch(&rows.histograms)?),
                ("features", FeatureRow::batch(&rows.features)?),
            ];
            tables.into_par_iter().try_for_each(|(table, batch)| self.table(table, date, batch))?;
            self.table(WINDOWS, date, WindowRow::batch(&rows.windows)?)
        };
        self.pool.install(|| dates.par_iter().try_for_each(write))
    }

    /// Writes something else of each date.
    pub(super) fn each(
        &self,
        dates: &[Built],
        write: impl Fn(&Built) -> Result<(), Error> + Send + Sync,
    ) -> Result<(), Error> {
        self.pool.install(|| dates.par_iter().try_for_each(write))
    }

    /// Writes the table of sources.
    pub(super) fn sources(&self, rows: &[SourceRow]) -> Result<(), Error> {
        let batch = SourceRow::batch(rows)?;
        self.store.write_table(&self.results.join("sources/part.parquet")?, &[batch])?;
        Ok(())
    }

    /// Removes a date from all tables; it stays listed until the rest is gone.
    pub(super) fn remove(&self, date: &str) -> Result<(), Error> {
        for table in TABLES {
            self.store.delete(&self.part(table, date)?)?;
            self.store.delete_folder(&self.results.join(&format!("{table}/window_date={date}"))?)?;
        }
        Ok(())
    }

    fn table(&self, table: &str, date: &str, batch: RecordBatch) -> Result<(), Error> {
        self.store.write_table(&self.part(table, date)?, &[batch])?;
        Ok(())
    }

    fn part(&self, table: &str, date: &str) -> Result<Location, Error> {
        Ok(self.results.join(&format!("{table}/window_date={date}/part.parquet"))?)
    }
}
