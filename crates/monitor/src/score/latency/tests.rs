//! Quantiles and shares against those of the values themselves, and what is judged.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use profile::{Profile, Spec, Survey};

use super::*;
use crate::{
    baseline::{Constraints, suggest},
    score::{judge, severity},
    settings::Latency,
    tables::Severity,
};

fn batch(values: &[Option<f64>]) -> RecordBatch {
    let column: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    RecordBatch::try_from_iter([("ms", column)]).unwrap()
}

fn frozen(values: &[Option<f64>]) -> Spec {
    let mut survey = Survey::default();
    survey.observe(&batch(values), &|_| true);
    survey.freeze()
}

fn profile(spec: &Spec, values: &[Option<f64>]) -> Profile {
    let mut profile = Profile::new(spec);
    profile.observe(spec, &batch(values), &|_| true);
    profile
}

fn key() -> Key {
    Key { monitor: "m".into(), window_start: 0, window_end: 3_600_000_000, segment: None }
}

/// The scores of a window, judged.
fn scored(before: &[Option<f64>], now: &[Option<f64>], slow: Option<f64>) -> Vec<Scored> {
    let spec = frozen(before);
    let (before, now) = (profile(&spec, before), profile(&spec, now));
    let roles = Roles { latency: Some("ms".into()), ..Roles::default() };
    let constraints: Constraints = suggest(&spec, &before, &roles);
    let settings = Settings { roles, latency: Latency { slow, errors: Vec::new() }, ..Settings::default() };
    let baseline = Baseline {
        spec: spec.clone(),
        profiles: [(None, before.clone())].into(),
        hours: std::collections::BTreeMap::new(),
        constraints: constraints.clone(),
        rank_errors: Vec::new(),
        outcomes: None,
        others: Default::default(),
        digest: String::new(),
    };
    let pair = Pair {
        spec: &spec.features()[0],
        baseline: &before.features[0],
        current: &now.features[0],
        constraint: constraints.feature("ms"),
        rank_error: 0.0,
        cut: None,
    };
    let scorer = Scorer::new(&[], &constraints).unwrap();
    let mut scored = Answers::new(&settings, &baseline).scores(&key(), &pair, &scorer);
    judge(scored.iter_mut());
    scored
}

fn of<'a>(scored: &'a [Scored], metric: &str) -> &'a Scored {
    scored.iter().find(|scored| scored.row.metric == metric).unwrap()
}

/// Skewed latencies around `centre`.
fn around(centre: f64, rows: u32) -> Vec<Option<f64>> {
    let share = |row: u32| (f64::from(row.wrapping_mul(2_654_435_761)) + 0.5) / 4_294_967_296.0;
    (0..rows).map(|row| Some(centre * (0.7 - 0.3 * share(row).ln()))).collect()
}

#[test]
fn a_spike_is_found_and_its_end_is_not() {
    let calm = around(50.0, 5_000);
    let spike = scored(&calm, &around(500.0, 400), None);
    let slow = of(&spike, "slow_ratio");
    assert_eq!(
        (slow.row.status, slow.row.value, slow.row.error_bound),
        (Status::Violated, Some(1.0), Some(0.0))
    );
    assert_eq!(severity(slow), Severity::Violation);
    // The limit is the end of a slot: what lies above is counted, not estimated.
    let usual = slow.row.baseline_value.unwrap();
    assert!(usual > 0.005 && usual <= 0.01, "{usual}");
    let p50 = &of(&spike, "latency_p50").row;
    assert!((p50.value.unwrap() / p50.baseline_value.unwrap() - 10.0).abs() < 0.5, "{p50:?}");
    // The same hour after the spike: fewer slow answers, and as many as ever.
    for (before, now) in [(around(500.0, 5_000), around(50.0, 400)), (calm, around(50.0, 400))] {
        assert_ne!(of(&scored(&before, &now, None), "slow_ratio").row.status, Status::Violated);
    }
}

