use proptest::prelude::*;

use super::*;

fn of(scores: &[f64], decisions: Decisions<'_>, labels: &[f64]) -> Binary {
    let mut state = Binary::default();
    state.observe(&BinaryRows { scores, decisions, labels });
    state
}

#[test]
fn nothing_is_dropped_silently() {
    let (nan, odd) = (f64::NAN, 2.0);
    let scores = [0.2, nan, 1.5, 0.7, 0.9, 0.5, f64::INFINITY];
    let labels = [0.0, 1.0, 1.0, nan, odd, 1.0, 0.0];
    let given = of(&scores, Decisions::Given(&[0.0, 1.0, 1.0, 1.0, 1.0, nan, 0.0]), &labels);
    let counts = BinaryCounts {
        rows: 7,
        missing_labels: 1,
        invalid_labels: 1,
        missing_scores: 1,
        invalid_scores: 2,
        undecided: 1,
    };
    assert_eq!(*given.counts(), counts);
    // Rows without a score have decision and label.
    let outcomes = Outcomes { true_negatives: 2, true_positives: 2, ..Outcomes::default() };
    assert_eq!((given.outcomes(), given.labelled(), given.is_sound()), (outcomes, 4, true));
    assert_eq!(given.decided(), [(0.2, [1, 0]), (0.7, [0, 1]), (0.9, [0, 1])]);

    let by_score = of(&scores, Decisions::AtLeast(0.5), &labels);
    assert_eq!(by_score.counts().undecided, 3);
    assert_eq!(by_score.outcomes(), Outcomes { true_negatives: 1, true_positives: 1, ..Outcomes::default() });
    // Columns may end early: predictions without labels, labels without predictions.
    assert_eq!(of(&scores, Decisions::AtLeast(0.5), &[]).counts().missing_labels, 7);
    assert_eq!(of(&[], Decisions::Given(&[1.0, 0.0]), &[1.0, 1.0]).outcomes().rows(), 2);
}

#[test]
fn another_threshold() {
    let state = of(&[0.1, 0.4, 0.4, 0.8], Decisions::AtLeast(0.5), &[0.0, 0.0, 1.0, 1.0]);
    let expected = Outcomes { true_negatives: 1, false_positives: 1, false_negatives: 0, true_positives: 2 };
    assert_eq!(state.outcomes_at(0.4), (expected, 0));
    assert_eq!(state.outcomes_at(0.5), (state.outcomes(), 0));
}

#[test]
fn damaged_states_are_not_sound() {
    let whole = of(&[0.1, 0.9, 0.4], Decisions::AtLeast(0.5), &[0.0, 1.0, f64::NAN]);
    assert!(whole.is_sound() && Binary::default().is_sound());
    let mut high = Cells::default();
    high.add(7.0, 1, 1);
    let damaged = [
        Binary { cells: Cells::default(), ..whole.clone() },
        Binary { cells: high, ..whole.clone() },
        Binary { unscored: [u64::MAX; KINDS as usize], ..whole.clone() },
        Binary { log_losses: Moments::default(), ..whole.clone() },
        Binary { squares: Moments::default(), ..whole.clone() },
        Binary { bins: Default::default(), ..whole.clone() },
        Binary { counts: BinaryCounts { rows: 9, ..whole.counts }, ..whole.clone() },
    ];
    assert!(!damaged.iter().any(Binary::is_sound));
    let bytes = sketch::to_bytes(&whole).unwrap();
    assert_eq!(sketch::from_bytes::<Binary>(&bytes).unwrap(), whole);
}

#[test]
fn the_grid_does_not_touch_the_sums() {
    let n = 40_000_u32;
    let scores: Vec<f64> = (0..n).map(|i| (f64::from(i) + 0.5) / f64::from(n)).collect();
    let labels: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 7 < 3))).collect();
    let state = of(&scores, Decisions::AtLeast(0.3), &labels);
    assert!(state.is_coarse() && state.is_sound());
    let brier = scores.iter().zip(&labels).map(|(s, y)| (s - y).powi(2)).sum::<f64>() / f64::from(n);
    assert!((state.squares().mean().unwrap() - brier).abs() < 1e-13);
    // The decision was made before the score went to the grid.
    assert_eq!(state.outcomes().decided_positives(), 28_000);
    let (at, unsure) = state.outcomes_at(0.3);
    let apart = at.decided_positives().abs_diff(28_000);
    assert!(apart <= unsure && unsure < 40, "{apart} {unsure}");
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => (0..20_u32).prop_map(|i| f64::from(i) / 19.0), 1 => Just(f64::NAN), 1 => Just(1.5)]
}

fn label() -> impl Strategy<Value = f64> {
    prop_oneof![3 => Just(0.0), 3 => Just(1.0), 1 => Just(f64::NAN), 1 => Just(0.5)]
}

proptest! {
    #[test]
    fn any_split_in_any_order_is_the_same_to_the_byte(rows in prop::collection::vec((value(), label(), label()), 0..80), cuts in prop::collection::vec(0..80_usize, 0..4)) {
        let of_rows = |rows: &[(f64, f64, f64)]| {
            let column = |f: fn(&(f64, f64, f64)) -> f64| rows.iter().map(f).collect::<Vec<_>>();
            of(&column(|r| r.0), Decisions::Given(&column(|r| r.1)), &column(|r| r.2))
        };
        let whole = of_rows(&rows);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows.len())).collect();
        cuts.extend([0, rows.len()]);
        cuts.sort_unstable();
        let parts: Vec<Binary> = cuts.windows(2).map(|cut| of_rows(&rows[cut[0]..cut[1]])).collect();
        let mut forth = Binary::default();
        parts.iter().for_each(|part| forth.merge(part));
        let mut back = Binary::default();
        parts.iter().rev().for_each(|part| back.merge(part));
        let bytes = sketch::to_bytes(&whole).unwrap();
        prop_assert!(whole.is_sound());
        prop_assert_eq!(&sketch::to_bytes(&forth).unwrap(), &bytes);
        prop_assert_eq!(&sketch::to_bytes(&back).unwrap(), &bytes);
        prop_assert_eq!(sketch::from_bytes::<Binary>(&bytes).unwrap(), whole);
    }
}
