//! Versions, changes and records as they stand in tables.

use crate::CatalogError;
use crate::store::titles::{group_of, title_of};
use crate::store::unsigned;
use crate::versions::{Announced, Change, Finding, Key, Size, State, Version};
use contract::object::Digest;
use contract::time::TimeUs;
use db::Tx;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

/// A version; [`version`] reads it.
pub(super) const VERSION: &str = "SELECT version, parent, digest, titles, objects, bytes, \
     made_at_us, announced_at_us, announced_by, reason, findings FROM catalogue_versions ";

pub(super) fn version(row: &AnyRow) -> Result<Version, CatalogError> {
    let number = |at: usize| -> Result<u64, CatalogError> {
        Ok(unsigned("a version of the catalogue", row.try_get(at)?)?)
    };
    let findings: String = row.try_get(10)?;
    let announced_at: Option<i64> = row.try_get(7)?;
    let (by, reason) = (row.try_get(8)?, row.try_get(9)?);
    Ok(Version {
        version: number(0)?,
        parent: number(1)?,
        digest: row.try_get(2)?,
        size: Size { titles: number(3)?, objects: number(4)?, bytes: number(5)? },
        made_at: TimeUs(row.try_get(6)?),
        announced: announced_at.map(|at| Announced { at: TimeUs(at), by, reason }),
        findings: serde_json::from_str::<Vec<Finding>>(&findings).map_err(corrupt)?,
    })
}

/// What `content_group, title` is the beginning of.
pub(super) fn key(row: &AnyRow) -> Result<Key, CatalogError> {
    Ok((group_of(row.try_get(0)?)?, title_of(row.try_get(1)?)?))
}

/// Of `content_group, title, before, after`.
pub(super) fn change(row: &AnyRow) -> Result<Change, CatalogError> {
    let digest = |at: usize| -> Result<Option<Digest>, CatalogError> {
        let text: Option<String> = row.try_get(at)?;
        Ok(text.map(|text| text.parse()).transpose().map_err(corrupt)?)
    };
    Ok(Change { key: key(row)?, before: digest(2)?, after: digest(3)? })
}

pub(super) fn corrupt(why: impl ToString) -> db::Error {
    db::Error::corrupt("a version of the catalogue", why)
}

/// The newest version that is in force; `None` before the first.
pub(super) async fn newest(tx: &mut Tx) -> Result<Option<Version>, CatalogError> {
    let text = format!("{VERSION} WHERE announced_at_us IS NOT NULL ORDER BY version DESC LIMIT 1");
    let row = sqlx::query(AssertSqlSafe(text)).fetch_optional(&mut **tx).await?;
    row.as_ref().map(version).transpose()
}

/// One version.
pub(super) async fn one(tx: &mut Tx, which: u64) -> Result<Option<Version>, CatalogError> {
    let text = format!("{VERSION} WHERE version = $1");
    let row =
        sqlx::query(AssertSqlSafe(text)).bind(signed(which)).fetch_optional(&mut **tx).await?;
    row.as_ref().map(version).transpose()
}

/// One that there is.
pub(super) async fn known(tx: &mut Tx, which: u64) -> Result<Version, CatalogError> {
    one(tx, which).await?.ok_or(CatalogError::UnknownVersion(which))
}

/// What a version changed.
pub(super) async fn changes(tx: &mut Tx, of: u64) -> Result<Vec<Change>, CatalogError> {
    let text = "SELECT content_group, title, before, after FROM catalogue_changes \
         WHERE version = $1 ORDER BY content_group, title";
    let rows = sqlx::query(text).bind(signed(of)).fetch_all(&mut **tx).await?;
    rows.iter().map(change).collect()
}

/// What is in force.
pub(super) async fn in_force(tx: &mut Tx) -> Result<State, CatalogError> {
    let text = "SELECT content_group, title, record FROM catalogue_in_force";
    let rows = sqlx::query(text).fetch_all(&mut **tx).await?;
    let record = |row: &AnyRow| -> Result<(Key, Digest), CatalogError> {
        let text: String = row.try_get(2)?;
        Ok((key(row)?, text.parse().map_err(corrupt)?))
    };
    Ok(State { records: rows.iter().map(record).collect::<Result<_, _>>()? })
}

/// What was in force, or would have been, with a version: the way back from what is in force now goes
/// through all that were announced since.
pub(super) async fn state(tx: &mut Tx, of: &Version) -> Result<State, CatalogError> {
    let mut state = in_force(tx).await?;
    let from = if of.announced.is_some() { of.version } else { of.parent };
    let text = "SELECT c.content_group, c.title, c.before, c.after FROM catalogue_changes c
         JOIN catalogue_versions v ON v.version = c.version
         WHERE c.version > $1 AND v.announced_at_us IS NOT NULL
         ORDER BY c.version DESC, c.content_group, c.title";
    let rows = sqlx::query(text).bind(signed(from)).fetch_all(&mut **tx).await?;
    for row in &rows {
        state.undo(&change(row)?);
    }
    if of.announced.is_none() {
        for change in changes(tx, of.version).await? {
            state.apply(&change);
        }
    }
    Ok(state)
}

/// Versions are counted in a database that has no unsigned numbers.
pub(super) fn signed(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}
