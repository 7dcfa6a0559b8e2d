//! Calm windows by the thousand: p-values and expectations have to be those of chance.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use drift::{Measure, Names, Ranks, Score, Shares, metric, share_difference};

/// A small generator (`SplitMix64`), seeded, so that every run draws the same rows.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between 0 and 1.
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Draws categories by their weights in constant time (Walker's alias method).
struct Categories {
    keep: Vec<f64>,
    other: Vec<usize>,
}

impl Categories {
    fn new(weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let mut keep: Vec<f64> = weights.iter().map(|w| w / total * weights.len() as f64).collect();
        let mut other: Vec<usize> = (0..weights.len()).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..weights.len()).partition(|i| keep[*i] < 1.0);
        while let (Some(s), Some(&l)) = (small.pop(), large.last()) {
            other[s] = l;
            keep[l] -= 1.0 - keep[s];
            if keep[l] < 1.0 {
                large.pop();
                small.push(l);
            }
        }
        Self { keep, other }
    }

    fn counts(&self, rows: u32, random: &mut Random) -> Vec<u64> {
        let mut counts = vec![0; self.keep.len()];
        for _ in 0..rows {
            let scaled = (u128::from(random.next()) * self.keep.len() as u128) >> 64;
            let place = usize::try_from(scaled).unwrap();
            let place = if random.uniform() < self.keep[place] { place } else { self.other[place] };
            counts[place] += 1;
        }
        counts
    }
}

fn shares_score(name: &str, baseline: &[u64], current: &[u64]) -> Score {
    let Some(Measure::Shares(f)) = metric(name).map(|m| m.measure) else { panic!("{name}") };
    f(&Shares { baseline, current, pooled: 0 }).unwrap()
}

fn category_shift(baseline: &[u64], current: &[u64]) -> Score {
    // Buckets as a hash would make them: any fixed spread of the names.
    let buckets = |counts: &[u64]| -> Vec<u64> {
        if counts.len() <= 64 {
            return counts.to_vec();
        }
        let mut buckets = vec![0; 64];
        for (i, count) in counts.iter().enumerate() {
            buckets[(Random(i as u64).next() % 64) as usize] += count;
        }
        buckets
    };
    let (b, c) = (buckets(baseline), buckets(current));
    let Some(Measure::Names(f)) = metric("category_shift").map(|m| m.measure) else { panic!() };
    f(&Names {
        names: Shares { baseline, current, pooled: 0 },
        buckets: Shares { baseline: &b, current: &c, pooled: 0 },
    })
    .unwrap()
}

/// What came of many calm windows under one metric.
#[derive(Default)]
struct Calm {
    windows: f64,
    below_one_percent: f64,
    warned: f64,
    value: f64,
    squares: f64,
    expected: f64,
}

impl Calm {
    fn add(&mut self, score: &Score) {
        let p = score.p_value.unwrap_or(1.0);
        self.windows += 1.0;
        self.below_one_percent += f64::from(u8::from(p < 0.01));
        self.warned += f64::from(u8::from(p < 0.01 && score.value - score.expected.unwrap_or(0.0) > 0.03));
        self.value += score.value;
        self.squares += score.value * score.value;
        self.expected += score.expected.unwrap_or(0.0);
    }

    fn merge(&mut self, other: &Self) {
        self.windows += other.windows;
        self.below_one_percent += other.below_one_percent;
        self.warned += other.warned;
    }

    fn rate(&self) -> f64 {
        self.below_one_percent / self.windows
    }

    /// Whether the mean value lies within `share` of the expected one, give or take four standard errors.
    fn as_expected(&self, share: f64) -> bool {
        let mean = self.value / self.windows;
        let error = ((self.squares / self.windows - mean * mean).max(0.0) / self.windows).sqrt();
        (mean - self.expected / self.windows).abs() <= share * mean + 4.0 * error
    }

    #[expect(clippy::print_stderr, reason = "the figures of a simulation are its result")]
    fn report(&self, what: &str) {
        eprintln!(
            "{what:<46} p<0.01 {:5.2} %  warned {:5.2} %  mean {:.5}  expected {:.5}",
            100.0 * self.rate(),
            100.0 * self.warned / self.windows,
            self.value / self.windows,
            self.expected / self.windows,
        );
    }

    /// One cell may stray by chance, four standard errors of a rate of 1 %.
    fn assert_calm(&self, what: &str, limit: f64) {
        let chance = 4.0 * (0.01 / self.windows).sqrt();
        assert!(self.rate() <= limit + chance, "{what}: p < 0.01 in {:.2} %", 100.0 * self.rate());
    }
}

/// Baseline rows, current rows, baselines drawn, windows drawn against each.
const SIZES: [(u32, u32, u32, u32); 6] = [
    (10_000, 50, 40, 50),
    (10_000, 1_000, 40, 25),
    (10_000, 10_000, 40, 10),
    (100_000, 50, 10, 100),
    (100_000, 2_000, 10, 50),
    (100_000, 100_000, 12, 8),
];

