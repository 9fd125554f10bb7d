//! Late reports in SQL.

use super::{EVENT_LIFE_S, Store, forget_old_events, insert_event};
use crate::ReportError;
use crate::late::RecordedLateReport;
use contract::late::{LateReport, LateReports};
use contract::names::DeviceName;
use contract::report::Load;
use contract::time::TimeUs;
use db::Tx;
use sqlx::Row;
use sqlx::any::AnyRow;

/// As long as events.
const LIFE_S: i64 = EVENT_LIFE_S;

impl Store {
    pub(crate) async fn record_late(
        &self,
        late: &LateReports,
        now: TimeUs,
    ) -> Result<u64, ReportError> {
        let mut tx = self.db.begin().await?;
        let mut new = 0;
        for report in &late.reports {
            new += insert(&mut tx, &late.device, report, now).await.map_err(|err| {
                match err.is_reference() {
                    true => ReportError::UnknownDevice(late.device.clone()),
                    false => err.into(),
                }
            })?;
            for event in &report.events {
                insert_event(&mut tx, &late.device, &report.boot_id, event, now).await?;
            }
        }
        forget_old_events(&mut tx, &late.device, now).await?;
        forget_old(&mut tx, &late.device, now).await?;
        tx.commit().await.map_err(db::Error::from)?;
        Ok(new)
    }

    pub(crate) async fn late_reports(
        &self,
        device: &DeviceName,
        at_most: i64,
    ) -> Result<Vec<RecordedLateReport>, db::Error> {
        let rows = sqlx::query(
            "SELECT boot_id, sequence, made_at_us, received_at_us, dropped_before, objects_wanted,
                 objects_held, bytes_held, connections, load_1m, rate_bytes_per_s, traffic
             FROM late_reports WHERE appliance = $1
             ORDER BY made_at_us DESC, boot_id, sequence DESC LIMIT $2",
        )
        .bind(device.as_str())
        .bind(at_most)
        .fetch_all(self.db.read())
        .await?;
        rows.iter().map(read).collect()
    }
}

/// Gives 1 where it is new.
async fn insert(
    tx: &mut Tx,
    device: &DeviceName,
    report: &LateReport,
    now: TimeUs,
) -> Result<u64, db::Error> {
    let traffic = serde_json::to_string(&report.traffic)
        .map_err(|err| db::Error::corrupt("a late report", err))?;
    let done = sqlx::query(
        "INSERT INTO late_reports (appliance, boot_id, sequence, made_at_us, received_at_us,
             dropped_before, objects_wanted, objects_held, bytes_held, connections, load_1m,
             rate_bytes_per_s, traffic)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (appliance, boot_id, sequence) DO NOTHING",
    )
    .bind(device.as_str())
    .bind(report.boot_id.as_str())
    .bind(signed(report.sequence))
    .bind(report.made_at_us.0)
    .bind(now.0)
    .bind(signed(report.dropped_before))
    .bind(signed(report.objects_wanted))
    .bind(signed(report.objects_held))
    .bind(signed(report.bytes_held))
    .bind(signed(report.load.connections))
    .bind(report.load.load_1m)
    .bind(signed(report.load.rate_bytes_per_s))
    .bind(traffic)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected())
}

async fn forget_old(tx: &mut Tx, device: &DeviceName, now: TimeUs) -> Result<(), db::Error> {
    sqlx::query("DELETE FROM late_reports WHERE appliance = $1 AND received_at_us < $2")
        .bind(device.as_str())
        .bind(now.plus_s(-LIFE_S).0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn read(row: &AnyRow) -> Result<RecordedLateReport, db::Error> {
    let number = |at: usize| -> Result<u64, db::Error> {
        Ok(u64::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0))
    };
    let traffic: String = row.try_get(11)?;
    let traffic = serde_json::from_str(&traffic);
    Ok(RecordedLateReport {
        received_at: TimeUs(row.try_get(3)?),
        report: LateReport {
            boot_id: row.try_get(0)?,
            sequence: number(1)?,
            made_at_us: TimeUs(row.try_get(2)?),
            dropped_before: number(4)?,
            objects_wanted: number(5)?,
            objects_held: number(6)?,
            bytes_held: number(7)?,
            load: Load {
                connections: number(8)?,
                load_1m: row.try_get(9)?,
                rate_bytes_per_s: number(10)?,
                ram_used_bytes: 0,
            },
            traffic: traffic.map_err(|err| db::Error::corrupt("a late report", err))?,
            events: Vec::new(),
        },
    })
}
