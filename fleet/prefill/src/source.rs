//! Who shares what: the boxes of a site that are to hold the same object, and those above it.
//!
//! Which of them fetches it across the provider's edge they work out by themselves
//! ([`contract::sources::standing`]).

use crate::{Problem, Solution};
use contract::catalogue::Ordinal;
use contract::names::{DeviceName, GroupName, SiteName};
use std::collections::{BTreeMap, HashMap};

/// Where everything that a box holds comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxSources {
    /// Which box.
    pub device: DeviceName,
    /// Ordinals, rising, that share a group and who else holds them.
    pub batches: Vec<SharedBatch>,
}

/// Objects that are held by the same boxes of a site, and of those above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedBatch {
    /// The content group of all of them.
    pub group: GroupName,
    /// The other boxes, by name.
    pub siblings: Vec<DeviceName>,
    /// Boxes of the sites above that are to hold them, the nearest first.
    pub above: Vec<DeviceName>,
    /// Which objects, rising.
    pub ordinals: Vec<Ordinal>,
}

/// Settles who shares what, for everything that a solution places. `above` names the boxes above a
/// site that are to hold an object.
#[must_use]
pub fn fill_sources<'a>(
    problem: &'a Problem,
    solution: &Solution,
    above: &dyn Fn(&SiteName, Ordinal) -> Vec<&'a DeviceName>,
) -> Vec<BoxSources> {
    let groups: HashMap<Ordinal, &GroupName> =
        problem.objects.iter().map(|item| (item.ordinal, &item.group)).collect();
    let site_of = |at: usize| &problem.boxes[at].site;
    let mut holders: HashMap<(&SiteName, Ordinal), Vec<usize>> = HashMap::new();
    for (at, plan) in solution.boxes.iter().enumerate() {
        for ordinal in &plan.hold {
            holders.entry((site_of(at), *ordinal)).or_default().push(at);
        }
    }
    let siblings_of = |at: usize, ordinal: &Ordinal| {
        let of_the_site = holders.get(&(site_of(at), *ordinal));
        let others = of_the_site.into_iter().flatten().filter(|other| **other != at);
        let mut names: Vec<&DeviceName> =
            others.map(|other| &problem.boxes[*other].device).collect();
        names.sort_unstable();
        names
    };
    let batches_of = |at: usize| {
        let mut batches: BTreeMap<Shared, Vec<Ordinal>> = BTreeMap::new();
        for ordinal in &solution.boxes[at].hold {
            let Some(group) = groups.get(ordinal) else { continue };
            let siblings = siblings_of(at, ordinal);
            let shared = Shared { group, siblings, above: above(site_of(at), *ordinal) };
            batches.entry(shared).or_default().push(*ordinal);
        }
        batches.into_iter().map(shared).collect()
    };
    (0..solution.boxes.len())
        .map(|at| BoxSources { device: solution.boxes[at].device.clone(), batches: batches_of(at) })
        .collect()
}

/// What the objects of a batch have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Shared<'a> {
    group: &'a GroupName,
    siblings: Vec<&'a DeviceName>,
    above: Vec<&'a DeviceName>,
}

fn shared((shared, mut ordinals): (Shared, Vec<Ordinal>)) -> SharedBatch {
    ordinals.sort_unstable();
    let names = |all: Vec<&DeviceName>| all.into_iter().cloned().collect();
    SharedBatch {
        group: shared.group.clone(),
        siblings: names(shared.siblings),
        above: names(shared.above),
        ordinals,
    }
}
