//! Who fetches what across the provider's edge: the fill master.
//!
//! In a site one box fetches an object from its origin, the others take it from that box.
//! Which one is settled by rendezvous hashing (Thaler and Ravishankar 1998): without anybody
//! asking anybody, evenly, and with as few changes as can be when a box comes or goes.

use crate::{Problem, Solution};
use contract::catalogue::Ordinal;
use contract::names::{DeviceName, GroupName};
use std::collections::{HashMap, HashSet};

/// Neighbouring ordinals share a master: sources are told as runs, and runs of one would make
/// them as long as the catalogue. Small enough that a short title still uses all boxes.
pub const SLAB: Ordinal = 16;

/// Where one object comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectSource {
    /// From its origin: this box is its master, or is alone.
    Origin,
    /// From its master, and from its origin when that takes too long.
    Peer(DeviceName),
}

/// Where everything that a box holds comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxSources {
    /// Which box.
    pub device: DeviceName,
    /// Ordinals, rising, that share a group and a source.
    pub batches: Vec<(GroupName, ObjectSource, Vec<Ordinal>)>,
}

/// Settles a source for everything that a solution places.
#[must_use]
pub fn fill_sources(problem: &Problem, solution: &Solution) -> Vec<BoxSources> {
    let groups: HashMap<Ordinal, &GroupName> =
        problem.objects.iter().map(|item| (item.ordinal, &item.group)).collect();
    let holds: Vec<HashSet<Ordinal>> =
        solution.boxes.iter().map(|plan| plan.hold.iter().copied().collect()).collect();
    let site_mates = |at: usize| {
        let site = &problem.boxes[at].site;
        (0..problem.boxes.len()).filter(move |other| problem.boxes[*other].site == *site)
    };
    let sources_of = |at: usize| {
        let mut batches: HashMap<(&GroupName, ObjectSource), Vec<Ordinal>> = HashMap::new();
        for ordinal in &solution.boxes[at].hold {
            let Some(group) = groups.get(ordinal) else { continue };
            let holders = site_mates(at).filter(|other| holds[*other].contains(ordinal));
            let master =
                holders.max_by_key(|other| weight(&problem.boxes[*other].device, *ordinal));
            let source = match master {
                Some(master) if master != at => {
                    ObjectSource::Peer(problem.boxes[master].device.clone())
                }
                _ => ObjectSource::Origin,
            };
            batches.entry((*group, source)).or_default().push(*ordinal);
        }
        sorted(batches)
    };
    (0..solution.boxes.len())
        .map(|at| BoxSources { device: solution.boxes[at].device.clone(), batches: sources_of(at) })
        .collect()
}

fn sorted(
    batches: HashMap<(&GroupName, ObjectSource), Vec<Ordinal>>,
) -> Vec<(GroupName, ObjectSource, Vec<Ordinal>)> {
    let mut batches: Vec<_> = batches
        .into_iter()
        .map(|((group, source), mut ordinals)| {
            ordinals.sort_unstable();
            (group.clone(), source, ordinals)
        })
        .collect();
    batches.sort();
    batches
}

fn weight(device: &DeviceName, ordinal: Ordinal) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("headend fill master v1");
    hasher.update(&(ordinal / SLAB).to_be_bytes());
    hasher.update(device.as_str().as_bytes());
    *hasher.finalize().as_bytes()
}
