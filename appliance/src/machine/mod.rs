//! What the machine is made of: parts that have a number of their own, as firmware, the kernel and
//! `ethtool` tell of them.
//!
//! Read in this order: [`told`] (what counts as said), [`files`] and [`ethtool`] (who is asked),
//! [`firmware`], [`disks`] and [`used`], [`network`] and [`vpd`] (what each says), [`known`] (what a running box
//! knows of its machine), [`show`] (what a person is told).

mod disks;
mod ethtool;
mod files;
mod firmware;
mod known;
mod network;
mod show;
mod slots;
#[cfg(test)]
mod tests;
mod told;
mod used;
mod vpd;

pub(crate) use known::Known;
pub(crate) use show::show;
pub(crate) use told::serial;

use crate::erase::Noted;
use contract::parts::{Part, PartsReport};
use ethtool::Ethtool;
use files::Files;
use serde::{Deserialize, Serialize};
use slots::Slots;
use std::path::Path;

/// What firmware says of the machine.
const TABLE: &str = "sys/firmware/dmi/tables/DMI";

/// Tables have some ten KiB.
const MOST_TABLE_OCTETS: u64 = 1 << 20;

/// Where systemd says that this machine is a container: disks and cards that are seen in it are those of
/// the machine below. Other signs stay on a disk image, and are seen where it is booted.
const CONTAINER: &str = "run/systemd/container";

/// A machine, by its own word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The number of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    parts: Vec<Part>,
}

impl Machine {
    /// Puts all in order; what cannot be told is left out.
    fn settled(self) -> Self {
        let serial = self.serial.as_deref().and_then(serial);
        Self { serial, parts: PartsReport::of(self.parts).parts.unwrap_or_default() }
    }
}

/// What was seen of a machine.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// All that there is to see.
    All(Machine),
    /// Not what root alone is told: serial numbers that firmware and cards know.
    Some(Machine),
    /// This is a container.
    Container,
}

/// Looks at the machine whose files these are.
fn look(files: &Files, ethtool: &Ethtool<'_>) -> Seen {
    if files.exists(CONTAINER) {
        return Seen::Container;
    }
    let slots = Slots::read(files);
    let table = files.octets(TABLE, MOST_TABLE_OCTETS);
    let sees_all = table.is_some() || !files.exists(TABLE);
    let mut machine = table.map(firmware::read).unwrap_or_default();
    machine.parts.extend(disks::read(files, &slots, &Noted::below(files.root())));
    machine.parts.extend(network::read(files, &slots, ethtool));
    let machine = machine.settled();
    if sees_all { Seen::All(machine) } else { Seen::Some(machine) }
}

/// A disk of this machine, as the kernel knows it.
pub(crate) struct Block {
    pub(crate) part: Part,
    /// By what else it calls it: where it has several ways to it, or several namespaces.
    pub(crate) others: Vec<String>,
}

/// The disk with that number, such as 259:0.
pub(crate) fn block(number: &str) -> Option<Block> {
    let files = Files::below(Path::new("/"));
    let name = disks::numbered(&files, number)?;
    let part = disks::disk(&files, &Slots::read(&files), &name)?;
    let mut others = disks::names(&files, &part.serial);
    others.retain(|other| *other != name);
    Some(Block { part, others })
}
