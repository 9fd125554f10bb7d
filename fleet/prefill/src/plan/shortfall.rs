//! What will not be enough in one cluster, said days ahead, and what would mend it.
//!
//! It is one cluster at a time, and one budget at a time: what two of them together would cost is not
//! looked for. Forecasts are the caller's; nothing here knows how sure they are.

use crate::cluster::{
    Class, ClusterBox, Deviation, Multipliers, Pin, Problem, Refused, Solution, Workspace,
};

/// What is expected on a day.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    /// In how many days. It is only said: what boxes may fetch until then are their budgets.
    pub days: u32,
    /// What all demand of today is multiplied with by then.
    pub growth: f64,
    /// What is wanted then of files that are released until then, rising by ordinal, in place of
    /// what is wanted of them today.
    pub releases: &'a [Deviation],
    /// What must be held then, rising by ordinal, then by class, in place of today's pins.
    pub pins: &'a [Pin],
}

/// A kind of budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Budget {
    /// Bytes of disk.
    Disk,
    /// Bytes per second of throughput.
    Throughput,
    /// New bytes a day.
    Fill,
}

/// What one more of each budget costs, in one currency. Infinity: it cannot be had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// Of a byte of disk.
    pub disk_byte: f64,
    /// Of a byte per second.
    pub byte_per_s: f64,
    /// Of a new byte a day.
    pub new_byte: f64,
}

/// What is not enough on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Shortfall {
    /// In how many days.
    pub days: u32,
    /// What is lacking.
    pub lacking: Lacking,
}

/// What is lacking.
#[derive(Debug, Clone, PartialEq)]
pub enum Lacking {
    /// What must be held does not fit.
    Pins {
        /// In which class.
        class: usize,
        /// Into which budget of it.
        budget: Budget,
        /// By how many bytes.
        over_bytes: u64,
    },
    /// The question has no answer for another reason.
    Refused(Refused),
    /// The part of the demand that is served is less than it should be.
    Offload {
        /// What it is.
        offload: f64,
        /// What is scarce, the most worth for its price first: class and budget.
        binds: Vec<(usize, Budget)>,
        /// The cheapest budget that alone would be enough, if there is one.
        remedy: Option<Remedy>,
    },
}

/// More of one budget.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Remedy {
    /// Of which class.
    pub class: usize,
    /// Which budget.
    pub budget: Budget,
    /// How much more of it, in bytes or bytes per second; a hundredth of that too much at most.
    pub more: f64,
    /// What that costs.
    pub cost: f64,
}

/// A multiplier below that part of the demand, times the whole budget, is what rounding and floors
/// make of nothing.
const SCARCE: f64 = 1e-4;

/// A budget is raised to that many times what it is, at most: what needs more needs another site.
const MOST: f64 = 16.0;

/// Where a target is missed by rounding alone, nothing is nearer than this.
const LEAST_STEP: f64 = 1e-9;

/// Looks at each of some days: what is lacking then for the pins, and for a part of the demand to be
/// served. Days on which nothing is are left out.
#[must_use]
pub fn shortfall(
    problem: &Problem,
    days: &[Ahead],
    target_offload: f64,
    prices: &Prices,
) -> Vec<Shortfall> {
    let mut workspace = Workspace::default();
    let mut found = Vec::new();
    for ahead in days {
        let deviations = deviations(problem, ahead);
        let then = Problem {
            region_share: problem.region_share * ahead.growth,
            deviations: &deviations,
            pins: ahead.pins,
            ..*problem
        };
        if let Some(lacking) = lacking(&mut workspace, &then, target_offload, prices) {
            found.push(Shortfall { days: ahead.days, lacking });
        }
    }
    found
}

fn deviations(problem: &Problem, ahead: &Ahead) -> Vec<Deviation> {
    let is_released = |one: &&Deviation| {
        ahead.releases.binary_search_by_key(&one.ordinal, |release| release.ordinal).is_ok()
    };
    let today = problem.deviations.iter().filter(|one| !is_released(one));
    let grown = |one: &Deviation| {
        let demand = narrow(f64::from(one.demand) * ahead.growth);
        Deviation { demand, ..*one }
    };
    let mut all: Vec<Deviation> = today.map(grown).chain(ahead.releases.iter().copied()).collect();
    all.sort_by_key(|one| one.ordinal);
    all
}

