//! What is old enough is forgotten.

use super::{RevisionError, Store};
use contract::time::TimeUs;
use db::counters::{self, Counter};
use db::{Error, values};
use sqlx::{AssertSqlSafe, Row};

/// In one transaction: others who write wait for some 20 ms.
const BATCH: usize = 200;

const OLD: &str = "SELECT id FROM
        (SELECT id, taken_at_us, ROW_NUMBER() OVER (PARTITION BY device ORDER BY number DESC) AS place
         FROM config_revisions) AS placed
    WHERE taken_at_us < $1 AND place > $2 ORDER BY id";

const UNNAMED: &str =
    "NOT EXISTS (SELECT 1 FROM config_revision_files f WHERE f.digest = config_texts.digest)";

impl Store {
    /// Forgets revisions that were taken before a time, but the last `keep` of each device, and the latest in any
    /// case; and texts that nobody names any more. Gives how many revisions went.
    ///
    /// # Errors
    /// When the database fails; what was forgotten until then stays so.
    pub async fn forget(&self, before: TimeUs, keep: i64) -> Result<u64, RevisionError> {
        // What is old stays old, whatever others keep meanwhile.
        let query = sqlx::query(OLD).bind(before.0).bind(keep.max(1));
        let rows = query.fetch_all(self.0.read()).await?;
        let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
        let mut gone = 0;
        for some in ids.chunks(BATCH) {
            let these = values(some.len(), 1, self.0.engine());
            let text = format!("DELETE FROM config_revisions WHERE id IN (VALUES {these})");
            gone += self.delete(text, some).await?;
        }
        let text = format!("SELECT digest FROM config_texts WHERE {UNNAMED}");
        let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(self.0.read()).await?;
        let texts = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
        for some in texts.chunks(BATCH) {
            let these = values(some.len(), 1, self.0.engine());
            // Somebody may have kept one again since.
            let text =
                format!("DELETE FROM config_texts WHERE digest IN (VALUES {these}) AND {UNNAMED}");
            self.delete(text, some).await?;
        }
        Ok(gone)
    }

    async fn delete<T>(&self, text: String, these: &[T]) -> Result<u64, Error>
    where
        T: Clone + Send + for<'q> sqlx::Encode<'q, sqlx::Any> + sqlx::Type<sqlx::Any> + 'static,
    {
        let mut tx = self.0.begin().await?;
        // Nobody begins to name a text while it goes.
        counters::raise(&mut tx, Counter::ConfigRevision, 0).await?;
        let mut query = sqlx::query(AssertSqlSafe(text));
        for each in these {
            query = query.bind(each.clone());
        }
        let gone = query.execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        Ok(gone)
    }
}
