//! One column of a batch, value by value: for what looks at several columns of a row together.

use arrow_array::{Array, RecordBatch};

use crate::{
    flatten::for_each_leaf,
    values::{Names, Values, number},
};

/// The values of a column, whatever Arrow type they have.
#[derive(Debug)]
pub struct Column(Values);

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plain<'a> {
    /// A number, which may be NaN. Times and dates are seconds since 1970.
    Number(f64),
    /// Text.
    Text(&'a str),
    /// True or false.
    Flag(bool),
}

impl Column {
    /// The column of this name; members of structs are dotted (`request.amount`). `None` where the batch lacks it, or has
    /// it in a type without plain values, such as a list.
    #[must_use]
    pub fn of(batch: &RecordBatch, name: &str) -> Option<Self> {
        let holds = |column: &str| {
            name.strip_prefix(column).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut found = None;
        for_each_leaf(batch, &holds, &mut |leaf| {
            let plain = !matches!(leaf.values, Values::Uncovered(_) | Values::Names(Names::Bytes(_)));
            // Values of a list are not one to a row.
            if leaf.name == name && plain && leaf.rows == batch.num_rows() {
                found = Some(Self(leaf.values));
            }
        });
        found
    }

    /// The value of a row; `None` for null.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<Plain<'_>> {
        match &self.0 {
            Values::Numbers(a) => a.is_valid(row).then(|| Plain::Number(a.value(row))),
            Values::Names(Names::Text(a)) => a.is_valid(row).then(|| Plain::Text(a.value(row))),
            Values::Names(Names::View(a)) => a.is_valid(row).then(|| Plain::Text(a.value(row))),
            Values::Names(Names::Flags(a)) => a.is_valid(row).then(|| Plain::Flag(a.value(row))),
            Values::Names(Names::Bytes(_)) | Values::Null | Values::Uncovered(_) => None,
        }
    }
}

impl Plain<'_> {
    /// The number that the value is: text is read as one, true is 1. `None` for other text.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(value),
            Self::Text(text) => number(text),
            Self::Flag(flag) => Some(f64::from(u8::from(flag))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, DictionaryArray, Int32Array, StructArray, types::Int8Type};
    use arrow_schema::{DataType, Field};

    use super::*;

    #[test]
    fn a_column_of_any_type_is_read_row_by_row() {
        let names: DictionaryArray<Int8Type> = [Some("a"), None, Some("2.5")].into_iter().collect();
        let inner: ArrayRef = Arc::new(Int32Array::from(vec![Some(7), None, Some(9)]));
        let member = Arc::new(Field::new("x", DataType::Int32, true));
        let batch = RecordBatch::try_from_iter([
            ("names", Arc::new(names) as ArrayRef),
            ("s", Arc::new(StructArray::from(vec![(member, inner)])) as ArrayRef),
        ])
        .unwrap();
        let names = Column::of(&batch, "names").unwrap();
        assert_eq!((names.value(0), names.value(1)), (Some(Plain::Text("a")), None));
        assert_eq!(names.value(2).unwrap().number(), Some(2.5));
        let members = Column::of(&batch, "s.x").unwrap();
        assert_eq!((members.value(0), members.value(1)), (Some(Plain::Number(7.0)), None));
        assert!(Column::of(&batch, "s").is_none() && Column::of(&batch, "none").is_none());
    }
}
