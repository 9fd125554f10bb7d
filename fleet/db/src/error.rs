//! What can go wrong, in the two ways that callers tell apart.

use sqlx::error::ErrorKind;
use std::path::PathBuf;

/// A statement failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused it or could not be reached.
    #[error("the database: {0}")]
    Sql(#[from] sqlx::Error),
    /// A record that we wrote cannot be read back: the database was edited, or is newer.
    #[error("the database holds {what} that cannot be read: {why}")]
    Corrupt {
        /// Which record.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// A record that cannot be read back.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over an error and are done")]
    pub fn corrupt(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Corrupt { what: what.into(), why: why.to_string() }
    }

    /// Whether a key was taken already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.kind() == Some(ErrorKind::UniqueViolation)
    }

    /// Whether a record that is referred to is not there, or one that goes is still referred to.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.kind() == Some(ErrorKind::ForeignKeyViolation)
    }

    /// Whether all connections were in use for as long as anybody waits.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::PoolTimedOut))
    }

    fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Sql(sqlx::Error::Database(err)) => Some(err.kind()),
            _ => None,
        }
    }
}

/// The database cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not an address that we know what to do with.
    #[error(
        "{0:?} is not a database address: use sqlite:///path/to/fleet.db or postgres://user@host/name"
    )]
    Address(String),
    /// Not a path that an address can be made of.
    #[error("{0:?} cannot be a database file: give an absolute path")]
    Path(PathBuf),
    /// It does not open.
    #[error("cannot open the database: {0}")]
    Connect(#[source] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("cannot bring the database up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}
