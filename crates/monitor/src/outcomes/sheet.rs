//! The columns that matter, in one form whatever the types of a capture: a *sheet*.

use std::sync::Arc;

use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Float64Array, RecordBatch, RecordBatchOptions, StringArray,
    UInt16Array, UInt64Array, builder::StringBuilder, cast::AsArray as _, types::Float64Type,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use profile::{Column, Plain};
use quality::Problem;

use super::{Cells, Form, positive::plain};

pub(super) const LABEL: &str = "label";
pub(super) const QUERY: &str = "query";
pub(super) const PREDICTION: &str = "prediction";
/// A number of the row itself, which looks random: what rows are drawn by.
pub(super) const DRAW: &str = "draw";
/// In place of a value of another type than a facet is asked for.
pub(super) const MISMATCHED: &str = "\0";

/// Where the rows of a batch lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Column of ids.
    pub(super) id: Option<&'a str>,
    /// Id of the source.
    pub(super) source: &'a str,
    /// Number of the task in it.
    pub(super) task: usize,
    /// Rows of the task that came before.
    pub(super) first: u64,
}

impl Place<'_> {
    /// The same for a row in every run: by its id wherever it lies, or without one by its place.
    fn draws(&self, batch: &RecordBatch) -> UInt64Array {
        let ids = self.id.and_then(|name| Column::of(batch, name));
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&sketch::hash_bytes(self.source.as_bytes()).to_le_bytes());
        bytes[8..16].copy_from_slice(&(self.task as u64).to_le_bytes());
        let draw = |row: usize| {
            let id = ids.as_ref().and_then(|ids| plain(ids.value(row)?).name());
            if let Some(id) = id {
                return sketch::hash_bytes(id.as_bytes());
            }
            bytes[16..].copy_from_slice(&(self.first + row as u64).to_le_bytes());
            sketch::hash_bytes(&bytes)
        };
        UInt64Array::from_iter_values((0..batch.num_rows()).map(draw))
    }
}

impl Form {
    /// The columns of a sheet, without the label.
    pub(crate) fn sheet_schema(&self) -> Vec<Field> {
        let mut fields = vec![Field::new(PREDICTION, self.answer(), true)];
        let mut add = |name: String, data_type: DataType| fields.push(Field::new(name, data_type, true));
        (0..self.scores().count()).for_each(|at| add(score(at), DataType::Float64));
        for at in 0..self.facets.len() {
            add(facet(at), DataType::Utf8);
            add(stratum(at), DataType::Utf8);
        }
        (0..self.cells().count()).for_each(|at| add(bin(at), DataType::UInt16));
        (0..self.attributions.len()).for_each(|at| add(attribution(at), DataType::Float64));
        if self.query.is_some() {
            add(QUERY.to_owned(), DataType::Utf8);
        }
        (0..self.flip_columns.len()).for_each(|at| add(flip(at), DataType::Float64));
        if !self.flip_columns.is_empty() {
            add(DRAW.to_owned(), DataType::UInt64);
        }
        fields
    }

    /// The column of labels.
    pub(crate) fn label_field(&self) -> Field {
        Field::new(LABEL, self.answer(), true)
    }

    /// Labels and predictions are numbers, or names of classes.
    fn answer(&self) -> DataType {
        if self.problem == Problem::Multiclass { DataType::Utf8 } else { DataType::Float64 }
    }

    fn scores(&self) -> impl Iterator<Item = &str> {
        self.probability.as_deref().into_iter().chain(self.classes.iter().map(|(_, column)| column.as_str()))
    }

    fn cells(&self) -> impl Iterator<Item = &Cells> {
        self.relations.iter().chain(&self.score)
    }

