//! Looking: at some of a kind, at one, at one as it was.

use super::told::{etag, items, told};
use crate::api::Problem;
use crate::server::App;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header;
use inventory::query::BadQuery;
use inventory::records;
use inventory::schema::Kind;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;
use url::form_urlencoded;

/// Names and values.
pub(super) type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// The pairs of a query; NUL is in no name and no value of ours.
pub(super) fn pairs(query: &RawQuery) -> Result<Pairs<'_>, Problem> {
    let text = query.0.as_deref().unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    match pairs.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        true => Err(Problem::new(400, "the query holds a NUL")),
        false => Ok(pairs),
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
    query: RawQuery,
) -> Result<Json<Value>, Problem> {
    let pairs = pairs(&query)?;
    let query = kind.query(pairs.iter().map(|(name, value)| (&**name, &**value)))?;
    let found = records::list(app.inventory.db(), kind, &query).await?;
    let some = query.fields.as_deref();
    let all: Result<Vec<Value>, Problem> =
        found.items.iter().map(|kept| told(kind, kept, some)).collect();
    let mut all = items(all?);
    all["next_cursor"] = found.next.map_or(Value::Null, Value::from);
    Ok(Json(all))
}

/// As it is, or as it was at a time.
pub(super) async fn show(
    kind: &'static Kind,
    app: State<Arc<App>>,
    Path(key): Path<String>,
    query: RawQuery,
) -> Result<Response, Problem> {
    let pairs = pairs(&query)?;
    match &pairs[..] {
        [] => show_now(kind, app, &key).await,
        [(name, text)] if name == "at" => show_then(kind, app, &key, text).await,
        _ => Err(Problem::new(400, "expected at=TIME, once, or nothing")),
    }
}

async fn show_now(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    key: &str,
) -> Result<Response, Problem> {
    let kept = records::find(app.inventory.db(), kind, key).await?;
    let kept = kept.ok_or_else(|| missing(kind, key))?;
    let told = told(kind, &kept, None)?;
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
