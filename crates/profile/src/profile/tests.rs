//! Every Arrow type that a capture can hold becomes counts, and no split of the rows changes them.

use std::sync::Arc;

use arrow_array::{builder::*, types::*, *};
use arrow_schema::{DataType, Field, TimeUnit, UnionFields};
use half::f16;
use proptest::prelude::*;

use super::*;
use crate::{Groups, NONE, Survey};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

fn profiled(batch: &RecordBatch) -> (Spec, Profile) {
    let mut survey = Survey::default();
    survey.observe(batch, &|_| true);
    let spec = survey.freeze();
    let mut profile = Profile::new(&spec);
    profile.observe(&spec, batch, &|_| true);
    assert!(profile.fits(&spec));
    (spec, profile)
}

#[test]
fn counters_that_contradict_each_other_fit_nothing() {
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(4.0)]));
    let y: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "a"]));
    let (spec, whole) = profiled(&batch(vec![("x", x), ("y", y)]));
    let [number, name] = whole.features.as_slice() else { panic!("two columns") };
    let [of_numbers, of_names] = spec.features() else { panic!("two columns") };
    let fewer = |feature: &FeatureProfile, rows: u64| {
        let mut feature = feature.clone();
        feature.counts.rows -= rows;
        feature
    };
    assert!(number.fits(&of_numbers.kind) && name.fits(&of_names.kind));
    for (damaged, kind) in [
        (name.clone(), &of_numbers.kind),
        (number.clone(), &Kind::Empty),
        (fewer(number, 2), &of_numbers.kind),
        (fewer(name, 1), &of_names.kind),
        (FeatureProfile { counts: number.counts, ..name.clone() }, &of_names.kind),
    ] {
        assert!(!damaged.fits(kind), "{damaged:?}");
    }
    let ordered = spec.clone().with_arrival().features()[0].kind.clone();
    assert!(!number.fits(&ordered), "a sketch is missing");
    let sketch = |levels: Vec<Vec<f64>>| {
        let kll = sketch::Kll::from_levels(levels).unwrap();
        Some(Box::new(sketch::Arrival::published(kll, 5.0, 1.5)))
    };
    let with = |levels| FeatureProfile { arrival: sketch(levels), ..number.clone() };
    assert!(with(vec![vec![1.0, 4.0]]).fits(&ordered) && with(vec![vec![], vec![1.0]]).fits(&ordered));
    assert!(!with(vec![vec![1.0]]).fits(&ordered) && !with(vec![vec![1.0, 4.0]]).fits(&of_numbers.kind));
}

fn number(array: ArrayRef) -> (u64, f64, f64) {
    let name = format!("{:?}", array.data_type());
    let (spec, profile) = profiled(&batch(vec![("x", array)]));
    assert!(matches!(spec.features()[0].kind, Kind::Number { .. }), "{name}: {:?}", spec.features()[0].kind);
    let feature = &profile.features[0];
    assert_eq!(feature.histogram.rows(), feature.moments.values());
    (feature.counts.nulls, feature.moments.min().unwrap(), feature.moments.max().unwrap())
}

#[test]
fn every_numeric_type_is_a_number() {
    macro_rules! ints { ($($t:ty),*) => { $(
        let array = PrimitiveArray::<$t>::from_iter([Some(3), None, Some(7)]);
        assert_eq!(number(Arc::new(array)), (1, 3.0, 7.0));
    )* } }
    ints!(Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type);
    assert_eq!(
        number(Arc::new(Float16Array::from(vec![f16::from_f32(1.5), f16::from_f32(-2.0)]))),
        (0, -2.0, 1.5)
    );
    assert_eq!(number(Arc::new(Float32Array::from(vec![0.5, 2.5]))), (0, 0.5, 2.5));
    let decimal =
        Decimal128Array::from(vec![Some(125), None, Some(-50)]).with_precision_and_scale(10, 2).unwrap();
    assert_eq!(number(Arc::new(decimal)), (1, -0.5, 1.25));
    let wide =
        Decimal256Array::from(vec![arrow_buffer::i256::from(125)]).with_precision_and_scale(50, 1).unwrap();
    assert_eq!(number(Arc::new(wide)), (0, 12.5, 12.5));
}

