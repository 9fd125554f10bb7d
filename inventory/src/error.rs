//! Why the inventory does not take or give a record.

use crate::records::Refused;
use std::fmt;

/// One thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The field, such as `disks[0].folder`.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl Complaint {
    /// About a field.
    pub fn new(field: impl fmt::Display, message: impl fmt::Display) -> Self {
        Self { field: field.to_string(), message: message.to_string() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Why the inventory does not take or give a record.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// There is no such record.
    #[error("there is no {kind} {key}")]
    NotFound {
        /// Of what kind.
        kind: &'static str,
        /// Its key.
        key: String,
    },
    /// It is not as records have to be.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}
