//! Runs in SQL: what was asked, what was answered, and what each box was to hold from then on.
//!
//! The number of a run is that of the placement. Runs follow one another in lines, of which one is told to
//! boxes. What a box is to hold is written where it changes: at a run that is the newest row of its line up to it.

use super::packed::{digest, pack, unpack};
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

/// Runs of which each follows the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line(pub(crate) u64);

impl Line {
    /// What boxes are told.
    pub(crate) const LIVE: Self = Self(0);
}

/// A run without what was asked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) version: u64,
    pub(crate) line: Line,
    /// The one before it in its line; 0 for the first.
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

impl Run {
    /// The one before it in its line, if there is one.
    pub(crate) fn parent(&self) -> Option<u64> {
        Some(self.parent).filter(|version| *version > 0)
    }
}

/// What boxes are to hold, by numbers of titles.
pub(crate) type Holds = HashMap<DeviceName, Vec<u32>>;

/// A run on its way in.
#[derive(Debug)]
pub(super) struct NewRun {
    pub(super) line: Line,
    /// The version of the policy that it follows from.
    pub(super) policy: u64,
    pub(super) parent: Option<Run>,
    pub(super) question: Question,
    pub(super) answer: Answer,
    /// Of the answer.
    pub(super) digest: String,
}

/// The same, as it is written.
struct Written {
    question: Vec<u8>,
    question_digest: String,
    outcome: String,
    /// Boxes that are to hold something else than by the parent.
    holds: Vec<(DeviceName, Vec<u8>)>,
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
            "SELECT version, parent, base, day, made_at_us, question_digest, answer_digest, outcome, \
                 line FROM prefill_runs ",
            $which
        ))
    };
}

impl Runs {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// The newest of a line.
    pub(crate) async fn latest(&self, line: Line) -> Result<Option<Run>, db::Error> {
        let query = runs!("WHERE line = $1 ORDER BY version DESC LIMIT 1").bind(signed(line.0));
        query.fetch_optional(self.db.read()).await?.as_ref().map(run).transpose()
    }

    /// The newest of the days before one.
    pub(super) async fn before_day(&self, line: Line, day: i32) -> Result<Option<Run>, db::Error> {
        let query = runs!("WHERE line = $1 AND day < $2 ORDER BY version DESC LIMIT 1");
        let query = query.bind(signed(line.0)).bind(i64::from(day));
        query.fetch_optional(self.db.read()).await?.as_ref().map(run).transpose()
    }

    /// Those of a day, newest first.
    pub(super) async fn of_day(&self, line: Line, day: i32) -> Result<Vec<Run>, db::Error> {
        let query = runs!("WHERE line = $1 AND day = $2 ORDER BY version DESC");
        let query = query.bind(signed(line.0)).bind(i64::from(day));
        query.fetch_all(self.db.read()).await?.iter().map(run).collect()
    }

    /// The last of each day, newest first.
    pub(crate) async fn last_of_days(&self, line: Line, most: i64) -> Result<Vec<Run>, db::Error> {
        let query = runs!(
            "WHERE line = $1 AND version IN
                 (SELECT MAX(last.version) FROM prefill_runs AS last WHERE last.line = $2
                  GROUP BY last.day)
             ORDER BY version DESC LIMIT $3"
        );
        let query = query.bind(signed(line.0)).bind(signed(line.0)).bind(most);
        query.fetch_all(self.db.read()).await?.iter().map(run).collect()
    }

    /// One of them.
    pub(crate) async fn one(&self, version: u64) -> Result<Option<Run>, db::Error> {
        let query = runs!("WHERE version = $1").bind(signed(version));
        query.fetch_optional(self.db.read()).await?.as_ref().map(run).transpose()
    }

