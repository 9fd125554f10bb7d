//! The inventory as planners see it: types, no rows. One file for each.

mod appliances;
mod groups;
mod sites;

use crate::query::{BadQuery, Query};
use crate::records::{self, Found};
use crate::schema::Kind;
use crate::texts::Texts;
use crate::{Appliance, ContentGroup, InventoryError, Site};
use db::Db;
use db::counters::{self, Counter};
use std::sync::Arc;

/// The inventory in the fleet's database.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    texts: Arc<Texts>,
}

/// All of it, as of one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// Rises with every change.
    pub version: i64,
    /// By name.
    pub sites: Vec<Site>,
    /// By name.
    pub appliances: Vec<Appliance>,
    /// By name.
    pub groups: Vec<ContentGroup>,
}

impl Store {
    /// The inventory in `db`.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, texts: Arc::new(Texts::new()) }
    }

    /// Where the records are, for [`crate::records`].
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Those that a question asks for.
    ///
    /// # Errors
    /// When the database fails, or what stands there is no record.
    pub async fn list(&self, kind: &'static Kind, query: Query) -> Result<Found, db::Error> {
        let query = self.texts.narrowed(&self.db, kind, query).await?;
        records::list(&self.db, kind, &query).await
    }

    /// The version: unchanged means that nothing has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn version(&self) -> Result<i64, InventoryError> {
        Ok(counters::value(&self.db, Counter::Inventory).await?)
    }

    /// Everything. The version is read first: a change meanwhile shows as a later version.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn all(&self) -> Result<Inventory, InventoryError> {
        Ok(Inventory {
            version: self.version().await?,
            sites: self.sites().await?,
            appliances: self.appliances().await?,
            groups: self.groups().await?,
        })
    }
}

fn bad_question(err: BadQuery) -> db::Error {
    db::Error::corrupt("a question of ours", err.message)
}

#[cfg(test)]
mod tests;
