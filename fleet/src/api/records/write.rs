//! Changing: one record, or many in one transaction, all of them or none.

use super::change::Change;
use super::told::{Key, etag};
use super::work::{Fields, Replacement, Work};
use crate::api::body::Body;
use crate::api::{Problem, config};
use crate::barring;
use crate::server::{App, now};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contract::names::DeviceName;
use http::{StatusCode, header};
use inventory::kinds::{self, DEVICE};
use inventory::records::{Answer, Changing, Once, Wanted};
use inventory::rules::life_cycle::{LifeCycle, is_replaced};
use inventory::schema::{Kind, Record};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Records of several kinds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    records: Vec<Imported>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Imported {
    kind: String,
    fields: Fields,
}

pub(super) async fn create(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    change: Change,
    Body(wanted): Body<Value>,
) -> Result<Response, Problem> {
    let work = match wanted {
        Value::Object(one) => Work::Create(kind, one),
        Value::Array(all) => Work::CreateAll(kind, objects(all)?),
        _ => return Err(Problem::new(422, "expected an object, or a list of objects")),
    };
    perform(&app, change, &work).await
}

pub(super) async fn update(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    Key(key): Key,
    change: Change,
    Body(patch): Body<Fields>,
) -> Result<Response, Problem> {
    let work = Work::Update(kind, key, patch, change.version);
    perform(&app, change, &work).await
}

pub(super) async fn delete(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    Key(key): Key,
    change: Change,
) -> Result<Response, Problem> {
    let work = Work::Delete(kind, key, change.version);
    perform(&app, change, &work).await
}

/// Each with its `key` and, where one is meant, its `version`.
pub(super) async fn update_all(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    change: Change,
    Body(all): Body<Vec<Value>>,
) -> Result<Response, Problem> {
    let named = |one: Fields| -> Result<_, Problem> {
        let (key, version, rest) = taken_apart(one)?;
        Ok((key, rest, version))
    };
    let all: Result<Vec<_>, Problem> = objects(all)?.into_iter().map(named).collect();
    perform(&app, change, &Work::UpdateAll(kind, all?)).await
}

pub(super) async fn delete_all(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    change: Change,
    Body(all): Body<Vec<Value>>,
) -> Result<Response, Problem> {
    let named = |one: Fields| -> Result<_, Problem> {
        let (key, version, rest) = taken_apart(one)?;
        match rest.keys().next() {
            None => Ok((key, version)),
            Some(name) => Err(Problem::new(422, format!("{name}: there is key and version here"))),
        }
    };
    let all: Result<Vec<_>, Problem> = objects(all)?.into_iter().map(named).collect();
    perform(&app, change, &Work::DeleteAll(kind, all?)).await
}

/// Differences, each by its key: what the machine says becomes what the inventory says.
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    change: Change,
    Body(all): Body<Vec<Value>>,
) -> Result<Response, Problem> {
    let named = |one: Fields| match taken_apart(one)? {
        (key, None, rest) if rest.is_empty() => Ok(key),
        _ => Err(Problem::new(422, "each has a key, and nothing else")),
    };
    let all: Result<Vec<_>, Problem> = objects(all)?.into_iter().map(named).collect();
    perform(&app, change, &Work::Accept(all?)).await
}

/// Another takes the place of a device or a part.
pub(super) async fn replace(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    Key(key): Key,
    change: Change,
    Body(by): Body<Replacement>,
) -> Result<Response, Problem> {
    let work = Work::Replace(kind, key, by, change.version);
    perform(&app, change, &work).await
}

/// The first address of a network that nobody has becomes somebody's.
pub(super) async fn allocate(
    State(app): State<Arc<App>>,
    Key(key): Key,
    change: Change,
    Body(fields): Body<Fields>,
) -> Result<Response, Problem> {
    perform(&app, change, &Work::Allocate(key, fields)).await
}

/// Records of any kind, in any order: what is not there is created, what is there becomes as it is told.
pub(super) async fn import(
    State(app): State<Arc<App>>,
    change: Change,
    Body(import): Body<Import>,
) -> Result<Response, Problem> {
    let wanted = |(at, it): (usize, Imported)| -> Result<Wanted, Problem> {
        let kind = kinds::kind(&it.kind).ok_or_else(|| {
            let names: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name).collect();
            Problem::new(422, format!("number {}: kind: expected {}", at + 1, names.join(", ")))
        })?;
        Ok((kind, it.fields))
    };
    let wanted: Result<Vec<_>, Problem> =
        import.records.into_iter().enumerate().map(wanted).collect();
    perform(&app, change, &Work::Apply(wanted?)).await
}

