//! Records of all kinds in SQL: one table for each kind, its columns the kind's fields.

mod accept;
mod apply;
mod bulk;
mod changing;
mod compare;
mod dump;
pub(crate) mod formerly;
mod history;
mod left;
mod observe;
mod references;
mod refused;
mod repeated;
mod replace;
mod row;
mod settle;
pub(crate) mod statements;
#[cfg(test)]
mod tests;

pub use apply::{Applied, Wanted};
pub use changing::Changing;
pub use dump::Dump;
pub use history::{History, at, history, since};
pub use left::{Left, all_left, left};
pub use observe::{Hardware, hardware, known_hardware};
pub use refused::{Refused, Row};
pub use repeated::{Answer, Once};

use crate::query::{Cursor, Query};
use crate::schema::{Kind, Record};
use db::{Db, Engine, Tx};
use serde_json::{Map, Value};
use sqlx::{Any, AssertSqlSafe, Executor};

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it says.
    pub record: Record,
    /// The version of the inventory that made it what it is.
    pub version: i64,
    /// When it came, and when it was changed last, in microseconds.
    pub created_at_us: i64,
    /// The second of these.
    pub changed_at_us: i64,
}

/// Some of what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// In the order that was asked for.
    pub items: Vec<Kept>,
    /// Where the next page begins; nothing on the last one.
    pub next: Option<String>,
}

/// An object that is written here.
fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A record by its key.
///
/// # Errors
/// When the database fails, or what stands there is no record.
pub async fn find(db: &Db, kind: &Kind, key: &str) -> Result<Option<Kept>, db::Error> {
    let text = statements::find(kind);
    let row = sqlx::query(AssertSqlSafe(text)).bind(key).fetch_optional(db.read()).await?;
    row.map(|row| row::read(kind, &row)).transpose()
}

/// All that a question asks for, on one page.
///
/// # Errors
/// As [`find`].
pub async fn all(db: &Db, kind: &Kind, query: &Query) -> Result<Vec<Kept>, db::Error> {
    read(db, kind, query, None).await
}

/// Those that a question asks for.
///
/// # Errors
/// As [`find`].
pub async fn list(db: &Db, kind: &Kind, query: &Query) -> Result<Found, db::Error> {
    // One more than the page has, which says whether there is another.
    let mut items = read(db, kind, query, Some(query.page.limit + 1)).await?;
    let limit = query.page.limit as usize;
    let is_more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| is_more);
    let next = last.map(|it| Cursor::of(kind, &query.sort, &it.record).token(kind, &query.sort));
    Ok(Found { items, next })
}

/// Records of several kinds as they were at one moment.
#[derive(Debug)]
pub struct Moment {
    tx: Tx,
    engine: Engine,
}

impl Moment {
    /// Now.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn now(db: &Db) -> Result<Self, db::Error> {
        Ok(Self { tx: db.snapshot().await?, engine: db.engine() })
    }

    /// As [`find`].
    ///
    /// # Errors
    /// The same.
    pub async fn find(&mut self, kind: &Kind, key: &str) -> Result<Option<Kept>, db::Error> {
        let text = statements::find(kind);
        let row = sqlx::query(AssertSqlSafe(text)).bind(key).fetch_optional(&mut *self.tx).await?;
        row.map(|row| row::read(kind, &row)).transpose()
    }

    /// As [`all`].
    ///
    /// # Errors
    /// The same.
    pub async fn all(&mut self, kind: &Kind, query: &Query) -> Result<Vec<Kept>, db::Error> {
        rows((&mut *self.tx, self.engine), kind, query, None).await
    }
}

async fn read(
    db: &Db,
    kind: &Kind,
    query: &Query,
    limit: Option<u32>,
) -> Result<Vec<Kept>, db::Error> {
    rows((db.read(), db.engine()), kind, query, limit).await
}

async fn rows<'a>(
    (from, engine): (impl Executor<'a, Database = Any>, Engine),
    kind: &Kind,
    query: &Query,
    limit: Option<u32>,
) -> Result<Vec<Kept>, db::Error> {
    let condition = query.condition(kind);
    let text = statements::list(kind, query, (&condition, limit), engine);
    let mut asked = sqlx::query(AssertSqlSafe(text));
    for (column, value) in &condition.binds {
        asked = row::bind(asked, *column, value);
    }
    let rows = asked.fetch_all(from).await?;
    rows.iter().map(|row| row::read(kind, row)).collect()
}
