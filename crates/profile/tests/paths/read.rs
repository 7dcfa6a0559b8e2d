//! Reads a Parquet file by either path.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use profile::{Groups, NONE, Observer, Profile, Spec, Survey, cover};

/// How rows are spread over groups.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Spread {
    /// All in one.
    One,
    /// Long runs of seven groups, some rows in none.
    Runs,
    /// Every row in another of eleven groups.
    Shuffled,
}

impl Spread {
    pub(crate) const ALL: [Self; 3] = [Self::One, Self::Runs, Self::Shuffled];

    fn groups(self, rows: usize) -> (Groups, usize) {
        match self {
            Self::One => (Groups::one(0, rows), 1),
            Self::Runs => {
                let of_row = (0..rows).map(|row| match row * 9 / rows.max(1) {
                    4 => NONE,
                    run => u32::try_from(run % 7).unwrap(),
                });
                of_some(of_row.collect())
            }
            Self::Shuffled => {
                let of_row = (0..rows).map(|row| u32::try_from(row * 7919 % 11).unwrap());
                of_some(of_row.collect())
            }
        }
    }
}

/// Groups that have a row each.
fn of_some(mut of_row: Vec<u32>) -> (Groups, usize) {
    let mut present: Vec<u32> = of_row.iter().copied().filter(|group| *group != NONE).collect();
    present.sort_unstable();
    present.dedup();
    for group in of_row.iter_mut().filter(|group| **group != NONE) {
        *group = u32::try_from(present.binary_search(group).unwrap()).unwrap();
    }
    (Groups::new(of_row), present.len())
}

pub(crate) fn metadata(file: &Bytes) -> Result<ArrowReaderMetadata, String> {
    // A damaged Arrow schema makes its decoder panic; the program catches that as well, where it reads footers.
    let load = |options| {
        let load = AssertUnwindSafe(|| ArrowReaderMetadata::load(file, options));
        let loaded = catch_unwind(load).map_err(|_| "the decoder of footers stopped".to_owned())?;
        loaded.map_err(|error| error.to_string())
    };
    let metadata = load(ArrowReaderOptions::new())?;
    // The parquet crate cannot make dictionaries of views, which Polars asks for.
    let views = |field: &Arc<Field>| matches!(field.data_type(), DataType::Dictionary(_, values) if **values == DataType::Utf8View);
    if metadata.schema().fields().iter().any(views) {
        return load(ArrowReaderOptions::new().with_skip_arrow_metadata(true));
    }
    Ok(metadata)
}

/// The frozen features of a file.
pub(crate) fn survey(file: &Bytes) -> Spec {
    try_survey(file).unwrap()
}

/// The frozen features of a file that may not be one.
pub(crate) fn try_survey(file: &Bytes) -> Result<Spec, String> {
    let metadata = metadata(file)?;
    let mut survey = Survey::default();
    for group in 0..metadata.metadata().num_row_groups() {
        batches(file, &metadata, group, &mut |_, batch| {
            survey.observe(batch, &|_| true);
            Ok(())
        })?;
    }
    Ok(survey.freeze())
}

/// Profiles of each row group and group, by Arrow batches alone: each part of each batch on its own.
pub(crate) fn by_batches(file: &Bytes, spec: &Spec, spread: Spread) -> Result<Vec<Profile>, String> {
    let metadata = metadata(file)?;
    let mut all = Vec::new();
    for group in 0..metadata.metadata().num_row_groups() {
        let (groups, count) = spread.groups(rows(&metadata, group));
        let mut profiles = vec![Profile::new(spec); count];
        batches(file, &metadata, group, &mut |start, batch| {
            for (group, part) in groups.split(start, batch).map_err(|error| error.to_string())? {
                profiles[group as usize].observe(spec, &part, &|_| true);
            }
            Ok(())
        })?;
        all.extend(profiles);
    }
    Ok(all)
}

