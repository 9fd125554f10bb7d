//! Why a file is where it is, or is not.

use super::boxes::Spread;
use super::copies::Exception;
use super::envelope::{Envelope, Line};
use super::problem::{ClusterBox, Problem};
use super::solution::Solution;
use super::terms::{MAX_CLASSES, Rows};
use super::workspace::Workspace;
use contract::catalogue::Ordinal;

/// One file in one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Which file.
    pub ordinal: Ordinal,
    /// Its size.
    pub size_bytes: u64,
    /// What this cluster's viewers want of it, in bytes per second at the peak.
    pub demand_bytes_per_s: f64,
    /// That, for each byte of its size: what is compared with the cut-offs.
    pub density: f64,
    /// By class.
    pub classes: Vec<InClass>,
    /// Where it stands, and by how much.
    pub why: Why,
}

/// One file in one class.
#[derive(Debug, Clone, PartialEq)]
pub struct InClass {
    /// The density above which the class is the best place for this file, up to the cut-off of
    /// the next faster class; `None` when it is so nowhere.
    pub cut_off: Option<f64>,
    /// How many copies the class would hold of it.
    pub copies: u16,
    /// Whether it lies there today.
    pub is_resident: bool,
    /// The boxes that are to hold it, as far as the class has been spread.
    pub boxes: Vec<usize>,
    /// What the class serves of it, in bytes per second.
    pub served_bytes_per_s: f64,
    /// What makes most of its price there; `None` when nothing is scarce.
    pub binds: Option<Binding>,
}

/// What is scarce in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Room on its disks.
    Disk,
    /// What it can send at the peak.
    Throughput,
    /// What its fill windows let in.
    Fill,
    /// What may be written to its disks.
    Endurance,
    /// The price of a new byte, which operators set.
    Churn,
}

/// Where a file stands. Densities are in bytes per second for each byte of size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// The cluster must not hold it.
    Banned,
    /// A class must hold it, and does.
    Pinned {
        /// Which.
        class: usize,
    },
    /// A class must hold it, and none of its boxes had room beside the other pins.
    PinLost {
        /// Which.
        class: usize,
    },
    /// It is denser than a cut-off.
    Held {
        /// Of which class.
        class: usize,
        /// By how much it is denser than the least cut-off there is for it.
        above: f64,
    },
    /// It is not as dense as a cut-off, and had what others left over.
    Filled {
        /// Which class holds it.
        class: usize,
        /// What it lacks to the least cut-off; infinite where no density is enough.
        below: f64,
    },
    /// Nobody here wants it.
    NotWanted,
    /// So many copies fit on the boxes of no class, even empty ones, or nothing new may come in.
    NoPlace,
    /// It is not as dense as the least cut-off.
    TooThin {
        /// The class with that cut-off.
        class: usize,
        /// What the file lacks to it; infinite where no density is enough, since what could be
        /// sent is worth all that is served.
        below: f64,
        /// What is scarce there.
        binds: Option<Binding>,
    },
    /// It is dense enough, and found the last pieces of the budgets too small.
    NoRoomLeft {
        /// The class that would have had it.
        class: usize,
        /// By how much it is denser than the least cut-off.
        above: f64,
    },
}

/// Explains one file of the last solution, `problem` being the one that was solved; `None` for one
/// that the region does not have. `spreads` are the boxes of the classes, in their order, as far
/// as they are known.
#[must_use]
pub fn explain(
    problem: &Problem,
    workspace: &Workspace,
    spreads: &[Spread],
    ordinal: Ordinal,
) -> Option<Explanation> {
    let size_bytes = *problem.region.sizes_bytes.get(ordinal as usize)?;
    let solution = workspace.solution();
    let file = workspace.file(problem, ordinal);
    let prices = solution.multipliers.rows;
    let lines = lines(&file, &prices, problem.churn_price);
    let envelope = Envelope::of(&lines);
    let in_class = |class: usize| InClass {
        cut_off: cut_off(&envelope, class),
        copies: file.choices[class].copies,
        is_resident: is_resident(problem, class, ordinal),
        boxes: spreads.get(class).map_or_else(Vec::new, |spread| spread.boxes(ordinal).collect()),
        served_bytes_per_s: served(solution, &file, class),
        binds: binding(problem, &file, class, &prices),
    };
    Some(Explanation {
        ordinal,
        size_bytes,
        demand_bytes_per_s: file.demand,
        density: file.density(),
        classes: (0..problem.classes.len()).map(in_class).collect(),
        why: why(problem, solution, &file, &envelope),
    })
}

