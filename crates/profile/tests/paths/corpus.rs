//! Files of other writers: those in `data/encodings`.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use profile::Spec;

use super::read::{compare, metadata};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_of_other_writers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/encodings");
    let mut found = Vec::new();
    files(&folder, &mut found);
    assert!(found.len() > 20, "{}: expected a corpus, found {} files", folder.display(), found.len());
    let mut covered = 0;
    let mut writers = std::collections::BTreeSet::new();
    for path in &found {
        let file = Bytes::from(std::fs::read(path).unwrap());
        let metadata = match metadata(&file) {
            Ok(metadata) => metadata,
            // Fastparquet gives the empty list of row groups an element type that the parquet crate does not know.
            Err(_) if path.ends_with("fastparquet/empty.parquet") => continue,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        writers.extend(metadata.metadata().file_metadata().created_by().map(str::to_owned));
        let handed = compare(&file, &Spec::default(), &path.display().to_string());
        covered += usize::from(handed.is_empty());
    }
    assert!(writers.len() >= 5, "{writers:?}");
    assert!(covered * 10 > found.len() * 7, "only {covered} of {} files need no batch path", found.len());
}
