//! Demand in SQL.

use super::Store;
use crate::demand::{DemandError, MANAGER, MAX_BOOTS, MAX_SOURCE_ROWS, SiteDemand, Sum};
use contract::demand::{DemandReport, TitleDemand, day_of};
use contract::names::{DeviceName, SiteName};
use contract::time::TimeUs;
use db::counters::{Counter, raise, value};
use db::{Error, Tx};
use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Row};
use std::io::Read;

/// Eight weeks of weekdays, and what a late month needs.
const KEPT_DAYS: i64 = 60;

/// What rows may have when they are read again: of names of the greatest length, and figures.
const MAX_JSON_BYTES: u64 = 64 << 20;

/// Names repeat, and digits: more is not worth the time.
const LEVEL: i32 = 3;

/// Whatever stood there before goes.
const REPLACE: &str = "INSERT INTO demand_days (day, site, source, received_at_us, \"rows\")
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (day, site, source) DO UPDATE
        SET received_at_us = excluded.received_at_us, \"rows\" = excluded.\"rows\"";

/// A day, a site and a source.
type Place<'a> = (i32, &'a str, &'a str);

impl Store {
    pub(crate) async fn merge_demand(
        &self,
        device: &DeviceName,
        boot_id: &str,
        demand: DemandReport,
        now: TimeUs,
    ) -> Result<(), DemandError> {
        let (source, DemandReport { day, rows }) = (format!("{device}/{boot_id}"), demand);
        let mut tx = self.db.begin().await?;
        let site = site_of(&mut tx, device).await?;
        let place = (day, &*site, &*source);
        // Writes first: whoever else speaks for this source waits until the transaction has ended.
        let upsert = "INSERT INTO demand_days (day, site, source, received_at_us, \"rows\")
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (day, site, source) DO UPDATE
                 SET received_at_us = excluded.received_at_us";
        write(&mut *tx, upsert, place, now, Vec::new()).await?;
        if boots_of(&mut tx, device, place).await? > MAX_BOOTS {
            return Err(DemandError::TooManyBoots { device: device.clone(), day });
        }
        let before = rows_of(&mut tx, place).await?;
        let merged = aside(move || {
            let mut sum = Sum::default();
            sum.rise(unpack(&before)?);
            sum.rise(rows);
            let merged = pack(sum)?;
            let is_another = merged != before;
            Ok::<_, DemandError>((merged, is_another))
        });
        let (merged, is_another) = merged.await?;
        write(&mut *tx, REPLACE, place, now, merged).await?;
        if is_another {
            told_of(&mut tx, day, now).await?;
        }
        Ok(tx.commit().await.map_err(Error::from)?)
    }

    pub(crate) async fn put_demand(
        &self,
        place: Place<'_>,
        rows: Vec<TitleDemand>,
        now: TimeUs,
    ) -> Result<(), DemandError> {
        let packed = aside(move || {
            let mut sum = Sum::default();
            sum.add(rows);
            pack(sum)
        });
        let packed = packed.await?;
        let mut tx = self.db.begin().await?;
        write(&mut *tx, REPLACE, place, now, packed).await?;
        told_of(&mut tx, place.0, now).await?;
        Ok(tx.commit().await.map_err(Error::from)?)
    }

    pub(crate) async fn demand_days(&self, since: i32) -> Result<Vec<i32>, Error> {
        let rows = sqlx::query("SELECT DISTINCT day FROM demand_days WHERE day >= $1 ORDER BY day")
            .bind(i64::from(since))
            .fetch_all(self.db.read())
            .await?;
        let day = |row: &AnyRow| {
            let day: i64 = row.try_get(0)?;
            i32::try_from(day).map_err(|err| Error::corrupt("a day of demand", err))
        };
        rows.iter().map(day).collect()
    }

    /// Site by site, so that what is read is never more than one of them and the sums.
    pub(crate) async fn demand_of(&self, day: i32) -> Result<Vec<SiteDemand>, Error> {
        let mut tx = self.db.snapshot().await?;
        let sites = "SELECT DISTINCT site FROM demand_days WHERE day = $1 ORDER BY site";
        let sites = sqlx::query(sites).bind(i64::from(day)).fetch_all(&mut *tx).await?;
        let mut all = Vec::new();
        for site in sites {
            let site: String = site.try_get(0)?;
            let query = "SELECT source, \"rows\" FROM demand_days WHERE day = $1 AND site = $2";
            let query = sqlx::query(query).bind(i64::from(day)).bind(&*site);
            let rows = query.fetch_all(&mut *tx).await?;
            let of_source = |row: &AnyRow| Ok((row.try_get(0)?, row.try_get(1)?));
            let packed: Result<Vec<(String, Vec<u8>)>, Error> =
                rows.iter().map(of_source).collect();
            let packed = packed?;
            let sums = aside(move || {
                let (mut counted, mut elsewhere) = (Sum::default(), Sum::default());
                for (source, packed) in packed {
                    let is_manager = source.starts_with(MANAGER);
                    let sum = if is_manager { &mut elsewhere } else { &mut counted };
                    sum.add(unpack(&packed)?);
                }
                Ok::<_, Error>((counted.into_rows(), elsewhere.into_rows()))
            });
            let site = SiteName::new(site).map_err(|err| Error::corrupt("a site", err))?;
            let (rows, elsewhere) = sums.await?;
            all.push(SiteDemand { site, rows, elsewhere });
        }
        Ok(all)
    }

