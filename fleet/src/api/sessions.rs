//! Logging in, and out.

use super::body::Body;
use super::caller::token;
use super::people::named;
use super::status::rfc3339;
use super::{PersonItem, Problem};
use crate::server::{App, ClientAddress, now};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::{HeaderMap, StatusCode, header};
use people::{Caller, NotLoggedIn};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Who wants in.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    /// As whom.
    pub(crate) name: String,
    /// What proves it.
    pub(crate) password: String,
}

/// Somebody is in.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct SessionItem {
    /// Shown with every request: `Authorization: Bearer TOKEN`.
    pub(crate) token: String,
    /// Who.
    pub(crate) name: String,
    /// `partner`, `viewer`, `operator` or `admin`.
    pub(crate) role: String,
    /// Until when (RFC 3339).
    pub(crate) expires_at: String,
}

/// Log in.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "people", request_body = LogIn, security(()),
    responses((status = 201, body = SessionItem)))]
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Body(LogIn { name, password }): Body<LogIn>,
) -> Result<(StatusCode, Json<SessionItem>), Refused> {
    let session = app.people.log_in(&name, &password, address.ip(), now()).await;
    let session = session.inspect_err(|why| tracing::warn!(%address, "nobody is let in: {why}"))?;
    tracing::info!(%address, person = %session.person, "logged in");
    let item = SessionItem {
        token: session.token,
        name: session.person.to_string(),
        role: session.role.to_string(),
        expires_at: rfc3339(session.expires_at),
    };
    Ok((StatusCode::CREATED, Json(item)))
}

/// Nobody was let in.
pub(super) struct Refused(NotLoggedIn);

impl From<NotLoggedIn> for Refused {
    fn from(why: NotLoggedIn) -> Self {
        Self(why)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self.0 {
            why @ NotLoggedIn::Wrong => Problem::new(401, why).into_response(),
            why @ NotLoggedIn::Busy => Problem::new(503, why).into_response(),
            NotLoggedIn::TooOften { retry_after } => {
                let seconds = retry_after.as_secs() + 1;
                let problem = Problem::new(429, NotLoggedIn::TooOften { retry_after });
                ([(header::RETRY_AFTER, seconds.to_string())], problem).into_response()
            }
            NotLoggedIn::Failed(err) => Problem::from(err).into_response(),
        }
    }
}

/// Who asks.
#[utoipa::path(get, path = "/api/v1/sessions/current", tag = "people",
    responses((status = 200, body = PersonItem)))]
pub(super) async fn who_am_i(Extension(caller): Extension<Caller>) -> Json<PersonItem> {
    Json(named(&caller.name, caller.role, caller.provider.as_deref()))
}

/// Log out.
#[utoipa::path(delete, path = "/api/v1/sessions/current", tag = "people",
    responses((status = 204)))]
pub(super) async fn log_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    app.people.log_out(token(&headers).unwrap_or_default()).await?;
    Ok(StatusCode::NO_CONTENT)
}
