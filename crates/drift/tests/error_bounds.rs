//! Error bounds of slots: the exact value of random samples lies within them, whatever the slots.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use drift::{ALL, Measure, Point, Ranks};
use proptest::prelude::*;

/// Slots over the values: an exact point for every value named, and intervals between edges.
fn slots(baseline: &[f64], current: &[f64], edges: &[f64], exact: &[f64]) -> Vec<Point> {
    let mut points: Vec<(usize, Point)> = Vec::new();
    for (values, is_baseline) in [(baseline, true), (current, false)] {
        for &x in values {
            let single = exact.contains(&x);
            // Slots between the same edges are cut again at every exact value.
            let below = edges.iter().chain(exact).filter(|e| **e <= x).count();
            let place = 2 * below + usize::from(!single && exact.contains(&x));
            let found = points.iter_mut().find(|(at, p)| *at == place && (p.lower >= p.upper) == single);
            let point = match found {
                Some((_, point)) => point,
                None => {
                    let cuts = || edges.iter().chain(exact);
                    let lower = cuts().copied().filter(|e| *e <= x).fold(-100.0, f64::max);
                    let upper = cuts().copied().filter(|e| *e > x).fold(100.0, f64::min);
                    let (lower, upper) = if single { (x, x) } else { (lower, upper) };
                    points.push((place, Point { lower, upper, baseline: 0, current: 0 }));
                    &mut points.last_mut().unwrap().1
                }
            };
            *(if is_baseline { &mut point.baseline } else { &mut point.current }) += 1;
        }
    }
    let mut points: Vec<Point> = points.into_iter().map(|(_, point)| point).collect();
    points.sort_by(|a, b| a.lower.total_cmp(&b.lower).then(a.upper.total_cmp(&b.upper)));
    points
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    let coarse = (-20_i32..20).prop_map(f64::from);
    let fine = -20.0_f64..20.0;
    prop_oneof![
        prop::collection::vec(coarse.clone(), 1..60),
        prop::collection::vec(fine.clone(), 1..60),
        prop::collection::vec(prop_oneof![coarse, fine], 1..60),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exact_value_lies_within_the_bound(
        baseline in values(),
        current in values(),
        edges in prop::collection::vec((-200_i32..200).prop_map(|e| f64::from(e) / 10.0 + 0.05), 0..12),
        exact in prop::collection::vec((-20_i32..20).prop_map(f64::from), 0..4),
    ) {
        let rows = Ranks::exact_points(&baseline, &current);
        let slots = slots(&baseline, &current, &edges, &exact);
        for metric in ALL {
            let Measure::Ranks(measure) = metric.measure else { continue };
            let truth = measure(&Ranks { points: &rows, baseline_std_dev: 3.0 });
            let score = measure(&Ranks { points: &slots, baseline_std_dev: 3.0 });
            let (Ok(truth), Ok(score)) = (truth, score) else { continue };
            prop_assert!(truth.error_bound == 0.0);
            let slack = 1e-9 * (1.0 + truth.value.abs());
            prop_assert!(
                (truth.value - score.value).abs() <= score.error_bound + slack,
                "{}: {} of slots, {} of rows, bound {}",
                metric.name, score.value, truth.value, score.error_bound
            );
        }
    }
}

/// Seven hundred slots of two normal samples: the bounds have to be small enough to be of use.
#[test]
fn bounds_are_tight_with_many_slots() {
    let normal = |i: u32, of: u32, shift: f64| {
        // Values at evenly spaced levels of a logistic law, near enough to a bell.
        let level = (f64::from(i) + 0.5) / f64::from(of);
        (level / (1.0 - level)).ln() * 0.55 + shift
    };
    let baseline: Vec<f64> = (0..10_000).map(|i| normal(i, 10_000, 0.0)).collect();
    let current: Vec<f64> = (0..5_000).map(|i| normal(i, 5_000, 0.1)).collect();
    let edges: Vec<f64> = (-350..350).map(|e| f64::from(e) / 60.0).collect();
    let slots = slots(&baseline, &current, &edges, &[]);
    let rows = Ranks::exact_points(&baseline, &current);
    for metric in ALL {
        let Measure::Ranks(measure) = metric.measure else { continue };
        if metric.name == "cramer_von_mises.scipy" {
            continue;
        }
        let score = measure(&Ranks { points: &slots, baseline_std_dev: 1.0 }).unwrap();
        let truth = measure(&Ranks { points: &rows, baseline_std_dev: 1.0 }).unwrap();
        assert!(
            score.error_bound < 0.5 * score.value.abs() + 0.01,
            "{}: {score:?} for {truth:?}",
            metric.name
        );
        assert!((score.value - truth.value).abs() <= score.error_bound + 1e-9, "{}", metric.name);
    }
}
