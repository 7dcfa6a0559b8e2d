//! Columns by shape as Arrow arrays.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
use rand::RngExt as _;

use super::inputs::{Names, Numbers, Random};

/// What a column looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Doubles.
    Doubles(Numbers),
    /// The same, a fifth of the rows without a value.
    Gappy(Numbers),
    /// Whole numbers of 64 bits.
    Integers,
    /// Text.
    Text(Names),
}

impl Shape {
    /// An array of so many rows.
    pub(crate) fn draw(self, rows: usize, random: &mut Random) -> ArrayRef {
        match self {
            Self::Doubles(shape) => Arc::new(Float64Array::from(shape.draw(rows, random))),
            Self::Gappy(shape) => {
                let numbers = shape.draw(rows, random).into_iter();
                Arc::new(
                    numbers
                        .map(|number| (random.random::<f64>() >= 0.2).then_some(number))
                        .collect::<Float64Array>(),
                )
            }
            Self::Integers => Arc::new(Int64Array::from_iter_values(
                Numbers::Integers.draw(rows, random).into_iter().map(whole),
            )),
            Self::Text(shape) => Arc::new(StringArray::from(shape.draw(rows, random))),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole numbers below 1,000")]
fn whole(number: f64) -> i64 {
    number as i64
}