#[test]
fn times_are_seconds() {
    assert_eq!(number(Arc::new(Date32Array::from(vec![1]))), (0, 86_400.0, 86_400.0));
    assert_eq!(number(Arc::new(Date64Array::from(vec![86_400_000]))), (0, 86_400.0, 86_400.0));
    assert_eq!(number(Arc::new(Time32SecondArray::from(vec![61]))), (0, 61.0, 61.0));
    assert_eq!(number(Arc::new(Time64MicrosecondArray::from(vec![1_500_000]))), (0, 1.5, 1.5));
    assert_eq!(number(Arc::new(DurationMillisecondArray::from(vec![250]))), (0, 0.25, 0.25));
    let stamp = TimestampNanosecondArray::from(vec![2_500_000_000]).with_timezone("UTC");
    assert_eq!(number(Arc::new(stamp)), (0, 2.5, 2.5));
}

#[test]
fn every_kind_of_text_is_a_category() {
    let mut dictionary = StringDictionaryBuilder::<Int8Type>::new();
    ["a", "b", "a"].iter().for_each(|name| dictionary.append_value(name));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["a", "b", "a"])),
        Arc::new(LargeStringArray::from(vec!["a", "b", "a"])),
        Arc::new(StringViewArray::from(vec!["a", "b", "a"])),
        Arc::new(dictionary.finish()),
        Arc::new(BooleanArray::from(vec![true, false, true])),
        Arc::new(BinaryArray::from(vec![&b"\x0a"[..], b"\xff", b"\x0a"])),
        Arc::new(LargeBinaryArray::from(vec![&b"\x0a"[..], b"\xff", b"\x0a"])),
        Arc::new(BinaryViewArray::from(vec![&b"\x0a"[..], b"\xff", b"\x0a"])),
        Arc::new(
            FixedSizeBinaryArray::try_from_iter([[10_u8; 16], [255; 16], [10; 16]].into_iter()).unwrap(),
        ),
    ];
    for column in columns {
        let name = format!("{:?}", column.data_type());
        let (spec, profile) = profiled(&batch(vec![("x", column)]));
        let Kind::Category { domain } = &spec.features()[0].kind else { panic!("{name}") };
        let (top, rows) = profile.features[0].names.top(domain).unwrap();
        assert!(["a", "true", "0a", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"].contains(&top), "{name}: {top}");
        assert_eq!((rows, profile.features[0].distinct.estimate()), (2, 2), "{name}");
    }
}

#[test]
fn structs_are_dotted_and_lists_have_length_and_values() {
    let inner = StructArray::new(
        vec![Field::new("amount", DataType::Int64, true)].into(),
        vec![Arc::new(Int64Array::from(vec![Some(5), Some(6), None]))],
        Some(vec![true, false, true].into()),
    );
    let list = ListArray::from_iter_primitive::<Float32Type, _, _>([
        Some(vec![Some(1.0), None]),
        None,
        Some(vec![]),
    ]);
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.keys().append_value("k");
    map.values().append_value(4);
    map.append(true).unwrap();
    map.append(true).unwrap();
    map.append(false).unwrap();
    let (spec, profile) = profiled(&batch(vec![
        ("request", Arc::new(inner)),
        ("scores", Arc::new(list)),
        ("tags", Arc::new(map.finish())),
    ]));
    let names: Vec<_> = spec.features().iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "request.amount",
            "scores.length",
            "scores.values",
            "tags.length",
            "tags.values.keys",
            "tags.values.values"
        ]
    );
    let counts: Vec<_> = profile.features.iter().map(|f| (f.counts.rows, f.counts.nulls)).collect();
    assert_eq!(counts, [(3, 2), (3, 1), (2, 1), (3, 1), (1, 0), (1, 0)]);
    assert_eq!(profile.features[1].moments.max(), Some(2.0));
}

