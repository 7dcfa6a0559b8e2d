//! A local file that was listed: opened once, read at positions, and known to be the same after every read.

use crate::Error;
use crate::listing::Object;
use crate::local::{is_absent, modified_micros};
use crate::pool::Pool;
use bytes::Bytes;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::OnceLock;

/// A file to be read, opened by the first read.
#[derive(Debug)]
pub(crate) struct LocalFile {
    object: Object,
    opened: OnceLock<File>,
    pool: Pool,
}

impl LocalFile {
    pub(crate) fn new(object: Object, pool: Pool) -> Self {
        Self { object, opened: OnceLock::new(), pool }
    }

    /// Reads with `pread`, so that threads share no offset, each range into a buffer of the pool. What was read
    /// counts only if the file is the listed one afterwards: then it was while it was read.
    pub(crate) fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, Error> {
        let file = self.file()?;
        let read = |range: &Range<u64>| {
            let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
            self.pool.bytes(length, |buffer| file.read_exact_at(buffer, range.start))
        };
        let bytes = ranges.iter().map(read).collect::<io::Result<Vec<_>>>();
        self.check_same(file)?;
        bytes.map_err(|error| self.failed(error))
    }

    fn file(&self) -> Result<&File, Error> {
        if let Some(file) = self.opened.get() {
            return Ok(file);
        }
        match File::open(&self.object.key) {
            Ok(file) => Ok(self.opened.get_or_init(|| file)),
            Err(error) if is_absent(&error) => Err(self.changed("nothing".to_owned())),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn check_same(&self, file: &File) -> Result<(), Error> {
        let metadata = file.metadata().map_err(|error| self.failed(error))?;
        let modified = modified_micros(&metadata);
        if (metadata.len(), modified) == (self.object.bytes, self.object.modified_micros) {
            return Ok(());
        }
        Err(self.changed(show(metadata.len(), modified)))
    }

    fn failed(&self, error: io::Error) -> Error {
        Error::io(&self.object.path, "read", error)
    }

    fn changed(&self, found: String) -> Error {
        let expected = show(self.object.bytes, self.object.modified_micros);
        Error::Changed { path: self.object.path.clone(), expected, found }
    }
}

fn show(bytes: u64, modified_micros: i64) -> String {
    format!("{bytes} bytes modified at {modified_micros} µs")
}
