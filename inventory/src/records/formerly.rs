//! What once stood in a field, of records that there are and of those that there were.

use crate::schema::{Kind, one};
use db::{Db, Error};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The keys of records in which something stood in a field that is an object.
pub(crate) async fn keys_with_object(
    db: &Db,
    kind: &Kind,
    field: &str,
) -> Result<BTreeSet<String>, Error> {
    // In texts a quotation mark has a backslash before it: this is no part of one.
    let begins = format!("%\"{field}\":{{%");
    let text = "SELECT DISTINCT \"key\" FROM changes WHERE kind = $1 AND before_fields LIKE $2";
    let rows = sqlx::query_scalar(text).bind(kind.name).bind(begins);
    let keys: Vec<String> = rows.fetch_all(db.read()).await?;
    Ok(keys.into_iter().collect())
}

/// All texts that stood in a field. For kinds of which there are few.
pub(crate) async fn texts(db: &Db, kind: &Kind, field: &str) -> Result<BTreeSet<String>, Error> {
    let text = "SELECT before_fields FROM changes WHERE kind = $1 AND before_fields LIKE $2";
    let rows = sqlx::query_scalar(text).bind(kind.name).bind(format!("%\"{field}\":\"%"));
    let rows: Vec<String> = rows.fetch_all(db.read()).await?;
    let mut found = BTreeSet::new();
    for row in rows {
        let before: Map<String, Value> = serde_json::from_str(&row)
            .map_err(|err| Error::corrupt(format!("a change of {}", one(kind.name)), err))?;
        found.extend(before.get(field).and_then(Value::as_str).map(str::to_owned));
    }
    Ok(found)
}
