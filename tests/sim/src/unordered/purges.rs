//! Purges of what nobody ordered, in the order in which the fleet has numbered them. The origin has
//! another version before something is purged, as whoever purges would have it.

use super::Unordered;
use super::origin::{Path, group};
use crate::appliance::{Running, SimBox};
use crate::plan::random_for;
use crate::world::World;
use contract::tombstones::{Purge, Purged, PurgedUpTo};
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// A purge, and the first version of each path that it does not take.
#[derive(Debug, Clone)]
struct Numbered {
    purge: Purge,
    floors: Vec<(usize, usize)>,
}

/// All purges, and how far boxes have come with them.
#[derive(Debug, Default)]
pub struct Purges(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    all: Vec<Numbered>,
    /// By box, as it stands on its disks.
    done: BTreeMap<usize, usize>,
    /// By box and path: the box has said that what is below this version is gone for good.
    floors: BTreeMap<(usize, usize), usize>,
}

impl Purges {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a box has come.
    #[must_use]
    pub fn up_to(&self, number: usize) -> PurgedUpTo {
        let done = self.state().done.get(&number).copied().unwrap_or(0);
        PurgedUpTo { epoch: 1, version: done as u64 }
    }

    /// The first version of a path that may come from a box.
    #[must_use]
    pub fn floor(&self, sim_box: &SimBox, path: usize) -> usize {
        // A disk that has lied may have kept what it was to forget.
        if sim_box.disks.iter().any(|disk| disk.may_repeat()) {
            return 0;
        }
        self.state().floors.get(&(sim_box.number, path)).copied().unwrap_or(0)
    }

    fn due(&self, number: usize) -> Vec<Numbered> {
        let state = self.state();
        let done = state.done.get(&number).copied().unwrap_or(0);
        state.all[done..].to_vec()
    }

    /// A box has carried these out.
    fn has_done(&self, number: usize, due: &[Numbered]) {
        let mut state = self.state();
        *state.done.entry(number).or_default() += due.len();
        for (path, version) in due.iter().flat_map(|it| &it.floors) {
            let floor = state.floors.entry((number, *path)).or_default();
            *floor = (*floor).max(*version);
        }
    }
}

/// Somebody has published something new, and purges what there was.
pub(super) fn order(world: &World, unordered: &Unordered, random: &mut StdRng) {
    let paths: Vec<Path> =
        (0..unordered.plan.paths).map(|number| unordered.origin.path(number)).collect();
    let one = &paths[random.random_range(0..paths.len())];
    let (path, tag) = (&one.key.path, &one.tag);
    let what = match random.random_range(0..3) {
        0 => Purged::Path(path.to_string()),
        1 => Purged::Prefix(path[..path.rfind('/').map_or(0, |at| at + 1)].to_owned()),
        _ => Purged::Tag(tag.clone()),
    };
    let taken = paths.iter().enumerate().filter(|(_, path)| is_taken(path, &what));
    let floors =
        taken.map(|(number, _)| (number, unordered.origin.change(number, true, world.wall())));
    let floors: Vec<_> = floors.collect();
    let mut state = unordered.purges.state();
    let purge = Purge { version: state.all.len() as u64 + 1, group: group(), what };
    world.findings.note(format_args!("{purge:?}, now {floors:?}"));
    state.all.push(Numbered { purge, floors });
}

/// Said anew here, and not asked of what is tested.
fn is_taken(path: &Path, what: &Purged) -> bool {
    match what {
        Purged::Path(it) => *path.key.path == **it,
        Purged::Prefix(it) => path.key.path.starts_with(&**it),
        Purged::Tag(it) => path.tag == *it,
        _ => false,
    }
}

/// A box carries out what it hears of, for as long as the world lasts.
pub async fn obey(world: Arc<World>, number: usize) {
    let Some(unordered) = &world.unordered else { return };
    let mut random = random_for(world.plan.seed, &format!("purges {number}"));
    let sim_box = &world.boxes[number];
    loop {
        sleep(Duration::from_millis(random.random_range(10..1500))).await;
        let Some(running) = sim_box.running() else { continue };
        let due = unordered.purges.due(number);
        if !due.is_empty() {
            carry_out(&world, unordered, sim_box, &running, &due);
        }
    }
}

fn carry_out(
    world: &World,
    unordered: &Unordered,
    sim_box: &SimBox,
    running: &Running,
    due: &[Numbered],
) {
    let (number, cache) = (sim_box.number, &running.cache);
    let before = unordered.purges.up_to(number);
    let up_to = PurgedUpTo { version: before.version + due.len() as u64, ..before };
    cache.begin_purges(up_to);
    let purged = cache.purge(|entry| due.iter().any(|it| it.purge.takes(entry)));
    let purged = purged.and_then(|objects| cache.has_purged(up_to).map(|()| objects));
    let name = &sim_box.name;
    match purged {
        // Nobody hears of a process that ends in the middle of it.
        Ok(_) if running.power.is_off() => {}
        Ok(objects) => {
            unordered.purges.has_done(number, due);
            world.findings.count(|counts| counts.purges += 1);
            world
                .findings
                .note(format_args!("{name}: has purged up to {up_to}, {objects} objects"));
        }
        Err(err) => {
            world.findings.note(format_args!("{name}: a disk does not forget yet: {err}"));
        }
    }
}
