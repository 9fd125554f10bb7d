//! What a plan says, a line for each cluster.

use super::asked::Asked;
use super::site::LiveClass;
use crate::cluster::{Refused, Solution, Spread};
use contract::catalogue::Ordinal;
use std::sync::Arc;

/// The plan of a fleet, without what each box is to hold: that was shown to the
/// [`super::Sink`].
#[derive(Debug, Clone)]
pub struct Plan {
    /// By cluster.
    pub outcomes: Vec<Arc<ClusterOutcome>>,
    /// By cluster: what those below it ask of it; `None` where there are none. Shared between
    /// plans that differ elsewhere.
    pub(super) asked: Vec<Option<Arc<Asked>>>,
    /// What the audiences want, by cluster.
    pub(super) wanted: Vec<f64>,
    /// By cluster: whether it asks the origin.
    pub(super) asks_origin: Vec<bool>,
}

/// What one cluster is to do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClusterOutcome {
    /// Whether it is planned.
    pub state: State,
    /// What its own viewers and the clusters below it want, in bytes per second at the peak.
    pub wanted_bytes_per_s: f64,
    /// What of that it serves.
    pub served_bytes_per_s: f64,
    /// That, less the price of new bytes.
    pub value: f64,
    /// What no placement in this cluster can exceed, given what is wanted of it.
    pub dual_bound: f64,
    /// The price of new bytes of pins.
    pub pin_cost: f64,
    /// By class; one whose boxes are all left out does nothing.
    pub classes: Vec<ClassOutcome>,
}

/// Whether a cluster is planned.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum State {
    /// It is.
    #[default]
    Planned,
    /// None of its boxes can be planned on: what is wanted of it is asked of its parent.
    NoBoxes,
    /// Its question has no answer. Its boxes keep what they hold; the plan counts on nothing of it.
    Refused(Refused),
}

/// What one class is to do, and what it could.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassOutcome {
    /// What it holds, copies counted.
    pub disk_bytes: u64,
    /// What it could hold.
    pub room_bytes: u64,
    /// What of that is new to it.
    pub new_bytes: u64,
    /// What it may take in a day.
    pub new_room_bytes: u64,
    /// What it serves.
    pub served_bytes_per_s: f64,
    /// What it could serve.
    pub throughput_bytes_per_s: f64,
    /// What one more byte of disk would bring, in bytes per second.
    pub disk_byte_value: f64,
    /// What one more byte per second of throughput would bring.
    pub throughput_value: f64,
    /// What one more new byte a day would bring.
    pub new_byte_value: f64,
    /// Files with fewer copies than they should have.
    pub short_files: usize,
    /// Pins with fewer copies than they should have: which, and how many there are.
    pub pins_short: Vec<(Ordinal, u16)>,
    /// By box, those that are left out included.
    pub boxes: Vec<BoxOutcome>,
}

/// What one box is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BoxOutcome {
    /// Whether it is planned on.
    pub is_planned: bool,
    /// What it is to hold.
    pub held_bytes: u64,
    /// What of that it does not hold yet.
    pub new_bytes: u64,
}

/// A whole fleet in a line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// What all viewers want, in bytes per second at the peak.
    pub wanted_bytes_per_s: f64,
    /// What of that the origin is asked for.
    pub origin_bytes_per_s: f64,
    /// What the clusters serve, parents included.
    pub served_bytes_per_s: f64,
    /// What boxes are to hold.
    pub held_bytes: u64,
    /// What of that is new to the box.
    pub new_bytes: u64,
    /// The values of the clusters, added up.
    pub value: f64,
    /// Their bounds, added up. Those of the leaves nothing can exceed; those of parents nothing
    /// that leaves over to them what these leaves do.
    pub dual_bound: f64,
    /// What both have paid for pins.
    pub pin_cost: f64,
    /// Clusters that could not be planned.
    pub unplanned: usize,
}

impl Totals {
    /// The part of the demand that the origin is spared.
    #[must_use]
    pub fn offload(&self) -> f64 {
        if self.wanted_bytes_per_s <= 0.0 {
            return 1.0;
        }
        1.0 - self.origin_bytes_per_s / self.wanted_bytes_per_s
    }

    /// How far the plan may be from the best, as [`Solution::gap`].
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.value, self.dual_bound, self.pin_cost)
    }
}

impl ClusterOutcome {
    /// How far it may be from the best, as [`Solution::gap`].
    #[must_use]
    pub fn gap(&self) -> f64 {
        gap(self.value, self.dual_bound, self.pin_cost)
    }

    pub(super) fn take(&mut self, solution: &Solution) {
        self.served_bytes_per_s = solution.served_bytes_per_s;
        self.value = solution.value;
        self.dual_bound = solution.dual_bound;
        self.pin_cost = solution.pin_cost;
    }
}

impl ClassOutcome {
    /// `live` is its place among the classes that are planned on, `boxes` are those of its boxes
    /// that are.
    pub(super) fn take(
        &mut self,
        solution: &Solution,
        at: usize,
        live: &LiveClass,
        spread: &Spread,
    ) {
        let (class, prices) = (&solution.classes[at], &solution.multipliers);
        self.disk_bytes = class.disk_bytes;
        self.new_bytes = class.new_bytes;
        self.served_bytes_per_s = class.served_bytes_per_s;
        self.short_files = class.short_files;
        self.disk_byte_value = prices.disk_byte()[at];
        self.throughput_value = prices.throughput()[at];
        self.new_byte_value = prices.new_byte()[at];
        self.pins_short.clone_from(&spread.pins_short);
        for (at, (index, budget)) in live.boxes.iter().zip(&live.budgets).enumerate() {
            self.boxes[*index] = BoxOutcome {
                is_planned: true,
                held_bytes: budget.room_bytes - spread.left_bytes[at],
                new_bytes: spread.new_bytes.get(at).copied().unwrap_or(0),
            };
        }
    }
}

fn gap(value: f64, dual_bound: f64, pin_cost: f64) -> f64 {
    let (most, missing) = (dual_bound + pin_cost, dual_bound - value);
    if most <= 0.0 || missing < 0.0 { 0.0 } else { missing / most }
}

impl Plan {
    /// The whole fleet.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (at, outcome) in self.outcomes.iter().enumerate() {
            totals.wanted_bytes_per_s += self.wanted[at];
            totals.served_bytes_per_s += outcome.served_bytes_per_s;
            totals.value += outcome.value;
            totals.dual_bound += outcome.dual_bound;
            totals.pin_cost += outcome.pin_cost;
            totals.unplanned += usize::from(outcome.state != State::Planned);
            if self.asks_origin[at] {
                let missed = outcome.wanted_bytes_per_s - outcome.served_bytes_per_s;
                totals.origin_bytes_per_s += missed.max(0.0);
            }
            for one in outcome.classes.iter().flat_map(|class| &class.boxes) {
                totals.held_bytes += one.held_bytes;
                totals.new_bytes += one.new_bytes;
            }
        }
        totals
    }
}