#[test]
fn a_limit_that_is_set_takes_the_place_of_the_percentile() {
    let (before, now) = (around(50.0, 5_000), around(60.0, 4_000));
    for limit in [10.0, 55.5, 80.0, 1e6, -1.0] {
        let found = scored(&before, &now, Some(limit));
        let row = &of(&found, "slow_ratio").row;
        let above = now.iter().flatten().filter(|value| **value > limit).count();
        let exact = above as f64 / now.len() as f64;
        assert!((row.value.unwrap() - exact).abs() <= row.error_bound.unwrap(), "{limit}: {row:?} {exact}");
        assert!(row.error_bound.unwrap() < 0.01, "{limit}: {row:?}");
        assert_eq!(row.method, format!("slow_ratio/above{limit}"));
    }
}

#[test]
fn what_has_no_latency_is_left_out_and_what_never_ends_is_slow() {
    let before = around(50.0, 1_000);
    let mut now = around(50.0, 500);
    now.extend([None, Some(f64::NAN), Some(f64::NEG_INFINITY), Some(-5.0)]);
    now.extend([Some(f64::INFINITY); 20]);
    let found = scored(&before, &now, Some(1e4));
    let slow = &of(&found, "slow_ratio").row;
    assert_eq!((slow.value, slow.rows), (Some(20.0 / 522.0), 522));
    assert_eq!(of(&found, "latency_p50").row.rows, 501, "of those that ended");
    let nothing = scored(&before, &[None, None], None);
    assert!(nothing.iter().all(|scored| scored.row.status == Status::Empty && scored.row.value.is_none()));
}

#[test]
fn throughput_is_for_windows_with_an_end() {
    let settings =
        Settings { roles: Roles { status: Some("s".into()), ..Roles::default() }, ..Settings::default() };
    let document = br#"{"version": 0.0, "features": []}"#;
    let baseline = Baseline {
        spec: Spec::default(),
        profiles: std::collections::BTreeMap::new(),
        hours: std::collections::BTreeMap::new(),
        constraints: serde_json::from_slice(document).unwrap(),
        rank_errors: Vec::new(),
        outcomes: None,
        others: Default::default(),
        digest: String::new(),
    };
    let answers = Answers::new(&settings, &baseline);
    let row = answers.throughput(&key(), 7_200, &[1_800, 3_600, 9_000]).unwrap();
    assert_eq!((row.value, row.baseline_value, row.rows), (Some(2.0), Some(1.0), 7_200));
    let all = Key { window_start: i64::MIN, window_end: i64::MAX, ..key() };
    assert!(answers.throughput(&all, 7_200, &[]).is_none());
    assert!(answers.note().unwrap().contains("`s`"));
    let none = Settings::default();
    assert!(Answers::new(&none, &baseline).throughput(&key(), 1, &[]).is_none());
}

/// A quantile as NumPy's `inverted_cdf` takes it: the value at rank `ceil(share * rows)`.
#[test]
fn quantiles_are_within_their_bound() {
    let mut windows = 0;
    for (base, rows, centre) in [
        (1, 1, 50.0),
        (3, 10, 50.0),
        (300, 7, 80.0),
        (900, 999, 52.0),
        (5_000, 1_000, 500.0),
        (2_000, 4_001, 45.0),
    ] {
        // Calm answers, ties, and a tail far from what the baseline knows.
        let mut now = around(centre, rows);
        now.iter_mut().step_by(5).for_each(|value| *value = Some(40.0));
        now.iter_mut().step_by(97).for_each(|value| *value = value.map(|value| value * 30.0));
        let found = scored(&around(50.0, base), &now, None);
        let mut sorted: Vec<f64> = now.into_iter().flatten().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        for (metric, rank) in QUANTILES {
            let exact = sorted[(sorted.len() * rank as usize).div_ceil(1000) - 1];
            let row = &of(&found, metric).row;
            let off = (row.value.unwrap() - exact).abs();
            assert!(off <= row.error_bound.unwrap(), "{base} {rows} {metric}: {row:?} {exact}");
            windows += usize::from(off > 0.0);
        }
    }
    assert!(windows > 5, "values inside a slot are not known exactly");
}
