//! From a number to its slot in two steps: a key that never falls when the number rises, and a table by key.
//!
//! All edges below the key's cell are counted in the table; what is left to compare with are the edges inside the
//! cell. So slots are exact for any key that is monotone, and the key is chosen such that few cells hold more than
//! two edges: linear for most distributions, the logarithm's bits of the distance from a centre for those with long
//! tails. Every number takes the same steps, so that vector instructions can do them; only a number in one of the few
//! cells with three edges is searched for among all of them.

use crate::kernel::{BLOCK, kernel};

/// Cells of a table: of known number, so that no access to it is checked.
const CELLS: usize = 2048;
/// An edge outside the baseline's range weighs this much less than one inside when keys are compared.
const OUTSIDE: f64 = 0.05;
/// A cell with more than two edges: its numbers are looked up among all edges.
const CROWDED: u32 = 1 << 31;

/// The table of some edges.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    key: Key,
    cells: Box<Cells>,
}

#[derive(Debug, Clone)]
struct Cells {
    /// Edges before a cell, or [`CROWDED`].
    base: [u32; CELLS],
    /// The first edge in a cell, or infinity.
    first: [f64; CELLS],
    /// The second edge in a cell, or infinity.
    second: [f64; CELLS],
}

/// How a number becomes the position of a cell.
#[derive(Debug, Clone, Copy)]
enum Key {
    /// `(x - origin) * scale`
    Linear { origin: f64, scale: f64 },
    /// Exponent and leading digits of `x - centre`, with its sign: bits of the double beyond `shift`. Those of numbers
    /// nearer to the centre than `floor` are all alike.
    Logarithmic { centre: f64, shift: u32, floor: i64, low: i64 },
}

impl Lookup {
    /// The table for ascending edges, most of whose values lie within `range`; `None` for more edges than 31 bits
    /// can number.
    pub(crate) fn new(edges: &[f64], range: (f64, f64)) -> Option<Self> {
        let keys = candidates(edges, range);
        let cost = |key: &Key| cost(*key, edges, range);
        let best = keys.into_iter().map(|key| (cost(&key), key)).reduce(|a, b| if b.0 < a.0 { b } else { a });
        Self::build(best?.1, edges)
    }

    fn build(key: Key, edges: &[f64]) -> Option<Self> {
        let mut cells = Box::new(Cells {
            base: [0; CELLS],
            first: [f64::INFINITY; CELLS],
            second: [f64::INFINITY; CELLS],
        });
        let mut held: Vec<Vec<f64>> = vec![Vec::new(); CELLS];
        for &edge in edges {
            held[key.cell(edge)].push(edge);
        }
        let mut before = 0_u32;
        for (cell, held) in held.iter().enumerate() {
            match held.as_slice() {
                [first, second, _, ..] => {
                    (cells.base[cell], cells.first[cell], cells.second[cell]) = (CROWDED, *first, *second);
                }
                few => {
                    cells.base[cell] = before;
                    cells.first[cell] = few.first().copied().unwrap_or(f64::INFINITY);
                    cells.second[cell] = few.get(1).copied().unwrap_or(f64::INFINITY);
                }
            }
            before = u32::try_from(held.len()).ok().and_then(|held| before.checked_add(held))?;
        }
        (before < CROWDED).then_some(Self { key, cells })
    }

    /// The slot of each of at most [`BLOCK`] finite numbers; `edges` are those of the table.
    pub(crate) fn find(&self, edges: &[f64], values: &[f64], slots: &mut [u32]) {
        debug_assert!(values.len() <= BLOCK, "more than a block");
        self.key.find(values, slots);
        if self.cells.slots(values, slots) < CROWDED {
            return;
        }
        for (slot, value) in slots.iter_mut().zip(values).filter(|(slot, _)| **slot >= CROWDED) {
            // As many edges as 31 bits can number.
            *slot = u32::try_from(edges.partition_point(|edge| edge <= value)).unwrap_or(0);
        }
    }
}

impl Key {
    /// The cell of each number.
    fn find(self, values: &[f64], to: &mut [u32]) {
        match self {
            Self::Linear { origin, scale } => linear(values, origin, scale, to),
            Self::Logarithmic { centre, shift, floor, low } => {
                let key = [centre.to_bits().cast_signed(), i64::from(shift), floor, low];
                logarithmic(values, key, to);
            }
        }
    }

