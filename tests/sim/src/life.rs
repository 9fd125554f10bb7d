//! A box's process: started, killed, started again, audited every time.

use crate::appliance::SimBox;
use crate::disk::Power;
use crate::plan::{Troubles, random_for};
use crate::promises;
use crate::world::World;
use rand::Rng;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Runs a box until the world ends. Once `is_calm`, nothing happens to it any more.
pub async fn live(world: Arc<World>, number: usize, is_calm: watch::Receiver<bool>) {
    let sim_box = &world.boxes[number];
    let mut random = random_for(world.plan.seed, &format!("life {number}"));
    let Troubles { kills, power_cuts, .. } = world.plan.troubles;
    let dies = kills || power_cuts;
    // Boxes do not come up in the same moment.
    sleep(Duration::from_millis(random.random_range(0..3000))).await;
    loop {
        let may_die = dies && !*is_calm.borrow();
        let calls =
            may_die.then(|| random.random_range(1..150)).filter(|_| random.random_bool(0.7));
        let power = Arc::new(Power::on(calls));
        let seed = random.random();
        match sim_box.start(&world, &power, seed) {
            Err(err) => {
                world.findings.note(format_args!("{}: does not start: {err}", sim_box.name));
            }
            Ok(process) => {
                world.findings.note(format_args!("{}: starts", sim_box.name));
                promises::audit(&world, sim_box).await;
                last(&power, &mut random, may_die, is_calm.clone()).await;
                sim_box.bury();
                drop(process);
            }
        }
        power.cut();
        let is_power_cut = power_cuts && (!kills || random.random_bool(0.5));
        die(&world, sim_box, &mut random, may_die && is_power_cut).await;
    }
}

/// Until it dies: by a call to a disk, by the clock, or not at all.
async fn last(
    power: &Power,
    random: &mut StdRng,
    may_die: bool,
    mut is_calm: watch::Receiver<bool>,
) {
    if !may_die {
        return power.gone().await;
    }
    let span = Duration::from_millis(random.random_range(1..30_000));
    if timeout(span, power.gone()).await.is_err() && *is_calm.borrow_and_update() {
        power.gone().await;
    }
}

async fn die(world: &World, sim_box: &SimBox, random: &mut StdRng, is_power_cut: bool) {
    let what = if is_power_cut { "its power fails" } else { "its process ends" };
    world.findings.note(format_args!("{}: {what}", sim_box.name));
    world.findings.count(|counts| counts.crashes += 1);
    if is_power_cut {
        sim_box.disks.iter().for_each(|disk| disk.cut_power());
    }
    sleep(Duration::from_millis(random.random_range(100..8000))).await;
}
