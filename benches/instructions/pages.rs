//! The page path over a column chunk of a Parquet file in memory, from its pages to a profile.

use std::{error::Error, hint::black_box};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use bytes::Bytes;
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    },
    errors::ParquetError,
    file::properties::WriterProperties,
};
use profile::{Groups, Observer, Profile, Survey, cover};
use rand::SeedableRng as _;

use super::{
    arrays::Shape,
    callgrind::measure,
    inputs::{Names, Numbers, ROWS, Random},
};

/// Name, what the column looks like, whether it has a dictionary, and the windows that its rows are spread over.
const CASES: [(&str, Shape, bool, usize); 7] = [
    ("plain_doubles", Shape::Doubles(Numbers::Gaussian), false, 1),
    ("plain_nullable_doubles", Shape::Gappy(Numbers::Gaussian), false, 1),
    ("plain_doubles_of_24_windows", Shape::Doubles(Numbers::Gaussian), false, 24),
    ("dictionary_doubles", Shape::Doubles(Numbers::TwoDecimals), true, 1),
    ("dictionary_integers", Shape::Integers, true, 1),
    ("dictionary_few_names", Shape::Text(Names::Few), true, 1),
    ("dictionary_many_names", Shape::Text(Names::Many), true, 1),
];

pub(crate) fn measure_all() -> Result<(), Box<dyn Error>> {
    for (name, shape, dictionary, windows) in CASES {
        let mut random = Random::seed_from_u64(7);
        let mut survey = Survey::default();
        survey.observe(&batch(shape, &mut random)?, &|_| true);
        let spec = survey.freeze();
        let file = write(&batch(shape, &mut random)?, dictionary)?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        let coverage = cover(&metadata, &[0], &spec);
        let leaf = coverage.leaves.first().ok_or("the page path does not cover the column")?;
        let row_group = metadata.metadata().row_group(0);
        let groups = Groups::new(
            (0..ROWS).map(|row| row * windows / ROWS).map(u32::try_from).collect::<Result<_, _>>()?,
        );
        measure(&format!("pages/{name}"), ROWS, &|| {
            let mut profiles = vec![Profile::new(&spec); windows];
            let mut borrowed: Vec<&mut Profile> = profiles.iter_mut().collect();
            let mut observer = Observer::new(&spec, &groups, &mut borrowed);
            if let Err(error) = observer.pages(leaf, row_group, file.clone()) {
                unreachable!("pages just written: {error}");
            }
            observer.finish();
            black_box(profiles);
        });
    }
    Ok(())
}

fn batch(shape: Shape, random: &mut Random) -> Result<RecordBatch, ArrowError> {
    RecordBatch::try_from_iter([("column", shape.draw(ROWS, random))])
}

/// A file of one row group, not compressed: what a codec costs is its own affair.
fn write(batch: &RecordBatch, dictionary: bool) -> Result<Bytes, ParquetError> {
    let properties = WriterProperties::builder().set_dictionary_enabled(dictionary).build();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.close()?;
    Ok(file.into())
}
