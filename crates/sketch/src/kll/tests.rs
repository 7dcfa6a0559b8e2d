//! The rules of compaction, the real container's sketches, and what holds for any values.

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn of(values: impl IntoIterator<Item = f64>) -> Kll {
    let mut sketch = Kll::default();
    values.into_iter().for_each(|value| sketch.observe(value));
    sketch
}

fn counted(up_to: u32) -> Kll {
    of((0..up_to).map(f64::from))
}

#[test]
fn a_level_is_compacted_when_all_are_full() {
    assert_eq!([0, 1, 2, 3, 30].map(room), [2050, 1314, 842, 540, 4]);
    let full = counted(2050);
    assert_eq!((full.levels().len(), full.levels()[0].len()), (1, 2050));
    let spilled = counted(2051);
    assert_eq!(spilled.levels()[0], [2050.0], "the odd one, which came last, stays");
    assert_eq!(spilled.levels()[1].len(), 1025);
    assert_eq!(spilled.levels()[1][..3], [0.0, 2.0, 4.0]);
}

#[test]
fn the_start_changes_before_every_second_compaction() {
    let mut sketch = Kll::from_levels(vec![Vec::new(); 40]).unwrap();
    let mut starts = Vec::new();
    for _ in 0..8 {
        sketch.levels[0] = (0..2050).map(f64::from).collect();
        sketch.levels[1].clear();
        assert!(sketch.compact());
        starts.push(sketch.levels[1][0]);
    }
    assert_eq!(starts, [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
}

#[test]
fn merging_concatenates_levels_and_makes_room() {
    let (mut left, right) = (counted(1500), of((0..1500).map(|i| f64::from(i) + 0.5)));
    left.merge(&right);
    assert_eq!((left.levels()[0].len(), left.levels()[1].len(), left.rows()), (0, 1500, 3000));
    let mut exactly_full = counted(1000);
    exactly_full.merge(&counted(1050));
    assert_eq!(exactly_full.levels()[0], [] as [f64; 0]);
    for (mut a, b) in [(Kll::default(), counted(5000)), (counted(5000), Kll::default())] {
        a.merge(&b);
        assert_eq!(a, counted(5000));
    }
}

#[test]
fn buckets_of_one_value_and_of_few() {
    let same = of([7.0, 7.0]).buckets(7.0, 7.0);
    assert_eq!((same[0], same[9]), ((7.0, 7.0, 0), (7.0, 7.0, 2)));
    let few = of([0.0, 1.0, 5.0, 10.0]).buckets(0.0, 10.0);
    assert_eq!(few.map(|(_, _, rows)| rows), [1, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
}

#[test]
fn levels_from_outside_are_checked() {
    assert_eq!(Kll::from_levels(vec![vec![1.0], vec![2.0, 3.0]]).unwrap().rows(), 5);
    assert!(Kll::from_levels(vec![vec![f64::NAN]]).is_err());
    let mut heavy = vec![Vec::new(); MOST_LEVELS];
    heavy[MOST_LEVELS - 1] = vec![1.0];
    assert!(Kll::from_levels(heavy.clone()).is_ok());
    heavy[MOST_LEVELS - 1].push(1.0);
    assert!(Kll::from_levels(heavy).is_err());
    assert!(Kll::from_levels(vec![Vec::new(); 64]).is_err());
    assert!(!Kll { levels: vec![vec![1.0]], compactions: Vec::new() }.is_sound());
    let mut often = Kll { levels: vec![vec![1.0; 5000]], compactions: vec![u64::MAX] };
    assert!(often.is_sound());
    often.observe(2.0);
    assert_eq!(often.rows(), 5001);
}

/// Every numeric feature of a real baseline, to the bit.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
fn sketches_of_the_real_container() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/model-monitor/churn");
    if !folder.is_dir() {
        return eprintln!("skipped: no files of real monitoring jobs beside the workspace");
    }
    let text = std::fs::read_to_string(folder.join("training-dataset-with-header.csv")).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<f64>> = lines.map(|row| row.split(',').map(|x| x.parse().unwrap()).collect()).collect();
    let document = std::fs::read(folder.join("baseline/statistics.first-29-features.json")).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    let features = document["features"].as_array().unwrap();
    assert_eq!((features.len(), rows.len()), (29, 2333));
    for feature in features {
        let name = feature["name"].as_str().unwrap();
        let column = names.iter().position(|known| *known == name).unwrap();
        let sketch = of(rows.iter().map(|row| row[column]));
        let theirs = &feature["numerical_statistics"];
        let kll = &theirs["distribution"]["kll"];
        let levels: Vec<Vec<f64>> = serde_json::from_value(kll["sketch"]["data"].clone()).unwrap();
        assert_eq!(sketch.levels(), levels, "{name}");
        let (min, max) = (theirs["min"].as_f64().unwrap(), theirs["max"].as_f64().unwrap());
        let buckets: Vec<[f64; 3]> =
            sketch.buckets(min, max).map(|(a, b, rows)| [a, b, rows as f64]).to_vec();
        let number = |bucket: &Value, key: &str| bucket[key].as_f64().unwrap();
        let published = kll["buckets"].as_array().unwrap().iter();
        let published: Vec<[f64; 3]> =
            published.map(|b| ["lower_bound", "upper_bound", "count"].map(|key| number(b, key))).collect();
        assert_eq!(buckets, published, "{name}");
    }
}

proptest! {
    #[test]
    fn weights_add_up_whatever_is_merged(parts in prop::collection::vec((0_u32..9000, 1_u32..5000), 1..6)) {
        let mut merged = Kll::default();
        let mut rows = 0;
        for (size, modulus) in parts {
            let part = of((0..size).map(|i| f64::from(i.wrapping_mul(2_654_435_761) % modulus)));
            prop_assert_eq!(part.rows(), u64::from(size));
            merged.merge(&part);
            rows += u64::from(size);
        }
        prop_assert_eq!(merged.rows(), rows);
        prop_assert!(merged.is_sound() && merged.items() <= merged.room());
        let back: Kll = crate::from_bytes(&crate::to_bytes(&merged).unwrap()).unwrap();
        prop_assert_eq!(&back, &merged);
        let counted: u64 = merged.buckets(0.0, 5000.0).iter().map(|(_, _, rows)| rows).sum();
        prop_assert_eq!(counted, rows);
    }

    #[test]
    fn blocks_are_the_values_one_by_one(values in prop::collection::vec(-1e3..1e3_f64, 0..9000), cut in 1_usize..5000) {
        let mut blocks = Kll::default();
        values.chunks(cut).for_each(|block| blocks.observe_all(block));
        prop_assert_eq!(blocks, of(values));
    }

    #[test]
    fn ranks_are_good_to_a_two_hundredth(size in 1_u32..60_000, factor in 1_u32..1_000_000) {
        let values: Vec<f64> = (0..size).map(|i| f64::from(i.wrapping_mul(factor | 1))).collect();
        let sketch = of(values.iter().copied());
        for cut in values.iter().step_by(values.len() / 20 + 1) {
            let exact = values.iter().filter(|value| *value <= cut).count() as f64;
            let estimate: u64 = sketch.weighted().filter(|(item, _)| item <= cut).map(|(_, w)| w).sum();
            prop_assert!((estimate as f64 - exact).abs() <= f64::from(size) / 200.0);
        }
    }
}

#[test]
fn ranks_are_no_further_off_than_the_bound() {
    assert_eq!(counted(2050).rank_error(), 0.0);
    for rows in [2051_u32, 2333, 5_000, 20_000, 100_000] {
        // A permutation: the multiplier has no divisor in common with the number of rows.
        let sketch =
            of((0..rows).map(|i| f64::from(u32::try_from(u64::from(i) * 7919 % u64::from(rows)).unwrap())));
        let mut items: Vec<(f64, u64)> = sketch.weighted().collect();
        items.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let (mut below, mut worst) = (0_u64, 0.0_f64);
        for (value, weight) in items {
            worst = worst.max((below as f64 - value).abs());
            below += weight;
            worst = worst.max((below as f64 - value - 1.0).abs());
        }
        let (worst, bound) = (worst / f64::from(rows), sketch.rank_error());
        assert!(worst <= bound && bound < 0.2, "{rows}: {worst} {bound}");
    }
}
