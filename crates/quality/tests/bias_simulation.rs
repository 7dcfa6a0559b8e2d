//! Two hundred windows of known bias: intervals have to hold it, and only what is worse may alarm.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use quality::bias::{
    ALL, Change, Convention, Metric, Outcomes, Resampling, Sample, SampledRow, Sides, Table, Verdict,
    cautious,
};
use rand::SeedableRng;
use rand_distr::{Binomial, Distribution, StandardUniform};
use rand_pcg::Pcg64;

const SEEDS: u64 = 200;
/// True and false positives, false and true negatives of the rest, as shares.
const REST: [f64; 4] = [0.35, 0.15, 0.1, 0.4];
/// Those of a group that is accepted less often.
const GROUP: [f64; 4] = [0.3, 0.12, 0.13, 0.45];

fn outcomes(rows: u64, shares: [f64; 4], random: &mut Pcg64) -> Outcomes {
    let (mut left, mut of) = (rows, 1.0);
    let mut counts = [0; 4];
    for (count, share) in counts.iter_mut().zip(shares) {
        *count = Binomial::new(left, f64::min(share / of, 1.0)).unwrap().sample(random);
        left -= *count;
        of = f64::max(of - share, 1e-12);
    }
    counts[3] += left;
    Outcomes::of(counts)
}

fn metrics() -> Vec<Metric> {
    ALL.iter().filter(|m| ["DPL", "AD", "DI", "DPPL", "DAR", "RD", "SD"].contains(&m.name)).copied().collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "the rates are what the test is worth")]
fn intervals_hold_the_truth_and_calm_windows_are_calm() {
    let metrics = metrics();
    let exact = |shares: [f64; 4]| Outcomes::of(shares.map(|share| (share * 1e6).round() as u64));
    let truth: Vec<f64> = metrics
        .iter()
        .map(|metric| metric.value(&Table::new(exact(REST), exact(GROUP)), Convention::Strict).unwrap())
        .collect();
    let (mut held, mut low, mut alarms, mut found, mut few) = (0.0, 0, 0, 0, 0);
    for seed in 0..SEEDS {
        let mut random = Pcg64::seed_from_u64(seed);
        let resampling = Resampling { tables: 400, seed, ..Resampling::default() };
        let mut window = |rows: u64, group: [f64; 4]| {
            let (rest, group) = (outcomes(2 * rows, REST, &mut random), outcomes(rows, group, &mut random));
            let found = resampling.estimates(&metrics, &Table::new(rest, group));
            found.into_iter().map(|(_, estimate)| estimate.unwrap()).collect::<Vec<_>>()
        };
        let (baseline, calm) = (window(5_000, GROUP), window(1_000, GROUP));
        let worse = window(1_000, [0.15, 0.05, 0.28, 0.52]);
        let tiny = window(25, GROUP);
        for (i, metric) in metrics.iter().enumerate() {
            let (from, to) = calm[i].interval.unwrap();
            held += f64::from(u8::from(from <= truth[i] && truth[i] <= to));
            let verdict = |current| {
                let change = Change::new(metric, &baseline[i], current);
                (change.p_value, change.verdict(change.p_value))
            };
            let (p_value, calm) = verdict(&calm[i]);
            low += u32::from(p_value.unwrap() < 0.01);
            alarms += u32::from(calm == Verdict::Violated);
            if ["DI", "DPPL", "RD"].contains(&metric.name) {
                found += u32::from(verdict(&worse[i]).1 == Verdict::Violated);
            }
            few += u32::from(verdict(&tiny[i]) == (None, Verdict::InsufficientRows));
        }
    }
    let all = SEEDS as f64 * metrics.len() as f64;
    eprintln!(
        "of {all}: {held} hold the truth, {low} below 0.01, {alarms} alarms; {found} of 600 found; {few} too few"
    );
    assert!((0.93..0.97).contains(&(held / all)), "{held}");
    assert!(low <= 22 && alarms <= 22, "{low} {alarms}");
    assert_eq!((found, few), (600, 1400));
}

