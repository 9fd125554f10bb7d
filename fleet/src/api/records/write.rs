//! Changing: one record, or many in one transaction, all of them or none.

use super::change::Change;
use super::told::{Key, etag, items, told};
use crate::api::body::Body;
use crate::api::{Problem, ProblemItem};
use crate::barring;
use crate::server::{App, now};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use contract::names::DeviceName;
use http::{StatusCode, header};
use inventory::changes::Difference;
use inventory::kinds::{self, DEVICE};
use inventory::records::{Answer, Applied, Changing, Once, Refused, Row, Wanted};
use inventory::schema::Kind;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Fields = Map<String, Value>;

/// More of them tell nobody more.
const MOST_ERRORS: usize = 1000;

/// What is to be done.
enum Work {
    Create(Fields),
    CreateAll(Vec<Fields>),
    Update(String, Fields, Option<i64>),
    UpdateAll(Vec<(String, Fields, Option<i64>)>),
    Delete(String, Option<i64>),
    DeleteAll(Vec<(String, Option<i64>)>),
    Apply(Vec<Wanted>),
}

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
    let digest = digest(kind, "create", &wanted);
    let work = match wanted {
        Value::Object(one) => Work::Create(one),
        Value::Array(all) => Work::CreateAll(objects(all)?),
        _ => return Err(Problem::new(422, "expected an object, or a list of objects")),
    };
    perform(kind, &app, change, work, digest).await
}

pub(super) async fn update(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    Key(key): Key,
    change: Change,
    Body(patch): Body<Fields>,
) -> Result<Response, Problem> {
    let what = format!("update {key} {:?}", change.version);
    let digest = digest(kind, &what, &Value::Object(patch.clone()));
    let work = Work::Update(key, patch, change.version);
    perform(kind, &app, change, work, digest).await
}

pub(super) async fn delete(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    Key(key): Key,
    change: Change,
) -> Result<Response, Problem> {
    let digest = digest(kind, &format!("delete {key} {:?}", change.version), &Value::Null);
    let work = Work::Delete(key, change.version);
    perform(kind, &app, change, work, digest).await
}

/// Each with its `key` and, where one is meant, its `version`.
pub(super) async fn update_all(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    change: Change,
    Body(all): Body<Vec<Value>>,
) -> Result<Response, Problem> {
    let digest = digest(kind, "update", &Value::Array(all.clone()));
    let named = |one: Fields| -> Result<_, Problem> {
        let (key, version, rest) = taken_apart(one)?;
        Ok((key, rest, version))
    };
    let work: Result<Vec<_>, Problem> = objects(all)?.into_iter().map(named).collect();
    perform(kind, &app, change, Work::UpdateAll(work?), digest).await
}

pub(super) async fn delete_all(
    kind: &'static Kind,
    State(app): State<Arc<App>>,
    change: Change,
    Body(all): Body<Vec<Value>>,
) -> Result<Response, Problem> {
    let digest = digest(kind, "delete", &Value::Array(all.clone()));
    let named = |one: Fields| -> Result<_, Problem> {
        let (key, version, rest) = taken_apart(one)?;
        match rest.keys().next() {
            None => Ok((key, version)),
            Some(name) => Err(Problem::new(422, format!("{name}: there is key and version here"))),
        }
    };
    let work: Result<Vec<_>, Problem> = objects(all)?.into_iter().map(named).collect();
    perform(kind, &app, change, Work::DeleteAll(work?), digest).await
}

/// Records of any kind, in any order: what is not there is created, what is there becomes as it is told.
pub(super) async fn import(
    State(app): State<Arc<App>>,
    change: Change,
    Body(import): Body<Import>,
) -> Result<Response, Problem> {
    let mut digest = blake3::Hasher::new();
    let mut wanted: Vec<Wanted> = Vec::new();
    for (at, Imported { kind: name, fields }) in import.records.into_iter().enumerate() {
        digest.update(format!("{name} {}\n", Value::Object(fields.clone())).as_bytes());
        let kind = kinds::kind(&name).ok_or_else(|| {
            let names: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name).collect();
            Problem::new(422, format!("number {}: kind: expected {}", at + 1, names.join(", ")))
        })?;
        wanted.push((kind, fields));
    }
    let digest = digest.finalize().to_hex().to_string();
    perform(&kinds::TAG, &app, change, Work::Apply(wanted), digest).await
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

/// What tells one request from another that says to be it.
fn digest(kind: &Kind, what: &str, body: &Value) -> String {
    blake3::hash(format!("{} {what} {body}", kind.name).as_bytes()).to_hex().to_string()
}

