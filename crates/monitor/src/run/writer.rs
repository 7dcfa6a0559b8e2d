//! Result tables, a date at a time.

use std::{collections::BTreeSet, mem};

use rayon::iter::{
    IntoParallelIterator as _, IntoParallelRefIterator as _, IntoParallelRefMutIterator as _,
    ParallelIterator as _,
};
use store::{Location, Store};

use super::{build::Built, documents::DocumentFiles, table_files::TABLES};
use crate::{Error, Settings, tables::SourceRow};

/// Threads that write: they wait for the disk or the network far more than they work.
const WRITERS: usize = 8;
/// Dates that tables have files of.
#[derive(Debug, Default)]
pub(super) struct There {
    /// Any table.
    pub(super) any: BTreeSet<String>,
    /// Every table.
    pub(super) whole: BTreeSet<String>,
}

/// Writes each date of each table as one file, in one step.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    store: &'a Store,
    results: &'a Location,
    pool: rayon::ThreadPool,
    pub(super) documents: DocumentFiles<'a>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(store: &'a Store, results: &'a Location, settings: &Settings) -> Result<Self, Error> {
        let documents = DocumentFiles::new(store, results, settings)?;
        Ok(Self { store, results, pool: crate::gather::threads(WRITERS)?, documents })
    }

    /// Puts all tables of some dates in place, but of those that are up to date. A table without rows is written too: it
    /// replaces what an earlier run left.
    pub(super) fn dates(&self, dates: &mut [Built]) -> Result<(), Error> {
        let write = |Built { date, made, .. }: &mut Built| -> Result<(), Error> {
            let Some(made) = made else { return Ok(()) };
            let mut tables: Vec<_> = TABLES.into_iter().zip(mem::take(&mut made.files)).collect();
            let last = tables.pop();
            tables.into_par_iter().try_for_each(|(table, file)| self.table(table, date, file))?;
            last.map_or(Ok(()), |(table, file)| self.table(table, date, file))
        };
        self.pool.install(|| dates.par_iter_mut().try_for_each(write))
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

    /// Dates that tables have files of.
    pub(super) fn there(&self) -> Result<There, Error> {
        let mut there = There::default();
        for (at, table) in TABLES.into_iter().enumerate() {
            let names = self.store.list_folder(&self.results.join(table)?)?;
            let dates: BTreeSet<String> = names
                .iter()
                .filter_map(|name| name.strip_prefix("window_date="))
                .map(str::to_owned)
                .collect();
            there.whole = if at == 0 { dates.clone() } else { &there.whole & &dates };
            there.any.extend(dates);
        }
        Ok(there)
    }

    /// Removes a date from all tables; it stays listed until the rest is gone.
    pub(super) fn remove(&self, date: &str) -> Result<(), Error> {
        self.documents.clear(date, std::iter::empty())?;
        for table in TABLES {
            self.store.delete(&self.part(table, date)?)?;
            self.store.delete_folder(&self.results.join(&format!("{table}/window_date={date}"))?)?;
        }
        Ok(())
    }

    fn table(&self, table: &str, date: &str, file: Vec<u8>) -> Result<(), Error> {
        Ok(self.store.write(&self.part(table, date)?, file)?)
    }

    fn part(&self, table: &str, date: &str) -> Result<Location, Error> {
        Ok(self.results.join(&format!("{table}/window_date={date}/part.parquet"))?)
    }
}
