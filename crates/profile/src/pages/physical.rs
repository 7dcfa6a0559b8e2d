//! What the bytes of a column are: numbers by a formula, or names.

use arrow_schema::DataType;
use parquet::{basic::Type, data_type::Int96};
use sketch::BLOCK;

use crate::values::per_second;

/// How the plain bytes of a value become what is profiled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Physical {
    /// A number of so many bytes.
    Number(Number),
    /// Text: four bytes of length, then UTF-8.
    Text,
    /// Bytes, shown as hexadecimal digits: four bytes of length, then the value; or a length that is fixed.
    Binary(Option<usize>),
    /// One bit a value.
    Flag,
}

/// How the little-endian bytes of a number become a double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Double,
    Float,
    Half,
    Int8,
    Int16,
    Int32,
    UInt8,
    UInt16,
    UInt32,
    Int64,
    UInt64,
    /// Divided by this number: ticks of a clock, or the digits of a decimal.
    Int32Over(f64),
    Int64Over(f64),
    /// So many days of 24 hours, in seconds.
    Days,
    /// Julian day and nanoseconds, in ticks of this part of a second.
    Int96(f64),
    /// Big-endian, of this length, divided by the number.
    Decimal(usize, f64),
}

impl Physical {
    /// What a pair of types means; `None` where the batch path has to say.
    pub(super) fn new(stored: Type, length: i32, arrow: &DataType) -> Option<Self> {
        use Number::{
            Decimal, Double, Float, Half, Int8, Int16, Int32, Int32Over, Int64, Int64Over, UInt8, UInt16,
            UInt32, UInt64,
        };
        let length = usize::try_from(length).unwrap_or(0);
        let over = |scale: &i8| 10_f64.powi(i32::from(*scale));
        Some(match (stored, arrow) {
            (_, DataType::Dictionary(_, values)) => {
                return Self::new(stored, i32::try_from(length).ok()?, values);
            }
            (Type::BOOLEAN, DataType::Boolean) => Self::Flag,
            (Type::DOUBLE, DataType::Float64) => Self::Number(Double),
            (Type::FLOAT, DataType::Float32) => Self::Number(Float),
            (Type::INT32, DataType::Int8) => Self::Number(Int8),
            (Type::INT32, DataType::Int16) => Self::Number(Int16),
            (Type::INT32, DataType::Int32) => Self::Number(Int32),
            (Type::INT32, DataType::UInt8) => Self::Number(UInt8),
            (Type::INT32, DataType::UInt16) => Self::Number(UInt16),
            (Type::INT32, DataType::UInt32) => Self::Number(UInt32),
            (Type::INT64, DataType::Int64) => Self::Number(Int64),
            (Type::INT64, DataType::UInt64) => Self::Number(UInt64),
            (Type::INT32, DataType::Date32 | DataType::Date64) => Self::Number(Number::Days),
            (Type::INT64, DataType::Date64) => Self::Number(Int64Over(1e3)),
            (Type::INT32, DataType::Time32(unit) | DataType::Timestamp(unit, _)) => {
                Self::Number(Int32Over(per_second(*unit)))
            }
            (
                Type::INT64,
                DataType::Time64(unit) | DataType::Timestamp(unit, _) | DataType::Duration(unit),
            ) => Self::Number(Int64Over(per_second(*unit))),
            (Type::INT96, DataType::Timestamp(unit, _)) => Self::Number(Number::Int96(per_second(*unit))),
            (
                Type::INT32,
                DataType::Decimal32(_, scale)
                | DataType::Decimal64(_, scale)
                | DataType::Decimal128(_, scale),
            ) => Self::Number(Int32Over(over(scale))),
            (Type::INT64, DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)) => {
                Self::Number(Int64Over(over(scale)))
            }
            (Type::FIXED_LEN_BYTE_ARRAY, DataType::Decimal128(_, scale)) if (1..=16).contains(&length) => {
                Self::Number(Decimal(length, over(scale)))
            }
            (Type::FIXED_LEN_BYTE_ARRAY, DataType::Float16) if length == 2 => Self::Number(Half),
            (Type::FIXED_LEN_BYTE_ARRAY, DataType::FixedSizeBinary(_)) if length > 0 => {
                Self::Binary(Some(length))
            }
            (Type::BYTE_ARRAY, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => Self::Text,
            (Type::BYTE_ARRAY, DataType::Binary | DataType::LargeBinary | DataType::BinaryView) => {
                Self::Binary(None)
            }
            _ => return None,
        })
    }
}

