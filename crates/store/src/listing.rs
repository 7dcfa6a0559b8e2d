//! From a location to the captures in it, or to an error that says what is there instead.

use crate::backend::{Backend, blocking};
use crate::capture::{EXTENSIONS, Format, Source};
use crate::{Error, Location, hive, local};

/// What it takes to read an object and to notice that it changed.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) path: String,
    pub(crate) etag: Option<String>,
    pub(crate) bytes: u64,
    pub(crate) modified_micros: i64,
}

/// A file as a walk met it: readable, or with the reason why not.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) relative: String,
    pub(crate) object: Result<Object, String>,
}

/// A listed capture.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    pub(crate) source: Source,
    pub(crate) key: String,
    pub(crate) trouble: Option<String>,
}

/// The captures of a location, and how many files have an extension that nothing here reads.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) captures: Vec<Capture>,
    pub(crate) skipped: u64,
}

/// Lists the captures at `location`, in no particular order.
pub(crate) async fn list(
    backend: &Backend,
    location: &Location,
    progress: &dyn Fn(u64),
) -> Result<Listing, Error> {
    let found = match find(backend, location, progress).await {
        Err(Error::NotFound { path, hint }) if path == location.shown() && hint.is_empty() => Vec::new(),
        outcome => outcome?,
    };
    if found.is_empty() {
        let hint = hint(backend, location).await;
        return Err(Error::NotFound { path: location.to_string(), hint });
    }
    let globs = location.globs()?;
    let is_one = found.len() == 1 && found[0].relative.is_empty();
    let root = location.id();
    let mut listing = Listing { captures: Vec::new(), skipped: 0 };
    let (mut matched, mut example) = (0_u64, None);
    for Found { relative, object } in found {
        if globs.as_ref().is_some_and(|globs| !globs.is_match(&relative)) {
            example.get_or_insert(relative);
            continue;
        }
        matched += 1;
        // A file that is named outright is read whatever it is called.
        let format = Format::of(if is_one { location.root() } else { &relative });
        let Some(format) = format.or(is_one.then_some(Format::Parquet)) else {
            listing.skipped += 1;
            example.get_or_insert(relative);
            continue;
        };
        listing.captures.push(capture(location, &root, &relative, object, format));
    }
    if listing.captures.is_empty() {
        let example = example.map(|name| format!(" such as `{name}`")).unwrap_or_default();
        let reason = match matched {
            0 => format!("expected a file that matches, found only others{example}"),
            _ => format!("expected files ending in {EXTENSIONS}, found {matched} others{example}"),
        };
        return Err(Error::Empty { path: location.to_string(), reason });
    }
    Ok(listing)
}

async fn find(backend: &Backend, location: &Location, progress: &dyn Fn(u64)) -> Result<Vec<Found>, Error> {
    let (root, shown) = (location.root().to_owned(), location.shown().to_owned());
    let objects = match backend {
        Backend::Local(_) => return blocking("list", move || local::walk(&root, &shown)).await,
        Backend::Objects(objects) => objects,
    };
    let may_be_one = !root.is_empty() && location.literal_head().is_none();
    if may_be_one
        && Format::of(&root).is_some()
        && let Some(one) = objects.head(&root, &shown).await?
    {
        return Ok(vec![one]);
    }
    let inside = location.literal_head().unwrap_or_default();
    let found = objects.walk(&root, &shown, inside, progress).await?;
    if found.is_empty() && may_be_one {
        return Ok(objects.head(&root, &shown).await?.into_iter().collect());
    }
    Ok(found)
}

fn capture(
    location: &Location,
    root: &str,
    relative: &str,
    object: Result<Object, String>,
    format: Format,
) -> Capture {
    let partitions = hive::partitions(relative);
    let id = if relative.is_empty() { root.to_owned() } else { crate::location::below(root, relative) };
    match object {
        Ok(Object { key, path, etag, bytes, modified_micros }) => {
            let source = Source { path, id, etag, bytes, modified_micros, partitions, format };
            Capture { source, key, trouble: None }
        }
        Err(reason) => {
            let path = crate::location::below(location.shown(), relative);
            let source = Source { path, id, etag: None, bytes: 0, modified_micros: 0, partitions, format };
            Capture { source, key: String::new(), trouble: Some(reason) }
        }
    }
}

/// What is in the nearest folder above that exists, most similar names first.
async fn hint(backend: &Backend, location: &Location) -> String {
    let (mut folder, mut missing) = (location.root(), "");
    loop {
        let names = backend.children(folder, folder).await.unwrap_or_default();
        if !names.is_empty() {
            return describe(folder, missing, names);
        }
        (folder, missing) = match folder.rsplit_once('/') {
            Some(("", name)) if folder.len() > 1 => ("/", name),
            Some((parent, name)) if folder != "/" => (parent, name),
            None if !folder.is_empty() => ("", folder),
            _ => return ": there is nothing at all".to_owned(),
        };
    }
}

fn describe(folder: &str, missing: &str, mut names: Vec<String>) -> String {
    let likeness = |name: &str| strsim::jaro_winkler(name, missing);
    names.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)).then_with(|| a.cmp(b)));
    let near = names.first().filter(|name| !missing.is_empty() && likeness(name) > 0.8);
    let near = near.map(|name| format!(", did you mean `{name}`?")).unwrap_or_default();
    let more = names.len().saturating_sub(6);
    names.truncate(6);
    let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let folder = if folder.is_empty() { "the store".to_owned() } else { format!("`{folder}`") };
    format!(": {folder} holds {names}{more}{near}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_put_near_names_first() {
        let names = ["zeta", "captures", "a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec();
        let text = describe("data", "capturs", names);
        assert!(text.starts_with(": `data` holds `captures`, "), "{text}");
        assert!(text.ends_with(" and 2 more, did you mean `captures`?"), "{text}");
    }
}
