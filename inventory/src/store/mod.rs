//! The records in SQL. One file per kind; every change raises the inventory's version.

mod appliances;
mod groups;
mod sites;
#[cfg(test)]
mod tests;

use crate::{Appliance, Complaint, ContentGroup, InventoryError, RecordKind, Site};
use contract::time::TimeUs;
use db::counters::{self, Counter};
use db::{Db, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The inventory in the fleet's database.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
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
        Self { db }
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

    /// Begins a change: the version rises, and other writers wait.
    async fn change(&self) -> Result<Tx, InventoryError> {
        let mut tx = self.db.begin().await?;
        counters::raise(&mut tx, Counter::Inventory, 1).await?;
        Ok(tx)
    }
}

/// When a record came to be, as the tables keep it.
fn at(now: TimeUs) -> i64 {
    now.0
}

fn checked(result: Result<(), Vec<Complaint>>) -> Result<(), InventoryError> {
    result.map_err(InventoryError::Invalid)
}

fn to_json<T: Serialize>(record: &T) -> Result<String, InventoryError> {
    serde_json::to_string(record).map_err(|err| db::Error::corrupt("a record", err).into())
}

fn from_json<T: DeserializeOwned>(
    kind: RecordKind,
    name: &str,
    text: &str,
) -> Result<T, InventoryError> {
    serde_json::from_str(text)
        .map_err(|err| db::Error::corrupt(format!("{kind} {name}"), err).into())
}

fn not_found(kind: RecordKind, name: &impl ToString) -> InventoryError {
    InventoryError::NotFound { kind, name: name.to_string() }
}

fn duplicate<N: ToString>(
    kind: RecordKind,
    name: &N,
) -> impl Fn(db::Error) -> InventoryError + use<N> {
    let name = name.to_string();
    move |err| match err.is_duplicate() {
        true => InventoryError::Duplicate { kind, name: name.clone() },
        false => err.into(),
    }
}
