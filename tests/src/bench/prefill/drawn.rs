//! A fleet from a seed: sizes log-normal, demand by Zipf's law and a little different from region to
//! region, sites of one to eight boxes of two kinds, and a tier of parents.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "what is drawn is drawn in floating point, and far below 2^53"
)]

use ::prefill::cluster::{ClusterBox, Deviation};
use ::prefill::plan::{
    Audience, BadFleet, Cluster, FleetProblem, HardwareClass, PlannedBox, Region, Report,
};
use std::sync::Arc;

/// How large a fleet is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// What decides everything else.
    pub seed: u64,
    /// Files.
    pub files: usize,
    /// Sites with viewers.
    pub sites: usize,
    /// Parents above them.
    pub parents: usize,
    /// Kinds of boxes: storage alone, or flash as well; a third is storage of another generation.
    pub classes: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { seed: 1, files: 1_000_000, sites: 6_000, parents: 50, classes: 2 }
    }
}

/// Regions, at all scales.
const REGIONS: usize = 5;

/// Boxes for each site, on average: 20,000 at 6,000 sites.
const BOXES_A_SITE: f64 = 10.0 / 3.0;

/// Numbers from a seed (SplitMix64: Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Evenly from 0 to 1, 0 left out.
    fn part(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.part() * bound as f64).ceil() as usize - 1
    }

    /// From the standard normal distribution (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * self.part().ln()).sqrt() * (std::f64::consts::TAU * self.part()).cos()
    }
}

/// All that a fleet borrows.
#[derive(Debug, Clone)]
pub struct Drawn {
    sizes_bytes: Vec<u64>,
    /// By region.
    demand: Vec<Vec<f32>>,
    clusters: Vec<Arc<Cluster>>,
}

impl Drawn {
    /// Draws one.
    #[must_use]
    pub fn new(shape: &Shape) -> Self {
        let mut dice = Dice(shape.seed);
        // Half of the files are below 100 MB; a million are half a petabyte.
        let size = |dice: &mut Dice| (1e8 * (dice.normal() * 1.8).exp()).clamp(1e6, 1e10) as u64;
        let sizes_bytes: Vec<u64> = (0..shape.files).map(|_| size(&mut dice)).collect();
        let mut popularity: Vec<f64> =
            (1..=shape.files).map(|rank| (rank as f64).powf(-0.8)).collect();
        for at in (1..shape.files).rev() {
            popularity.swap(at, dice.below(at + 1));
        }
        // 16 Tbit/s a region at 1,200 sites.
        let wanted = 2e12 * shape.sites as f64 / 6000.0 / popularity.iter().sum::<f64>();
        let of_region = |dice: &mut Dice| {
            let taste = |dice: &mut Dice| wanted * (dice.normal() * 0.7).exp();
            popularity.iter().map(|one| (one * taste(dice)) as f32).collect()
        };
        let demand: Vec<Vec<f32>> = (0..REGIONS).map(|_| of_region(&mut dice)).collect();
        let mut drawn = Self { sizes_bytes, demand, clusters: Vec::new() };
        drawn.draw_clusters(shape, &mut dice);
        drawn
    }

    fn draw_clusters(&mut self, shape: &Shape, dice: &mut Dice) {
        let all_bytes: u64 = self.sizes_bytes.iter().sum();
        let mut boxes = 0;
        for at in 0..shape.sites {
            let wanted = (BOXES_A_SITE * (at + 1) as f64).round() as usize - boxes;
            // Few sites are large; what one has more than on average, the next has less.
            let count = (wanted + dice.below(5)).saturating_sub(2).clamp(1, 8);
            boxes += count;
            let region = dice.below(REGIONS);
            let parent = (shape.parents > 0).then(|| {
                let own = shape.parents.div_ceil(REGIONS);
                shape.sites + (region * own + dice.below(own)).min(shape.parents - 1)
            });
            let classes = site_classes(shape, dice, all_bytes, count);
            let deviations = self.deviations(dice, region);
            let share = count as f64 / (BOXES_A_SITE * shape.sites as f64 / REGIONS as f64);
            let share = share * (0.5 + dice.part());
            self.clusters.push(Arc::new(Cluster {
                name: format!("s{at:04}").into(),
                audience: Some(Audience { region, share, deviations }),
                classes,
                parent,
                ..Cluster::default()
            }));
        }
        for at in 0..shape.parents {
            let boxes = (0..8).map(|index| a_box(dice, index, all_bytes as f64 * 0.1, 1.2e10));
            let storage = HardwareClass { name: "storage".into(), boxes: boxes.collect() };
            self.clusters.push(Arc::new(Cluster {
                name: format!("p{at:02}").into(),
                classes: vec![storage],
                ..Cluster::default()
            }));
        }
    }