    fn cell(self, value: f64) -> usize {
        let mut cell = [0];
        self.find(&[value], &mut cell);
        cell[0] as usize
    }
}

impl Cells {
    /// From cells to slots; returns the bits that any slot has.
    fn slots(&self, values: &[f64], slots: &mut [u32]) -> u32 {
        slots_of(values, &self.base, &self.first, &self.second, slots)
    }
}

kernel! {
fn slots_of(
    values: &[f64],
    base: &[u32; CELLS],
    first: &[f64; CELLS],
    second: &[f64; CELLS],
    slots: &mut [u32],
) -> u32 {
    let mut bits = 0;
    for (value, slot) in values.iter().zip(slots) {
        let cell = *slot as usize % CELLS;
        *slot = base[cell] + u32::from(*value >= first[cell]) + u32::from(*value >= second[cell]);
        bits |= *slot;
    }
    bits
}
}

kernel! {
/// Rounds by adding 2^52: the last bits of the sum are the whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "below the number of cells")]
fn linear(values: &[f64], origin: f64, scale: f64, to: &mut [u32]) {
    let top = (CELLS - 1) as f64;
    for (value, to) in values.iter().zip(to) {
        let position = ((value - origin) * scale).max(0.0).min(top);
        *to = (position + 4_503_599_627_370_496.0).to_bits() as u32 & 0xFFFF;
    }
}
}

kernel! {
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "below the number of cells")]
fn logarithmic(values: &[f64], [centre, shift, floor, low]: [i64; 4], to: &mut [u32]) {
    let (centre, top) = (f64::from_bits(centre.cast_unsigned()), CELLS as i64 - 1);
    for (value, to) in values.iter().zip(to) {
        let bits = (value - centre).to_bits().cast_signed();
        let magnitude = (((bits & i64::MAX) >> shift) - floor).max(0);
        let signed = if bits < 0 { -magnitude } else { magnitude };
        *to = (signed - low).max(0).min(top) as u32;
    }
}
}

/// Keys worth a try.
#[expect(clippy::cast_precision_loss, reason = "a number of cells")]
fn candidates(edges: &[f64], (min, max): (f64, f64)) -> Vec<Key> {
    let spread = max - min;
    // The first cell and the last are for what lies outside the range: its edges must not crowd those of the bounds.
    let scale = (CELLS - 3) as f64 / spread;
    let mut keys = Vec::new();
    if scale.is_finite() && scale > 0.0 {
        keys.push(Key::Linear { origin: min - 1.0 / scale, scale });
    }
    let inside: Vec<f64> = edges.iter().copied().filter(|edge| (min..=max).contains(edge)).collect();
    let median = inside.get(inside.len() / 2).copied().unwrap_or(min);
    for centre in [0.0, min, median] {
        for digits in 2..8_u32 {
            keys.extend(Key::logarithmic(centre, 52 - digits, (min, max)));
        }
    }
    keys
}

impl Key {
    /// The key that resolves the part of the range that lies farthest from the centre, as near to it as there are
    /// cells; the first and the last are left to what lies outside.
    fn logarithmic(centre: f64, shift: u32, (min, max): (f64, f64)) -> Option<Self> {
        let (below, above) = (min - centre, max - centre);
        if !below.is_finite() || !above.is_finite() {
            return None;
        }
        let key = |distance: f64| (distance.abs().to_bits() >> shift).cast_signed();
        let (far, near) = (key(below).max(key(above)), key(below).min(key(above)));
        let cells = i64::try_from(CELLS).ok()? - 2;
        // Both sides of the centre need cells, or one.
        let two_sided = below < 0.0 && above > 0.0;
        let floor = if two_sided { (far - cells / 2 + 1).max(0) } else { (far - cells + 1).max(near).max(0) };
        let signed = |distance: f64| {
            let magnitude = (key(distance) - floor).max(0);
            if distance < 0.0 { -magnitude } else { magnitude }
        };
        Some(Self::Logarithmic { centre, shift, floor, low: signed(below) - 1 })
    }
}

