//! Commands: what a box is asked to do once, and how it ended.

use super::body::Body;
use super::caller::Operator;
use super::said::Path;
use super::status::rfc3339;
use super::{List, Problem, named};
use crate::planner::{CommandError, RecordedCommand};
use crate::server::{App, now};
use axum::Json;
use axum::extract::State;
use contract::command::{Action, Outcome};
use contract::names::DeviceName;
use contract::time::TimeUs;
use http::StatusCode;
use inventory::Appliance;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What to ask a box for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum CommandRequest {
    /// Stop using a disk, also after a restart: what it holds is fetched again elsewhere.
    EjectDisk(CommandDisk),
    /// Use a disk again, whoever ejected it.
    ReadmitDisk(CommandDisk),
    /// Read and check every block of every disk, from now on.
    Scrub(CommandAll),
}

/// A disk of the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandDisk {
    /// Its folder.
    #[schema(example = "/srv/disk0")]
    pub(crate) folder: String,
}

/// All of the box.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandAll {}

/// A command and what has become of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct CommandItem {
    /// Names it.
    pub(crate) id: String,
    /// The box.
    pub(crate) appliance: String,
    /// What it is asked for, in words.
    pub(crate) action: String,
    /// When it was asked (RFC 3339).
    pub(crate) made_at: String,
    /// It is not to begin after this (RFC 3339).
    pub(crate) deadline: String,
    /// `pending`, `done`, `refused`, `failed`, or `expired`: nothing was heard of it in time.
    pub(crate) state: String,
    /// Why it was not done.
    pub(crate) reason: Option<String>,
    /// When it ended, by the box's clock (RFC 3339).
    pub(crate) ended_at: Option<String>,
}

impl CommandItem {
    fn new(recorded: &RecordedCommand, now: TimeUs) -> Self {
        let outcome = recorded.result.as_ref().map(|result| &result.outcome);
        let state = match outcome {
            Some(Outcome::Done) => "done",
            Some(Outcome::Refused(_)) => "refused",
            Some(Outcome::Failed(_)) => "failed",
            None if recorded.is_pending(now) => "pending",
            None => "expired",
        };
        Self {
            id: recorded.command.id.clone(),
            appliance: recorded.device.to_string(),
            action: recorded.command.action.to_string(),
            made_at: rfc3339(recorded.made_at),
            deadline: rfc3339(recorded.command.deadline_us),
            state: state.to_owned(),
            reason: outcome.and_then(Outcome::reason).map(str::to_owned),
            ended_at: recorded.result.as_ref().map(|result| rfc3339(result.at_us)),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(err: CommandError) -> Self {
        match err {
            CommandError::UnderWay { .. } => Self::new(409, err),
            CommandError::Db(err) => err.into(),
        }
    }
}

fn action(request: CommandRequest, appliance: &Appliance) -> Result<Action, Problem> {
    let folder = |CommandDisk { folder }| {
        let is_there = appliance.disks.iter().any(|disk| disk.folder.as_os_str() == &*folder);
        let unknown = || format!("{} has no disk in {folder}", appliance.name);
        is_there.then(|| folder.clone()).ok_or_else(|| Problem::new(422, unknown()))
    };
    Ok(match request {
        CommandRequest::EjectDisk(disk) => Action::EjectDisk { folder: folder(disk)? },
        CommandRequest::ReadmitDisk(disk) => Action::ReadmitDisk { folder: folder(disk)? },
        CommandRequest::Scrub(CommandAll {}) => Action::Scrub,
    })
}

/// Ask a box for something. It is told with the answer to its next report; one thing at a time.
#[utoipa::path(post, path = "/api/v1/appliances/{name}/commands", tag = "commands",
    params(("name" = String, Path, description = "The appliance")),
    request_body = CommandRequest,
    responses((status = 201, body = CommandItem)))]
pub(super) async fn make_command(
    State(app): State<Arc<App>>,
    _: Operator,
    Path(name): Path<String>,
    Body(request): Body<CommandRequest>,
) -> Result<(StatusCode, Json<CommandItem>), Problem> {
    let appliance = app.inventory.appliance(&named(&name)?).await?;
    let action = action(request, &appliance)?;
    let made_at = now();
    let made = app.commands.make(&appliance.name, action, made_at).await?;
    app.changed.notify_one();
    Ok((StatusCode::CREATED, Json(CommandItem::new(&made, made_at))))
}

/// What a box was asked for, newest first, as far as it is kept.
#[utoipa::path(get, path = "/api/v1/appliances/{name}/commands", tag = "commands",
    params(("name" = String, Path, description = "The appliance")),
    responses((status = 200, body = List<CommandItem>)))]
pub(super) async fn list_commands(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Json<List<CommandItem>>, Problem> {
    let name: DeviceName = named(&name)?;
    let appliance = app.inventory.appliance(&name).await?;
    let (all, at) = (app.commands.of(&appliance.name).await?, now());
    Ok(Json(List { items: all.iter().map(|each| CommandItem::new(each, at)).collect() }))
}

/// What has become of a command.
#[utoipa::path(get, path = "/api/v1/commands/{id}", tag = "commands",
    params(("id" = String, Path, description = "The command")),
    responses((status = 200, body = CommandItem)))]
pub(super) async fn show_command(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<CommandItem>, Problem> {
    // No text of ours holds a NUL, and PostgreSQL would not look for one.
    let found = if id.contains('\0') { None } else { app.commands.one(&id).await? };
    let gone = || Problem::new(404, "there is no such command, or not any more");
    Ok(Json(CommandItem::new(&found.ok_or_else(gone)?, now())))
}
