//! Object stores: ranged reads that notice a changed object, whole puts, listings.

use crate::Error;
use crate::hive::is_hidden;
use crate::listing::{Found, Object};
use crate::location::below;
use crate::pool::Pool;
use crate::traffic::Meter;
use bytes::Bytes;
use futures::future::try_join_all;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::limit::LimitStore;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, UpdateVersion,
};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Requests under way at once to one store: each is a connection of its own, and the first that ask are served first.
pub(crate) const REQUESTS: usize = 128;

/// An opened object store and what is asked of it; clones share both.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    meter: Meter,
    pool: Pool,
}

impl Objects {
    pub(crate) fn new(store: impl ObjectStore, meter: Meter) -> Self {
        Self { store: Arc::new(LimitStore::new(store, REQUESTS)), meter, pool: Pool::default() }
    }

    /// Reads each range with its own request and compares what answered with what was planned.
    pub(crate) async fn ranges(&self, object: &Object, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>, Error> {
        let key = path(&object.key, &object.path)?;
        let read = |range: Range<u64>| self.range(object, &key, range);
        try_join_all(ranges.into_iter().map(read)).await
    }

    async fn range(&self, object: &Object, key: &Path, range: Range<u64>) -> Result<Bytes, Error> {
        let failed = |error| Error::object(&object.path, "read", error);
        let changed = |found: String| Error::Changed {
            path: object.path.clone(),
            expected: show(object.etag.as_deref(), object.bytes),
            found,
        };
        // A plan asks for nothing beyond the end of the object that was listed.
        let length = usize::try_from(range.end - range.start)
            .map_err(|error| Error::io(&object.path, "read", io::Error::other(error)))?;
        let mut reading = self.meter.read(self.pool.lend(length, length.saturating_add(length / 8)));
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let answer = match self.store.get_opts(key, options).await {
            Ok(answer) => answer,
            Err(object_store::Error::NotFound { .. }) => return Err(changed("nothing".to_owned())),
            Err(error) => return Err(failed(error)),
        };
        let etag = answer.meta.e_tag.as_deref().map(plain_etag);
        let same_etag = object.etag.is_none() || etag.is_none() || object.etag == etag;
        if !same_etag || answer.meta.size != object.bytes {
            return Err(changed(show(etag.as_deref(), answer.meta.size)));
        }
        let mut parts = answer.into_stream();
        while let Some(part) = parts.try_next().await.map_err(failed)? {
            reading.push(&part);
        }
        reading.finish().map_err(|length| changed(format!("an answer of {length} bytes")))
    }

    pub(crate) async fn read(&self, key: &str, shown: &str) -> Result<Option<Bytes>, Error> {
        self.meter.request();
        let answer = match self.store.get(&path(key, shown)?).await {
            Ok(answer) => answer,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(Error::object(shown, "read", error)),
        };
        answer.bytes().await.map(Some).map_err(|error| Error::object(shown, "read", error))
    }

    pub(crate) async fn write(&self, key: &str, shown: &str, content: Vec<u8>) -> Result<(), Error> {
        self.meter.request();
        let put = self.store.put(&path(key, shown)?, content.into()).await;
        put.map(drop).map_err(|error| Error::object(shown, "write", error))
    }

    /// Puts a small object on a condition; returns what the next put can ask for.
    pub(crate) async fn put(
        &self,
        key: &str,
        content: Vec<u8>,
        mode: PutMode,
    ) -> object_store::Result<UpdateVersion> {
        self.meter.request();
        let put = self.store.put_opts(&Path::parse(key)?, content.into(), mode.into()).await?;
        Ok(put.into())
    }

    /// All of a small object, and the version that a put can ask for, if there is one.
    pub(crate) async fn read_version(
        &self,
        key: &str,
        shown: &str,
    ) -> Result<Option<(Bytes, UpdateVersion)>, Error> {
        self.meter.request();
        let failed = |error| Error::object(shown, "read", error);
        let answer = match self.store.get(&path(key, shown)?).await {
            Ok(answer) => answer,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let version =
            UpdateVersion { e_tag: answer.meta.e_tag.clone(), version: answer.meta.version.clone() };
        Ok(Some((answer.bytes().await.map_err(failed)?, version)))
    }

    pub(crate) async fn delete(&self, key: &str, shown: &str) -> Result<(), Error> {
        self.meter.request();
        match self.store.delete(&path(key, shown)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::object(shown, "delete", error)),
        }
    }

    pub(crate) async fn children(&self, key: &str, shown: &str) -> Result<Vec<String>, Error> {
        let prefix = path(key, shown)?;
        self.meter.request();
        let listed = self.store.list_with_delimiter(Some(&prefix)).await;
        let listed = listed.map_err(|error| Error::object(shown, "list", error))?;
        let folders = listed.common_prefixes.iter();
        let names = folders.chain(listed.objects.iter().map(|object| &object.location));
        let mut names: Vec<_> = names.filter_map(|path| path.filename().map(str::to_owned)).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The object at `key`, if there is one.
    pub(crate) async fn head(&self, key: &str, shown: &str) -> Result<Option<Found>, Error> {
        self.meter.request();
        match self.store.head(&path(key, shown)?).await {
            Ok(meta) => {
                Ok(Some(Found { relative: String::new(), object: Ok(object(meta, shown.to_owned())) }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::object(shown, "read", error)),
        }
    }

    /// Every object below `key` and, within it, `inside`; hidden ones are left out. `progress` hears how many so far.
    pub(crate) async fn walk(
        &self,
        key: &str,
        shown: &str,
        inside: &str,
        progress: &dyn Fn(u64),
    ) -> Result<Vec<Found>, Error> {
        let prefix = path(&below(key, inside), shown)?;
        self.meter.request();
        let mut listed = self.store.list(Some(&prefix));
        let mut found = Vec::new();
        let mut seen = 0_u64;
        while let Some(meta) = listed.next().await {
            let meta = meta.map_err(|error| Error::object(shown, "list", error))?;
            seen += 1;
            if seen.is_multiple_of(1_000) {
                progress(seen);
            }
            let relative = meta.location.as_ref().strip_prefix(key).unwrap_or(meta.location.as_ref());
            let relative = relative.trim_start_matches('/').to_owned();
            if !relative.split('/').any(is_hidden) {
                let path = below(shown, &relative);
                found.push(Found { relative, object: Ok(object(meta, path)) });
            }
        }
        Ok(found)
    }
}

fn show(etag: Option<&str>, bytes: u64) -> String {
    etag.map_or_else(|| format!("{bytes} bytes"), |etag| format!("etag {etag} of {bytes} bytes"))
}

fn object(meta: ObjectMeta, shown: String) -> Object {
    Object {
        key: meta.location.to_string(),
        path: shown,
        etag: meta.e_tag.as_deref().map(plain_etag),
        bytes: meta.size,
        modified_micros: meta.last_modified.timestamp_micros(),
    }
}

/// Services quote entity tags in headers and not always in listings.
fn plain_etag(etag: &str) -> String {
    etag.trim_start_matches("W/").trim_matches('"').to_owned()
}

fn path(key: &str, shown: &str) -> Result<Path, Error> {
    Path::parse(key).map_err(|error| Error::Invalid { text: shown.to_owned(), reason: error.to_string() })
}