fn lacking(
    workspace: &mut Workspace,
    problem: &Problem,
    target: f64,
    prices: &Prices,
) -> Option<Lacking> {
    let solution = match workspace.solve(problem) {
        Ok(solution) => solution,
        Err(Refused::PinsOverDisk { class, over_bytes }) => {
            return Some(Lacking::Pins { class, budget: Budget::Disk, over_bytes });
        }
        Err(Refused::PinsOverFill { class, over_bytes }) => {
            return Some(Lacking::Pins { class, budget: Budget::Fill, over_bytes });
        }
        Err(refused) => return Some(Lacking::Refused(refused)),
    };
    let offload = offload(problem, solution);
    if offload >= target {
        return None;
    }
    let binds = scarce(problem, solution, prices);
    let remedies = binds.iter().filter_map(|(class, budget)| {
        remedy(workspace, problem, (*class, *budget), target, prices)
    });
    let remedy = remedies.min_by(|a, b| a.cost.total_cmp(&b.cost));
    Some(Lacking::Offload { offload, binds, remedy })
}

fn offload(problem: &Problem, solution: &Solution) -> f64 {
    let wanted = problem.demand_in_all();
    if wanted > 0.0 { solution.served_bytes_per_s / wanted } else { 1.0 }
}

/// The budgets that bind, by what a unit of money spent on them brings.
fn scarce(problem: &Problem, solution: &Solution, prices: &Prices) -> Vec<(usize, Budget)> {
    let wanted = problem.demand_in_all();
    let mut scarce: Vec<(f64, (usize, Budget))> = Vec::new();
    for class in 0..problem.classes.len() {
        for budget in [Budget::Disk, Budget::Throughput, Budget::Fill] {
            let worth = budget.multiplier(&solution.multipliers, class);
            let had: f64 = problem.classes[class].boxes.iter().map(|one| budget.of(one)).sum();
            let price = budget.price(prices);
            if worth * had > SCARCE * wanted && price.is_finite() {
                scarce.push((worth / price, (class, budget)));
            }
        }
    }
    scarce.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scarce.into_iter().map(|one| one.1).collect()
}

/// How much more of one budget is needed, if any is enough.
fn remedy(
    workspace: &mut Workspace,
    problem: &Problem,
    (class, budget): (usize, Budget),
    target: f64,
    prices: &Prices,
) -> Option<Remedy> {
    let mut is_enough = |times: f64| {
        let boxes: Vec<Vec<ClusterBox>> = raised(problem, class, budget, times);
        let given = boxes.iter().zip(problem.classes);
        let classes: Vec<Class> = given.map(|(boxes, class)| Class { boxes, ..*class }).collect();
        let problem = Problem { classes: &classes, ..*problem };
        workspace.solve(&problem).is_ok_and(|solution| offload(&problem, solution) >= target)
    };
    if !is_enough(MOST) {
        return None;
    }
    let (mut least, mut most) = (1.0, MOST);
    while most - least > (0.01 * (most - 1.0)).max(LEAST_STEP) {
        let middle = f64::midpoint(least, most);
        if is_enough(middle) { most = middle } else { least = middle }
    }
    let had: f64 = problem.classes[class].boxes.iter().map(|one| budget.of(one)).sum();
    let more = had * (most - 1.0);
    Some(Remedy { class, budget, more, cost: more * budget.price(prices) })
}

/// The boxes of all classes, where those of one have so many times of a budget.
fn raised(problem: &Problem, class: usize, budget: Budget, times: f64) -> Vec<Vec<ClusterBox>> {
    let mut boxes: Vec<Vec<ClusterBox>> =
        problem.classes.iter().map(|class| class.boxes.to_vec()).collect();
    for one in &mut boxes[class] {
        let new_bytes = whole(one.new_bytes() as f64 * times);
        match budget {
            Budget::Disk => one.room_bytes = whole(one.room_bytes as f64 * times),
            Budget::Throughput => one.throughput_bytes_per_s *= times,
            Budget::Fill => {
                one.fill_bytes = one.fill_bytes.max(new_bytes);
                one.endurance_bytes = one.endurance_bytes.max(new_bytes);
            }
        }
    }
    boxes
}

impl Budget {
    fn of(self, one: &ClusterBox) -> f64 {
        match self {
            Self::Disk => one.room_bytes as f64,
            Self::Throughput => one.throughput_bytes_per_s,
            Self::Fill => one.new_bytes() as f64,
        }
    }