impl Number {
    /// Bytes of a plain value.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Double | Self::Int64 | Self::UInt64 | Self::Int64Over(_) => 8,
            Self::Half => 2,
            Self::Int96(_) => 12,
            Self::Decimal(bytes, _) => bytes,
            _ => 4,
        }
    }

    /// The bytes of so many plain values.
    pub(super) fn of(self, bytes: &[u8], count: usize) -> Result<&[u8], &'static str> {
        let length = count.checked_mul(self.bytes());
        length.and_then(|length| bytes.get(..length)).ok_or("the page ends before its last value")
    }

    /// Calls `take` with stretches of at most [`BLOCK`] numbers.
    pub(super) fn for_each_block(self, bytes: &[u8], mut take: impl FnMut(&[f64])) {
        let mut block = [0.0; BLOCK];
        for bytes in bytes.chunks(self.bytes() * BLOCK) {
            let count = bytes.len() / self.bytes();
            self.decode(bytes, &mut block[..count]);
            take(&block[..count]);
        }
    }

    /// All numbers.
    pub(super) fn all(self, bytes: &[u8]) -> Vec<f64> {
        let mut all = Vec::with_capacity(bytes.len() / self.bytes());
        self.for_each_block(bytes, |block| all.extend_from_slice(block));
        all
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "doubles are what is profiled, and narrow integers keep their low bits, as Arrow reads them"
    )]
    fn decode(self, bytes: &[u8], to: &mut [f64]) {
        match self {
            Self::Double => fill(bytes, to, f64::from_le_bytes),
            Self::Float => fill(bytes, to, |b| f64::from(f32::from_le_bytes(b))),
            Self::Half => fill(bytes, to, |b| half::f16::from_le_bytes(b).to_f64()),
            Self::Int8 => fill(bytes, to, |b| f64::from(i32::from_le_bytes(b) as i8)),
            Self::Int16 => fill(bytes, to, |b| f64::from(i32::from_le_bytes(b) as i16)),
            Self::Int32 => fill(bytes, to, |b| f64::from(i32::from_le_bytes(b))),
            Self::UInt8 => fill(bytes, to, |b| f64::from(i32::from_le_bytes(b) as u8)),
            Self::UInt16 => fill(bytes, to, |b| f64::from(i32::from_le_bytes(b) as u16)),
            Self::UInt32 => fill(bytes, to, |b| f64::from(u32::from_le_bytes(b))),
            Self::Int64 => fill(bytes, to, |b| i64::from_le_bytes(b) as f64),
            Self::UInt64 => fill(bytes, to, |b| u64::from_le_bytes(b) as f64),
            Self::Int32Over(unit) => fill(bytes, to, |b| f64::from(i32::from_le_bytes(b)) / unit),
            Self::Int64Over(unit) => fill(bytes, to, |b| i64::from_le_bytes(b) as f64 / unit),
            Self::Days => fill(bytes, to, |b| (i64::from(i32::from_le_bytes(b)) * 86_400_000) as f64 / 1e3),
            Self::Int96(unit) => fill(bytes, to, |b: [u8; 12]| {
                let word = |at: usize| u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]);
                let mut stamp = Int96::new();
                stamp.set_data(word(0), word(4), word(8));
                ticks(&stamp, unit) as f64 / unit
            }),
            Self::Decimal(length, unit) => {
                for (value, to) in bytes.chunks_exact(length).zip(to) {
                    // The sign goes on to the left.
                    let sign = if value.first().is_some_and(|byte| byte & 0x80 != 0) { -1_i128 } else { 0 };
                    let digits = value.iter().fold(sign, |digits, byte| digits << 8 | i128::from(*byte));
                    *to = digits as f64 / unit;
                }
            }
        }
    }
}

/// Ticks of an old timestamp, in the unit that the schema asks for.
#[expect(clippy::float_cmp, reason = "units are powers of ten")]
fn ticks(stamp: &Int96, per_second: f64) -> i64 {
    if per_second == 1e9 {
        stamp.to_nanos()
    } else if per_second == 1e6 {
        stamp.to_micros()
    } else if per_second == 1e3 {
        stamp.to_millis()
    } else {
        stamp.to_seconds()
    }
}

#[inline]
fn fill<const N: usize>(bytes: &[u8], to: &mut [f64], number: impl Fn([u8; N]) -> f64) {
    for (bytes, to) in bytes.as_chunks::<N>().0.iter().zip(to) {
        *to = number(*bytes);
    }
}
