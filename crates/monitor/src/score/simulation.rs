//! Simulated windows with known drift: how often the default rule alarms when nothing moved, and when something did.
//!
//! The data goes the whole way: Arrow arrays, survey, frozen bins, profile, scores, verdict. Set
//! `DRIFTSCAN_SIMULATION=1000` for that many windows a cell, and `-- --nocapture` to see the table.

#![expect(clippy::print_stdout, reason = "the table is for whoever runs it with --nocapture")]

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use profile::{Profile, Spec, Survey};

use super::{Distribution, Pair, Scorer, judge};
use crate::{
    baseline::{Constraints, suggest},
    settings::Roles,
    tables::{Key, Status},
};

/// SplitMix64: small, seeded, and good enough to draw samples with.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[derive(Debug, Clone, Copy)]
enum Law {
    Normal {
        shift: f64,
        scale: f64,
    },
    LogNormal,
    ZeroInflated,
    Cents,
    Count,
    /// Equal shares; `moved` of the mass goes from the first half of the names to the second.
    Equal {
        names: u64,
        moved: f64,
    },
    /// Shares falling as one over the rank; `moved` from the first name to the second; `new` to a name of its own.
    Zipf {
        names: u64,
        moved: f64,
        new: f64,
    },
}

const CALM: Law = Law::Normal { shift: 0.0, scale: 1.0 };

fn sample(law: Law, rows: usize, random: &mut Random) -> RecordBatch {
    let column: ArrayRef = match law {
        Law::Equal { names, moved } => {
            let half = names / 2;
            let draw = |random: &mut Random| {
                let name = random.next() % names;
                // Moving 2 * moved of the rows of one half moves `moved` of all rows.
                if name < half && random.uniform() < 2.0 * moved { name + half } else { name }
            };
            Arc::new(StringArray::from_iter_values((0..rows).map(|_| format!("n{}", draw(random)))))
        }
        Law::Zipf { names, moved, new } => {
            let total: f64 = (1..=names).map(|rank| 1.0 / rank as f64).sum();
            let mut cumulative = 0.0;
            let ends: Vec<f64> = (1..=names)
                .map(|rank| {
                    cumulative += 1.0 / rank as f64 / total;
                    cumulative
                })
                .collect();
            let first = ends[0];
            let draw = |random: &mut Random| {
                if random.uniform() < new {
                    return "brand new".to_owned();
                }
                let point = random.uniform();
                let rank = ends.partition_point(|end| *end < point).min(ends.len() - 1);
                let rank = if rank == 0 && random.uniform() < moved / first { 1 } else { rank };
                format!("n{rank}")
            };
            Arc::new(StringArray::from_iter_values((0..rows).map(|_| draw(random))))
        }
        law => {
            let draw = |random: &mut Random| match law {
                Law::Normal { shift, scale } => 50.0 + shift + scale * random.normal(),
                Law::LogNormal => random.normal().exp(),
                Law::ZeroInflated => {
                    if random.uniform() < 0.7 {
                        0.0
                    } else {
                        random.normal().exp()
                    }
                }
                Law::Cents => (random.uniform() * 1e4).round() / 100.0,
                _ => (random.normal().abs() * 4.0).floor(),
            };
            Arc::new(Float64Array::from_iter_values((0..rows).map(|_| draw(random))))
        }
    };
    RecordBatch::try_from_iter([("x", column)]).unwrap()
}

fn profile(spec: &Spec, batch: &RecordBatch) -> Profile {
    let mut profile = Profile::new(spec);
    profile.observe(spec, batch, &|_| true);
    profile
}

