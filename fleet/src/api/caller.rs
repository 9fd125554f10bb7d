//! Who asks, and what he may: whoever shows a session, or the token in the manager's folder.

use super::Problem;
use crate::server::{App, now};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use people::{Caller, PersonName, Role};
use std::sync::Arc;

/// What whoever shows the token in the manager's folder is called. No person has that name.
pub(super) const FOLDERS_OWNER: &str = "operator.token";

/// Lets nobody by who is not known.
pub(super) async fn known(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    match find(&app, request.headers()).await {
        Ok(caller) if caller.role == Role::Partner && !is_for_partners(&request) => {
            let says = format!("{} is {}: this takes the role viewer", caller.name, caller.role);
            Problem::new(403, says).into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => ([(header::WWW_AUTHENTICATE, "Bearer")], problem).into_response(),
    }
}

/// What partners may ask for: what their provider has in the inventory, and who they are. All else, also
/// what there may be once, takes more.
fn is_for_partners(request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
    let own = ["/api/v1/sessions/current", "/api/v1/people/{name}/password"];
    let looks = super::records::for_partners();
    own.contains(&path) || is_look && (path == "/api/v1/openapi.json" || looks.contains(path))
}

/// What is shown.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

async fn find(app: &App, headers: &HeaderMap) -> Result<Caller, Problem> {
    let Some(token) = token(headers) else {
        return Err(Problem::new(
            401,
            "log in, and show what you get: Authorization: Bearer TOKEN",
        ));
    };
    // Hashes compare in constant time.
    if blake3::hash(token.as_bytes()) == app.token {
        let name = PersonName::new(FOLDERS_OWNER).map_err(Problem::internal)?;
        return Ok(Caller { name, role: Role::Admin, provider: None });
    }
    let known = app.people.caller(token, now()).await?;
    known.ok_or_else(|| Problem::new(401, "this token counts no more, or never did: log in again"))
}

fn at_least(parts: &Parts, role: Role) -> Result<Caller, Problem> {
    let caller = parts.extensions.get::<Caller>();
    let caller = caller.ok_or_else(|| Problem::internal("nobody has looked who asks"))?;
    if caller.role < role {
        let Caller { name, role: his, .. } = caller;
        return Err(Problem::new(403, format!("{name} is {his}: this takes the role {role}")));
    }
    Ok(caller.clone())
}

/// Proof that somebody asks who may change what the fleet does, and who it is.
pub(super) struct Operator(pub(super) Caller);

impl FromRequestParts<Arc<App>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        at_least(parts, Role::Operator).map(Self)
    }
}

/// Proof that somebody asks who may say who may what, and whose word counts.
pub(super) struct Admin(());

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        at_least(parts, Role::Admin).map(|_| Self(()))
    }
}
