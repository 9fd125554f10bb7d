//! What was ordered, and what became of it, in SQL: neither counts nor pauses are lost with a
//! process.

use crate::admission::{Budget, Ended, History, Later, Past, admit, failures, pause};
use ca::{Fault, NotIssued};
use contract::names::DeviceName;
use contract::time::TimeUs;
use db::counters::{self, Counter};
use db::{Db, Error, Tx};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::time::Duration;

/// How far back an order matters: nothing is limited by more than a week.
const KEPT_S: i64 = 8 * 86_400;

/// Pauses do not grow any more after so many failures; and of all boxes there are no more under way.
const LAST_ORDERS: i64 = 32;

/// What was ordered of one authority.
#[derive(Debug, Clone)]
pub struct OrderStore {
    db: Db,
    authority: String,
    budget: Budget,
}

/// An order that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderId {
    number: i64,
    begun_at: TimeUs,
}

impl OrderStore {
    /// Of the authority with this name.
    #[must_use]
    pub fn new(db: Db, authority: &str, budget: Budget) -> Self {
        Self { db, authority: authority.to_owned(), budget }
    }

    /// Begins an order, if it may be; it is counted from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(
        &self,
        device: &DeviceName,
        host_names: &[String],
        now: TimeUs,
    ) -> Result<Result<OrderId, Later>, Error> {
        // What writes first has the others wait: two boxes do not take the last order of an hour.
        let mut tx = self.db.begin().await?;
        let id = counters::raise(&mut tx, Counter::Order, 1).await?;
        let history = self.history(&mut tx, device).await?;
        if let Err(later) = admit(&self.budget, &history, now) {
            return Ok(Err(later));
        }
        sqlx::query(
            "INSERT INTO certificate_orders (id, authority, appliance, host_names, begun_at_us)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(&self.authority)
        .bind(device.as_str())
        .bind(host_names.join("\n"))
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM certificate_orders WHERE begun_at_us < $1")
            .bind(now.plus_s(-KEPT_S).0)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Ok(OrderId { number: id, begun_at: now }))
    }

    /// The order has led to a certificate.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn issued(&self, order: OrderId) -> Result<(), Error> {
        self.end(order, ISSUED).await
    }

    /// The order was cut off, and what it has left is cleared away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cut_off(&self, order: OrderId) -> Result<(), Error> {
        self.end(order, CUT_OFF).await
    }

    /// The order came to nothing; gives when the next may begin.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failed(
        &self,
        order: OrderId,
        device: &DeviceName,
        why: &NotIssued,
        (now, spread): (TimeUs, f64),
    ) -> Result<TimeUs, Error> {
        let mut tx = self.db.begin().await?;
        let history = self.history(&mut tx, device).await?;
        let (orders, outcome) = match why.fault {
            Fault::OfWish => (&history.of_box, REFUSED),
            Fault::OfAuthority => (&history.of_all, FAILED),
        };
        let own = pause(&self.budget, failures(orders, why.fault, order.begun_at), spread);
        let pause = own.max(why.retry_after.unwrap_or_default());
        let retry_at = after(now, pause);
        end(&mut tx, order, outcome, Some((&why.why, retry_at))).await?;
        tx.commit().await?;
        Ok(retry_at)
    }

    async fn end(&self, order: OrderId, outcome: &str) -> Result<(), Error> {
        let mut tx = self.db.begin().await?;
        end(&mut tx, order, outcome, None).await?;
        Ok(tx.commit().await?)
    }

    /// What an earlier process has left under way, with the host names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn left(&self) -> Result<Vec<(OrderId, Vec<String>)>, Error> {
        let rows = sqlx::query(
            "SELECT id, begun_at_us, host_names FROM certificate_orders
             WHERE authority = $1 AND outcome IS NULL ORDER BY id",
        )
        .bind(&self.authority)
        .fetch_all(self.db.read())
        .await?;
        let read = |row: &AnyRow| -> Result<_, Error> {
            let (number, begun_at) = (row.try_get(0)?, TimeUs(row.try_get(1)?));
            let names: String = row.try_get(2)?;
            Ok((OrderId { number, begun_at }, names.lines().map(str::to_owned).collect()))
        };
        rows.iter().map(read).collect()
    }

    /// Boxes whose last order came to nothing: why, and when the next may begin.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn troubles(&self) -> Result<Vec<(DeviceName, String, TimeUs)>, Error> {
        let rows = sqlx::query(
            "SELECT appliance, problem, retry_at_us FROM certificate_orders AS one
             WHERE authority = $1 AND problem IS NOT NULL AND retry_at_us IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM certificate_orders AS other
                     WHERE other.authority = one.authority AND other.appliance = one.appliance
                         AND other.id > one.id AND other.outcome IS NOT NULL)
             ORDER BY appliance",
        )
        .bind(&self.authority)
        .fetch_all(self.db.read())
        .await?;
        let read = |row: &AnyRow| -> Result<_, Error> {
            let name: String = row.try_get(0)?;
            let name = DeviceName::new(&name).map_err(|err| Error::corrupt("an order", err))?;
            Ok((name, row.try_get(1)?, TimeUs(row.try_get(2)?)))
        };
        rows.iter().map(read).collect()
    }

    async fn history(&self, tx: &mut Tx, device: &DeviceName) -> Result<History, Error> {
        Ok(History {
            fills_hour: self.nth(tx, self.budget.per_hour).await?,
            fills_day: self.nth(tx, self.budget.per_day).await?,
            of_box: self.last(tx, Some(device)).await?,
            of_all: self.last(tx, None).await?,
        })
    }

    /// When the last order but so many was begun.
    async fn nth(&self, tx: &mut Tx, count: u32) -> Result<Option<TimeUs>, Error> {
        let row = sqlx::query(
            "SELECT begun_at_us FROM certificate_orders WHERE authority = $1
             ORDER BY begun_at_us DESC LIMIT 1 OFFSET $2",
        )
        .bind(&self.authority)
        .bind(i64::from(count.saturating_sub(1)))
        .fetch_optional(&mut **tx)
        .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.map(TimeUs))
    }

    async fn last(&self, tx: &mut Tx, device: Option<&DeviceName>) -> Result<Vec<Past>, Error> {
        let rows = sqlx::query(
            "SELECT begun_at_us, outcome, problem, retry_at_us FROM certificate_orders
             WHERE authority = $1 AND (appliance = $2 OR $2 = '') ORDER BY id DESC LIMIT $3",
        )
        .bind(&self.authority)
        .bind(device.map_or("", DeviceName::as_str))
        .bind(LAST_ORDERS)
        .fetch_all(&mut **tx)
        .await?;
        rows.iter().map(past).collect()
    }
}

