//! People, in SQL: who there is, what each may do, and what is kept of passwords.

mod log_in;

use crate::hashing::Hashing;
use crate::limits::Limits;
use crate::{PeopleError, PersonName, Role, check_password};
use contract::time::TimeUs;
use db::{Db, Tx};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::sync::{Arc, Mutex};

/// A fleet that has more people than this has another way to tell who they are.
pub const PEOPLE_AT_MOST: u32 = 4096;

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What he is called.
    pub name: PersonName,
    /// What he may do.
    pub role: Role,
    /// Whose partner he is, where he is one.
    pub provider: Option<String>,
    /// Since when there is such a person.
    pub created_at: TimeUs,
    /// Since when he has his password.
    pub password_at: TimeUs,
    /// When he logged in last.
    pub logged_in_at: Option<TimeUs>,
}

/// All people, and who of them has logged in. Cheap to clone; clones count failed log-ins together.
#[derive(Debug, Clone)]
pub struct PeopleStore {
    db: Db,
    hashing: Arc<Hashing>,
    limits: Arc<Mutex<Limits>>,
}

impl PeopleStore {
    /// In this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        let limits = Arc::new(Mutex::new(Limits::new()));
        Self { db, hashing: Arc::new(Hashing::new()), limits }
    }

    /// Adds somebody.
    ///
    /// # Errors
    /// When the name is taken, the password is none to have, or the database fails.
    pub async fn create(
        &self,
        name: &PersonName,
        (role, provider): (Role, Option<&str>),
        password: &str,
        now: TimeUs,
    ) -> Result<(), PeopleError> {
        check_provider(role, provider)?;
        check_password(password)?;
        let hash = self.hashing.hash(password).await?;
        let mut tx = self.db.begin().await?;
        check_room(&mut tx).await?;
        let added = sqlx::query(
            "INSERT INTO people (name, role, password_hash, created_at_us, password_at_us, provider)
             VALUES ($1, $2, $3, $4, $4, $5)",
        )
        .bind(name.as_str())
        .bind(role.as_str())
        .bind(hash)
        .bind(now.0)
        .bind(provider.map(str::to_owned))
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from);
        match added {
            Err(err) if err.is_duplicate() => Err(PeopleError::Taken(name.clone())),
            Err(err) => Err(err.into()),
            Ok(_) => Ok(tx.commit().await.map_err(db::Error::from)?),
        }
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self) -> Result<Vec<Person>, PeopleError> {
        let rows = sqlx::query(
            "SELECT name, role, created_at_us, password_at_us, logged_in_at_us, provider
             FROM people ORDER BY name",
        )
        .fetch_all(self.db.read())
        .await
        .map_err(db::Error::from)?;
        rows.iter().map(person).collect()
    }

    /// Somebody.
    ///
    /// # Errors
    /// When nobody is called that, or the database fails.
    pub async fn get(&self, name: &PersonName) -> Result<Person, PeopleError> {
        let row = sqlx::query(
            "SELECT name, role, created_at_us, password_at_us, logged_in_at_us, provider
             FROM people WHERE name = $1",
        )
        .bind(name.as_str())
        .fetch_optional(self.db.read())
        .await
        .map_err(db::Error::from)?;
        row.as_ref().map_or_else(|| Err(PeopleError::NoSuchPerson(name.clone())), person)
    }

    /// Says what somebody may do from now on; his sessions go on, as what he is now.
    ///
    /// # Errors
    /// When nobody is called that, or the database fails.
    pub async fn set_role(
        &self,
        name: &PersonName,
        (role, provider): (Role, Option<&str>),
    ) -> Result<(), PeopleError> {
        check_provider(role, provider)?;
        let mut tx = self.db.begin().await?;
        let changed = sqlx::query("UPDATE people SET role = $1, provider = $2 WHERE name = $3")
            .bind(role.as_str())
            .bind(provider.map(str::to_owned))
            .bind(name.as_str())
            .execute(&mut *tx)
            .await
            .map_err(db::Error::from)?;
        found(name, changed.rows_affected())?;
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }

    /// Gives somebody another password; his sessions end.
    ///
    /// # Errors
    /// When nobody is called that, the password is none to have, or the database fails.
    pub async fn set_password(
        &self,
        name: &PersonName,
        password: &str,
        now: TimeUs,
    ) -> Result<(), PeopleError> {
        check_password(password)?;
        let hash = self.hashing.hash(password).await?;
        let mut tx = self.db.begin().await?;
        // First: a log-in with the old password waits for this, and finds another.
        let changed = sqlx::query(
            "UPDATE people SET password_hash = $1, password_at_us = $2 WHERE name = $3",
        )
        .bind(hash)
        .bind(now.0)
        .bind(name.as_str())
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        found(name, changed.rows_affected())?;
        log_in::end_sessions(&mut tx, name).await?;
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }

    /// Removes somebody, and his sessions.
    ///
    /// # Errors
    /// When nobody is called that, or the database fails.
    pub async fn delete(&self, name: &PersonName) -> Result<(), PeopleError> {
        let mut tx = self.db.begin().await?;
        // His sessions go with him (ON DELETE CASCADE).
        let gone = sqlx::query("DELETE FROM people WHERE name = $1")
            .bind(name.as_str())
            .execute(&mut *tx)
            .await
            .map_err(db::Error::from)?;
        found(name, gone.rows_affected())?;
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }
}

/// A partner is somebody's, and nobody else is.
fn check_provider(role: Role, provider: Option<&str>) -> Result<(), PeopleError> {
    match (role, provider) {
        (Role::Partner, None) => Err(PeopleError::WhosePartner),
        (Role::Partner, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => Err(PeopleError::NoPartner(role)),
    }
}

fn found(name: &PersonName, rows: u64) -> Result<(), PeopleError> {
    if rows == 0 { Err(PeopleError::NoSuchPerson(name.clone())) } else { Ok(()) }
}

async fn check_room(tx: &mut Tx) -> Result<(), PeopleError> {
    let row = sqlx::query("SELECT CAST(COUNT(*) AS BIGINT) FROM people").fetch_one(&mut **tx);
    let count: i64 = row.await.and_then(|row| row.try_get(0)).map_err(db::Error::from)?;
    if count >= i64::from(PEOPLE_AT_MOST) {
        return Err(PeopleError::TooMany(PEOPLE_AT_MOST));
    }
    Ok(())
}

fn person(row: &AnyRow) -> Result<Person, PeopleError> {
    let (name, role): (String, String) = (value(row, 0)?, value(row, 1)?);
    Ok(Person {
        name: read_name(name)?,
        role: read_role(&role)?,
        created_at: TimeUs(value(row, 2)?),
        password_at: TimeUs(value(row, 3)?),
        logged_in_at: value::<Option<i64>>(row, 4)?.map(TimeUs),
        provider: value(row, 5)?,
    })
}

fn value<'r, T>(row: &'r AnyRow, at: usize) -> Result<T, PeopleError>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    Ok(row.try_get(at).map_err(db::Error::from)?)
}

fn read_name(text: String) -> Result<PersonName, PeopleError> {
    Ok(PersonName::new(text).map_err(|err| db::Error::corrupt("a person", err))?)
}

fn read_role(text: &str) -> Result<Role, PeopleError> {
    Ok(text.parse().map_err(|err: crate::NoRole| db::Error::corrupt("a person", err))?)
}

#[cfg(test)]
mod tests;
