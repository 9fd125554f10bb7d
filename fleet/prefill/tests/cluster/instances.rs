//! Clusters from a seed: sizes log-normal from 1 MB to 10 GB, demand by Zipf's law.

use prefill::cluster::{
    Bitmap, Class, ClusterBox, Deviation, Holding, Pin, Problem, Refused, RegionOrder, Solution,
    Spread, Workspace,
};

/// Numbers from a seed (SplitMix64: Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub u64);

impl Dice {
    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// Evenly from 0 to 1, 0 left out.
    pub(crate) fn part(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// Below a bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// From the standard normal distribution (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * self.part().ln()).sqrt() * (std::f64::consts::TAU * self.part()).cos()
    }
}

/// What an instance is made from. Budgets are of all classes together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) files: usize,
    /// The exponent of Zipf's law.
    pub(crate) zipf: f64,
    pub(crate) classes: usize,
    pub(crate) boxes_a_class: usize,
    /// Room, as a part of the bytes of all files.
    pub(crate) disk: f64,
    /// Throughput, as a part of all demand.
    pub(crate) throughput: f64,
    /// New bytes a day, as a part of the room.
    pub(crate) fill: f64,
    /// Whether the cluster holds what was best yesterday.
    pub(crate) is_resident: bool,
    /// How many files are wanted otherwise than in the region.
    pub(crate) deviations: usize,
    pub(crate) copy_share: f64,
    pub(crate) churn_price: f64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            seed: 1,
            files: 1_000_000,
            zipf: 0.8,
            classes: 2,
            boxes_a_class: 4,
            disk: 0.3,
            throughput: 1.5,
            fill: 1.0,
            is_resident: true,
            deviations: 0,
            copy_share: 0.05,
            churn_price: 0.0,
        }
    }
}

/// All that a problem borrows.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) sizes_bytes: Vec<u64>,
    pub(crate) demand: Vec<f32>,
    pub(crate) region_share: f64,
    pub(crate) boxes: Vec<Vec<ClusterBox>>,
    pub(crate) resident: Vec<Option<Holding>>,
    /// What each box holds today. Shorter than the classes: not known of the rest.
    pub(crate) on_boxes: Vec<Option<Vec<Bitmap>>>,
    pub(crate) deviations: Vec<Deviation>,
    pub(crate) bans: Bitmap,
    pub(crate) pins: Vec<Pin>,
    pub(crate) least_copies: u16,
    pub(crate) more_copies: Vec<(u32, u16)>,
    pub(crate) copy_share: f64,
    pub(crate) churn_price: f64,
}

impl Instance {
    /// Files and boxes, and nothing else asked.
    pub(crate) fn plain(sizes_bytes: &[u64], demand: &[f32], boxes: &[&[ClusterBox]]) -> Self {
        Self {
            sizes_bytes: sizes_bytes.to_vec(),
            demand: demand.to_vec(),
            region_share: 1.0,
            boxes: boxes.iter().map(|boxes| boxes.to_vec()).collect(),
            resident: vec![None; boxes.len()],
            on_boxes: vec![],
            deviations: vec![],
            bans: Bitmap::default(),
            pins: vec![],
            least_copies: 1,
            more_copies: vec![],
            copy_share: f64::INFINITY,
            churn_price: 0.0,
        }
    }

    /// Draws one.
    pub(crate) fn new(shape: Shape) -> Self {
        let mut dice = Dice(shape.seed);
        // Half of the files are below 100 MB; one in two hundred is cut off at either end.
        let size = |dice: &mut Dice| (1e8 * (dice.normal() * 1.8).exp()).clamp(1e6, 1e10) as u64;
        let sizes_bytes: Vec<u64> = (0..shape.files).map(|_| size(&mut dice)).collect();
        let mut demand: Vec<f32> =
            (1..=shape.files).map(|rank| (1e9 * (rank as f64).powf(-shape.zipf)) as f32).collect();
        shuffle(&mut demand, &mut dice);
        let mut instance = Self::plain(&sizes_bytes, &demand, &[]);
        instance.copy_share = shape.copy_share;
        instance.boxes = boxes(&Shape { fill: 1.0, ..shape }, &sizes_bytes, &demand);
        instance.resident = vec![None; shape.classes];
        if shape.is_resident {
            instance.resident = instance.yesterday(&mut dice);
        }
        instance.boxes = boxes(&shape, &sizes_bytes, &demand);
        instance.deviations = deviations(&shape, &demand, &mut dice);
        instance.churn_price = shape.churn_price;
        instance
    }

