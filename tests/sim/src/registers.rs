//! Most boxes write registers now and then, and have their disks note how far purges have come.

use crate::plan::random_for;
use crate::world::World;
use rand::Rng;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Keeps them for as long as the world lasts, whichever process runs.
pub async fn keep(world: Arc<World>, number: usize) {
    let mut random = random_for(world.plan.seed, &format!("registers {number}"));
    let sim_box = &world.boxes[number];
    if random.random_bool(0.3) {
        return;
    }
    loop {
        sleep(Duration::from_millis(random.random_range(50..6000))).await;
        let Some(running) = sim_box.running() else { continue };
        running.cache.settle_purges();
        // Some are left for the next time.
        let mut left = random.random_range(1..30);
        running.cache.keep_registers(random.random_range(1..3), || {
            left -= 1;
            left > 0 && !running.power.is_off()
        });
    }
}
