//! Problem documents (RFC 9457): what went wrong, and what would help.

use axum::response::{IntoResponse, Response};
use ca::CaError;
use catalog::CatalogError;
use http::{StatusCode, header};
use inventory::{Complaint, InventoryError};
use people::PeopleError;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use utoipa::ToSchema;

/// What went wrong.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the status says the kind.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The status in words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What went wrong, and what would help.
    pub(crate) detail: String,
    /// Each thing that is wrong, where there may be several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ProblemItem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProblemItem {
    /// With which of many, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<usize>,
    /// Of which kind it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) kind: String,
    /// Its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// The field, such as `disks[0].folder`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) field: String,
    /// What is wrong, and what would be right.
    pub(crate) message: String,
}

impl ProblemItem {
    pub(crate) fn new(message: &str) -> Self {
        Self { message: message.to_owned(), ..Self::default() }
    }
}

impl From<&Complaint> for ProblemItem {
    fn from(complaint: &Complaint) -> Self {
        Self { field: complaint.field.clone(), ..Self::new(&complaint.message) }
    }
}

impl Problem {
    pub(crate) fn new(status: u16, detail: impl Display) -> Self {
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            kind: "about:blank".to_owned(),
            title: code.canonical_reason().unwrap_or("Error").to_owned(),
            status: code.as_u16(),
            detail: detail.to_string(),
            errors: Vec::new(),
        }
    }

    /// A fault of ours: told to the log, not to the caller.
    pub(crate) fn internal(err: impl Display) -> Self {
        tracing::error!("{err}");
        Self::new(500, "a fault of the fleet manager; its log says more")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

impl From<db::Error> for Problem {
    fn from(err: db::Error) -> Self {
        if err.is_busy() {
            return Self::new(503, "others are writing: try again in a few seconds");
        }
        Self::internal(err)
    }
}

impl From<InventoryError> for Problem {
    fn from(err: InventoryError) -> Self {
        match err {
            InventoryError::NotFound { .. } => Self::new(404, err),
            InventoryError::Refused(err) => err.into(),
            InventoryError::Db(err) => err.into(),
        }
    }
}

impl From<CatalogError> for Problem {
    fn from(err: CatalogError) -> Self {
        use CatalogError::{
            Announced, Db, Empty, Full, Invalid, NoImport, NoPin, NoTerms, NoTitle, NoVersion,
            NotAnnounced, Overtaken, Taken, UnknownGroup, UnknownVersion,
        };
        match err {
            Invalid { .. } | UnknownGroup(_) | Empty | NoVersion { .. } => Self::new(422, err),
            Taken { .. } | Full | Announced(_) | NotAnnounced(_) | Overtaken { .. } => {
                Self::new(409, err)
            }
            NoTitle(_) | NoImport(_) | UnknownVersion(_) | NoPin(_) | NoTerms(_) => {
                Self::new(404, err)
            }
            Db(err) => err.into(),
        }
    }
}

impl From<PeopleError> for Problem {
    fn from(err: PeopleError) -> Self {
        use PeopleError::{
            BadKey, BadPassword, Busy, Db, NoPartner, NoSuchAppliance, NoSuchPerson, Taken,
            TooMany, WhosePartner,
        };
        match err {
            BadPassword(_) | BadKey(_) | WhosePartner | NoPartner(_) => Self::new(422, err),
            Taken(_) | TooMany(_) => Self::new(409, err),
            NoSuchPerson(_) | NoSuchAppliance(_) => Self::new(404, err),
            Busy => Self::new(503, err),
            Db(err) => err.into(),
            other => Self::internal(other),
        }
    }
}

impl From<CaError> for Problem {
    fn from(err: CaError) -> Self {
        match err {
            CaError::Distrust(err) => Self::new(422, err),
            CaError::Root(_) => Self::new(422, err),
            CaError::NotHeld(_) => Self::new(409, err),
            CaError::Db(err) => err.into(),
            other => Self::internal(other),
        }
    }
}
