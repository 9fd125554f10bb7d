//! What a seed decides before anything happens.

use crate::content::SHELF;
use crate::limits::LimitsPlan;
use crate::unordered::UnorderedPlan;
use contract::config::DiskClass;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::Duration;

/// How a world begins.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// How many boxes each site has.
    pub sites: Vec<usize>,
    /// For each box the classes of its disks, and their sizes in bytes.
    pub disks: Vec<Vec<(DiskClass, u64)>>,
    /// What part of a disk may be written in one period of its life; `None` where disks have no
    /// rating.
    pub rated: Option<f64>,
    /// Windows and caps; `None` where boxes fill at any hour, as fast as they can.
    pub limits: Option<LimitsPlan>,
    /// Content that nobody orders; `None` where there is none.
    pub unordered: Option<UnorderedPlan>,
    /// Many viewers come to a box at once, now and then, so that its disks have readers to be
    /// written carefully for.
    pub has_crowds: bool,
    /// For each box its RAM tier.
    pub ram_budgets: Vec<u64>,
    /// The content at each place of the catalogue.
    pub contents: Vec<usize>,
    /// How much of the catalogue a box wants, in percent.
    pub wanted_percent: u64,
    /// How long everything may go wrong.
    pub chaos: Duration,
    /// What may go wrong.
    pub troubles: Troubles,
}

/// Kinds of things that go wrong in a world; each world has some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Troubles {
    /// Processes are killed.
    pub kills: bool,
    /// Machines lose their power.
    pub power_cuts: bool,
    /// Cables are cut.
    pub cuts: bool,
    /// Sources lie.
    pub liars: bool,
    /// Disks fail.
    pub disk_errors: bool,
    /// Disks say that something is safe which is not.
    pub lost_syncs: bool,
    /// Bits turn over.
    pub rot: bool,
    /// Disks are full, slow, and give less than was asked for.
    pub nuisances: bool,
    /// The catalogue changes, and is purged from.
    pub changes: bool,
    /// Disks are replaced by empty ones.
    pub replacements: bool,
    /// Operators eject disks, and readmit them.
    pub ejections: bool,
    /// What is hot is another thing every few seconds.
    pub fashions: bool,
}

/// A generator for one part of a world: its draws do not depend on those of the others.
#[must_use]
pub fn random_for(seed: u64, part: &str) -> StdRng {
    let part = part.bytes().fold(seed, |mixed, byte| {
        (mixed ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
    });
    StdRng::seed_from_u64(part)
}

impl Plan {
    /// What this seed decides.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let random = &mut random_for(seed, "plan");
        let sites: Vec<usize> =
            (0..random.random_range(1..=2)).map(|_| random.random_range(1..=3)).collect();
        let contents: Vec<usize> =
            (0..random.random_range(1..=7)).map(|_| random.random_range(0..SHELF)).collect();
        let all_bytes: u64 = contents.iter().map(|content| file_bytes(*content)).sum();
        // What comes into the catalogue later may be larger.
        let all_bytes = all_bytes.max(3 << 20);
        let boxes: usize = sites.iter().sum();
        let mut disks_of = |_| {
            let count: usize = random.random_range(1..=3);
            let share = random.random_range(0.5..3.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a size"
            )]
            let size = (all_bytes as f64 * share) as u64 / count as u64 + 65_536;
            let classes = [DiskClass::Nvme, DiskClass::Ssd, DiskClass::Hdd];
            let mut disk = |_| (classes[random.random_range(0..classes.len())], size);
            (0..count).map(&mut disk).collect()
        };
        let disks = (0..boxes).map(&mut disks_of).collect();
        let ram_budgets =
            (0..boxes).map(|_| if random.random_bool(0.2) { 1 << 20 } else { 0 }).collect();
        let wanted_percent = random.random_range(50..=100);
        let chaos = Duration::from_secs(random.random_range(5..=90));
        Self {
            seed,
            sites,
            disks,
            rated: rated(seed),
            limits: LimitsPlan::of(seed),
            unordered: UnorderedPlan::of(seed),
            has_crowds: random_for(seed, "crowds").random_bool(0.1),
            ram_budgets,
            contents,
            wanted_percent,
            chaos,
            troubles: troubles(random),
        }
    }
}

/// Drawn for itself, so that worlds are else as they were before disks had ratings.
fn rated(seed: u64) -> Option<f64> {
    let random = &mut random_for(seed, "rating");
    random.random_bool(0.25).then(|| random.random_range(0.1..1.5))
}

/// What a content takes on a disk.
#[must_use]
pub fn file_bytes(content: usize) -> u64 {
    cache::layout::disk_bytes(crate::content::of(content).bytes.len() as u64)
}

fn troubles(random: &mut StdRng) -> Troubles {
    // Some worlds have one trouble, some many: what is rare in company is common alone.
    let share = [0.0, 0.15, 0.4, 0.8][random.random_range(0..4)];
    let mut has = || random.random_bool(share);
    Troubles {
        kills: has(),
        power_cuts: has(),
        cuts: has(),
        liars: has(),
        disk_errors: has(),
        lost_syncs: has(),
        rot: has(),
        nuisances: has(),
        changes: has(),
        replacements: has(),
        ejections: has(),
        fashions: random.random_bool(0.5),
    }
}
