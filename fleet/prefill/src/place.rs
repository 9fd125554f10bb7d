//! What fits where.

use crate::{BoxRoom, Item, Problem, rank};
use contract::catalogue::Ordinal;
use contract::names::DeviceName;
use serde::Serialize;
use std::collections::HashMap;

/// What every box should hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Solution {
    /// One plan a box, in the order of the problem.
    pub boxes: Vec<BoxPlan>,
}

/// What one box should hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BoxPlan {
    /// Which box.
    pub device: DeviceName,
    /// The objects, best first.
    pub hold: Vec<Ordinal>,
    /// Their bytes.
    pub bytes: u64,
    /// What it should hold and cannot, and why.
    pub not_placed: Vec<NotPlaced>,
}

/// An object that is not on a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NotPlaced {
    /// Which object.
    pub ordinal: Ordinal,
    /// Why not.
    pub reason: Reason,
}

/// Why an object is not on a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No disk of the box could hold it even when empty.
    LargerThanAnyDisk,
    /// What ranks before it has taken the room.
    NoRoom,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LargerThanAnyDisk => "larger than any disk",
            Self::NoRoom => "no room left by what ranks before it",
        })
    }
}

/// What an object takes on a disk beyond its bytes: the rest of its last block, its checksums
/// and names (8 KiB), and checksums per block (a thousandth is generous).
#[must_use]
pub fn footprint(size_bytes: u64) -> u64 {
    size_bytes.saturating_add(size_bytes / 1000).saturating_add(8 << 10)
}

/// Puts the titles that each box is to hold onto its disks, in their order, as far as they fit.
#[must_use]
pub fn solve(problem: &Problem) -> Solution {
    let mut by_title: HashMap<u32, Vec<&Item>> = HashMap::new();
    for item in rank(&problem.objects) {
        by_title.entry(item.title_rank).or_default().push(item);
    }
    Solution { boxes: problem.boxes.iter().map(|room| fill(room, &by_title)).collect() }
}

fn fill(room: &BoxRoom, by_title: &HashMap<u32, Vec<&Item>>) -> BoxPlan {
    let mut free = room.disks_bytes.clone();
    let largest = free.iter().copied().max().unwrap_or(0);
    let mut plan =
        BoxPlan { device: room.device.clone(), hold: vec![], bytes: 0, not_placed: vec![] };
    for item in room.titles.iter().filter_map(|title| by_title.get(title)).flatten() {
        match take(&mut free, footprint(item.size_bytes), largest) {
            Ok(()) => {
                plan.hold.push(item.ordinal);
                plan.bytes += item.size_bytes;
            }
            Err(reason) => plan.not_placed.push(NotPlaced { ordinal: item.ordinal, reason }),
        }
    }
    plan
}

/// From the disk with the most room, as the box itself chooses.
fn take(free: &mut [u64], bytes: u64, largest: u64) -> Result<(), Reason> {
    if bytes > largest {
        return Err(Reason::LargerThanAnyDisk);
    }
    let roomiest = free.iter_mut().max_by_key(|free| **free).ok_or(Reason::NoRoom)?;
    *roomiest = roomiest.checked_sub(bytes).ok_or(Reason::NoRoom)?;
    Ok(())
}