const ISSUED: &str = "issued";
const REFUSED: &str = "refused";
const FAILED: &str = "failed";
const CUT_OFF: &str = "cut_off";

async fn end(
    tx: &mut Tx,
    order: OrderId,
    outcome: &str,
    failed: Option<(&str, TimeUs)>,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE certificate_orders SET outcome = $1, problem = $2, retry_at_us = $3
         WHERE id = $4 AND outcome IS NULL",
    )
    .bind(outcome)
    .bind(failed.map(|(problem, _)| problem))
    .bind(failed.map(|(_, retry_at)| retry_at.0))
    .bind(order.number)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn past(row: &AnyRow) -> Result<Past, Error> {
    let begun_at = TimeUs(row.try_get(0)?);
    let outcome: Option<String> = row.try_get(1)?;
    let failed = |fault| -> Result<Ended, Error> {
        let problem: Option<String> = row.try_get(2)?;
        let retry_at: Option<i64> = row.try_get(3)?;
        let (problem, retry_at) = (problem.unwrap_or_default(), TimeUs(retry_at.unwrap_or(0)));
        Ok(Ended::Failed { fault, problem, retry_at })
    };
    let ended = match outcome.as_deref() {
        None => None,
        Some(ISSUED) => Some(Ended::Issued),
        Some(REFUSED) => Some(failed(Fault::OfWish)?),
        Some(FAILED) => Some(failed(Fault::OfAuthority)?),
        Some(_) => Some(Ended::CutOff),
    };
    Ok(Past { begun_at, ended })
}

fn after(now: TimeUs, pause: Duration) -> TimeUs {
    let pause_us = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
    TimeUs(now.0.saturating_add(pause_us))
}

#[cfg(test)]
mod tests;