    /// Yesterday's answer: demand has moved since by a third, up or down, file by file.
    fn yesterday(&self, dice: &mut Dice) -> Vec<Option<Holding>> {
        let mut past = self.clone();
        for demand in &mut past.demand {
            *demand *= (dice.normal() * 0.3).exp() as f32;
        }
        past.with_problem(|problem| {
            let mut workspace = Workspace::default();
            let solution = workspace.solve(problem).expect("an instance is sound");
            solution.classes.iter().map(|class| Some(class.holding.clone())).collect()
        })
    }

    /// Sorts the region, and asks.
    pub(crate) fn with_problem<T>(&self, ask: impl FnOnce(&Problem) -> T) -> T {
        let region = RegionOrder::new(&self.sizes_bytes, &self.demand).expect("good files");
        let classes: Vec<Class> = (self.boxes.iter().zip(&self.resident))
            .zip(self.on_boxes.iter().chain(std::iter::repeat(&None)))
            .map(|((boxes, resident), on_boxes)| Class {
                boxes,
                resident: resident.as_ref(),
                on_boxes: on_boxes.as_deref(),
            })
            .collect();
        ask(&Problem {
            region: &region,
            region_share: self.region_share,
            deviations: &self.deviations,
            classes: &classes,
            bans: &self.bans,
            pins: &self.pins,
            least_copies: self.least_copies,
            more_copies: &self.more_copies,
            copy_share: self.copy_share,
            churn_price: self.churn_price,
        })
    }

    /// The answer.
    pub(crate) fn solve(&self) -> Result<Solution, Refused> {
        self.with_problem(|problem| Workspace::default().solve(problem).cloned())
    }
}

/// Spreads all classes of the last solution over their boxes.
pub(crate) fn spread_all(workspace: &mut Workspace, problem: &Problem) -> Vec<Spread> {
    let mut spreads = vec![Spread::default(); problem.classes.len()];
    for (class, spread) in spreads.iter_mut().enumerate() {
        workspace.spread(problem, class, spread);
    }
    spreads
}

/// A box that may be filled and written without a limit.
pub(crate) fn a_box(seed: u64, room_bytes: u64, throughput_bytes_per_s: f64) -> ClusterBox {
    let (fill_bytes, endurance_bytes) = (u64::MAX, u64::MAX);
    ClusterBox { seed, room_bytes, throughput_bytes_per_s, fill_bytes, endurance_bytes }
}

fn shuffle<T>(list: &mut [T], dice: &mut Dice) {
    for at in (1..list.len()).rev() {
        list.swap(at, dice.below(at + 1));
    }
}

/// The first class is flash: a sixth of the room and half of the throughput. What follows is
/// storage, in equal parts.
fn boxes(shape: &Shape, sizes_bytes: &[u64], demand: &[f32]) -> Vec<Vec<ClusterBox>> {
    let all_bytes = sizes_bytes.iter().sum::<u64>() as f64;
    let all_demand: f64 = demand.iter().map(|demand| f64::from(*demand)).sum();
    let parts = |class: usize| match (shape.classes, class) {
        (1, _) => (1.0, 1.0),
        (_, 0) => (1.0 / 6.0, 0.5),
        (classes, _) => (5.0 / 6.0 / (classes - 1) as f64, 0.5 / (classes - 1) as f64),
    };
    let of_class = |class: usize| {
        let (room, throughput) = parts(class);
        let room_bytes = all_bytes * shape.disk * room / shape.boxes_a_class as f64;
        let one = |at: usize| ClusterBox {
            seed: Dice((class * 1000 + at) as u64).bits(),
            room_bytes: room_bytes as u64,
            throughput_bytes_per_s: all_demand * shape.throughput * throughput
                / shape.boxes_a_class as f64,
            fill_bytes: (room_bytes * shape.fill) as u64,
            endurance_bytes: u64::MAX,
        };
        (0..shape.boxes_a_class).map(one).collect()
    };
    (0..shape.classes).map(of_class).collect()
}

fn deviations(shape: &Shape, demand: &[f32], dice: &mut Dice) -> Vec<Deviation> {
    let mut ordinals: Vec<u32> =
        (0..shape.deviations).map(|_| dice.below(shape.files) as u32).collect();
    ordinals.sort_unstable();
    ordinals.dedup();
    let deviate = |ordinal: u32| {
        let demand = demand[ordinal as usize] * (dice.normal() * 1.5).exp() as f32;
        Deviation { ordinal, demand }
    };
    ordinals.into_iter().map(deviate).collect()
}
