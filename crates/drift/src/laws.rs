//! Laws that hold for every metric of the registry.

use crate::{ALL, Measure, Metric, Names, Point, Ranks, Score, Shares, Undefined, metric};
use proptest::prelude::{ProptestConfig, Strategy};

/// Whether the metric is zero when nothing moved: all but a standardised statistic, and formulas that
/// depend on the row counts themselves.
fn is_distance(metric: &Metric) -> bool {
    let of_counts = ["popmon", "azure_categorical"];
    let midrank = metric.name == "cramer_von_mises.scipy";
    metric.range.0.is_finite() && !midrank && !of_counts.iter().any(|end| metric.name.ends_with(end))
}

/// The metric of the same rows, whatever it looks at.
fn measure(metric: &Metric, baseline: &[u64], current: &[u64]) -> Result<Score, Undefined> {
    let shares = Shares { baseline, current, pooled: 0 };
    match metric.measure {
        Measure::Shares(f) => f(&shares),
        Measure::Names(f) => f(&Names { names: shares, buckets: shares }),
        Measure::Ranks(f) => {
            let cells = baseline.iter().zip(current).enumerate();
            let points: Vec<Point> = cells
                .map(|(i, (&baseline, &current))| Point {
                    lower: i as f64,
                    upper: i as f64,
                    baseline,
                    current,
                })
                .collect();
            f(&Ranks { points: &points, baseline_std_dev: 2.0 })
        }
    }
}

fn in_range(metric: &Metric, score: &Score) {
    let Score { value, error_bound, expected, p_value } = *score;
    let (low, high) = metric.range;
    assert!(value.is_finite() && low - 1e-12 <= value && value <= high + 1e-12, "{}: {value}", metric.name);
    assert!(error_bound.is_finite() && error_bound >= 0.0, "{}", metric.name);
    assert!(expected.is_none_or(f64::is_finite), "{}: {expected:?}", metric.name);
    assert!(p_value.is_none_or(|p| (0.0..=1.0).contains(&p)), "{}: {p_value:?}", metric.name);
}

#[test]
fn names_are_unique_and_snake_case() {
    for (i, metric) in ALL.iter().enumerate() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        assert!(metric.name.chars().all(plain), "{}", metric.name);
        assert!(metric.name.matches('.').count() <= 1, "{}", metric.name);
        assert!(ALL.iter().skip(i + 1).all(|other| other.name != metric.name), "{}", metric.name);
        assert_eq!(crate::metric(metric.name).map(|found| found.name), Some(metric.name));
        let family = metric.name.split('.').next().unwrap();
        assert!(crate::metric(family).is_some(), "{} varies nothing", metric.name);
    }
    assert!(metric("no_such_metric").is_none());
}

#[test]
fn records_are_complete() {
    for metric in ALL {
        assert!(!metric.title.is_empty() && !metric.method.is_empty() && !metric.reference.is_empty());
        assert!(metric.page.contains("ange "), "{} does not state its range", metric.name);
        assert!(metric.page.lines().all(|line| line.len() <= 105), "{} has long lines", metric.name);
        assert!(metric.range.0 < metric.range.1);
        assert!(metric.range.0 <= metric.threshold && metric.threshold <= metric.range.1, "{}", metric.name);
        assert!(metric.threshold.is_finite());
        let deciding = ["kolmogorov_smirnov", "category_shift"].contains(&metric.name);
        assert_eq!(metric.floor.is_some(), deciding, "{}", metric.name);
    }
}

#[test]
fn zero_where_nothing_moved() {
    for metric in ALL.iter().filter(|metric| is_distance(metric)) {
        for counts in [&[7, 20, 3, 40][..], &[1, 1], &[5, 0, 5, 1_000_000]] {
            let score = match measure(metric, counts, counts) {
                Err(Undefined::TooFewRows) => continue,
                score => score.unwrap(),
            };
            in_range(metric, &score);
            assert!(score.value < 1e-12, "{}: {}", metric.name, score.value);
            assert!(score.p_value.is_none_or(|p| p > 0.2), "{}: {:?}", metric.name, score.p_value);
        }
    }
}

#[test]
fn in_range_or_undefined_on_odd_input() {
    let big = u64::MAX;
    let odd: &[(&[u64], &[u64])] = &[
        (&[], &[]),
        (&[0], &[0]),
        (&[0, 0], &[1, 0]),
        (&[1, 0], &[0, 0]),
        (&[1], &[1]),
        (&[10], &[99]),
        (&[1, 0], &[0, 1]),
        (&[1, 2], &[0, 1]),
        (&[10, 0], &[0, 10]),
        (&[1000, 0, 0], &[0, 0, 1]),
        (&[3, 5, 8], &[2]),
        (&[big], &[big]),
        (&[big, 0], &[0, big]),
        (&[big, 1, big], &[1, big, 3]),
        (&[big, big, big, big], &[1, 0, 2, 0]),
        (&[1 << 53, 1 << 53, 7], &[1 << 52, 1 << 54, 0]),
        (&[100_000_000, 99_000_000], &[100_000_000, 99_100_000]),
    ];
    for metric in ALL {
        for (baseline, current) in odd {
            if let Ok(score) = measure(metric, baseline, current) {
                in_range(metric, &score);
            }
            let (n, m) = (baseline.iter().any(|b| *b > 0), current.iter().any(|c| *c > 0));
            if !n || !m {
                let error = measure(metric, baseline, current).unwrap_err();
                let right = if n { Undefined::EmptyCurrent } else { Undefined::EmptyBaseline };
                assert_eq!(error, right, "{}", metric.name);
            }
        }
    }
}

