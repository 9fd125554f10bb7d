//! One cluster of the fleet: its question put together, answered, and shown.

use super::asked::{Asked, Sign};
use super::fleet::{BoxPlace, Cluster, FleetProblem, Policy, Report};
use super::in_force::{InForce, hold};
use super::outcome::{BoxOutcome, ClassOutcome, ClusterOutcome, State};
use crate::cluster::{
    Bitmap, Class, ClusterBox, Explanation, Holding, Missed, Problem, Refused, RegionOrder,
    Solution, Spread, Workspace, explain, missed_at_all,
};
use contract::catalogue::Ordinal;

/// Who is shown what each cluster is to hold, once, in no order, from many threads.
pub trait Sink: Sync {
    /// One cluster that was planned.
    fn planned(&self, cluster: &PlannedCluster);
}

impl<F: Fn(&PlannedCluster) + Sync> Sink for F {
    fn planned(&self, cluster: &PlannedCluster) {
        self(cluster);
    }
}

/// What one cluster is to hold, borrowed from the thread that solved it.
#[derive(Debug)]
pub struct PlannedCluster<'a> {
    /// Its place in [`FleetProblem::clusters`].
    pub cluster: usize,
    /// What was asked. Of a parent the region is made of what was asked of it.
    pub problem: &'a Problem<'a>,
    /// The answer.
    pub solution: &'a Solution,
    workspace: &'a Workspace,
    places: &'a [LiveClass],
    spreads: &'a [Spread],
    on_boxes: &'a [Vec<Bitmap>],
}

impl PlannedCluster<'_> {
    /// Why a file is where it is, or is not; `None` for one that there is not. Classes that are not
    /// planned on are not among those that it speaks of ([`PlannedCluster::class`]).
    #[must_use]
    pub fn explain(&self, ordinal: Ordinal) -> Option<Explanation> {
        explain(self.problem, self.workspace, self.spreads, ordinal)
    }

    /// A class of the problem, as a place in [`Cluster::classes`].
    #[must_use]
    pub fn class(&self, of_problem: usize) -> Option<usize> {
        self.places.get(of_problem).map(|live| live.class)
    }

    /// A box of a class of the problem.
    #[must_use]
    pub fn place(&self, class: usize, index: usize) -> Option<BoxPlace> {
        let live = self.places.get(class)?;
        let index = *live.boxes.get(index)?;
        Some(BoxPlace { cluster: self.cluster, class: live.class, index })
    }

    /// Each box that is planned on: what it holds today, and what it is to hold.
    pub fn boxes(&self) -> impl Iterator<Item = (BoxPlace, &Bitmap, &Bitmap)> {
        let classes = self.places.iter().zip(self.spreads).zip(self.on_boxes);
        classes.flat_map(move |((live, spread), on_boxes)| {
            let sets = on_boxes.iter().zip(&spread.held);
            live.boxes.iter().zip(sets).map(move |(index, (before, after))| {
                let place = BoxPlace { cluster: self.cluster, class: live.class, index: *index };
                (place, before, after)
            })
        })
    }
}

/// A class of which some boxes are planned on.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveClass {
    class: usize,
    /// Their places in the class.
    pub(super) boxes: Vec<usize>,
    pub(super) budgets: Vec<ClusterBox>,
}

/// The memory of one thread, used again for the next cluster.
#[derive(Debug, Default)]
pub(super) struct Desk {
    workspace: Workspace,
    spreads: Vec<Spread>,
    on_boxes: Vec<Vec<Bitmap>>,
    residents: Vec<Holding>,
    missed: Missed,
    demand: Vec<f64>,
    own_demand: Vec<f32>,
}

/// One cluster's place in a fleet, and what is known of it.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) fleet: &'a FleetProblem<'a>,
    pub(super) in_force: &'a dyn InForce,
    pub(super) at: usize,
    /// What those below it ask of it, where there are any.
    pub(super) asked: Option<&'a Asked>,
}

