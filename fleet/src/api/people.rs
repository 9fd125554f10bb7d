//! People: who may log in, and as what.

use super::body::Body;
use super::caller::{Admin, FOLDERS_OWNER};
use super::said::Path;
use super::sessions::Refused;
use super::status::rfc3339;
use super::{List, Problem};
use crate::server::{App, ClientAddress, now};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use inventory::kinds::PROVIDER;
use inventory::records;
use people::{Caller, PersonName, Role, random_password};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Somebody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct PersonItem {
    /// What he is called.
    pub(crate) name: String,
    /// `partner`, `viewer`, `operator` or `admin`.
    pub(crate) role: String,
    /// Whose partner he is, where he is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// When he logged in last (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) logged_in_at: Option<String>,
    /// The password that was made for him: told once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
}

/// Somebody new.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPerson {
    /// What he is to be called.
    pub(crate) name: String,
    /// `partner`, `viewer`, `operator` or `admin`.
    pub(crate) role: String,
    /// Whose partner he is to be, where he is to be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// With what he logs in; one is made and told where none is given.
    #[serde(default)]
    pub(crate) password: Option<String>,
}

/// What somebody may do from now on.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    /// `partner`, `viewer`, `operator` or `admin`.
    pub(crate) role: String,
    /// Whose partner he is to be, where he is to be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
}

/// With what somebody logs in from now on.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The one before; only an admin who changes somebody else's leaves it out.
    #[serde(default)]
    pub(crate) before: Option<String>,
    /// The new one; one is made and told where none is given.
    #[serde(default)]
    pub(crate) password: Option<String>,
}

pub(super) fn named(name: &PersonName, role: Role, provider: Option<&str>) -> PersonItem {
    let (name, role, provider) = (name.to_string(), role.to_string(), provider.map(str::to_owned));
    PersonItem { name, role, provider, logged_in_at: None, password: None }
}

/// A provider that there is.
async fn check_provider(app: &App, provider: Option<&str>) -> Result<(), Problem> {
    let Some(provider) = provider else { return Ok(()) };
    match records::find(app.inventory.db(), &PROVIDER, provider).await? {
        Some(_) => Ok(()),
        None => Err(Problem::new(422, format!("provider: there is no provider {provider}"))),
    }
}

fn person_name(text: &str) -> Result<PersonName, Problem> {
    PersonName::new(text).map_err(|err| Problem::new(422, err))
}

fn role(text: &str) -> Result<Role, Problem> {
    text.parse().map_err(|err: people::NoRole| Problem::new(422, err))
}

/// Everybody.
#[utoipa::path(get, path = "/api/v1/people", tag = "people",
    responses((status = 200, body = List<PersonItem>)))]
pub(super) async fn list_people(
    State(app): State<Arc<App>>,
    _: Admin,
) -> Result<Json<List<PersonItem>>, Problem> {
    let items = app.people.list().await?.into_iter().map(|it| PersonItem {
        logged_in_at: it.logged_in_at.map(rfc3339),
        ..named(&it.name, it.role, it.provider.as_deref())
    });
    Ok(Json(List { items: items.collect() }))
}

/// Add somebody.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = PersonItem)))]
pub(super) async fn create_person(
    State(app): State<Arc<App>>,
    Extension(by): Extension<Caller>,
    _: Admin,
    Body(new): Body<NewPerson>,
) -> Result<(StatusCode, Json<PersonItem>), Problem> {
    let (name, role) = (person_name(&new.name)?, role(&new.role)?);
    if name.as_str() == FOLDERS_OWNER {
        return Err(Problem::new(422, format!("nobody but the token's owner is {name}")));
    }
    let (password, told) = given_or_made(new.password)?;
    let provider = new.provider.as_deref();
    check_provider(&app, provider).await?;
    app.people.create(&name, (role, provider), &password, now()).await?;
    tracing::info!(by = %by.name, person = %name, %role, "somebody may log in");
    Ok((StatusCode::CREATED, Json(PersonItem { password: told, ..named(&name, role, provider) })))
}

/// The password, and what of it is to be told.
fn given_or_made(given: Option<String>) -> Result<(String, Option<String>), Problem> {
    match given {
        Some(password) => Ok((password, None)),
        None => random_password().map(|made| (made.clone(), Some(made))).map_err(Problem::from),
    }
}

/// Say what somebody may do from now on.
#[utoipa::path(put, path = "/api/v1/people/{name}/role", tag = "people", request_body = NewRole,
    params(("name" = String, Path, description = "The person")),
    responses((status = 200, body = PersonItem)))]
pub(super) async fn set_role(
    State(app): State<Arc<App>>,
    Extension(by): Extension<Caller>,
    _: Admin,
    Path(name): Path<String>,
    Body(new): Body<NewRole>,
) -> Result<Json<PersonItem>, Problem> {
    let (name, role) = (person_name(&name)?, role(&new.role)?);
    let provider = new.provider.as_deref();
    check_provider(&app, provider).await?;
    app.people.set_role(&name, (role, provider)).await?;
    tracing::info!(by = %by.name, person = %name, %role, "somebody has another role");
    Ok(Json(named(&name, role, provider)))
}

/// Give somebody, or oneself, another password. Sessions end.
#[utoipa::path(put, path = "/api/v1/people/{name}/password", tag = "people",
    request_body = NewPassword,
    params(("name" = String, Path, description = "The person")),
    responses((status = 200, body = PersonItem)))]
pub(super) async fn set_password(
    State(app): State<Arc<App>>,
    Extension(by): Extension<Caller>,
    Extension(ClientAddress(address)): Extension<ClientAddress>,
    Path(name): Path<String>,
    Body(new): Body<NewPassword>,
) -> Result<Response, Problem> {
    let name = person_name(&name)?;
    match (by.name == name, &new.before) {
        (false, _) if by.role == Role::Admin => {}
        (false, _) => {
            return Err(Problem::new(403, "only an admin changes somebody else's password"));
        }
        // Who finds an open session must not make it his own.
        (true, Some(before)) => {
            let is_he = app.people.log_in(name.as_str(), before, address.ip(), now()).await;
            if let Err(why) = is_he {
                return Ok(Refused::from(why).into_response());
            }
        }
        (true, None) => return Err(Problem::new(422, "before: say the password that is to go")),
    }
    let (password, told) = given_or_made(new.password)?;
    app.people.set_password(&name, &password, now()).await?;
    tracing::info!(by = %by.name, person = %name, "somebody has another password");
    let he = app.people.get(&name).await?;
    let item = named(&name, he.role, he.provider.as_deref());
    Ok(Json(PersonItem { password: told, ..item }).into_response())
}

/// Remove somebody; sessions end.
#[utoipa::path(delete, path = "/api/v1/people/{name}", tag = "people",
    params(("name" = String, Path, description = "The person")),
    responses((status = 204)))]
pub(super) async fn delete_person(
    State(app): State<Arc<App>>,
    Extension(by): Extension<Caller>,
    _: Admin,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let name = person_name(&name)?;
    app.people.delete(&name).await?;
    tracing::info!(by = %by.name, person = %name, "somebody may log in no more");
    Ok(StatusCode::NO_CONTENT)
}
