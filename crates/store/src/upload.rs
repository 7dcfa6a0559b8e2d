//! Objects put whole: small ones in one request, large ones in parts that appear together or not at all.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _};

/// The largest object that is put in one request.
const WHOLE: usize = 16 << 20;
/// Every part but the last has this size; all stores take it, and some want all parts but the last alike.
const PART: usize = 8 << 20;
/// Parts of one object under way at once.
const PARTS_AT_ONCE: usize = 4;

/// Replaces the object at `key` in one step; `request` is called for each request.
///
/// After a failure, what was there before still is, and nothing is kept of the parts: as far as the store can be
/// reached, an upload that did not end is aborted. Of a process that is killed meanwhile the parts stay, unseen, until
/// a lifecycle rule of the bucket removes them.
pub(crate) async fn upload(
    store: &dyn ObjectStore,
    key: &Path,
    content: Bytes,
    request: impl Fn(),
) -> object_store::Result<()> {
    request();
    if content.len() <= WHOLE {
        return store.put(key, content.into()).await.map(drop);
    }
    let mut upload = store.put_multipart(key).await?;
    let put = put_parts(upload.as_mut(), content, &request).await;
    request();
    if put.is_err() {
        // The first failure says more than what it leads to.
        let _ = upload.abort().await;
    }
    put
}

async fn put_parts(
    upload: &mut dyn MultipartUpload,
    content: Bytes,
    request: impl Fn(),
) -> object_store::Result<()> {
    let starts = (0..content.len()).step_by(PART);
    let parts = starts.map(|start| {
        request();
        upload.put_part(content.slice(start..content.len().min(start + PART)).into())
    });
    futures::stream::iter(parts).buffer_unordered(PARTS_AT_ONCE).try_collect::<()>().await?;
    upload.complete().await.map(drop)
}