fn objects(all: Vec<Value>) -> Result<Vec<Fields>, Problem> {
    let one = |(at, value)| match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(Problem::new(422, format!("number {}: expected an object", at + 1))),
    };
    all.into_iter().enumerate().map(one).collect()
}

fn taken_apart(mut one: Fields) -> Result<(String, Option<i64>, Fields), Problem> {
    let Some(Value::String(key)) = one.remove("key") else {
        return Err(Problem::new(422, "key: expected the key of a record"));
    };
    let version = match one.remove("version") {
        None | Some(Value::Null) => None,
        Some(version) => match version.as_i64() {
            Some(version) => Some(version),
            None => return Err(Problem::new(422, "version: expected a whole number")),
        },
    };
    Ok((key, version, one))
}

async fn perform(app: &App, change: Change, work: &Work) -> Result<Response, Problem> {
    if change.version.is_some() && !work.is_of_one() {
        return Err(Problem::new(400, "If-Match: of several, each says its own version"));
    }
    let request_id = change.author.request_id.clone();
    let once = change.once.map(|key| work.digest().map(|digest| Once { key, digest }));
    let once = once.transpose()?;
    let mut changing = Changing::begin(app.inventory.db(), change.author, now().0).await?;
    if let Some(once) = &once
        && let Some(answer) = changing.answered(once).await?
    {
        return respond(work, &request_id, answer);
    }
    let answer = work.carry_out(&mut changing).await?;
    config::check(&app.known_settings, &changing)?;
    if change.is_dry_run {
        let preview = preview(&changing);
        changing.try_out().await?;
        return respond(work, &request_id, Answer { status: 200, body: preview.to_string() });
    }
    if let Some(once) = &once {
        changing.keep_answer(once, &answer).await?;
    }
    let gone = boxes_no_more(&changing);
    changing.commit().await?;
    after(app, &gone).await?;
    respond(work, &request_id, answer)
}

/// What would be changed.
fn preview(changing: &Changing) -> Value {
    let changes = changing.differences().map(|(kind, key, made)| {
        json!({"kind": kind.name, "key": key, "action": made.action.as_str(),
            "before": made.before, "after": made.after})
    });
    json!({ "dry_run": true, "changes": changes.collect::<Vec<_>>() })
}

/// Devices that were boxes, and are not any more, with why: told to be none, out of the house, or another
/// machine's.
fn boxes_no_more(changing: &Changing) -> Vec<(String, &'static str)> {
    let gone = |before: Option<&Record>, after: Option<&Record>| {
        let before = before.filter(|it| !it.get("appliance").is_null())?;
        let Some(after) = after.filter(|it| !it.get("appliance").is_null()) else {
            return Some("it is no appliance any more");
        };
        let may_join = |it: &Record| {
            it.get("status").as_str().and_then(LifeCycle::of).is_none_or(LifeCycle::may_join)
        };
        if may_join(before) && !may_join(after) {
            return Some("it has left the house");
        }
        is_replaced(before, after).then_some("another machine takes its place")
    };
    let devices = changing.touched(&DEVICE);
    devices
        .filter_map(|(key, before, after)| Some((key.to_owned(), gone(before, after)?)))
        .collect()
}

/// What follows where something was changed.
async fn after(app: &App, gone: &[(String, &str)]) -> Result<(), Problem> {
    for (device, because) in gone {
        let name = DeviceName::new(device.as_str()).map_err(Problem::internal)?;
        barring::bar(app, &name, because).await?;
        app.collector.forget(&name);
        app.observing.forget(&name);
    }
    app.changed.notify_one();
    app.archiving.look();
    Ok(())
}

/// What stands in an answer of one record, and in no other.
#[derive(Deserialize)]
struct One {
    key: Option<String>,
    version: Option<i64>,
}

fn respond(work: &Work, request_id: &str, answer: Answer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(Problem::internal)?;
    let mut response = status.into_response();
    let headers = response.headers_mut();
    let value = |text: &str| text.parse::<http::HeaderValue>().map_err(Problem::internal);
    headers.insert("x-request-id", value(request_id)?);
    if !answer.body.is_empty() {
        headers.insert(header::CONTENT_TYPE, value("application/json")?);
        let One { key, version } = serde_json::from_str(&answer.body).map_err(Problem::internal)?;
        if let Some(version) = version {
            headers.insert(header::ETAG, value(&etag(version))?);
        }
        if let (201, Some(key)) = (answer.status, key)
            && let Some(place) = work.place(&key)
        {
            headers.insert(header::LOCATION, value(&place)?);
        }
        *response.body_mut() = answer.body.into();
    }
    Ok(response)
}
