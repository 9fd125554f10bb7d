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
    /// There is no such version of the catalogue.
    #[error("there is no version {0} of the catalogue, or not any more")]
    UnknownVersion(u64),
    /// It is in force, or was.
    #[error("version {0} has been announced already")]
    Announced(u64),
    /// It never was in force.
    #[error("version {0} was never announced: nothing can stay with it")]
    NotAnnounced(u64),
    /// Others came into force since it was made.
    #[error(
        "version {version} was made beside version {parent}, and version {newest} is in force since: \
         what it would change is not what was looked at; look at the newest that was refused"
    )]
    Overtaken {
        /// The version.
        version: u64,
        /// What was in force when it was made.
        parent: u64,
        /// What is.
        newest: u64,
    },
    /// Nobody is held to a version there: sites with a tag, or all of them.
    #[error("no version is pinned for {}", .0.as_ref().map_or("all sites".to_owned(), |tag| format!("sites with tag {tag}")))]
    NoPin(Option<String>),
    /// Nothing is said of a region, or of everywhere else.
    #[error("nothing is said of {}", .0.as_deref().unwrap_or("everywhere else"))]
    NoTerms(Option<String>),
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
