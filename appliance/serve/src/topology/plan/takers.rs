//! Which threads take the connections that a processor receives.

use super::Seat;
use super::seats::is_same_core;
use crate::topology::CpuList;
use crate::topology::machine::{Processor, Topology};
use std::collections::BTreeMap;

/// How far a connection travels from where it was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    SameProcessor,
    SameCore,
    SameNode,
    Far,
}

/// For each processor that may receive something, who takes it. Nothing without seats.
///
/// A thread takes what its own processor receives. What is received elsewhere goes to the
/// nearest thread, and among equals to the one with the fewest such. A thread that would get
/// nothing, where it is known which processors receive packets, shares with the nearest one
/// of those: a connection out of place is better than a core without work.
pub(super) fn assign(machine: &Topology, seats: &[Seat]) -> BTreeMap<u32, Vec<usize>> {
    let mut takers = BTreeMap::new();
    if seats.is_empty() {
        return takers;
    }
    let receiving = machine.receiving();
    let receives =
        |each: &&Processor| receiving.as_ref().is_some_and(|list| list.contains(each.number));
    let (busy, idle): (Vec<&Processor>, _) = machine.processors.iter().partition(receives);
    let mut load = vec![0usize; seats.len()];
    // Those who receive something come first: their connections are the ones to spread.
    for group in [busy, idle] {
        let (own, others): (Vec<_>, _) = group
            .into_iter()
            .partition(|processor| seats.iter().any(|seat| seat.processor == processor.number));
        for processor in own.into_iter().chain(others) {
            let thread = nearest(machine, processor, seats, &load);
            load[thread] += 1;
            takers.insert(processor.number, vec![thread]);
        }
    }
    if let Some(receiving) = receiving {
        share(machine, seats, &receiving, &mut takers);
    }
    takers
}

fn nearest(machine: &Topology, from: &Processor, seats: &[Seat], load: &[usize]) -> usize {
    let rank = |thread: &usize| (distance(machine, from, &seats[*thread]), load[*thread]);
    (0..seats.len()).min_by_key(rank).unwrap_or(0)
}

fn distance(machine: &Topology, from: &Processor, seat: &Seat) -> Distance {
    let to = machine.processor(seat.processor);
    if from.number == seat.processor {
        Distance::SameProcessor
    } else if to.is_some_and(|to| is_same_core(from, to)) {
        Distance::SameCore
    } else if from.node.is_some() && from.node == seat.node {
        Distance::SameNode
    } else {
        Distance::Far
    }
}

/// Gives every thread without connections a part of those of the nearest processor that
/// receives some, and among equals of the one that is shared the least.
fn share(
    machine: &Topology,
    seats: &[Seat],
    receiving: &CpuList,
    takers: &mut BTreeMap<u32, Vec<usize>>,
) {
    let online: Vec<&Processor> =
        receiving.iter().filter_map(|number| machine.processor(number)).collect();
    let has_work = |thread: &usize, takers: &BTreeMap<u32, Vec<usize>>| {
        online.iter().any(|each| takers.get(&each.number).is_some_and(|of| of.contains(thread)))
    };
    let without: Vec<usize> = (0..seats.len()).filter(|it| !has_work(it, takers)).collect();
    for thread in without {
        let rank = |from: &&&Processor| {
            let shared = takers.get(&from.number).map_or(0, Vec::len);
            (distance(machine, from, &seats[thread]), shared, from.number)
        };
        let Some(from) = online.iter().min_by_key(rank) else { return };
        takers.entry(from.number).or_default().push(thread);
    }
}