    /// The sheet of some rows, with what the capture itself has of labels.
    pub(super) fn sheet(
        &self,
        batch: &RecordBatch,
        place: Place<'_>,
        with_label: bool,
    ) -> Result<RecordBatch, ArrowError> {
        let rows = batch.num_rows();
        let column = |name: Option<&str>| name.and_then(|name| Column::of(batch, name));
        let mut columns: Vec<ArrayRef> = vec![match (self.problem, column(self.prediction.as_deref())) {
            (Problem::Binary, prediction) => {
                let value = |row: usize| prediction.as_ref().and_then(|column| column.value(row));
                let decided = (0..rows).map(|row| self.positive.of_decision(value(row)));
                Arc::new(Float64Array::from_iter_values(decided))
            }
            (_, prediction) => self.answers(&prediction, rows),
        }];
        for name in self.scores() {
            columns.push(numbers(&column(Some(name)), rows));
        }
        for form in &self.facets {
            let values = column(Some(&form.column));
            columns.push(names(rows, |row| {
                let value = values.as_ref()?.value(row)?;
                match form.facet.name(plain(value)) {
                    Ok(name) => name,
                    Err(_) => Some(MISMATCHED.into()),
                }
            }));
            let strata = column(form.group.as_deref());
            columns.push(names(rows, |row| plain(strata.as_ref()?.value(row)?).name()));
        }
        for cells in self.cells() {
            let values = column(Some(&cells.column));
            let bin = |row| cells.bin(values.as_ref().and_then(|values| values.value(row)));
            columns.push(Arc::new((0..rows).map(bin).collect::<UInt16Array>()));
        }
        for (name, _) in &self.attributions {
            columns.push(numbers(&column(Some(name)), rows));
        }
        if let Some(query) = &self.query {
            let values = column(Some(query));
            columns.push(names(rows, |row| plain(values.as_ref()?.value(row)?).name()));
        }
        for name in &self.flip_columns {
            columns.push(numbers(&column(Some(name)), rows));
        }
        if !self.flip_columns.is_empty() {
            columns.push(Arc::new(place.draws(batch)));
        }
        let mut fields = self.sheet_schema();
        if with_label {
            fields.push(self.label_field());
            columns.push(self.answers(&column(self.label.as_deref()), rows));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema(fields), columns, &options)
    }

    /// The labels in a column of a batch; `None` where it has no such column.
    pub(crate) fn labels(&self, batch: &RecordBatch, name: &str) -> Option<ArrayRef> {
        let column = Column::of(batch, name)?;
        Some(self.answers(&Some(column), batch.num_rows()))
    }

    fn answers(&self, column: &Option<Column>, rows: usize) -> ArrayRef {
        let value = |row: usize| column.as_ref().and_then(|column| column.value(row));
        match self.problem {
            Problem::Multiclass => names(rows, |row| plain(value(row)?).name()),
            Problem::Binary => Arc::new(Float64Array::from_iter_values(
                (0..rows).map(|row| self.positive.of_value(value(row))),
            )),
            Problem::Regression | Problem::Ranking => numbers(column, rows),
        }
    }
}

/// The rows of a sheet that have a label, usable or not.
pub(super) fn given(sheet: &RecordBatch) -> BooleanArray {
    let labels = sheet.column_by_name(LABEL);
    match labels.and_then(|labels| labels.as_primitive_opt::<Float64Type>()) {
        Some(numbers) => {
            numbers.iter().map(|label| Some(label.is_some_and(|label| !label.is_nan()))).collect()
        }
        None => (0..sheet.num_rows()).map(|row| labels.map(|labels| labels.is_valid(row))).collect(),
    }
}

/// NaN for nothing; text that is no number is infinite, so that it counts as a value that cannot be used.
fn numbers(column: &Option<Column>, rows: usize) -> ArrayRef {
    let value = |row: usize| match column.as_ref().and_then(|column| column.value(row)) {
        None => f64::NAN,
        Some(value @ Plain::Text(text)) if !text.trim().is_empty() => value.number().unwrap_or(f64::INFINITY),
        Some(value) => value.number().unwrap_or(f64::NAN),
    };
    Arc::new(Float64Array::from_iter_values((0..rows).map(value)))
}

fn names<'a>(rows: usize, name: impl Fn(usize) -> Option<std::borrow::Cow<'a, str>>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    (0..rows).for_each(|row| builder.append_option(name(row)));
    let names: StringArray = builder.finish();
    Arc::new(names)
}

fn schema(fields: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

pub(super) fn score(at: usize) -> String {
    format!("score.{at}")
}

pub(super) fn facet(at: usize) -> String {
    format!("facet.{at}")
}

pub(super) fn stratum(at: usize) -> String {
    format!("stratum.{at}")
}

pub(super) fn bin(at: usize) -> String {
    format!("bin.{at}")
}

pub(super) fn attribution(at: usize) -> String {
    format!("attribution.{at}")
}

pub(super) fn flip(at: usize) -> String {
    format!("flip.{at}")
}
