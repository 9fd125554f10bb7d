//! Who watches what boxes hold: somebody all the time, and many at once now and then.

use crate::appliance::Running;
use crate::content;
use crate::plan::random_for;
use crate::reads::read_block;
use crate::world::World;
use cache::object::block_count;
use cache::{Lookup, Object};
use rand::Rng;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

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

/// What a box holds at a place of the catalogue, be it of before.
fn held(running: &Running, place: u32) -> Option<Arc<Object>> {
    match running.cache.lookup(&content::group(), &format!("/film/{place}.m4s")) {
        Lookup::Held(object) => Some(object),
        _ => None,
    }
}

fn blocks(object: &Object) -> u32 {
    u32::try_from(block_count(object.entry.size_bytes)).unwrap_or(0)
}
