//! Why the inventory does not take or give a record.

use std::fmt;

/// The kinds of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// A site.
    Site,
    /// An appliance.
    Appliance,
    /// A content group.
    Group,
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Site => "site",
            Self::Appliance => "appliance",
            Self::Group => "content group",
        })
    }
}

/// One thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The field, such as `disks[0].folder`.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Why the inventory does not take or give a record.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The record contradicts itself.
    #[error("{}", list(.0))]
    Invalid(Vec<Complaint>),
    /// Its name is taken.
    #[error("{kind} {name} exists already")]
    Duplicate {
        /// Of what kind.
        kind: RecordKind,
        /// The name.
        name: String,
    },
    /// Something in it belongs to another record.
    #[error("{what} belongs to {kind} {name} already")]
    Taken {
        /// What.
        what: String,
        /// Of what kind its owner is.
        kind: RecordKind,
        /// The owner.
        name: String,
    },
    /// There is no such record.
    #[error("there is no {kind} {name}")]
    NotFound {
        /// Of what kind.
        kind: RecordKind,
        /// The name.
        name: String,
    },
    /// The record refers to one that is not there.
    #[error("there is no {kind} {name}: create it first")]
    Unknown {
        /// Of what kind.
        kind: RecordKind,
        /// The name.
        name: String,
    },
    /// Something still stands on it.
    #[error("{kind} {name} still has {by}: delete those first")]
    InUse {
        /// Of what kind.
        kind: RecordKind,
        /// The name.
        name: String,
        /// What stands on it.
        by: String,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<sqlx::Error> for InventoryError {
    fn from(err: sqlx::Error) -> Self {
        Self::Db(err.into())
    }
}

fn list(complaints: &[Complaint]) -> String {
    complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
