//! Reports that come at once are kept at once: while one statement is under way all others wait, and the next
//! takes them along. Who alone comes waits for nobody; the more come, the less each of them costs.

use crate::order::Position;
use contract::report::Report;
use contract::time::TimeUs;
use db::{Db, Engine};
use sqlx::{Any, AssertSqlSafe, Executor};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

/// Reports in one statement: there are as many statements to prepare as there are numbers of them, and the
/// longest reports (1 MiB) are still few megabytes.
const MOST: usize = 16;

/// What stands of a report in its row.
#[derive(Debug)]
pub(super) struct Row {
    appliance: String,
    boot_id: String,
    previous_boot_id: Option<String>,
    sequence: i64,
    received_at_us: i64,
    report: String,
}

/// Reports on their way into the database.
#[derive(Debug, Default)]
pub(super) struct Together {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    row: Arc<Row>,
    kept: oneshot::Sender<()>,
}

impl Row {
    pub(super) fn of(report: &Report, position: &Position, now: TimeUs) -> Result<Self, db::Error> {
        // PostgreSQL keeps no NUL in text; in JSON it can only come as this escape.
        let text = serde_json::to_string(report);
        Ok(Self {
            appliance: report.device.to_string(),
            boot_id: position.boot_id.clone(),
            previous_boot_id: position.previous_boot_id.clone(),
            sequence: i64::try_from(position.sequence).unwrap_or(i64::MAX),
            received_at_us: now.0,
            report: text.map_err(|err| db::Error::corrupt("a report", err))?,
        })
    }

    /// Puts it in the place of the one before; false where that is a later one.
    pub(super) async fn insert(
        &self,
        writer: impl Executor<'_, Database = Any>,
        engine: Engine,
    ) -> Result<bool, db::Error> {
        insert(writer, engine, &[self]).await
    }
}

impl Together {
    /// Keeps a report; with it those that wait.
    pub(super) async fn keep(&self, db: &Db, row: Row) -> Result<(), db::Error> {
        let row = Arc::new(row);
        let (kept, mut told) = oneshot::channel();
        self.waiting().push(Waiting { row: Arc::clone(&row), kept });
        if !self.is_kept(db, &mut told).await {
            row.insert(db.write(), db.engine()).await?;
        }
        Ok(())
    }

    /// Sees to it that a report is no longer waiting; gives whether it was kept with others.
    async fn is_kept(&self, db: &Db, told: &mut oneshot::Receiver<()>) -> bool {
        let _turn = self.turn.lock().await;
        loop {
            match told.try_recv() {
                Ok(()) => return true,
                Err(TryRecvError::Empty) => self.keep_next(db).await,
                // One of them was refused, or who had taken this one along went away before it was done.
                Err(TryRecvError::Closed) => return false,
            }
        }
    }

    /// Keeps the next that wait. Where that fails, they are left to themselves: one that is refused keeps no other from
    /// being kept. A database that is away is waited for once, by all that wait.
    async fn keep_next(&self, db: &Db) {
        let next = self.next();
        let rows: Vec<&Row> = next.iter().map(|waiting| &*waiting.row).collect();
        match insert(db.write(), db.engine(), &rows).await {
            Ok(_) => {}
            Err(err) if err.is_busy() => return self.waiting().clear(),
            Err(_) => return,
        }
        for waiting in next {
            // Who has gone away asks no more.
            let _ = waiting.kept.send(());
        }
    }

    /// The first that wait, and no box twice: a statement changes no row twice.
    fn next(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        // Nobody was answered for those, and boxes say it again.
        waiting.retain(|it| !it.kept.is_closed());
        let mut boxes = HashSet::new();
        let mut count = 0;
        let is_next = |each: &mut Waiting| {
            let takes = count < MOST && boxes.insert(each.row.appliance.clone());
            count += usize::from(takes);
            takes
        };
        waiting.extract_if(.., is_next).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of one boot no report takes the place of a later one, whichever comes first.
async fn insert(
    writer: impl Executor<'_, Database = Any>,
    engine: Engine,
    rows: &[&Row],
) -> Result<bool, db::Error> {
    let text = format!(
        "INSERT INTO appliance_reports
             (appliance, boot_id, previous_boot_id, sequence, received_at_us, report)
         VALUES {}
         ON CONFLICT (appliance) DO UPDATE SET boot_id = excluded.boot_id,
             previous_boot_id = excluded.previous_boot_id, sequence = excluded.sequence,
             received_at_us = excluded.received_at_us, report = excluded.report
         WHERE appliance_reports.boot_id <> excluded.boot_id
             OR appliance_reports.sequence < excluded.sequence",
        db::values(rows.len(), 6, engine)
    );
    let mut query = sqlx::query(AssertSqlSafe(text));
    for row in rows {
        query = query
            .bind(&*row.appliance)
            .bind(&*row.boot_id)
            .bind(row.previous_boot_id.as_deref())
            .bind(row.sequence)
            .bind(row.received_at_us)
            .bind(&*row.report);
    }
    Ok(query.execute(writer).await?.rows_affected() > 0)
}
