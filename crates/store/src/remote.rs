//! Object stores: ranged reads that notice a changed object, whole puts, listings.

use crate::Error;
use crate::hive::is_hidden;
use crate::listing::{Found, Object};
use crate::location::below;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use std::ops::Range;

/// Requests under way at once for one row group.
const PARALLEL_READS: usize = 6;

/// Reads each range with its own request and compares what answered with what was planned.
pub(crate) async fn read_ranges(
    store: &dyn ObjectStore,
    object: &Object,
    ranges: Vec<Range<u64>>,
) -> Result<Vec<Bytes>, Error> {
    let key = path(&object.key, &object.path)?;
    let read = |range: Range<u64>| read_range(store, object, &key, range);
    futures::stream::iter(ranges.into_iter().map(read)).buffered(PARALLEL_READS).try_collect().await
}

async fn read_range(
    store: &dyn ObjectStore,
    object: &Object,
    key: &Path,
    range: Range<u64>,
) -> Result<Bytes, Error> {
    let length = range.end - range.start;
    let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
    let changed = |found: String| Error::Changed {
        path: object.path.clone(),
        expected: show(object.etag.as_deref(), object.bytes),
        found,
    };
    let answer = match store.get_opts(key, options).await {
        Ok(answer) => answer,
        Err(object_store::Error::NotFound { .. }) => return Err(changed("nothing".to_owned())),
        Err(error) => return Err(Error::object(&object.path, "read", error)),
    };
    let etag = answer.meta.e_tag.as_deref().map(plain_etag);
    let same_etag = object.etag.is_none() || etag.is_none() || object.etag == etag;
    if !same_etag || answer.meta.size != object.bytes {
        return Err(changed(show(etag.as_deref(), answer.meta.size)));
    }
    let bytes = answer.bytes().await.map_err(|error| Error::object(&object.path, "read", error))?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(changed(format!("an answer of {} bytes", bytes.len())))
    }
}

fn show(etag: Option<&str>, bytes: u64) -> String {
    etag.map_or_else(|| format!("{bytes} bytes"), |etag| format!("etag {etag} of {bytes} bytes"))
}

pub(crate) async fn read(store: &dyn ObjectStore, key: &str, shown: &str) -> Result<Option<Bytes>, Error> {
    let answer = match store.get(&path(key, shown)?).await {
        Ok(answer) => answer,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(Error::object(shown, "read", error)),
    };
    answer.bytes().await.map(Some).map_err(|error| Error::object(shown, "read", error))
}

pub(crate) async fn write(
    store: &dyn ObjectStore,
    key: &str,
    shown: &str,
    content: Vec<u8>,
) -> Result<(), Error> {
    let put = store.put(&path(key, shown)?, content.into()).await;
    put.map(drop).map_err(|error| Error::object(shown, "write", error))
}

pub(crate) async fn delete(store: &dyn ObjectStore, key: &str, shown: &str) -> Result<(), Error> {
    match store.delete(&path(key, shown)?).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(Error::object(shown, "delete", error)),
    }
}

pub(crate) async fn children(store: &dyn ObjectStore, key: &str, shown: &str) -> Result<Vec<String>, Error> {
    let prefix = path(key, shown)?;
    let listed = store.list_with_delimiter(Some(&prefix)).await;
    let listed = listed.map_err(|error| Error::object(shown, "list", error))?;
    let folders = listed.common_prefixes.iter();
    let names = folders.chain(listed.objects.iter().map(|object| &object.location));
    let mut names: Vec<_> = names.filter_map(|path| path.filename().map(str::to_owned)).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// The object at `key`, if there is one.
pub(crate) async fn head(store: &dyn ObjectStore, key: &str, shown: &str) -> Result<Option<Found>, Error> {
    match store.head(&path(key, shown)?).await {
        Ok(meta) => Ok(Some(Found { relative: String::new(), object: Ok(object(meta, shown.to_owned())) })),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(Error::object(shown, "read", error)),
    }
}

/// Every object below `key` and, within it, `inside`; hidden ones are left out. `progress` hears how many so far.
pub(crate) async fn walk(
    store: &dyn ObjectStore,
    key: &str,
    shown: &str,
    inside: &str,
    progress: &dyn Fn(u64),
) -> Result<Vec<Found>, Error> {
    let prefix = path(&below(key, inside), shown)?;
    let mut listed = store.list(Some(&prefix));
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
