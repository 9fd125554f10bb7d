//! Looking: at some of a kind, at one, at one as it was.

use super::told::{Key, etag, items, told};
use crate::api::Problem;
use crate::server::App;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::header;
use inventory::query::{BadQuery, NOT_FOR_PROVIDERS, Query};
use inventory::records;
use inventory::schema::Kind;
use jiff::Timestamp;
use people::{Caller, Role};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;
use url::form_urlencoded;

/// Names and values.
pub(in crate::api) type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The pairs of a query; NUL is in no name and no value of ours.
pub(in crate::api) fn pairs(query: Option<&str>) -> Result<Pairs<'_>, Problem> {
    let text = query.unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    let has =
        |what: char| pairs.iter().any(|(name, value)| name.contains(what) || value.contains(what));
    // What was no UTF-8 has this in its place.
    match (has('\0'), has('\u{fffd}')) {
        (true, _) => Err(Problem::new(400, "the query holds a NUL")),
        (_, true) => Err(Problem::new(400, "the query is not UTF-8")),
        _ => Ok(pairs),
    }
}

impl From<BadQuery> for Problem {
    fn from(err: BadQuery) -> Self {
        Self::new(400, format!("{}: {}", err.parameter, err.message))
    }
}

pub(super) async fn list(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    Extension(by): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Problem> {
    let pairs = pairs(query.as_deref())?;
    let query = kind.query(pairs.iter().map(|(name, value)| (&**name, &**value)))?;
    let query = asked_by(query, &by)?;
    let some = query.fields.clone().or_else(|| told_to(kind, &by));
    // First: whoever goes on from there is told again what came meanwhile.
    let version = app.inventory.version().await?;
    let found = app.inventory.list(kind, query).await?;
    let some = some.as_deref();
    let all: Result<Vec<Value>, Problem> =
        found.items.iter().map(|kept| told(kind, kept, some)).collect();
    let mut all = items(all?);
    all["version"] = Value::from(version);
    all["next_cursor"] = found.next.map_or(Value::Null, Value::from);
    Ok(Json(all))
}

/// A partner asks for what his provider has. One of nobody is shown nothing.
fn asked_by(query: Query, by: &Caller) -> Result<Query, Problem> {
    match (by.role, &by.provider) {
        (Role::Partner, provider) => {
            let provider = provider.as_deref().unwrap_or_default();
            query.of_provider(provider).map_err(|err| Problem::new(403, err.message))
        }
        _ => Ok(query),
    }
}

/// What of a record somebody is told; nothing is kept from most.
fn told_to(kind: &'static Kind, by: &Caller) -> Option<Vec<&'static str>> {
    let is_told = |name: &&str| !NOT_FOR_PROVIDERS.contains(name);
    let names = kind.fields.iter().map(|field| field.name);
    (by.role == Role::Partner).then(|| names.filter(is_told).collect())
}

/// As it is, or as it was at a time.
pub(super) async fn show(
    kind: &'static Kind,
    app: State<Arc<App>>,
    Extension(by): Extension<Caller>,
    Key(key): Key,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let pairs = pairs(query.as_deref())?;
    match &pairs[..] {
        [] => show_now(kind, app, &by, &key).await,
        [(name, _)] if name == "at" && by.role == Role::Partner => {
            Err(Problem::new(403, "what was is not told to partners"))
        }
        [(name, text)] if name == "at" => show_then(kind, app, &key, text).await,
        _ => Err(Problem::new(400, "expected at=TIME, once, or nothing")),
    }
}

async fn show_now(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    by: &Caller,
    key: &str,
) -> Result<Response, Problem> {
    let query = asked_by(kind.one(key), by)?;
    let kept = records::all(app.inventory.db(), kind, &query).await?.into_iter().next();
    let kept = kept.ok_or_else(|| missing(kind, key))?;
    let told = told(kind, &kept, told_to(kind, by).as_deref())?;
    Ok(([(header::ETAG, etag(kept.version))], Json(told)).into_response())
}

async fn show_then(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    key: &str,
    text: &str,
) -> Result<Response, Problem> {
    let at: Timestamp = text
        .parse()
        .map_err(|_| Problem::new(400, "at: expected a time such as 2026-01-31T12:00:00Z"))?;
    let then = records::at(app.inventory.db(), kind, key, at.as_microsecond()).await?;
    let then =
        then.ok_or_else(|| Problem::new(404, format!("there was no {} {key} at {at}", kind.name)))?;
    let mut told = json!({ "key": key });
    for field in kind.fields {
        told[field.name] = then.get(field.name).cloned().unwrap_or(Value::Null);
    }
    Ok(Json(told).into_response())
}

pub(super) fn missing(kind: &Kind, key: &str) -> Problem {
    let key: String = key.chars().take(200).collect();
    Problem::new(404, format!("there is no {} {key}", kind.name))
}
