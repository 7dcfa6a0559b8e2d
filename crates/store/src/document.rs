//! Small documents, whole and in one step; names in a folder.

use crate::backend::Backend;
use crate::{Error, Location, Store, local};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use std::collections::HashMap;
use std::path::Path;

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

    /// Of objects named by their [`Source::id`](crate::Source::id), those that exist, each with what it is called without
    /// any link.
    ///
    /// # Errors
    /// [`Error::Invalid`], [`Error::Denied`] and [`Error::Io`].
    pub fn existing(&self, ids: Vec<String>) -> Result<HashMap<String, String>, Error> {
        let look = |id: String| {
            let location = Location::parse(&id, Path::new("/"));
            let backend = location.as_ref().map_err(Clone::clone).and_then(|place| self.backend(place));
            async move {
                let location = location?;
                let backend = backend?;
                let found = backend.look(location.root(), location.shown()).await?;
                let real = match backend {
                    Backend::Local(_) => local::real(location.root()),
                    Backend::Objects(_) => id.clone(),
                };
                Ok::<_, Error>(found.map(|_| (id, real)))
            }
        };
        let found = futures::stream::iter(ids).map(look).buffer_unordered(64).try_collect::<Vec<_>>();
        Ok(self.runtime.block_on(found)?.into_iter().flatten().collect())
    }

    /// Removes a local folder that is empty; object stores have no folders.
    ///
    /// # Errors
    /// [`Error::Denied`] and [`Error::Io`].
    pub fn delete_folder(&self, location: &Location) -> Result<(), Error> {
        match self.backend(location)? {
            Backend::Local(_) => local::delete_folder(location.root(), location.shown()),
            Backend::Objects(_) => Ok(()),
        }
    }

    /// Removes what writes that were killed left below a folder. Nothing else may write there meanwhile.
    ///
    /// # Errors
    /// [`Error::Denied`] and [`Error::Io`].
    pub fn sweep(&self, location: &Location) -> Result<(), Error> {
        match self.backend(location)? {
            Backend::Local(_) => local::sweep(location.root(), location.shown()),
            Backend::Objects(_) => Ok(()),
        }
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