    fn price(self, prices: &Prices) -> f64 {
        match self {
            Self::Disk => prices.disk_byte,
            Self::Throughput => prices.byte_per_s,
            Self::Fill => prices.new_byte,
        }
    }

    fn multiplier(self, multipliers: &Multipliers, class: usize) -> f64 {
        match self {
            Self::Disk => multipliers.disk_byte()[class],
            Self::Throughput => multipliers.throughput()[class],
            Self::Fill => multipliers.new_byte()[class],
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

#[expect(clippy::cast_possible_truncation, reason = "demand is kept in single precision")]
fn narrow(demand: f64) -> f32 {
    demand as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Bitmap, RegionOrder};

    /// A hundred files of ten bytes, from 100 bytes per second down, and a box.
    fn with<T>(one: ClusterBox, ask: impl FnOnce(&Problem) -> T) -> T {
        let sizes = [10; 100];
        let demand: Vec<f32> = (0u8..100).map(|at| f32::from(100 - at)).collect();
        let region = RegionOrder::new(&sizes, &demand).expect("good files");
        let boxes = [one];
        let classes = [Class { boxes: &boxes, resident: None, on_boxes: None }];
        ask(&Problem::plain(&region, &classes, &Bitmap::none()))
    }

    fn a_box(room_bytes: u64, throughput_bytes_per_s: f64, fill_bytes: u64) -> ClusterBox {
        ClusterBox { fill_bytes, ..ClusterBox::unbound(1, room_bytes, throughput_bytes_per_s) }
    }

    const EVEN: Prices = Prices { disk_byte: 1.0, byte_per_s: 1.0, new_byte: 1.0 };
    const TODAY: Ahead = Ahead { days: 0, growth: 1.0, releases: &[], pins: &[] };

    #[test]
    fn the_budget_that_binds_is_named_and_how_much_more_is_enough() {
        // Half of the files are three quarters of the demand: 3775 of 5050.
        let remedy = |one, target| {
            let found = with(one, |problem| shortfall(problem, &[TODAY], target, &EVEN));
            let Some(Lacking::Offload { remedy: Some(remedy), .. }) =
                found.into_iter().next().map(|one| one.lacking)
            else {
                panic!("nothing lacking")
            };
            remedy
        };
        let disk = remedy(a_box(500, 1e6, u64::MAX), 0.9);
        // The 69 densest files are 4554 of 5050, which is 0.9: 190 bytes more.
        assert_eq!((disk.class, disk.budget), (0, Budget::Disk));
        assert!((180.0..200.0).contains(&disk.more), "{disk:?}");
        let fill = remedy(a_box(5000, 1e6, 500), 0.9);
        assert_eq!(fill.budget, Budget::Fill);
        assert!((180.0..200.0).contains(&fill.more), "{fill:?}");
        let throughput = remedy(a_box(5000, 4000.0, u64::MAX), 0.9);
        assert_eq!(throughput.budget, Budget::Throughput);
        assert!((540.0..560.0).contains(&throughput.more), "{throughput:?}");
    }

    #[test]
    fn days_ahead_what_grows_and_what_must_be_there() {
        let grown = Ahead { days: 7, growth: 1.5, ..TODAY };
        let pins: Vec<Pin> = (0..60).map(|ordinal| Pin { ordinal, class: 0 }).collect();
        let pinned = Ahead { days: 9, pins: &pins, ..TODAY };
        let days = [TODAY, grown, pinned];
        let found =
            with(a_box(500, 4000.0, u64::MAX), |problem| shortfall(problem, &days, 0.7, &EVEN));
        assert_eq!(found.iter().map(|one| one.days).collect::<Vec<_>>(), [7, 9]);
        assert!(
            matches!(&found[0].lacking, Lacking::Offload { binds, .. }
            if binds.contains(&(0, Budget::Throughput))),
            "{found:?}"
        );
        let over = Lacking::Pins { class: 0, budget: Budget::Disk, over_bytes: 100 };
        assert_eq!(found[1].lacking, over);
        // A release that nobody has room for beside the others.
        let releases = [Deviation { ordinal: 99, demand: 5000.0 }];
        let released = [Ahead { days: 3, releases: &releases, ..TODAY }];
        let found =
            with(a_box(500, 6000.0, u64::MAX), |problem| shortfall(problem, &released, 0.7, &EVEN));
        assert_eq!(found.len(), 1);
    }
}