#[test]
fn ranks_survive_values_that_must_not_occur() {
    let points = |lower: f64, upper: f64| {
        [
            Point { lower, upper: lower, baseline: 3, current: 5 },
            Point { lower, upper, baseline: 4, current: 1 },
            Point { lower: upper, upper, baseline: 2, current: 9 },
        ]
    };
    for metric in ALL {
        let Measure::Ranks(f) = metric.measure else { continue };
        for (lower, upper) in [
            (f64::NEG_INFINITY, 0.0),
            (0.0, f64::INFINITY),
            (f64::NEG_INFINITY, f64::INFINITY),
            (f64::NAN, 1.0),
            (f64::MIN, f64::MAX),
            (5.0, -5.0),
        ] {
            for baseline_std_dev in [0.0, 1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
                if let Ok(score) = f(&Ranks { points: &points(lower, upper), baseline_std_dev }) {
                    in_range(metric, &score);
                }
            }
        }
    }
}

#[test]
fn symmetric_where_it_says_so() {
    for metric in ALL {
        let (a, b) = (&[120, 30, 7, 0, 44, 1][..], &[400, 81, 0, 3, 150, 90][..]);
        let (Ok(one), Ok(other)) = (measure(metric, a, b), measure(metric, b, a)) else {
            assert!(metric.name.contains("unsmoothed") || !metric.symmetric, "{}", metric.name);
            continue;
        };
        let same = (one.value - other.value).abs() <= 1e-9 * one.value.abs();
        // Here both sides have the same spread, which alone makes the Wasserstein distance lopsided.
        if !metric.name.starts_with("wasserstein") {
            assert_eq!(same, metric.symmetric, "{}", metric.name);
        }
        if metric.symmetric {
            let (p, q) = (one.p_value.unwrap_or(0.0), other.p_value.unwrap_or(0.0));
            assert!((p - q).abs() <= 1e-6 * p, "{}: {p} {q}", metric.name);
        }
    }
}

#[test]
fn not_smaller_as_a_shift_grows() {
    // Rows of a bell slide along the bins, all of which stay filled.
    let bell = |shift: u32| -> Vec<u64> {
        (0..40_u32)
            .map(|i| {
                let z = (f64::from(i) - 15.0 - f64::from(shift)) / 3.0;
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "5 to 2005")]
                let rows = (2000.0 * (-z * z / 2.0).exp() + 5.0) as u64;
                rows
            })
            .collect()
    };
    // First bin loses what the last one gains.
    let swap = |shift: u32| vec![500 - u64::from(shift) * 40, 300, 200 + u64::from(shift) * 40];
    for metric in ALL {
        let mut last = f64::NEG_INFINITY;
        for shift in 0..9 {
            let score = measure(metric, &bell(0), &bell(shift)).unwrap();
            if metric.name != "two_proportion_z" {
                assert!(score.value >= last - 1e-9, "{} at {shift}: {} < {last}", metric.name, score.value);
            }
            last = score.value;
        }
        let mut last = f64::NEG_INFINITY;
        for shift in 0..9 {
            let score = measure(metric, &swap(0), &swap(shift)).unwrap();
            assert!(score.value >= last - 1e-9, "{} at {shift}: {} < {last}", metric.name, score.value);
            last = score.value;
        }
    }
}

#[test]
fn pooled_bins_are_never_one_category() {
    let (baseline, current) = (&[500, 480, 20, 0][..], &[100, 95, 4, 60][..]);
    let score = |pooled| {
        let Some(Measure::Shares(f)) = metric("l_infinity").map(|m| m.measure) else { panic!() };
        f(&Shares { baseline, current, pooled }).unwrap()
    };
    assert!(score(0).value > 0.2);
    assert!(score(1).value < 0.14);
    // All pooled: no category moved.
    assert_eq!(score(9), Score { value: 0.0, error_bound: 0.0, expected: Some(0.0), p_value: Some(1.0) });
}

proptest::proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_counts_make_a_metric_panic(
        cells in proptest::collection::vec((any_count(), any_count()), 0..12),
        pooled in 0_usize..4,
    ) {
        let (baseline, current): (Vec<u64>, Vec<u64>) = cells.into_iter().unzip();
        for metric in ALL {
            if let Ok(score) = measure(metric, &baseline, &current) {
                in_range(metric, &score);
            }
            if let Measure::Shares(f) = metric.measure
                && let Ok(score) = f(&Shares { baseline: &baseline, current: &current, pooled })
            {
                in_range(metric, &score);
            }
        }
        if let [b, n, ..] = baseline[..] && let [c, m, ..] = current[..] {
            let score = crate::share_difference(b, n, c, m);
            assert_eq!(score.is_ok(), n > 0 && m > 0);
            let score = score.unwrap_or(Score { value: 0.0, error_bound: 0.0, expected: None, p_value: None });
            assert!((0.0..=1.0).contains(&score.value) && score.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)));
            assert!(!crate::detectable(f64::NAN, n, m));
        }
    }
}

/// Small counts, large ones, and those near what a float and an integer can hold.
fn any_count() -> impl Strategy<Value = u64> {
    proptest::prop_oneof![
        4 => 0_u64..5,
        3 => 0_u64..3_000,
        1 => (1_u64 << 52)..(1 << 54),
        1 => (u64::MAX - 9)..=u64::MAX,
        1 => proptest::num::u64::ANY,
    ]
}
