//! Small documents, whole and in one step; names in a folder.

use crate::{Error, Location, Store};
use bytes::Bytes;

impl Store {
    /// All of one object, or `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a wildcard, [`Error::Denied`] and [`Error::Io`] from the store.
    pub fn read(&self, location: &Location) -> Result<Option<Bytes>, Error> {
        location.one()?;
        let backend = self.backend(location)?;
        self.runtime.block_on(backend.read(location.root(), location.shown()))
    }

    /// Writes one object, whole and in one step: after a failure the old content is still there, and nothing else.
    ///
    /// Local folders on the way are created, and the content is on the disk when this returns.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Denied`], [`Error::Io`] from the store, [`Error::Invalid`] for a wildcard.
    pub fn write(&self, location: &Location, content: Vec<u8>) -> Result<(), Error> {
        location.one()?;
        let backend = self.backend(location)?;
        self.runtime.block_on(backend.write(location.root(), location.shown(), content))
    }

    /// Names of the files and folders directly in a folder, sorted; none when it does not exist.
    ///
    /// # Errors
    /// [`Error::Denied`] and [`Error::Io`] from the store.
    pub fn list_folder(&self, location: &Location) -> Result<Vec<String>, Error> {
        let backend = self.backend(location)?;
        self.runtime.block_on(backend.children(location.root(), location.shown()))
    }

    /// Removes one object, if there is one.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a wildcard, [`Error::Denied`] and [`Error::Io`] from the store.
    pub fn delete(&self, location: &Location) -> Result<(), Error> {
        location.one()?;
        let backend = self.backend(location)?;
        self.runtime.block_on(backend.delete(location.root(), location.shown()))
    }
}
