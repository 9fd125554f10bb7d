//! What a plan is made from. Partial input is an error, never an empty list.

use super::origin::Origin;
use crate::server::App;
use catalog::{PurgeHistory, Snapshot};
use contract::names::GroupName;
use inventory::Inventory;
use std::collections::BTreeMap;

/// What a plan is made from.
#[derive(Debug, Clone)]
pub(super) struct Inputs {
    pub(super) inventory: Inventory,
    pub(super) catalog: Snapshot,
    pub(super) purges: PurgeHistory,
    /// A group whose origin's name does not resolve is not in it.
    pub(super) origins: BTreeMap<GroupName, Origin>,
}

impl Inputs {
    /// Reads everything but the origins.
    pub(super) async fn read(app: &App) -> anyhow::Result<Self> {
        Ok(Self {
            inventory: app.inventory.all().await?,
            catalog: app.catalog.snapshot().await?,
            purges: app.catalog.purges().await?,
            origins: BTreeMap::new(),
        })
    }
}
