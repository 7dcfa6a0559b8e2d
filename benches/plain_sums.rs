//! Moments in plain sums, to compare with: as fast as vectors add, and what they come to depends on the order of values.

/// Independent sums, so that vector instructions can add them.
const LANES: usize = 8;

/// Number, sum, sum of squares and bounds of numbers.
#[derive(Debug, Default)]
pub(crate) struct PlainSums {
    values: usize,
    lanes: Option<Lanes>,
}

/// Sums, squares, smallest and largest values.
type Lanes = [[f64; LANES]; 4];

impl PlainSums {
    /// Takes finite numbers; those behind the last whole chunk are left out, a block has none.
    pub(crate) fn observe_all(&mut self, finite: &[f64]) {
        self.values += finite.len();
        let none = [[0.0; LANES], [0.0; LANES], [f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]];
        add(finite.as_chunks().0, self.lanes.get_or_insert(none));
    }
}

/// Compiled for the instruction sets that the kernels are compiled for.
#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx2+fma+bmi1+bmi2+lzcnt+popcnt",
    "x86_64+avx2+fma+bmi1+bmi2+lzcnt+popcnt"
))]
fn add(chunks: &[[f64; LANES]], lanes: &mut Lanes) {
    let [mut sum, mut squares, mut min, mut max] = *lanes;
    for chunk in chunks {
        for i in 0..LANES {
            sum[i] += chunk[i];
            squares[i] += chunk[i] * chunk[i];
            min[i] = if chunk[i] < min[i] { chunk[i] } else { min[i] };
            max[i] = if chunk[i] > max[i] { chunk[i] } else { max[i] };
        }
    }
    *lanes = [sum, squares, min, max];
}