async fn perform(
    kind: &'static Kind,
    app: &App,
    change: Change,
    work: Work,
    digest: String,
) -> Result<Response, Problem> {
    let is_of_one = matches!(work, Work::Update(..) | Work::Delete(..));
    if change.version.is_some() && !is_of_one {
        return Err(Problem::new(400, "If-Match: of several, each says its own version"));
    }
    let request_id = change.author.request_id.clone();
    let once = change.once.map(|key| Once { key, digest });
    let mut changing = Changing::begin(app.inventory.db(), change.author, now().0).await?;
    if let Some(once) = &once
        && let Some(answer) = changing.answered(once).await?
    {
        return respond(kind, &request_id, answer);
    }
    let answer = carry_out(kind, &mut changing, work).await?;
    if change.is_dry_run {
        let preview = preview(&changing);
        changing.try_out().await?;
        return respond(kind, &request_id, Answer { status: 200, body: preview.to_string() });
    }
    if let Some(once) = &once {
        changing.keep_answer(once, &answer).await?;
    }
    let gone = boxes_no_more(&changing);
    changing.commit().await?;
    after(app, &gone).await?;
    respond(kind, &request_id, answer)
}

/// What is answered.
async fn carry_out(
    kind: &'static Kind,
    changing: &mut Changing,
    work: Work,
) -> Result<Answer, Problem> {
    let answer = |status: u16, body: Value| Answer { status, body: body.to_string() };
    let nothing = || Answer { status: 204, body: String::new() };
    Ok(match work {
        Work::Create(one) => {
            let kept = changing.create(kind, &one).await?;
            answer(201, told(kind, &kept, None)?)
        }
        Work::CreateAll(all) => {
            let kept = changing.create_all(kind, &all).await?;
            let kept: Result<Vec<_>, _> = kept.iter().map(|it| told(kind, it, None)).collect();
            answer(201, items(kept?))
        }
        Work::Update(key, patch, version) => {
            let kept = changing.update(kind, &key, &patch, version).await?;
            answer(200, told(kind, &kept, None)?)
        }
        Work::UpdateAll(all) => answer(200, items(update_each(kind, changing, all).await?)),
        Work::Apply(wanted) => {
            let Applied { created, updated, unchanged } = changing.apply(&wanted).await?;
            let done = json!({"created": created, "updated": updated, "unchanged": unchanged});
            answer(200, done)
        }
        Work::Delete(key, version) => {
            changing.delete(kind, &key, version).await?;
            nothing()
        }
        Work::DeleteAll(all) => {
            delete_each(kind, changing, all).await?;
            nothing()
        }
    })
}

/// All of them; what is wrong with any.
async fn update_each(
    kind: &'static Kind,
    changing: &mut Changing,
    all: Vec<(String, Fields, Option<i64>)>,
) -> Result<Vec<Value>, Problem> {
    let (mut kept, mut wrong, of) = (Vec::new(), None, all.len());
    for (at, (key, patch, version)) in all.into_iter().enumerate() {
        match changing.update_at(at, (kind, &key), &patch, version).await {
            Ok(one) => kept.push(told(kind, &one, None)?),
            Err(Refused::Database(err)) => return Err(err.into()),
            Err(err) => add(&mut wrong, at_row(kind, (at, of), &key, err)),
        }
    }
    wrong.map_or(Ok(kept), Err)
}

/// All of them, whatever names what of them.
async fn delete_each(
    kind: &'static Kind,
    changing: &mut Changing,
    all: Vec<(String, Option<i64>)>,
) -> Result<(), Problem> {
    let of = all.len();
    let mut left: Vec<_> = all.into_iter().enumerate().collect();
    loop {
        let (before, mut wrong, mut again) = (left.len(), None, Vec::new());
        for (at, (key, version)) in left {
            match changing.delete_at(at, (kind, &key), version).await {
                Ok(_) => {}
                Err(Refused::Database(err)) => return Err(err.into()),
                Err(err) => {
                    // Who names it may go after it.
                    if matches!(err, Refused::InUse { .. }) {
                        again.push((at, (key.clone(), version)));
                    }
                    add(&mut wrong, at_row(kind, (at, of), &key, err));
                }
            }
        }
        match wrong {
            None => return Ok(()),
            Some(problem) if problem.errors.len() > again.len() || again.len() == before => {
                return Err(problem);
            }
            Some(_) => left = again,
        }
    }
}

/// One problem of several: the first, with what is wrong with the others.
fn add(wrong: &mut Option<Problem>, another: Problem) {
    match wrong {
        Some(problem) if problem.errors.len() < MOST_ERRORS => {
            problem.errors.extend(another.errors);
        }
        Some(_) => {}
        None => *wrong = Some(another),
    }
}

