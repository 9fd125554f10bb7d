//! Commands in SQL: what boxes were asked to do once, and how it ended.

use contract::SCHEMA;
use contract::command::{Action, Command, CommandResult};
use contract::names::DeviceName;
use contract::time::TimeUs;
use db::counters::{Counter, raise, value};
use db::{Db, Tx};
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::HashMap;

/// A box that is not told of a command in this time is not to begin with it: whoever asked has
/// long turned to something else.
const BEGIN_WITHIN_S: i64 = 3600;

/// How many commands of a box are kept.
const KEPT: i64 = 50;

/// A command, and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedCommand {
    pub(crate) device: DeviceName,
    pub(crate) made_at: TimeUs,
    pub(crate) command: Command,
    /// As the box says.
    pub(crate) result: Option<CommandResult>,
}

impl RecordedCommand {
    /// Whether the box may still carry it out.
    pub(crate) fn is_pending(&self, now: TimeUs) -> bool {
        self.result.is_none() && now <= self.command.deadline_us
    }
}

/// Why there is no new command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// One change at a time.
    #[error("{device} is to carry out another command first: {action}")]
    UnderWay { device: DeviceName, action: String },
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<sqlx::Error> for CommandError {
    fn from(err: sqlx::Error) -> Self {
        Self::Db(err.into())
    }
}

/// What [`read`] reads.
macro_rules! select {
    ($which:literal) => {
        sqlx::query(concat!(
            "SELECT id, appliance, action, made_at_us, deadline_us, result FROM commands ",
            $which
        ))
    };
}

/// The commands of this fleet.
#[derive(Debug, Clone)]
pub(crate) struct Commands {
    db: Db,
}

impl Commands {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Rises with every command and every result.
    pub(crate) async fn version(&self) -> Result<i64, db::Error> {
        value(&self.db, Counter::Command).await
    }

    /// Asks a box for something, if nothing else is asked of it.
    pub(crate) async fn make(
        &self,
        device: &DeviceName,
        action: Action,
        now: TimeUs,
    ) -> Result<RecordedCommand, CommandError> {
        let mut tx = self.db.begin().await?;
        // Writers follow one another from here.
        raise(&mut tx, Counter::Command, 1).await?;
        if let Some(other) = pending_of(&mut tx, device, now).await? {
            let action = other.command.action.to_string();
            return Err(CommandError::UnderWay { device: device.clone(), action });
        }
        // No number: a fleet that was restored from a backup would give the same again, and the
        // box would say that it has done it.
        let id = hex::encode(rand::random::<[u8; 16]>());
        let deadline_us = now.plus_s(BEGIN_WITHIN_S);
        let command = Command { schema: SCHEMA, id, deadline_us, action };
        let made = RecordedCommand { device: device.clone(), made_at: now, command, result: None };
        insert(&mut tx, &made).await?;
        forget_old(&mut tx, device).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// What each box is asked for now.
    pub(crate) async fn pending(
        &self,
        now: TimeUs,
    ) -> Result<HashMap<DeviceName, Command>, db::Error> {
        let query = select!("WHERE result IS NULL AND deadline_us >= $1").bind(now.0);
        let rows = query.fetch_all(self.db.read()).await?;
        let read = |row| read(row).map(|it| (it.device, it.command));
        rows.iter().map(read).collect()
    }

    /// Takes down how a command of a box ended. What is known already stays.
    pub(crate) async fn settle(
        &self,
        device: &DeviceName,
        result: &CommandResult,
    ) -> Result<(), db::Error> {
        let text = serde_json::to_string(result).map_err(corrupt)?;
        let mut tx = self.db.begin().await?;
        raise(&mut tx, Counter::Command, 1).await?;
        sqlx::query(
            "UPDATE commands SET result = $1
             WHERE id = $2 AND appliance = $3 AND result IS NULL",
        )
        .bind(text)
        .bind(result.id.as_str())
        .bind(device.as_str())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Those of a box, newest first.
    pub(crate) async fn of(&self, device: &DeviceName) -> Result<Vec<RecordedCommand>, db::Error> {
        let query = select!("WHERE appliance = $1 ORDER BY made_at_us DESC, id");
        let query = query.bind(device.as_str());
        query.fetch_all(self.db.read()).await?.iter().map(read).collect()
    }

    /// One of them.
    pub(crate) async fn one(&self, id: &str) -> Result<Option<RecordedCommand>, db::Error> {
        let row = select!("WHERE id = $1").bind(id).fetch_optional(self.db.read()).await?;
        row.as_ref().map(read).transpose()
    }
}

async fn pending_of(
    tx: &mut Tx,
    device: &DeviceName,
    now: TimeUs,
) -> Result<Option<RecordedCommand>, db::Error> {
    let query = select!("WHERE appliance = $1 AND result IS NULL AND deadline_us >= $2");
    let query = query.bind(device.as_str()).bind(now.0);
    query.fetch_optional(&mut **tx).await?.as_ref().map(read).transpose()
}

async fn insert(tx: &mut Tx, made: &RecordedCommand) -> Result<(), db::Error> {
    let action = serde_json::to_string(&made.command.action).map_err(corrupt)?;
    sqlx::query(
        "INSERT INTO commands (id, appliance, action, made_at_us, deadline_us)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(made.command.id.as_str())
    .bind(made.device.as_str())
    .bind(action)
    .bind(made.made_at.0)
    .bind(made.command.deadline_us.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn forget_old(tx: &mut Tx, device: &DeviceName) -> Result<(), db::Error> {
    sqlx::query(
        "DELETE FROM commands WHERE appliance = $1 AND id NOT IN
             (SELECT id FROM commands WHERE appliance = $2 ORDER BY made_at_us DESC LIMIT $3)",
    )
    .bind(device.as_str())
    .bind(device.as_str())
    .bind(KEPT)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<RecordedCommand, db::Error> {
    let device: String = row.try_get(1)?;
    let (action, result): (String, Option<String>) = (row.try_get(2)?, row.try_get(5)?);
    let command = Command {
        schema: SCHEMA,
        id: row.try_get(0)?,
        deadline_us: TimeUs(row.try_get(4)?),
        action: parse(&action)?,
    };
    Ok(RecordedCommand {
        device: DeviceName::new(&device).map_err(corrupt)?,
        made_at: TimeUs(row.try_get(3)?),
        command,
        result: result.as_deref().map(parse).transpose()?,
    })
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, db::Error> {
    serde_json::from_str(text).map_err(corrupt)
}

fn corrupt(err: impl std::fmt::Display) -> db::Error {
    db::Error::corrupt("a command", err)
}

#[cfg(test)]
mod tests;
