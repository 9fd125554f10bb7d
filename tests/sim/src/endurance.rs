//! What may be written to disks: given to boxes, and held against what was written.

use crate::appliance::SimBox;
use crate::disk::SimDisk;
use crate::plan::{file_bytes, random_for};
use crate::world::World;
use cache::{Cache, Rating};
use rand::Rng;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// A day of these disks.
const PERIOD: Duration = Duration::from_secs(60);

/// So many days a disk lives: in the time of a world what is left of it hardly changes.
const LIFE_PERIODS: u32 = 20_000;

/// What a disk is good for of which so much may be written in a day.
#[must_use]
pub fn rating(part: f64, size_bytes: u64) -> Rating {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a size"
    )]
    let daily_bytes = (size_bytes as f64 * part) as u64;
    Rating {
        write_bytes: daily_bytes * u64::from(LIFE_PERIODS),
        service_life: PERIOD * LIFE_PERIODS,
        period: PERIOD,
    }
}

/// A process learns what its disks are good for.
pub fn tell(world: &World, sim_box: &SimBox, cache: &Cache) {
    let rated = sim_box.disks.iter().filter_map(|disk| Some((&disk.plan.root, disk.plan.rating?)));
    let by_folder = rated.map(|(root, rating)| (root.clone(), rating)).collect();
    cache.set_ratings(by_folder, world.wall());
}

/// Has processes write down how their disks stand, for as long as the world lasts.
pub async fn keep(world: Arc<World>, number: usize) {
    let mut random = random_for(world.plan.seed, &format!("budgets {number}"));
    while world.plan.rated.is_some() {
        sleep(Duration::from_millis(random.random_range(100..20_000))).await;
        if let Some(running) = world.boxes[number].running() {
            running.cache.keep_budgets(world.wall());
        }
    }
}

/// No more was written to a disk than it may have been by now. What a disk has destroyed comes
/// again at once, and does not wait.
pub fn check(world: &World, disk: &SimDisk) {
    let Some(rating) = disk.plan.rating.filter(|_| disk.is_sound()) else { return };
    let (written, most) = (disk.written_bytes(), most_bytes(rating, world.age()));
    if written > most {
        let root = disk.plan.root.display();
        let what = format_args!("{root}: {written} bytes were written, and {most} may have been");
        world.findings.violation(what);
    }
}

/// A day's worth for each that has passed and one at the beginning, and the object that overdrew it.
fn most_bytes(rating: Rating, age: Duration) -> u64 {
    let daily_bytes = rating.write_bytes / u64::from(LIFE_PERIODS);
    let micros = |span: Duration| u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
    let grown = daily_bytes.saturating_mul(micros(age)) / micros(PERIOD);
    let largest = (0..crate::content::SHELF).map(file_bytes).max().unwrap_or(0);
    // What is left of the rating is for a life that has become shorter, too.
    let grown = grown + grown / 20;
    grown + daily_bytes + largest
}
