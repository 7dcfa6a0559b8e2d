//! Nanoseconds per value of each summary, by the shape of the column.
//!
//! An iteration is what a row group does: a fresh summary takes 16 different arrays of 8,192 values. `moments` beside
//! `moments, plain sums` shows what sums cost that no order of adding can change, and `all` beside `all, plain sums`
//! what that is within everything that a profile does with a number. Criterion reports values per second; the time
//! per value is its inverse: `cargo bench -p sketch --bench sketch`.

mod inputs;

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput};
use sketch::{
    Bins, Counts, Distinct, Domain, Histogram, Lengths, Moments, NameCounts, ValueCounts, hash_bytes,
    hash_f64,
};

use inputs::{ARRAYS, BASELINE, Column, Shape};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    for shape in Shape::ALL {
        let captures = (0..ARRAYS).map(|seed| shape.column(seed));
        let baseline = (0..ARRAYS).map(|seed| shape.column(BASELINE + seed));
        match shape {
            Shape::FewCategories | Shape::ManyCategories => {
                let texts = |column| if let Column::Names(names) = column { names } else { Vec::new() };
                names(
                    &mut criterion,
                    shape,
                    &captures.map(texts).collect::<Vec<_>>(),
                    baseline.flat_map(texts),
                );
            }
            _ => {
                let values =
                    |column| if let Column::Numbers(numbers) = column { numbers } else { Vec::new() };
                let bins = Bins::cut(&ValueCounts::new(baseline.flat_map(values).flatten().collect()));
                numbers(&mut criterion, shape, &captures.map(values).collect::<Vec<_>>(), &bins);
            }
        }
    }
    criterion.final_summary();
}

/// Sums as everybody writes them: what they come to depends on the order of the values.
#[derive(Debug, Default)]
struct PlainMoments {
    values: u64,
    sum: f64,
    squares: f64,
    bounds: Option<(f64, f64)>,
}

impl PlainMoments {
    fn observe(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.values += 1;
        self.sum += value;
        self.squares += value * value;
        self.bounds = Some(match self.bounds {
            None => (value, value),
            Some((low, high)) => (low.min(value), high.max(value)),
        });
    }
}

fn numbers(criterion: &mut Criterion, shape: Shape, arrays: &[Vec<Option<f64>>], bins: &Bins) {
    let present: Vec<Vec<f64>> =
        arrays.iter().map(|array| array.iter().flatten().copied().collect()).collect();
    run(criterion, "counts", shape, arrays, |counts: &mut Counts, value| match value {
        Some(value) => counts.observe(*value),
        None => counts.observe_nulls(1),
    });
    run(criterion, "moments", shape, &present, |moments: &mut Moments, value| moments.observe(*value));
    run(criterion, "moments, plain sums", shape, &present, |moments: &mut PlainMoments, value| {
        moments.observe(*value);
    });
    run(criterion, "histogram", shape, &present, |histogram: &mut Histogram, value| {
        histogram.observe(bins, *value);
    });
    run(criterion, "distinct", shape, &present, |distinct: &mut Distinct, value| {
        distinct.observe(hash_f64(*value));
    });
    let all = |counts: &mut Counts, histogram: &mut Histogram, distinct: &mut Distinct, value| {
        counts.observe(value);
        histogram.observe(bins, value);
        distinct.observe(hash_f64(value));
    };
    type All<M> = (Counts, Histogram, Distinct, M);
    run(
        criterion,
        "all",
        shape,
        &present,
        |(counts, histogram, distinct, moments): &mut All<Moments>, value| {
            all(counts, histogram, distinct, *value);
            moments.observe(*value);
        },
    );
    run(
        criterion,
        "all, plain sums",
        shape,
        &present,
        |(counts, histogram, distinct, moments): &mut All<PlainMoments>, value| {
            all(counts, histogram, distinct, *value);
            moments.observe(*value);
        },
    );
}

fn names(
    criterion: &mut Criterion,
    shape: Shape,
    arrays: &[Vec<String>],
    baseline: impl Iterator<Item = String>,
) {
    let mut counts = std::collections::HashMap::new();
    for name in baseline {
        *counts.entry(name.into_boxed_str()).or_default() += 1;
    }
    let domain = Domain::freeze(counts, true);
    run(criterion, "names", shape, arrays, |names: &mut NameCounts, name| {
        names.observe(&domain, name, 1);
    });
    run(criterion, "distinct", shape, arrays, |distinct: &mut Distinct, name| {
        distinct.observe(hash_bytes(name.as_bytes()));
    });
    run(criterion, "lengths", shape, arrays, |lengths: &mut Lengths, name| {
        lengths.observe(name.chars().count());
    });
}

/// Feeds all arrays to one summary.
fn run<S: Default, T>(
    criterion: &mut Criterion,
    summary: &str,
    shape: Shape,
    arrays: &[Vec<T>],
    mut observe: impl FnMut(&mut S, &T),
) {
    let mut group = criterion.benchmark_group(summary);
    group.throughput(Throughput::Elements(arrays.iter().map(|array| array.len() as u64).sum()));
    group.bench_function(BenchmarkId::from_parameter(shape.name()), |bencher| {
        bencher.iter(|| {
            let mut summary = S::default();
            for array in arrays {
                black_box(array).iter().for_each(|value| observe(&mut summary, value));
            }
            summary
        });
    });
    group.finish();
}
