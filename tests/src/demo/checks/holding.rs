//! Every box holds all it should, and siblings helped each other.

use super::Verdict;
use crate::demo::origin;
use crate::demo::plan::SITES;
use crate::demo::world::World;
use crate::operator::shares::Share;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

pub(super) fn run(world: &World, shares: &[Share], verdict: &mut Verdict) {
    verdict.add("held", held(shares));
    for site in &SITES {
        verdict.add(&format!("peer {}", site.name), from_peer(shares, site.name));
    }
    verdict.add("origin", asked_once_a_site(world));
}

fn held(shares: &[Share]) -> Result<String> {
    for share in shares {
        ensure!(share.objects.0 == share.objects.1, "{} lacks objects", share.name);
        ensure!(share.bytes.0 > 0, "{} holds no bytes", share.name);
    }
    let bytes: u64 = shares.iter().map(|share| share.bytes.0).sum();
    Ok(format!("{} appliances hold {bytes} verified bytes", shares.len()))
}

/// At least one of two appliances of a site got objects from its sibling.
fn from_peer(shares: &[Share], site: &str) -> Result<String> {
    let of_site = |share: &&Share| share.name.ends_with(site);
    let peers = shares.iter().filter(of_site).flat_map(|share| {
        let from = share.sources.iter().filter(|(source, _)| source.starts_with("oca"));
        from.map(|(source, bytes)| format!("{} got {bytes} bytes from {source}", share.name))
    });
    let found: Vec<String> = peers.collect();
    ensure!(!found.is_empty(), "no appliance of {site} got anything from a sibling");
    Ok(found.join(", "))
}

/// By the origin's own log: no site fetched anything twice. What its other box holds of it
/// came from the sibling.
fn asked_once_a_site(world: &World) -> Result<String> {
    let mut counts = BTreeMap::new();
    for request in origin::requests(&world.plan)? {
        let (_, site) = request.device.split_once('.').context("a box's name")?;
        let by_path: &mut BTreeMap<_, usize> = counts.entry(site.to_owned()).or_default();
        *by_path.entry(request.path).or_default() += 1;
    }
    let mut told = Vec::new();
    for site in &SITES {
        let by_path =
            counts.get(site.name).with_context(|| format!("{} never asked", site.name))?;
        let (path, count) = by_path.iter().max_by_key(|(_, count)| **count).context("a request")?;
        ensure!(*count == 1, "{} fetched {path} {count} times", site.name);
        told.push(format!("{} asked for {} objects once each", site.name, by_path.len()));
    }
    Ok(told.join(", "))
}
