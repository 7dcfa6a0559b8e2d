//! The kernel that finds the smallest and the largest number of a block.

use crate::kernel::{LANES, kernel};

/// Smallest and largest of finite numbers; infinities the wrong way round without any.
pub(crate) fn bounds(values: &[f64]) -> (f64, f64) {
    let mut lanes = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let (chunks, tail) = values.as_chunks::<LANES>();
    widen(chunks, &mut lanes);
    let min = lanes.0.iter().chain(tail).copied().fold(f64::INFINITY, f64::min);
    let max = lanes.1.iter().chain(tail).copied().fold(f64::NEG_INFINITY, f64::max);
    (min, max)
}

kernel! {
fn widen(chunks: &[[f64; LANES]], lanes: &mut ([f64; LANES], [f64; LANES])) {
    let (mut min, mut max) = *lanes;
    for chunk in chunks {
        for i in 0..LANES {
            min[i] = if chunk[i] < min[i] { chunk[i] } else { min[i] };
            max[i] = if chunk[i] > max[i] { chunk[i] } else { max[i] };
        }
    }
    *lanes = (min, max);
}
}
