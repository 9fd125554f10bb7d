//! Which SSH certificates were issued, in SQL: who could get into what, and when.

use super::SourceNet;
use crate::{PeopleError, PersonName};
use contract::names::DeviceName;
use contract::time::TimeUs;
use db::{Db, Tx};
use sqlx::Row;
use sqlx::any::AnyRow;

/// So many are remembered of what has ended: fifty a day for three years. A number, and no age: to a
/// clock that is wrong everything is old.
const REMEMBERED: u32 = 50_000;

/// What a certificate says, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshIssued {
    /// Its number.
    pub serial: u64,
    /// What a box writes into its log with it: `PERSON@APPLIANCE/SERIAL`.
    pub key_id: String,
    /// For whom.
    pub person: PersonName,
    /// For which box.
    pub appliance: DeviceName,
    /// The one command that it is good for; without one, a shell.
    pub force_command: Option<String>,
    /// From where; from everywhere, if nothing is said.
    pub source_addresses: Vec<SourceNet>,
    /// Of the key, as OpenSSH writes it.
    pub fingerprint: String,
    /// When.
    pub issued_at: TimeUs,
    /// Until when it is good.
    pub not_after: TimeUs,
}

/// What was issued.
#[derive(Debug, Clone)]
pub struct SshStore {
    db: Db,
    remembered: u32,
}

impl SshStore {
    /// In this database.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, remembered: REMEMBERED }
    }

    /// Remembers what was issued, before it is given away.
    ///
    /// # Errors
    /// When the database fails, or has this number already.
    pub async fn add(&self, issued: &SshIssued) -> Result<(), PeopleError> {
        let sources: Vec<String> =
            issued.source_addresses.iter().map(ToString::to_string).collect();
        let mut tx = self.db.begin().await?;
        sqlx::query(
            "INSERT INTO ssh_certificates (serial, key_id, person, appliance, command, sources,
                                           fingerprint, issued_at_us, not_after_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(i64::try_from(issued.serial).unwrap_or(i64::MAX))
        .bind(&issued.key_id)
        .bind(issued.person.as_str())
        .bind(issued.appliance.as_str())
        .bind(issued.force_command.clone())
        .bind(sources.join("\n"))
        .bind(&issued.fingerprint)
        .bind(issued.issued_at.0)
        .bind(issued.not_after.0)
        .execute(&mut *tx)
        .await
        .map_err(db::Error::from)?;
        self.forget(&mut tx, issued.issued_at).await?;
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }

    /// Of what has ended, the last ones are kept.
    async fn forget(&self, tx: &mut Tx, now: TimeUs) -> Result<(), PeopleError> {
        sqlx::query(
            "DELETE FROM ssh_certificates
             WHERE not_after_us < $1 AND issued_at_us < (SELECT issued_at_us FROM ssh_certificates
                 ORDER BY issued_at_us DESC, serial DESC LIMIT 1 OFFSET $2)",
        )
        .bind(now.0)
        .bind(i64::from(self.remembered))
        .execute(&mut **tx)
        .await
        .map_err(db::Error::from)?;
        Ok(())
    }

    /// The last that were issued, of one box or of all: the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest(
        &self,
        appliance: Option<&DeviceName>,
        at_most: u32,
    ) -> Result<Vec<SshIssued>, PeopleError> {
        let rows = match appliance {
            None => {
                sqlx::query(
                    "SELECT serial, key_id, person, appliance, command, sources, fingerprint,
                         issued_at_us, not_after_us
                     FROM ssh_certificates ORDER BY issued_at_us DESC, serial DESC LIMIT $1",
                )
                .bind(i64::from(at_most))
                .fetch_all(self.db.read())
                .await
            }
            Some(appliance) => {
                sqlx::query(
                    "SELECT serial, key_id, person, appliance, command, sources, fingerprint,
                         issued_at_us, not_after_us
                     FROM ssh_certificates WHERE appliance = $1
                     ORDER BY issued_at_us DESC, serial DESC LIMIT $2",
                )
                .bind(appliance.as_str())
                .bind(i64::from(at_most))
                .fetch_all(self.db.read())
                .await
            }
        };
        let rows = rows.map_err(db::Error::from)?;
        Ok(rows.iter().map(issued).collect::<Result<_, _>>()?)
    }
}