    /// Files of some titles are wanted otherwise than in the region: one to five hundred.
    fn deviations(&self, dice: &mut Dice, region: usize) -> Vec<Deviation> {
        let count = 100 + dice.below(400);
        let files = self.sizes_bytes.len();
        let mut ordinals: Vec<u32> = (0..count).map(|_| dice.below(files) as u32).collect();
        ordinals.sort_unstable();
        ordinals.dedup();
        let share = 1.0 / 1200.0;
        let deviate = |ordinal: u32| {
            let regional = f64::from(self.demand[region][ordinal as usize]) * share;
            Deviation { ordinal, demand: (regional * (dice.normal() * 1.5).exp()) as f32 }
        };
        ordinals.into_iter().map(deviate).collect()
    }

    /// The fleet on the day that was drawn, or one later: demand has moved by a fifth, file by file.
    #[must_use]
    pub fn next_day(&self, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut next = self.clone();
        for demand in next.demand.iter_mut().flatten() {
            *demand *= (dice.normal() * 0.2).exp() as f32;
        }
        next
    }

    /// Sorts the regions.
    ///
    /// # Errors
    /// None that is known.
    pub fn regions(&self) -> Result<Vec<Region<'_>>, BadFleet> {
        let names = (0..self.demand.len()).map(|at| format!("r{at}"));
        let demand = self.demand.iter();
        names.zip(demand).map(|(name, of)| Region::new(&name, &self.sizes_bytes, of)).collect()
    }

    /// The question.
    #[must_use]
    pub fn problem<'a>(&'a self, regions: &'a [Region<'a>]) -> FleetProblem<'a> {
        FleetProblem {
            sizes_bytes: &self.sizes_bytes,
            regions,
            rights: &[],
            clusters: self.clusters.clone(),
        }
    }
}

/// The first box is storage; of the others half are flash, which sends faster and holds less.
fn site_classes(
    shape: &Shape,
    dice: &mut Dice,
    all_bytes: u64,
    count: usize,
) -> Vec<HardwareClass> {
    let flash = if shape.classes > 1 { count / 2 } else { 0 };
    let older = if shape.classes > 2 { (count - flash) / 2 } else { 0 };
    let kinds =
        [("storage", count - flash - older, 0.2), ("flash", flash, 0.03), ("older", older, 0.1)];
    let mut seed = 0;
    let mut classes = Vec::new();
    for (name, count, part) in kinds.into_iter().filter(|kind| kind.1 > 0) {
        let sends = if name == "flash" { 1.2e10 } else { 4.5e9 };
        let mut boxes = Vec::new();
        for _ in 0..count {
            boxes.push(a_box(dice, seed, all_bytes as f64 * part, sends));
            seed += 1;
        }
        classes.push(HardwareClass { name: name.into(), boxes });
    }
    classes
}

fn a_box(dice: &mut Dice, index: u64, room_bytes: f64, sends: f64) -> PlannedBox {
    let budget = ClusterBox {
        seed: dice.bits(),
        room_bytes: room_bytes as u64,
        throughput_bytes_per_s: sends,
        // Ten hours a night at 4 Gbit/s.
        fill_bytes: 18_000_000_000_000,
        endurance_bytes: room_bytes as u64,
    };
    PlannedBox { device: format!("oca{index}").into(), budget, report: Report::Fresh }
}
