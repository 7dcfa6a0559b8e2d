//! Laws of the states and of the comparisons: order of merging, bytes, ranges, and what must not move them.

use proptest::prelude::*;

use super::*;

fn classes(rows: &[(usize, usize, usize, u64)]) -> Classes {
    let mut classes = Classes::new(3, 2, 3);
    rows.iter().for_each(|(bin, given, class, rows)| classes.observe(*bin, *given, *class, *rows));
    classes
}

fn means(rows: &[(usize, usize, f64, u64)]) -> Means {
    let mut means = Means::new(3, 2);
    rows.iter().for_each(|(bin, given, value, rows)| means.observe(*bin, *given, *value, *rows));
    means
}

/// Rows of labels, some of them beyond the bins and classes.
fn labels() -> impl Strategy<Value = Vec<(usize, usize, usize, u64)>> {
    let rows = prop_oneof![4 => 0_u64..30, 1 => (1_u64 << 40)..(1 << 44)];
    proptest::collection::vec((0_usize..4, 0_usize..2, 0_usize..4, rows), 0..30)
}

/// Rows of numbers, some of them not finite.
fn numbers() -> impl Strategy<Value = Vec<(usize, usize, f64, u64)>> {
    let value = prop_oneof![8 => -1e6..1e6, 4 => Just(1.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)];
    proptest::collection::vec((0_usize..4, 0_usize..2, value, 0_u64..30), 0..30)
}