/// Says of which of many it is.
fn at_row(kind: &Kind, (at, of): (usize, usize), key: &str, err: Refused) -> Problem {
    let problem = Problem::from(err);
    let detail = match of {
        1 => problem.detail.clone(),
        _ => format!("number {} ({} {key}): {}", at + 1, kind.name, problem.detail),
    };
    let whole = vec![ProblemItem::new(&problem.detail)];
    let errors = if problem.errors.is_empty() { whole } else { problem.errors };
    let with_place = |it: ProblemItem| {
        let (row, kind, key) = (Some(at), kind.name.to_owned(), Some(key.to_owned()));
        ProblemItem { row, kind, key, ..it }
    };
    let errors = errors.into_iter().map(with_place).collect();
    Problem { errors, ..Problem::new(problem.status, detail) }
}

/// What would be changed.
fn preview(changing: &Changing) -> Value {
    let one = |(kind, key, made): (&Kind, &str, Difference)| {
        json!({"kind": kind.name, "key": key, "action": made.action.as_str(),
            "before": made.before, "after": made.after})
    };
    let changes: Vec<Value> =
        changing.differences().map(|(kind, key, made)| one((kind, key, made))).collect();
    json!({ "dry_run": true, "changes": changes })
}

/// Devices that were told to be boxes, and are not any more.
fn boxes_no_more(changing: &Changing) -> Vec<String> {
    let devices = changing.differences().filter(|(kind, ..)| kind.name == DEVICE.name);
    let told = |fields: &Fields| fields.get("appliance").is_some_and(|it| !it.is_null());
    let gone = devices.filter(|(.., made)| told(&made.before) && !told(&made.after));
    gone.map(|(_, key, _)| key.to_owned()).collect()
}

/// What follows where something was changed.
async fn after(app: &App, gone: &[String]) -> Result<(), Problem> {
    app.changed.notify_one();
    for device in gone {
        let name = DeviceName::new(device.as_str()).map_err(Problem::internal)?;
        barring::bar(app, &name, "it is no appliance any more").await?;
        app.collector.forget(&name);
    }
    Ok(())
}

fn respond(kind: &Kind, request_id: &str, answer: Answer) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(Problem::internal)?;
    let mut response = status.into_response();
    let headers = response.headers_mut();
    let value = |text: &str| text.parse::<http::HeaderValue>().map_err(Problem::internal);
    headers.insert("x-request-id", value(request_id)?);
    if !answer.body.is_empty() {
        headers.insert(header::CONTENT_TYPE, value("application/json")?);
        let told: Value = serde_json::from_str(&answer.body).map_err(Problem::internal)?;
        if let Some(version) = told["version"].as_i64() {
            headers.insert(header::ETAG, value(&etag(version))?);
        }
        if let (201, Some(key)) = (answer.status, told["key"].as_str()) {
            let key: String = url::form_urlencoded::byte_serialize(key.as_bytes()).collect();
            headers.insert(
                header::LOCATION,
                value(&format!("/api/v1/{}/{}", kind.plural, key.replace('+', "%20")))?,
            );
        }
        *response.body_mut() = answer.body.into();
    }
    Ok(response)
}

impl From<Refused> for Problem {
    fn from(err: Refused) -> Self {
        use Refused::{Database, Duplicate, InUse, Invalid, NotFound, OtherRequest, Rows, Stale};
        let said = err.to_string();
        let (status, errors) = match err {
            Database(err) => return err.into(),
            Invalid(all) => (422, all.iter().map(|it| ProblemItem::of(None, None, it)).collect()),
            OtherRequest => (422, Vec::new()),
            Duplicate(..) | InUse { .. } => (409, Vec::new()),
            NotFound(..) => (404, Vec::new()),
            Stale { .. } => (412, Vec::new()),
            Rows(rows) => {
                let is_taken = rows.iter().all(|row| row.complaints.is_empty());
                (if is_taken { 409 } else { 422 }, rows.iter().flat_map(of_row).collect())
            }
        };
        Self { errors, ..Self::new(status, said) }
    }
}

fn of_row(row: &Row) -> Vec<ProblemItem> {
    let place = (row.kind, row.key.as_deref());
    let all = row.complaints.iter().map(|it| ProblemItem::of(Some(row.at), Some(place), it));
    let taken = row.is_duplicate.then(|| ProblemItem {
        row: Some(row.at),
        kind: row.kind.to_owned(),
        key: row.key.clone(),
        ..ProblemItem::new("its key is taken")
    });
    taken.into_iter().chain(all).collect()
}
