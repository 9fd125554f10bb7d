//! Many records in few statements.

use super::row::{self, Asked};
use super::statements;
use crate::changes::{Author, Difference};
use crate::schema::{Kind, Record};
use db::{Engine, Error, Tx};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashSet;

/// Both databases bind at least so much in one statement.
const BINDS: usize = 30_000;

/// More rows make a statement longer, and nothing faster.
const ROWS: usize = 500;

/// Which of these keys there are.
pub(super) async fn existing<'a>(
    (tx, engine): (&mut Tx, Engine),
    kind: &Kind,
    keys: impl IntoIterator<Item = &'a str>,
) -> Result<HashSet<String>, Error> {
    let distinct: HashSet<&str> = keys.into_iter().collect();
    let (keys, mut found): (Vec<&str>, _) = (distinct.into_iter().collect(), HashSet::new());
    for some in keys.chunks(ROWS) {
        let mut asked = sqlx::query(AssertSqlSafe(statements::existing(kind, some.len(), engine)));
        for key in some {
            asked = asked.bind(*key);
        }
        for row in asked.fetch_all(&mut **tx).await? {
            found.insert(row.try_get(0)?);
        }
    }
    Ok(found)
}

/// Adds records whose keys are free.
pub(super) async fn insert(
    (tx, engine): (&mut Tx, Engine),
    kind: &Kind,
    records: &[Record],
    (version, now_us): (i64, i64),
) -> Result<(), Error> {
    let width = statements::insert_width(kind);
    for some in records.chunks((BINDS / width).clamp(1, ROWS)) {
        let text = statements::insert(kind, some.len(), engine);
        let mut asked: Asked<'_> = sqlx::query(AssertSqlSafe(text));
        for record in some {
            asked = asked.bind(kind.key(record)).bind(version).bind(now_us).bind(now_us);
            asked = row::bind_fields(asked, kind, record);
        }
        asked.execute(&mut **tx).await?;
    }
    Ok(())
}

/// What was done to a record, as it is written down.
pub(super) struct Line {
    pub(super) key: String,
    pub(super) action: &'static str,
    pub(super) before: Value,
    pub(super) after: Value,
}

impl Line {
    pub(super) fn new(key: String, made: Difference) -> Self {
        let Difference { action, before, after } = made;
        let (before, after) = (Value::Object(before), Value::Object(after));
        Self { key, action: action.as_str(), before, after }
    }
}

/// Writes down what was done; `place` is that of the last line before.
pub(super) async fn write_down(
    (tx, engine): (&mut Tx, Engine),
    kind: &Kind,
    lines: &[Line],
    (author, version, now_us): (&Author, i64, i64),
    place: &mut i64,
) -> Result<(), Error> {
    for some in lines.chunks(ROWS) {
        let text = statements::write_down(some.len(), engine);
        let mut asked: Asked<'_> = sqlx::query(AssertSqlSafe(text));
        for line in some {
            *place += 1;
            asked = asked.bind(version).bind(*place).bind(now_us).bind(author.who.as_str());
            asked = asked.bind(author.request_id.as_str()).bind(author.message.clone());
            asked = asked.bind(kind.name).bind(line.key.as_str()).bind(line.action);
            asked = asked.bind(line.before.to_string()).bind(line.after.to_string());
        }
        asked.execute(&mut **tx).await?;
    }
    Ok(())
}
