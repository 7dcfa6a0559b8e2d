//! What a data set looks like: how many rows and columns, of which kinds, and how they are stored.

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use serde::Serialize;

use super::law::{Draw, Law};
use crate::Error;

/// The time of a record.
pub const TIME: &str = "event_time";
/// The unique id of a record; not monitored.
pub const ID: &str = "event_id";
/// The column whose values make segments.
pub const SEGMENT: &str = "segment";

/// Share of rows without a value in the columns that have some, where nothing else was asked for.
const FEW_NULLS: f64 = 0.02;
/// One column in so many has them then.
const NULLS_EVERY: usize = 8;

/// A data set that is made from a seed. The same shape gives the same bytes.
#[derive(Debug, Clone, Serialize)]
pub struct Shape {
    /// Rows of all files together.
    pub rows: u64,
    /// Files, one for each day.
    pub files: u64,
    /// Rows of a row group; the last one of a file may have fewer.
    pub row_group_rows: usize,
    /// Columns of floating-point numbers.
    pub numeric: usize,
    /// Columns of whole numbers.
    pub integer: usize,
    /// Columns of categories.
    pub categorical: usize,
    /// Columns of long texts.
    pub text: usize,
    /// Values of the column that makes segments; 0 means no such column.
    pub segments: u64,
    /// Share of rows without a value in each column; `None` means a few in one column of eight.
    pub nulls: Option<f64>,
    /// Different values that a column draws from, as a share of the rows of a row group; `None` means a mix: numbers
    /// with all their digits, 3 to 5,000 categories.
    pub distinct: Option<f64>,
    /// Compression of pages.
    pub codec: Codec,
    /// Version of data pages, 1 or 2.
    pub page_version: u8,
    /// Whether values are stored once in a dictionary, up to 1 MiB of them for each column chunk.
    pub dictionary: bool,
    /// How values outside of a dictionary are stored.
    pub encoding: Encoding,
    /// How event times are ordered.
    pub order: Order,
    /// What all values follow from.
    pub seed: u64,
}

/// Compression of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// As they are.
    None,
    /// Snappy.
    Snappy,
    /// Gzip, level 6.
    Gzip,
    /// Zstandard, level 3.
    Zstd,
    /// LZ4, raw blocks.
    Lz4,
    /// Brotli, level 1.
    Brotli,
}

impl Codec {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("none", Self::None),
        ("snappy", Self::Snappy),
        ("gzip", Self::Gzip),
        ("zstd", Self::Zstd),
        ("lz4", Self::Lz4),
        ("brotli", Self::Brotli),
    ];
}

/// How values outside of a dictionary are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// One after the other.
    Plain,
    /// Whole numbers as differences, texts without the beginning that they share with the one before.
    Delta,
    /// Numbers a byte at a time: all first bytes, all second bytes, and so on.
    ByteStreamSplit,
}

impl Encoding {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 3] =
        [("plain", Self::Plain), ("delta", Self::Delta), ("byte_stream_split", Self::ByteStreamSplit)];
}

/// How event times are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Rising from row to row.
    Sorted,
    /// In any order within the day of the file.
    ShuffledDay,
    /// In any order over all days.
    Shuffled,
}

impl Order {
    /// All of them, by name.
    pub const ALL: [(&'static str, Self); 3] =
        [("sorted", Self::Sorted), ("shuffled-day", Self::ShuffledDay), ("shuffled", Self::Shuffled)];
}

/// A column of a data set.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) draw: Draw,
    /// Share of rows without a value.
    pub(super) nulls: f64,
}

impl Shape {
    /// Refuses what cannot be made.
    pub(super) fn check(&self) -> Result<(), Error> {
        let refuse = |name: &str, reason: String| Err(Error::Setting { name: name.to_owned(), reason });
        for (name, share) in [("nulls", self.nulls), ("distinct", self.distinct)] {
            if let Some(share) = share.filter(|share| !(0.0..=1.0).contains(share)) {
                return refuse(name, format!("expected a share from 0 to 1, found {share}"));
            }
        }
        if self.files == 0 || self.rows < self.files {
            let (rows, files) = (self.rows, self.files);
            return refuse(
                "rows",
                format!("expected a row for each file, found {rows} rows of {files} files"),
            );
        }
        if self.row_group_rows == 0 {
            return refuse("row-group-rows", "expected at least 1, found 0".to_owned());
        }
        if self.numeric + self.integer + self.categorical + self.text == 0 {
            return refuse("numeric", "expected at least one column to monitor".to_owned());
        }
        Ok(())
    }

