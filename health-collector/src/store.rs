//! Reports, events and holdings in SQL.

mod demand;
mod late;
mod together;

use crate::order::Position;
use crate::{Latest, ReportError};
use contract::names::{DeviceName, GroupName, TitleName};
use contract::report::{Event, Report, Severity};
use contract::time::TimeUs;
use db::{Db, Tx};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::{HashMap, HashSet};
use together::Together;

/// Events of a box are kept for this long.
pub(super) const EVENT_LIFE_S: i64 = 30 * 86_400;

/// One revision of a title.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeldTitle {
    /// Its content group.
    pub group: GroupName,
    /// The title.
    pub title: TitleName,
    /// Which revision of it.
    pub revision: i64,
}

/// An event as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// When it came, by our clock.
    pub received_at: TimeUs,
    /// What happened.
    pub event: Event,
}

#[derive(Debug)]
pub(crate) struct Store {
    db: Db,
    together: Together,
}

impl Store {
    pub(crate) fn new(db: Db) -> Self {
        Self { db, together: Together::default() }
    }

    pub(crate) async fn load(&self) -> Result<HashMap<DeviceName, Latest>, db::Error> {
        let mut holds: HashMap<String, HashSet<HeldTitle>> = HashMap::new();
        let rows = sqlx::query("SELECT appliance, content_group, title, revision FROM holdings");
        for row in rows.fetch_all(self.db.read()).await? {
            holds.entry(row.try_get(0)?).or_default().insert(held_title(&row)?);
        }
        let rows = sqlx::query(
            "SELECT appliance, boot_id, previous_boot_id, sequence, received_at_us, report
             FROM appliance_reports",
        );
        let mut all = HashMap::new();
        for row in rows.fetch_all(self.db.read()).await? {
            let name: String = row.try_get(0)?;
            let holds = holds.remove(&name).unwrap_or_default();
            if let Some(latest) = read_latest(&row, holds)? {
                all.insert(latest.report.device.clone(), latest);
            }
        }
        Ok(all)
    }

    pub(crate) async fn heard_at(&self) -> Result<HashMap<DeviceName, TimeUs>, db::Error> {
        let rows = sqlx::query("SELECT appliance, received_at_us FROM appliance_reports");
        let heard = |row: &AnyRow| -> Result<(DeviceName, TimeUs), db::Error> {
            let name: String = row.try_get(0)?;
            let device =
                DeviceName::new(&name).map_err(|err| db::Error::corrupt("a report", err))?;
            Ok((device, TimeUs(row.try_get(1)?)))
        };
        rows.fetch_all(self.db.read()).await?.iter().map(heard).collect()
    }

    /// Keeps a report, its events, and what the box holds where that has changed.
    pub(crate) async fn record(
        &self,
        report: &Report,
        position: &Position,
        holds: Option<&HashSet<HeldTitle>>,
        now: TimeUs,
    ) -> Result<(), ReportError> {
        let unknown = |err: db::Error| match err.is_reference() {
            true => ReportError::UnknownDevice(report.device.clone()),
            false => err.into(),
        };
        let row = together::Row::of(report, position, now)?;
        // Nearly all reports are this: one statement, which is all or nothing by itself.
        if report.events.is_empty() && holds.is_none() {
            return self.together.keep(&self.db, row).await.map_err(unknown);
        }
        let mut tx = self.db.begin().await?;
        let is_newest = row.insert(&mut *tx, self.db.engine()).await.map_err(unknown)?;
        for event in &report.events {
            insert_event(&mut tx, &report.device, &report.boot_id, event, now).await?;
        }
        if !report.events.is_empty() {
            forget_old_events(&mut tx, &report.device, now).await?;
        }
        if let Some(holds) = holds.filter(|_| is_newest) {
            replace_holdings(&mut tx, &report.device, holds).await?;
        }
        Ok(tx.commit().await.map_err(db::Error::from)?)
    }

