//! Looking at other records in the middle of a change.

use crate::records::{row, statements};
use crate::schema::{Kind, Record};
use db::{Engine, Error, Tx};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// Where a change is in the making.
pub(in crate::records) type At<'a> = (&'a mut Tx, Engine);

pub(in crate::records) struct Look<'a> {
    tx: &'a mut Tx,
    engine: Engine,
}

impl<'a> Look<'a> {
    pub(in crate::records) fn new((tx, engine): At<'a>) -> Self {
        Self { tx, engine }
    }

    /// All records of a kind.
    pub(super) async fn all(&mut self, kind: &Kind) -> Result<Vec<Record>, Error> {
        let text = statements::select(kind, "1 = 1");
        let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(&mut **self.tx).await?;
        rows.iter().map(|row| Ok(row::read(kind, row)?.record)).collect()
    }

    /// Those of a kind in which one of these stands.
    pub(in crate::records) async fn whose(
        &mut self,
        kind: &Kind,
        column: &str,
        values: impl IntoIterator<Item = &str>,
    ) -> Result<Vec<Record>, Error> {
        let values: BTreeSet<&str> = values.into_iter().collect();
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let text = statements::select(kind, &statements::is_one_of(column, self.engine));
        let asked = sqlx::query(AssertSqlSafe(text)).bind(statements::together(values));
        let rows = asked.fetch_all(&mut **self.tx).await?;
        rows.iter().map(|row| Ok(row::read(kind, row)?.record)).collect()
    }
}