fn why(problem: &Problem, solution: &Solution, file: &Exception, envelope: &Envelope) -> Why {
    let ordinal = file.ordinal;
    if problem.bans.contains(ordinal) {
        return Why::Banned;
    }
    let is_holder = |class: &usize| solution.classes[*class].holding.held.contains(ordinal);
    let pins = || problem.pins.iter().filter(|pin| pin.ordinal == ordinal).map(|pin| pin.class);
    if let Some(class) = pins().find(is_holder) {
        return Why::Pinned { class };
    }
    if let Some(class) = pins().next() {
        return Why::PinLost { class };
    }
    // Where no line rises, no density is enough.
    let cut_off = envelope.steps().last().map_or(f64::INFINITY, |least| least.above);
    let (above, below) = (file.density() - cut_off, cut_off - file.density());
    let nearest = envelope.steps().last().map(|least| least.class);
    let nearest = nearest.or_else(|| file.choices.iter().position(|choice| choice.is_open));
    match ((0..solution.classes.len()).find(is_holder), nearest) {
        (Some(class), _) if above > 0.0 => Why::Held { class, above },
        (Some(class), _) => Why::Filled { class, below },
        _ if file.demand <= 0.0 => Why::NotWanted,
        (None, None) => Why::NoPlace,
        (None, Some(nearest)) if above > 0.0 => {
            let class = envelope.class_at(file.density()).unwrap_or(nearest);
            Why::NoRoomLeft { class, above }
        }
        (None, Some(class)) => {
            let binds = binding(problem, file, class, &solution.multipliers.rows);
            Why::TooThin { class, below, binds }
        }
    }
}

/// What each class gains from each byte of this very file, at any density.
fn lines(file: &Exception, prices: &Rows, churn_price: f64) -> [Option<Line>; MAX_CLASSES] {
    std::array::from_fn(|class| {
        let choice = &file.choices[class];
        let bytes_price = choice.bytes_price(class, prices, churn_price);
        let line = Line {
            slope: 1.0 - prices.throughput[class],
            price: bytes_price / file.size_bytes as f64,
        };
        choice.is_open.then_some(line)
    })
}

fn cut_off(envelope: &Envelope, class: usize) -> Option<f64> {
    envelope.steps().iter().find(|step| step.class == class).map(|step| step.above)
}

fn is_resident(problem: &Problem, class: usize, ordinal: Ordinal) -> bool {
    problem.classes[class].resident.is_some_and(|resident| resident.held.contains(ordinal))
}

fn served(solution: &Solution, file: &Exception, class: usize) -> f64 {
    let shares = solution.shares_of(file.ordinal);
    if !shares.is_empty() {
        let own = shares.iter().filter(|share| share.class == class);
        return own.map(|share| share.served_bytes_per_s).sum();
    }
    let is_held = solution.classes[class].holding.held.contains(file.ordinal);
    if is_held { file.demand } else { 0.0 }
}

/// The largest part of what a file is asked for in a class.
fn binding(problem: &Problem, file: &Exception, class: usize, prices: &Rows) -> Option<Binding> {
    let choice = &file.choices[class];
    let new_bytes = choice.new_bytes as f64;
    let boxes = problem.classes[class].boxes;
    // Box by box, and none beyond its room: a box without a limit must not hide that of the others.
    let sum = |of: fn(&ClusterBox) -> u64| {
        boxes.iter().map(|one| u128::from(of(one).min(one.room_bytes))).sum::<u128>()
    };
    let is_fill = sum(|one| one.fill_bytes) <= sum(|one| one.endurance_bytes);
    let parts = [
        (Binding::Disk, choice.disk_bytes as f64 * prices.disk[class]),
        (Binding::Throughput, file.demand * prices.throughput[class]),
        (if is_fill { Binding::Fill } else { Binding::Endurance }, new_bytes * prices.new[class]),
        (Binding::Churn, new_bytes * problem.churn_price),
    ];
    let scarce = parts.into_iter().filter(|part| part.1 > 0.0);
    scarce.max_by(|a, b| a.1.total_cmp(&b.1)).map(|part| part.0)
}
