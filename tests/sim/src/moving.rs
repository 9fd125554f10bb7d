//! Objects move between the disks of a box, as their ranks say.

use crate::appliance::{Running, SimBox};
use crate::plan::random_for;
use crate::world::World;
use cache::{Move, MoveStep, PlannedMove};
use rand::Rng;
use rand::rngs::StdRng;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// Moves that are planned at once.
const PLANNED: usize = 4;

/// The copy that a box is making.
#[derive(Debug, Default)]
pub struct UnderWay(Mutex<Option<(Arc<str>, PathBuf)>>);

impl UnderWay {
    fn state(&self) -> MutexGuard<'_, Option<(Arc<str>, PathBuf)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file of a copy of this path.
    #[must_use]
    pub fn copy_of(&self, path: &str) -> Option<PathBuf> {
        let state = self.state();
        state.as_ref().filter(|(moving, _)| **moving == *path).map(|(_, file)| file.clone())
    }
}

/// Moves what is to move, for as long as the world lasts, whichever process runs.
pub async fn shift(world: Arc<World>, number: usize) {
    let mut random = random_for(world.plan.seed, &format!("moves {number}"));
    let sim_box = &world.boxes[number];
    loop {
        sleep(Duration::from_millis(random.random_range(10..3000))).await;
        let Some(running) = sim_box.running() else { continue };
        for planned in running.cache.plan_moves(PLANNED, &HashSet::new()).first {
            carry_out(&world, sim_box, &running, &planned, &mut random).await;
        }
    }
}

async fn carry_out(
    world: &World,
    sim_box: &SimBox,
    running: &Running,
    planned: &PlannedMove,
    random: &mut StdRng,
) {
    let mut moving = match running.cache.begin_move(planned) {
        Ok(moving) => moving,
        Err(failed) => {
            return world.findings.note(format_args!("{}: no move: {failed}", sim_box.name));
        }
    };
    *sim_box.moving.state() = Some((Arc::clone(moving.path()), moving.file()));
    while step(world, sim_box, &mut moving) {
        sleep(Duration::from_millis(random.random_range(1..400))).await;
        if random.random_bool(0.01) {
            // Whoever moves has been told to stop.
            break;
        }
    }
    drop(moving);
    sim_box.moving.state().take();
}

/// Gives whether it goes on.
fn step(world: &World, sim_box: &SimBox, moving: &mut Move) -> bool {
    match moving.step() {
        MoveStep::Copied(_) => true,
        // A process that dies with this step has moved it all the same.
        MoveStep::Done { from, to } => {
            let (name, to_shown) = (&sim_box.name, to.display());
            world.findings.note(format_args!("{name}: {} is {to_shown} now", from.display()));
            world.findings.count(|counts| counts.moved += 1);
            sim_box.promises.moved(moving.path(), &from, to);
            false
        }
        MoveStep::GivenUp(failed) => {
            let (name, path) = (&sim_box.name, moving.path());
            world.findings.note(format_args!("{name}: {path} stays: {failed}"));
            false
        }
    }
}
