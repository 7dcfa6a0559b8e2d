//! Object stores: ranged reads that notice a changed object, whole puts, listings.

use crate::Error;
use crate::error::http_status;
use crate::hive::is_hidden;
use crate::listing::{Found, Object};
use crate::location::below;
use crate::pool::Pool;
use crate::retry::{again, is_unanswered, is_unusable};
use crate::traffic::Meter;
use crate::upload::upload;
use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::future::try_join_all;
use object_store::limit::LimitStore;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, UpdateVersion,
};
use std::error::Error as StdError;
use std::ops::Range;
use std::sync::Arc;

/// Requests under way at once to one store: each is a connection of its own, and the first that ask are served first.
pub(crate) const REQUESTS: usize = 128;
/// What an entity tag starts with that does not promise the same bytes.
const WEAK: &str = "W/";

/// An opened object store and what is asked of it; clones share both.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    meter: Meter,
    pool: Pool,
    /// What entity tags stand between in a request.
    quote: &'static str,
}

impl Objects {
    pub(crate) fn new(store: impl ObjectStore, meter: Meter) -> Self {
        Self { store: Arc::new(LimitStore::new(store, REQUESTS)), meter, pool: Pool::default(), quote: "\"" }
    }

    /// A store in memory, which knows entity tags without quotes.
    pub(crate) fn in_memory(store: impl ObjectStore, meter: Meter) -> Self {
        Self { quote: "", ..Self::new(store, meter) }
    }

