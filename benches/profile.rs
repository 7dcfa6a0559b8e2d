//! Rows per second of a whole profile: batches of 8,192 rows and 20 columns, mixed and by shape.
//!
//! An iteration is what a row group does: a fresh profile takes 16 batches, on one thread, without reading and
//! decoding. Each iteration has batches of its own, drawn outside the measured part (`inputs.rs` says why). Criterion
//! reports rows per second: `just bench profile`.

mod arrays;
mod inputs;

use std::time::Duration;

use arrow_array::RecordBatch;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use profile::{Profile, Survey};
use rand::SeedableRng as _;

use arrays::Shape;
use inputs::{Names, Numbers, ROWS, Random};

/// Rows of a batch.
const BATCH: usize = 8192;
/// Columns of a batch with those of one shape.
const COLUMNS: usize = 20;

const SHAPES: [(&str, Shape); 7] = [
    ("gaussian", Shape::Doubles(Numbers::Gaussian)),
    ("two_decimals", Shape::Doubles(Numbers::TwoDecimals)),
    ("zero_inflated", Shape::Doubles(Numbers::ZeroInflated)),
    ("integers", Shape::Integers),
    ("gappy", Shape::Gappy(Numbers::Gaussian)),
    ("few_names", Shape::Text(Names::Few)),
    ("many_names", Shape::Text(Names::Many)),
];
/// Columns of each shape in a mixed batch.
const MIXED: [usize; 7] = [4, 4, 3, 3, 2, 3, 1];

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(10)
        .configure_from_args();
    let mut random = Random::seed_from_u64(7);
    let mixed =
        SHAPES.iter().zip(MIXED).flat_map(|((_, shape), columns)| std::iter::repeat_n(*shape, columns));
    run(&mut criterion, "mixed", &mixed.collect::<Vec<_>>(), &mut random);
    for (name, shape) in SHAPES {
        run(&mut criterion, name, &[shape; COLUMNS], &mut random);
    }
    criterion.final_summary();
}

fn run(criterion: &mut Criterion, name: &str, columns: &[Shape], random: &mut Random) {
    let mut survey = Survey::default();
    batches(columns, random).iter().for_each(|batch| survey.observe(batch, &|_| true));
    let spec = survey.freeze();
    let mut group = criterion.benchmark_group("profile");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter_batched_ref(
            || batches(columns, random),
            |batches| {
                let mut profile = Profile::new(&spec);
                batches.iter().for_each(|batch| profile.observe(&spec, batch, &|_| true));
                profile
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// The batches of a row group, with a column for each shape.
fn batches(columns: &[Shape], random: &mut Random) -> Vec<RecordBatch> {
    let mut batch = || {
        let columns = columns.iter().enumerate();
        let arrays = columns.map(|(at, shape)| (format!("column_{at:02}"), shape.draw(BATCH, random), true));
        match RecordBatch::try_from_iter_with_nullable(arrays) {
            Ok(batch) => batch,
            Err(error) => unreachable!("columns of equal length: {error}"),
        }
    };
    (0..ROWS / BATCH).map(|_| batch()).collect()
}