#[test]
fn null_columns_fit_any_kind_and_other_types_are_counted() {
    let (spec, mut profile) = profiled(&batch(vec![("x", Arc::new(Int64Array::from(vec![1, 2])))]));
    profile.observe(&spec, &batch(vec![("x", Arc::new(NullArray::new(3)))]), &|_| true);
    profile
        .observe(&spec, &batch(vec![("x", Arc::new(StringArray::from(vec![Some("7"), None])))]), &|_| true);
    profile.observe(&spec, &batch(vec![("y", Arc::new(StringArray::from(vec!["new", "new"])))]), &|_| true);
    let counts = profile.features[0].counts;
    assert_eq!((counts.rows, counts.nulls, counts.mismatched, counts.absent), (9, 6, 1, 2));
    assert_eq!(counts.observed(), 2);
    assert_eq!(profile.extra["y"].counts.rows, 2);
    assert_eq!(profile.rows, 9);
    assert_eq!(profile.features[0].types.iter().map(|name| &**name).collect::<Vec<_>>(), ["Int64", "Utf8"]);
}

#[test]
fn a_type_that_is_not_covered_is_kept_in_sight() {
    let fields = UnionFields::try_new([0], [Field::new("a", DataType::Int32, false)]).unwrap();
    let union =
        UnionArray::try_new(fields, vec![0, 0].into(), None, vec![Arc::new(Int32Array::from(vec![1, 2]))]);
    let (spec, profile) = profiled(&batch(vec![("u", Arc::new(union.unwrap()))]));
    assert_eq!(spec.features()[0].kind, Kind::Uncovered);
    assert_eq!((profile.features[0].counts.rows, profile.features[0].counts.mismatched), (2, 2));
    let interval = IntervalYearMonthArray::from(vec![1, 2]);
    let (spec, _) = profiled(&batch(vec![("i", Arc::new(interval))]));
    assert_eq!(spec.features()[0].kind, Kind::Uncovered);
}

#[test]
fn nan_and_infinity_are_counted_apart() {
    let values = vec![Some(1.0), Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY), None];
    let (_, profile) = profiled(&batch(vec![("x", Arc::new(Float64Array::from(values)))]));
    let counts = profile.features[0].counts;
    assert_eq!((counts.nulls, counts.nans, counts.infinities(), counts.observed()), (1, 1, 2, 1));
}

#[test]
fn wide_types_are_one_feature() {
    let (spec, mut profile) = profiled(&batch(vec![("x", Arc::new(Int32Array::from(vec![1, 2])))]));
    profile.observe(&spec, &batch(vec![("x", Arc::new(Int64Array::from(vec![1])))]), &|_| true);
    profile.observe(&spec, &batch(vec![("x", Arc::new(Float64Array::from(vec![2.0, 2.5])))]), &|_| true);
    let counts = profile.features[0].counts;
    assert_eq!((counts.observed(), counts.mismatched, counts.fractions), (5, 0, 1));
    let unit = DataType::Timestamp(TimeUnit::Second, None);
    let stamp = new_null_array(&unit, 2);
    profile.observe(&spec, &batch(vec![("x", stamp)]), &|_| true);
    assert_eq!(profile.features[0].counts.nulls, 2);
}