/// Of few rows, cells with nothing or everything in them look sure of themselves.
#[test]
#[expect(clippy::print_stderr, reason = "the rates are what the test is worth")]
fn few_rows_do_not_look_like_a_change() {
    let (rest, group) = ([0.12, 0.03, 0.06, 0.79], [0.12, 0.03, 0.06, 0.79]);
    let (mut compared, mut own, mut alike, mut found) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let mut random = Pcg64::seed_from_u64(seed);
        let resampling = Resampling { tables: 1_000, seed, ..Resampling::default() };
        let baseline = Table::new(outcomes(600, rest, &mut random), outcomes(300, group, &mut random));
        let calm = Table::new(outcomes(120, rest, &mut random), outcomes(40, group, &mut random));
        let turned = [0.02, 0.38, 0.04, 0.56];
        let worse = Table::new(outcomes(120, rest, &mut random), outcomes(40, turned, &mut random));
        let before = resampling.estimates(ALL, &baseline);
        // Beside some other scores of a window.
        let alarms = |change: &Change| change.verdict(change.p_value.map(|p| p * 20.0)) == Verdict::Violated;
        let changes = |current: &Table| -> Vec<[Change; 2]> {
            let now = resampling.estimates(ALL, current);
            let counted: Vec<Metric> = now.iter().map(|(metric, _)| **metric).collect();
            let chance = resampling.if_alike(&counted, &baseline, current);
            let each = before.iter().zip(&now).zip(chance).filter_map(|((before, now), chance)| {
                let (metric, baseline, current) = (now.0, before.1.ok()?, now.1.ok()?);
                let change = |chance| Change::with_error(metric, &baseline, &current, chance);
                Some([change(None), change(chance)])
            });
            each.collect()
        };
        for [of_its_own, of_both] in changes(&calm) {
            compared += 1;
            own += u32::from(alarms(&of_its_own));
            alike += u32::from(alarms(&of_both));
        }
        found += u32::from(changes(&worse).iter().any(|[_, of_both]| alarms(of_both)));
    }
    eprintln!(
        "of {compared}: {own} alarms by errors of their own, {alike} by what chance makes; {found} found"
    );
    assert!(compared > 2_500 && own >= 8, "{compared} {own}");
    assert!(alike <= 1 && found >= 190, "{alike} {found}");
}

/// Rows of a group and of a rest twice as large whose features lie elsewhere, under one model; `held_back` of the group's
/// positive predictions are made negative.
fn sides(rows: u64, held_back: f64, random: &mut Pcg64) -> Sides {
    let mut sample = Sample::new(2);
    let uniform = |random: &mut Pcg64| StandardUniform.sample(random);
    for row in 0..3 * rows {
        let is_group = row < rows;
        let features: [f64; 2] =
            [uniform(random), uniform(random) * if is_group { 0.8 } else { 1.0 }].map(|x: f64| x * 10.0);
        let noise: f64 = uniform(random);
        let yes = features[0] + features[1] + 4.0 * noise > 11.0;
        let refused: f64 = uniform(random);
        let prediction = yes && !(is_group && refused < held_back);
        let facet = if is_group { "group" } else { "rest" };
        let key = sketch::hash_f64(uniform(random));
        sample.observe(SampledRow { key, facet, prediction, labelled: true, features: &features });
    }
    sample.sides(|name| name == "group", false).unwrap()
}

#[test]
#[expect(clippy::print_stderr, reason = "the rates are what the test is worth")]
fn flips_alarm_where_the_like_fare_worse() {
    let metric = quality::bias::metric("FT").unwrap();
    let (mut low, mut alarms, mut found, mut few) = (0, 0, 0, 0);
    let mut spread = (0.0, 0.0);
    for seed in 0..SEEDS {
        let mut random = Pcg64::seed_from_u64(seed);
        let baseline = sides(1_500, 0.0, &mut random);
        let mut change = |rows: u64, held_back: f64| {
            let now = sides(rows, held_back, &mut random);
            let (before, now) = (baseline.as_many_as(&now), now.as_many_as(&baseline));
            let plain = (before.estimate().unwrap(), now.estimate().unwrap());
            (Change::new(metric, &cautious(plain.0), &cautious(plain.1)), plain)
        };
        let (calm, (before, now)) = change(600, 0.0);
        low += u32::from(calm.p_value.unwrap() < 0.01);
        alarms += u32::from(calm.verdict(calm.p_value) == Verdict::Violated);
        spread.0 += (now.value - before.value).powi(2);
        spread.1 += now.standard_error.unwrap().powi(2) + before.standard_error.unwrap().powi(2);
        found += u32::from(change(600, 0.3).0.verdict(Some(0.001)) == Verdict::Violated);
        let tiny = change(60, 0.0).0;
        few += u32::from((tiny.p_value, tiny.verdict(None)) == (None, Verdict::InsufficientRows));
    }
    let told = (spread.1 / spread.0).sqrt();
    eprintln!(
        "flip test, {SEEDS} seeds: {low} below 0.01, {alarms} alarms, {found} found, {few} too few; \
         the error told is {told:.2} of the spread seen"
    );
    assert!(low <= 6 && alarms <= 6, "{low} {alarms}");
    assert!((0.8..1.3).contains(&told), "{told}");
    assert_eq!((found, few), (200, 200));
}