    pub(crate) async fn demand_version(&self) -> Result<i64, Error> {
        value(&self.db, Counter::Demand).await
    }

    pub(crate) async fn forget_demand(&self, now: TimeUs) -> Result<u64, Error> {
        let done = sqlx::query("DELETE FROM demand_days WHERE day < $1")
            .bind(i64::from(day_of(now)) - KEPT_DAYS)
            .execute(self.db.write())
            .await?;
        Ok(done.rows_affected())
    }
}

async fn write(
    writer: impl Executor<'_, Database = Any>,
    statement: &'static str,
    (day, site, source): Place<'_>,
    now: TimeUs,
    rows: Vec<u8>,
) -> Result<(), Error> {
    let query = sqlx::query(statement).bind(i64::from(day)).bind(site).bind(source);
    query.bind(now.0).bind(rows).execute(writer).await?;
    Ok(())
}

/// Who forecasts looks at days that are over; today goes on.
async fn told_of(tx: &mut Tx, day: i32, now: TimeUs) -> Result<(), Error> {
    let is_over = day < day_of(now);
    if is_over {
        raise(tx, Counter::Demand, 1).await?;
    }
    Ok(())
}

/// Where a box stands now.
async fn site_of(tx: &mut Tx, device: &DeviceName) -> Result<String, DemandError> {
    let found = sqlx::query("SELECT site FROM devices WHERE \"key\" = $1")
        .bind(device.as_str())
        .fetch_optional(&mut **tx)
        .await
        .map_err(Error::from)?;
    let found = found.ok_or_else(|| DemandError::UnknownDevice(device.clone()))?;
    Ok(found.try_get(0).map_err(Error::from)?)
}

/// How many boots of a box have a row beside this one.
async fn boots_of(
    tx: &mut Tx,
    device: &DeviceName,
    (day, site, _): Place<'_>,
) -> Result<i64, Error> {
    // What begins with its name and a slash is less than its name and what comes after a slash.
    let text = "SELECT COUNT(*) FROM demand_days
         WHERE day = $1 AND site = $2 AND source >= $3 AND source < $4";
    let query = sqlx::query(text).bind(i64::from(day)).bind(site);
    let query = query.bind(format!("{device}/")).bind(format!("{device}0"));
    Ok(query.fetch_one(&mut **tx).await?.try_get(0)?)
}

async fn rows_of(tx: &mut Tx, (day, site, source): Place<'_>) -> Result<Vec<u8>, Error> {
    let text = "SELECT \"rows\" FROM demand_days WHERE day = $1 AND site = $2 AND source = $3";
    let query = sqlx::query(text).bind(i64::from(day)).bind(site).bind(source);
    Ok(query.fetch_one(&mut **tx).await?.try_get(0)?)
}

/// What takes milliseconds for a large box keeps no other request waiting.
async fn aside<T: Send + 'static, E: From<Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(err) => Err(Error::corrupt("demand", err).into()),
    }
}

fn pack(sum: Sum) -> Result<Vec<u8>, DemandError> {
    if sum.len() > MAX_SOURCE_ROWS {
        return Err(DemandError::TooManyRows(sum.len()));
    }
    let json = serde_json::to_vec(&sum.into_rows());
    let json = json.map_err(|err| Error::corrupt("demand", err))?;
    Ok(zstd::encode_all(&*json, LEVEL).map_err(|err| Error::corrupt("demand", err))?)
}

fn unpack(packed: &[u8]) -> Result<Vec<TitleDemand>, Error> {
    if packed.is_empty() {
        return Ok(Vec::new());
    }
    let corrupt = |err: &dyn std::fmt::Display| Error::corrupt("demand", err);
    let mut json = Vec::new();
    let text = zstd::Decoder::new(packed).map_err(|err| corrupt(&err))?;
    text.take(MAX_JSON_BYTES).read_to_end(&mut json).map_err(|err| corrupt(&err))?;
    serde_json::from_slice(&json).map_err(|err| corrupt(&err))
}
