//! Runs in SQL: what was asked, what was answered, and what each box was to hold from then on.
//!
//! The number of a run is that of the placement. What a box is to hold is written where it changes: at a run
//! that is the newest row up to it.

use super::packed::{pack, unpack};
use contract::names::DeviceName;
use contract::time::TimeUs;
use db::counters::{Counter, raise};
use db::{Db, Tx};
use prefill::question::{Answer, Outcome, Question};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::HashMap;

/// How long a run is kept. The newest is kept for good.
const KEPT_S: i64 = 60 * 86_400;

/// A run without what was asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) version: u64,
    /// What was in force before; 0 for the first.
    pub(crate) parent: u64,
    /// What boxes held when the day began; 0 for the first day.
    pub(crate) base: u64,
    /// The day that it is of, in days since 1970-01-01.
    pub(crate) day: i32,
    pub(crate) made_at: TimeUs,
    /// The BLAKE3 of what was asked.
    pub(crate) question_digest: String,
    /// The BLAKE3 of what each box is to hold.
    pub(crate) answer_digest: String,
    pub(crate) outcome: Outcome,
}

/// What boxes are to hold, by numbers of titles.
pub(crate) type Holds = HashMap<DeviceName, Vec<u32>>;

/// A run on its way in.
pub(super) struct NewRun<'a> {
    pub(super) parent: Option<&'a Run>,
    pub(super) question: &'a Question,
    pub(super) answer: &'a Answer,
    pub(super) answer_digest: String,
    /// What boxes were to hold by the parent.
    pub(super) before: &'a Holds,
}

/// The runs of this fleet.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    db: Db,
}

/// What [`run`] reads, of those.
macro_rules! runs {
    ($which:literal) => {
        sqlx::query(concat!(
            "SELECT version, parent, base, day, made_at_us, question_digest, answer_digest, outcome \
             FROM prefill_runs ",
            $which
        ))
    };
}

impl Runs {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// The newest run.
    pub(crate) async fn latest(&self) -> Result<Option<Run>, db::Error> {
        let row = runs!("ORDER BY version DESC LIMIT 1").fetch_optional(self.db.read()).await?;
        row.as_ref().map(run).transpose()
    }

    /// The newest of the days before one.
    pub(super) async fn before_day(&self, day: i32) -> Result<Option<Run>, db::Error> {
        let query = runs!("WHERE day < $1 ORDER BY version DESC LIMIT 1").bind(i64::from(day));
        query.fetch_optional(self.db.read()).await?.as_ref().map(run).transpose()
    }

    /// One of them.
    pub(crate) async fn one(&self, version: u64) -> Result<Option<Run>, db::Error> {
        let query = runs!("WHERE version = $1").bind(signed(version));
        query.fetch_optional(self.db.read()).await?.as_ref().map(run).transpose()
    }

    /// The newest, newest first.
    pub(crate) async fn list(&self, before: Option<u64>, most: i64) -> Result<Vec<Run>, db::Error> {
        let query = runs!("WHERE version < $1 ORDER BY version DESC LIMIT $2");
        let query = query.bind(before.map_or(i64::MAX, signed)).bind(most);
        query.fetch_all(self.db.read()).await?.iter().map(run).collect()
    }

    /// What was asked.
    pub(crate) async fn question(&self, version: u64) -> Result<Option<Question>, db::Error> {
        let query = sqlx::query("SELECT question FROM prefill_runs WHERE version = $1");
        let row = query.bind(signed(version)).fetch_optional(self.db.read()).await?;
        let read = |row: AnyRow| -> Result<Question, db::Error> {
            let bytes: Vec<u8> = row.try_get(0)?;
            unpack(&bytes).map_err(corrupt)
        };
        row.map(read).transpose()
    }

