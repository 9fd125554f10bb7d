//! Making a version of what the catalogue is now, and bringing it into force if nothing speaks against it.

use super::rows::{self, signed};
use crate::CatalogError;
use crate::store::{Snapshot, Store};
use crate::versions::{Beside, Change, Finding, Size, State, Version, findings};
use contract::object::Digest;
use contract::time::TimeUs;
use db::Tx;
use db::counters::{self, Counter};
use sqlx::Row;
use std::collections::HashMap;

/// Nothing goes in small steps within this time that would not go in one.
const SLOWLY_S: i64 = 86_400;

/// What is in force, and what is not although it is newer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// The version that counts.
    pub version: u64,
    /// It is the catalogue as it was given, or nothing in it is another.
    pub is_newest: bool,
    /// A newer one, and what speaks against it.
    pub refused: Option<Version>,
}

/// A version on its way in.
struct Proposed<'a> {
    snapshot: &'a Snapshot,
    state: State,
    texts: HashMap<Digest, Vec<u8>>,
}

impl Store {
    /// Makes a version of a catalogue that was read, where it is another than what is in force, and brings
    /// it into force if nothing speaks against it. What is older than what is known changes nothing.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn announce(
        &self,
        snapshot: &Snapshot,
        now: TimeUs,
    ) -> Result<InForce, CatalogError> {
        let (state, texts) = State::of(snapshot).map_err(rows::corrupt)?;
        let proposed = Proposed { snapshot, state, texts };
        let mut tx = self.db.begin().await?;
        // Who announces waits for who announces.
        counters::raise(&mut tx, Counter::Announced, 0).await?;
        let newest = rows::newest(&mut tx).await?;
        let known = newest.as_ref().map_or(0, |it| it.version);
        let in_force = rows::in_force(&mut tx).await?;
        let changes = proposed.state.since(&in_force);
        if changes.is_empty() {
            let version = newest.map_or(snapshot.version, |it| it.version);
            return Ok(InForce { version, is_newest: true, refused: None });
        }
        if newest.is_some() && snapshot.version <= known {
            // Another manager was faster, or the database was restored: what is in force stays.
            return Ok(InForce { version: known, is_newest: false, refused: None });
        }
        let refused = match rows::one(&mut tx, snapshot.version).await? {
            Some(version) => Some(version),
            None => proposed.make(&mut tx, newest.as_ref(), &changes, now).await?,
        };
        tx.commit().await?;
        Ok(match refused {
            None => InForce { version: snapshot.version, is_newest: true, refused: None },
            refused => InForce { version: known, is_newest: false, refused },
        })
    }

    /// Brings a version into force that something speaks against, because somebody says so.
    ///
    /// # Errors
    /// When there is no such version, it is in force or was, or others were announced since it was made.
    pub async fn announce_anyway(
        &self,
        version: u64,
        by: &str,
        reason: &str,
        now: TimeUs,
    ) -> Result<Version, CatalogError> {
        let mut tx = self.db.begin().await?;
        counters::raise(&mut tx, Counter::Announced, 0).await?;
        let found =
            rows::one(&mut tx, version).await?.ok_or(CatalogError::UnknownVersion(version))?;
        if found.announced.is_some() {
            return Err(CatalogError::Announced(version));
        }
        let newest = rows::newest(&mut tx).await?.map_or(0, |it| it.version);
        if newest != found.parent {
            return Err(CatalogError::Overtaken { version, parent: found.parent, newest });
        }
        let changes = rows::changes(&mut tx, version).await?;
        into_force(&mut tx, &changes).await?;
        sqlx::query(
            "UPDATE catalogue_versions SET announced_at_us = $1, announced_by = $2, reason = $3
             WHERE version = $4",
        )
        .bind(now.0)
        .bind(by)
        .bind(reason)
        .bind(signed(version))
        .execute(&mut *tx)
        .await?;
        let found =
            rows::one(&mut tx, version).await?.ok_or(CatalogError::UnknownVersion(version))?;
        tx.commit().await?;
        Ok(found)
    }
}

