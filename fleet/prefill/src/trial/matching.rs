//! Pairs of sites that are alike, and which of each is tried on.

use super::candidate::{BadCandidate, Candidate, Features, Point, points};
use crate::cluster::mixed;
use crate::question::{OFFSET_BASIS, hash};
use contract::names::SiteName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How far a trial may go.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Who of a pair is tried on, and which pairs where there are more than may be.
    pub seed: u64,
    /// Pairs at most.
    pub most_pairs: usize,
    /// Of what viewers of all sites want, what part may want it from sites that are tried on.
    pub most_demand_percent: u8,
    /// Sites farther apart are no pair: in standard deviations of sites.
    pub calliper: f64,
}

impl Default for Limits {
    /// A tenth of the fleet, in no more pairs than an answer needs.
    fn default() -> Self {
        Self { seed: 1, most_pairs: 50, most_demand_percent: 10, calliper: 1.0 }
    }
}

/// Two sites that are alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pair {
    /// It gets the policy that is tried.
    pub tried: SiteName,
    /// It keeps the usual one.
    pub usual: SiteName,
}

/// Who is in a trial, and why others are not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Matched {
    /// Disjoint pairs, by name.
    pub pairs: Vec<Pair>,
    /// All other sites, by name.
    pub left: Vec<Left>,
    /// What part of all demand is tried on.
    pub demand: f64,
}

/// A site that is in no pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Which.
    pub site: SiteName,
    /// Why.
    pub why: Why,
}

/// Why a site is in no pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Operators say so.
    NotOpen,
    /// What other sites miss is its demand: it would be measured by their policy.
    IsParent,
    /// Too little was seen of it.
    NotKnown,
    /// No site within the calliper is left, in its region and below a parent as it is, or not.
    NoLike,
    /// It has a like, but so many pairs, or so much demand, may not be tried on.
    Enough,
}

/// Matches what can be matched.
///
/// Two sites are a pair only in one region, where the same titles come and go, and only where both
/// ask a parent or neither does. Of sites that are free the two that are nearest to each other are
/// one, again and again; a seed draws who is tried on, and which pairs are left where not all may
/// be, so that those taken stand for all.
///
/// # Errors
/// [`BadCandidate`].
pub fn matched(all: &[Candidate], limits: &Limits) -> Result<Matched, BadCandidate> {
    let mut sorted: Vec<&Candidate> = all.iter().collect();
    sorted.sort_by(|a, b| a.site.cmp(&b.site));
    check(&sorted)?;
    let parents: BTreeSet<&SiteName> = all.iter().filter_map(|it| it.parent.as_ref()).collect();
    let (mut left, mut free) = (Vec::new(), Vec::new());
    for it in &sorted {
        match open(it, &parents) {
            Ok(features) => free.push((*it, features)),
            Err(why) => left.push(Left { site: it.site.clone(), why }),
        }
    }
    let features: Vec<Features> = free.iter().map(|(_, features)| *features).collect();
    let sites: Vec<Free> = free
        .iter()
        .zip(points(&features))
        .map(|((it, features), point)| Free { it, wanted: features.wanted_bytes_per_s, point })
        .collect();
    let (pairs, alone) = super::nearest::pairs(&sites, limits.calliper);
    let of_alone = |at: usize| Left { site: sites[at].it.site.clone(), why: Why::NoLike };
    left.extend(alone.into_iter().map(of_alone));
    let wanted = sorted.iter().filter_map(|it| it.features).map(|it| it.wanted_bytes_per_s).sum();
    let drawn = pairs.into_iter().map(|of| draw(&sites, of, limits)).collect();
    Ok(taken(drawn, left, wanted, limits))
}

/// As many of the pairs as may be, in the order drawn.
fn taken(mut drawn: Vec<Drawn>, left: Vec<Left>, all_wanted: f64, limits: &Limits) -> Matched {
    drawn.sort_by_key(|it| (it.order, it.pair.clone()));
    let mut matched = Matched { pairs: vec![], left, demand: 0.0 };
    let most = f64::from(limits.most_demand_percent) / 100.0;
    for Drawn { pair, wanted, .. } in drawn {
        let demand = matched.demand + wanted / all_wanted;
        if matched.pairs.len() < limits.most_pairs && demand <= most {
            matched.demand = demand;
            matched.pairs.push(pair);
        } else {
            let both = [pair.tried, pair.usual].map(|site| Left { site, why: Why::Enough });
            matched.left.extend(both);
        }
    }
    matched.pairs.sort();
    matched.left.sort_by(|a, b| a.site.cmp(&b.site));
    matched
}

/// A site that may be in a pair.
pub(super) struct Free<'a> {
    pub(super) it: &'a Candidate,
    wanted: f64,
    pub(super) point: Point,
}

impl Free<'_> {
    /// Whether the two may be a pair at all.
    pub(super) fn may_pair(&self, other: &Self) -> bool {
        self.it.region == other.it.region && self.it.parent.is_some() == other.it.parent.is_some()
    }
}

/// A pair, and what its draw says.
struct Drawn {
    pair: Pair,
    /// Of the site that is tried on.
    wanted: f64,
    order: u64,
}

/// By FNV-1a of both names, mixed with the seed: a bit for who is tried on, the others for when.
fn draw(sites: &[Free], (a, b): (usize, usize), limits: &Limits) -> Drawn {
    let (a, b) = (&sites[a], &sites[b]);
    let names = a.it.site.as_str().bytes().chain([0]).chain(b.it.site.as_str().bytes());
    let drawn = mixed(hash(names, OFFSET_BASIS) ^ mixed(limits.seed));
    let (tried, usual) = if drawn & 1 == 0 { (a, b) } else { (b, a) };
    let pair = Pair { tried: tried.it.site.clone(), usual: usual.it.site.clone() };
    Drawn { pair, wanted: tried.wanted, order: drawn >> 1 }
}

fn check(sorted: &[&Candidate]) -> Result<(), BadCandidate> {
    let twice = sorted.windows(2).find(|two| two[0].site == two[1].site);
    if let Some(two) = twice {
        return Err(BadCandidate::Twice(two[0].site.clone()));
    }
    sorted
        .iter()
        .filter_map(|it| Some((it, it.features?)))
        .try_for_each(|(it, f)| f.check(&it.site))
}

fn open(it: &Candidate, parents: &BTreeSet<&SiteName>) -> Result<Features, Why> {
    match it.features {
        _ if !it.is_open => Err(Why::NotOpen),
        _ if parents.contains(&it.site) => Err(Why::IsParent),
        None => Err(Why::NotKnown),
        Some(features) => Ok(features),
    }
}