    /// What each box is to hold at a run, by numbers of its question.
    pub(crate) async fn holds(&self, version: u64) -> Result<Holds, db::Error> {
        let rows = sqlx::query(
            "SELECT appliance, titles FROM prefill_holds WHERE version =
                 (SELECT MAX(newest.version) FROM prefill_holds AS newest
                  WHERE newest.appliance = prefill_holds.appliance AND newest.version <= $1)",
        )
        .bind(signed(version))
        .fetch_all(self.db.read())
        .await?;
        let read = |row: &AnyRow| -> Result<(DeviceName, Vec<u32>), db::Error> {
            let (name, bytes): (String, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            let device = DeviceName::new(&name).map_err(corrupt)?;
            Ok((device, unpack(&bytes).map_err(corrupt)?))
        };
        rows.iter().map(read).collect()
    }

    /// Takes down a run, if what was in force when it was made still is; `None` if another manager was faster.
    pub(super) async fn record(
        &self,
        new: NewRun<'_>,
        question_digest: String,
        now: TimeUs,
    ) -> Result<Option<Run>, db::Error> {
        let mut tx = self.db.begin().await?;
        let version = raise(&mut tx, Counter::Placement, 1).await?;
        let newest =
            sqlx::query("SELECT MAX(version) FROM prefill_runs").fetch_one(&mut *tx).await?;
        let newest: Option<i64> = newest.try_get(0)?;
        if newest.unwrap_or(0) != new.parent.map_or(0, |it| signed(it.version)) {
            return Ok(None);
        }
        let made = Run {
            version: unsigned(version)?,
            parent: new.parent.map_or(0, |it| it.version),
            base: new.question.base.unwrap_or(0),
            day: new.question.day,
            made_at: now,
            question_digest,
            answer_digest: new.answer_digest.clone(),
            outcome: new.answer.outcome.clone(),
        };
        insert(&mut tx, &made, new.question).await?;
        for (device, titles) in changed(&new) {
            let query =
                "INSERT INTO prefill_holds (appliance, version, titles) VALUES ($1, $2, $3)";
            let bytes = pack(titles).map_err(corrupt)?;
            let query = sqlx::query(query).bind(device.as_str()).bind(version).bind(bytes);
            query.execute(&mut *tx).await?;
        }
        forget(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Some(made))
    }
}

/// Boxes that are to hold something else than by the parent; those that have gone hold nothing.
fn changed<'a>(new: &NewRun<'a>) -> Vec<(&'a DeviceName, &'a [u32])> {
    let boxes = new.answer.boxes.iter().map(|one| (&one.device, one.titles.as_slice()));
    let is_there = |device: &DeviceName| {
        new.answer.boxes.binary_search_by(|one| one.device.cmp(device)).is_ok()
    };
    let gone = new.before.iter().filter(|(device, titles)| !titles.is_empty() && !is_there(device));
    let gone = gone.map(|(device, _)| (device, &[][..]));
    let is_another =
        |it: &(&DeviceName, &[u32])| new.before.get(it.0).map(Vec::as_slice) != Some(it.1);
    boxes.chain(gone).filter(is_another).collect()
}

async fn insert(tx: &mut Tx, made: &Run, question: &Question) -> Result<(), db::Error> {
    sqlx::query(
        "INSERT INTO prefill_runs (version, parent, base, day, made_at_us, question,
             question_digest, answer_digest, outcome)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(signed(made.version))
    .bind(signed(made.parent))
    .bind(signed(made.base))
    .bind(i64::from(made.day))
    .bind(made.made_at.0)
    .bind(pack(question).map_err(corrupt)?)
    .bind(made.question_digest.as_str())
    .bind(made.answer_digest.as_str())
    .bind(serde_json::to_string(&made.outcome).map_err(corrupt)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Lets old runs go; of what boxes were to hold, what a run that is kept still says stays.
async fn forget(tx: &mut Tx, now: TimeUs) -> Result<(), db::Error> {
    sqlx::query(
        "DELETE FROM prefill_runs WHERE made_at_us < $1 AND version < (SELECT MAX(version) FROM prefill_runs)",
    )
    .bind(now.plus_s(-KEPT_S).0)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM prefill_holds WHERE EXISTS
             (SELECT 1 FROM prefill_holds AS newer WHERE newer.appliance = prefill_holds.appliance
              AND newer.version > prefill_holds.version
              AND newer.version <= (SELECT MIN(version) FROM prefill_runs))",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn run(row: &AnyRow) -> Result<Run, db::Error> {
    let outcome: String = row.try_get(7)?;
    let day: i64 = row.try_get(3)?;
    Ok(Run {
        version: unsigned(row.try_get(0)?)?,
        parent: unsigned(row.try_get(1)?)?,
        base: unsigned(row.try_get(2)?)?,
        day: i32::try_from(day).map_err(corrupt)?,
        made_at: TimeUs(row.try_get(4)?),
        question_digest: row.try_get(5)?,
        answer_digest: row.try_get(6)?,
        outcome: serde_json::from_str(&outcome).map_err(corrupt)?,
    })
}

fn signed(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

fn unsigned(version: i64) -> Result<u64, db::Error> {
    u64::try_from(version).map_err(corrupt)
}

fn corrupt(why: impl ToString) -> db::Error {
    db::Error::corrupt("a run of the placement", why)
}