    /// Reads each range with its own request and compares what answered with what was planned.
    pub(crate) async fn ranges(&self, object: &Object, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>, Error> {
        let key = path(&object.key, &object.path)?;
        let read = |range: Range<u64>| self.range(object, &key, range);
        try_join_all(ranges.into_iter().map(read)).await
    }

    async fn range(&self, object: &Object, key: &Path, range: Range<u64>) -> Result<Bytes, Error> {
        let passes = |failure: &Failure| matches!(failure, Failure::Store(error) if is_unusable(error));
        let read = again(|| self.range_once(object, key, range.clone()), passes).await;
        read.map_err(|failure| match failure {
            Failure::Store(error) => Error::object(&object.path, "read", error),
            Failure::Found(found) => Error::Changed {
                path: object.path.clone(),
                expected: show(object.etag.as_deref(), object.bytes),
                found,
            },
        })
    }

    async fn range_once(&self, object: &Object, key: &Path, range: Range<u64>) -> Result<Bytes, Failure> {
        // A plan asks for nothing beyond the end of the object that was listed.
        let length = usize::try_from(range.end - range.start).map_err(unusable)?;
        let mut reading = self.meter.read(self.pool.lend(length, length.saturating_add(length / 8)));
        // A weak tag never matches.
        let tag = object.etag.as_ref().filter(|etag| !etag.starts_with(WEAK));
        let if_match = tag.map(|etag| format!("{quote}{etag}{quote}", quote = self.quote));
        let options = GetOptions { range: Some(GetRange::Bounded(range)), if_match, ..GetOptions::default() };
        let answer = self.store.get_opts(key, options).await?;
        let etag = answer.meta.e_tag.as_deref().map(plain_etag);
        let strong =
            |etag: &Option<String>| etag.as_deref().map(|etag| etag.trim_start_matches(WEAK).to_owned());
        let same_etag = object.etag.is_none() || etag.is_none() || strong(&object.etag) == strong(&etag);
        if !same_etag || answer.meta.size != object.bytes {
            return Err(Failure::Found(show(etag.as_deref(), answer.meta.size)));
        }
        let mut parts = answer.into_stream();
        while let Some(part) = parts.try_next().await? {
            reading.push(&part);
        }
        reading.finish().map_err(|found| wrong_length(length as u64, found as u64).into())
    }

    pub(crate) async fn read(&self, key: &str, shown: &str) -> Result<Option<Bytes>, Error> {
        Ok(self.read_version(key, shown).await?.map(|(content, _)| content))
    }

    /// All of an object, and the version that a put can ask for, if there is one.
    pub(crate) async fn read_version(
        &self,
        key: &str,
        shown: &str,
    ) -> Result<Option<(Bytes, UpdateVersion)>, Error> {
        let key = &path(key, shown)?;
        let read = async || {
            self.meter.request();
            let answer = self.store.get(key).await?;
            let (version, expected) = (answer.meta.version.clone(), answer.meta.size);
            let version = UpdateVersion { e_tag: answer.meta.e_tag.clone(), version };
            let content = answer.bytes().await?;
            if content.len() as u64 == expected {
                Ok((content, version))
            } else {
                Err(wrong_length(expected, content.len() as u64))
            }
        };
        match again(read, is_unusable).await {
            Ok(found) => Ok(Some(found)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::object(shown, "read", error)),
        }
    }

    pub(crate) async fn write(&self, key: &str, shown: &str, content: Vec<u8>) -> Result<(), Error> {
        let (key, content) = (&path(key, shown)?, Bytes::from(content));
        let write = || upload(&*self.store, key, content.clone(), || self.meter.request());
        again(write, is_unusable).await.map_err(|error| Error::object(shown, "write", error))
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

    pub(crate) async fn delete(&self, key: &str, shown: &str) -> Result<(), Error> {
        let key = &path(key, shown)?;
        let delete = || {
            self.meter.request();
            self.store.delete(key)
        };
        match again(delete, |error| is_unusable(error) || is_unanswered(error)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::object(shown, "delete", error)),
        }
    }

    pub(crate) async fn children(&self, key: &str, shown: &str) -> Result<Vec<String>, Error> {
        let prefix = &path(key, shown)?;
        let list = async || {
            self.meter.request();
            self.store.list_with_delimiter(Some(prefix)).await
        };
        let listed = again(list, is_unusable).await.map_err(|error| Error::object(shown, "list", error))?;
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
        let prefix = &path(&below(key, inside), shown)?;
        // From the start each time: not every store lists in an order that could be picked up.
        let listed = again(|| self.list(prefix, progress), is_unusable).await;
        let listed = listed.map_err(|error| Error::object(shown, "list", error))?;
        let found = listed.into_iter().map(|meta| {
            let relative = meta.location.as_ref().strip_prefix(key).unwrap_or(meta.location.as_ref());
            let relative = relative.trim_start_matches('/').to_owned();
            let path = below(shown, &relative);
            Found { relative, object: Ok(object(meta, path)) }
        });
        Ok(found.filter(|found| !found.relative.split('/').any(is_hidden)).collect())
    }

    async fn list(&self, prefix: &Path, progress: &dyn Fn(u64)) -> object_store::Result<Vec<ObjectMeta>> {
        self.meter.request();
        let mut listed = self.store.list(Some(prefix));
        let mut found = Vec::new();
        while let Some(meta) = listed.try_next().await? {
            found.push(meta);
            if found.len().is_multiple_of(1_000) {
                progress(found.len() as u64);
            }
        }
        Ok(found)
    }
}

/// Why a planned range was not read.
#[derive(Debug)]
enum Failure {
    Store(object_store::Error),
    /// There is something else now.
    Found(String),
}

impl From<object_store::Error> for Failure {
    fn from(error: object_store::Error) -> Self {
        let status = match &error {
            object_store::Error::NotFound { .. } => Some(404),
            object_store::Error::Precondition { .. } => Some(412),
            // Of a body that broke off, when the rest was asked for.
            _ => http_status(&error.to_string()).and_then(|status| status.parse().ok()),
        };
        match status {
            Some(404) => Self::Found("nothing".to_owned()),
            Some(412) => Self::Found("another object".to_owned()),
            _ => Self::Store(error),
        }
    }
}

/// An answer that is not what was asked for.
fn unusable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> object_store::Error {
    object_store::Error::Generic { store: "answer", source: source.into() }
}

fn wrong_length(expected: u64, found: u64) -> object_store::Error {
    unusable(format!("expected {expected} bytes, found {found}"))
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
    let (weak, etag) = etag.strip_prefix(WEAK).map_or(("", etag), |etag| (WEAK, etag));
    format!("{weak}{}", etag.trim_matches('"'))
}

fn path(key: &str, shown: &str) -> Result<Path, Error> {
    Path::parse(key).map_err(|error| Error::Invalid { text: shown.to_owned(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags_lose_their_quotes_and_stay_weak() {
        assert_eq!(["\"a\"", "a", "W/\"a\"", "W/a"].map(plain_etag), ["a", "a", "W/a", "W/a"]);
    }

    #[test]
    fn what_is_no_longer_there_is_told_from_what_failed() {
        let broken = |text: &str| object_store::Error::Generic { store: "S3", source: text.into() };
        let failure = |text| Failure::from(broken(text));
        assert!(matches!(failure("status code: 412 Precondition Failed"), Failure::Found(_)));
        assert!(matches!(failure("status code: 404 Not Found"), Failure::Found(_)));
        assert!(matches!(failure("status code: 400 Bad Request"), Failure::Store(_)));
        assert!(is_unusable(&broken("Content-Length Header missing from response")));
        assert!(!is_unusable(&broken("Error performing GET x in 1s, after 10 retries")));
    }
}
