//! Content that nobody ordered: which groups may be filled by demand, from where, and how much
//! of the disks they may take.

use cache::{Cache, Share};
use contract::config::{ApplianceConfig, Demand as Wanted, DemandOrigin, OnMiss};
use contract::names::GroupName;
use fill::fetch::Fetcher;
use fill::{Demand, Filler};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Gives each group its share, and has the cache turn to the origins. What stands on the disks
/// and is of no such group any more goes.
pub(crate) fn open(
    config: &ApplianceConfig,
    cache: &Arc<Cache>,
    filler: &Arc<Filler>,
    origins: Arc<Fetcher>,
) -> Arc<Demand> {
    let shares: Vec<Share> = groups(config)
        .map(|(group, wanted)| Share { group: group.clone(), bytes: wanted.share_bytes.0 })
        .collect();
    cache.set_shares(&shares);
    let sources = |wanted: &Wanted| wanted.origins.iter().map(DemandOrigin::source).collect();
    Demand::new(fill::demand::Setup {
        cache: Arc::clone(cache),
        filler: Arc::clone(filler),
        origins,
        groups: groups(config).map(|(group, wanted)| (group.clone(), sources(wanted))).collect(),
        runtime: Handle::current(),
    })
}

fn groups(config: &ApplianceConfig) -> impl Iterator<Item = (&GroupName, &Wanted)> {
    let groups = config.content_groups.iter().filter(|group| group.on_miss == OnMiss::Proxy);
    groups.filter_map(|group| Some((&group.name, group.demand.as_ref()?)))
}

/// Whether a box brings what nobody ordered of a group.
pub(crate) fn brings(config: &ApplianceConfig, group: &GroupName) -> bool {
    groups(config).any(|(name, _)| name == group)
}
