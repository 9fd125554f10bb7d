//! Why the catalogue does not take or give something.

/// Why the catalogue does not take or give something.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// It contradicts itself.
    #[error("{field}: {message}")]
    Invalid {
        /// The field.
        field: String,
        /// What is wrong with it, and what would be right.
        message: String,
    },
    /// The content group is not there.
    #[error("there is no content group {0}: create it first")]
    UnknownGroup(String),
    /// There is no such title.
    #[error("there is no title {0}")]
    NoTitle(String),
    /// There is no such import.
    #[error("there is no import {0}: it was committed, or is older than a day; begin again")]
    NoImport(String),
    /// Nothing was imported.
    #[error("the import holds no object")]
    Empty,
    /// A path belongs to another title of the group.
    #[error("{path} belongs to title {title} already: use another base path")]
    Taken {
        /// The path.
        path: String,
        /// Its owner.
        title: String,
    },
    /// No version, or several, of an object fit what was said of it.
    #[error("{found} versions of {path} begin with {version}: give more of its digest")]
    NoVersion {
        /// The object.
        path: String,
        /// What was said of it.
        version: String,
        /// How many fit.
        found: usize,
    },
    /// All ordinals have been given.
    #[error("the catalogue has given all of its 4294967295 ordinals")]
    Full,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<sqlx::Error> for CatalogError {
    fn from(err: sqlx::Error) -> Self {
        Self::Db(err.into())
    }
}

impl CatalogError {
    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into() }
    }
}