    /// The columns beside time and id, in their order.
    pub(super) fn columns(&self) -> Result<Vec<Column>, Error> {
        let kinds = [
            ("numeric", self.numeric, Law::NUMBERS),
            ("integer", self.integer, Law::INTEGERS),
            ("categorical", self.categorical, Law::CATEGORIES),
            ("text", self.text, Law::TEXTS),
        ];
        let mut columns = Vec::new();
        for (kind, count, laws) in kinds {
            for (at, law) in laws.iter().cycle().take(count).enumerate() {
                let few = if columns.len() % NULLS_EVERY == NULLS_EVERY - 1 { FEW_NULLS } else { 0.0 };
                let name = format!("{kind}_{at}_{}", law.name());
                let draw = Draw::new(*law, self.pool())?;
                columns.push(Column { name, draw, nulls: self.nulls.unwrap_or(few) });
            }
        }
        if self.segments > 0 {
            let draw = Draw::new(Law::Category { names: self.segments }, None)?;
            columns.push(Column { name: SEGMENT.to_owned(), draw, nulls: 0.0 });
        }
        Ok(columns)
    }

    /// The schema of every file: time, columns, id. Every column may be null, as most writers say.
    pub(super) fn schema(&self, columns: &[Column]) -> Schema {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let features =
            columns.iter().map(|column| Field::new(&column.name, column.draw.law.data_type(), true));
        let time = std::iter::once(Field::new(TIME, time, true));
        let id = std::iter::once(Field::new(ID, DataType::Utf8, true));
        Schema::new(time.chain(features).chain(id).collect::<Vec<_>>())
    }

    /// Rows of a file, by its position.
    pub(super) fn file_rows(&self, file: u64) -> u64 {
        let before = |file: u64| u128::from(self.rows) * u128::from(file) / u128::from(self.files);
        u64::try_from(before(file + 1) - before(file)).unwrap_or(u64::MAX)
    }

    /// Different values that a column draws from, if that was asked for.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and the rows of a row group"
    )]
    fn pool(&self) -> Option<u64> {
        self.distinct.map(|share| ((share * self.row_group_rows as f64).round() as u64).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape {
            rows: 1_000,
            files: 7,
            row_group_rows: 100,
            numeric: 12,
            integer: 8,
            categorical: 9,
            text: 2,
            segments: 3,
            nulls: None,
            distinct: None,
            codec: Codec::Snappy,
            page_version: 1,
            dictionary: true,
            encoding: Encoding::Plain,
            order: Order::Sorted,
            seed: 1,
        }
    }

    #[test]
    fn rows_are_spread_over_files_and_none_is_lost() {
        let shape = shape();
        let rows: Vec<u64> = (0..7).map(|file| shape.file_rows(file)).collect();
        assert_eq!(rows.iter().sum::<u64>(), 1_000);
        assert!(rows.iter().all(|rows| (142..=143).contains(rows)), "{rows:?}");
    }

    #[test]
    fn columns_have_different_names_and_time_and_id_stand_around_them() {
        let shape = shape();
        let schema = shape.schema(&shape.columns().unwrap());
        let names: std::collections::BTreeSet<_> = schema.fields().iter().map(|field| field.name()).collect();
        assert_eq!((names.len(), schema.fields().len()), (34, 34));
        assert_eq!((schema.field(0).name().as_str(), schema.field(33).name().as_str()), (TIME, ID));
    }

    #[test]
    fn what_cannot_be_made_is_refused_by_the_name_of_its_flag() {
        let refused = |change: &dyn Fn(&mut Shape)| {
            let mut shape = shape();
            change(&mut shape);
            shape.check().unwrap_err().to_string()
        };
        assert!(refused(&|shape| shape.nulls = Some(1.5)).starts_with("nulls: "));
        assert!(refused(&|shape| shape.distinct = Some(f64::NAN)).starts_with("distinct: "));
        assert!(refused(&|shape| shape.rows = 6).starts_with("rows: "));
        assert!(refused(&|shape| shape.row_group_rows = 0).starts_with("row-group-rows: "));
        let none = |shape: &mut Shape| {
            (shape.numeric, shape.integer, shape.categorical, shape.text) = (0, 0, 0, 0);
        };
        assert!(refused(&none).starts_with("numeric: "));
        assert!(shape().check().is_ok());
    }
}
