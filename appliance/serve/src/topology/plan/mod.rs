//! Who serves where: a pure function of the machine and the number of threads.

mod complaint;
mod complaints;
mod seats;
mod takers;

pub use complaint::Complaint;

use super::machine::Topology;
use serde::Serialize;
use std::collections::BTreeMap;

/// Where threads stand, and whose connections they take.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// One for each serving thread, by processor; empty when they may run anywhere.
    pub threads: Vec<Seat>,
    /// For each online processor, the threads that take the connections received on it, in
    /// equal shares. Empty when the kernel shall choose by its hash.
    pub takers: BTreeMap<u32, Vec<usize>>,
    /// What a person should look at.
    pub complaints: Vec<Complaint>,
}

/// Where a serving thread stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seat {
    /// Its processor.
    pub processor: u32,
    /// The NUMA node of it.
    pub node: Option<u32>,
    /// The node whose arena it reads into.
    pub arena: Option<u32>,
}

impl Plan {
    /// The plan for so many serving threads; none at all for the portable engine.
    #[must_use]
    pub fn of(machine: &Topology, threads: usize) -> Self {
        let seats = seats::choose(machine, threads);
        let takers = takers::assign(machine, &seats);
        let mut plan = Self { threads: seats, takers, complaints: Vec::new() };
        plan.complaints = complaints::of(machine, &plan, threads);
        plan
    }

    /// The processor of a thread, where it has one to itself.
    #[must_use]
    pub fn processor_of(&self, thread: usize) -> Option<u32> {
        self.threads.get(thread).map(|seat| seat.processor)
    }

    /// The thread that stands on a processor.
    #[must_use]
    pub fn thread_on(&self, processor: u32) -> Option<usize> {
        self.threads.iter().position(|seat| seat.processor == processor)
    }
}
