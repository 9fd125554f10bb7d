//! What boxes fetch: segments.

use super::Store;
use crate::CatalogError;
use crate::segment::Built;
use contract::object::Digest;
use contract::time::TimeUs;
use sqlx::Row;

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
}
