//! What can go wrong at either end of the pipe, sorted by what the caller can do about it.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

/// The error underneath, shared so that every task of one source can carry it.
pub type Cause = Arc<dyn StdError + Send + Sync>;

/// A failure to read or write, with the place it concerns.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is there: check the spelling.
    #[error("nothing found at `{path}`{hint}")]
    NotFound {
        /// What was looked for.
        path: String,
        /// What is there instead, ready to be appended.
        hint: String,
    },
    /// The place can be listed, and holds nothing that is a capture.
    #[error("no captures at `{path}`: {reason}")]
    Empty {
        /// What was listed.
        path: String,
        /// What was expected, and what is there.
        reason: String,
    },
    /// Credentials or permissions are missing.
    #[error("not allowed to {action} `{path}`")]
    Denied {
        /// The file, folder or object.
        path: String,
        /// What was tried: `read`, `list`, `write`, `delete`.
        action: &'static str,
        /// What the file system or service said.
        #[source]
        source: Cause,
    },
    /// The text does not name a place.
    #[error("invalid location `{text}`: {reason}")]
    Invalid {
        /// The text as written, without credentials.
        text: String,
        /// What was expected, and what was found.
        reason: String,
    },
    /// An option cannot be used: correct it.
    #[error("`{name}`: {reason}")]
    Option {
        /// Which one.
        name: &'static str,
        /// What was expected, and what was found.
        reason: String,
    },
    /// The bytes are there and are not what they should be: set the source aside.
    #[error("corrupt `{path}`{}: {reason}", place(*.row_group))]
    Corrupt {
        /// The object.
        path: String,
        /// The row group in it, where one is to blame.
        row_group: Option<usize>,
        /// What was expected, and what was found.
        reason: String,
    },
    /// The object is not the one that was listed: plan again.
    #[error("`{path}` changed since it was listed: expected {expected}, found {found}")]
    Changed {
        /// The object.
        path: String,
        /// Entity tag or size when it was listed.
        expected: String,
        /// The same now.
        found: String,
    },
    /// Somebody else writes to the folder: wait, or write to another.
    #[error("`{path}` is held by {owner} until {until}: wait for it, or write to another folder")]
    Held {
        /// The folder.
        path: String,
        /// Who holds it: what it calls itself, its process and its machine.
        owner: String,
        /// When others can have it, unless it is renewed: a time in RFC 3339, or `it ends`.
        until: String,
    },
    /// No space is left: make room and run again.
    #[error("no space left to write `{path}`")]
    Full {
        /// The file that was to be written; what it held before is still there.
        path: String,
        /// What the file system said.
        #[source]
        source: Cause,
    },
    /// Any other failure of a file system, a network or a service: try again.
    #[error("failed to {action} `{path}`")]
    Io {
        /// The file, folder or object.
        path: String,
        /// What was tried: `read`, `list`, `write`, `delete`, `open`.
        action: &'static str,
        /// What the file system or service said.
        #[source]
        source: Cause,
    },
}

impl Error {
    /// The error and what lies under it on one line, without saying anything twice.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut line = self.to_string();
        let mut next = self.source();
        while let Some(error) = next {
            let text = error.to_string();
            if !line.contains(&text) {
                line = format!("{line}: {text}");
            }
            next = error.source();
        }
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Whether it says that an object store does not answer as it should, and nothing about the object.
    #[must_use]
    pub fn is_of_the_store(&self) -> bool {
        let Self::Io { source, .. } = self else { return false };
        let cause: &(dyn StdError + 'static) = &**source;
        cause.is::<object_store::Error>()
    }

    /// Whether the object will be as bad the next time, unless it changes.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Corrupt { .. })
    }

    /// A failure of the file system, by its kind.
    pub(crate) fn io(path: &str, action: &'static str, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path, hint: String::new() },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied { path, action, source: Arc::new(error) }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path, source: Arc::new(error) }
            }
            _ => Self::Io { path, action, source: Arc::new(error) },
        }
    }

    /// A failure of an object store, by its kind.
    pub(crate) fn object(path: &str, action: &'static str, error: object_store::Error) -> Self {
        let path = path.to_owned();
        let status = match error {
            object_store::Error::NotFound { .. } => Some("404"),
            object_store::Error::PermissionDenied { .. } => Some("403"),
            object_store::Error::Unauthenticated { .. } => Some("401"),
            _ => None,
        };
        let text = error.to_string();
        match status.or_else(|| http_status(&text)) {
            Some("404") => {
                let no_bucket = ["NoSuchBucket", "ContainerNotFound"].iter().any(|code| text.contains(code));
                let hint = if no_bucket { ": there is no such bucket" } else { "" };
                Self::NotFound { path, hint: hint.to_owned() }
            }
            Some("401" | "403") => Self::Denied { path, action, source: Arc::new(error) },
            _ => Self::Io { path, action, source: Arc::new(error) },
        }
    }

    /// Bytes that do not decode.
    pub(crate) fn corrupt(path: &str, row_group: Option<usize>, reason: impl ToString) -> Self {
        Self::Corrupt { path: path.to_owned(), row_group, reason: reason.to_string() }
    }

    /// A background task that ended without an answer.
    pub(crate) fn lost(path: &str, action: &'static str, error: tokio::task::JoinError) -> Self {
        Self::Io { path: path.to_owned(), action, source: Arc::new(error) }
    }
}

/// The status of an answer that the store has no kind for, as that of a listing; it is in the text only.
pub(crate) fn http_status(text: &str) -> Option<&str> {
    text.split_once("status code: ").and_then(|(_, status)| status.get(..3))
}

fn place(row_group: Option<usize>) -> String {
    row_group.map(|index| format!(", row group {index}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_says_nothing_twice_and_fits_on_a_line() {
        let inner = io::Error::other("first line\n second line");
        let error = Error::Io { path: "a/b".into(), action: "read", source: Arc::new(inner) };
        assert_eq!(error.chain(), "failed to read `a/b`: first line second line");
        let error = Error::Corrupt { path: "a".into(), row_group: Some(3), reason: "bad page".into() };
        assert_eq!(error.chain(), "corrupt `a`, row group 3: bad page");
    }

    #[test]
    fn answers_of_a_service_are_sorted_by_status() {
        let listing = |text: &str| {
            Error::object("s3://b", "list", object_store::Error::Generic { store: "S3", source: text.into() })
        };
        let absent = listing("Server returned non-2xx status code: 404 Not Found: NoSuchBucket");
        assert_eq!(absent.to_string(), "nothing found at `s3://b`: there is no such bucket");
        assert!(matches!(listing("status code: 403 Forbidden"), Error::Denied { .. }));
        assert!(matches!(listing("status code: 500 Oops"), Error::Io { .. }));
    }

    #[test]
    fn file_system_failures_are_sorted_by_kind() {
        let full = Error::io("a", "write", io::ErrorKind::StorageFull.into());
        assert!(matches!(full, Error::Full { .. }));
        let denied = Error::io("a", "read", io::ErrorKind::PermissionDenied.into());
        assert_eq!(denied.to_string(), "not allowed to read `a`");
    }
}
