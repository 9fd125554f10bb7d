//! Why a reading is not kept, or nothing is read.

use super::reading::{MAX_DEVICE_CHARS, MAX_FILES, MAX_PATH_CHARS, MAX_READING_BYTES};
use crate::archive::MAX_BYTES;

/// Why a reading is not kept, or nothing is read.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// The device has no name that it can be kept under.
    #[error(
        "{0:?} is no name of a device: it has 1 to {MAX_DEVICE_CHARS} characters, and no control \
         characters"
    )]
    Device(String),
    /// Nothing was read.
    #[error(
        "nothing was read of {0}, and that is not what it runs: look at which of its files are to be \
         kept, and whether they are there"
    )]
    Nothing(String),
    /// Too many files.
    #[error(
        "{files} files of {device} are not kept (at most {MAX_FILES}): name those that configure it"
    )]
    TooMany {
        /// Whose they are.
        device: String,
        /// How many.
        files: usize,
    },
    /// A file has no name that it can be kept under.
    #[error(
        "{path:?} is no path of a file of {device}: it has 1 to {MAX_PATH_CHARS} characters, and no \
         control characters"
    )]
    Path {
        /// Whose it is.
        device: String,
        /// Its path.
        path: String,
    },
    /// Two files with one path.
    #[error("{path} of {device} was read twice: name it once")]
    Twice {
        /// Whose they are.
        device: String,
        /// Their path.
        path: String,
    },
    /// A text that is too long.
    #[error(
        "{path} of {device} has {bytes} bytes without its secrets and is not kept (at most \
         {MAX_BYTES}): look at whether it is a configuration"
    )]
    TooLong {
        /// Whose it is.
        device: String,
        /// Its path.
        path: String,
        /// How long it is.
        bytes: usize,
    },
    /// Texts that are too long together.
    #[error(
        "all that was read of {device} has {bytes} bytes and is not kept (at most \
         {MAX_READING_BYTES}): name the files that configure it, and no others"
    )]
    TooMuch {
        /// Whose they are.
        device: String,
        /// How long they are.
        bytes: usize,
    },
    /// A text with NUL in it, which PostgreSQL does not keep.
    #[error("{path} of {device} holds NUL: what a device says is made fit to be kept first")]
    Nul {
        /// Whose it is.
        device: String,
        /// Its path.
        path: String,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<sqlx::Error> for RevisionError {
    fn from(err: sqlx::Error) -> Self {
        Self::Db(err.into())
    }
}
