//! A name, and the addresses that it leads to.

use crate::rules::life_cycle::LifeCycle;
use crate::{Appliance, ContentGroup};
use contract::names::no_host_name;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// What stands before a name that has the addresses of one family alone.
pub(super) const FAMILIES: [&str; 2] = ["ipv4-", "ipv6-"];

/// Whether a box that is so far in its life has names. Before somebody has sent it there may be no such box,
/// and what it is told may be anybody's address; once it goes back to its maker, or is no more, its addresses
/// are the next one's. In between it has them whatever happens to it: certificates are ordered for them before
/// it serves, and viewers come back to it when it does again.
#[must_use]
pub fn has_names(state: LifeCycle) -> bool {
    match state {
        LifeCycle::Planned | LifeCycle::Rma | LifeCycle::Retired => false,
        LifeCycle::Shipped
        | LifeCycle::Racked
        | LifeCycle::Enrolled
        | LifeCycle::TurnUp
        | LifeCycle::Active
        | LifeCycle::Draining
        | LifeCycle::Maintenance
        | LifeCycle::Failed => true,
    }
}

/// A name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Host {
    /// Whose it is: of one box, where nobody has made a mistake.
    pub(super) boxes: BTreeSet<String>,
    /// Where these listen for viewers.
    pub(super) addresses: BTreeSet<IpAddr>,
    /// Whether it has no family before it.
    pub(super) is_plain: bool,
}

/// The names under which a box serves a group: a plain one, and one for each family at which it listens. What
/// would be no name, or is another group's already, is none.
#[must_use]
pub fn host_names(
    appliance: &Appliance,
    group: &ContentGroup,
    groups: &[ContentGroup],
) -> Vec<String> {
    let (plain, addresses) = (group.host_name(&appliance.name), addresses(appliance));
    let families = FAMILIES.iter().filter(|family| !of_family(family, &addresses).is_empty());
    let is_taken = |name: &str| groups.iter().any(|it| it.host_name(&appliance.name) == name);
    let more = families.map(|family| format!("{family}{plain}"));
    let more = more.filter(|name| no_host_name(name).is_none() && !is_taken(name));
    let more: Vec<String> = more.collect();
    [vec![plain], more].concat()
}

/// Where viewers are told to connect. «Every address» is none that could be told.
pub(super) fn addresses(appliance: &Appliance) -> BTreeSet<IpAddr> {
    let listening = appliance.players.iter().flat_map(|listener| &listener.addresses);
    let addresses = listening.map(SocketAddr::ip).map(|it| it.to_canonical());
    addresses.filter(|it| !it.is_unspecified() && !it.is_multicast()).collect()
}

/// The part of these that a name with this before it has.
pub(super) fn of_family(family: &str, addresses: &BTreeSet<IpAddr>) -> BTreeSet<IpAddr> {
    let is_of = |it: &&IpAddr| match family {
        "ipv4-" => it.is_ipv4(),
        "ipv6-" => it.is_ipv6(),
        _ => true,
    };
    addresses.iter().filter(is_of).copied().collect()
}
