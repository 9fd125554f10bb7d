//! Sites, boxes, cables and a catalogue.

use crate::appliance::SimBox;
use crate::content;
use crate::disk::{DiskPlan, SimDisk};
use crate::edge::Edge;
use crate::endurance;
use crate::findings::Findings;
use crate::limits::{Limits, LimitsPlan};
use crate::network::{Network, Party};
use crate::plan::{Plan, random_for};
use crate::unordered::{self, Unordered};
use contract::catalogue::CatalogueEntry;
use contract::config::DiskClass;
use contract::manifest::Run;
use contract::names::DeviceName;
use contract::sources::{Batch, Neighbour, OriginPath, Source, SourceKind, Sources};
use contract::time::TimeUs;
use fill::Routes;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A world.
pub struct World {
    /// How it began.
    pub plan: Plan,
    /// What was found in it.
    pub findings: Findings,
    /// Its cables.
    pub network: Network,
    /// Its boxes.
    pub boxes: Vec<SimBox>,
    /// What crosses its edges.
    pub edge: Edge,
    /// What nobody orders, where there is such a thing.
    pub unordered: Option<Unordered>,
    /// What boxes may draw, and have drawn.
    pub limits: Limits,
    /// By ordinal; `None` for what was taken out of the catalogue.
    catalogue: Mutex<Vec<Option<Arc<CatalogueEntry>>>>,
    /// What is hot: decides the order in which boxes want objects.
    fashion: AtomicU64,
    began: Instant,
}

/// Kept free on every disk.
const RESERVE_BYTES: u64 = 32 << 10;

impl World {
    /// The world of a plan, with no box running.
    #[must_use]
    pub fn new(plan: Plan, is_loud: bool) -> Arc<Self> {
        let sites = (0..).zip(&plan.sites);
        let places = sites.flat_map(|(site, boxes)| std::iter::repeat_n(site, *boxes));
        let boxes: Vec<_> =
            places.enumerate().map(|(number, site)| sim_box(&plan, number, site)).collect();
        let entries = (0..).zip(&plan.contents);
        let catalogue = entries.map(|(ordinal, it)| Some(content::entry(ordinal, *it))).collect();
        Arc::new(Self {
            findings: Findings::new(is_loud),
            network: Network::new(random_for(plan.seed, "network")),
            limits: Limits::new(plan.limits, boxes.len()),
            unordered: plan.unordered.map(|it| Unordered::new(plan.seed, it)),
            boxes,
            edge: Edge::default(),
            catalogue: Mutex::new(catalogue),
            fashion: AtomicU64::new(0),
            began: Instant::now(),
            plan,
        })
    }

    /// How old it is.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// What clocks on walls show.
    #[must_use]
    pub fn wall(&self) -> TimeUs {
        let began = self.plan.limits.map_or(TimeUs(0), |limits| limits.wall);
        TimeUs(began.0 + i64::try_from(self.age().as_micros()).unwrap_or(i64::MAX))
    }

    fn catalogue(&self) -> MutexGuard<'_, Vec<Option<Arc<CatalogueEntry>>>> {
        self.catalogue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another content at a place of the catalogue, or none.
    pub fn change(&self, ordinal: u32, content: Option<usize>) {
        let entry = content.map(|content| content::entry(ordinal, content));
        if let Some(place) = self.catalogue().get_mut(ordinal as usize) {
            *place = entry;
        }
    }

    /// Other objects are hot from here on; none but the catalogue's own order with 0.
    pub fn set_fashion(&self, fashion: u64) {
        self.fashion.store(fashion, Ordering::Relaxed);
    }

    fn rank(&self, entry: &CatalogueEntry) -> u64 {
        match self.fashion.load(Ordering::Relaxed) {
            0 => u64::from(entry.ordinal),
            fashion => weight(0, entry.ordinal, fashion),
        }
    }

    /// What the catalogue has at a path.
    #[must_use]
    pub fn entry_at(&self, path: &str) -> Option<Arc<CatalogueEntry>> {
        self.catalogue().iter().flatten().find(|entry| *entry.path == *path).cloned()
    }

    /// What the catalogue has at a place.
    #[must_use]
    pub fn entry(&self, ordinal: u32) -> Option<Arc<CatalogueEntry>> {
        self.catalogue().get(ordinal as usize).cloned().flatten()
    }

    /// How many places the catalogue has.
    #[must_use]
    pub fn places(&self) -> u32 {
        u32::try_from(self.plan.contents.len()).unwrap_or(u32::MAX)
    }

    fn wants(&self, number: usize, ordinal: u32) -> bool {
        weight(number, ordinal, self.plan.seed) % 100 < self.plan.wanted_percent
    }

