//! The keys that boxes' SSH servers show: pinned when a box joins, and told to whoever goes there.

use super::public_key::{MAX_LINE_BYTES, Shown, line, preference, read};
use super::{BadKey, SshHost, known_hosts};
use crate::PeopleError;
use contract::names::DeviceName;
use contract::ssh_host_keys::MAX_SSH_HOST_KEYS_BYTES;
use contract::time::TimeUs;
use db::Db;
use sqlx::Row;
use std::fmt;

/// A server has one for each algorithm, and another of each while they are replaced.
pub const MAX_HOST_KEYS: usize = 8;

const _: () = assert!(MAX_LINE_BYTES <= MAX_SSH_HOST_KEYS_BYTES);

/// A key that a server shows: algorithm and key, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostKey {
    preference: u8,
    line: String,
}

impl HostKey {
    /// Reads the line of a `ssh_host_*_key.pub`. A comment is left behind.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let key = read(text, Shown::ByAHost)?;
        Ok(Self { preference: preference(&key), line: line(key)? })
    }

    /// Reads several, one a line; those that clients prefer come first. None, where a machine has no
    /// such server.
    ///
    /// # Errors
    /// [`BadKey`] when there are too many, or one is bad.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, BadKey> {
        if text.len() > MAX_SSH_HOST_KEYS_BYTES {
            return Err(BadKey::TooMany(MAX_HOST_KEYS));
        }
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let keys: Result<Vec<Self>, _> = lines.map(Self::parse).collect();
        checked(keys?)
    }

    /// Algorithm and key, as OpenSSH writes them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.line
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

fn checked(mut keys: Vec<HostKey>) -> Result<Vec<HostKey>, BadKey> {
    keys.sort();
    keys.dedup();
    if keys.len() > MAX_HOST_KEYS { Err(BadKey::TooMany(MAX_HOST_KEYS)) } else { Ok(keys) }
}

/// The pinned keys.
#[derive(Debug, Clone)]
pub struct HostKeyStore(Db);

impl HostKeyStore {
    /// In this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self(db)
    }

    /// Pins these keys of a box, and none of those from before.
    ///
    /// # Errors
    /// When there are too many, no such box, or the database fails.
    pub async fn replace_all(
        &self,
        appliance: &DeviceName,
        keys: &[HostKey],
        now: TimeUs,
    ) -> Result<(), PeopleError> {
        let keys = checked(keys.to_vec())?;
        let mut tx = self.0.begin().await?;
        sqlx::query("DELETE FROM ssh_host_keys WHERE appliance = $1")
            .bind(appliance.as_str())
            .execute(&mut *tx)
            .await
            .map_err(db::Error::from)?;
        for (place, key) in (0i64..).zip(&keys) {
            let added = sqlx::query(
                "INSERT INTO ssh_host_keys (appliance, place, public_key, pinned_at_us)
                 VALUES ($1, $2, $3, $4)",
            )
            .bind(appliance.as_str())
            .bind(place)
            .bind(key.as_str())
            .bind(now.0)
            .execute(&mut *tx)
            .await
            .map_err(db::Error::from);
            match added {
                Err(err) if err.is_reference() => {
                    return Err(PeopleError::NoSuchAppliance(appliance.clone()));
                }
                added => added?,
            };
        }
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }

    /// The keys of a box, those that clients prefer first; none of one that has said none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&self, appliance: &DeviceName) -> Result<Vec<HostKey>, PeopleError> {
        let rows =
            sqlx::query("SELECT public_key FROM ssh_host_keys WHERE appliance = $1 ORDER BY place")
                .bind(appliance.as_str())
                .fetch_all(self.0.read())
                .await
                .map_err(db::Error::from)?;
        let read = |row: &sqlx::any::AnyRow| -> Result<HostKey, db::Error> {
            let text: String = row.try_get(0)?;
            HostKey::parse(&text).map_err(|err| db::Error::corrupt("a host key", err))
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// What a client's `known_hosts` has to say of a box: by its name (`HostKeyAlias`), and by where
    /// it is reached. Nothing of one whose keys are not known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_hosts_lines(
        &self,
        appliance: &DeviceName,
        addresses: &[SshHost],
    ) -> Result<String, PeopleError> {
        Ok(known_hosts::lines(appliance, addresses, &self.of(appliance).await?))
    }
}

#[cfg(test)]
mod tests;
