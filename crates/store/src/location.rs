//! Places a user can name: a local path or a URL; a folder, one object, or a glob.

use crate::Error;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::fmt;
use std::path::Path;

/// A place to read from or write to: a folder, one object, or a glob over what lies below a folder.
///
/// Object keys in URLs are taken as written, as the clouds' own tools do; a `file://` URL is decoded and from
/// then on shown as the path it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    place: Place,
    /// As the user wrote it, up to the glob, without a trailing slash; in a path, one slash for several.
    shown: String,
    /// Local path or object key of the same.
    root: String,
    pattern: Option<String>,
}

/// Which store a location is in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Local,
    Memory,
    Bucket { cloud: Cloud, authority: String },
}

/// The clouds that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Cloud {
    Aws,
    Google,
    Azure,
}

impl Cloud {
    fn scheme(self) -> &'static str {
        match self {
            Self::Aws => "s3",
            Self::Google => "gs",
            Self::Azure => "abfss",
        }
    }
}

const SCHEMES: &str = "file://, s3://, gs://, az://, abfss://, memory://";

/// What makes a segment a glob.
const WILDCARDS: [char; 4] = ['*', '?', '[', '{'];

impl Location {
    /// Reads `text`; a relative path is relative to `base`.
    ///
    /// # Errors
    /// [`Error::Invalid`]: an unknown scheme, `..` or an empty segment in a URL, a broken glob, credentials in a URL.
    pub fn parse(text: &str, base: &Path) -> Result<Self, Error> {
        let location = match text.split_once("://") {
            Some(("file", rest)) => {
                let path = rest.strip_prefix("localhost").unwrap_or(rest);
                if !path.starts_with('/') {
                    return Err(invalid(text, "expected file:///absolute/path"));
                }
                let path = decode_percent(path).ok_or_else(|| invalid(text, "expected UTF-8 behind `%`"))?;
                check_segments(text, path.trim_start_matches('/'))?;
                Self::local(&path, base)?
            }
            Some((scheme, rest)) if is_scheme(scheme) => Self::remote(text, scheme, rest)?,
            _ if text.is_empty() => return Err(invalid(text, "expected a path or a URL, found nothing")),
            _ => Self::local(text, base)?,
        };
        location.globs()?;
        Ok(location)
    }

    fn local(text: &str, base: &Path) -> Result<Self, Error> {
        let text = &single_slashes(text);
        // The folder of a file that is named without one.
        let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
        let full = base.join(text);
        let Some(path) = full.to_str() else {
            return Err(invalid(text, "expected a base folder whose name is UTF-8"));
        };
        // What exists is meant literally, whatever characters its name has.
        let ends = text.match_indices('/').map(|(at, _)| at + 1).chain([text.len()]);
        let literal = match text.find(WILDCARDS) {
            Some(wildcard) => ends.rev().find(|end| *end > wildcard && base.join(&text[..*end]).exists()),
            None => None,
        };
        let (folder, pattern) = split_glob(text, literal.unwrap_or(0));
        if pattern.is_some_and(|pattern| pattern.split('/').any(|segment| segment == "..")) {
            return Err(invalid(text, "expected no `..` behind a wildcard"));
        }
        let root = path.strip_suffix(pattern.unwrap_or_default()).unwrap_or(path);
        Ok(Self {
            place: Place::Local,
            shown: trim_path(folder).to_owned(),
            root: trim_path(root).to_owned(),
            pattern: pattern.map(|pattern| trim_slashes(pattern).to_owned()),
        })
    }

