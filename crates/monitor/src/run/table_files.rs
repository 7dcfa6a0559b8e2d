//! The result tables of one date, written window by window.

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use store::TableFile;

use super::close::Rows;
use crate::{
    Error,
    tables::{ConfusionRow, CurveRow, FeatureRow, HistogramRow, ScoreRow, ViolationRow, WindowRow},
};

/// Tables with a file for each date, in the order they are put in place. A date whose windows are listed is complete.
pub(super) const TABLES: [&str; 7] =
    ["scores", "violations", "histograms", "features", "curves", "confusion", "windows"];

/// Files in the making, in the order of [`TABLES`].
#[derive(Debug)]
pub(super) struct TableFiles([TableFile; TABLES.len()]);

impl TableFiles {
    pub(super) fn new() -> Result<Self, Error> {
        let none = Rows::default();
        let new = |at: usize| -> Result<TableFile, Error> { Ok(TableFile::new(batch(at, &none)?.schema())?) };
        Ok(Self([new(0)?, new(1)?, new(2)?, new(3)?, new(4)?, new(5)?, new(6)?]))
    }

    /// Adds the rows of a window; keeps of them what a summary needs.
    pub(super) fn write(&mut self, rows: Rows) -> Result<Rows, Error> {
        self.0
            .iter_mut()
            .enumerate()
            .collect::<Vec<_>>()
            .into_par_iter()
            .try_for_each(|(at, file)| -> Result<(), Error> { Ok(file.write(&batch(at, &rows)?)?) })?;
        let quality = Rows::quality(&rows.scores);
        let Rows { windows, mut violations, .. } = rows;
        for row in &mut violations {
            row.top_contributions = Vec::new();
            row.sources = Vec::new();
            row.description = String::new();
        }
        Ok(Rows { windows, quality, violations, ..Rows::default() })
    }

    /// The whole files.
    pub(super) fn finish(self) -> Result<Vec<Vec<u8>>, Error> {
        self.0.into_par_iter().map(|file| Ok(file.finish()?)).collect()
    }
}

fn batch(at: usize, rows: &Rows) -> Result<arrow_array::RecordBatch, arrow_schema::ArrowError> {
    match at {
        0 => ScoreRow::batch(&rows.scores),
        1 => ViolationRow::batch(&rows.violations),
        2 => HistogramRow::batch(&rows.histograms),
        3 => FeatureRow::batch(&rows.features),
        4 => CurveRow::batch(&rows.curves),
        5 => ConfusionRow::batch(&rows.confusion),
        _ => WindowRow::batch(&rows.windows),
    }
}
