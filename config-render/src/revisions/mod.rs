//! What devices really run, revision by revision, in SQL; and the same as a git repository that people can
//! browse.
//!
//! It reads no device, and has no clock. It takes only what [`archive`](crate::archive) has made fit to be kept,
//! and makes a revision only where something changed: who asks a device every hour has a revision for each
//! change, not for each hour. Texts are kept by what they are, so that one that stands at thousand devices, or in
//! thousand revisions, is kept once.
//!
//! Read in this order: [`Reading`] (what comes in), [`Revision`] (what is kept of it), [`Store`] (`keep`, `read`,
//! `search`, `forget`), then [`git`].

mod error;
mod forget;
pub mod git;
mod keep;
mod pattern;
mod read;
mod reading;
mod revision;
mod search;

pub use error::RevisionError;
pub use pattern::{BadPattern, Pattern};
pub use reading::{
    Cause, FileRead, MAX_DEVICE_CHARS, MAX_FILES, MAX_PATH_CHARS, MAX_READING_BYTES, Reading,
    UnknownCause,
};
pub use revision::{BackupState, FileKept, Head, Kept, Revision};
pub use search::{Found, Hit, MAX_HIT_CHARS, MAX_HITS, Which};

use db::Db;

/// The revisions of all devices, in the fleet's database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store(Db);

impl Store {
    /// Those in `db`.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self(db)
    }
}
