//! What a box does when it is asked for what it was not told to hold.

use super::check::{Found, is_host_name};
use super::{ContentGroup, Disk};
use crate::exchange::REDIRECTED;
use crate::quantity::ByteCount;
use crate::sources::{OriginPath, Source, SourceKind};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// The most origins of one content group. They are asked one after the other while somebody
/// waits: a fifth would be too late.
pub const MAX_ORIGINS: usize = 4;

/// The least share of the disks: a slice, sixteen times over, since what is only passed on has
/// a sixteenth of it.
pub const MIN_SHARE: u64 = 16 << 20;

/// What happens on a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMiss {
    /// 404 with a `Cache-Status` that says so.
    #[default]
    Refuse,
    /// It is fetched from the origins of the group, and kept as long as it is worth its place.
    Proxy,
    /// 307 to a box of the same site that holds it, also while it is on its way to this one.
    Redirect,
}

/// Content that is brought because somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// Who is asked, best first.
    pub origins: Vec<DemandOrigin>,
    /// The most that it may take of all disks together.
    pub share_bytes: ByteCount,
}

/// An origin. Where to connect and whom to expect there are apart: a box resolves no names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemandOrigin {
    /// Where to connect.
    pub address: SocketAddr,
    /// The name that its certificate must hold; without one it is asked over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_name: Option<String>,
    /// The `Host` to ask for.
    pub host: String,
    /// Goes before the path of what is asked for; without a `/` at its end.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
}

impl DemandOrigin {
    /// As a source to fetch from.
    #[must_use]
    pub fn source(&self) -> Source {
        Source {
            kind: SourceKind::Origin,
            address: self.address,
            tls_name: self.tls_name.clone(),
            origin: Some(OriginPath {
                host: self.host.clone(),
                prefix: self.prefix.clone(),
                bucket: None,
            }),
            after_s: 0,
            cap_bytes_per_s: None,
        }
    }
}

pub(super) fn check(groups: &[ContentGroup], disks: &[Disk], found: &mut Found) {
    let mut shares: u64 = 0;
    for (at, group) in groups.iter().enumerate() {
        let path = format!("content_groups[{at}].demand");
        match (group.on_miss, &group.demand) {
            (OnMiss::Proxy, None) => found.add(path, "on_miss: proxy needs origins and a share"),
            (OnMiss::Refuse | OnMiss::Redirect, Some(_)) => {
                found.add(path, "only on_miss: proxy brings anything");
            }
            (OnMiss::Proxy, Some(demand)) => {
                shares = shares.saturating_add(demand.share_bytes.0);
                check_one(demand, &path, found);
            }
            (OnMiss::Refuse | OnMiss::Redirect, None) => {}
        }
        if group.on_miss == OnMiss::Redirect {
            check_redirect(group, &format!("content_groups[{at}]"), found);
        }
    }
    let capacity = disks.iter().map(|disk| disk.capacity_bytes.0).sum::<u64>();
    if shares > capacity {
        found.add("content_groups", "the shares of demand are more than all disks hold");
    }
}

/// A page that is sent from one box to another reads with `Origin: null` (Fetch, «HTTP-redirect
/// fetch»), which is no origin that could be listed.
fn check_redirect(group: &ContentGroup, path: &str, found: &mut Found) {
    if !group.cors.allow_origins.iter().any(|origin| origin == "*") {
        let what = "with on_miss: redirect only *: redirected pages have the origin null";
        found.add(format!("{path}.cors.allow_origins"), what);
    }
    if group.query_keys.iter().any(|key| key == REDIRECTED) {
        found.add(format!("{path}.query_keys"), format!("{REDIRECTED} marks what was redirected"));
    }
}

fn check_one(demand: &Demand, path: &str, found: &mut Found) {
    if demand.share_bytes.0 < MIN_SHARE {
        found.add(format!("{path}.share_bytes"), "less than 16MiB holds no slice to speak of");
    }
    if demand.origins.is_empty() || demand.origins.len() > MAX_ORIGINS {
        found.add(format!("{path}.origins"), format!("name 1 to {MAX_ORIGINS} origins"));
    }
    for (at, origin) in demand.origins.iter().enumerate() {
        let path = format!("{path}.origins[{at}]");
        if origin.tls_name.as_ref().is_some_and(|name| !is_host_name(name)) {
            found.add(format!("{path}.tls_name"), "expected a host name in lower case");
        }
        let is_plain = |text: &str| text.bytes().all(|octet| octet.is_ascii_graphic());
        if origin.host.is_empty() || origin.host.len() > 261 || !is_plain(&origin.host) {
            found.add(format!("{path}.host"), "expected a host, and a port where it needs one");
        }
        let is_path = origin.prefix.is_empty() || origin.prefix.starts_with('/');
        let is_clean = !origin.prefix.ends_with('/') && !origin.prefix.contains(['?', '#']);
        if !is_path || !is_clean || origin.prefix.len() > 1024 || !is_plain(&origin.prefix) {
            found.add(format!("{path}.prefix"), "expected nothing, or a path such as /media");
        }
    }
}
