//! A backup: all records as of one moment, in a file that either database is filled from again.
//!
//! The file is lines of JSON, compressed by zstd: a head, which says by which schema it was made; for each
//! table a line that names its columns and what is in them, and a line for each row; at the end how many
//! rows there were, and the BLAKE3 of all lines before. A file without its end, or with another sum, is
//! none. It holds what the database holds, secrets included, but for [`LEFT_OUT`].
//!
//! Read in this order: `tables` (which, in which order), `line` (how they are written), `write`, `file` (one
//! that is read, and checked), `restore`.

mod file;
mod line;
mod restore;
mod tables;
#[cfg(test)]
mod tests;
mod write;

pub use file::{Contents, check};
pub use restore::restore;
pub use tables::LEFT_OUT;
pub use write::write;

use crate::{Error, OpenError};

/// Which way of writing it is.
const FORMAT: u32 = 1;

/// It cannot be written, or not be restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is no backup, or one that was cut off or changed.
    #[error("it is no whole backup: {0}")]
    Broken(String),
    /// It was made by a newer fleet.
    #[error(
        "it has schema {found}, and this fleet knows those up to {newest}: restore it with the fleet that made it, or a newer one"
    )]
    Newer {
        /// Its schema.
        found: i64,
        /// The newest that is known.
        newest: i64,
    },
    /// The database is not as this fleet would have it.
    #[error(
        "the database has schema {found}, and this fleet writes {newest}: use the fleet that serves it"
    )]
    Schema {
        /// Its schema.
        found: i64,
        /// The newest that is known.
        newest: i64,
    },
    /// There is something already.
    #[error("the database is not empty: {0}. A backup is restored into a new one")]
    NotEmpty(String),
    /// A statement.
    #[error(transparent)]
    Db(#[from] Error),
    /// The database as a whole.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<sqlx::Error> for BackupError {
    fn from(err: sqlx::Error) -> Self {
        Self::Db(err.into())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers hand over an error and are done")]
fn broken(what: impl ToString) -> BackupError {
    BackupError::Broken(what.to_string())
}
