//! The catalogue in SQL: [`imports`] write, [`titles`] and [`publish`] read, [`purges`] keep
//! what boxes must no longer serve, [`slices`] what lets them verify parts of objects.

pub(crate) mod imports;
mod publish;
pub(crate) mod purges;
mod slices;
mod terms;
#[cfg(test)]
mod tests;
mod titles;
pub(crate) mod versions;

use crate::{CatalogError, CatalogObject, Title};
use db::counters::{self, Counter};
use db::{Db, Tx};

/// The catalogue in the fleet's database.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
}

/// All of it, as of one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Rises with every change.
    pub version: u64,
    /// By the time they came.
    pub titles: Vec<Title>,
    /// By ordinal.
    pub objects: Vec<CatalogObject>,
}

impl Store {
    /// The catalogue in `db`.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// The version: unchanged means that nothing has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn version(&self) -> Result<u64, CatalogError> {
        let version = counters::value(&self.db, Counter::Catalogue).await?;
        Ok(unsigned("the catalogue's version", version)?)
    }

    /// Begins a change: other writers wait. The version rises only where something changed.
    async fn change(&self) -> Result<Tx, CatalogError> {
        let mut tx = self.db.begin().await?;
        counters::raise(&mut tx, Counter::Catalogue, 0).await?;
        Ok(tx)
    }
}

fn unsigned(what: &str, value: i64) -> Result<u64, db::Error> {
    u64::try_from(value).map_err(|err| db::Error::corrupt(what, err))
}
