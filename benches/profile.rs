//! Rows per second of a whole profile: batches of 8,192 rows and 20 columns, mixed and by shape.
//!
//! An iteration is what a row group does: a fresh profile takes 16 different batches, on one thread, without reading
//! and decoding. Criterion reports rows per second: `cargo bench -p profile --bench profile`.

mod inputs;

use std::{sync::Arc, time::Duration};

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use criterion::{BenchmarkId, Criterion, Throughput};
use profile::{Profile, Survey};

use inputs::{ARRAYS, BASELINE, Column, ROWS, Shape};

/// Columns of a batch, with those of each shape.
const COLUMNS: usize = 20;
const MIXED: [(Shape, usize); 7] = [
    (Shape::Gaussian, 4),
    (Shape::TwoDecimals, 4),
    (Shape::ZeroInflated, 3),
    (Shape::Integers, 3),
    (Shape::Gappy, 2),
    (Shape::FewCategories, 3),
    (Shape::ManyCategories, 1),
];

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(10)
        .configure_from_args();
    run(&mut criterion, "mixed", &MIXED);
    for shape in Shape::ALL {
        run(&mut criterion, shape.name(), &[(shape, COLUMNS)]);
    }
    criterion.final_summary();
}

fn run(criterion: &mut Criterion, name: &str, shapes: &[(Shape, usize)]) {
    let batches = |first: u64| (first..first + ARRAYS).map(|seed| batch(shapes, seed)).collect::<Vec<_>>();
    let mut survey = Survey::default();
    batches(BASELINE).iter().for_each(|batch| survey.observe(batch, &|_| true));
    let spec = survey.freeze();
    let captures = batches(0);
    let mut group = criterion.benchmark_group("profile");
    group.throughput(Throughput::Elements(ARRAYS * ROWS as u64));
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| {
            let mut profile = Profile::new(&spec);
            captures.iter().for_each(|batch| profile.observe(&spec, batch, &|_| true));
            profile
        });
    });
    group.finish();
}

/// A batch with so many columns of each shape, no two of them alike.
fn batch(shapes: &[(Shape, usize)], seed: u64) -> RecordBatch {
    let columns =
        shapes.iter().flat_map(|&(shape, columns)| (0_u64..).take(columns).map(move |at| (shape, at)));
    let columns = columns.map(|(shape, at)| {
        let array: ArrayRef = match shape.column(seed * COLUMNS as u64 + at) {
            Column::Numbers(numbers) if shape == Shape::Integers => {
                Arc::new(numbers.into_iter().map(|number| number.map(whole)).collect::<Int64Array>())
            }
            Column::Numbers(numbers) => Arc::new(Float64Array::from(numbers)),
            Column::Names(names) => Arc::new(StringArray::from(names)),
        };
        (format!("{}_{at}", shape.name()), array)
    });
    match RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))) {
        Ok(batch) => batch,
        Err(error) => unreachable!("columns of equal length: {error}"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole numbers below 1,000")]
fn whole(number: f64) -> i64 {
    number as i64
}
