//! One Arrow column as plain values: numbers or names.

use std::{fmt::Write, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, StringArray, StringViewArray, cast::AsArray,
};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};

/// A flattened column.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// Dotted name.
    pub(crate) name: String,
    /// Rows of the column (for values of lists: items).
    pub(crate) rows: usize,
    /// Arrow type; `None` for Null, which says nothing about the type.
    pub(crate) type_name: Option<Arc<str>>,
    /// Whether the type is an integer type.
    pub(crate) integral: bool,
    /// Whether the type is a guess from text: see [`UNTYPED`].
    pub(crate) untyped: bool,
    /// The values.
    pub(crate) values: Values,
}

/// Metadata key of columns that were text before they had a type. What is not of the baseline's kind is brought to it
/// where that is possible: texts that are numbers, numbers as they are printed.
pub const UNTYPED: &str = "driftscan.untyped";

/// The number that a text is, as [`f64`] reads it, with blanks around it.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// A number as a name: whole numbers without a fraction.
pub(crate) fn name(value: f64) -> String {
    format!("{value}")
}

/// Values of a column, all of one shape.
#[derive(Debug)]
pub(crate) enum Values {
    /// Numbers as doubles.
    Numbers(Float64Array),
    /// Names.
    Names(Names),
    /// A column of type Null.
    Null,
    /// A type that is not profiled, with its number of nulls.
    Uncovered(usize),
}

/// Names, still in their Arrow form.
#[derive(Debug)]
pub(crate) enum Names {
    Text(StringArray),
    View(StringViewArray),
    Flags(BooleanArray),
    Bytes(BinaryArray),
}

impl Values {
    /// Rows without a value.
    pub(crate) fn nulls(&self, rows: usize) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.null_count(),
            Self::Names(Names::Text(a)) => a.null_count(),
            Self::Names(Names::View(a)) => a.null_count(),
            Self::Names(Names::Flags(a)) => a.null_count(),
            Self::Names(Names::Bytes(a)) => a.null_count(),
            Self::Null => rows,
            Self::Uncovered(nulls) => *nulls,
        }
    }
}

impl Names {
    /// Those that are numbers, in the order of the rows, and how many are not.
    pub(crate) fn numbers(&self) -> (Vec<f64>, u64) {
        let mut others = 0;
        let mut take = |text: &str| {
            let number = number(text);
            others += u64::from(number.is_none());
            number
        };
        let numbers = match self {
            Self::Text(array) => array.iter().flatten().filter_map(&mut take).collect(),
            Self::View(array) => array.iter().flatten().filter_map(&mut take).collect(),
            Self::Flags(_) | Self::Bytes(_) => {
                self.for_each(|_, weight| others += weight);
                Vec::new()
            }
        };
        (numbers, others)
    }

    /// Calls `take` with names and the number of their rows; nulls are left out. A name may come more than once.
    pub(crate) fn for_each(&self, mut take: impl FnMut(&str, u64)) {
        match self {
            Self::Text(array) => tally(array.iter().flatten(), take),
            Self::View(array) => tally(array.iter().flatten(), take),
            Self::Flags(array) => {
                let (yes, no) = (array.true_count() as u64, array.false_count() as u64);
                [("true", yes), ("false", no)]
                    .into_iter()
                    .filter(|(_, rows)| *rows > 0)
                    .for_each(|(name, rows)| take(name, rows));
            }
            Self::Bytes(array) => {
                let mut digits = String::new();
                for bytes in array.iter().flatten() {
                    take(hexadecimal(bytes, &mut digits), 1);
                }
            }
        }
    }
}

/// Names that are counted together before they are handed on.
const TALLIED: usize = 1024;

