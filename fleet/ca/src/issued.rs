//! What was issued, to whom: so that who asks twice gets the same, and what is revoked is known.

use crate::{CaError, Certified};
use contract::certificates::Purpose;
use contract::names::DeviceName;
use contract::object::Digest;
use contract::time::TimeUs;
use db::Db;
use sqlx::Row;

/// What was issued.
#[derive(Debug, Clone)]
pub struct IssuedStore(Db);

/// For whom, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct IssuedTo<'a> {
    /// The box.
    pub device: &'a DeviceName,
    /// For what.
    pub purpose: Purpose,
    /// Its key.
    pub key: Digest,
    /// Who has issued it.
    pub authority: &'a str,
}

impl IssuedStore {
    /// In this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self(db)
    }

    /// What was issued for a key by an authority since a moment, newest first: its chain.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, to: IssuedTo<'_>, since: TimeUs) -> Result<Option<String>, CaError> {
        let row = sqlx::query(
            "SELECT chain FROM certificates
             WHERE appliance = $1 AND purpose = $2 AND key_digest = $3 AND authority = $4
                 AND issued_at_us > $5
             ORDER BY issued_at_us DESC LIMIT 1",
        )
        .bind(to.device.as_str())
        .bind(to.purpose.as_str())
        .bind(to.key.to_string())
        .bind(to.authority)
        .bind(since.0)
        .fetch_optional(self.0.read())
        .await
        .map_err(db::Error::from)?;
        Ok(row.map(|row| row.try_get(0)).transpose().map_err(db::Error::from)?)
    }

    /// Whether an authority has issued anything to a box since a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_any(
        &self,
        device: &DeviceName,
        purpose: Purpose,
        authority: &str,
        since: TimeUs,
    ) -> Result<bool, CaError> {
        let row = sqlx::query(
            "SELECT serial FROM certificates
             WHERE appliance = $1 AND purpose = $2 AND authority = $3 AND issued_at_us > $4 LIMIT 1",
        )
        .bind(device.as_str())
        .bind(purpose.as_str())
        .bind(authority)
        .bind(since.0)
        .fetch_optional(self.0.read())
        .await
        .map_err(db::Error::from)?;
        Ok(row.is_some())
    }

    /// Remembers what was issued, before it is given away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add(
        &self,
        to: IssuedTo<'_>,
        certified: &Certified,
        now: TimeUs,
    ) -> Result<(), CaError> {
        let mut tx = self.0.begin().await?;
        sqlx::query(
            "INSERT INTO certificates (serial, appliance, purpose, authority, key_digest, chain,
                                       issued_at_us, not_after_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&certified.serial)
        .bind(to.device.as_str())
        .bind(to.purpose.as_str())
        .bind(to.authority)
        .bind(to.key.to_string())
        .bind(&certified.chain_pem)
        .bind(now.0)
        .bind(certified.not_after.0)
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: TimeUs = TimeUs(1_000_000);

    #[tokio::test(flavor = "multi_thread")]
    async fn who_asks_twice_finds_what_was_issued() {
        for test in db::testing::both().await {
            let store = IssuedStore::new(test.db.clone());
            let device = DeviceName::new("oca1").expect("a name");
            let key = Digest::of(b"key");
            let authority = "boxes-1";
            let to = IssuedTo { device: &device, purpose: Purpose::Identity, key, authority };
            let find = async |to, since| store.find(to, since).await.expect(test.name);
            assert_eq!(find(to, TimeUs(0)).await, None);
            for (at, serial) in [(NOW, "01"), (NOW.plus_s(1), "02")] {
                let certified = Certified {
                    serial: serial.to_owned(),
                    chain_pem: format!("chain {serial}"),
                    not_after: NOW.plus_s(100),
                };
                store.add(to, &certified, at).await.expect(test.name);
            }
            assert_eq!(find(to, TimeUs(0)).await.as_deref(), Some("chain 02"));
            assert_eq!(find(to, NOW.plus_s(1)).await, None, "long ago");
            let others = [
                IssuedTo { purpose: Purpose::Player, ..to },
                IssuedTo { authority: "boxes-2", ..to },
                IssuedTo { key: Digest::of(b"another"), ..to },
            ];
            for other in others {
                assert_eq!(find(other, TimeUs(0)).await, None, "{other:?}");
            }
        }
    }
}
