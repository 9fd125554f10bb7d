//! Why nothing is changed.

use crate::Complaint;
use crate::schema::Kind;
use db::Error;
use serde_json::{Map, Value};

/// Of those that are in the way so many are named.
pub(super) const NAMED: usize = 5;

/// Why a record is not changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It makes no sense.
    #[error("{}", said(.0))]
    Invalid(Vec<Complaint>),
    /// Its key is taken.
    #[error("there is a {0} {1} already")]
    Duplicate(&'static str, String),
    /// There is none.
    #[error("there is no {0} {1}")]
    NotFound(&'static str, String),
    /// Somebody else has changed it meanwhile.
    #[error("{key} is version {now} and not {wanted} any more: somebody has changed it")]
    Stale {
        /// Which.
        key: String,
        /// What was changed.
        wanted: i64,
        /// What it is.
        now: i64,
    },
    /// Others name it.
    #[error("{key} is named by {}: change them first", others.join(", "))]
    InUse {
        /// Which.
        key: String,
        /// By whom: kinds and keys.
        others: Vec<String>,
    },
    /// The same key for two requests.
    #[error("this idempotency key was used for another request: each has its own")]
    OtherRequest,
    /// Of many, these.
    #[error("{} of them cannot be: {}", .0.len(), rows(.0))]
    Rows(Vec<Row>),
    /// The database.
    #[error(transparent)]
    Database(#[from] Error),
}

/// What is wrong with one of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which of those that were changed together, counted from 0.
    pub at: usize,
    /// Of which kind.
    pub kind: &'static str,
    /// Its key, where it has one.
    pub key: Option<String>,
    /// Its key is taken, by another of them or before.
    pub is_duplicate: bool,
    /// What else.
    pub complaints: Vec<Complaint>,
}

impl Row {
    /// What is wrong with one, whose key is free.
    pub(super) fn new(
        kind: &Kind,
        at: usize,
        key: Option<String>,
        complaints: Vec<Complaint>,
    ) -> Self {
        Self { at, kind: kind.name, key, is_duplicate: false, complaints }
    }

    /// One that makes no sense by itself.
    pub(super) fn misread(
        kind: &Kind,
        at: usize,
        wanted: &Map<String, Value>,
        complaints: Vec<Complaint>,
    ) -> Self {
        let key = kind.told_key(wanted).map(|key| key.chars().take(200).collect());
        Self::new(kind, at, key, complaints)
    }
}

/// The first of them, in words.
fn rows(rows: &[Row]) -> String {
    let row = |row: &Row| {
        let taken = row.is_duplicate.then(|| "its key is taken".to_owned());
        let all: Vec<String> =
            taken.into_iter().chain(row.complaints.iter().map(ToString::to_string)).collect();
        let which = row.key.as_deref().map(|key| format!(" ({} {key})", row.kind));
        format!("number {}{}: {}", row.at + 1, which.unwrap_or_default(), all.join("; "))
    };
    rows.iter().take(NAMED).map(row).collect::<Vec<_>>().join(", ")
}

impl From<sqlx::Error> for Refused {
    fn from(err: sqlx::Error) -> Self {
        Self::Database(err.into())
    }
}

/// By what is not a record of the inventory.
pub(super) fn still_used(kind: &Kind, key: &str, err: Error) -> Refused {
    match err.is_reference() {
        true => Refused::InUse { key: key.to_owned(), others: vec![by_whom(kind).to_owned()] },
        false => err.into(),
    }
}

fn said(complaints: &[Complaint]) -> String {
    complaints.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What else names one of a kind.
fn by_whom(kind: &Kind) -> &'static str {
    match kind.name {
        "content-group" => "titles",
        "provider" => "people who are its partners",
        _ => "what is kept of it elsewhere",
    }
}
