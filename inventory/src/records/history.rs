//! What was changed, read back.

use super::{row, statements};
use crate::changes::{Action, Author, Change, Fields, rewind};
use crate::schema::Kind;
use db::{Db, Error};
use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

const COLUMNS: &str = "SELECT version, at_us, who, request_id, message, kind, \"key\", action, \
                       before_fields, after_fields FROM changes";

/// Changes, and up to which version they are all.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// In the order in which they were made.
    pub changes: Vec<Change>,
    /// Nothing is left out up to here.
    pub version: i64,
}

/// What was changed of one record, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn history(db: &Db, kind: &Kind, key: &str, most: i64) -> Result<Vec<Change>, Error> {
    let text = format!(
        "{COLUMNS} WHERE kind = $1 AND \"key\" = $2 ORDER BY version DESC, place DESC LIMIT $3"
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(kind.name).bind(key).bind(most);
    rows.fetch_all(db.read()).await?.iter().map(read).collect()
}

/// What was changed since a version, of all kinds: all of each request, of as many as come to about so
/// many changes.
///
/// # Errors
/// When the database fails.
pub async fn since(db: &Db, version: i64, most: i64) -> Result<History, Error> {
    let text = format!(
        "{COLUMNS} WHERE version > $1 AND version <= COALESCE((SELECT version FROM changes WHERE \
         version > $1 ORDER BY version, place LIMIT 1 OFFSET $2), 9223372036854775807) \
         ORDER BY version, place"
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(version).bind(most);
    let rows = rows.fetch_all(db.read()).await?;
    let changes = rows.iter().map(read).collect::<Result<Vec<Change>, Error>>()?;
    let version = changes.last().map_or(version, |last| last.version);
    Ok(History { changes, version })
}

/// What a record was at a time, in microseconds; nothing where it was not there.
///
/// # Errors
/// When the database fails.
pub async fn at(
    db: &Db,
    kind: &'static Kind,
    key: &str,
    at_us: i64,
) -> Result<Option<Map<String, Value>>, Error> {
    // What it is and what has led there, as of one moment.
    let mut tx = db.snapshot().await?;
    let text = statements::find(kind);
    let row = sqlx::query(AssertSqlSafe(text)).bind(key).fetch_optional(&mut *tx).await?;
    let now = row.map(|row| row::read(kind, &row)).transpose()?;
    let text = format!(
        "{COLUMNS} WHERE kind = $1 AND \"key\" = $2 AND at_us > $3 ORDER BY version DESC, place DESC"
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(kind.name).bind(key).bind(at_us);
    let rows = rows.fetch_all(&mut *tx).await?;
    let changes = rows.iter().map(read).collect::<Result<Vec<Change>, Error>>()?;
    // Of what is older than this history nobody has written down that it came.
    let is_undone = changes.iter().any(|change| change.action == Action::Create);
    if now.as_ref().is_some_and(|now| now.created_at_us > at_us) && !is_undone {
        return Ok(None);
    }
    let mut fields = Fields::new();
    if let Some(kept) = now {
        fields.insert(key.to_owned(), kept.record.set());
    }
    rewind(&mut fields, &changes).map_err(|why| Error::corrupt("the history", why))?;
    Ok(fields.remove(key))
}

fn read(row: &AnyRow) -> Result<Change, Error> {
    let (kind, key): (String, String) = (row.try_get(5)?, row.try_get(6)?);
    let corrupt = |what: &str| Error::corrupt(format!("a change of {kind} {key}"), what);
    let fields = |at: usize| -> Result<Map<String, Value>, Error> {
        let text: String = row.try_get(at)?;
        serde_json::from_str(&text).map_err(|err| corrupt(&err.to_string()))
    };
    let action: String = row.try_get(7)?;
    let author =
        Author { who: row.try_get(2)?, request_id: row.try_get(3)?, message: row.try_get(4)? };
    Ok(Change {
        version: row.try_get(0)?,
        at_us: row.try_get(1)?,
        author,
        action: Action::of(&action).ok_or_else(|| corrupt("action"))?,
        before: fields(8)?,
        after: fields(9)?,
        kind,
        key,
    })
}
