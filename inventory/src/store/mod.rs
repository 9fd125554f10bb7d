//! The inventory as planners see it: types, no rows. One file for each.

mod appliances;
mod groups;
mod interfaces;
mod sites;
mod zones;

use crate::kinds::DEVICE;
use crate::query::{BadQuery, Query};
use crate::records::{self, Found};
use crate::rules::life_cycle::LifeCycle;
use crate::schema::Kind;
use crate::texts::Texts;
use crate::{Appliance, ContentGroup, InventoryError, Site};
use contract::names::DeviceName;
use db::Db;
use db::counters::{self, Counter};
use std::collections::HashMap;
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
    /// The region that each region is a part of.
    pub regions: HashMap<String, String>,
    /// By name.
    pub appliances: Vec<Appliance>,
    /// How far in its life each appliance is.
    pub states: HashMap<DeviceName, LifeCycle>,
    /// By name.
    pub groups: Vec<ContentGroup>,
    /// What a box can send to viewers, where its interfaces say it: bits per second.
    pub viewer_bits_per_s: HashMap<DeviceName, u64>,
}

impl Inventory {
    /// Whether others are to fetch from an appliance.
    #[must_use]
    pub fn gives(&self, name: &DeviceName) -> bool {
        self.states.get(name).is_none_or(|state| state.gives())
    }

    /// The regions that a place is in, the smallest first, by the one that is said of it.
    #[must_use]
    pub fn regions_of<'a>(&'a self, region: Option<&'a str>) -> Vec<&'a str> {
        let larger = |it: &&str| self.regions.get(*it).map(String::as_str);
        // There are no circles; where one was made by hand, it ends.
        std::iter::successors(region, larger).take(self.regions.len() + 1).collect()
    }
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
        let (narrowed, is_cut) = self.texts.narrowed(&self.db, kind, query.clone()).await?;
        let found = records::list(&self.db, kind, &narrowed).await?;
        // There were more: something has changed meanwhile, and the database knows what.
        if is_cut && found.next.is_none() {
            return records::list(&self.db, kind, &query).await;
        }
        Ok(found)
    }

    /// The version: unchanged means that nothing has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn version(&self) -> Result<i64, InventoryError> {
        Ok(counters::value(&self.db, Counter::Inventory).await?)
    }

    /// How far in its life an appliance is; nothing where there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn state(&self, name: &DeviceName) -> Result<Option<LifeCycle>, InventoryError> {
        let kept = records::find(&self.db, &DEVICE, name.as_str()).await?;
        Ok(kept.as_ref().map(appliances::state))
    }

    /// Everything. The version is read first: a change meanwhile shows as a later version.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn all(&self) -> Result<Inventory, InventoryError> {
        let version = self.version().await?;
        let (sites, boxes) = (self.sites().await?, self.appliances_and_states().await?);
        let states = boxes.iter().map(|(appliance, state)| (appliance.name.clone(), *state));
        Ok(Inventory {
            version,
            regions: self.regions().await?,
            sites,
            states: states.collect(),
            appliances: boxes.into_iter().map(|(appliance, _)| appliance).collect(),
            groups: self.groups().await?,
            viewer_bits_per_s: self.viewer_bits_per_s().await?,
        })
    }
}

fn bad_question(err: BadQuery) -> db::Error {
    db::Error::corrupt("a question of ours", err.message)
}

#[cfg(test)]
mod tests;
