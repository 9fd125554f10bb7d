//! What machines say that they are made of.

use super::Problem;
use super::records::Key;
use super::status::rfc3339;
use crate::server::App;
use axum::Json;
use axum::extract::State;
use contract::parts::{Part, PartType};
use contract::time::TimeUs;
use inventory::records::{Hardware, hardware};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What a machine says of itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct HardwareItem {
    /// The device.
    pub(crate) device: String,
    /// Its own serial number, where it knows it.
    pub(crate) serial: Option<String>,
    /// Since when it says so (RFC 3339).
    pub(crate) seen_at: String,
    /// Of the configuration that was in force when it said so.
    pub(crate) epoch: Option<u32>,
    /// The same: its number in that epoch.
    pub(crate) generation: Option<u64>,
    /// What tells these parts from others.
    pub(crate) digest: String,
    /// Its parts.
    pub(crate) parts: Vec<PartItem>,
}

/// A part, as it says of itself. What is not there it does not say.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PartItem {
    /// `cpu`, `dimm`, `nic`, `optic`, `disk`, `psu`, `fan`, `board` or `bmc`.
    #[serde(rename = "type")]
    pub(crate) part_type: String,
    /// The number that its maker gave it.
    pub(crate) serial: String,
    /// Who makes it.
    pub(crate) manufacturer: Option<String>,
    /// What its maker calls it.
    pub(crate) part_id: Option<String>,
    /// Where in the machine it is.
    pub(crate) bay: Option<String>,
    /// What runs in it.
    pub(crate) firmware: Option<String>,
    /// How fast it is, where it is a disk.
    pub(crate) disk_class: Option<String>,
    /// What a disk or memory holds.
    pub(crate) capacity_bytes: Option<u64>,
    /// What of a disk's rated endurance is used up.
    pub(crate) wear_percent: Option<u8>,
    /// Whether something is known to be on a disk: a file system, partitions, what others are made of.
    pub(crate) is_in_use: Option<bool>,
    /// When all of a disk was written over and seen to be empty, if it is not in use again.
    pub(crate) erased_at: Option<String>,
}

impl From<Part> for PartItem {
    fn from(part: Part) -> Self {
        Self {
            part_type: part.part_type.to_string(),
            serial: part.serial,
            manufacturer: part.manufacturer,
            part_id: part.part_id,
            bay: part.bay,
            firmware: part.firmware,
            disk_class: part.disk_class.map(|class| class.name().to_owned()),
            capacity_bytes: part.capacity_bytes,
            wear_percent: part.wear_percent,
            is_in_use: (part.part_type == PartType::Disk).then_some(part.is_in_use),
            erased_at: part.erased_at_us.map(rfc3339),
        }
    }
}

impl From<Hardware> for HardwareItem {
    fn from(hardware: Hardware) -> Self {
        let Hardware { observed, seen_at_us } = hardware;
        Self {
            device: observed.device,
            serial: observed.serial,
            seen_at: rfc3339(TimeUs(seen_at_us)),
            epoch: observed.generation.map(|it| it.epoch),
            generation: observed.generation.map(|it| it.number),
            digest: observed.digest.to_string(),
            parts: observed.parts.into_iter().map(PartItem::from).collect(),
        }
    }
}

/// What a machine says that it is made of.
#[utoipa::path(get, path = "/api/v1/devices/{name}/hardware", tag = "inventory",
    params(("name" = String, Path, description = "The device")),
    responses((status = 200, body = HardwareItem)))]
pub(super) async fn show_hardware(
    State(app): State<Arc<App>>,
    Key(name): Key,
) -> Result<Json<HardwareItem>, Problem> {
    let found = hardware(app.inventory.db(), &name).await?;
    let says = || Problem::new(404, format!("{name} has not said what it is made of"));
    found.map(|hardware| Json(hardware.into())).ok_or_else(says)
}
