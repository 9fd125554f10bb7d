//! Who watches what boxes hold: somebody all the time, and many at once now and then.

use crate::appliance::Running;
use crate::content;
use crate::plan::random_for;
use crate::reads::read_block;
use crate::world::World;
use cache::object::block_count;
use cache::{BLOCK_BYTES, Lookup, Object};
use contract::object::ObjectKey;
use rand::Rng;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Players give up before; who waits for longer waits in vain.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// So many reads make a disk one that has readers, with some to spare.
const CROWD: usize = 120;

/// Somebody asks a box for whatever it holds, all the time.
pub async fn watch(world: Arc<World>, number: usize) {
    let mut random = random_for(world.plan.seed, &format!("viewer {number}"));
    loop {
        sleep(Duration::from_millis(random.random_range(1..2500))).await;
        let Some(running) = world.boxes[number].running() else { continue };
        let place = random.random_range(0..world.places());
        let Some(object) = held(&running, place) else { continue };
        let blocks = blocks(&object);
        if blocks > 0 {
            let block = random.random_range(0..blocks);
            // What became of it the cache says, and the next look-up shows.
            drop(read_block(&running, &object, block, &world.findings).await);
        }
    }
}

/// Somebody asks a box for what it is to hold and has not got yet, where such is brought at once.
pub async fn wait(world: Arc<World>, number: usize) {
    if world.unordered.is_none() {
        return;
    }
    let mut random = random_for(world.plan.seed, &format!("waiting viewer {number}"));
    loop {
        sleep(Duration::from_millis(random.random_range(1..4000))).await;
        let place = random.random_range(0..world.places());
        let offset = if random.random_bool(0.7) { 0 } else { random.random_range(0..2 << 20) };
        if let Some(running) = world.boxes[number].running() {
            wait_for(&world, &running, &key(place), offset).await;
        }
    }
}

async fn wait_for(world: &World, running: &Running, key: &ObjectKey, offset: u64) {
    let look = || running.cache.lookup(&key.group, &key.path);
    if matches!(look(), Lookup::Held(_) | Lookup::Unknown) {
        return;
    }
    let Some(resolving) = running.cache.resolve(key, offset) else { return };
    if timeout(LONGEST_WAIT, resolving).await.is_err() && !running.power.is_off() {
        let path = &key.path;
        world.findings.violation(format_args!("forgotten: somebody waits for {path}"));
    }
    let (Lookup::Held(object) | Lookup::Arriving(object)) = look() else { return };
    if offset < object.entry.size_bytes && object.has_byte(offset) {
        world.findings.count(|counts| counts.brought += 1);
        let block = u32::try_from(offset / BLOCK_BYTES).unwrap_or(0);
        drop(read_block(running, &object, block, &world.findings).await);
    }
}

/// Many ask a box at once, again and again, until it is calm; not all of its disks have what they
/// ask for.
pub async fn crowd(world: Arc<World>, number: usize, is_calm: watch::Receiver<bool>) {
    let mut random = random_for(world.plan.seed, &format!("crowd {number}"));
    while world.plan.has_crowds && !*is_calm.borrow() {
        sleep(Duration::from_millis(random.random_range(500..12_000))).await;
        let Some(running) = world.boxes[number].running() else { continue };
        for object in one_of_each_disk(&world, &running) {
            read_often(&world, &running, &object).await;
        }
    }
}

/// On each disk the object whose last block costs least to read; none that is empty.
fn one_of_each_disk(world: &World, running: &Running) -> Vec<Arc<Object>> {
    let held = (0..world.places()).filter_map(|place| held(running, place));
    let held: Vec<_> = held.filter(|object| object.entry.size_bytes > 0).collect();
    let on = |folder: &Path| {
        let there = held.iter().filter(|object| object.file().starts_with(folder));
        there.min_by_key(|object| object.block_len(blocks(object) - 1)).cloned()
    };
    running.cache.disks().iter().filter_map(|disk| on(disk.folder())).collect()
}

async fn read_often(world: &World, running: &Running, object: &Arc<Object>) {
    for _ in 0..CROWD {
        let read = read_block(running, object, blocks(object) - 1, &world.findings).await;
        // It may have gone, as may the process have.
        if read.is_err() || running.power.is_off() {
            return;
        }
    }
}

fn key(place: u32) -> ObjectKey {
    ObjectKey { group: content::group(), path: format!("/film/{place}.m4s").into() }
}

/// What a box holds at a place of the catalogue, be it of before.
fn held(running: &Running, place: u32) -> Option<Arc<Object>> {
    let key = key(place);
    match running.cache.lookup(&key.group, &key.path) {
        Lookup::Held(object) => Some(object),
        _ => None,
    }
}

fn blocks(object: &Object) -> u32 {
    u32::try_from(block_count(object.entry.size_bytes)).unwrap_or(0)
}
