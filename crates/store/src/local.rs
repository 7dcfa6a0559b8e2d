//! The local file system: whole documents, writes in one step, and a walk that follows links without looping.

use crate::Error;
use crate::hive::is_hidden;
use crate::listing::{Found, Object};
use crate::location::below;
use bytes::Bytes;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use tempfile::Builder;
use walkdir::WalkDir;

/// What the names of files begin with that are still being written.
const UNFINISHED: &str = ".unfinished-";

pub(crate) fn modified_micros(metadata: &Metadata) -> i64 {
    metadata.mtime().saturating_mul(1_000_000).saturating_add(metadata.mtime_nsec() / 1_000)
}

pub(crate) fn read(key: &str, shown: &str) -> Result<Option<Bytes>, Error> {
    match fs::read(key) {
        Ok(content) => Ok(Some(content.into())),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(Error::io(shown, "read", error)),
    }
}

/// Writes beside the target, flushes to the disk and renames: readers see the old content or the new, never a part. A file
/// that holds the content already stays as it is: most tables do when windows are judged again.
pub(crate) fn write(key: &str, shown: &str, content: &[u8]) -> Result<(), Error> {
    let target = Path::new(key);
    let folder = target.parent().unwrap_or(Path::new("/"));
    let replace = || {
        if holds(target, content).unwrap_or(false) {
            // Whoever wrote it may have been killed before this.
            return File::open(folder)?.sync_all();
        }
        create_folders(folder)?;
        // The usual mode less the umask; the default of temporary files would hide results from other users.
        let mut builder = Builder::new();
        let mut file =
            builder.prefix(UNFINISHED).permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(target)?;
        File::open(folder)?.sync_all()
    };
    replace().map_err(|error| Error::io(shown, "write", error))
}

/// Whether a file has this content, and will still have it when the machine loses power.
fn holds(path: &Path, content: &[u8]) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() != content.len() as u64 {
        return Ok(false);
    }
    let mut found = Vec::with_capacity(content.len());
    file.read_to_end(&mut found)?;
    if found != content {
        return Ok(false);
    }
    file.sync_all()?;
    Ok(true)
}

/// Removes the unfinished files of writes that were killed, wherever they are below a folder.
pub(crate) fn sweep(key: &str, shown: &str) -> Result<(), Error> {
    for entry in WalkDir::new(key) {
        match entry {
            Ok(entry) if entry.file_name().to_string_lossy().starts_with(UNFINISHED) => {
                delete(&entry.path().to_string_lossy(), shown)?;
            }
            Ok(_) => {}
            Err(error) => {
                let error = error.into_io_error().unwrap_or_else(|| io::Error::other("unreadable"));
                if !is_absent(&error) {
                    return Err(Error::io(shown, "list", error));
                }
            }
        }
    }
    Ok(())
}

/// Removes a folder if it is empty.
pub(crate) fn delete_folder(key: &str, shown: &str) -> Result<(), Error> {
    match fs::remove_dir(key) {
        Err(error) if !is_absent(&error) && error.kind() != io::ErrorKind::DirectoryNotEmpty => {
            Err(Error::io(shown, "delete", error))
        }
        _ => Ok(()),
    }
}

/// Creates a folder and those above it, each made durable in its parent.
pub(crate) fn create_folders(folder: &Path) -> io::Result<()> {
    let missing: Vec<_> = folder.ancestors().take_while(|ancestor| !ancestor.exists()).collect();
    fs::create_dir_all(folder)?;
    for parent in missing.iter().filter_map(|folder| folder.parent()) {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

pub(crate) fn delete(key: &str, shown: &str) -> Result<(), Error> {
    match fs::remove_file(key) {
        Err(error) if !is_absent(&error) => Err(Error::io(shown, "delete", error)),
        _ => Ok(()),
    }
}

pub(crate) fn children(key: &str, shown: &str) -> Result<Vec<String>, Error> {
    let list = || -> io::Result<Vec<String>> {
        let names = fs::read_dir(key)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    };
    match list() {
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        outcome => outcome.map_err(|error| Error::io(shown, "list", error)),
    }
}

pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The file at `key`, or every file below the folder `key`; hidden ones are left out.
pub(crate) fn walk(key: &str, shown: &str) -> Result<Vec<Found>, Error> {
    let top = fs::metadata(key).map_err(|error| Error::io(shown, "list", error))?;
    if !top.is_dir() {
        return Ok(vec![Found { relative: String::new(), object: Ok(object(key, shown, &top)) }]);
    }
    let root = Path::new(key);
    let walk = WalkDir::new(root).follow_links(true).into_iter();
    let walk =
        walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(&entry.file_name().to_string_lossy()));
    let mut found = Vec::new();
    for entry in walk {
        let relative = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if error.loop_ancestor().is_some() => continue,
            Err(error) => {
                let relative = error.path().map(&relative).unwrap_or_default();
                let shown = below(shown, &relative);
                let error = error.into_io_error().unwrap_or_else(|| io::Error::other("unreadable"));
                if !is_absent(&error) {
                    return Err(Error::io(&shown, "list", error));
                }
                found.push(Found {
                    relative,
                    object: Err("expected a file, found a link to nothing".to_owned()),
                });
                continue;
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        let relative = relative(entry.path());
        let object = match (entry.path().to_str(), entry.metadata()) {
            (None, _) => Err("expected a file name in UTF-8".to_owned()),
            (_, Err(error)) => Err(error.to_string()),
            (Some(path), Ok(metadata)) => Ok(object(path, &below(shown, &relative), &metadata)),
        };
        found.push(Found { relative, object });
    }
    Ok(found)
}

/// A path without links, as far as it exists.
pub(crate) fn real(key: &str) -> String {
    fs::canonicalize(key).map_or_else(|_| key.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// The file at `key`, if there is one.
pub(crate) fn look(key: &str, shown: &str) -> Result<Option<Object>, Error> {
    match fs::metadata(key) {
        Ok(metadata) => Ok(metadata.is_file().then(|| object(key, shown, &metadata))),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(Error::io(shown, "read", error)),
    }
}

fn object(key: &str, shown: &str, metadata: &Metadata) -> Object {
    Object {
        key: key.to_owned(),
        path: shown.to_owned(),
        etag: None,
        bytes: metadata.len(),
        modified_micros: modified_micros(metadata),
    }
}
