//! What was issued, to whom: so that who asks twice gets the same, and what is revoked is known.

use crate::{CaError, Certified};
use contract::certificates::Purpose;
use contract::names::DeviceName;
use contract::object::Digest;
use contract::time::TimeUs;
use db::counters::{self, Counter};
use db::{Db, Tx};
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
        forget_ended(&mut tx, to, now).await?;
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }
}

/// Of what has ended, the last few of each box are kept; and what was revoked, whose end a clock
/// that is wrong would make of everything.
async fn forget_ended(tx: &mut Tx, to: IssuedTo<'_>, now: TimeUs) -> Result<(), CaError> {
    sqlx::query(
        "DELETE FROM certificates
         WHERE appliance = $1 AND purpose = $2 AND revoked_at_us IS NULL AND not_after_us < $3
             AND serial NOT IN (SELECT serial FROM certificates
                 WHERE appliance = $1 AND purpose = $2
                 ORDER BY issued_at_us DESC, serial LIMIT 16)",
    )
    .bind(to.device.as_str())
    .bind(to.purpose.as_str())
    .bind(now.0)
    .execute(&mut **tx)
    .await
    .map_err(db::Error::from)?;
    Ok(())
}

/// A certificate that counts no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// As its authority numbers it, in hexadecimal digits.
    pub serial: String,
    /// By its name.
    pub authority: String,
    /// Since when.
    pub at: TimeUs,
}

impl IssuedStore {
    /// Rises when something was revoked, or a bar was lifted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revocations(&self) -> Result<u64, CaError> {
        let version = counters::value(&self.0, Counter::Revocation).await?;
        Ok(u64::try_from(version).unwrap_or(0))
    }

    /// Revokes the identities of a box, but for the one of a key, by which it is barred no more;
    /// gives how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke(
        &self,
        device: &DeviceName,
        but: Option<Digest>,
        because: &str,
        now: TimeUs,
    ) -> Result<u64, CaError> {
        let mut tx = self.0.begin().await?;
        let revoked = sqlx::query(
            "UPDATE certificates SET revoked_at_us = $1, revoked_because = $2
             WHERE appliance = $3 AND purpose = $4 AND revoked_at_us IS NULL
                 AND not_after_us > $1 AND key_digest <> $5",
        )
        .bind(now.0)
        .bind(because)
        .bind(device.as_str())
        .bind(Purpose::Identity.as_str())
        .bind(but.map_or_else(String::new, |key| key.to_string()))
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from)?
        .rows_affected();
        if revoked > 0 || was_revoked(&mut tx, device).await? {
            counters::raise(&mut tx, Counter::Revocation, 1).await?;
        }
        tx.commit().await.map_err(db::Error::from)?;
        Ok(revoked)
    }

    /// What is revoked and has not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoked(&self, now: TimeUs) -> Result<Vec<RevokedCertificate>, CaError> {
        let rows = sqlx::query(
            "SELECT serial, authority, revoked_at_us FROM certificates
             WHERE revoked_at_us IS NOT NULL AND not_after_us > $1 ORDER BY serial",
        )
        .bind(now.0)
        .fetch_all(self.0.read())
        .await
        .map_err(db::Error::from)?;
        let read = |row: &sqlx::any::AnyRow| -> Result<RevokedCertificate, sqlx::Error> {
            let (serial, authority) = (row.try_get(0)?, row.try_get(1)?);
            Ok(RevokedCertificate { serial, authority, at: TimeUs(row.try_get(2)?) })
        };
        let rows: Result<_, sqlx::Error> = rows.iter().map(read).collect();
        Ok(rows.map_err(db::Error::from)?)
    }

    /// Boxes of which no identity is good, since the last was revoked; and why that was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn barred(&self, now: TimeUs) -> Result<Vec<(DeviceName, String)>, CaError> {
        let rows = sqlx::query(
            "SELECT appliance, revoked_because FROM certificates AS one
             WHERE purpose = $1 AND revoked_at_us IS NOT NULL AND not_after_us > $2
                 AND NOT EXISTS (SELECT 1 FROM certificates AS other
                     WHERE other.appliance = one.appliance AND other.purpose = $1
                         AND other.not_after_us > $2 AND other.revoked_at_us IS NULL)
             ORDER BY appliance, revoked_at_us",
        )
        .bind(Purpose::Identity.as_str())
        .bind(now.0)
        .fetch_all(self.0.read())
        .await
        .map_err(db::Error::from)?;
        let read = |row: &sqlx::any::AnyRow| -> Result<(DeviceName, String), db::Error> {
            let name: String = row.try_get(0)?;
            let name = DeviceName::new(&name);
            let name = name.map_err(|err| db::Error::corrupt("a certificate", err))?;
            Ok((name, row.try_get(1)?))
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

/// Whether something of a box was revoked before: then whoever joins as it lifts a bar.
async fn was_revoked(tx: &mut Tx, device: &DeviceName) -> Result<bool, CaError> {
    let row = sqlx::query(
        "SELECT serial FROM certificates WHERE appliance = $1 AND revoked_at_us IS NOT NULL LIMIT 1",
    )
    .bind(device.as_str())
    .fetch_optional(&mut **tx)
    .await
    .map_err(db::Error::from)?;
    Ok(row.is_some())
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

    #[tokio::test(flavor = "multi_thread")]
    async fn of_what_has_ended_the_last_are_kept_and_all_that_was_revoked() {
        for test in db::testing::both().await {
            let store = IssuedStore::new(test.db.clone());
            let device = DeviceName::new("oca1").expect("a name");
            let to = |number: u8| {
                let (device, key) = (&device, Digest::of(&[number]));
                IssuedTo { device, purpose: Purpose::Identity, key, authority: "boxes-1" }
            };
            let add = async |number: u8, at: i64| {
                let (serial, chain_pem) = (format!("{number:02}"), format!("chain {number}"));
                let certified = Certified { serial, chain_pem, not_after: NOW.plus_s(at + 10) };
                store.add(to(number), &certified, NOW.plus_s(at)).await.expect(test.name);
            };
            add(0, 0).await;
            store.revoke(&device, None, "stolen", NOW.plus_s(1)).await.expect(test.name);
            for number in 1..40 {
                add(number, i64::from(number) * 20).await;
            }
            let mut left = Vec::new();
            for number in 0..40 {
                let found = store.find(to(number), TimeUs(0)).await.expect(test.name);
                left.extend(found.map(|_| number));
            }
            let expected: Vec<u8> = std::iter::once(0).chain(24..40).collect();
            assert_eq!(left, expected, "{}", test.name);
        }
    }
}
