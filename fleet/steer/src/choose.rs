//! Which appliances for this client.

use crate::MAX_CANDIDATES;
use crate::clients::{Clients, client_network};
use crate::distance::distance_km;
use contract::names::{DeviceName, SiteName};
use serde::Serialize;
use std::net::IpAddr;

/// Who asks, and who could serve.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// The client's address.
    pub client: IpAddr,
    /// What it wants: a key that names the title among all groups.
    pub title: &'a str,
    /// Which client belongs to which site.
    pub clients: &'a Clients,
    /// The sites.
    pub sites: &'a [Place],
    /// The appliances.
    pub boxes: &'a [ServingBox],
}

/// A site and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its name.
    pub site: SiteName,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// An appliance as far as steering cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServingBox {
    /// Its name.
    pub device: DeviceName,
    /// Where it stands.
    pub site: SiteName,
    /// Whether it speaks.
    pub liveness: Liveness,
    /// Whether it holds all of the title.
    pub holds_title: bool,
    /// Whether it may serve what was purged of the title's group, for all that is known.
    pub may_serve_purged: bool,
    /// Whether viewers are to be sent to it at all.
    pub is_in_service: bool,
    /// Whether its identity counts no more: nobody knows who it is.
    pub is_barred: bool,
}

/// How lately an appliance spoke. A late one may just be slow to report, so it serves when
/// there is nobody better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Liveness {
    /// On time.
    Live,
    /// Its report is due.
    Late,
    /// Several reports are missing.
    Silent,
    /// It never reported.
    NeverSeen,
}

/// Who should serve, best first, and why the others should not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Solution {
    /// The client's site.
    pub client_site: Option<SiteName>,
    /// At most [`MAX_CANDIDATES`].
    pub ranked: Vec<Choice>,
    /// All the others.
    pub passed_over: Vec<PassedOver>,
}

/// One appliance that may serve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// Which.
    pub device: DeviceName,
    /// From the client's site to its own; `None` when the client belongs to no site.
    pub distance_km: Option<f64>,
}

/// One appliance that may not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Which.
    pub device: DeviceName,
    /// Why not.
    pub why: Why,
}

/// Why an appliance was not chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It never reported.
    NeverSeen,
    /// It reports no more.
    Silent,
    /// Its report is due, and others are on time.
    Late,
    /// Its identity counts no more.
    Barred,
    /// It is not in service: it is filled and tried, drained or worked on.
    NotInService,
    /// It has not confirmed a purge of the title's group, and had the time to.
    PurgeNotConfirmed,
    /// It does not hold all of the title.
    DoesNotHoldTitle,
    /// Enough others are nearer.
    EnoughOthers,
}

/// Chooses. The same problem always has the same solution.
#[must_use]
pub fn choose(problem: &Problem<'_>) -> Solution {
    let client_site = problem.clients.site_of(problem.client).cloned();
    let mut passed_over = Vec::new();
    let mut usable = Vec::new();
    for each in problem.boxes {
        match refusal(each) {
            Some(why) => passed_over.push(PassedOver { device: each.device.clone(), why }),
            None => usable.push(each),
        }
    }
    let any_live = usable.iter().any(|each| each.liveness == Liveness::Live);
    let (mut usable, late): (Vec<_>, Vec<_>) =
        usable.into_iter().partition(|each| !any_live || each.liveness == Liveness::Live);
    passed_over.extend(late.iter().map(|each| because(each, Why::Late)));

    order(problem, client_site.as_ref(), &mut usable);
    let beyond = usable.split_off(usable.len().min(MAX_CANDIDATES));
    passed_over.extend(beyond.iter().map(|each| because(each, Why::EnoughOthers)));
    let choice = |each: &ServingBox| Choice {
        device: each.device.clone(),
        distance_km: client_site.as_ref().and_then(|from| between(problem.sites, from, &each.site)),
    };
    let ranked = usable.into_iter().map(choice).collect();
    Solution { client_site, ranked, passed_over }
}

fn refusal(each: &ServingBox) -> Option<Why> {
    match each.liveness {
        Liveness::NeverSeen => Some(Why::NeverSeen),
        Liveness::Silent => Some(Why::Silent),
        Liveness::Live | Liveness::Late if each.is_barred => Some(Why::Barred),
        Liveness::Live | Liveness::Late if !each.is_in_service => Some(Why::NotInService),
        Liveness::Live | Liveness::Late if each.may_serve_purged => Some(Why::PurgeNotConfirmed),
        Liveness::Live | Liveness::Late if !each.holds_title => Some(Why::DoesNotHoldTitle),
        Liveness::Live | Liveness::Late => None,
    }
}

fn because(each: &ServingBox, why: Why) -> PassedOver {
    PassedOver { device: each.device.clone(), why }
}

/// Nearest site first. In a site by rendezvous hashing over title and client network: viewers
/// of one title in one network meet on one box, where it is in RAM, and stay there while it lives.
fn order(problem: &Problem<'_>, client_site: Option<&SiteName>, boxes: &mut [&ServingBox]) {
    let network = client_network(problem.client).to_string();
    boxes.sort_by_cached_key(|each| {
        let distance = client_site.and_then(|from| between(problem.sites, from, &each.site));
        // Whole metres: sites at one place are one site as far as distance goes.
        #[expect(clippy::cast_possible_truncation, reason = "at most 20,015 km")]
        let metres = distance.map_or(0, |km| (km * 1000.0).round() as i64);
        let weight = weight(problem.title, &network, &each.device);
        (metres, std::cmp::Reverse(weight))
    });
}

fn between(sites: &[Place], from: &SiteName, to: &SiteName) -> Option<f64> {
    let place = |name: &SiteName| {
        let place = sites.iter().find(|place| place.site == *name)?;
        Some((place.latitude, place.longitude))
    };
    Some(distance_km(place(from)?, place(to)?))
}

fn weight(title: &str, network: &str, device: &DeviceName) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("headend steering v1");
    for part in [title, network, device.as_str()] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests;
