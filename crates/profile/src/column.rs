//! One column of a batch, value by value: for what looks at several columns of a row together.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array, cast::AsArray as _};
use arrow_cast::cast;
use arrow_schema::DataType;
use arrow_select::take::take;

use crate::{
    flatten::member,
    values::{Leaf, Names, Values, number},
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
    /// The column of this name; members of structs are dotted (`request.amount`), and so are the number of items of a list and each
    /// of them, from 0 (`values.length`, `values.0`). `None` where the batch lacks it, or has it in a type without plain values.
    #[must_use]
    pub fn of(batch: &RecordBatch, name: &str) -> Option<Self> {
        let fields = batch.schema_ref().fields().iter().map(|field| field.name().as_str());
        let column = at(fields.zip(batch.columns()), name)?;
        match Leaf::new(name.to_owned(), &column).values {
            Values::Uncovered(_) | Values::Names(Names::Bytes(_)) => None,
            values => Some(Self(values)),
        }
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

/// The flat column at a dotted place: a column that is called so comes before a member.
fn at<'a>(columns: impl Iterator<Item = (&'a str, &'a ArrayRef)> + Clone, name: &str) -> Option<ArrayRef> {
    let flat = |column: &ArrayRef| !column.data_type().is_nested();
    if let Some((_, column)) = columns.clone().find(|(own, column)| *own == name && flat(column)) {
        return Some(Arc::clone(column));
    }
    columns.filter(|(_, column)| !flat(column)).find_map(|(own, column)| {
        let rest = name.strip_prefix(own)?.strip_prefix('.')?;
        inside(column, rest)
    })
}

fn inside(column: &ArrayRef, name: &str) -> Option<ArrayRef> {
    match column.data_type() {
        DataType::Struct(_) => {
            let members = column.as_struct();
            let masked: Vec<ArrayRef> = (0..members.num_columns()).map(|at| member(members, at)).collect();
            at(members.column_names().into_iter().zip(&masked), name)
        }
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            let length = |row: usize| list.is_valid(row).then(|| list.value_length(row).unsigned_abs());
            if name == "length" {
                return Some(Arc::new((0..list.len()).map(length).collect::<UInt32Array>()));
            }
            let (item, rest) = name.split_once('.').map_or((name, None), |(item, rest)| (item, Some(rest)));
            let item: u32 = item.parse().ok()?;
            let start = |row: usize| list.value_offsets()[row].unsigned_abs();
            let place = |row| length(row).filter(|length| item < *length).map(|_| start(row) + item);
            let places: UInt32Array = (0..list.len()).map(place).collect();
            let items = take(list.values(), &places, None).ok()?;
            match rest {
                Some(rest) => inside(&items, rest),
                None => (!items.data_type().is_nested()).then_some(items),
            }
        }
        DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => {
            inside(&cast(column, &DataType::List(Arc::clone(item))).ok()?, name)
        }
        _ => None,
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
    use arrow_array::{
        DictionaryArray, FixedSizeListArray, Int32Array, ListArray, StructArray,
        types::{Float64Type, Int8Type},
    };
    use arrow_schema::Field;

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

    #[test]
    fn items_of_lists_are_columns() {
        let items = |rows: &[Option<&[f64]>]| -> ArrayRef {
            let rows = rows.iter().map(|row| row.map(|items| items.iter().map(|item| Some(*item))));
            Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))
        };
        // As many items as rows: still none of them is a row's value.
        let list = items(&[Some(&[1.0, 2.0]), None, Some(&[]), Some(&[3.0, 4.0])]);
        let fixed = FixedSizeListArray::from_iter_primitive::<Float64Type, _, _>(
            (0..4).map(|row| Some([Some(f64::from(row)), None])),
            2,
        );
        let batch = RecordBatch::try_from_iter([("l", list), ("f", Arc::new(fixed) as ArrayRef)])
            .unwrap()
            .slice(1, 3);
        let numbers = |name: &str| -> Vec<Option<f64>> {
            let column = Column::of(&batch, name).unwrap();
            (0..3).map(|row| column.value(row).and_then(Plain::number)).collect()
        };
        assert_eq!(numbers("l.1"), [None, None, Some(4.0)]);
        assert_eq!(numbers("l.length"), [None, Some(0.0), Some(2.0)]);
        assert_eq!(numbers("f.0"), [Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(numbers("l.7"), [None; 3]);
        for name in ["l", "l.values", "l.x", "l.0.x", "f."] {
            assert!(Column::of(&batch, name).is_none(), "{name}");
        }
    }
}
