//! Join tokens: what makes a machine with a certain serial number a certain box, once.

use crate::CaError;
use contract::names::DeviceName;
use contract::object::Digest;
use contract::time::TimeUs;
use db::Db;
use sqlx::Row;
use std::fmt;
use std::time::Duration;

/// A box is in a rack, or an operator before it: not a week later.
pub const MAX_TOKEN_LIFE: Duration = Duration::from_secs(7 * 86_400);

/// A token, and what makes it one: told once, kept nowhere.
#[derive(Clone)]
pub struct NewToken {
    /// Names it.
    pub id: String,
    /// What makes it one.
    pub secret: String,
    /// When it ends.
    pub expires_at: TimeUs,
}

impl fmt::Debug for NewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why nobody joins with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// No such token, or another secret. Which of the two is nobody's business.
    #[error("there is no such token")]
    Unknown,
    /// Too late.
    #[error("this token has expired: ask for another")]
    Expired,
    /// Good for one machine, once.
    #[error(
        "this token was used already, for another key: if it was not you, look at who that was"
    )]
    Used,
    /// Made for another machine.
    #[error(
        "this token is for the machine with the serial number {expected:?}, and this is {shown:?}"
    )]
    OtherSerial {
        /// As the token was made for.
        expected: String,
        /// As the machine says.
        shown: String,
    },
}

/// Who shows a token.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Which.
    pub id: &'a str,
    /// What makes it one.
    pub secret: &'a str,
    /// What the machine says that its serial number is.
    pub serial: &'a str,
    /// The key that it has made.
    pub key: Digest,
}

/// The tokens.
#[derive(Debug, Clone)]
pub struct TokenStore(Db);

impl TokenStore {
    /// In this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self(db)
    }

    /// Makes a token.
    ///
    /// # Errors
    /// When there are no random numbers, or the database fails.
    pub async fn make(
        &self,
        device: &DeviceName,
        serial: &str,
        life: Duration,
        now: TimeUs,
    ) -> Result<NewToken, CaError> {
        let (id, secret) = (random::<8>()?, random::<32>()?);
        let life_s = i64::try_from(life.min(MAX_TOKEN_LIFE).as_secs()).unwrap_or(0);
        let expires_at = now.plus_s(life_s);
        let mut tx = self.0.begin().await?;
        sqlx::query(
            "INSERT INTO join_tokens
                 (id, appliance, serial, secret_digest, made_at_us, expires_at_us)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&id)
        .bind(device.as_str())
        .bind(serial)
        .bind(Digest::of(secret.as_bytes()).to_string())
        .bind(now.0)
        .bind(expires_at.0)
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        tx.commit().await.map_err(db::Error::from)?;
        Ok(NewToken { id, secret, expires_at })
    }

    /// Uses a token up; gives whose it is. Whoever has used it with this very key may again,
    /// until it expires: the answer may have been lost.
    ///
    /// # Errors
    /// [`BadToken`] inside, when nobody joins with it; or when the database fails.
    pub async fn take(
        &self,
        shown: Shown<'_>,
        now: TimeUs,
    ) -> Result<Result<DeviceName, BadToken>, CaError> {
        let mut tx = self.0.begin().await?;
        // Two at once: the second finds it used.
        let used = sqlx::query(
            "UPDATE join_tokens SET used_at_us = $1, key_digest = $2
             WHERE id = $3 AND secret_digest = $4 AND serial = $5 AND expires_at_us > $1
                 AND (key_digest IS NULL OR key_digest = $2)",
        )
        .bind(now.0)
        .bind(shown.key.to_string())
        .bind(shown.id)
        .bind(Digest::of(shown.secret.as_bytes()).to_string())
        .bind(shown.serial)
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        let row = sqlx::query(
            "SELECT appliance, serial, secret_digest, expires_at_us FROM join_tokens WHERE id = $1",
        )
        .bind(shown.id)
        .fetch_optional(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        tx.commit().await.map_err(db::Error::from)?;
        let Some(row) = row else { return Ok(Err(BadToken::Unknown)) };
        let text = |at: usize| row.try_get::<String, _>(at).map_err(db::Error::from);
        if used.rows_affected() == 1 {
            let device = DeviceName::new(&text(0)?);
            return Ok(Ok(device.map_err(|err| db::Error::corrupt("a token", err))?));
        }
        let expires_at: i64 = row.try_get(3).map_err(db::Error::from)?;
        Ok(Err(why_not(shown, text(1)?, &text(2)?, TimeUs(expires_at) <= now)))
    }
}

fn why_not(shown: Shown<'_>, serial: String, secret_digest: &str, is_over: bool) -> BadToken {
    if Digest::of(shown.secret.as_bytes()).to_string() != secret_digest {
        BadToken::Unknown
    } else if is_over {
        BadToken::Expired
    } else if serial != shown.serial {
        BadToken::OtherSerial { expected: serial, shown: shown.serial.to_owned() }
    } else {
        BadToken::Used
    }
}

fn random<const BYTES: usize>() -> Result<String, CaError> {
    let mut bytes = [0u8; BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| CaError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests;
