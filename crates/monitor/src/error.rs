//! Why a run cannot go on.

/// What only the user can decide or repair. Problems of the data are rows of the results instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting cannot be used.
    #[error("{name}: {reason}")]
    Setting {
        /// The flag or key.
        name: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// A name that nobody knows.
    #[error("{what} `{found}` is not known; {hint}")]
    Unknown {
        /// What kind of name.
        what: &'static str,
        /// The name.
        found: String,
        /// The nearest names, or all.
        hint: String,
    },
    /// There is nothing to work on.
    #[error("{reason}")]
    NoData {
        /// Where nothing was found, and what to do.
        reason: String,
    },
    /// The baseline cannot be used.
    #[error("baseline {place}: {reason}")]
    Baseline {
        /// Its folder.
        place: String,
        /// What was expected and found, and what to do.
        reason: String,
    },
    /// A source is bad and the run was told to fail.
    #[error("{path}: {reason}; `--on-bad-file quarantine` sets such files aside and goes on")]
    BadFile {
        /// The source.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Rows of a source are half counted; a defect of driftscan.
    #[error("{path}: driftscan failed on it; please report this")]
    Defect {
        /// The source.
        path: String,
    },
    /// The results cannot be used.
    #[error("results {place}: {reason}")]
    Results {
        /// Their folder.
        place: String,
        /// What was expected and found.
        reason: String,
    },
    /// What has no room in memory cannot be put aside.
    #[error("temporary files, {reason}; free some space there, or name another folder in TMPDIR")]
    Scratch {
        /// Where, and what the system says.
        reason: String,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Arrow refused columns that we built; a defect of driftscan.
    #[error("could not build a table")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// A summary could not be encoded or decoded.
    #[error("could not encode a profile")]
    Sketch(#[from] sketch::Error),
    /// A document could not be encoded.
    #[error("could not encode a document")]
    Json(#[from] serde_json::Error),
}