    fn remote(text: &str, scheme: &str, rest: &str) -> Result<Self, Error> {
        let cloud = match scheme {
            "s3" | "s3a" => Some(Cloud::Aws),
            "gs" => Some(Cloud::Google),
            "az" | "azure" | "abfs" | "abfss" => Some(Cloud::Azure),
            "memory" => None,
            _ => {
                let reason = format!("unknown scheme `{scheme}`, expected a path or one of {SCHEMES}");
                return Err(invalid(text, &reason));
            }
        };
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        let holds_key = match authority.split_once('@') {
            Some((user, _)) => cloud != Some(Cloud::Azure) || user.contains(':'),
            None => false,
        };
        if holds_key || key.contains("sig=") || key.contains("Signature=") {
            return Err(invalid(text, "expected no credentials, they are read from the environment"));
        }
        let checked = if cloud.is_some() { key } else { rest.strip_prefix('/').unwrap_or(rest) };
        check_segments(text, checked)?;
        let (folder, pattern) = split_glob(rest, 0);
        let folder = trim_slashes(folder);
        let (authority, root) = folder.split_once('/').unwrap_or((folder, ""));
        let (place, root) = match cloud {
            None => (Place::Memory, folder.trim_start_matches('/')),
            Some(_) if authority.is_empty() => return Err(invalid(text, "expected a bucket behind `://`")),
            Some(cloud) => (Place::Bucket { cloud, authority: authority.to_owned() }, root),
        };
        Ok(Self {
            place,
            shown: format!("{scheme}://{folder}"),
            root: root.to_owned(),
            pattern: pattern.map(|pattern| trim_slashes(pattern).to_owned()),
        })
    }

    /// The place `relative` below this one.
    ///
    /// # Errors
    /// [`Error::Invalid`] when this is a glob, or `relative` is absolute or has an empty, `.` or `..` segment.
    pub fn join(&self, relative: &str) -> Result<Self, Error> {
        if self.pattern.is_some() {
            return Err(invalid(&self.to_string(), "expected a folder, found a wildcard"));
        }
        if relative.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(invalid(relative, "expected a path downwards, without empty, `.` or `..` segments"));
        }
        Ok(Self {
            place: self.place.clone(),
            shown: below(&self.shown, relative),
            root: below(&self.root, relative),
            pattern: None,
        })
    }

    /// Whether `other`, or something that could be written below it, would be read from this location.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        if self.place != other.place {
            return false;
        }
        let (outer, inner) = (self.resolved_root(), other.resolved_root());
        let rest = match inner.strip_prefix(outer.as_str()) {
            Some("") => "",
            Some(rest) if outer.is_empty() || outer == "/" => rest,
            Some(rest) if rest.starts_with('/') => &rest[1..],
            _ => return false,
        };
        match self.globs() {
            Ok(Some(globs)) => globs.is_match(below(rest, "table/window_date=2000-01-01/part.parquet")),
            _ => true,
        }
    }

    /// The root, the same for every way to write it: an absolute path without links, or a URL.
    #[must_use]
    pub fn id(&self) -> String {
        let root = self.resolved_root();
        match &self.place {
            Place::Local => format!("/{root}"),
            Place::Memory => format!("memory:///{root}"),
            Place::Bucket { cloud, authority } => below(&format!("{}://{authority}", cloud.scheme()), &root),
        }
    }

    /// Whether the object of this [`Source::id`](crate::Source::id) would be listed here if it existed.
    #[must_use]
    pub fn covers(&self, id: &str) -> bool {
        let root = self.id();
        let rest = match id.strip_prefix(root.as_str()) {
            Some("") => return self.pattern.is_none(),
            Some(rest) if root.ends_with('/') => rest,
            Some(rest) if rest.starts_with('/') => &rest[1..],
            _ => return false,
        };
        self.globs().is_ok_and(|globs| globs.is_none_or(|globs| globs.is_match(rest)))
    }

    /// The root with links followed, as far as it exists.
    fn resolved_root(&self) -> String {
        if self.place != Place::Local {
            return self.root.clone();
        }
        let root = std::path::absolute(&self.root).unwrap_or_else(|_| self.root.clone().into());
        let resolved = root.ancestors().find_map(|ancestor| {
            let known = ancestor.canonicalize().ok()?;
            Some(known.join(root.strip_prefix(ancestor).ok()?))
        });
        let resolved = resolved.unwrap_or(root);
        trim_slashes(&resolved.to_string_lossy()).to_owned()
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Local path or object key, without the glob.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// The root as the user wrote it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The glob as a matcher of paths below the root; a folder that matches brings everything in it.
    pub(crate) fn globs(&self) -> Result<Option<GlobSet>, Error> {
        let Some(pattern) = &self.pattern else { return Ok(None) };
        let build = |text: &str| GlobBuilder::new(text).literal_separator(true).build();
        let set = || {
            let mut set = GlobSetBuilder::new();
            set.add(build(pattern)?);
            set.add(build(&format!("{pattern}/**"))?);
            set.build()
        };
        let set = set().map_err(|error| invalid(&self.to_string(), &error.kind().to_string()))?;
        Ok(Some(set))
    }

    /// The folders at the start of the glob that have no wildcard; `None` when there is no glob.
    pub(crate) fn literal_head(&self) -> Option<&str> {
        let pattern = self.pattern.as_deref()?;
        let wildcard = pattern.find(WILDCARDS)?;
        Some(pattern[..wildcard].rfind('/').map_or("", |slash| &pattern[..slash]))
    }

    /// This location as exactly one file or object.
    pub(crate) fn one(&self) -> Result<(), Error> {
        if self.pattern.is_some() || self.root.is_empty() {
            return Err(invalid(&self.to_string(), "expected one object, found a wildcard or a whole store"));
        }
        Ok(())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pattern {
            Some(pattern) => f.write_str(&below(&self.shown, pattern)),
            None if self.shown.is_empty() => f.write_str("."),
            None => f.write_str(&self.shown),
        }
    }
}

