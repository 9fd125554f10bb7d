//! Every box holds all it should, and siblings helped each other.

use super::Verdict;
use crate::demo::fill::Share;
use crate::demo::origin;
use crate::demo::plan::SITES;
use crate::demo::world::World;
use anyhow::{Context, Result, ensure};

pub(super) fn run(world: &World, shares: &[Share], verdict: &mut Verdict) {
    verdict.add("held", held(shares));
    for site in &SITES {
        verdict.add(&format!("peer {}", site.name), from_peer(shares, site.name));
    }
    verdict.add("origin", asked_no_more_than_sites(world));
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

/// By the origin's own log: nothing was fetched more often than there are sites. The log
/// does not tell sites apart, so that one site fetched twice and the other never is not
/// excluded here.
fn asked_no_more_than_sites(world: &World) -> Result<String> {
    let log = origin::requests(&world.plan)?;
    let mut counts = std::collections::BTreeMap::new();
    for line in log.lines() {
        let target = line.split('"').nth(1).and_then(|request| request.split(' ').nth(1));
        *counts.entry(target.context("a request line")?.to_owned()).or_insert(0usize) += 1;
    }
    let worst = counts.iter().max_by_key(|(_, count)| **count).context("no request")?;
    ensure!(*worst.1 <= SITES.len(), "{} was fetched {} times", worst.0, worst.1);
    Ok(format!("{} objects, none fetched more than {} times", counts.len(), SITES.len()))
}