fn sound(score: &Score) {
    assert!(score.value.is_finite() && score.value >= 0.0, "{score:?}");
    assert!(score.expected.is_finite() && score.expected >= 0.0, "{score:?}");
    assert!((0.0..=1.0).contains(&score.p_value), "{score:?}");
    assert!(score.covered_ratio > 0.0 && score.covered_ratio <= 1.0 + 1e-12, "{score:?}");
    let weights: f64 = score.bins.iter().map(|bin| bin.baseline_ratio).sum();
    assert!((weights - 1.0).abs() < 1e-9, "{score:?}");
    assert!(score.bins.is_sorted_by(|left, right| left.contribution >= right.contribution));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counts_merge_in_any_order_and_survive_bytes(left in labels(), right in labels()) {
        let whole = classes(&[left.clone(), right.clone()].concat());
        let (mut one, mut other) = (classes(&left), classes(&right));
        one.merge(&classes(&right)).unwrap();
        other.merge(&classes(&left)).unwrap();
        prop_assert_eq!(&one, &whole);
        prop_assert_eq!(&other, &whole);
        prop_assert_eq!(sketch::from_bytes::<Classes>(&sketch::to_bytes(&whole).unwrap()).unwrap(), whole);
    }

    #[test]
    fn sums_merge_in_any_order_and_survive_bytes(left in numbers(), right in numbers()) {
        let whole = means(&[left.clone(), right.clone()].concat());
        let (mut one, mut other) = (means(&left), means(&right));
        one.merge(&means(&right)).unwrap();
        other.merge(&means(&left)).unwrap();
        prop_assert_eq!(&one, &whole);
        prop_assert_eq!(&other, &whole);
        prop_assert_eq!(sketch::from_bytes::<Means>(&sketch::to_bytes(&whole).unwrap()).unwrap(), whole);
    }

    #[test]
    fn scores_are_in_range_whatever_is_counted(left in labels(), right in labels()) {
        let (baseline, current) = (classes(&left), classes(&right));
        match change(&baseline, &current) {
            Ok(score) => {
                sound(&score);
                prop_assert!(score.value <= 1.0 + 1e-9);
                if let Ok(same) = change(&baseline, &baseline) {
                    prop_assert!(same.value < 1e-12 && same.p_value > 0.5, "{same:?}");
                }
            }
            Err(Undefined::EmptyBaseline) => prop_assert_eq!(baseline.rows(), 0),
            Err(Undefined::EmptyCurrent) => prop_assert_eq!(current.rows(), 0),
            Err(reason) => prop_assert_ne!(reason, Undefined::Mismatched),
        }
    }

    #[test]
    fn uneven_changes_are_in_range_whatever_is_counted(left in labels(), right in labels()) {
        let (baseline, current) = (classes(&left), classes(&right));
        match uneven_change(&baseline, &current) {
            Ok(score) => {
                sound(&score);
                let contributions: f64 = score.bins.iter().map(|bin| bin.contribution).sum();
                prop_assert!(score.value <= 2.0 + 1e-9 && (contributions - score.value).abs() < 1e-9, "{score:?}");
                if let Ok(same) = uneven_change(&baseline, &baseline) {
                    prop_assert!(same.value < 1e-9 && same.p_value > 0.5, "{same:?}");
                }
            }
            Err(Undefined::OneBin) => prop_assert!(change(&baseline, &current).is_ok()),
            Err(reason) => prop_assert_eq!(change(&baseline, &current), Err(reason)),
        }
    }

    #[test]
    fn means_are_in_range_whatever_is_summed(left in numbers(), right in numbers()) {
        let (baseline, current) = (means(&left), means(&right));
        if let Ok(score) = mean_change(&baseline, &current) {
            sound(&score);
        }
        let Ok(parts) = decompose(&baseline, &current) else { return Ok(()) };
        let sum = parts.inputs.value + parts.relation.value + parts.unknown;
        prop_assert!((sum - (parts.value - parts.baseline_value)).abs() <= 1e-9 * (1.0 + parts.value.abs() + parts.baseline_value.abs()) * 1e3);
        for part in [parts.inputs, parts.relation] {
            prop_assert!(part.value.is_finite() && part.standard_error.is_finite());
            prop_assert!((0.0..=1.0).contains(&part.p_value()));
        }
        prop_assert!((0.0..=1.0 + 1e-12).contains(&parts.unknown_ratio));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
        let bytes = [vec![sketch::FORMAT_VERSION], bytes].concat();
        if let Ok(read) = sketch::from_bytes::<Classes>(&bytes) {
            let _ = change(&read, &read);
            let _ = uneven_change(&read, &read);
        }
        if let Ok(read) = sketch::from_bytes::<Means>(&bytes) {
            let _ = mean_change(&read, &read);
            let _ = decompose(&read, &read);
        }
    }

    #[test]
    fn more_rows_of_the_same_relation_move_nothing(factors in proptest::array::uniform3(1_u64..50)) {
        // Other weights of the bins, the same shares in each.
        let rates = [[30, 60, 10], [5, 5, 90], [40, 40, 20]];
        let side = |factors: [u64; 3]| {
            let mut classes = Classes::new(3, 1, 3);
            for (bin, (rates, factor)) in rates.iter().zip(factors).enumerate() {
                rates.iter().enumerate().for_each(|(class, rate)| classes.observe(bin, 0, class, rate * factor));
            }
            classes
        };
        let score = change(&side([10; 3]), &side(factors)).unwrap();
        prop_assert!(score.value < 1e-12 && score.p_value > 0.99);
    }
}