    /// The newest, newest first.
    pub(crate) async fn list(
        &self,
        line: Line,
        before: Option<u64>,
        most: i64,
    ) -> Result<Vec<Run>, db::Error> {
        let query = runs!("WHERE line = $1 AND version < $2 ORDER BY version DESC LIMIT $3");
        let query = query.bind(signed(line.0)).bind(before.map_or(i64::MAX, signed)).bind(most);
        query.fetch_all(self.db.read()).await?.iter().map(run).collect()
    }

    /// What was asked.
    pub(crate) async fn question(&self, version: u64) -> Result<Option<Question>, db::Error> {
        let query = sqlx::query("SELECT question FROM prefill_runs WHERE version = $1");
        let row = query.bind(signed(version)).fetch_optional(self.db.read()).await?;
        let Some(row) = row else { return Ok(None) };
        let bytes: Vec<u8> = row.try_get(0)?;
        aside(move || unpack(&bytes).map(Some).map_err(corrupt)).await
    }

    /// What each box is to hold at a run, by numbers of its question.
    pub(crate) async fn holds(&self, version: u64) -> Result<Holds, db::Error> {
        let rows = sqlx::query(
            "SELECT appliance, titles FROM prefill_holds
             WHERE line = (SELECT line FROM prefill_runs WHERE version = $1) AND version =
                 (SELECT MAX(newest.version) FROM prefill_holds AS newest
                  WHERE newest.appliance = prefill_holds.appliance
                  AND newest.line = prefill_holds.line AND newest.version <= $2)",
        )
        .bind(signed(version))
        .bind(signed(version))
        .fetch_all(self.db.read())
        .await?;
        let read = |row: &AnyRow| -> Result<(String, Vec<u8>), db::Error> {
            Ok((row.try_get(0)?, row.try_get(1)?))
        };
        let rows: Vec<(String, Vec<u8>)> = rows.iter().map(read).collect::<Result<_, _>>()?;
        aside(move || {
            let hold = |(name, bytes): (String, Vec<u8>)| {
                let device = DeviceName::new(&name).map_err(corrupt)?;
                Ok((device, unpack(&bytes).map_err(corrupt)?))
            };
            rows.into_iter().map(hold).collect()
        })
        .await
    }

    /// Takes down a run, if what was in force when it was made still is, policy included; `None` if another manager,
    /// or an operator, was faster.
    pub(super) async fn record(
        &self,
        new: NewRun,
        now: TimeUs,
    ) -> Result<Option<(Run, NewRun)>, db::Error> {
        let parent = new.parent.as_ref().map_or(0, |it| it.version);
        let before = self.holds(parent).await?;
        // What takes a while is done before writers wait.
        let (new, written) = aside(move || {
            let written = Written::of(&new, &before)?;
            Ok((new, written))
        })
        .await?;
        let mut tx = self.db.begin().await?;
        let version = raise(&mut tx, Counter::Placement, 1).await?;
        let newest = sqlx::query("SELECT MAX(version) FROM prefill_runs WHERE line = $1");
        let newest = newest.bind(signed(new.line.0)).fetch_one(&mut *tx).await?;
        let newest: Option<i64> = newest.try_get(0)?;
        // Whoever changes the policy meanwhile waits.
        let policy = raise(&mut tx, Counter::Policy, 0).await?;
        if newest.unwrap_or(0) != signed(parent) || policy != signed(new.policy) {
            return Ok(None);
        }
        let made = Run {
            version: unsigned(version)?,
            line: new.line,
            parent,
            base: new.question.base.unwrap_or(0),
            day: new.question.day,
            made_at: now,
            question_digest: written.question_digest.clone(),
            answer_digest: new.digest.clone(),
            outcome: new.answer.outcome.clone(),
        };
        insert(&mut tx, &made, written).await?;
        forget(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Some((made, new)))
    }
}

