//! Types that change, decimals, and nested types.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Decimal128Array, Int32Array, Int64Array, ListArray, StringArray, StructArray,
    types::Int32Type,
};

use super::{DATES, backfill, doubles, found, prepared, row, uniform, violations};
use crate::{
    captures::{Mood, day, table, with},
    sandbox::holds,
    tables::{self, by_feature, rows},
};

#[test]
fn numbers_that_become_texts_are_a_finding() {
    let sandbox = prepared(0..2, |number, day| {
        let numbers = uniform(&day).map(|u| (u * 1_000.0) as i64).collect::<Vec<_>>();
        let column: ArrayRef = match number {
            1 => Arc::new(numbers.iter().map(|number| Some(number.to_string())).collect::<StringArray>()),
            _ => Arc::new(Int64Array::from(numbers)),
        };
        with(&day, "quantity", column)
    });
    let results = backfill(&sandbox, "");
    assert_eq!(violations(&results), [found(DATES[1], "quantity", "data_type", "violation")]);
    let all = tables::read(&results, "violations");
    let description = rows(&all).next().unwrap().text("description");
    holds(description, &["expected a whole number in `quantity`", "100.0 %", "Utf8"]);
    let scores = tables::read(&results, "scores");
    let drift = row(&scores, DATES[1], "quantity", "kolmogorov_smirnov");
    assert_eq!((drift.text("status"), drift.number("value")), ("type_changed", None));
    let matching = row(&scores, DATES[1], "quantity", "type_match_ratio");
    assert_eq!((matching.text("status"), matching.number("value")), ("violated", Some(0.0)));
    let histograms = tables::read(&results, "histograms");
    let other = row(&histograms, DATES[1], "quantity", "(other type)");
    assert_eq!((other.count("rows"), other.number("ratio")), (200, Some(1.0)));
}

#[test]
fn wider_whole_numbers_are_no_finding_and_fractions_are() {
    let sandbox = prepared(0..4, |number, day| {
        let numbers = uniform(&day).map(|u| (u * 1_000.0) as i32).collect::<Vec<_>>();
        let column: ArrayRef = match number {
            1 => Arc::new(numbers.iter().map(|&n| Some(i64::from(n))).collect::<Int64Array>()),
            2 => doubles(numbers.iter().map(|&n| f64::from(n))),
            3 => doubles(numbers.iter().map(|&n| f64::from(n) + 0.5)),
            _ => Arc::new(Int32Array::from(numbers.clone())),
        };
        with(&day, "quantity", column)
    });
    let results = backfill(&sandbox, "");
    assert_eq!(violations(&results), [found(DATES[3], "quantity", "data_type", "violation")]);
    let all = tables::read(&results, "violations");
    holds(rows(&all).next().unwrap().text("description"), &["with a fraction"]);
}

#[test]
fn decimals_are_numbers_to_the_last_digit() {
    let sandbox = prepared(0..4, |number, day| {
        let cents = uniform(&day).map(|u| (u * 1e6) as i128).collect::<Vec<_>>();
        let decimals = |factor: i128, precision, scale| -> ArrayRef {
            let values = Decimal128Array::from_iter_values(cents.iter().map(|cents| cents * factor));
            Arc::new(values.with_precision_and_scale(precision, scale).unwrap())
        };
        let column = match number {
            1 => decimals(100, 38, 4),
            2 => doubles(cents.iter().map(|&cents| cents as f64 / 100.0)),
            3 => decimals(2, 10, 2),
            _ => decimals(1, 10, 2),
        };
        with(&day, "price", column)
    });
    let results = backfill(&sandbox, "");
    let all = violations(&results);
    let mut checks: Vec<_> = all.iter().map(|row| row[3].as_str()).collect();
    checks.sort_unstable();
    assert_eq!(checks, ["baseline_drift", "range"], "{all:?}");
    assert!(all.iter().all(|row| row[0] == DATES[3] && row[2] == "price"), "{all:?}");
    let features = tables::read(&results, "features");
    for (number, date) in (0..).zip(&DATES[..3]) {
        let cents = uniform(&day(number, 200, Mood::Calm)).map(|u| (u * 1e6) as i128).collect::<Vec<_>>();
        let price = row(&features, date, "price", "");
        let mean = cents.iter().sum::<i128>() as f64 / 100.0 / 200.0;
        assert!(tables::agrees(price.number("mean"), mean, 1e-14), "{date}");
        assert_eq!(price.number("max"), cents.iter().max().map(|&cents| cents as f64 / 100.0), "{date}");
    }
}

