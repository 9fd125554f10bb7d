//! What boxes fetch or are sent: segments and tombstones.

use super::{Store, unsigned};
use crate::CatalogError;
use crate::segment::Built;
use contract::SCHEMA;
use contract::names::GroupName;
use contract::object::Digest;
use contract::time::TimeUs;
use contract::tombstones::{Purge, Tombstones};
use sqlx::Row;
use sqlx::any::AnyRow;

/// A box with an old manifest may still ask for its segments: as long as a document lives.
const SEGMENT_LIFE_S: i64 = 60 * 86_400;

impl Store {
    /// Keeps segments for boxes to fetch, and forgets those that no manifest in force names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn publish_segments(
        &self,
        segments: &[Built],
        now: TimeUs,
    ) -> Result<(), CatalogError> {
        let mut tx = self.db.begin().await?;
        for segment in segments {
            sqlx::query(
                "INSERT INTO catalogue_segments (digest, bytes, last_used_us) VALUES ($1, $2, $3)
                 ON CONFLICT (digest) DO UPDATE SET last_used_us = excluded.last_used_us",
            )
            .bind(segment.reference.digest.to_string())
            .bind(segment.bytes.clone())
            .bind(now.0)
            .execute(&mut *tx)
            .await?;
        }
        sqlx::query("DELETE FROM catalogue_segments WHERE last_used_us < $1")
            .bind(now.plus_s(-SEGMENT_LIFE_S).0)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The bytes of a segment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn segment(&self, digest: &Digest) -> Result<Option<Vec<u8>>, CatalogError> {
        let row = sqlx::query("SELECT bytes FROM catalogue_segments WHERE digest = $1")
            .bind(digest.to_string())
            .fetch_optional(self.db.read())
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Everything that was purged.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn tombstones(&self) -> Result<Tombstones, CatalogError> {
        let rows = sqlx::query("SELECT version, content_group, what FROM purges ORDER BY version")
            .fetch_all(self.db.read())
            .await?;
        let purges: Vec<Purge> = rows.iter().map(read_purge).collect::<Result<_, _>>()?;
        let version = purges.last().map_or(0, |purge| purge.version);
        Ok(Tombstones { schema: SCHEMA, version, purges })
    }
}

fn read_purge(row: &AnyRow) -> Result<Purge, CatalogError> {
    let (version, group, what): (i64, String, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok(Purge {
        version: unsigned("a purge", version)?,
        group: GroupName::new(group).map_err(|err| db::Error::corrupt("a purge", err))?,
        what: serde_json::from_str(&what).map_err(|err| db::Error::corrupt("a purge", err))?,
    })
}
