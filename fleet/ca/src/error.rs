//! What can go wrong with the folder of keys.

use contract::trust::Distrust;
use std::path::{Path, PathBuf};

/// The authority cannot be opened or cannot issue.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// A file or folder cannot be read or made.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is there and is not what its name says.
    #[error("{path} is not {expected}: restore it from a backup, or move the folder away", path = path.display())]
    NotWhatItShouldBe {
        /// Which file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
    },
    /// The root names no key for it that is held here.
    #[error("the root names no {0} key that is held here: see `fleet ca show`")]
    NotHeld(&'static str),
    /// What the root says does not follow what it said.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// The root's keys must stay where they are.
    #[error("{0}")]
    Root(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// A certificate cannot be made.
    #[error("cannot issue a certificate: {0}")]
    Issue(#[from] rcgen::Error),
    /// The system gives no random numbers.
    #[error("no random numbers")]
    Random,
}

impl CaError {
    /// What an error about a file is here.
    pub(crate) fn file(path: &Path) -> impl Fn(std::io::Error) -> Self {
        |source| Self::File { path: path.to_owned(), source }
    }
}
