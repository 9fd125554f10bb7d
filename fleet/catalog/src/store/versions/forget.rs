//! Letting old versions go.

use crate::CatalogError;
use crate::store::Store;
use contract::time::TimeUs;

/// For as long as a version can be had back.
const LIFE_S: i64 = 400 * 86_400;

/// And of versions that never came into force.
const REFUSED_LIFE_S: i64 = 30 * 86_400;

impl Store {
    /// Forgets versions that are too old to be asked for, but for those that sites are held to and the one
    /// in force, and what only they said of titles. The way back to those that stay does not lead through
    /// them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_versions(&self, now: TimeUs) -> Result<u64, CatalogError> {
        let mut tx = self.db.begin().await?;
        let gone = sqlx::query(
            "DELETE FROM catalogue_versions WHERE
                 (announced_at_us IS NULL AND made_at_us < $1)
                 OR (made_at_us < $2
                     AND version < (SELECT MAX(version) FROM catalogue_versions
                                    WHERE announced_at_us IS NOT NULL)
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
                "DELETE FROM catalogue_records WHERE NOT EXISTS (
                     SELECT 1 FROM catalogue_in_force f WHERE f.record = catalogue_records.digest)
                 AND NOT EXISTS (SELECT 1 FROM catalogue_changes c
                     WHERE c.after = catalogue_records.digest OR c.before = catalogue_records.digest)",
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(gone)
    }
}
