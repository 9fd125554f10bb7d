//! A reading becomes a revision, where something changed.

use super::reading::{Checked, MAX_DEVICE_CHARS, is_name};
use super::revision::{HEAD, head};
use super::{Head, Kept, Reading, RevisionError, Store};
use contract::time::TimeUs;
use db::counters::{self, Counter};
use db::{Error, Tx};
use sqlx::{AssertSqlSafe, Row};
use std::collections::{HashMap, HashSet};

/// More is the output of a program, and no reason.
const MAX_WHY_CHARS: usize = 500;

/// A try that was made before the last one, and is told after it, says nothing of how things are.
const TAKEN: &str =
    "INSERT INTO config_backups (device, tried_at_us, taken_at_us) VALUES ($1, $2, $3)
    ON CONFLICT (device) DO UPDATE SET
        why = CASE WHEN excluded.tried_at_us >= config_backups.tried_at_us THEN NULL
            ELSE config_backups.why END,
        tried_at_us = CASE WHEN excluded.tried_at_us >= config_backups.tried_at_us
            THEN excluded.tried_at_us ELSE config_backups.tried_at_us END,
        taken_at_us = CASE WHEN config_backups.taken_at_us > excluded.taken_at_us
            THEN config_backups.taken_at_us ELSE excluded.taken_at_us END
    RETURNING latest";

const FAILED: &str = "INSERT INTO config_backups (device, tried_at_us, why) VALUES ($1, $2, $3)
    ON CONFLICT (device) DO UPDATE SET why = excluded.why, tried_at_us = excluded.tried_at_us
        WHERE excluded.tried_at_us >= config_backups.tried_at_us";

impl Store {
    /// Keeps what was read: as a new revision where any file differs from the latest, has come or has gone.
    ///
    /// # Errors
    /// When it is beyond the bounds of what is kept, or the database fails; nothing has changed then.
    pub async fn keep(&self, reading: &Reading) -> Result<Kept, RevisionError> {
        let files = reading.check()?;
        let mut tx = self.0.begin().await?;
        // From here on others wait who keep something of this device, and see what this one keeps.
        let latest = taken(&mut tx, reading).await?;
        let (latest, before) = match latest {
            Some(number) => before(&mut tx, &reading.device, number).await?,
            None => (None, HashMap::new()),
        };
        let same = |file: &Checked<'_>| before.get(file.path) == Some(&file.digest);
        let kept = match latest {
            Some(head) if before.len() == files.len() && files.iter().all(same) => {
                Kept::Unchanged(head)
            }
            latest => {
                let number = latest.map_or(0, |head| head.number) + 1;
                let there = before.into_values().collect();
                Kept::New(add(&mut tx, reading, &files, number, there).await?)
            }
        };
        tx.commit().await?;
        Ok(kept)
    }

    /// A try to read a device failed. What is kept of it stays. Of the reason the first 500 characters are kept,
    /// in one line.
    ///
    /// # Errors
    /// When the device's name cannot be kept, or the database fails.
    pub async fn failed(&self, device: &str, at: TimeUs, why: &str) -> Result<(), RevisionError> {
        if !is_name(device, MAX_DEVICE_CHARS) {
            return Err(RevisionError::Device(device.to_owned()));
        }
        let plain = |sign: char| if sign.is_control() { ' ' } else { sign };
        let why: String = why.chars().take(MAX_WHY_CHARS).map(plain).collect();
        let query = sqlx::query(FAILED).bind(device).bind(at.0).bind(why);
        query.execute(self.0.write()).await?;
        Ok(())
    }
}

/// Notes that the device was read; gives the number of its latest revision.
async fn taken(tx: &mut Tx, reading: &Reading) -> Result<Option<i64>, Error> {
    let at_us = reading.taken_at.0;
    let query = sqlx::query(TAKEN).bind(&*reading.device).bind(at_us).bind(at_us);
    Ok(query.fetch_one(&mut **tx).await?.try_get(0)?)
}

/// What a device ran: which revision, and the digest of each path.
async fn before(
    tx: &mut Tx,
    device: &str,
    number: i64,
) -> Result<(Option<Head>, HashMap<String, String>), Error> {
    let text = format!("{HEAD} WHERE device = $1 AND number = $2");
    let query = sqlx::query(AssertSqlSafe(text)).bind(device).bind(number);
    let head = head(&query.fetch_one(&mut **tx).await?)?;
    let query = sqlx::query("SELECT path, digest FROM config_revision_files WHERE revision = $1");
    let rows = query.bind(head.id).fetch_all(&mut **tx).await?;
    let files = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    Ok((Some(head), files.collect::<Result<_, Error>>()?))
}

/// Adds a revision. `there` are texts that are kept already.
async fn add(
    tx: &mut Tx,
    reading: &Reading,
    files: &[Checked<'_>],
    number: i64,
    mut there: HashSet<String>,
) -> Result<Head, Error> {
    // Before any text: who forgets texts that nobody names waits here, or is waited for.
    let id = counters::raise(tx, Counter::ConfigRevision, 1).await?;
    let head = Head {
        id,
        device: reading.device.clone(),
        number,
        kind: reading.kind,
        taken_at: reading.taken_at,
        cause: reading.cause,
        redacted: reading.redacted(),
        files: files.len(),
    };
    insert_head(tx, &head).await?;
    for file in files {
        if there.insert(file.digest.clone()) {
            insert_text(tx, file).await?;
        }
        sqlx::query(
            "INSERT INTO config_revision_files (revision, path, digest) VALUES ($1, $2, $3)",
        )
        .bind(id)
        .bind(file.path)
        .bind(&*file.digest)
        .execute(&mut **tx)
        .await?;
    }
    let query = sqlx::query("UPDATE config_backups SET latest = $1 WHERE device = $2");
    query.bind(number).bind(&*head.device).execute(&mut **tx).await?;
    Ok(head)
}

async fn insert_head(tx: &mut Tx, head: &Head) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO config_revisions
             (id, device, number, kind, taken_at_us, cause, redacted, files)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(head.id)
    .bind(&*head.device)
    .bind(head.number)
    .bind(head.kind.as_str())
    .bind(head.taken_at.0)
    .bind(head.cause.as_str())
    .bind(signed(head.redacted))
    .bind(signed(head.files))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_text(tx: &mut Tx, file: &Checked<'_>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO config_texts (digest, bytes, text) VALUES ($1, $2, $3)
         ON CONFLICT (digest) DO NOTHING",
    )
    .bind(&*file.digest)
    .bind(signed(file.text.len()))
    .bind(file.text)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
