//! One seed: a world, all that happens in it, and what came of it.

use crate::chaos;
use crate::disk::SimDisk;
use crate::endurance;
use crate::findings::Counts;
use crate::life;
use crate::limits;
use crate::moving;
use crate::plan::Plan;
use crate::promises;
use crate::registers;
use crate::unordered;
use crate::viewers;
use crate::world::World;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Within this time of the last fault everything is where it should be.
const SETTLES_IN: Duration = Duration::from_secs(1800);

/// Files on a disk that are no objects, without registers.
const PAGES_OF_OTHERS: u64 = 5 * cache::layout::PAGE;

/// What was written to a disk that has a rating is noted twice.
const PAGES_OF_RECORD: u64 = 2 * cache::layout::PAGE;

/// What must never be, and was.
#[derive(Debug)]
pub struct Failure {
    /// Of which seed.
    pub seed: u64,
    /// What.
    pub what: String,
    /// What happened before, the latest last.
    pub past: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, what, past } = self;
        past.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        write!(f, "seed {seed}: {what}\nagain: cargo run -p sim -- {seed}")
    }
}

/// Lives through the world of a seed.
///
/// # Errors
/// The first thing that must never be.
pub fn run(seed: u64, is_loud: bool) -> Result<Counts, Box<Failure>> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let Ok(runtime) = runtime else {
        let what = "there is no runtime".to_owned();
        return Err(Box::new(Failure { seed, what, past: Vec::new() }));
    };
    let (counts, verdict) = runtime.block_on(async {
        let world = World::new(Plan::of(seed), is_loud);
        world.findings.note(format_args!("{:?}", world.plan));
        history(&world).await;
        (world.findings.counts(), world.findings.verdict())
    });
    match verdict {
        None => Ok(counts),
        Some((what, past)) => Err(Box::new(Failure { seed, what, past })),
    }
}

async fn history(world: &Arc<World>) {
    let (calm, is_calm) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for number in 0..world.boxes.len() {
        tasks.spawn(life::live(Arc::clone(world), number, is_calm.clone()));
        tasks.spawn(moving::shift(Arc::clone(world), number));
        tasks.spawn(endurance::keep(Arc::clone(world), number));
        tasks.spawn(registers::keep(Arc::clone(world), number));
        tasks.spawn(viewers::watch(Arc::clone(world), number));
        tasks.spawn(viewers::wait(Arc::clone(world), number));
        tasks.spawn(viewers::crowd(Arc::clone(world), number, is_calm.clone()));
        tasks.spawn(unordered::purges::obey(Arc::clone(world), number));
    }
    for number in 0..world.plan.unordered.map_or(0, |plan| plan.players) {
        tasks.spawn(unordered::player::play(Arc::clone(world), number));
    }
    tasks.spawn(unordered::reign(Arc::clone(world), is_calm.clone()));
    tasks.spawn(chaos::turn(Arc::clone(world), is_calm.clone()));
    tasks.spawn(limits::turn(Arc::clone(world), is_calm.clone()));
    tasks.spawn(chaos::reign(Arc::clone(world), is_calm));
    let began = Instant::now();
    while began.elapsed() < world.plan.chaos && world.findings.verdict().is_none() {
        sleep(Duration::from_millis(500)).await;
    }
    calm.send_replace(true);
    chaos::mend(world);
    settle(world).await;
    unordered::settle(world).await;
    if world.findings.verdict().is_none() {
        close(world).await;
    }
    for disk in world.boxes.iter().flat_map(|each| each.disks.iter()) {
        let bytes = disk.written_through_bytes();
        world.findings.count(|counts| counts.written_through_bytes += bytes);
    }
    tasks.shutdown().await;
}

/// Waits until every box has what it should, as far as it has room.
async fn settle(world: &World) {
    let began = Instant::now();
    while world.findings.verdict().is_none() {
        let lacking = world.boxes.iter().find_map(|each| lack(world, each));
        let Some(lack) = lacking else { return };
        if began.elapsed() > SETTLES_IN {
            return world.findings.violation(lack);
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// What a box lacks though it has room for it.
fn lack(world: &World, sim_box: &crate::appliance::SimBox) -> Option<String> {
    let name = &sim_box.name;
    let Some(running) = sim_box.running() else { return Some(format!("{name} does not run")) };
    let (wanted, _) = world.wanted_by(sim_box);
    let missing = wanted.iter().find(|entry| {
        let is_held = sim_box.held(entry).is_some_and(|object| object.entry.id() == entry.id());
        let bytes = cache::layout::disk_bytes(entry.size_bytes);
        !is_held && running.cache.disks().iter().any(|disk| has_room(sim_box, disk, bytes))
    });
    let missing = missing.map(|entry| format!("{name} has no {}, and room for it", entry.path));
    let misplaced = || {
        let objects = running.cache.plan_moves(1, &HashSet::new()).objects;
        (objects > 0).then(|| format!("{name} has {objects} objects where they do not belong"))
    };
    missing.or_else(misplaced)
}

fn has_room(sim_box: &crate::appliance::SimBox, disk: &cache::disk::Disk, bytes: u64) -> bool {
    let found = sim_box.disks.iter().find(|each| each.plan.root == disk.folder());
    found.is_some_and(|found: &Arc<SimDisk>| {
        let record = found.plan.rating.map_or(0, |_| PAGES_OF_RECORD);
        let others = found.register_bytes() + PAGES_OF_OTHERS + record + found.plan.reserve_bytes;
        found.object_bytes() + bytes + others <= found.plan.size_bytes
    })
}

/// All is still: everything that is held can be read, and the books are right.
async fn close(world: &World) {
    for sim_box in &world.boxes {
        let Some(running) = sim_box.running() else { continue };
        for entry in world.wanted_by(sim_box).0 {
            if let Some(object) = sim_box.held(&entry) {
                crate::reads::read_all(&running, &object, &world.findings).await;
            }
        }
        promises::audit(world, sim_box).await;
        for disk in running.cache.disks() {
            let found = sim_box.disks.iter().find(|found| found.plan.root == disk.folder());
            found.iter().for_each(|found| check_books(world, &disk, found));
            found.iter().for_each(|found| endurance::check(world, found));
        }
    }
}

fn check_books(world: &World, disk: &cache::disk::Disk, found: &SimDisk) {
    let (root, findings) = (found.plan.root.display(), &world.findings);
    if found.broke_reserve() {
        findings.violation(format_args!("{root}: a file was made into the reserve"));
    }
    let (counted, used) = (disk.used_bytes(), found.object_bytes());
    if counted < used && !found.has_failed() {
        findings.violation(format_args!("{root}: {used} bytes are used, and {counted} counted"));
    }
}