impl Site<'_> {
    fn cluster(&self) -> &Cluster {
        &self.fleet.clusters[self.at]
    }

    /// Solves it; hands what it misses to `miss`, as an addition to what its parent is asked for.
    pub(super) fn solve(
        &self,
        desk: &mut Desk,
        sink: Option<&dyn Sink>,
        miss: impl FnOnce(&dyn Fn(&mut Asked, Sign)),
    ) -> ClusterOutcome {
        let audience = self.cluster().audience.as_ref();
        if let (None, Some(audience)) = (self.asked, audience) {
            let order = &self.fleet.regions[audience.region].order;
            let problem = self.problem(order, audience.share);
            let problem = Problem { deviations: &audience.deviations, ..problem };
            let outcome = self.answer(desk, &problem, sink);
            let missed = &desk.missed;
            miss(&|asked: &mut Asked, sign| {
                asked.by_region(audience.region, audience.share, order, missed, sign);
            });
            return outcome;
        }
        let mut demand = std::mem::take(&mut desk.own_demand);
        self.add_up(&mut desk.demand, &mut demand);
        let outcome = match RegionOrder::new(self.fleet.sizes_bytes, &demand) {
            Ok(order) => {
                let outcome = self.answer(desk, &self.problem(&order, 1.0), sink);
                let missed = &desk.missed;
                miss(&|asked: &mut Asked, sign| asked.by_order(&order, missed, sign));
                outcome
            }
            Err(bad) => {
                ClusterOutcome { state: State::Refused(Refused::File(bad)), ..Default::default() }
            }
        };
        desk.own_demand = demand;
        outcome
    }

    /// The question, but for its classes and deviations.
    fn problem<'p>(&'p self, region: &'p RegionOrder<'p>, region_share: f64) -> Problem<'p> {
        const NO_BANS: &Bitmap = &Bitmap::none();
        let cluster = self.cluster();
        let Policy { least_copies, copy_share } = cluster.policy;
        Problem {
            region,
            region_share,
            deviations: &[],
            classes: &[],
            bans: cluster.rights.map_or(NO_BANS, |at| &self.fleet.rights[at].banned),
            pins: &cluster.pins,
            least_copies,
            more_copies: &cluster.more_copies,
            copy_share,
            churn_price: cluster.churn_price,
        }
    }

    /// What is wanted of a parent, by ordinal: what is asked of it, and what its own viewers want.
    fn add_up(&self, sums: &mut Vec<f64>, demand: &mut Vec<f32>) {
        sums.clear();
        sums.resize(self.fleet.sizes_bytes.len(), 0.0);
        if let Some(asked) = self.asked {
            asked.add_to(self.fleet.regions, sums);
        }
        if let Some(audience) = &self.cluster().audience {
            let order = &self.fleet.regions[audience.region].order;
            let wanted = (0..).map(|ordinal| order.demand(ordinal));
            let mut deviations = audience.deviations.iter().peekable();
            for ((ordinal, sum), wanted) in (0..).zip(sums.iter_mut()).zip(wanted) {
                *sum += match deviations.next_if(|deviation| deviation.ordinal == ordinal) {
                    Some(deviation) => f64::from(deviation.demand),
                    None => audience.share * wanted,
                };
            }
        }
        demand.clear();
        demand.extend(sums.iter().map(|sum| narrow(*sum)));
    }

    fn live(&self) -> Vec<LiveClass> {
        let classes = self.cluster().classes.iter().enumerate().map(|(class, given)| {
            let is_live = |at: &usize| given.boxes[*at].report == Report::Fresh;
            let boxes: Vec<usize> = (0..given.boxes.len()).filter(is_live).collect();
            let budgets = boxes.iter().map(|at| given.boxes[*at].budget).collect();
            LiveClass { class, boxes, budgets }
        });
        classes.filter(|live| !live.boxes.is_empty()).collect()
    }

    /// Solves and spreads; leaves what is missed on the desk.
    fn answer(
        &self,
        desk: &mut Desk,
        problem: &Problem,
        sink: Option<&dyn Sink>,
    ) -> ClusterOutcome {
        let live = self.live();
        let mut outcome = self.outcome(problem, &live);
        self.read_boxes(desk, &live);
        let Desk { workspace, spreads, on_boxes, residents, missed, .. } = desk;
        let parts = live.iter().zip(&*on_boxes).zip(&*residents);
        let classes: Vec<Class> = parts
            .map(|((live, on_boxes), resident)| Class {
                boxes: &live.budgets,
                resident: (resident.held.files() > 0).then_some(resident),
                on_boxes: Some(on_boxes),
            })
            .collect();
        // A pin on a class that is left out waits for its boxes.
        let pins = live_pins(problem, &live);
        let problem = Problem { classes: &classes, pins: &pins, ..*problem };
        if live.is_empty() {
            outcome.state = State::NoBoxes;
        } else if let Err(refused) = workspace.solve(&problem) {
            outcome.state = State::Refused(refused);
        }
        if outcome.state != State::Planned {
            missed_at_all(&problem, missed);
            return outcome;
        }
        spreads.resize_with(live.len(), Spread::default);
        for (at, spread) in spreads.iter_mut().enumerate() {
            workspace.spread(&problem, at, spread);
        }
        workspace.missed(&problem, missed);
        let solution = workspace.solution();
        outcome.take(solution);
        for (at, live) in live.iter().enumerate() {
            outcome.classes[live.class].take(solution, at, live, &spreads[at]);
        }
        if let Some(sink) = sink {
            let (problem, workspace, places) = (&problem, &*workspace, &live[..]);
            sink.planned(&PlannedCluster {
                cluster: self.at,
                problem,
                solution,
                workspace,
                places,
                spreads,
                on_boxes,
            });
        }
        outcome
    }

    /// What can be said before it is solved.
    fn outcome(&self, problem: &Problem, live: &[LiveClass]) -> ClusterOutcome {
        let mut classes: Vec<ClassOutcome> = Vec::new();
        for class in &self.cluster().classes {
            let boxes = vec![BoxOutcome::default(); class.boxes.len()];
            classes.push(ClassOutcome { boxes, ..ClassOutcome::default() });
        }
        for live in live {
            let class = &mut classes[live.class];
            for budget in &live.budgets {
                class.room_bytes += budget.room_bytes;
                class.new_room_bytes = class.new_room_bytes.saturating_add(budget.new_bytes());
                class.throughput_bytes_per_s += budget.throughput_bytes_per_s;
            }
        }
        let wanted_bytes_per_s = problem.demand_in_all();
        ClusterOutcome { wanted_bytes_per_s, classes, ..Default::default() }
    }

    /// Asks what the boxes hold.
    fn read_boxes(&self, desk: &mut Desk, live: &[LiveClass]) {
        let files = self.fleet.sizes_bytes.len();
        desk.on_boxes.resize_with(live.len(), Vec::new);
        desk.residents.resize_with(live.len(), Holding::default);
        for (at, live) in live.iter().enumerate() {
            let on_boxes = &mut desk.on_boxes[at];
            on_boxes.resize_with(live.boxes.len(), Bitmap::default);
            for (index, on_box) in live.boxes.iter().zip(on_boxes.iter_mut()) {
                on_box.reset(files);
                let place = BoxPlace { cluster: self.at, class: live.class, index: *index };
                self.in_force.read(place, on_box);
            }
            let resident = &mut desk.residents[at];
            if !hold(on_boxes, self.cluster().policy.least_copies, resident) {
                resident.held.reset(0);
            }
        }
    }
}

/// The pins, by the places of the classes that are planned on.
fn live_pins(problem: &Problem, live: &[LiveClass]) -> Vec<crate::cluster::Pin> {
    let place = |class: usize| live.iter().position(|live| live.class == class);
    let pins = problem.pins.iter();
    pins.filter_map(|pin| Some(crate::cluster::Pin { class: place(pin.class)?, ..*pin })).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "demand is kept in single precision")]
fn narrow(demand: f64) -> f32 {
    demand as f32
}