/// Share of windows in which any check of the feature alarms.
fn alarms(baseline: Law, current: Law, baseline_rows: usize, rows: usize, windows: usize, seed: u64) -> f64 {
    let mut random = Random(seed);
    let key = Key { monitor: "m".into(), window_start: 0, window_end: 1, segment: None };
    let mut alarms = 0;
    let mut frozen: Option<(Spec, Profile, Constraints)> = None;
    for window in 0..windows {
        // A new baseline now and then, so that no cell hangs on the luck of one.
        if window % 10 == 0 || frozen.is_none() {
            let batch = sample(baseline, baseline_rows, &mut random);
            let mut survey = Survey::default();
            survey.observe(&batch, &|_| true);
            let spec = survey.freeze();
            let profile = profile(&spec, &batch);
            let constraints = suggest(&spec, &profile, &Roles::default());
            frozen = Some((spec, profile, constraints));
        }
        let (spec, before, constraints) = frozen.as_ref().unwrap();
        let now = profile(spec, &sample(current, rows, &mut random));
        let scorer = Scorer::new(&["kolmogorov_smirnov".to_owned()], constraints).unwrap();
        let pair = Pair {
            spec: &spec.features()[0],
            baseline: &before.features[0],
            current: &now.features[0],
            constraint: constraints.feature("x"),
            rank_error: 0.0,
            cut: None,
        };
        let mut scores = scorer.scores(&key, &pair, Distribution::of(&pair).as_ref());
        judge(scores.iter_mut());
        alarms += usize::from(scores.iter().any(|scored| scored.row.status == Status::Violated));
    }
    alarms as f64 / windows as f64
}

fn windows(default: usize) -> usize {
    std::env::var("DRIFTSCAN_SIMULATION").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn calm_windows_stay_calm() {
    let laws = [
        CALM,
        Law::LogNormal,
        Law::ZeroInflated,
        Law::Cents,
        Law::Count,
        Law::Equal { names: 2, moved: 0.0 },
        Law::Equal { names: 50, moved: 0.0 },
        Law::Equal { names: 1_000, moved: 0.0 },
        Law::Equal { names: 10_000, moved: 0.0 },
        Law::Zipf { names: 50, moved: 0.0, new: 0.0 },
        Law::Zipf { names: 1_000, moved: 0.0, new: 0.0 },
        Law::Zipf { names: 10_000, moved: 0.0, new: 0.0 },
    ];
    println!("false alarms, share of calm windows; baseline of 10,000 rows, then of 100,000");
    for (law, seed) in laws.into_iter().zip(1_u64..) {
        for baseline_rows in [10_000, 100_000] {
            print!("{:50}", format!("{law:?} {baseline_rows}"));
            for (rows, default) in [(50, 300), (200, 200), (1_000, 100), (10_000, 40), (100_000, 10)] {
                let windows = windows(default);
                let share = alarms(law, law, baseline_rows, rows, windows, seed);
                print!(" {rows}: {share:.4}");
                // 1 %, and what chance may add to it in so few windows.
                let limit = 0.01 + 3.0 * (0.01 / windows as f64).sqrt();
                assert!(
                    share <= limit,
                    "{law:?}, {baseline_rows} and {rows} rows: {share} of {windows} windows"
                );
            }
            println!();
        }
    }
}

#[test]
fn real_drift_is_found() {
    let zipf = |moved, new| Law::Zipf { names: 50, moved, new };
    let cases = [
        ("shift of 0.2 sd", CALM, Law::Normal { shift: 0.2, scale: 1.0 }, 0.95),
        ("scale 1.5", CALM, Law::Normal { shift: 0.0, scale: 1.5 }, 0.95),
        ("swap of 5 points", zipf(0.0, 0.0), zipf(0.05, 0.0), 0.95),
        ("new category of 5 %", zipf(0.0, 0.0), zipf(0.0, 0.05), 0.95),
        (
            "20 points over 1,000 names",
            Law::Equal { names: 1_000, moved: 0.0 },
            Law::Equal { names: 1_000, moved: 0.2 },
            0.80,
        ),
    ];
    println!("drift found, share of windows of 10,000 rows; baseline of 10,000 rows, then of 100,000");
    for (name, baseline, current, wanted) in cases {
        for baseline_rows in [10_000, 100_000] {
            let share = alarms(baseline, current, baseline_rows, 10_000, windows(40), 77);
            println!("{name:30} {baseline_rows:8} {share:.3}");
            assert!(share >= wanted, "{name}, baseline of {baseline_rows}: {share}");
        }
    }
}
