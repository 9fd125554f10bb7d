//! Making a version of what the catalogue is now, and bringing it into force if nothing speaks against it.

use super::rows::{self, signed};
use super::write::{insert_changes, insert_records, into_force, replace_version};
use crate::CatalogError;
use crate::store::{Snapshot, Store, unsigned};
use crate::versions::{Beside, Change, Finding, Size, State, Version, findings};
use contract::object::Digest;
use contract::time::TimeUs;
use db::counters::{self, Counter};
use db::{Engine, Tx};
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
    /// How often another version had come into force by then ([`Store::announcements`]).
    pub announcements: u64,
}

/// A version on its way in.
struct Proposed<'a> {
    engine: Engine,
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
        let proposed = Proposed { engine: self.db.engine(), snapshot, state, texts };
        let mut tx = self.db.begin().await?;
        // Who announces waits for who announces.
        let before = counters::raise(&mut tx, Counter::Announced, 0).await?;
        let stays = |version, is_newest| {
            let announcements = unsigned("the number of announcements", before)?;
            Ok(InForce { version, is_newest, refused: None, announcements })
        };
        let newest = rows::newest(&mut tx).await?;
        let known = newest.as_ref().map_or(0, |it| it.version);
        let in_force = rows::in_force(&mut tx).await?;
        let changes = proposed.state.since(&in_force);
        if changes.is_empty() {
            let version = newest.map_or(snapshot.version, |it| it.version);
            return stays(version, true);
        }
        if newest.is_some() && snapshot.version <= known {
            // Another manager was faster, or the database was restored: what is in force stays.
            return stays(known, false);
        }
        let made = rows::one(&mut tx, snapshot.version).await?;
        let still = |it: &Version| it.parent == known && it.made_at > now.plus_s(-SLOWLY_S);
        let refused = match made.filter(still) {
            Some(version) => Some(version),
            // What it was held beside is another by now: it is looked at anew.
            None => proposed.make(&mut tx, newest.as_ref(), &changes, now).await?,
        };
        let announcements = counters::value_in(&mut tx, Counter::Announced).await?;
        let announcements = unsigned("the number of announcements", announcements)?;
        tx.commit().await?;
        let is_newest = refused.is_none();
        let version = if is_newest { snapshot.version } else { known };
        Ok(InForce { version, is_newest, refused, announcements })
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
        let found = rows::known(&mut tx, version).await?;
        if found.announced.is_some() {
            return Err(CatalogError::Announced(version));
        }
        let newest = rows::newest(&mut tx).await?.map_or(0, |it| it.version);
        if newest != found.parent {
            return Err(CatalogError::Overtaken { version, parent: found.parent, newest });
        }
        let changes = rows::changes(&mut tx, version).await?;
        into_force(&mut tx, self.db.engine(), &changes).await?;
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
        let found = rows::known(&mut tx, version).await?;
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
        replace_version(tx, &version, announced_at).await?;
        insert_changes(tx, self.engine, version.version, changes).await?;
        let texts = changes.iter().filter_map(|it| self.texts.get_key_value(&it.after?));
        insert_records(tx, self.engine, &texts.collect::<Vec<_>>()).await?;
        if announced_at.is_none() {
            return Ok(Some(version));
        }
        into_force(tx, self.engine, changes).await?;
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
    rows::one(tx, unsigned("a version of the catalogue", version)?).await
}