#[test]
fn one_class_or_no_label_is_a_reason() {
    let (some, none) = (classes(&[(0, 0, 0, 5), (0, 0, 1, 5)]), classes(&[]));
    assert_eq!(change(&none, &some), Err(Undefined::EmptyBaseline));
    assert_eq!(change(&some, &none), Err(Undefined::EmptyCurrent));
    let one = classes(&[(0, 0, 1, 5)]);
    assert_eq!(change(&one, &one), Err(Undefined::Constant));
    assert!(change(&some, &one).unwrap().value > 0.4, "one class now, two before");
    assert_eq!(change(&some, &classes(&[(1, 0, 0, 5), (1, 0, 1, 5)])), Err(Undefined::NothingInCommon));
    assert_eq!(change(&some, &Classes::new(3, 2, 2)), Err(Undefined::Mismatched));
    assert_eq!(change(&Classes::new(0, 1, 2), &Classes::new(0, 1, 2)), Err(Undefined::EmptyBaseline));
    let beyond = classes(&[(3, 0, 0, 5), (0, 0, 3, 2)]);
    assert_eq!(
        (beyond.rows(), beyond.beyond_rows()),
        (0, 7),
        "labels that the baseline lacks are counted apart"
    );

    let (some, none) = (means(&[(0, 0, 1.0, 5), (0, 0, 2.0, 5)]), means(&[(0, 0, f64::NAN, 4)]));
    assert_eq!(none.beyond_rows(), 4);
    assert_eq!(mean_change(&none, &some), Err(Undefined::EmptyBaseline));
    assert_eq!(mean_change(&some, &none), Err(Undefined::EmptyCurrent));
    assert_eq!(mean_change(&means(&[(0, 0, 1.0, 5)]), &some), Err(Undefined::Constant));
    assert_eq!(decompose(&some, &none), Err(Undefined::EmptyCurrent));
    assert_eq!(decompose(&some, &Means::new(1, 1)), Err(Undefined::Mismatched));
}

#[test]
fn what_moves_alike_in_all_bins_is_not_uneven() {
    let side = |rates: [[u64; 2]; 3], rows: [u64; 3]| {
        let mut classes = Classes::new(3, 2, 2);
        for (bin, (rates, rows)) in rates.into_iter().zip(rows).enumerate() {
            for (score, rate) in rates.into_iter().enumerate() {
                classes.observe(bin, score, 1, rate * rows);
                classes.observe(bin, score, 0, (100 - rate) * rows);
            }
        }
        classes
    };
    let baseline = side([[20, 60]; 3], [40, 40, 20]);
    // Other inputs, and ten points more for all.
    let alike = uneven_change(&baseline, &side([[30, 70]; 3], [10, 50, 40])).unwrap();
    assert!(alike.value < 1e-9 && alike.p_value > 0.99, "{alike:?}");
    // The level of a bin of a fifth of the rows: x √(p (1 - p)).
    let level = uneven_change(&baseline, &side([[20, 60], [20, 60], [50, 90]], [40, 40, 20])).unwrap();
    assert!((level.value - 0.3 * 0.16_f64.sqrt()).abs() < 1e-9 && level.p_value < 1e-9, "{level:?}");
    let top = level.bins[0];
    assert_eq!((top.bin, top.class), (2, 1));
    assert!((top.baseline_value - 0.4).abs() < 1e-9 && (top.value - 0.7).abs() < 1e-9);
    assert!((top.contribution - level.value).abs() < 1e-9, "the other bins are as they were");
    // Its slope: one score up by as much as the other goes down.
    let slope = uneven_change(&baseline, &side([[20, 60], [20, 60], [40, 40]], [40, 40, 20])).unwrap();
    assert!((slope.value - 0.2 * 0.16_f64.sqrt()).abs() < 1e-9, "{slope:?}");
    assert_eq!(slope.bins[0].bin, 2);
}

#[test]
fn a_class_without_rows_changes_nothing() {
    let side = |labels: usize, rates: [u64; 3]| {
        let mut side = Classes::new(3, 1, labels);
        for (bin, rate) in rates.into_iter().enumerate() {
            side.observe(bin, 0, 0, 100 - rate);
            side.observe(bin, 0, 1, rate);
        }
        side
    };
    let score = |labels| uneven_change(&side(labels, [30, 50, 70]), &side(labels, [35, 45, 90])).unwrap();
    let (two, three) = (score(2), score(3));
    assert!(two.value > 0.05 && (two.value - three.value).abs() < 1e-12);
    assert!((two.p_value - three.p_value).abs() < 1e-12 && (two.expected - three.expected).abs() < 1e-12);
}

