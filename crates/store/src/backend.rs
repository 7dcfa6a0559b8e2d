//! The few operations everything here is made of, on the local file system or on an object store.

use crate::bucket;
use crate::error::Error;
use crate::listing::Object;
use crate::local;
use crate::local_file::LocalFile;
use crate::location::Place;
use crate::pool::Pool;
use crate::remote::{Objects, REQUESTS};
use crate::traffic::Meter;
use bytes::Bytes;
use object_store::memory::InMemory;
use std::ops::Range;

/// An opened store; clones share it.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    /// The file system of this machine, with the buffers for reading column chunks.
    Local(Pool),
    Objects(Objects),
}

impl Backend {
    /// Opens the store of a place.
    pub(crate) async fn open(place: &Place, meter: Meter) -> Result<Self, Error> {
        let objects = match place {
            Place::Local => return Ok(Self::Local(Pool::default())),
            Place::Memory => Objects::in_memory(InMemory::new(), meter),
            Place::Bucket { cloud, authority } => Objects::new(bucket::open(*cloud, authority).await?, meter),
        };
        Ok(Self::Objects(objects))
    }

    /// Bytes of `object` at each of `ranges`, in their order.
    pub(crate) async fn ranges(&self, object: &Object, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>, Error> {
        match self {
            Self::Local(_) => {
                // What is read here, as a footer, stays for long, and would keep a large buffer from a small use.
                let file = LocalFile::new(object.clone(), Pool::default());
                blocking("read", move || file.read(&ranges)).await
            }
            Self::Objects(objects) => objects.ranges(object, ranges).await,
        }
    }

    /// All of the object at `key`, or nothing when there is none.
    pub(crate) async fn read(&self, key: &str, shown: &str) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Local(_) => {
                let (key, shown) = (key.to_owned(), shown.to_owned());
                blocking("read", move || local::read(&key, &shown)).await
            }
            Self::Objects(objects) => objects.read(key, shown).await,
        }
    }

    /// Replaces the object at `key` in one step.
    pub(crate) async fn write(&self, key: &str, shown: &str, content: Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Local(_) => {
                let (key, shown) = (key.to_owned(), shown.to_owned());
                blocking("write", move || local::write(&key, &shown, &content)).await
            }
            Self::Objects(objects) => objects.write(key, shown, content).await,
        }
    }

    /// Removes the object at `key`, if there is one.
    pub(crate) async fn delete(&self, key: &str, shown: &str) -> Result<(), Error> {
        match self {
            Self::Local(_) => {
                let (key, shown) = (key.to_owned(), shown.to_owned());
                blocking("delete", move || local::delete(&key, &shown)).await
            }
            Self::Objects(objects) => objects.delete(key, shown).await,
        }
    }

    /// The object at `key`, if there is one.
    pub(crate) async fn look(&self, key: &str, shown: &str) -> Result<Option<Object>, Error> {
        match self {
            Self::Local(_) => local::look(key, shown),
            Self::Objects(objects) => Ok(objects.head(key, shown).await?.and_then(|found| found.object.ok())),
        }
    }

    /// Names of files and folders directly below `key`, sorted; none when there is no such folder.
    pub(crate) async fn children(&self, key: &str, shown: &str) -> Result<Vec<String>, Error> {
        match self {
            Self::Local(_) => {
                let (key, shown) = (key.to_owned(), shown.to_owned());
                blocking("list", move || local::children(&key, &shown)).await
            }
            Self::Objects(objects) => objects.children(key, shown).await,
        }
    }

    /// Ranges longer than this are read in parallel parts.
    pub(crate) fn largest_read(&self) -> u64 {
        match self {
            Self::Local(_) => u64::MAX,
            Self::Objects(_) => 8 << 20,
        }
    }

    /// How many reads of small ranges are worth having under way at once.
    pub(crate) fn concurrency(&self) -> usize {
        match self {
            Self::Local(_) => 8,
            Self::Objects(_) => REQUESTS,
        }
    }

    /// Bytes of footers that a plan keeps, those that come first, so that a scan does not wait for them again.
    pub(crate) fn footers_kept(&self) -> usize {
        match self {
            Self::Local(_) => 0,
            Self::Objects(_) => 16 << 20,
        }
    }

    /// Sources that a scan opens ahead of their tasks.
    pub(crate) fn sources_ahead(&self) -> usize {
        match self {
            Self::Local(_) => 8,
            Self::Objects(_) => 32,
        }
    }
}

/// Runs file system calls where they may block.
pub(crate) async fn blocking<T: Send + 'static>(
    action: &'static str,
    call: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(call).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Error::lost("local file system", action, error)),
    }
}
