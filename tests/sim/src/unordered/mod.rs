//! What nobody ordered: an origin with versions that come and go, players who ask boxes for them,
//! and boxes that keep what the origin gave.
//!
//! What must never be: bytes of two versions in one answer, or of none (`mixed`); a version that
//! may not be served any more by what the origin has said (`stale`), or that there is nothing
//! (`absent`); anything that was purged before it was asked for, be it after a crash (`purged`); a
//! second question for what is being asked or has come (`asked twice`); somebody who waits for
//! what nobody brings (`forgotten`); and, once all is mended, a box that does not give what the
//! origin has (`not given`).
//!
//! Read in this order: `plan` (what a seed decides), [`origin`] (what there is), `answer` and
//! `home` (what boxes are told), [`purges`], [`player`] (who asks, and what is checked), [`told`]
//! and [`flights`] (against what).

mod answer;
pub mod flights;
mod home;
pub mod origin;
mod plan;
pub mod player;
pub mod purges;
pub mod told;

pub use plan::{OriginTroubles, UnorderedPlan};

use crate::appliance::SimBox;
use crate::content;
use crate::disk::Power;
use crate::plan::{Troubles, random_for};
use crate::world::World;
use answer::SimOrigins;
use cache::{Cache, Share};
use contract::names::GroupName;
use contract::object::ObjectKey;
use contract::sources::Source;
use contract::tombstones::PurgedUpTo;
use fill::{Demand, FetchFailed, Filler, Neighbours, Offers, Promise};
use flights::Flights;
use origin::Origin;
use player::{Given, View};
use purges::Purges;
use rand::Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use told::{Circle, Ledger};

/// Within this time of the last fault every box gives what the origin has: whoever has failed
/// rests for 15 s at the most, and an absence holds for 30 s.
const GIVES_IN: Duration = Duration::from_secs(120);

/// All of it in a world.
#[derive(Debug)]
pub struct Unordered {
    /// What the seed has decided.
    pub plan: UnorderedPlan,
    /// Where it comes from.
    pub origin: Origin,
    /// What was told.
    pub ledger: Ledger,
    /// What is being asked.
    pub flights: Flights,
    /// What was purged.
    pub purges: Purges,
    /// Of a thousand answers so many are errors, and so many are lies.
    moods: [AtomicU32; 2],
    lives: AtomicU64,
}

/// What a process has for it.
#[derive(Clone)]
pub struct SimDemand {
    /// The other boxes of its site.
    pub neighbours: Arc<Neighbours>,
    /// What brings it.
    pub demand: Arc<Demand>,
}

impl Unordered {
    /// Of a world that begins.
    #[must_use]
    pub fn new(seed: u64, plan: UnorderedPlan) -> Self {
        Self {
            plan,
            origin: Origin::new(seed, plan),
            ledger: Ledger::default(),
            flights: Flights::default(),
            purges: Purges::default(),
            moods: [AtomicU32::new(0), AtomicU32::new(0)],
            lives: AtomicU64::new(0),
        }
    }

    fn moods(&self) -> (u32, u32) {
        let [errors, lies] = &self.moods;
        (errors.load(Ordering::Relaxed), lies.load(Ordering::Relaxed))
    }

    fn set_moods(&self, errors: u32, lies: u32) {
        for (mood, now) in self.moods.iter().zip([errors, lies]) {
            mood.store(now, Ordering::Relaxed);
        }
    }

    /// Those who know what a box was told.
    #[must_use]
    pub fn circle(&self, world: &World, number: usize) -> Circle {
        if self.plan.has_homes { world.boxes[number].site } else { number }
    }

    /// Whether a box loses nothing of what has come.
    #[must_use]
    pub fn keeps_all(&self, world: &World, number: usize) -> bool {
        let Troubles { liars, disk_errors, lost_syncs, rot, nuisances, ejections, cuts, .. } =
            world.plan.troubles;
        let loses = liars || disk_errors || lost_syncs || rot || nuisances || ejections || cuts;
        let is_limited = world.plan.limits.is_some() || world.plan.rated.is_some();
        !loses && !is_limited && world.boxes[number].disks.iter().all(|disk| disk.is_sound())
    }

