//! Writing versions down, many rows with each statement: whoever announces keeps all others from writing.

use super::rows::{self, signed};
use crate::CatalogError;
use crate::versions::{Change, Version};
use contract::object::Digest;
use contract::time::TimeUs;
use db::counters::{self, Counter};
use db::{Engine, Tx};
use sqlx::AssertSqlSafe;

/// Rows with one statement.
const ROWS: usize = 200;

/// Versions that were refused beside the same one: the last few stay, to be looked at.
const REFUSED_KEPT: i64 = 5;

/// In the place of what was made of the same catalogue before.
pub(super) async fn replace_version(
    tx: &mut Tx,
    version: &Version,
    announced_at: Option<TimeUs>,
) -> Result<(), CatalogError> {
    sqlx::query(
        "DELETE FROM catalogue_versions WHERE announced_at_us IS NULL AND (version = $1
             OR (parent = $2 AND version < (SELECT COALESCE(MIN(kept.version), 0) FROM (
                 SELECT version FROM catalogue_versions WHERE announced_at_us IS NULL
                     AND parent = $3 ORDER BY version DESC LIMIT $4) kept)))",
    )
    .bind(signed(version.version))
    .bind(signed(version.parent))
    .bind(signed(version.parent))
    .bind(REFUSED_KEPT)
    .execute(&mut **tx)
    .await?;
    let findings = serde_json::to_string(&version.findings).map_err(rows::corrupt)?;
    sqlx::query(
        "INSERT INTO catalogue_versions (version, parent, digest, titles, objects, bytes,
             made_at_us, announced_at_us, findings) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(signed(version.version))
    .bind(signed(version.parent))
    .bind(version.digest.as_str())
    .bind(signed(version.size.titles))
    .bind(signed(version.size.objects))
    .bind(signed(version.size.bytes))
    .bind(version.made_at.0)
    .bind(announced_at.map(|at| at.0))
    .bind(findings)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn insert_changes(
    tx: &mut Tx,
    engine: Engine,
    version: u64,
    changes: &[Change],
) -> Result<(), CatalogError> {
    for some in changes.chunks(ROWS) {
        let text = format!(
            "INSERT INTO catalogue_changes (version, content_group, title, before, after) VALUES {}",
            db::values(some.len(), 5, engine)
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for Change { key: (group, title), before, after } in some {
            query = query
                .bind(signed(version))
                .bind(group.as_str())
                .bind(title.as_str())
                .bind(before.map(|it| it.to_string()))
                .bind(after.map(|it| it.to_string()));
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

pub(super) async fn insert_records(
    tx: &mut Tx,
    engine: Engine,
    texts: &[(&Digest, &Vec<u8>)],
) -> Result<(), CatalogError> {
    for some in texts.chunks(ROWS) {
        let text = format!(
            "INSERT INTO catalogue_records (digest, bytes) VALUES {} ON CONFLICT DO NOTHING",
            db::values(some.len(), 2, engine)
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for (digest, bytes) in some {
            query = query.bind(digest.to_string()).bind((*bytes).clone());
        }
        query.execute(&mut **tx).await?;
    }
    Ok(())
}

/// What these lead to counts from now on.
pub(super) async fn into_force(
    tx: &mut Tx,
    engine: Engine,
    changes: &[Change],
) -> Result<(), CatalogError> {
    for Change { key: (group, title), .. } in changes.iter().filter(|it| it.after.is_none()) {
        sqlx::query("DELETE FROM catalogue_in_force WHERE content_group = $1 AND title = $2")
            .bind(group.as_str())
            .bind(title.as_str())
            .execute(&mut **tx)
            .await?;
    }
    let coming = changes.iter().filter_map(|it| Some((&it.key, it.after?)));
    for some in coming.collect::<Vec<_>>().chunks(ROWS) {
        let text = format!(
            "INSERT INTO catalogue_in_force (content_group, title, record) VALUES {}
             ON CONFLICT (content_group, title) DO UPDATE SET record = excluded.record",
            db::values(some.len(), 3, engine)
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for ((group, title), record) in some {
            query = query.bind(group.as_str()).bind(title.as_str()).bind(record.to_string());
        }
        query.execute(&mut **tx).await?;
    }
    // Who looks whether anything is another in force sees it by this.
    counters::raise(tx, Counter::Announced, 1).await?;
    Ok(())
}
