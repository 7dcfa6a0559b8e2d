//! Laws that hold for every bias metric, for the state they are computed from, and for their intervals.

use proptest::prelude::*;

use super::*;

/// Counts from none to as many as a double holds.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![3 => Just(0), 5 => 0_u64..6, 3 => 0_u64..3000, 1 => (1_u64 << 50)..(1 << 53)]
}

fn outcomes() -> impl Strategy<Value = Outcomes> {
    proptest::array::uniform9(count()).prop_map(|counts| Outcomes { counts })
}

fn table() -> impl Strategy<Value = Table> {
    prop_oneof![
        (outcomes(), outcomes()).prop_map(|(rest, group)| Table::new(rest, group)),
        proptest::collection::vec([outcomes(), outcomes()], 0..4).prop_map(Table::stratified),
    ]
}

fn name() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![Just(None), Just(Some("a")), Just(Some("b")), Just(Some("c"))]
}

fn known() -> impl Strategy<Value = Option<bool>> {
    prop_oneof![Just(None), Just(Some(false)), Just(Some(true))]
}

/// Rows with how many of them, in a part of three.
fn rows() -> impl Strategy<Value = Vec<(usize, Row<'static>, u64)>> {
    let row = (name(), name(), known(), known()).prop_map(|(facet, stratum, label, prediction)| Row {
        facet,
        stratum,
        label,
        prediction,
    });
    proptest::collection::vec((0_usize..3, row, 0_u64..50), 0..40)
}

fn tally<'a>(rows: impl Iterator<Item = &'a (usize, Row<'static>, u64)>) -> Tally {
    let mut tally = Tally::default();
    rows.for_each(|(_, row, rows)| tally.observe(*row, *rows));
    tally
}

#[test]
fn records_are_complete_and_sorted() {
    let (pre, post): (Vec<&Metric>, Vec<&Metric>) = ALL.iter().partition(|m| m.stage == Stage::PreTraining);
    assert_eq!((pre.len(), post.len()), (8, 13));
    for metrics in [pre, post] {
        assert!(metrics.is_sorted_by(|left, right| left.name < right.name));
    }
    for metric in ALL {
        assert!(!metric.title.is_empty() && !metric.reference.is_empty());
        assert!(metric.page.contains("Range ") && metric.page.lines().all(|line| line.len() <= 115));
        let neutral = metric.neutral.value();
        assert!(metric.range.0 <= neutral && neutral <= metric.range.1 && metric.floor > 0.0);
        assert_eq!(super::metric(metric.name).map(|found| found.title), Some(metric.title));
    }
}

#[test]
fn no_bias_between_equal_groups() {
    let counts = [30, 20, 10, 40];
    let table = Table::stratified(vec![[Outcomes::of(counts); 2], [Outcomes::of([3, 9, 1, 2]); 2]]);
    for metric in ALL.iter().filter(|metric| !["FT", "GE"].contains(&metric.name)) {
        for convention in [Convention::Strict, Convention::Compat] {
            let value = metric.value(&table, convention).unwrap();
            assert!((value - metric.neutral.value()).abs() < 1e-12, "{}: {value}", metric.name);
        }
    }
}

