//! Manifests of batch transforms: captures that lie elsewhere, by name.

use crate::Error;
use crate::backend::Backend;
use crate::capture::{EXTENSIONS, Format, Layout};
use crate::listing::Object;
use serde::Deserialize;
use serde_json::Value;

/// A file that a manifest names.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) object: Object,
    pub(crate) format: Format,
}

/// The first item of a manifest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefix {
    prefix: String,
}

/// The addresses in a manifest, `[{"prefix": "s3://bucket/folder/"}, "a.csv.out", ...]`; `None` for other documents.
pub(crate) fn addresses(content: &[u8]) -> Option<Vec<String>> {
    let mut items = serde_json::from_slice::<Vec<Value>>(content).ok()?.into_iter();
    let Prefix { prefix } = serde_json::from_value(items.next()?).ok()?;
    items.map(|name| Some(format!("{prefix}{}", name.as_str()?))).collect()
}

/// The files at some addresses, which have to be in the store of the manifest itself.
pub(crate) async fn find(
    backend: &Backend,
    manifest: &Object,
    addresses: Vec<String>,
) -> Result<Vec<Named>, Error> {
    let corrupt = |reason: String| Error::corrupt(&manifest.path, None, reason);
    // What stands before the key is the same for everything in a store.
    let root = manifest.path.strip_suffix(&manifest.key).unwrap_or_default();
    let mut found = Vec::with_capacity(addresses.len());
    for address in addresses {
        let here = |key: &&str| !root.is_empty() || !key.contains("://");
        let Some(key) = address.strip_prefix(root).filter(here) else {
            return Err(corrupt(format!("a manifest that names `{address}`, which is in another store")));
        };
        let records = |layout| Format::Records { layout, gzip: false };
        let format = match Format::of(key) {
            // What a batch transform is given in CSV has no header but where it was told of one.
            Some(Format::Csv) => records(Layout::Rows),
            Some(Format::Parquet) => records(Layout::Table),
            Some(format @ Format::Records { .. }) => format,
            None => {
                let reason = format!("a manifest that names `{address}`: expected {EXTENSIONS}");
                return Err(corrupt(reason));
            }
        };
        let Some(object) = backend.look(key, &address).await? else {
            return Err(Error::NotFound {
                path: address,
                hint: format!(", which `{}` names", manifest.path),
            });
        };
        found.push(Named { object, format });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_prefix_and_name() {
        let found = addresses(br#"[{"prefix":"s3://b/out/"},"a.csv.out","c/d.csv.out"]"#);
        assert_eq!(found.unwrap(), ["s3://b/out/a.csv.out", "s3://b/out/c/d.csv.out"]);
        let one = addresses(br#"[{"prefix":"s3://b/out/a.csv.out"},""]"#);
        assert_eq!(one.unwrap(), ["s3://b/out/a.csv.out"]);
        for other in [
            "{}",
            "[]",
            "[1]",
            r#"[{"features":[1]}]"#,
            r#"[{"prefix":"a","b":1}]"#,
            "[{\"prefix\":\"a\"},1]",
        ] {
            assert!(addresses(other.as_bytes()).is_none(), "{other}");
        }
    }
}