#[test]
fn categories() {
    let mut random = Random(20_260_101);
    let mut all = Calm::default();
    for categories in [2_u32, 8, 100, 1_000, 10_000] {
        for zipf in [false, true] {
            let weight = |i: u32| if zipf { f64::from(i + 1).recip() } else { 1.0 };
            let weights: Vec<f64> = (0..categories).map(weight).collect();
            let law = Categories::new(&weights);
            let mut over_sizes = Calm::default();
            for (n, m, baselines, windows) in SIZES {
                let names =
                    ["l_infinity", "total_variation", "population_stability", "jensen_shannon", "hellinger"];
                let mut calm = Calm::default();
                let mut others: Vec<Calm> = names.iter().map(|_| Calm::default()).collect();
                for _ in 0..baselines {
                    let baseline = law.counts(n, &mut random);
                    for window in 0..windows {
                        let current = law.counts(m, &mut random);
                        calm.add(&category_shift(&baseline, &current));
                        if window < 20 {
                            for (name, other) in names.iter().zip(&mut others) {
                                other.add(&shares_score(name, &baseline, &current));
                            }
                        }
                    }
                }
                let law = if zipf { "Zipf" } else { "uniform" };
                let what = format!("{law} k={categories} n={n} m={m}");
                calm.report(&format!("category_shift {what}"));
                calm.assert_calm(&what, 0.015);
                for (name, other) in names.iter().zip(&others) {
                    other.report(&format!("    {name}"));
                    // With a handful of rows in each category, counts are skewed and far from
                    // normal: the largest comes out above its expectation, and p keeps it calm.
                    let few = *name == "l_infinity" && m < 10 * categories;
                    assert!(few || other.as_expected(0.05), "{name} {what}");
                }
                over_sizes.merge(&calm);
                all.merge(&calm);
            }
            over_sizes.assert_calm(&format!("k={categories} zipf={zipf}"), 0.012);
        }
    }
    all.report("category_shift, all");
    assert!(all.rate() <= 0.015, "p < 0.01 in {:.2} %", 100.0 * all.rate());
    assert!(all.warned <= all.below_one_percent);
}

#[test]
fn numbers() {
    let mut random = Random(20_260_102);
    let mut all = Calm::default();
    // Continuous, skewed, and rounded to few values; distances do not care for the law but for ties.
    type Quantile = fn(f64) -> f64;
    let laws: [(&str, Quantile); 3] = [
        ("logistic", |u| (u / (1.0 - u)).ln()),
        ("exponential", |u| -(1.0 - u).ln()),
        ("rounded", |u| (-(1.0 - u).ln() * 3.0).floor()),
    ];
    for (law, quantile) in laws {
        for (n, m, windows) in
            [(10_000, 50, 800), (10_000, 300, 800), (10_000, 10_000, 300), (100_000, 1_000, 60)]
        {
            let mut sample = |rows: u32| -> Vec<f64> {
                (0..rows).map(|_| quantile(random.uniform().max(1e-12))).collect()
            };
            let names = [
                "kolmogorov_smirnov",
                "wasserstein.raw",
                "energy_distance",
                "cramer_von_mises",
                "anderson_darling",
            ];
            let mut calm: Vec<Calm> = names.iter().map(|_| Calm::default()).collect();
            for _ in 0..windows {
                let points = Ranks::exact_points(&sample(n), &sample(m));
                for (name, calm) in names.iter().zip(&mut calm) {
                    let Some(Measure::Ranks(f)) = metric(name).map(|m| m.measure) else { panic!("{name}") };
                    calm.add(&f(&Ranks { points: &points, baseline_std_dev: 1.0 }).unwrap());
                }
            }
            for (name, calm) in names.iter().zip(&calm) {
                calm.report(&format!("{name} {law} n={n} m={m}"));
                calm.assert_calm(&format!("{name} {law} n={n} m={m}"), 0.015);
            }
            // On the safe side for values that repeat.
            assert!(calm[0].as_expected(0.06) || law == "rounded", "{law} {n} {m}");
            assert!(calm[0].value <= 1.05 * calm[0].expected, "{law} {n} {m}");
            assert!(calm[1].as_expected(0.05), "{law} {n} {m}");
            assert!(calm[3].as_expected(0.02), "{law} {n} {m}");
            let ks = &calm[0];
            all.merge(ks);
        }
    }
    all.report("kolmogorov_smirnov, all");
    assert!(all.rate() <= 0.015);
}

#[test]
fn shares_of_hits() {
    let mut random = Random(20_260_103);
    let mut all = Calm::default();
    for rate in [0.0005, 0.02, 0.3, 0.5] {
        let law = Categories::new(&[rate, 1.0 - rate]);
        for (n, m, baselines, windows) in SIZES {
            let mut calm = Calm::default();
            for _ in 0..baselines {
                let baseline = law.counts(n, &mut random);
                for _ in 0..windows {
                    let current = law.counts(m, &mut random);
                    calm.add(&share_difference(baseline[0], n.into(), current[0], m.into()).unwrap());
                }
            }
            calm.report(&format!("share_difference rate={rate} n={n} m={m}"));
            calm.assert_calm(&format!("rate={rate} n={n} m={m}"), 0.015);
            all.merge(&calm);
        }
    }
    all.report("share_difference, all");
    assert!(all.rate() <= 0.015, "p < 0.01 in {:.2} %", 100.0 * all.rate());
}
