//! All that there is, as of one version, without anybody waiting for it.

use super::{Kept, row, statements};
use crate::kinds::{ALL, SEEN};
use crate::schema::Kind;
use db::counters::{self, Counter};
use db::{Db, Error, Tx};
use sqlx::AssertSqlSafe;

/// So many records are read at once.
const AT_ONCE: usize = 1000;

/// A look at all that there is.
#[derive(Debug)]
pub struct Dump {
    tx: Tx,
    /// Of the inventory.
    pub version: i64,
    kind: usize,
    after: Option<String>,
}

impl Dump {
    /// Begins one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(db: &Db) -> Result<Self, Error> {
        let mut tx = db.snapshot().await?;
        let version = counters::value_in(&mut tx, Counter::Inventory).await?;
        Ok(Self { tx, version, kind: 0, after: None })
    }

    /// The next records, each kind after those that it names; nothing once all were told.
    ///
    /// # Errors
    /// When the database fails, or what stands there is no record.
    pub async fn next(&mut self) -> Result<Option<(&'static Kind, Vec<Kept>)>, Error> {
        while let Some(kind) = ALL.iter().chain(&SEEN).nth(self.kind).copied() {
            let some = self.read(kind).await?;
            match some.last() {
                Some(last) => {
                    self.after = Some(kind.key(&last.record));
                    return Ok(Some((kind, some)));
                }
                None => {
                    self.kind += 1;
                    self.after = None;
                }
            }
        }
        Ok(None)
    }

    async fn read(&mut self, kind: &'static Kind) -> Result<Vec<Kept>, Error> {
        let condition = if self.after.is_some() { "\"key\" > $1" } else { "1 = 1" };
        let text = statements::page(kind, condition, AT_ONCE);
        let mut asked = sqlx::query(AssertSqlSafe(text));
        if let Some(after) = &self.after {
            asked = asked.bind(after.clone());
        }
        let rows = asked.fetch_all(&mut *self.tx).await?;
        rows.iter().map(|row| row::read(kind, row)).collect()
    }
}