    /// A process begins with what its disks have of it.
    #[must_use]
    pub fn open(
        &self,
        world: &Arc<World>,
        sim_box: &SimBox,
        cache: &Arc<Cache>,
        filler: &Arc<Filler>,
        power: &Arc<Power>,
    ) -> SimDemand {
        let all_bytes: u64 = sim_box.disks.iter().map(|disk| disk.plan.size_bytes).sum();
        let bytes = all_bytes * self.plan.share_percent / 100;
        cache.set_shares(&[Share { group: origin::group(), bytes }]);
        let origins = Arc::new(SimOrigins {
            world: Arc::downgrade(world),
            me: sim_box.number,
            life: self.lives.fetch_add(1, Ordering::Relaxed),
            power: Arc::clone(power),
        });
        let demand = Demand::new(fill::demand::Setup {
            cache: Arc::clone(cache),
            filler: Arc::clone(filler),
            origins,
            // Viewers of what is ordered may not have to wait for it, either.
            groups: vec![
                (origin::group(), vec![World::origin_of_the_unordered()]),
                (content::group(), Vec::new()),
            ],
            runtime: Handle::current(),
        });
        let neighbours = Neighbours::new(Arc::clone(filler), Arc::new(NoOffers), Handle::current());
        SimDemand { neighbours, demand }
    }
}

/// Nobody is redirected here: that is no matter of bytes.
struct NoOffers;

impl Offers for NoOffers {
    fn offers<'a>(
        &'a self,
        _: &'a Source,
        _: &'a ObjectKey,
        _: PurgedUpTo,
    ) -> Promise<'a, Result<bool, FetchFailed>> {
        Box::pin(async { Ok(false) })
    }
}

/// The content group, as sources have it.
#[must_use]
pub fn group() -> GroupName {
    origin::group()
}

/// What happens to the origin, until it is calm.
pub async fn reign(world: Arc<World>, is_calm: watch::Receiver<bool>) {
    let Some(unordered) = &world.unordered else { return };
    let OriginTroubles { changes, absences, lies, errors, purges } = unordered.plan.troubles;
    let mut random = random_for(world.plan.seed, "origin's days");
    loop {
        sleep(Duration::from_millis(random.random_range(50..6000))).await;
        if *is_calm.borrow() {
            return;
        }
        let path = random.random_range(0..unordered.plan.paths);
        let is_there = !absences || random.random_bool(0.7);
        match random.random_range(0..4) {
            0 | 1 if changes || absences => {
                let is_there = is_there || !absences;
                let version = unordered.origin.change(path, is_there, world.wall());
                world.findings.note(format_args!("{path} is version {version}: {is_there}"));
            }
            2 if purges => purges::order(&world, unordered, &mut random),
            3 if errors || lies => {
                let mut mood = |has: bool, most| {
                    if has && random.random_bool(0.5) { random.random_range(0..most) } else { 0 }
                };
                let (errors, lies) = (mood(errors, 1000), mood(lies, 400));
                world.findings.note(format_args!("the origin fails {errors}, lies {lies}"));
                unordered.set_moods(errors, lies);
            }
            _ => {}
        }
    }
}

/// The origin is well from here on.
pub fn mend(world: &World) {
    world.unordered.iter().for_each(|it| it.set_moods(0, 0));
}

/// Once all is mended, every box gives what the origin has, unless windows or caps forbid it. What
/// a rated disk may not be written with passes through a RAM tier, which most boxes here have not.
pub async fn settle(world: &World) {
    let Some(unordered) = &world.unordered else { return };
    if world.plan.limits.is_some() || world.plan.rated.is_some() {
        return;
    }
    for sim_box in &world.boxes {
        for path in 0..unordered.plan.paths {
            let (view, began) = (View { world, unordered, sim_box, path }, Instant::now());
            while world.findings.verdict().is_none() {
                let Some(running) = sim_box.running() else { break };
                if view.ask(&running, 0).await == Given::Right {
                    break;
                }
                if began.elapsed() > GIVES_IN {
                    let name = &sim_box.name;
                    let what = format_args!("not given: {name} gives nothing of path {path}");
                    world.findings.violation(what);
                }
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}
