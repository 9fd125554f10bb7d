//! Which processors serving threads stand on.

use super::Seat;
use crate::topology::CpuList;
use crate::topology::machine::{Processor, Topology};

/// A processor for each of `threads`, of those that this process may use; none when there
/// are not as many.
///
/// First those that receive packets; then whole cores before the second half of one, since
/// two threads on a core share what it can do; then those near an interface.
pub(super) fn choose(machine: &Topology, threads: usize) -> Vec<Seat> {
    let receiving = machine.receiving().unwrap_or_default();
    let near: CpuList = machine.live_interfaces().filter_map(|each| each.node).collect();
    let mut free: Vec<&Processor> =
        machine.processors.iter().filter(|processor| processor.is_allowed).collect();
    if free.len() < threads {
        return Vec::new();
    }
    let mut chosen: Vec<&Processor> = Vec::with_capacity(threads);
    while chosen.len() < threads {
        let rank = |processor: &Processor| {
            let is_shared = chosen.iter().any(|other| is_same_core(processor, other));
            let is_near = processor.node.is_some_and(|node| near.contains(node));
            (!receiving.contains(processor.number), is_shared, !is_near, processor.number)
        };
        let best = (0..free.len()).min_by_key(|at| rank(free[*at]));
        let Some(best) = best else { break };
        chosen.push(free.remove(best));
    }
    chosen.sort_unstable_by_key(|processor| processor.number);
    chosen.into_iter().map(|processor| seat(machine, processor)).collect()
}

fn seat(machine: &Topology, processor: &Processor) -> Seat {
    let arena = machine.arena_of(processor.number);
    Seat { processor: processor.number, node: processor.node, arena }
}

/// Whether two processors are halves of one core.
pub(super) fn is_same_core(one: &Processor, other: &Processor) -> bool {
    one.siblings.as_ref().is_some_and(|siblings| siblings.contains(other.number))
}