/// A list of so many items a row; null where `length` is.
fn lists(lengths: impl Iterator<Item = Option<i32>>) -> ListArray {
    let lists = lengths.map(|length| length.map(|length| (0..length).map(Some).collect::<Vec<_>>()));
    ListArray::from_iter_primitive::<Int32Type, _, _>(lists)
}

#[test]
fn members_of_structs_and_lists_are_features() {
    // A tenth of the structs and lists are null. On day 1 amounts in the struct are twice as large, on day 2 lists
    // are longer.
    let sandbox = prepared(0..3, |number, day| {
        let factor = if number == 1 { 2.0 } else { 1.0 };
        let present = uniform(&day).map(|u| (u >= 0.1).then_some(1)).collect::<Int32Array>();
        let amounts = doubles(uniform(&day).map(|u| u * 100.0 * factor));
        let flat = table(&[("amount", amounts), ("colour", Arc::clone(day.column(3)))]);
        let (schema, columns, _) = flat.into_parts();
        let request = StructArray::new(schema.fields().clone(), columns, present.nulls().cloned());
        let longer = if number == 2 { 4 } else { 0 };
        let length = |u: f64| (u >= 0.1).then_some((u * 7.0) as i32 + longer);
        let tags = lists(uniform(&day).map(length));
        // The same lengths, of structs.
        let flat = table(&[("price", Arc::clone(tags.values()))]);
        let item = table(&[("item", Arc::new(StructArray::from(flat)))]);
        let field = Arc::clone(&item.schema().fields()[0]);
        let items =
            ListArray::new(field, tags.offsets().clone(), Arc::clone(item.column(0)), tags.nulls().cloned());
        let day = with(&with(&day, "request", Arc::new(request)), "tags", Arc::new(tags));
        with(&day, "items", Arc::new(items))
    });
    let results = backfill(&sandbox, "");
    let all = violations(&results);
    let of = |date: &str| -> Vec<&str> {
        let mut features: Vec<_> =
            all.iter().filter(|row| row[0] == date).map(|row| row[2].as_str()).collect();
        features.sort_unstable();
        features.dedup();
        features
    };
    assert_eq!((of(DATES[0]), of(DATES[1])), (vec![], vec!["request.amount"]), "{all:?}");
    assert_eq!(of(DATES[2]), ["items.length", "items.values.price", "tags.length", "tags.values"], "{all:?}");
    let features = tables::read(&results, "features");
    let features = by_feature(&features, "");
    let of = |feature: &'static str| features[&(DATES[0].to_owned(), feature, "")];
    let first = day(0, 200, Mood::Calm);
    let nulls = i64::try_from(uniform(&first).filter(|u| *u < 0.1).count()).unwrap();
    assert!(nulls > 0);
    for feature in ["request.amount", "request.colour", "tags.length", "items.length"] {
        assert_eq!((of(feature).count("rows"), of(feature).count("nulls")), (200, nulls), "{feature}");
    }
    let items: i64 = uniform(&first).filter(|u| *u >= 0.1).map(|u| (u * 7.0) as i64).sum();
    for feature in ["tags.values", "items.values.price"] {
        assert_eq!((of(feature).count("rows"), of(feature).count("nulls")), (items, 0), "{feature}");
    }
    assert!(!features.keys().any(|(_, feature, _)| ["request", "tags", "items"].contains(feature)));
}
