//! Epochs in SQL: in which one documents are counted, and the leave for it.

use contract::envelope::{EpochGrant, FIRST_EPOCH};
use contract::time::TimeUs;
use db::Db;
use sqlx::Row;

/// An epoch after the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) epoch: u32,
    pub(crate) began_at: TimeUs,
}

/// The epochs of this fleet.
#[derive(Debug, Clone)]
pub(crate) struct Epochs {
    db: Db,
}

impl Epochs {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Those after the first, oldest first.
    pub(crate) async fn all(&self) -> Result<Vec<Epoch>, db::Error> {
        let rows = sqlx::query("SELECT epoch, began_at_us FROM epochs ORDER BY epoch");
        let rows = rows.fetch_all(self.db.read()).await?;
        let read = |row: &sqlx::any::AnyRow| {
            Ok(Epoch { epoch: number(row.try_get(0)?)?, began_at: TimeUs(row.try_get(1)?) })
        };
        rows.iter().map(read).collect()
    }

    /// The one in which documents are counted now.
    pub(crate) async fn current(&self) -> Result<u32, db::Error> {
        let row = sqlx::query("SELECT MAX(epoch) FROM epochs").fetch_one(self.db.read()).await?;
        let last: Option<i64> = row.try_get(0)?;
        last.map_or(Ok(FIRST_EPOCH), number)
    }

    /// The leave that boxes ask for; none for the first epoch.
    pub(crate) async fn grant(&self, epoch: u32) -> Result<Option<EpochGrant>, db::Error> {
        if epoch <= FIRST_EPOCH {
            return Ok(None);
        }
        let row = sqlx::query("SELECT epoch_grant FROM epochs WHERE epoch = $1")
            .bind(i64::from(epoch))
            .fetch_optional(self.db.read())
            .await?;
        let text: Option<String> = row.map(|row| row.try_get(0)).transpose()?;
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|err| db::Error::corrupt("an epoch", err))
        };
        text.map(read).transpose()
    }

    /// Begins an epoch. Two at once: one fails.
    pub(crate) async fn begin(&self, grant: &EpochGrant, now: TimeUs) -> Result<(), db::Error> {
        let text =
            serde_json::to_string(grant).map_err(|err| db::Error::corrupt("an epoch", err))?;
        let mut tx = self.db.begin().await?;
        sqlx::query("INSERT INTO epochs (epoch, epoch_grant, began_at_us) VALUES ($1, $2, $3)")
            .bind(i64::from(grant.epoch))
            .bind(text)
            .bind(now.0)
            .execute(&mut *tx)
            .await?;
        tx.commit().await.map_err(db::Error::from)
    }
}

fn number(value: i64) -> Result<u32, db::Error> {
    u32::try_from(value).map_err(|err| db::Error::corrupt("an epoch", err))
}
