//! What is kept, read back.

use super::revision::{HEAD, head, state};
use super::{BackupState, FileKept, Head, Revision, RevisionError, Store};
use db::{Error, Tx};
use sqlx::{AssertSqlSafe, Row};

/// More is asked for in pages.
const MAX_ROWS: i64 = 10_000;

/// So many bytes of texts are read at once, and one revision more.
const PAGE_BYTES: usize = 32 << 20;

impl Store {
    /// How the last try went, by device.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn states(&self) -> Result<Vec<BackupState>, RevisionError> {
        let rows = sqlx::query(
            "SELECT device, tried_at_us, taken_at_us, latest, why FROM config_backups
             ORDER BY device",
        );
        let rows = rows.fetch_all(self.0.read()).await?;
        Ok(rows.iter().map(state).collect::<Result<_, _>>()?)
    }

    /// Revisions of a device, or of all, the newest first: those below the id `before`, at most `limit` (and
    /// 10,000).
    ///
    /// # Errors
    /// When the database fails, or what stands there makes no sense.
    pub async fn log(
        &self,
        device: Option<&str>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Head>, RevisionError> {
        let (before, limit) = (before.unwrap_or(i64::MAX), limit.clamp(0, MAX_ROWS));
        let whose = if device.is_some() { "AND device = $3" } else { "" };
        let text = format!("{HEAD} WHERE id < $1 {whose} ORDER BY id DESC LIMIT $2");
        let query = sqlx::query(AssertSqlSafe(text)).bind(before).bind(limit);
        let query = match device {
            Some(device) => query.bind(device),
            None => query,
        };
        let rows = query.fetch_all(self.0.read()).await?;
        Ok(rows.iter().map(head).collect::<Result<_, _>>()?)
    }

    /// A revision of a device, or its latest; nothing where there is none such, or not any more.
    ///
    /// # Errors
    /// As [`Store::log`].
    pub async fn revision(
        &self,
        device: &str,
        number: Option<i64>,
    ) -> Result<Option<Revision>, RevisionError> {
        let mut tx = self.0.snapshot().await?;
        let text = format!(
            "{HEAD} WHERE device = $1 AND number <= $2 AND number >= $3 ORDER BY number DESC LIMIT 1"
        );
        let (most, least) = (number.unwrap_or(i64::MAX), number.unwrap_or(0));
        let query = sqlx::query(AssertSqlSafe(text)).bind(device).bind(most).bind(least);
        match query.fetch_optional(&mut *tx).await? {
            Some(row) => Ok(Some(whole(&mut tx, head(&row)?).await?)),
            None => Ok(None),
        }
    }

    /// Revisions of all devices beyond an id, the oldest first: at most `limit`, and fewer where they are long.
    /// None at all means that there are no more. Whoever has seen one never misses one with a lower id.
    ///
    /// # Errors
    /// As [`Store::log`].
    pub async fn after(&self, id: i64, limit: i64) -> Result<Vec<Revision>, RevisionError> {
        let mut tx = self.0.snapshot().await?;
        let text = format!("{HEAD} WHERE id > $1 ORDER BY id LIMIT $2");
        let query = sqlx::query(AssertSqlSafe(text)).bind(id).bind(limit.clamp(0, MAX_ROWS));
        let (mut all, mut bytes) = (Vec::new(), 0);
        for row in query.fetch_all(&mut *tx).await? {
            let revision = whole(&mut tx, head(&row)?).await?;
            bytes += revision.files.iter().map(|file| file.text.len()).sum::<usize>();
            all.push(revision);
            if bytes > PAGE_BYTES {
                break;
            }
        }
        Ok(all)
    }
}

async fn whole(tx: &mut Tx, head: Head) -> Result<Revision, Error> {
    let query = sqlx::query(
        "SELECT f.path, t.text FROM config_revision_files f
         JOIN config_texts t ON t.digest = f.digest WHERE f.revision = $1 ORDER BY f.path",
    );
    let rows = query.bind(head.id).fetch_all(&mut **tx).await?;
    let files =
        rows.iter().map(|row| Ok(FileKept { path: row.try_get(0)?, text: row.try_get(1)? }));
    Ok(Revision { head, files: files.collect::<Result<_, Error>>()? })
}
