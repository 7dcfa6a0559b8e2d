//! A fixed grid over numbers from 0 upwards: relative steps, and for probabilities fine near 1 as well as near 0.
//!
//! The cell of a value depends on the value alone, so counts over the grid merge whatever was put on it when. Between
//! 0.5 and 1 it is the distance to 1 that has relative steps, because scores crowd at both ends.

/// Bits of the fraction that tell cells apart: 1,024 to each power of two.
const KEPT_BITS: u32 = 10;
const CUT: u64 = (1 << (52 - KEPT_BITS)) - 1;

/// The value that stands for all of its cell: the end nearest to 0 or, between 0.5 and 1, nearest to 1.
pub(crate) fn point(value: f64) -> f64 {
    // Both subtractions are exact (Sterbenz), so that a point is its own point.
    if is_mirrored(value) { 1.0 - below(1.0 - value) } else { below(value) }
}

/// Smallest and largest value that a cell may hold, given the point that stands for it.
pub(crate) fn ends(point: f64) -> (f64, f64) {
    if is_mirrored(point) { (1.0 - above(1.0 - point), point) } else { (point, above(point)) }
}

fn is_mirrored(value: f64) -> bool {
    (0.5..1.0).contains(&value)
}

fn below(value: f64) -> f64 {
    f64::from_bits(value.to_bits() & !CUT)
}

fn above(value: f64) -> f64 {
    f64::from_bits(value.to_bits() | CUT).next_up().min(f64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_narrow_at_both_ends() {
        assert_eq!((point(0.0), point(0.5), point(1.0)), (0.0, 0.5, 1.0));
        let width = |value: f64| ends(point(value)).1 - ends(point(value)).0;
        assert!(width(0.3) <= 0.25 / 1024.0 && width(0.7) <= 0.25 / 1024.0);
        assert!(width(1e-6) < 1e-9 && width(1.0 - 1e-6) < 1e-9);
        assert!(ends(point(f64::MAX)).1.is_finite());
    }

    proptest! {
        #[test]
        fn a_cell_holds_its_values_in_order(a in prop_oneof![0.0..1.0_f64, 0.0..1e9_f64, prop::num::f64::POSITIVE], b in prop_oneof![0.0..1.0_f64, 0.0..1e9_f64]) {
            prop_assert_eq!(point(point(a)), point(a));
            let (low, high) = ends(point(a));
            prop_assert!(low <= a && a <= high && low <= high);
            prop_assert!(high - low <= a / 1000.0 || a < 1e-300);
            let (a, b) = (a.min(b), a.max(b));
            prop_assert!(point(a) <= point(b));
        }
    }
}