impl Proposed<'_> {
    /// Writes the version down; gives it back if something speaks against it.
    async fn make(
        &self,
        tx: &mut Tx,
        newest: Option<&Version>,
        changes: &[Change],
        now: TimeUs,
    ) -> Result<Option<Version>, CatalogError> {
        let found = self.findings(tx, newest, changes, now).await?;
        let announced_at = found.is_empty().then_some(now);
        let version = Version {
            version: self.snapshot.version,
            parent: newest.map_or(0, |it| it.version),
            digest: self.state.digest().to_string(),
            size: Size::of(self.snapshot),
            made_at: now,
            announced: None,
            findings: found,
        };
        insert_version(tx, &version, announced_at).await?;
        for change in changes {
            insert_change(tx, version.version, change).await?;
            if let Some((digest, text)) = change.after.and_then(|it| self.texts.get_key_value(&it))
            {
                insert_record(tx, digest, text).await?;
            }
        }
        if announced_at.is_none() {
            return Ok(Some(version));
        }
        into_force(tx, changes).await?;
        Ok(None)
    }

    async fn findings(
        &self,
        tx: &mut Tx,
        newest: Option<&Version>,
        changes: &[Change],
        now: TimeUs,
    ) -> Result<Vec<Finding>, CatalogError> {
        let size = Size::of(self.snapshot);
        let mut beside = Vec::new();
        if let Some(newest) = newest {
            beside.push(Beside { version: newest.version, size: newest.size, changes });
        }
        let largest = largest_since(tx, now.plus_s(-SLOWLY_S)).await?;
        let largest = largest.filter(|it| Some(it.version) != newest.map(|it| it.version));
        let since = match &largest {
            Some(largest) => self.state.since(&rows::state(tx, largest).await?),
            None => vec![],
        };
        if let Some(largest) = &largest {
            beside.push(Beside { version: largest.version, size: largest.size, changes: &since });
        }
        Ok(findings(size, &beside))
    }
}

/// The largest that was in force since a time, but for what was there before somebody said that less is meant.
async fn largest_since(tx: &mut Tx, at: TimeUs) -> Result<Option<Version>, CatalogError> {
    let row = sqlx::query(
        "SELECT version FROM catalogue_versions
         WHERE announced_at_us IS NOT NULL
             AND version >= (SELECT COALESCE(MAX(version), 0) FROM catalogue_versions
                             WHERE announced_at_us <= $1)
             AND version >= (SELECT COALESCE(MAX(version), 0) FROM catalogue_versions
                             WHERE announced_by IS NOT NULL)
         ORDER BY titles DESC, bytes DESC, version DESC LIMIT 1",
    )
    .bind(at.0)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let version: i64 = row.try_get(0)?;
    rows::one(tx, crate::store::unsigned("a version of the catalogue", version)?).await
}

async fn insert_version(
    tx: &mut Tx,
    version: &Version,
    announced_at: Option<TimeUs>,
) -> Result<(), CatalogError> {
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

async fn insert_change(tx: &mut Tx, version: u64, change: &Change) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO catalogue_changes (version, content_group, title, before, after)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(signed(version))
    .bind(change.key.0.as_str())
    .bind(change.key.1.as_str())
    .bind(change.before.map(|it| it.to_string()))
    .bind(change.after.map(|it| it.to_string()))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_record(tx: &mut Tx, digest: &Digest, text: &[u8]) -> Result<(), CatalogError> {
    sqlx::query(
        "INSERT INTO catalogue_records (digest, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(digest.to_string())
    .bind(text.to_vec())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn into_force(tx: &mut Tx, changes: &[Change]) -> Result<(), CatalogError> {
    for Change { key: (group, title), after, .. } in changes {
        let query = match after {
            Some(record) => sqlx::query(
                "INSERT INTO catalogue_in_force (content_group, title, record) VALUES ($1, $2, $3)
                 ON CONFLICT (content_group, title) DO UPDATE SET record = excluded.record",
            )
            .bind(group.as_str())
            .bind(title.as_str())
            .bind(record.to_string()),
            None => sqlx::query(
                "DELETE FROM catalogue_in_force WHERE content_group = $1 AND title = $2",
            )
            .bind(group.as_str())
            .bind(title.as_str()),
        };
        query.execute(&mut **tx).await?;
    }
    // Who looks whether anything is another in force sees it by this.
    counters::raise(tx, Counter::Announced, 1).await?;
    Ok(())
}
