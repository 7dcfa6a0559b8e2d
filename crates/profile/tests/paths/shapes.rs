//! Columns of every type that a Parquet file can hold flat, with every pattern of nulls.

use std::sync::Arc;

use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Fields, Schema};
use half::f16;

/// Rows of a file: several pages, and not a multiple of anything.
pub(crate) const ROWS: usize = 2_603;

/// Which rows have no value.
pub(crate) const NULLS: [&str; 5] = ["required", "none", "few", "runs", "all"];

fn is_null(pattern: &str, row: usize) -> bool {
    match pattern {
        "few" => mix(row as u64 ^ 0xABCD).is_multiple_of(20),
        "runs" => (row / 300).is_multiple_of(2),
        "all" => true,
        _ => false,
    }
}

/// SplitMix64's finaliser.
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn numbers<T: ArrowPrimitiveType>(rows: usize, value: impl Fn(usize) -> T::Native) -> PrimitiveArray<T> {
    PrimitiveArray::from_iter_values((0..rows).map(value))
}

/// One batch: a column for each type, `distinct` different values at most.
pub(crate) fn batch(pattern: &str, distinct: u64, seed: u64) -> RecordBatch {
    let raw: Vec<u64> = (0..ROWS as u64).map(|row| mix(mix(seed + row) % distinct)).collect();
    let present: Vec<bool> = (0..ROWS).map(|row| !is_null(pattern, row)).collect();
    of_raw(&raw, (pattern != "required").then_some(&present))
}

/// One batch: a column for each type, with a value made of each number; nullable where it is said which are there.
pub(crate) fn of_raw(raw: &[u64], present: Option<&[bool]>) -> RecordBatch {
    let rows = raw.len();
    let int = |i: usize| raw[i].cast_signed();
    let double = |i: usize| match raw[i] % 40 {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => f64::NEG_INFINITY,
        3 => -0.0,
        4 => 0.0,
        5 => 5e-324,
        6 => 1e300,
        _ => (int(i) >> 11) as f64 / 1e9,
    };
    let text = |i: usize| match raw[i] % 30 {
        0 => String::new(),
        1 => "ü".repeat((raw[i] >> 8) as usize % 300),
        2 => format!("日本語-{}", raw[i] >> 40),
        _ => format!("name-{}", raw[i] >> 32),
    };
    let all = 0..rows;
    let texts: Vec<String> = all.clone().map(text).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(all.clone().map(|i| Some(raw[i].is_multiple_of(3))).collect::<BooleanArray>())),
        ("i8", Arc::new(numbers::<Int8Type>(rows, |i| int(i) as i8))),
        ("i16", Arc::new(numbers::<Int16Type>(rows, |i| int(i) as i16))),
        ("i32", Arc::new(numbers::<Int32Type>(rows, |i| int(i) as i32))),
        ("i64", Arc::new(numbers::<Int64Type>(rows, |i| int(i) >> 12))),
        ("i64_wide", Arc::new(numbers::<Int64Type>(rows, int))),
        ("u8", Arc::new(numbers::<UInt8Type>(rows, |i| raw[i] as u8))),
        ("u16", Arc::new(numbers::<UInt16Type>(rows, |i| raw[i] as u16))),
        ("u32", Arc::new(numbers::<UInt32Type>(rows, |i| raw[i] as u32))),
        ("u64", Arc::new(numbers::<UInt64Type>(rows, |i| raw[i]))),
        ("f16", Arc::new(numbers::<Float16Type>(rows, |i| f16::from_f64(double(i))))),
        ("f32", Arc::new(numbers::<Float32Type>(rows, |i| double(i) as f32))),
        ("f64", Arc::new(numbers::<Float64Type>(rows, double))),
        ("plain", Arc::new(numbers::<Float64Type>(rows, |i| (int(i) >> 40) as f64 / 128.0))),
        ("text", Arc::new(all.clone().map(|i| Some(text(i))).collect::<StringArray>())),
        ("large", Arc::new(all.clone().map(|i| Some(text(i))).collect::<LargeStringArray>())),
        ("view", Arc::new(all.clone().map(|i| Some(text(i))).collect::<StringViewArray>())),
        (
            "packed",
            Arc::new(texts.iter().map(|text| Some(text.as_str())).collect::<DictionaryArray<Int32Type>>()),
        ),
        (
            "binary",
            Arc::new(
                all.map(|i| Some(raw[i].to_le_bytes()[..(raw[i] % 9) as usize].to_vec()))
                    .collect::<BinaryArray>(),
            ),
        ),
        (
            "fixed",
            Arc::new(FixedSizeBinaryArray::try_from_iter((0..rows).map(|i| raw[i].to_be_bytes())).unwrap()),
        ),
        ("date", Arc::new(numbers::<Date32Type>(rows, |i| int(i) as i32 % 40_000))),
        ("date64", Arc::new(numbers::<Date64Type>(rows, |i| int(i) % 40_000 * 86_400_000))),
        ("time32", Arc::new(numbers::<Time32MillisecondType>(rows, |i| (raw[i] % 86_400_000) as i32))),
        ("time64", Arc::new(numbers::<Time64MicrosecondType>(rows, |i| (raw[i] % 86_400_000_000) as i64))),
        ("nanos", Arc::new(numbers::<TimestampNanosecondType>(rows, int))),
        (
            "micros",
            Arc::new(numbers::<TimestampMicrosecondType>(rows, |i| int(i) >> 10).with_timezone("UTC")),
        ),
        ("millis", Arc::new(numbers::<TimestampMillisecondType>(rows, |i| int(i) >> 20))),
        ("seconds", Arc::new(numbers::<TimestampSecondType>(rows, |i| int(i) >> 30))),
        ("duration", Arc::new(numbers::<DurationMillisecondType>(rows, |i| int(i) >> 10))),
        (
            "decimal_9",
            Arc::new(
                numbers::<Decimal32Type>(rows, |i| int(i) as i32 % 100_000_000)
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
        ),
        (
            "decimal_18",
            Arc::new(
                numbers::<Decimal128Type>(rows, |i| i128::from(int(i) >> 8))
                    .with_precision_and_scale(18, 4)
                    .unwrap(),
            ),
        ),
        (
            "decimal_38",
            Arc::new(
                numbers::<Decimal128Type>(rows, |i| i128::from(int(i)) << 50)
                    .with_precision_and_scale(38, 10)
                    .unwrap(),
            ),
        ),
    ];
    let nullable = present.is_some();
    let nulls = present.map(NullBuffer::from).filter(|nulls| nulls.null_count() > 0);
    let masked = |array: &ArrayRef| -> ArrayRef {
        if nulls.is_none() {
            return Arc::clone(array);
        }
        make_array(array.to_data().into_builder().nulls(nulls.clone()).build().unwrap())
    };
    let mut fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), nullable)).collect();
    let mut arrays: Vec<ArrayRef> = columns.iter().map(|(_, array)| masked(array)).collect();
    // Members of a struct that is null on other rows than its members are.
    let members: Fields =
        vec![Field::new("amount", DataType::Float64, nullable), Field::new("name", DataType::Utf8, nullable)]
            .into();
    let inner = nullable.then(|| NullBuffer::from_iter((0..rows).map(|row| row % 17 != 3)));
    let amount = masked(&columns[12].1);
    let request = StructArray::new(members, vec![amount, masked(&columns[14].1)], inner);
    fields.push(Field::new("request", request.data_type().clone(), nullable));
    arrays.push(Arc::new(request));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}