impl Written {
    fn of(new: &NewRun, before: &Holds) -> Result<Self, db::Error> {
        let hold = |(device, titles): (&DeviceName, &[u32])| {
            Ok((device.clone(), pack(titles).map_err(corrupt)?))
        };
        Ok(Self {
            question: pack(&new.question).map_err(corrupt)?,
            question_digest: digest(&new.question).map_err(corrupt)?,
            outcome: serde_json::to_string(&new.answer.outcome).map_err(corrupt)?,
            holds: changed(&new.answer, before).map(hold).collect::<Result<_, db::Error>>()?,
        })
    }
}

/// Boxes that are to hold something else than before; those that have gone hold nothing.
fn changed<'a>(
    answer: &'a Answer,
    before: &'a Holds,
) -> impl Iterator<Item = (&'a DeviceName, &'a [u32])> {
    let boxes = answer.boxes.iter().map(|one| (&one.device, one.titles.as_slice()));
    let is_there =
        |device: &DeviceName| answer.boxes.binary_search_by(|one| one.device.cmp(device)).is_ok();
    let gone =
        before.iter().filter(move |(device, titles)| !titles.is_empty() && !is_there(device));
    let gone = gone.map(|(device, _)| (device, &[][..]));
    boxes.chain(gone).filter(|it| before.get(it.0).map(Vec::as_slice) != Some(it.1))
}

/// Does what takes a while where it keeps nobody waiting.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, db::Error> + Send + 'static,
) -> Result<T, db::Error> {
    tokio::task::spawn_blocking(work).await.map_err(corrupt)?
}

async fn insert(tx: &mut Tx, made: &Run, written: Written) -> Result<(), db::Error> {
    sqlx::query(
        "INSERT INTO prefill_runs (version, parent, base, day, made_at_us, question,
             question_digest, answer_digest, outcome, line)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(signed(made.version))
    .bind(signed(made.parent))
    .bind(signed(made.base))
    .bind(i64::from(made.day))
    .bind(made.made_at.0)
    .bind(written.question)
    .bind(written.question_digest)
    .bind(made.answer_digest.as_str())
    .bind(written.outcome)
    .bind(signed(made.line.0))
    .execute(&mut **tx)
    .await?;
    for (device, titles) in written.holds {
        let query = "INSERT INTO prefill_holds (appliance, version, titles, line)
             VALUES ($1, $2, $3, $4)";
        let query = sqlx::query(query).bind(device.as_str()).bind(signed(made.version));
        query.bind(titles).bind(signed(made.line.0)).execute(&mut **tx).await?;
    }
    Ok(())
}

/// Lets old runs go, but for the newest that was told and what those that stay were made beside; of what boxes
/// were to hold, what a run that stays still says stays.
async fn forget(tx: &mut Tx, now: TimeUs) -> Result<(), db::Error> {
    let until = now.plus_s(-KEPT_S).0;
    sqlx::query(
        "DELETE FROM prefill_runs WHERE made_at_us < $1
             AND version <> (SELECT MAX(told.version) FROM prefill_runs AS told WHERE told.line = 0)
             AND NOT EXISTS (SELECT 1 FROM prefill_runs AS kept
                 WHERE (kept.base = prefill_runs.version OR kept.parent = prefill_runs.version)
                 AND (kept.made_at_us >= $2 OR kept.version =
                     (SELECT MAX(told.version) FROM prefill_runs AS told WHERE told.line = 0)))",
    )
    .bind(until)
    .bind(until)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "DELETE FROM prefill_holds WHERE EXISTS
             (SELECT 1 FROM prefill_holds AS newer WHERE newer.appliance = prefill_holds.appliance
              AND newer.line = prefill_holds.line AND newer.version > prefill_holds.version
              AND newer.version <= (SELECT MIN(kept.version) FROM prefill_runs AS kept
                  WHERE kept.line = prefill_holds.line))
             OR NOT EXISTS
             (SELECT 1 FROM prefill_runs AS kept WHERE kept.line = prefill_holds.line)",
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
        line: Line(unsigned(row.try_get(8)?)?),
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

#[cfg(test)]
mod tests;
