//! What a plan is made from. Partial input is an error, never an empty list.
//!
//! Of the catalogue that is what was announced last, and for sites that are held to a version, that: what
//! somebody has just written stays out until nothing speaks against it.

use super::origin::Origin;
use crate::server::{App, now};
use catalog::versions::Pin;
use catalog::{PurgeHistory, Snapshot};
use contract::command::Command;
use contract::names::{DeviceName, GroupName};
use inventory::Inventory;
use std::collections::{BTreeMap, HashMap};

/// Sites that are held to a version.
#[derive(Debug, Clone)]
pub(super) struct HeldTo {
    /// The tag that they have; all sites have the empty one.
    pub(super) cohort: String,
    pub(super) catalog: Snapshot,
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub(super) struct Inputs {
    pub(super) inventory: Inventory,
    /// What is in force where nothing else is said.
    pub(super) catalog: Snapshot,
    /// Up to where the catalogue had been written when it was read; that may not be in force yet.
    pub(super) written: u64,
    /// By what anything else is said to be in force; read before all of that.
    pub(super) announcements: u64,
    pub(super) held_to: Vec<HeldTo>,
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
        let announcements = app.catalog.announcements().await?;
        let (written, catalog) = in_force(app).await?;
        Ok(Self {
            commands_version,
            commands: app.commands.pending(now()).await?,
            inventory: app.inventory.all().await?,
            catalog,
            written,
            announcements,
            held_to: held_to(app).await?,
            purges: app.catalog.purges().await?,
            origins: BTreeMap::new(),
        })
    }
}

/// What is in force, and up to where the catalogue was written.
async fn in_force(app: &App) -> anyhow::Result<(u64, Snapshot)> {
    let read = app.catalog.snapshot().await?;
    let written = read.version;
    let in_force = app.catalog.announce(&read, now()).await?;
    if let Some(refused) = in_force.refused {
        let found: Vec<String> = refused.findings.iter().map(ToString::to_string).collect();
        tracing::warn!(
            version = refused.version,
            in_force = in_force.version,
            "a version of the catalogue is not announced: {}",
            found.join("; ")
        );
    }
    let catalog = match in_force.is_newest {
        true => Snapshot { version: in_force.version, ..read },
        false => app.catalog.at(in_force.version).await?,
    };
    Ok((written, catalog))
}

async fn held_to(app: &App) -> anyhow::Result<Vec<HeldTo>> {
    let mut all = Vec::new();
    for Pin { cohort, version, .. } in app.catalog.pins().await? {
        all.push(HeldTo { cohort, catalog: app.catalog.at(version).await? });
    }
    Ok(all)
}