#[test]
fn one_class_or_one_group_is_a_reason() {
    let value = |name: &str, table: &Table| metric(name).unwrap().value(table, Convention::Strict);
    let (some, none) = (Outcomes::of([5, 5, 5, 5]), Outcomes::default());
    for metric in ALL.iter().filter(|metric| metric.name != "FT") {
        assert_eq!(value(metric.name, &Table::new(some, none)), Err(Undefined::EmptyGroup));
        assert_eq!(value(metric.name, &Table::new(none, some)), Err(Undefined::EmptyRest));
    }
    assert_eq!(value("FT", &Table::new(some, some)), Err(Undefined::NeedsRows));
    let refused = Outcomes::of([0, 0, 4, 6]);
    assert_eq!(value("DAR", &Table::new(some, refused)), Err(Undefined::NoRows), "none of them accepted");
    assert_eq!(value("DI", &Table::new(refused, some)), Err(Undefined::Unbounded));
    assert_eq!(value("DI", &Table::new(some, refused)), Ok(0.0));
    let all_wrong = Table::new(Outcomes::of([0, 0, 4, 0]), Outcomes::of([0, 0, 4, 0]));
    assert_eq!(value("GE", &all_wrong), Err(Undefined::NoRows), "nobody has a benefit to share");
    assert_eq!(
        metric("DPPL").unwrap().value(&all_wrong, Convention::Compat),
        Err(Undefined::NoPositives),
        "Clarify refuses predictions that are all negative"
    );
    assert_eq!(value("DPPL", &all_wrong), Ok(0.0));
    assert_eq!(value("CDDL", &Table::new(some, some)), Err(Undefined::NoGroupVariable));
    let positive = Table::stratified(vec![[Outcomes::of([5, 0, 5, 0]); 2]]);
    assert_eq!(value("CDDL", &positive), Err(Undefined::NoNegatives));
    let one_label = Table::new(some, Outcomes::of([5, 0, 5, 0]));
    assert_eq!(value("KL", &one_label), Err(Undefined::Unbounded));
    assert!(metric("KL").unwrap().value(&one_label, Convention::Compat).is_ok());
    let mut unlabelled = Outcomes::default();
    unlabelled.add(None, Some(true), 9);
    assert_eq!(value("DPL", &Table::new(some, unlabelled)), Err(Undefined::NoRows));
    assert_eq!(value("DI", &Table::new(some, unlabelled)), Ok(2.0), "needs no labels");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_are_in_range_and_conventions_agree(table in table()) {
        for metric in ALL {
            let strict = metric.value(&table, Convention::Strict);
            let compat = metric.value(&table, Convention::Compat);
            for value in [strict, compat].into_iter().flatten() {
                prop_assert!(metric.range.0 - 1e-9 <= value && value <= metric.range.1 + 1e-9, "{} {value}", metric.name);
            }
            if let Ok(value) = strict {
                prop_assert!(value.is_finite(), "{}", metric.name);
            }
            // Where a label is missing in one group, Clarify measures something else.
            let distance = metric.stage == Stage::PreTraining && !["CI", "DPL", "CDDL"].contains(&metric.name);
            if let (Ok(strict), Ok(compat)) = (strict, compat) && !distance {
                prop_assert_eq!(strict, compat, "{}", metric.name);
            }
        }
    }

    #[test]
    fn differences_turn_with_the_groups(rest in outcomes(), group in outcomes()) {
        for metric in ALL {
            let Ok(value) = metric.value(&Table::new(rest, group), Convention::Strict) else { continue };
            let Ok(turned) = metric.value(&Table::new(group, rest), Convention::Strict) else { continue };
            let close = |x: f64, y: f64| (x - y).abs() <= 1e-9 * x.abs().max(1.0);
            match metric.name {
                "GE" | "JS" | "KS" | "LP" | "TVD" => prop_assert!(close(value, turned), "{}", metric.name),
                "KL" => {}
                "DI" => prop_assert!(close(value * turned, 1.0) || value == 0.0 || turned == 0.0),
                _ => prop_assert!(close(value, -turned), "{}: {value} {turned}", metric.name),
            }
        }
    }

    #[test]
    fn parts_merge_in_any_order_and_survive_bytes(rows in rows()) {
        let whole = tally(rows.iter());
        let part = |i: usize| tally(rows.iter().filter(move |(part, ..)| *part == i));
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let mut merged = Tally::default();
            order.iter().for_each(|i| merged.merge(&part(*i)));
            prop_assert_eq!(&merged, &whole);
        }
        let bytes = sketch::to_bytes(&whole).unwrap();
        prop_assert_eq!(sketch::to_bytes(&sketch::from_bytes::<Tally>(&bytes).unwrap()).unwrap(), bytes);
        let each = Facet::EachValue.tables(&whole);
        let names: Vec<&str> = whole.names().collect();
        prop_assert_eq!(each.len(), names.len());
        let rows: u64 = each.iter().map(|(_, table)| table.disadvantaged().rows()).sum();
        prop_assert!(each.iter().all(|(_, table)| table.rest().rows() + table.disadvantaged().rows() == rows));
    }

    #[test]
    fn intervals_hold_the_value_and_repeat(table in table(), seed in 0_u64..9) {
        let resampling = Resampling { tables: 40, seed, ..Resampling::default() };
        let estimates = resampling.estimates(ALL, &table);
        prop_assert_eq!(estimates.len(), 20);
        let again = resampling.estimates(ALL, &table);
        for ((metric, estimate), (_, again)) in estimates.iter().zip(&again) {
            prop_assert_eq!(estimate, again);
            let Ok(Estimate { value, standard_error, interval, .. }) = *estimate else { continue };
            prop_assert_eq!(metric.value(&table, Convention::Strict), Ok(value));
            prop_assert_eq!(standard_error.is_some(), interval.is_some());
            if let (Some(error), Some((low, high))) = (standard_error, interval) {
                prop_assert!(error.is_finite() && low <= high);
            }
        }
    }
}
