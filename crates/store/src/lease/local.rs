//! A lease of a local folder: a file that is locked, which the kernel undoes when the process ends.

use super::record::Record;
use crate::Error;
use crate::local::create_folders;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A locked file.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Locks the file at `path`; `shown` is the folder that it stands for.
    pub(crate) fn take(path: &Path, shown: &str, record: &Record) -> Result<Self, Error> {
        let failed = |error| Error::io(shown, "write", error);
        create_folders(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
        loop {
            let mut options = File::options();
            let file = options.read(true).write(true).create(true).truncate(false);
            let mut file = file.open(path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(held(&mut file, shown)),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            let mut lock = Self { file, path: path.to_owned() };
            // Whoever held it before may have removed it since it was opened.
            if lock.is_held() {
                lock.sign(record).map_err(failed)?;
                return Ok(lock);
            }
        }
    }

    /// Whether the locked file is still the one that others would find.
    pub(crate) fn is_held(&self) -> bool {
        let same = || {
            let (own, there) = (self.file.metadata()?, fs::symlink_metadata(&self.path)?);
            io::Result::Ok((own.dev(), own.ino()) == (there.dev(), there.ino()))
        };
        same().unwrap_or(false)
    }

    fn sign(&mut self, record: &Record) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all(&record.encode())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is locked nobody else removes it, so what is removed is this file.
        if self.is_held() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Who holds the lock, as far as it has signed already.
fn held(file: &mut File, shown: &str) -> Error {
    let mut content = Vec::new();
    let record = file.read_to_end(&mut content).ok().and_then(|_| Record::decode(&content).ok());
    let until = "it ends".to_owned();
    match record {
        Some(record) => record.held(shown, until),
        None => Error::Held { path: shown.to_owned(), owner: "another process".to_owned(), until },
    }
}