    /// What a box is to hold, and from where.
    #[must_use]
    pub fn wanted_by(&self, sim_box: &SimBox) -> (Vec<Arc<CatalogueEntry>>, Routes) {
        let wanted: Vec<_> = self.catalogue().iter().flatten().cloned().collect();
        let mut wanted: Vec<_> =
            wanted.into_iter().filter(|entry| self.wants(sim_box.number, entry.ordinal)).collect();
        wanted.sort_by_key(|entry| self.rank(entry));
        let batch = |entry: &Arc<CatalogueEntry>| Batch {
            group: content::group(),
            objects: vec![Run(entry.ordinal, 1)],
            siblings: self.siblings(sim_box, entry.ordinal),
            beyond: vec![origin(self.plan.limits)],
        };
        let batches = wanted.iter().map(batch).collect();
        let sources = Sources {
            schema: 1,
            manifest_version: 1,
            batches,
            neighbours: self.neighbours(sim_box),
        };
        (wanted, Routes::new(&sim_box.name, sources))
    }

    fn siblings(&self, me: &SimBox, ordinal: u32) -> Vec<Source> {
        let of_the_site = |other: &&SimBox| other.site == me.site && other.number != me.number;
        let others = self.boxes.iter().filter(of_the_site);
        let holders = others.filter(|other| self.wants(other.number, ordinal));
        holders.map(|other| self.source(other)).collect()
    }

    fn source(&self, other: &SimBox) -> Source {
        Source {
            kind: SourceKind::Peer(other.name.clone()),
            address: address(other.number),
            tls_name: None,
            origin: None,
            after_s: 0,
            cap_bytes_per_s: named(self.plan.limits).and_then(|it| it.sibling_cap_bytes_per_s),
        }
    }

    /// The other boxes of a site, where they share what nobody ordered.
    fn neighbours(&self, me: &SimBox) -> Vec<Neighbour> {
        if !self.plan.unordered.is_some_and(|plan| plan.has_homes) {
            return Vec::new();
        }
        let of_the_site = |other: &&SimBox| other.site == me.site && other.number != me.number;
        let neighbour = |other: &SimBox| Neighbour {
            source: self.source(other),
            viewers: BTreeMap::from([(unordered::group(), "viewers.test".to_owned())]),
        };
        self.boxes.iter().filter(of_the_site).map(neighbour).collect()
    }

    /// Where what nobody ordered comes from.
    #[must_use]
    pub fn origin_of_the_unordered() -> Source {
        // Another server of the same owner: what becomes of the one says nothing of the other.
        let address = SocketAddr::new(ORIGIN.ip(), u16::MAX);
        Source { address, after_s: 0, ..origin(None) }
    }

    /// Who stands at an address.
    #[must_use]
    pub fn party_at(&self, address: SocketAddr) -> Party {
        match usize::from(address.port()) {
            0 => Party::Origin,
            0xffff => Party::Publisher,
            port => Party::Box(port - 1),
        }
    }
}

const ORIGIN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn origin(limits: Option<LimitsPlan>) -> Source {
    Source {
        kind: SourceKind::Origin,
        address: ORIGIN,
        tls_name: None,
        origin: Some(OriginPath { host: "origin".to_owned(), prefix: String::new(), bucket: None }),
        after_s: 20,
        cap_bytes_per_s: named(limits).and_then(|it| it.origin_cap_bytes_per_s),
    }
}

/// Those that documents name.
fn named(limits: Option<LimitsPlan>) -> Option<LimitsPlan> {
    limits.filter(|limits| !limits.are_configured)
}

fn address(number: usize) -> SocketAddr {
    (std::net::Ipv4Addr::LOCALHOST, u16::try_from(number + 1).unwrap_or(u16::MAX)).into()
}

/// Mixes two numbers into a third that looks drawn.
fn weight(number: usize, ordinal: u32, seed: u64) -> u64 {
    use rand::RngCore;
    random_for(seed ^ (number as u64) << 32 ^ u64::from(ordinal), "weight").next_u64()
}

fn sim_box(plan: &Plan, number: usize, site: usize) -> SimBox {
    let disk = |(at, (class, size_bytes)): (usize, &(DiskClass, u64))| {
        let root = PathBuf::from(format!("/box{number}/disk{at}"));
        let (class, size_bytes, reserve_bytes) = (*class, *size_bytes, RESERVE_BYTES);
        let rating = plan.rated.map(|part| endurance::rating(part, size_bytes));
        let disk = DiskPlan { root, class, size_bytes, reserve_bytes, rating };
        SimDisk::new(disk, random_for(plan.seed, &format!("disk {number} {at}")))
    };
    let disks = plan.disks[number].iter().enumerate().map(disk).collect();
    let name = DeviceName::new(format!("box{number}"));
    let name = name.unwrap_or_else(|_| unreachable!("it is a name"));
    let mut sim_box = SimBox::new(number, site, name, disks);
    sim_box.ram_budget_bytes = plan.ram_budgets[number];
    sim_box
}
