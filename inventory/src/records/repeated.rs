//! Requests that come again because their answer was lost: what is done once is not done twice.

use super::{Changing, Refused};
use sqlx::Row;

/// So long a request may come again.
const KEPT_US: i64 = 24 * 3_600_000_000;

/// What tells one request from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Given by whoever asks, for one thing that he wants done.
    pub key: String,
    /// Of what he wants.
    pub digest: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Changing {
    /// What was answered to the same request before; nothing where it is new.
    ///
    /// # Errors
    /// [`Refused::OtherRequest`] where the key was used for something else, or the database fails.
    pub async fn answered(&mut self, once: &Once) -> Result<Option<Answer>, Refused> {
        let (author, now_us) = self.by();
        let who = author.who.clone();
        let old = sqlx::query("DELETE FROM answers WHERE made_at_us < $1").bind(now_us - KEPT_US);
        old.execute(&mut **self.here().0).await?;
        let text = "SELECT digest, status, body FROM answers WHERE who = $1 AND once = $2";
        let asked = sqlx::query(text).bind(who).bind(once.key.clone());
        let Some(row) = asked.fetch_optional(&mut **self.here().0).await? else { return Ok(None) };
        let (digest, status): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        if digest != once.digest {
            return Err(Refused::OtherRequest);
        }
        let corrupt = |err| db::Error::corrupt("an answer", err);
        let status = u16::try_from(status).map_err(corrupt)?;
        Ok(Some(Answer { status, body: row.try_get(2)? }))
    }

    /// Keeps what is answered, with what is changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_answer(&mut self, once: &Once, answer: &Answer) -> Result<(), Refused> {
        let (author, now_us) = self.by();
        let text = "INSERT INTO answers (who, once, digest, status, body, made_at_us) \
                    VALUES ($1, $2, $3, $4, $5, $6)";
        let kept = sqlx::query(text).bind(author.who.clone()).bind(once.key.clone());
        let kept = kept.bind(once.digest.clone()).bind(i64::from(answer.status));
        let kept = kept.bind(answer.body.clone()).bind(now_us);
        kept.execute(&mut **self.here().0).await?;
        Ok(())
    }
}