#[test]
fn one_bin_has_nothing_to_differ_from() {
    let side = |rows: &[(usize, usize, usize, u64)]| classes(rows);
    let one = side(&[(1, 0, 0, 5), (1, 0, 1, 5), (1, 1, 0, 3)]);
    assert_eq!(uneven_change(&one, &one), Err(Undefined::OneBin));
    // Two bins, but of different scores.
    let apart = side(&[(0, 0, 0, 5), (0, 0, 1, 5), (1, 1, 0, 3)]);
    assert_eq!(uneven_change(&apart, &apart), Err(Undefined::OneBin));
    let both = side(&[(0, 0, 0, 5), (0, 0, 1, 5), (1, 0, 0, 3), (2, 1, 1, 3)]);
    let score = uneven_change(&both, &both).unwrap();
    assert_eq!((score.bins.len(), score.covered_ratio), (2, 13.0 / 16.0));
    assert_eq!(uneven_change(&both, &side(&[])), Err(Undefined::EmptyCurrent));
}

#[test]
fn labels_of_zero_and_one_are_two_classes() {
    let rows = [(0, 30, 70), (1, 55, 45), (2, 5, 5)];
    let side = |shift: u64| {
        let (mut classes, mut means) = (Classes::new(3, 1, 2), Means::new(3, 1));
        for (bin, no, yes) in rows {
            for (class, rows) in [(0, no + shift), (1, yes)] {
                classes.observe(bin, 0, class, rows);
                means.observe(bin, 0, class as f64, rows);
            }
        }
        (classes, means)
    };
    let ((baseline, baseline_means), (current, current_means)) = (side(0), side(25));
    let counted = change(&baseline, &current).unwrap();
    let summed = mean_change(&baseline_means, &current_means).unwrap();
    let unit = baseline_means.whole().std_dev().unwrap();
    assert!((counted.value - summed.value * unit).abs() < 1e-12);
    assert!((counted.expected - summed.expected * unit).abs() < 0.02 * counted.expected);
    assert!((counted.p_value / summed.p_value - 1.0).abs() < 0.1, "{} {}", counted.p_value, summed.p_value);
    assert_eq!(counted.bins[0].bin, summed.bins[0].bin);
    assert_eq!(counted.bins[0].class, 1);
}

#[test]
fn the_two_causes_of_a_worse_loss_are_told_apart() {
    let side = |weights: [u64; 2], losses: [u64; 2]| {
        let mut means = Means::new(2, 1);
        for (bin, (rows, loss)) in weights.into_iter().zip(losses).enumerate() {
            means.observe(bin, 0, 1.0, rows * loss / 100);
            means.observe(bin, 0, 0.0, rows * (100 - loss) / 100);
        }
        means
    };
    let baseline = side([8000, 2000], [10, 30]);
    // The hard bin grows from a fifth to half: 0.3 * 0.2.
    let inputs = decompose(&baseline, &side([5000, 5000], [10, 30])).unwrap();
    assert!((inputs.inputs.value - 0.06).abs() < 1e-12 && inputs.relation.value.abs() < 1e-12);
    assert!(inputs.inputs.p_value() < 1e-6 && inputs.relation.p_value() > 0.99);
    // The easy bin becomes harder: 0.8 * 0.05.
    let relation = decompose(&baseline, &side([8000, 2000], [15, 30])).unwrap();
    assert!(relation.inputs.value.abs() < 1e-12 && (relation.relation.value - 0.04).abs() < 1e-12);
    assert!(relation.relation.p_value() < 1e-6 && relation.inputs.p_value() > 0.99);
    assert_eq!(relation.cells[0].cell, 0);
    let mut elsewhere = Means::new(3, 1);
    elsewhere.observe(2, 0, 1.0, 10);
    elsewhere.observe(0, 0, 0.0, 10);
    let mut wide = Means::new(3, 1);
    wide.observe(0, 0, 0.0, 10);
    let parts = decompose(&wide, &elsewhere).unwrap();
    assert_eq!((parts.unknown, parts.unknown_ratio), (0.5, 0.5));
}
