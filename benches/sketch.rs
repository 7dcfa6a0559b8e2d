//! Time per value of each summary, by the shape of the column.
//!
//! An iteration is what a row group does: a fresh summary takes a column of 131,072 values. Each iteration has a column
//! of its own, drawn outside the measured part (`inputs.rs` says why). `moments` beside `moments, plain sums` shows what
//! sums cost that no order of adding can change, and `all` beside `all, plain sums` what that is within everything that
//! a profile does with a number. Criterion reports values per second, `Gelem/s`; nanoseconds per value are the inverse:
//! `just bench sketch`.

mod inputs;
mod plain_sums;
mod summaries;

use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use rand::SeedableRng as _;
use sketch::{Bins, Counts, Distinct, Histogram, Moments};

use inputs::{ROWS, Random};
use plain_sums::PlainSums;
use summaries::{NAMES, NUMBERS, OF_NAMES, OF_NUMBERS, OfNumbers, bins, by_block, domain};

const COMPARED: [(&str, OfNumbers); 3] = [
    ("moments, plain sums", |_, numbers| by_block(numbers, PlainSums::observe_all)),
    ("all", |bins, numbers| all(bins, numbers, Moments::observe_all)),
    ("all, plain sums", |bins, numbers| all(bins, numbers, PlainSums::observe_all)),
];

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    let mut random = Random::seed_from_u64(7);
    for (name, shape) in NUMBERS {
        let bins = bins(shape, &mut random);
        for (summary, observe) in OF_NUMBERS.into_iter().chain(COMPARED) {
            let id = BenchmarkId::new(summary, name);
            run(&mut criterion, id, || shape.draw(ROWS, &mut random), |column| observe(&bins, column));
        }
    }
    for (name, shape) in NAMES {
        let domain = domain(shape, &mut random);
        for (summary, observe) in OF_NAMES {
            let id = BenchmarkId::new(summary, name);
            run(&mut criterion, id, || shape.draw(ROWS, &mut random), |column| observe(&domain, column));
        }
    }
    criterion.final_summary();
}

/// Everything that a profile does with finite numbers, with the moments of choice.
fn all<M: Default>(bins: &Bins, numbers: &[f64], moments: impl Fn(&mut M, &[f64])) {
    by_block(numbers, |all: &mut (Counts, M, Distinct, Histogram), block| {
        all.0.observe_all(block);
        moments(&mut all.1, block);
        all.2.observe_all(block);
        all.3.observe_all(bins, block);
    });
}

/// Measures on a fresh column in each iteration.
fn run<T>(
    criterion: &mut Criterion,
    id: BenchmarkId,
    mut draw: impl FnMut() -> Vec<T>,
    observe: impl Fn(&[T]),
) {
    let mut group = criterion.benchmark_group("sketch");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(id, |bencher| {
        bencher.iter_batched_ref(&mut draw, |column| observe(column), BatchSize::PerIteration);
    });
    group.finish();
}
