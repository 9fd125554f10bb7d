//! What machines say that they are made of, kept as they said it last.

use super::{Changing, Refused};
use crate::kinds::DEVICE;
use crate::observed::Observed;
use contract::envelope::Generation;
use contract::object::Digest;
use db::{Db, Error};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};
use std::collections::HashMap;

/// What a machine has said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hardware {
    /// What it said.
    pub observed: Observed,
    /// When it said so first, in microseconds.
    pub seen_at_us: i64,
}

const SELECTED: &str = "SELECT device, digest, serial, parts, epoch, generation, seen_at_us \
                        FROM observed_hardware";

/// What a machine has said last; nothing where it has said nothing yet.
///
/// # Errors
/// When the database fails, or what stands there makes no sense.
pub async fn hardware(db: &Db, device: &str) -> Result<Option<Hardware>, Error> {
    let text = format!("{SELECTED} WHERE device = $1");
    let row = sqlx::query(AssertSqlSafe(text)).bind(device).fetch_optional(db.read()).await?;
    row.map(|row| read(&row)).transpose()
}

/// By which digest and serial number each machine is known.
///
/// # Errors
/// As [`hardware`].
pub async fn known_hardware(db: &Db) -> Result<HashMap<String, (Digest, Option<String>)>, Error> {
    let rows = sqlx::query("SELECT device, digest, serial FROM observed_hardware");
    let one = |row: &AnyRow| {
        let device: String = row.try_get(0)?;
        let digest = digest(&device, &row.try_get::<String, _>(1)?)?;
        Ok((device, (digest, row.try_get(2)?)))
    };
    rows.fetch_all(db.read()).await?.iter().map(one).collect()
}

fn digest(device: &str, text: &str) -> Result<Digest, Error> {
    Digest::try_from(text.to_owned())
        .map_err(|err| Error::corrupt(format!("the hardware of {device}"), err))
}

fn read(row: &AnyRow) -> Result<Hardware, Error> {
    let device: String = row.try_get(0)?;
    let corrupt = |err| Error::corrupt(format!("the hardware of {device}"), err);
    let parts = serde_json::from_str(&row.try_get::<String, _>(3)?).map_err(corrupt)?;
    let (epoch, number) = (row.try_get::<Option<i64>, _>(4)?, row.try_get::<Option<i64>, _>(5)?);
    let generation = epoch.zip(number).and_then(|(epoch, number)| {
        Some(Generation { epoch: u32::try_from(epoch).ok()?, number: u64::try_from(number).ok()? })
    });
    let digest = digest(&device, &row.try_get::<String, _>(1)?)?;
    let observed = Observed { serial: row.try_get(2)?, parts, digest, generation, device };
    Ok(Hardware { observed, seen_at_us: row.try_get(6)? })
}

impl Changing {
    /// A machine says what it is made of. What it knows better than anybody is taken over; all else that is
    /// otherwise is written down when all is done.
    ///
    /// # Errors
    /// [`Refused::NotFound`] where there is no such device; else when the database fails.
    pub async fn observe(&mut self, observed: &Observed) -> Result<(), Refused> {
        self.found(&DEVICE, &observed.device, None).await?;
        let before = self.said_by(&observed.device).await?;
        let before = before.map(|it| it.observed.parts).unwrap_or_default();
        self.keep(observed).await?;
        self.learn(observed, &before).await?;
        self.observed.push(observed.device.clone());
        Ok(())
    }

    /// What a machine has said last, as of here.
    pub(super) async fn said_by(&mut self, device: &str) -> Result<Option<Hardware>, Error> {
        let text = format!("{SELECTED} WHERE device = $1");
        let asked = sqlx::query(AssertSqlSafe(text)).bind(device);
        let row = asked.fetch_optional(&mut **self.here().0).await?;
        row.map(|row| read(&row)).transpose()
    }

    async fn keep(&mut self, observed: &Observed) -> Result<(), Error> {
        let Observed { device, serial, parts, digest, generation } = observed;
        let text = serde_json::to_string(parts).map_err(|err| Error::corrupt("parts", err))?;
        let count = |generation: &Generation| {
            (i64::from(generation.epoch), i64::try_from(generation.number).unwrap_or(i64::MAX))
        };
        let (epoch, number) = generation.as_ref().map(count).unzip();
        let (_, now_us) = self.by();
        sqlx::query(
            "INSERT INTO observed_hardware (device, digest, serial, parts, epoch, generation, seen_at_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (device) DO UPDATE SET digest = excluded.digest, serial = excluded.serial,
                 parts = excluded.parts, epoch = excluded.epoch, generation = excluded.generation,
                 seen_at_us = excluded.seen_at_us",
        )
        .bind(device.as_str())
        .bind(digest.to_string())
        .bind(serial.clone())
        .bind(text)
        .bind(epoch)
        .bind(number)
        .bind(now_us)
        .execute(&mut **self.here().0)
        .await?;
        Ok(())
    }
}