/// The same by pages, and what these do not cover by batches; with the columns that were handed over.
pub(crate) fn by_pages(
    file: &Bytes,
    spec: &Spec,
    spread: Spread,
) -> Result<(Vec<Profile>, Vec<String>), String> {
    let metadata = metadata(file)?;
    let roots: Vec<usize> = (0..metadata.schema().fields().len()).collect();
    let coverage = cover(&metadata, &roots, spec);
    let handed: Vec<String> = coverage.handed_over.iter().map(|(name, _)| name.clone()).collect();
    let mut all = Vec::new();
    for group in 0..metadata.metadata().num_row_groups() {
        let rows = rows(&metadata, group);
        let (groups, count) = spread.groups(rows);
        let mut profiles = vec![Profile::new(spec); count];
        let mut borrowed: Vec<&mut Profile> = profiles.iter_mut().collect();
        let mut observer = Observer::new(spec, &groups, &mut borrowed);
        for leaf in &coverage.leaves {
            let row_group = metadata.metadata().row_group(group);
            observer.pages(leaf, row_group, file.clone()).map_err(|error| error.to_string())?;
        }
        if !handed.is_empty() {
            let wanted = |name: &str| handed.iter().any(|column| column == name);
            batches(file, &metadata, group, &mut |start, batch| {
                observer.batch(start, batch, &wanted).map_err(|error| error.to_string())
            })?;
        }
        observer.finish();
        all.extend(profiles);
    }
    Ok((all, handed))
}

fn rows(metadata: &ArrowReaderMetadata, group: usize) -> usize {
    usize::try_from(metadata.metadata().row_group(group).num_rows()).unwrap_or(0)
}

/// Calls `take` with the first row and the batch, for each batch of a row group.
fn batches(
    file: &Bytes,
    metadata: &ArrowReaderMetadata,
    group: usize,
    take: &mut dyn FnMut(usize, &RecordBatch) -> Result<(), String>,
) -> Result<(), String> {
    let mut read = || -> Result<(), String> {
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone())
            .with_row_groups(vec![group])
            .with_batch_size(700)
            .build()
            .map_err(|error| error.to_string())?;
        let mut start = 0;
        for batch in reader {
            let batch = batch.map_err(|error| error.to_string())?;
            take(start, &batch)?;
            start += batch.num_rows();
        }
        if start == rows(metadata, group) { Ok(()) } else { Err(format!("found {start} rows")) }
    };
    catch_unwind(AssertUnwindSafe(&mut read)).unwrap_or(Err("the decoder stopped".to_owned()))
}

/// Fails with the first feature that differs.
#[track_caller]
pub(crate) fn assert_same(pages: &[Profile], batches: &[Profile], spec: &Spec, what: &str) {
    assert_eq!(pages.len(), batches.len(), "{what}");
    for (group, (page, batch)) in pages.iter().zip(batches).enumerate() {
        assert_eq!(page.rows, batch.rows, "{what}");
        for ((feature, page), batch) in spec.features().iter().zip(&page.features).zip(&batch.features) {
            let same = sketch::to_bytes(page).unwrap() == sketch::to_bytes(batch).unwrap();
            assert!(same, "{what}: group {group}, feature {}: \n{page:?}\n{batch:?}", feature.name);
        }
        let same = sketch::to_bytes(page).unwrap() == sketch::to_bytes(batch).unwrap();
        assert!(same, "{what}: group {group}: extra columns {:?} {:?}", page.extra, batch.extra);
    }
}

/// Both paths over a file under specs of its own, of none, and of another file.
pub(crate) fn compare(file: &Bytes, other: &Spec, what: &str) -> Vec<String> {
    let own = survey(file);
    let mut handed = Vec::new();
    let specs: [(&Spec, &str, &[Spread]); 3] = [
        (&own, "its own", &Spread::ALL),
        (&Spec::default(), "an empty", &[Spread::Runs]),
        (other, "another", &[Spread::Shuffled]),
    ];
    for (spec, of, spreads) in specs {
        for &spread in spreads {
            let what = format!("{what} under {of} spec, {spread:?}");
            let batches = by_batches(file, spec, spread).unwrap_or_else(|error| panic!("{what}: {error}"));
            let (pages, columns) =
                by_pages(file, spec, spread).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_same(&pages, &batches, spec, &what);
            if of == "its own" {
                handed = columns;
            }
        }
    }
    handed
}