proptest! {
    #[test]
    fn any_split_gives_the_same_profile(rows in prop::collection::vec((prop::option::of(-1e6..1e6_f64), 0_u8..40, 0_u32..4), 1..300)) {
        let numbers: Float64Array = rows.iter().map(|row| row.0).collect();
        let names: StringArray = rows.iter().map(|row| Some(format!("n{}", row.1))).collect();
        let all = batch(vec![("x", Arc::new(numbers)), ("c", Arc::new(names))]);
        let mut survey = Survey::default();
        survey.observe(&all.slice(0, rows.len() / 2), &|_| true);
        let mut second = Survey::default();
        second.observe(&all.slice(rows.len() / 2, rows.len() - rows.len() / 2), &|_| true);
        survey.merge(second);
        let spec = survey.freeze();
        let (whole_spec, whole) = profiled(&all);
        prop_assert_eq!(&spec, &whole_spec);
        let groups: Vec<_> = rows.iter().map(|row| if row.2 < 3 { row.2 } else { NONE }).collect();
        let mut merged = Profile::new(&spec);
        for (group, part) in Groups::new(groups.clone()).split(0, &all).unwrap().into_iter().rev() {
            prop_assert_eq!(part.num_rows(), groups.iter().filter(|g| **g == group).count());
            let mut profile = Profile::new(&spec);
            profile.observe(&spec, &part, &|_| true);
            merged.merge(&profile);
        }
        let rest: Vec<_> = groups.iter().map(|g| if *g == NONE { 0 } else { NONE }).collect();
        for (_, part) in Groups::new(rest).split(0, &all).unwrap() {
            merged.observe(&spec, &part, &|_| true);
        }
        prop_assert_eq!(merged.rows, whole.rows);
        for (a, b) in merged.features.iter().zip(&whole.features) {
            prop_assert_eq!(&a.counts, &b.counts);
            prop_assert_eq!(&a.moments, &b.moments);
            prop_assert_eq!(&a.histogram, &b.histogram);
            prop_assert_eq!(&a.names, &b.names);
            prop_assert_eq!(&a.distinct, &b.distinct);
            prop_assert_eq!(sketch::to_bytes(a).unwrap(), sketch::to_bytes(b).unwrap());
        }
    }

    #[test]
    fn stored_bytes_are_read_back_or_refused(
        rows in 1_u32..4000,
        values in 1_u32..4000,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
    ) {
        let value = |row: u32| row.wrapping_mul(2_654_435_761) % values;
        let numbers: Float64Array = (0..rows).map(|row| Some(f64::from(value(row)) / 7.0)).collect();
        let names: StringArray = (0..rows).map(|row| Some(format!("n{}", value(row)))).collect();
        let all = batch(vec![("x", Arc::new(numbers)), ("c", Arc::new(names))]);
        let mut survey = Survey::default();
        survey.observe(&all.slice(0, rows.div_ceil(2) as usize), &|_| true);
        let spec = survey.freeze();
        let mut profile = Profile::new(&spec);
        profile.observe(&spec, &all, &|_| true);
        for (feature, spec) in profile.features.iter().zip(spec.features()) {
            let bytes = sketch::to_bytes(feature).unwrap();
            let read: FeatureProfile = sketch::from_bytes(&bytes).unwrap();
            prop_assert!(read.fits(&spec.kind));
            prop_assert_eq!(&sketch::to_bytes(&read).unwrap(), &bytes);
            prop_assert!(read.heap_bytes() > 0 && sketch::from_bytes::<FeatureProfile>(&[bytes.as_slice(), &[0]].concat()).is_err());

            let mut damaged = bytes.clone();
            flips.iter().for_each(|(at, change)| damaged[at.index(bytes.len())] ^= change);
            if let Ok(read) = sketch::from_bytes::<FeatureProfile>(&damaged) {
                let again = sketch::to_bytes(&read).unwrap();
                let twice: FeatureProfile = sketch::from_bytes(&again).unwrap();
                prop_assert_eq!(sketch::to_bytes(&twice).unwrap(), again);
                prop_assert_eq!(twice.fits(&spec.kind), read.fits(&spec.kind));
            }
        }
    }
}

#[test]
fn what_is_on_the_heap_is_counted() {
    let names: StringArray = (0..900).map(|row| Some(format!("name {row}"))).collect();
    let numbers: Float64Array = (0..900).map(|row| Some(f64::from(row).sqrt())).collect();
    let all = batch(vec![("x", Arc::new(numbers)), ("c", Arc::new(names))]);
    let (spec, mut profile) = profiled(&all);
    let empty = Profile::new(&spec).heap_bytes();
    assert_eq!(empty, 2 * size_of::<FeatureProfile>());
    // 4,096 registers each; a counter for each slot or name, of 8 bytes.
    let held: Vec<usize> = profile.features.iter().map(FeatureProfile::heap_bytes).collect();
    assert!((4_096 + 8 * 200..4_096 + 8 * 600).contains(&held[0]), "{held:?}");
    assert!((4_096 + 8 * 900..4_096 + 8 * 1_100).contains(&held[1]), "{held:?}");
    assert_eq!(profile.heap_bytes(), empty + held[0] + held[1]);
    let ordered = spec.clone().with_arrival();
    let mut sketched = Profile::new(&ordered);
    sketched.observe(&ordered, &all, &|_| true);
    let more = sketched.heap_bytes() - profile.heap_bytes();
    assert!((8 * 900..8 * 2_200).contains(&more), "{more}");
    let new: ArrayRef = Arc::new(StringArray::from(vec!["a"; 900]));
    profile.observe(&spec, &batch(vec![("new", new)]), &|_| true);
    let room = 11 * size_of::<(String, FeatureProfile)>();
    assert!(profile.heap_bytes() > empty + held[0] + held[1] + room, "a node of a map has room for 11");
}