/// `relative` below `folder`, where `folder` may be empty or a root.
pub(crate) fn below(folder: &str, relative: &str) -> String {
    match folder {
        "" => relative.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{relative}"),
        folder => format!("{folder}/{relative}"),
    }
}

/// `%41` becomes `A`; `None` when the outcome is not UTF-8.
pub(crate) fn decode_percent(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex =
            bytes.get(at + 1..at + 3).filter(|hex| byte == b'%' && hex.iter().all(u8::is_ascii_hexdigit));
        let value = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(value.unwrap_or(byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).ok()
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Several slashes in a path are one, also where a glob or a `key=value` folder stands beside them.
fn single_slashes(text: &str) -> String {
    let mut path = text.to_owned();
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    path
}

fn trim_slashes(text: &str) -> &str {
    text.trim_end_matches('/')
}

/// Like [`trim_slashes`], but the root of the file system keeps its slash.
fn trim_path(text: &str) -> &str {
    match trim_slashes(text) {
        "" if text.starts_with('/') => "/",
        trimmed => trimmed,
    }
}

/// The part before the first segment with a wildcard, and the rest; `key=value` folders just before it stay with
/// the rest, because they are columns too.
///
/// Up to `literal`, which is the start of a segment or the end of the text, there are no wildcards.
fn split_glob(text: &str, literal: usize) -> (&str, Option<&str>) {
    let Some(wildcard) = text[literal..].find(WILDCARDS).map(|at| literal + at) else { return (text, None) };
    let start_of_segment = |end: usize| text[..end].rfind('/').map_or(0, |slash| slash + 1);
    let mut cut = start_of_segment(wildcard);
    while cut > literal && text[start_of_segment(cut - 1)..cut].contains('=') {
        cut = start_of_segment(cut - 1);
    }
    (&text[..cut], Some(&text[cut..]))
}

fn check_segments(text: &str, path: &str) -> Result<(), Error> {
    let path = trim_slashes(path);
    if !path.is_empty() && path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(invalid(text, "expected no empty, `.` or `..` segment in a URL"));
    }
    Ok(())
}

fn invalid(text: &str, reason: &str) -> Error {
    Error::Invalid { text: without_credentials(text), reason: reason.to_owned() }
}

fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match authority.split_once('@') {
        Some((user, host)) if user.contains(':') || !scheme.starts_with("ab") => host,
        _ => authority,
    };
    let key = if key.contains("sig=") || key.contains("Signature=") {
        key.split('?').next().unwrap_or_default()
    } else {
        key
    };
    format!("{scheme}://{}", below(host, key))
}

#[cfg(test)]
mod tests;