    /// The newest: what happened long ago may have come late, and no clock of a box is
    /// believed beyond the moment in which it spoke.
    pub(crate) async fn events(
        &self,
        device: &DeviceName,
        at_most: i64,
    ) -> Result<Vec<RecordedEvent>, db::Error> {
        let rows = sqlx::query(
            "SELECT received_at_us, sequence, at_us, severity, kind, subject, detail
             FROM appliance_events WHERE appliance = $1
             ORDER BY CASE WHEN at_us < received_at_us THEN at_us ELSE received_at_us END DESC,
                 sequence DESC LIMIT $2",
        )
        .bind(device.as_str())
        .bind(at_most)
        .fetch_all(self.db.read())
        .await?;
        rows.iter().map(read_event).collect()
    }
}

async fn insert_event(
    tx: &mut Tx,
    device: &DeviceName,
    boot_id: &str,
    event: &Event,
    now: TimeUs,
) -> Result<(), db::Error> {
    sqlx::query(
        "INSERT INTO appliance_events (appliance, boot_id, sequence, at_us, received_at_us,
             severity, kind, subject, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (appliance, boot_id, sequence) DO NOTHING",
    )
    .bind(device.as_str())
    .bind(boot_id)
    .bind(i64::try_from(event.sequence).unwrap_or(i64::MAX))
    .bind(event.at_us.0)
    .bind(now.0)
    .bind(severity_name(event.severity))
    .bind(printable(&event.kind, 100))
    .bind(printable(&event.subject, 2100))
    .bind(printable(&event.detail, 2000))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a box says ends on terminals: no control characters, and no novels.
fn printable(text: &str, at_most: usize) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(at_most).map(clean).collect()
}

async fn forget_old_events(tx: &mut Tx, device: &DeviceName, now: TimeUs) -> Result<(), db::Error> {
    sqlx::query("DELETE FROM appliance_events WHERE appliance = $1 AND received_at_us < $2")
        .bind(device.as_str())
        .bind(now.plus_s(-EVENT_LIFE_S).0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn replace_holdings(
    tx: &mut Tx,
    device: &DeviceName,
    holds: &HashSet<HeldTitle>,
) -> Result<(), db::Error> {
    sqlx::query("DELETE FROM holdings WHERE appliance = $1")
        .bind(device.as_str())
        .execute(&mut **tx)
        .await?;
    for held in holds {
        sqlx::query(
            "INSERT INTO holdings (appliance, content_group, title, revision)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(device.as_str())
        .bind(held.group.as_str())
        .bind(held.title.as_str())
        .bind(held.revision)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// A report of an older schema is left out: the box will soon send another.
fn read_latest(row: &AnyRow, holds: HashSet<HeldTitle>) -> Result<Option<Latest>, db::Error> {
    let (sequence, text): (i64, String) = (row.try_get(3)?, row.try_get(5)?);
    let Ok(report) = serde_json::from_str(&text) else { return Ok(None) };
    let position = Position {
        boot_id: row.try_get(1)?,
        previous_boot_id: row.try_get(2)?,
        sequence: u64::try_from(sequence).unwrap_or(0),
    };
    Ok(Some(Latest::restored(report, TimeUs(row.try_get(4)?), holds, position)))
}

fn held_title(row: &AnyRow) -> Result<HeldTitle, db::Error> {
    let (group, title): (String, String) = (row.try_get(1)?, row.try_get(2)?);
    Ok(HeldTitle {
        group: GroupName::new(group).map_err(|err| db::Error::corrupt("a holding", err))?,
        title: TitleName::new(title).map_err(|err| db::Error::corrupt("a holding", err))?,
        revision: row.try_get(3)?,
    })
}

fn read_event(row: &AnyRow) -> Result<RecordedEvent, db::Error> {
    let (sequence, severity): (i64, String) = (row.try_get(1)?, row.try_get(3)?);
    Ok(RecordedEvent {
        received_at: TimeUs(row.try_get(0)?),
        event: Event {
            sequence: u64::try_from(sequence).unwrap_or(0),
            at_us: TimeUs(row.try_get(2)?),
            severity: severity_of(&severity),
            kind: row.try_get(4)?,
            subject: row.try_get(5)?,
            detail: row.try_get(6)?,
        },
    })
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

fn severity_of(name: &str) -> Severity {
    match name {
        "critical" => Severity::Critical,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    }
}

#[cfg(test)]
mod demand_tests;
#[cfg(test)]
mod tests;
