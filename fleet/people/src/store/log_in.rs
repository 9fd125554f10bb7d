//! Who is let in, and who asks.

use super::{PeopleStore, read_name, read_role, value};
use crate::session::{SESSION_LIFE, SESSIONS_AT_MOST, kept_of, new_token};
use crate::{Caller, MAX_PASSWORD_BYTES, NewSession, NotLoggedIn, PeopleError, PersonName, Role};
use contract::time::TimeUs;
use db::Tx;
use std::net::IpAddr;
use std::sync::{MutexGuard, PoisonError};

impl PeopleStore {
    /// Lets somebody in who shows a password. Who fails too often, in one name or from one address, has
    /// to wait; who is wrong learns no more than that, and in no other time.
    ///
    /// # Errors
    /// [`NotLoggedIn`] when nobody was let in.
    pub async fn log_in(
        &self,
        name: &str,
        password: &str,
        from: IpAddr,
        now: TimeUs,
    ) -> Result<NewSession, NotLoggedIn> {
        let name = PersonName::new(name).ok();
        let counted = self.limits().count(name.as_ref(), from, now);
        counted.map_err(|retry_after| NotLoggedIn::TooOften { retry_after })?;
        // Whoever leaves in the middle has tried.
        let let_in = self.let_in(name.as_ref(), password, now).await;
        match &let_in {
            Ok(Some(session)) => self.limits().clear(&session.person, from),
            Ok(None) => {}
            Err(_) => self.limits().give_back(name.as_ref(), from),
        }
        let_in?.ok_or(NotLoggedIn::Wrong)
    }

    async fn let_in(
        &self,
        name: Option<&PersonName>,
        password: &str,
        now: TimeUs,
    ) -> Result<Option<NewSession>, PeopleError> {
        // Nobody has such a password.
        if password.len() > MAX_PASSWORD_BYTES {
            return Ok(None);
        }
        let kept = match name {
            Some(name) => self.kept_of_password(name).await?,
            None => None,
        };
        let is_right = self.hashing.is(password, kept.clone()).await?;
        match (name, kept) {
            (Some(name), Some(kept)) if is_right => self.begin_session(name, &kept, now).await,
            _ => Ok(None),
        }
    }

    async fn kept_of_password(&self, name: &PersonName) -> Result<Option<String>, PeopleError> {
        let row = sqlx::query("SELECT password_hash FROM people WHERE name = $1")
            .bind(name.as_str())
            .fetch_optional(self.db.read())
            .await
            .map_err(db::Error::from)?;
        row.as_ref().map(|row| value(row, 0)).transpose()
    }

    /// Begins a session, if the password that was compared is still the one.
    pub(super) async fn begin_session(
        &self,
        name: &PersonName,
        kept: &str,
        now: TimeUs,
    ) -> Result<Option<NewSession>, PeopleError> {
        let token = new_token()?;
        let expires_at = now.plus_s(i64::try_from(SESSION_LIFE.as_secs()).unwrap_or(0));
        let mut tx = self.db.begin().await?;
        // Holds the person until the session is written: who changes the password finds it.
        let row = sqlx::query(
            "UPDATE people SET logged_in_at_us = $1 WHERE name = $2 AND password_hash = $3
             RETURNING role",
        )
        .bind(now.0)
        .bind(name.as_str())
        .bind(kept)
        .fetch_optional(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        let Some(row) = row else { return Ok(None) };
        let role: Role = read_role(&value::<String>(&row, 0)?)?;
        add_session(&mut tx, name, &token, (now, expires_at)).await?;
        forget_ended(&mut tx, name, now).await?;
        tx.commit().await.map_err(db::Error::from)?;
        Ok(Some(NewSession { token, person: name.clone(), role, expires_at }))
    }

    /// Who shows a token, if it is one and holds. What has changed about the person counts at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn caller(&self, token: &str, now: TimeUs) -> Result<Option<Caller>, PeopleError> {
        let Some(digest) = kept_of(token) else { return Ok(None) };
        let row = sqlx::query(
            "SELECT people.name, people.role, people.provider
             FROM sessions JOIN people ON people.name = sessions.person
             WHERE sessions.token_digest = $1 AND sessions.expires_at_us > $2",
        )
        .bind(digest)
        .bind(now.0)
        .fetch_optional(self.db.read())
        .await
        .map_err(db::Error::from)?;
        let Some(row) = row else { return Ok(None) };
        let (name, role): (String, String) = (value(&row, 0)?, value(&row, 1)?);
        Ok(Some(Caller {
            name: read_name(name)?,
            role: read_role(&role)?,
            provider: value(&row, 2)?,
        }))
    }

    /// Ends a session; one that is none has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_out(&self, token: &str) -> Result<(), PeopleError> {
        let Some(digest) = kept_of(token) else { return Ok(()) };
        let mut tx = self.db.begin().await?;
        sqlx::query("DELETE FROM sessions WHERE token_digest = $1")
            .bind(digest)
            .execute(&mut *tx)
            .await
            .map_err(db::Error::from)?;
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }

    /// Ends all sessions of somebody; gives how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions(&self, name: &PersonName) -> Result<u64, PeopleError> {
        let mut tx = self.db.begin().await?;
        let ended = end_sessions(&mut tx, name).await?;
        tx.commit().await.map_err(db::Error::from)?;
        Ok(ended)
    }

    fn limits(&self) -> MutexGuard<'_, crate::limits::Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn add_session(
    tx: &mut Tx,
    name: &PersonName,
    token: &str,
    (made_at, expires_at): (TimeUs, TimeUs),
) -> Result<(), PeopleError> {
    sqlx::query(
        "INSERT INTO sessions (token_digest, person, made_at_us, expires_at_us)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(kept_of(token).unwrap_or_default())
    .bind(name.as_str())
    .bind(made_at.0)
    .bind(expires_at.0)
    .execute(&mut **tx)
    .await
    .map_err(db::Error::from)?;
    Ok(())
}

/// What has ended, of anybody; and of this one all but the last few.
async fn forget_ended(tx: &mut Tx, name: &PersonName, now: TimeUs) -> Result<(), PeopleError> {
    sqlx::query("DELETE FROM sessions WHERE expires_at_us <= $1")
        .bind(now.0)
        .execute(&mut **tx)
        .await
        .map_err(db::Error::from)?;
    sqlx::query(
        "DELETE FROM sessions
         WHERE person = $1 AND token_digest NOT IN (SELECT token_digest FROM sessions
             WHERE person = $1 ORDER BY made_at_us DESC, token_digest LIMIT $2)",
    )
    .bind(name.as_str())
    .bind(i64::from(SESSIONS_AT_MOST))
    .execute(&mut **tx)
    .await
    .map_err(db::Error::from)?;
    Ok(())
}

pub(super) async fn end_sessions(tx: &mut Tx, name: &PersonName) -> Result<u64, PeopleError> {
    let ended = sqlx::query("DELETE FROM sessions WHERE person = $1")
        .bind(name.as_str())
        .execute(&mut **tx)
        .await
        .map_err(db::Error::from)?;
    Ok(ended.rows_affected())
}
