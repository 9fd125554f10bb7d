//! What can go wrong with the folder of keys.

use std::path::PathBuf;

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
    /// A certificate cannot be made.
    #[error("cannot issue a certificate: {0}")]
    Issue(#[from] rcgen::Error),
    /// The system gives no random numbers.
    #[error("no random numbers")]
    Random,
}
