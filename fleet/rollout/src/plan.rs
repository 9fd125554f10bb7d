//! Who comes when. Made once, and never changed.

use super::policy::{BadPolicy, Policy};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// One device that something is to change at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The device.
    pub device: String,
    /// Its site.
    pub site: String,
    /// Its cluster, where it is part of one.
    pub cluster: Option<String>,
    /// What it changes from and to, for whoever carries it out.
    pub from: String,
    /// The second of these.
    pub to: String,
}

/// A device in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What is to change at it.
    pub change: Change,
    /// In which wave, from 0 on; 0 are the canaries, where there are any.
    pub wave: usize,
}

/// All devices, and when each comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Kept")]
pub struct Plan {
    /// How careful.
    pub policy: Policy,
    /// By wave, and within one in the order in which they begin.
    pub devices: Vec<Planned>,
}

impl Plan {
    /// Waves of these devices: first the canaries, then as many as the policy says. Sites take turns, so that
    /// each wave has of as many sites as it can.
    ///
    /// # Errors
    /// When the policy cannot be meant.
    pub fn new(policy: Policy, changes: Vec<Change>) -> Result<Self, BadPolicy> {
        policy.check()?;
        once(changes.iter())?;
        let all = changes.len();
        let ends = ends(&policy, all);
        let in_order = by_turns(changes);
        let wave = |at: usize| ends.iter().position(|end| at < *end).unwrap_or(ends.len());
        let planned = |(at, change)| Planned { change, wave: wave(at) };
        Ok(Self { policy, devices: in_order.into_iter().enumerate().map(planned).collect() })
    }

    /// How many waves there are.
    #[must_use]
    pub fn waves(&self) -> usize {
        self.devices.last().map_or(0, |last| last.wave + 1)
    }

    /// The devices of a wave.
    pub fn wave(&self, wave: usize) -> impl Iterator<Item = &Planned> {
        self.devices.iter().filter(move |it| it.wave == wave)
    }
}

/// A plan as it is kept, before anybody has looked at it.
#[derive(Deserialize)]
struct Kept {
    policy: Policy,
    devices: Vec<Planned>,
}

impl TryFrom<Kept> for Plan {
    type Error = BadPolicy;

    fn try_from(Kept { policy, devices }: Kept) -> Result<Self, BadPolicy> {
        policy.check()?;
        once(devices.iter().map(|it| &it.change))?;
        match devices.is_sorted_by_key(|it| it.wave) {
            true => Ok(Self { policy, devices }),
            false => Err(BadPolicy::Waves),
        }
    }
}

/// No device stands there twice.
fn once<'a>(changes: impl Iterator<Item = &'a Change>) -> Result<(), BadPolicy> {
    let mut seen = HashSet::new();
    let mut twice = changes.filter(|it| !seen.insert(it.device.as_str()));
    twice.next().map_or(Ok(()), |it| Err(BadPolicy::Twice(it.device.clone())))
}

/// Where each wave ends; one that would have nobody is left out.
fn ends(policy: &Policy, all: usize) -> Vec<usize> {
    let canaries = policy.canaries.min(all);
    let waves = policy.waves_percent.iter().map(|percent| {
        let share = (all * usize::from(*percent)).div_ceil(100);
        share.max(canaries)
    });
    let mut ends: Vec<usize> =
        std::iter::once(canaries).chain(waves).filter(|end| *end > 0).collect();
    ends.dedup();
    ends
}

/// The first of each site, then the second of each, and so on; sites and devices by name.
fn by_turns(changes: Vec<Change>) -> Vec<Change> {
    let mut sites: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    for change in changes {
        sites.entry(change.site.clone()).or_default().push(change);
    }
    for site in sites.values_mut() {
        site.sort_by(|a, b| b.device.cmp(&a.device));
    }
    let mut ordered = Vec::new();
    while !sites.is_empty() {
        ordered.extend(sites.values_mut().filter_map(Vec::pop));
        sites.retain(|_, left| !left.is_empty());
    }
    ordered
}
