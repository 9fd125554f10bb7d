//! What a plan is made from. Partial input is an error, never an empty list.

use super::origin::Origin;
use crate::server::{App, now};
use catalog::{PurgeHistory, Snapshot};
use contract::command::Command;
use contract::names::{DeviceName, GroupName};
use inventory::Inventory;
use std::collections::{BTreeMap, HashMap};

/// What a plan is made from.
#[derive(Debug, Clone)]
pub(super) struct Inputs {
    pub(super) inventory: Inventory,
    pub(super) catalog: Snapshot,
    pub(super) purges: PurgeHistory,
    /// What boxes are asked for now; read after the version.
    pub(super) commands: HashMap<DeviceName, Command>,
    pub(super) commands_version: i64,
    /// A group whose origin's name does not resolve is not in it.
    pub(super) origins: BTreeMap<GroupName, Origin>,
}

impl Inputs {
    /// Reads everything but the origins.
    pub(super) async fn read(app: &App) -> anyhow::Result<Self> {
        let commands_version = app.commands.version().await?;
        Ok(Self {
            commands_version,
            commands: app.commands.pending(now()).await?,
            inventory: app.inventory.all().await?,
            catalog: app.catalog.snapshot().await?,
            purges: app.catalog.purges().await?,
            origins: BTreeMap::new(),
        })
    }
}
