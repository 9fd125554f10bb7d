//! What a path and a query say. What cannot be read is told as all else that is wrong.

use super::Problem;
use axum::extract::{self, FromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;

/// The variable parts of a path.
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match extract::Path::from_request_parts(parts, state).await {
            Ok(extract::Path(said)) => Ok(Self(said)),
            Err(err) => Err(Problem::new(err.status().as_u16(), err.body_text())),
        }
    }
}

/// The pairs of a query. A type that is to take no others refuses unknown fields by itself.
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match extract::Query::from_request_parts(parts, state).await {
            Ok(extract::Query(said)) => Ok(Self(said)),
            Err(err) => Err(Problem::new(err.status().as_u16(), err.body_text())),
        }
    }
}
