//! Letting old versions go.

use crate::CatalogError;
use crate::store::Store;
use contract::time::TimeUs;
use db::counters::{self, Counter};

/// For so long a version can be had back after another took its place.
const LIFE_S: i64 = 400 * 86_400;

/// And one that never came into force, since it was made.
const REFUSED_LIFE_S: i64 = 30 * 86_400;

impl Store {
    /// Forgets versions that are too old to be asked for, but for those that sites stay with and the one in
    /// force, and what only they said of titles. The way back to those that stay does not lead through
    /// them. Gives how many went.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_versions(&self, now: TimeUs) -> Result<u64, CatalogError> {
        let mut tx = self.db.begin().await?;
        // Who announces may be about to name a record again.
        counters::raise(&mut tx, Counter::Announced, 0).await?;
        let gone = sqlx::query(
            "DELETE FROM catalogue_versions WHERE
                 (announced_at_us IS NULL AND made_at_us < $1)
                 OR (version < (SELECT COALESCE(MAX(version), 0) FROM catalogue_versions
                                WHERE announced_at_us < $2)
                     AND version < (SELECT COALESCE(MIN(version), 9223372036854775807)
                                    FROM catalogue_pins))",
        )
        .bind(now.plus_s(-REFUSED_LIFE_S).0)
        .bind(now.plus_s(-LIFE_S).0)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if gone > 0 {
            sqlx::query(
                "DELETE FROM catalogue_records WHERE digest NOT IN (
                     SELECT record FROM catalogue_in_force
                     UNION SELECT before FROM catalogue_changes WHERE before IS NOT NULL
                     UNION SELECT after FROM catalogue_changes WHERE after IS NOT NULL)",
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(gone)
    }
}
