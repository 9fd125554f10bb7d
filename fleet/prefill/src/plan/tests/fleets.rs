//! Fleets of a few sites, drawn by proptest.

use crate::cluster::{Bitmap, ClusterBox, Deviation};
use crate::plan::{
    Audience, BoxPlace, Cluster, FleetProblem, HardwareClass, InForce, PlannedBox, Region, Report,
    Rights,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

pub(super) const FILES: u32 = 150;
pub(super) const REGIONS: usize = 2;

/// All that a fleet borrows.
#[derive(Debug, Clone)]
pub(super) struct Small {
    pub(super) sizes_bytes: Vec<u64>,
    pub(super) demand: Vec<Vec<f32>>,
    pub(super) rights: Vec<Rights>,
    pub(super) clusters: Vec<Arc<Cluster>>,
    pub(super) held: Held,
}

/// What boxes hold: a file in three, by a number that the seed gives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) seed: u64,
}

impl InForce for Held {
    fn read(&self, place: BoxPlace, into: &mut Bitmap) {
        let key = self.seed + (place.cluster * 31 + place.class * 7 + place.index) as u64;
        for ordinal in 0..FILES {
            let mixed = (key * 1000 + u64::from(ordinal)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            if mixed >> 40 & 3 == 0 {
                into.insert(ordinal);
            }
        }
    }
}

impl Small {
    pub(super) fn with<T>(&self, ask: impl FnOnce(&FleetProblem) -> T) -> T {
        let region = |demand| Region::new("r", &self.sizes_bytes, demand).expect("good files");
        let regions: Vec<Region> = self.demand.iter().map(|demand| region(demand)).collect();
        ask(&FleetProblem {
            sizes_bytes: &self.sizes_bytes,
            regions: &regions,
            rights: &self.rights,
            clusters: self.clusters.clone(),
        })
    }
}

fn a_box() -> impl Strategy<Value = PlannedBox> {
    let report = prop_oneof![8 => Just(Report::Fresh), 1 => Just(Report::Stale { age_s: 9 })];
    (any::<u64>(), 0u64..3000, 0u32..2000, 0u64..2000, report).prop_map(
        |(seed, room_bytes, sends, fill_bytes, report)| {
            let throughput_bytes_per_s = f64::from(sends);
            let endurance_bytes = room_bytes;
            let budget = ClusterBox {
                seed,
                room_bytes,
                throughput_bytes_per_s,
                fill_bytes,
                endurance_bytes,
            };
            PlannedBox { device: "d".into(), budget, report }
        },
    )
}

fn classes() -> impl Strategy<Value = Vec<HardwareClass>> {
    let class = vec(a_box(), 1..4).prop_map(|boxes| HardwareClass { name: "c".into(), boxes });
    vec(class, 0..3)
}

fn audience() -> impl Strategy<Value = Audience> {
    let deviations = vec((0..FILES, 0u8..90), 0..5).prop_map(|mut list| {
        list.sort_by_key(|one| one.0);
        list.dedup_by_key(|one| one.0);
        let one = |(ordinal, demand)| Deviation { ordinal, demand: f32::from(demand) };
        list.into_iter().map(one).collect()
    });
    (0..REGIONS, 1u8..40, deviations).prop_map(|(region, share, deviations)| Audience {
        region,
        share: f64::from(share) / 100.0,
        deviations,
    })
}

fn rights() -> impl Strategy<Value = Vec<Rights>> {
    vec(0..FILES, 1..20).prop_map(|banned| {
        let mut set = Bitmap::new(FILES as usize);
        banned.into_iter().for_each(|ordinal| set.insert(ordinal));
        vec![Rights { name: "nowhere".into(), banned: set }]
    })
}

/// Sites first, parents after them, of which the last stands above all others; or no parents.
pub(super) fn a_fleet() -> impl Strategy<Value = Small> {
    let site = (classes(), audience(), any::<bool>(), 0usize..4);
    let parent = (classes(), proptest::option::weighted(0.3, audience()));
    let files = (vec(1u64..400, FILES as usize), vec(vec(0u16..500, FILES as usize), REGIONS));
    let clusters = (vec(site, 1..6), vec(parent, 3));
    (files, clusters, rights(), 0u64..1000).prop_map(|(files, (sites, parents), rights, seed)| {
        let mut clusters = Vec::new();
        let count = sites.len();
        for (classes, audience, is_banned, parent) in sites {
            clusters.push(Arc::new(Cluster {
                name: format!("s{}", clusters.len()).into(),
                audience: Some(audience),
                classes,
                rights: is_banned.then_some(0),
                parent: (parent < 3).then_some(count + parent),
                churn_price: 1e-3,
                ..Cluster::default()
            }));
        }
        for (at, (classes, audience)) in parents.into_iter().enumerate() {
            let parent = (at < 2).then_some(count + 2);
            let name = format!("p{at}").into();
            clusters.push(Arc::new(Cluster {
                name,
                audience,
                classes,
                parent,
                churn_price: 1e-3,
                ..Cluster::default()
            }));
        }
        let demand = files.1.into_iter();
        let demand = demand.map(|of| of.into_iter().map(f32::from).collect()).collect();
        Small { sizes_bytes: files.0, demand, rights, clusters, held: Held { seed } }
    })
}