fn issued(row: &AnyRow) -> Result<SshIssued, db::Error> {
    let serial: i64 = row.try_get(0)?;
    let (person, appliance): (String, String) = (row.try_get(2)?, row.try_get(3)?);
    let sources: String = row.try_get(5)?;
    let sources: Result<Vec<SourceNet>, _> = sources.lines().map(str::parse).collect();
    Ok(SshIssued {
        serial: u64::try_from(serial).map_err(corrupt)?,
        key_id: row.try_get(1)?,
        person: PersonName::new(person).map_err(corrupt)?,
        appliance: DeviceName::new(appliance).map_err(corrupt)?,
        force_command: row.try_get(4)?,
        source_addresses: sources.map_err(corrupt)?,
        fingerprint: row.try_get(6)?,
        issued_at: TimeUs(row.try_get(7)?),
        not_after: TimeUs(row.try_get(8)?),
    })
}

fn corrupt(err: impl ToString) -> db::Error {
    db::Error::corrupt("an SSH certificate", err)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

    fn one(serial: u64, appliance: &str, at: TimeUs) -> SshIssued {
        SshIssued {
            serial,
            key_id: format!("anna@{appliance}/{serial}"),
            person: PersonName::new("anna").expect("a name"),
            appliance: DeviceName::new(appliance).expect("a name"),
            force_command: None,
            source_addresses: Vec::new(),
            fingerprint: "SHA256:abc".to_owned(),
            issued_at: at,
            not_after: at.plus_s(10),
        }
    }

    fn serials(issued: &[SshIssued]) -> Vec<u64> {
        issued.iter().map(|it| it.serial).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_was_issued_is_told_as_it_was_the_newest_first() {
        for test in db::testing::both().await {
            let store = SshStore::new(test.db.clone());
            let biggest = SshIssued {
                force_command: Some("appliance status 'ä'".to_owned()),
                source_addresses: ["192.0.2.0/24", "2001:db8::1"]
                    .map(|text| text.parse().expect(text))
                    .to_vec(),
                ..one(u64::try_from(i64::MAX).expect("positive"), "oca2", NOW.plus_s(2))
            };
            for issued in [&one(7, "oca1", NOW), &biggest, &one(3, "oca1", NOW.plus_s(1))] {
                store.add(issued).await.expect(test.name);
            }
            let all = store.newest(None, 10).await.expect(test.name);
            assert_eq!(serials(&all), [biggest.serial, 3, 7], "{}", test.name);
            assert_eq!(all[0], biggest, "{}", test.name);
            let oca1 = DeviceName::new("oca1").expect("a name");
            let of_one = store.newest(Some(&oca1), 1).await.expect(test.name);
            assert_eq!(serials(&of_one), [3], "{}", test.name);
            let again = store.add(&one(7, "oca2", NOW)).await.expect_err("a number twice");
            assert!(matches!(again, PeopleError::Db(err) if err.is_duplicate()));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_what_has_ended_the_last_are_remembered() {
        for test in db::testing::both().await {
            let store = SshStore { db: test.db.clone(), remembered: 3 };
            let mut lasting = one(1, "oca1", NOW);
            lasting.not_after = NOW.plus_s(86_400);
            store.add(&lasting).await.expect(test.name);
            for number in 2..10 {
                let at = NOW.plus_s(i64::try_from(number).expect("few") * 20);
                store.add(&one(number, "oca1", at)).await.expect(test.name);
            }
            let all = store.newest(None, 100).await.expect(test.name);
            assert_eq!(serials(&all), [9, 8, 7, 6, 1], "{}", test.name);
        }
    }
}
