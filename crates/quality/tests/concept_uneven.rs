//! Two hundred streams in which nothing moves, the inputs, the relation of one value of a feature, or that of all rows: which
//! features are alarmed, and by which bin.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use quality::concept::{Classes, Score, uneven_change};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;

const SEEDS: u64 = 200;
/// Values of the features: the first has a rare value, the second goes along with the first, the others are their own.
const VALUES: [usize; 4] = [8, 3, 2, 10];
const SCORES: usize = 10;

/// What becomes of a label where the relation has moved.
#[derive(Clone, Copy, Debug)]
enum Move {
    Set(u8),
    Turn,
    /// Drawn anew in three of ten rows.
    Blur,
}

/// What a stream is drawn from.
#[derive(Clone, Copy, Debug, Default)]
struct Law {
    /// Shifts the weights of the values of all features.
    inputs: f64,
    /// Where the relation moved: in a value of a feature, or in all rows.
    moved: Option<(Option<(usize, usize)>, Move)>,
}

/// A feature with its value, or all of them.
type Row = ([usize; 4], usize, u8);

fn row(law: Law, random: &mut Pcg64) -> Row {
    let mut values = VALUES.map(|count| {
        // Falling weights: a value in eight has about a twentieth of the rows.
        let weights: Vec<f64> =
            (0..count).map(|value| (-0.3 * (1.0 + law.inputs) * value as f64).exp()).collect();
        let mut left = random.random::<f64>() * weights.iter().sum::<f64>();
        let at = weights.iter().position(|weight| {
            left -= weight;
            left <= 0.0
        });
        at.unwrap_or(count - 1)
    });
    if random.random::<f64>() < 0.7 {
        values[1] = values[0] / 3;
    }
    let noise: f64 = StandardNormal.sample(random);
    let logit = 0.4 * values[0] as f64 - 0.6 * values[1] as f64 + 0.8 * values[2] as f64 - 1.0 + 1.2 * noise;
    let probability = 1.0 / (1.0 + (-logit).exp());
    let mut label = u8::from(random.random::<f64>() < probability);
    if let Some((place, how)) = law.moved
        && place.is_none_or(|(feature, value)| values[feature] == value)
    {
        label = match how {
            Move::Set(label) => label,
            Move::Turn => 1 - label,
            Move::Blur if random.random::<f64>() < 0.3 => u8::from(random.random::<bool>()),
            Move::Blur => label,
        };
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 9")]
    let score = (probability * SCORES as f64).min(9.0) as usize;
    (values, score, label)
}

fn side(law: Law, rows: u32, random: &mut Pcg64) -> [Classes; 4] {
    let mut sides = VALUES.map(|count| Classes::new(count + 2, SCORES, 2));
    for _ in 0..rows {
        let (values, score, label) = row(law, random);
        for (classes, value) in sides.iter_mut().zip(values) {
            classes.observe(value, score, usize::from(label), 1);
        }
    }
    sides
}

/// Of so many streams, by feature.
#[derive(Debug, Default)]
struct Found {
    alarms: [u64; 4],
    /// The excess of this feature is the largest.
    first: [u64; 4],
    /// p-values below 0.01 and 0.1 of all features.
    significant: [u64; 2],
    value: f64,
    expected: f64,
    /// The largest contribution comes from this bin of the first feature.
    bins: [u64; 10],
}

fn excess(score: &Score) -> f64 {
    score.value - score.expected
}

#[expect(clippy::print_stderr, reason = "the rates are what the test is worth")]
fn streams(law: Law, baseline: u32, rows: u32) -> Found {
    let mut found = Found::default();
    for seed in 0..SEEDS {
        let mut random = Pcg64::seed_from_u64(seed);
        let before = side(Law::default(), baseline, &mut random);
        let now = side(law, rows, &mut random);
        let scores: Vec<Score> = before.iter().zip(&now).map(|(b, c)| uneven_change(b, c).unwrap()).collect();
        for (alarms, score) in found.alarms.iter_mut().zip(&scores) {
            *alarms += u64::from(score.p_value < 0.01 && excess(score) > 0.03);
            found.significant[0] += u64::from(score.p_value < 0.01);
            found.significant[1] += u64::from(score.p_value < 0.1);
            found.value += score.value;
            found.expected += score.expected;
        }
        let order = |left: &usize, right: &usize| excess(&scores[*left]).total_cmp(&excess(&scores[*right]));
        found.first[(0..4).max_by(order).unwrap()] += 1;
        found.bins[scores[0].bins[0].bin] += 1;
    }
    eprintln!("{law:?}, {rows} rows after {baseline}, of {SEEDS}: {found:?}");
    found
}

#[test]
fn nothing_is_found_where_nothing_moved_or_inputs_alone() {
    for (inputs, baseline, rows) in [
        (0.0, 10_000, 200),
        (0.0, 10_000, 1_000),
        (0.0, 1_000, 1_000),
        (0.0, 10_000, 5_000),
        (-0.7, 10_000, 1_000),
        (0.7, 10_000, 1_000),
        (0.7, 10_000, 5_000),
    ] {
        let calm = streams(Law { inputs, ..Law::default() }, baseline, rows);
        // One in a hundred and one in ten of 800 p-values, give or take four standard errors; those of one stream are not independent.
        assert!((1..=20).contains(&calm.significant[0]), "{}", calm.significant[0]);
        assert!((50..=115).contains(&calm.significant[1]), "{}", calm.significant[1]);
        assert!((calm.value / calm.expected - 1.0).abs() < 0.05);
        assert!(calm.alarms.iter().sum::<u64>() <= 20);
    }
}

#[test]
fn the_feature_and_its_value_are_named() {
    for how in [Move::Set(0), Move::Set(1), Move::Turn] {
        for (value, rows) in [(0, 1_000), (4, 1_000), (4, 5_000)] {
            let found = streams(Law { moved: Some((Some((0, value)), how)), ..Law::default() }, 10_000, rows);
            assert!(found.alarms[0] >= 190 && found.first[0] >= 190, "{how:?} {value}");
            assert!(found.bins[value] >= 190, "{how:?} {value}");
            // The features that have nothing to do with it.
            assert!(found.alarms[2] + found.alarms[3] <= 20, "{how:?} {value}");
        }
    }
    // Of two values, the one that moved, not the one that then departs from all rows the other way.
    let found = streams(Law { moved: Some((Some((2, 1)), Move::Set(0))), ..Law::default() }, 10_000, 1_000);
    assert!(found.alarms[2] >= 198 && found.first[2] >= 198);
}

#[test]
fn a_change_of_all_rows_is_not_told_of_features() {
    for rows in [200, 1_000, 5_000] {
        let found = streams(Law { moved: Some((None, Move::Blur)), ..Law::default() }, 10_000, rows);
        assert!(found.significant[0] <= 24, "{}", found.significant[0]);
        assert!(found.alarms.iter().sum::<u64>() <= 16);
    }
}
