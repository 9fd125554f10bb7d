//! Who may ask: whoever shows the operator's token.

use super::Problem;
use crate::server::App;
use axum::extract::FromRequestParts;
use http::header;
use http::request::Parts;
use std::sync::Arc;

/// Proof that a request carried the operator's token.
pub(super) struct Operator(());

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let shown = parts.headers.get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes);
        let token = shown.and_then(|value| value.strip_prefix(b"Bearer "));
        // Hashes compare in constant time.
        match token {
            Some(token) if blake3::hash(token) == app.token => Ok(Self(())),
            Some(_) => Err(Problem::new(403, "this is not the operator's token")),
            None => {
                Err(Problem::new(401, "show the operator's token: Authorization: Bearer TOKEN"))
            }
        }
    }
}