/// Counts names that come often within a batch, so that each is looked up once.
pub(crate) fn tally<'a>(names: impl Iterator<Item = &'a str>, mut take: impl FnMut(&str, u64)) {
    let mut rows: Vec<(&str, u64)> = vec![("", 0); TALLIED];
    for name in names {
        // Any cheap function of the text does: a name that is pushed out is only handed on sooner.
        let bytes = name.as_bytes();
        let tail = bytes.last_chunk::<8>().map_or_else(
            || bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
            |bytes| u64::from_le_bytes(*bytes),
        );
        let mixed = (tail ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54;
        let place = &mut rows[usize::try_from(mixed).unwrap_or(0) % TALLIED];
        if place.1 > 0 && place.0 != name {
            take(place.0, place.1);
            place.1 = 0;
        }
        *place = (name, place.1 + 1);
    }
    rows.into_iter().filter(|(_, rows)| *rows > 0).for_each(|(name, rows)| take(name, rows));
}

impl Leaf {
    /// A column that is neither a struct nor a list.
    pub(crate) fn new(name: String, array: &ArrayRef) -> Self {
        let data_type = array.data_type();
        let type_name = (!data_type.is_null()).then(|| plain_type(data_type).to_string().into());
        let values = convert(array).unwrap_or_else(|| Values::Uncovered(array.logical_null_count()));
        let integral = plain_type(data_type).is_integer();
        Self { name, rows: array.len(), type_name, integral, untyped: false, values }
    }

    /// A column whose values Arrow cannot bring together: counted, and never left out in silence.
    pub(crate) fn uncovered(name: String, array: &ArrayRef) -> Self {
        let values = Values::Uncovered(array.logical_null_count());
        let type_name = Some(plain_type(array.data_type()).to_string().into());
        Self { name, rows: array.len(), type_name, integral: false, untyped: false, values }
    }
}

/// The type of the values, without how they are packed.
pub(crate) fn plain_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        DataType::LargeUtf8 | DataType::Utf8View => &DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => &DataType::Binary,
        other => other,
    }
}

/// `None` for a type that is not covered.
fn convert(array: &ArrayRef) -> Option<Values> {
    let numbers = |array: &dyn Array| {
        let doubles = cast(array, &DataType::Float64).ok()?;
        Some(Values::Numbers(doubles.as_primitive_opt()?.clone()))
    };
    match array.data_type() {
        DataType::Null => Some(Values::Null),
        DataType::Dictionary(_, values) => convert(&cast(array, values).ok()?),
        DataType::RunEndEncoded(_, values) => convert(&cast(array, values.data_type()).ok()?),
        DataType::Boolean => Some(Values::Names(Names::Flags(array.as_boolean_opt()?.clone()))),
        DataType::Utf8 => Some(Values::Names(Names::Text(array.as_string_opt()?.clone()))),
        DataType::Utf8View => Some(Values::Names(Names::View(array.as_string_view_opt()?.clone()))),
        DataType::LargeUtf8 => {
            let views = cast(array, &DataType::Utf8View).ok()?;
            Some(Values::Names(Names::View(views.as_string_view_opt()?.clone())))
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            let bytes = cast(array, &DataType::Binary).ok()?;
            Some(Values::Names(Names::Bytes(bytes.as_binary_opt()?.clone())))
        }
        DataType::Date32 => convert(&cast(array, &DataType::Date64).ok()?),
        DataType::Date64 => seconds(&cast(array, &DataType::Int64).ok()?, 1e3),
        DataType::Time32(unit) => seconds(&cast(array, &DataType::Int32).ok()?, per_second(*unit)),
        DataType::Time64(unit) | DataType::Timestamp(unit, _) | DataType::Duration(unit) => {
            seconds(&cast(array, &DataType::Int64).ok()?, per_second(*unit))
        }
        other if other.is_numeric() => numbers(array),
        _ => None,
    }
}

/// Ticks as seconds.
fn seconds(ticks: &ArrayRef, per_second: f64) -> Option<Values> {
    let ticks = cast(ticks, &DataType::Float64).ok()?;
    let ticks: &Float64Array = ticks.as_primitive_opt()?;
    Some(Values::Numbers(ticks.unary(|tick| tick / per_second)))
}

pub(crate) fn per_second(unit: TimeUnit) -> f64 {
    match unit {
        TimeUnit::Second => 1.0,
        TimeUnit::Millisecond => 1e3,
        TimeUnit::Microsecond => 1e6,
        TimeUnit::Nanosecond => 1e9,
    }
}

pub(crate) fn hexadecimal<'a>(bytes: &[u8], digits: &'a mut String) -> &'a str {
    digits.clear();
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
