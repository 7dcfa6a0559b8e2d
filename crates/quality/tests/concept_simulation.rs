//! Two hundred streams with planted shifts of the inputs, of the relation, or of neither: who is alarmed, and of what.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use quality::concept::{Classes, Means, Score, change, decompose, mean_change};
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

const SEEDS: u64 = 200;
const BINS: usize = 10;

/// What a stream is drawn from.
#[derive(Clone, Copy)]
struct Law {
    /// Mean and spread of the first feature; the second is standard normal.
    mean: f64,
    spread: f64,
    /// Weights of the two features in the logit, or in the mean of a number.
    weights: [f64; 2],
}

const BASELINE: Law = Law { mean: 0.0, spread: 1.0, weights: [1.5, 1.0] };

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Decile of a standard normal variable.
fn bin(x: f64) -> usize {
    const EDGES: [f64; 9] = [-1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816];
    EDGES.partition_point(|edge| *edge <= x)
}

/// One side, by every state that is compared.
struct Side {
    first: Classes,
    second: Classes,
    second_given_score: Classes,
    score: Classes,
    number: Means,
    errors: Means,
}

fn normal(random: &mut impl Rng) -> f64 {
    StandardNormal.sample(random)
}

fn side(law: Law, rows: u32, random: &mut Pcg64) -> Side {
    let mut side = Side {
        first: Classes::new(BINS, 1, 2),
        second: Classes::new(BINS, 1, 2),
        second_given_score: Classes::new(BINS, BINS, 2),
        score: Classes::new(BINS, 1, 2),
        number: Means::new(BINS, 1),
        errors: Means::new(BINS, 1),
    };
    for _ in 0..rows {
        let x = [law.mean + law.spread * normal(random), normal(random)];
        let signal = law.weights[0] * x[0] + law.weights[1] * x[1];
        let label = usize::from(random.random::<f64>() < logistic(signal));
        // The model knows the baseline's relation.
        let logit = BASELINE.weights[0] * x[0] + BASELINE.weights[1] * x[1];
        let score = bin(logit / BASELINE.weights[0].hypot(BASELINE.weights[1]));
        side.first.observe(bin(x[0]), 0, label, 1);
        side.second.observe(bin(x[1]), 0, label, 1);
        side.second_given_score.observe(bin(x[1]), score, label, 1);
        side.score.observe(score, 0, label, 1);
        side.number.observe(bin(x[0]), 0, signal + normal(random), 1);
        side.errors.observe(score, 0, f64::from(u8::from((logit > 0.0) != (label == 1))), 1);
    }
    side
}

/// How many streams are alarmed by each state: significant, and above chance by the floor.
#[derive(Debug, Default)]
struct Alarms {
    first: u64,
    second: u64,
    second_given_score: u64,
    score: u64,
    number: u64,
    /// The part of the errors that is explained by inputs, or by the relation, is significant and above 0.005.
    inputs: u64,
    relation: u64,
    /// Sums over streams of value and expectation of the plain form, and p-values below 0.01 of all five states.
    value: f64,
    expected: f64,
    significant: u64,
}

fn alarms(current: Law, rows: u32) -> Alarms {
    let mut alarms = Alarms::default();
    for seed in 0..SEEDS {
        let mut random = Pcg64::seed_from_u64(seed);
        let (before, now) = (side(BASELINE, 10_000, &mut random), side(current, rows, &mut random));
        let mut alarmed = |score: Score| {
            alarms.significant += u64::from(score.p_value < 0.01);
            u64::from(score.p_value < 0.01 && score.value - score.expected > 0.03)
        };
        let first = change(&before.first, &now.first).unwrap();
        alarms.value += first.value;
        alarms.expected += first.expected;
        alarms.first += alarmed(first);
        alarms.second += alarmed(change(&before.second, &now.second).unwrap());
        alarms.second_given_score +=
            alarmed(change(&before.second_given_score, &now.second_given_score).unwrap());
        alarms.score += alarmed(change(&before.score, &now.score).unwrap());
        alarms.number += alarmed(mean_change(&before.number, &now.number).unwrap());
        let parts = decompose(&before.errors, &now.errors).unwrap();
        let large =
            |part: quality::concept::Part| u64::from(part.p_value() < 0.01 && part.value.abs() > 0.005);
        alarms.inputs += large(parts.inputs);
        alarms.relation += large(parts.relation);
    }
    alarms
}

#[expect(clippy::print_stderr, reason = "the rates are what the test is worth")]
fn report(what: &str, alarms: &Alarms) {
    eprintln!("{what}, of {SEEDS}: {alarms:?}");
}

#[test]
fn calm_streams_are_calm() {
    for rows in [100, 1_000, 5_000] {
        let calm = alarms(BASELINE, rows);
        report(&format!("calm, {rows} rows"), &calm);
        // One in a hundred of a thousand p-values, give or take four standard errors; some more where bins hold few rows.
        let most = if rows < 1_000 { 30 } else { 23 };
        assert!((1..=most).contains(&calm.significant), "{rows}: {}", calm.significant);
        assert!((calm.value / calm.expected - 1.0).abs() < 0.03, "{rows}");
        // Without control of false discoveries, and at 100 rows all that is significant is large.
        let alarms = calm.first + calm.second + calm.second_given_score + calm.score + calm.number;
        assert!(alarms <= if rows < 1_000 { 30 } else { 10 }, "{rows}: {alarms}");
        assert!(calm.relation + calm.inputs <= 12, "{rows}");
    }
}

#[test]
fn a_shift_of_the_inputs_is_not_one_of_the_relation() {
    for law in [Law { mean: 0.5, ..BASELINE }, Law { mean: 1.0, ..BASELINE }, Law { spread: 0.5, ..BASELINE }]
    {
        let found = alarms(law, 5_000);
        report(&format!("inputs to mean {} and spread {}", law.mean, law.spread), &found);
        assert!(found.first <= 4 && found.score <= 4 && found.second_given_score <= 4, "{found:?}");
        // Fewer errors away from the middle; what is left within the wide bins is small.
        assert!(found.inputs >= 170 && found.relation <= 20, "{found:?}");
    }
    // The second feature's own bins see the shift of the first: the limit of that form.
    let confounded = alarms(Law { mean: 1.0, ..BASELINE }, 5_000);
    assert!(confounded.second >= 190, "{confounded:?}");
}

#[test]
fn a_shift_of_the_relation_is_found() {
    let found = alarms(Law { weights: [0.5, 1.0], ..BASELINE }, 5_000);
    report("weight of the first feature 1.5 to 0.5", &found);
    assert!(
        found.first >= 198 && found.score >= 198 && found.number >= 198 && found.relation >= 198,
        "{found:?}"
    );
    assert!(found.inputs <= 8, "{found:?}");
    let found = alarms(Law { weights: [1.5, -1.0], ..BASELINE }, 1_000);
    report("weight of the second feature turned, 1,000 rows", &found);
    assert!(found.second >= 198 && found.second_given_score >= 198 && found.score >= 190, "{found:?}");
}
