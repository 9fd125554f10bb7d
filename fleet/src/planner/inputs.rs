//! What a plan is made from. Partial input is an error, never an empty list.
//!
//! Of the catalogue that is what was announced last, and for sites that are held to a version, that: what
//! somebody has just written stays out until nothing speaks against it.

use super::origin::Origin;
use crate::server::{App, now};
use anyhow::Context;
use catalog::versions::{Pin, Version};
use catalog::{CatalogError, PurgeHistory, Snapshot, Title};
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
    /// How often something else had come into force by then.
    pub(super) announcements: u64,
    /// The newest, if something speaks against it.
    pub(super) refused: Option<Version>,
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
    pub(super) async fn read(app: &App, kept: &mut Kept) -> anyhow::Result<Self> {
        let commands_version = app.commands.version().await?;
        let read = app.catalog.snapshot().await?;
        let in_force = app.catalog.announce(&read, now()).await?;
        let written = read.version;
        let pins = app.catalog.pins().await?;
        kept.retain(|version, _| {
            *version == in_force.version || pins.iter().any(|pin| pin.version == *version)
        });
        let held_to = held_to(app, kept, pins, &read).await?;
        let catalog = match in_force.is_newest {
            true => Snapshot { version: in_force.version, ..read },
            false => with_rights_of(at(app, kept, in_force.version).await?, &read),
        };
        Ok(Self {
            commands_version,
            commands: app.commands.pending(now()).await?,
            inventory: app.inventory.all().await?,
            catalog,
            written,
            announcements: in_force.announcements,
            refused: in_force.refused,
            held_to,
            purges: app.catalog.purges().await?,
            origins: BTreeMap::new(),
        })
    }
}

/// Versions as they were read, by their numbers.
pub(super) type Kept = HashMap<u64, Snapshot>;

/// A version, read once.
async fn at(app: &App, kept: &mut Kept, version: u64) -> Result<Snapshot, CatalogError> {
    if let Some(known) = kept.get(&version) {
        return Ok(known.clone());
    }
    let read = app.catalog.at(version).await?;
    kept.insert(version, read.clone());
    Ok(read)
}

async fn held_to(
    app: &App,
    kept: &mut Kept,
    pins: Vec<Pin>,
    written: &Snapshot,
) -> anyhow::Result<Vec<HeldTo>> {
    let mut all = Vec::new();
    for Pin { cohort, version, .. } in pins {
        let catalog = at(app, kept, version).await;
        let catalog = catalog.with_context(|| {
            let whose = if cohort.is_empty() { "all sites" } else { &cohort };
            format!("{whose} stay with version {version}, which cannot be read: unpin it")
        })?;
        all.push(HeldTo { cohort, catalog: with_rights_of(catalog, written) });
    }
    Ok(all)
}

/// What may be shown where and when is no matter of versions: whatever is in force, what was written last counts.
fn with_rights_of(mut old: Snapshot, written: &Snapshot) -> Snapshot {
    let key = |title: &Title| (title.spec.group.clone(), title.spec.title.clone());
    let now: HashMap<_, &Title> = written.titles.iter().map(|title| (key(title), title)).collect();
    let mut windows = HashMap::new();
    for title in &mut old.titles {
        if let Some(now) = now.get(&key(title)) {
            (title.window, title.terms) = (now.window, now.terms.clone());
        }
        windows.insert(key(title), title.window);
    }
    for object in &mut old.objects {
        let window = windows.get(&(object.group.clone(), object.title.clone()));
        object.window = window.copied().unwrap_or(object.window);
    }
    old
}