/// How many edges share a cell with more than one other.
fn cost(key: Key, edges: &[f64], (min, max): (f64, f64)) -> f64 {
    let mut cost = 0.0;
    let mut edges = edges.iter().copied().peekable();
    while let Some(edge) = edges.next() {
        let cell = key.cell(edge);
        let (mut held, mut weight) = (1, 0.0);
        let mut weigh = |edge: f64| weight += if (min..=max).contains(&edge) { 1.0 } else { OUTSIDE };
        weigh(edge);
        while let Some(next) = edges.next_if(|next| key.cell(*next) == cell) {
            weigh(next);
            held += 1;
        }
        cost += if held > 2 { weight } else { 0.0 };
    }
    cost
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(mut edges: Vec<f64>, values: &[f64]) {
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let range = (edges.first().copied().unwrap_or(0.0), edges.last().copied().unwrap_or(0.0));
        let Some(table) = Lookup::new(&edges, range) else { return };
        for values in values.chunks(BLOCK) {
            let mut slots = vec![0; values.len()];
            table.find(&edges, values, &mut slots);
            let expected = values.iter().map(|value| edges.partition_point(|edge| edge <= value) as u32);
            assert_eq!(slots, expected.collect::<Vec<_>>(), "{edges:?} {values:?} {:?}", table.key);
        }
    }

    /// Values that a search has to find, of those that a baseline has.
    fn crowded(values: Vec<f64>) -> f64 {
        let counts = crate::ValueCounts::new(values.clone());
        let bins = crate::Bins::cut(&counts);
        let edges: Vec<f64> = (1..bins.slots()).map(|slot| bins.slot(slot).lower).collect();
        let table = Lookup::new(&edges, bins.range().unwrap()).unwrap();
        let found = values.iter().filter(|value| table.cells.base[table.key.cell(**value)] >= CROWDED);
        found.count() as f64 / values.len() as f64
    }

    #[test]
    fn few_values_of_ordinary_columns_need_a_search() {
        let uniform = |i: u32| f64::from(i.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24) + 1e-9;
        let normal =
            |i: u32| (-2.0 * uniform(i).ln()).sqrt() * (std::f64::consts::TAU * uniform(i ^ 0x5555)).cos();
        let of = |law: &dyn Fn(u32) -> f64| crowded((0..20_000).map(law).collect());
        assert!(of(&uniform) < 0.05);
        assert!(of(&normal) < 0.1);
        assert!(of(&|i| 1e6 + normal(i)) < 0.1, "far from zero");
        assert!(of(&|i| normal(i).exp()) < 0.1, "log-normal");
        assert!(of(&|i| (3.0 * normal(i)).exp()) < 0.1, "long tail");
        assert!(of(&|i| if i % 10 < 7 { 0.0 } else { -10.0 * uniform(i).ln() }) < 0.1, "zero-inflated");
        assert!(of(&|i| normal(i) / uniform(i ^ 0x77)) < 0.15, "long tails on both sides");
        assert!(of(&|i| f64::from(i % 200)) < 0.05, "whole numbers");
    }

    proptest! {
        #[test]
        fn slots_are_those_of_a_search(
            edges in prop::collection::vec(any_edge(), 1..400),
            values in prop::collection::vec(any_edge(), 0..600),
        ) {
            let edges: Vec<f64> = edges.into_iter().map(|edge| edge + 0.0).collect();
            let near: Vec<f64> = edges.iter().flat_map(|e| [*e, e.next_up(), e.next_down()]).filter(|e| e.is_finite()).collect();
            check(edges.clone(), &values);
            check(edges, &near);
        }
    }

    fn any_edge() -> impl Strategy<Value = f64> {
        prop_oneof![
            -10.0..10.0_f64,
            (0..50_i32).prop_map(f64::from),
            (0..50_i32).prop_map(|i| f64::from(i).next_up()),
            1000.0..1000.001_f64,
            (-300..300_i32).prop_map(|power| 10_f64.powi(power)),
            (-300..300_i32).prop_map(|power| -(10_f64.powi(power))),
            Just(-0.0),
            prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL,
            Just(f64::MAX),
            Just(f64::MIN),
        ]
    }
}
