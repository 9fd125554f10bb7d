//! Compares a plan with the machine.

use super::Plan;
use super::complaint::{Complaint, Queues, Remedy};
use crate::topology::CpuList;
use crate::topology::machine::{Disk, Interface, ReceiveQueue, Topology};
use std::collections::BTreeMap;

/// All that can be said, most costly first. A portable engine (no threads) has nothing to
/// complain of: its threads are tokio's.
pub(super) fn of(machine: &Topology, plan: &Plan, threads: usize) -> Vec<Complaint> {
    let processors = machine.processors.iter().filter(|each| each.is_allowed).count();
    if threads > processors && processors > 0 {
        return vec![Complaint::TooManyThreads { threads, processors }];
    }
    if plan.threads.is_empty() {
        return Vec::new();
    }
    let seats: CpuList = plan.threads.iter().map(|seat| seat.processor).collect();
    let nodes: Option<CpuList> = plan.threads.iter().map(|seat| seat.node).collect();
    let mut found = Vec::new();
    for interface in machine.live_interfaces() {
        found.extend(few(interface, threads));
        found.extend(unknown(interface));
        found.extend(together(interface, &seats));
        found.extend(
            interface.receive.iter().filter_map(|it| elsewhere(plan, &seats, interface, it)),
        );
        let far = |node: &u32| nodes.as_ref().is_some_and(|nodes| !nodes.contains(*node));
        let name = || interface.name.clone();
        let node = interface.node.filter(far);
        found.extend(node.map(|node| Complaint::InterfaceFar { interface: name(), node }));
    }
    found.extend(machine.disks.iter().filter_map(|disk| disk_far(disk, nodes.as_ref()?)));
    found.extend(without_memory(machine, plan));
    found
}

fn few(interface: &Interface, threads: usize) -> Option<Complaint> {
    let queues = interface.receive.len();
    // With RPS, packets come in on more processors than there are queues.
    let is_handed_on =
        interface.receive.iter().any(|it| it.rps.as_ref().is_some_and(|rps| !rps.is_empty()));
    let is_few = queues > 0 && queues < threads && !is_handed_on;
    is_few.then(|| Complaint::FewQueues { interface: interface.name.clone(), queues, threads })
}

fn unknown(interface: &Interface) -> Option<Complaint> {
    let unknown = interface.receive.iter().filter(|queue| queue.delivered_to().is_none());
    let queues: CpuList = unknown.map(|queue| queue.number).collect();
    let queues = (!queues.is_empty()).then_some(Queues(queues))?;
    Some(Complaint::QueueUnknown { interface: interface.name.clone(), queues })
}

/// Queues of one interface on the same processor, while threads elsewhere have none of its.
fn together(interface: &Interface, seats: &CpuList) -> Vec<Complaint> {
    let mut by_processor: BTreeMap<u32, Vec<&ReceiveQueue>> = BTreeMap::new();
    for queue in &interface.receive {
        let to = queue.delivered_to().filter(|list| list.len() == 1);
        if let Some(at) = to.and_then(|list| list.iter().next()) {
            by_processor.entry(at).or_default().push(queue);
        }
    }
    let delivered = interface.receive.iter().filter_map(ReceiveQueue::delivered_to);
    let reached: CpuList = delivered.flat_map(CpuList::iter).collect();
    let without: CpuList = seats.iter().filter(|seat| !reached.contains(*seat)).collect();
    by_processor.retain(|_, queues| queues.len() > 1 && !without.is_empty());
    let complain = |(at, queues): (u32, Vec<&ReceiveQueue>)| Complaint::QueuesTogether {
        interface: interface.name.clone(),
        queues: Queues(queues.iter().map(|queue| queue.number).collect()),
        at,
        without: without.clone(),
        remedy: remedy(queues.into_iter(), &without),
    };
    by_processor.into_iter().map(complain).collect()
}

/// A queue that is delivered to processors of which none has a thread.
fn elsewhere(
    plan: &Plan,
    seats: &CpuList,
    interface: &Interface,
    queue: &ReceiveQueue,
) -> Option<Complaint> {
    let at = queue.delivered_to()?;
    let first = at.iter().next().filter(|_| !at.iter().any(|each| seats.contains(each)))?;
    let thread = *plan.takers.get(&first)?.first()?;
    Some(Complaint::QueueElsewhere {
        interface: interface.name.clone(),
        queue: Queues(std::iter::once(queue.number).collect()),
        at: at.clone(),
        thread,
        instead: plan.processor_of(thread)?,
        remedy: remedy(std::iter::once(queue), seats),
    })
}

fn remedy<'queue>(queues: impl Iterator<Item = &'queue ReceiveQueue>, to: &CpuList) -> Remedy {
    let is_direct = |queue: &&ReceiveQueue| queue.rps.as_ref().is_none_or(CpuList::is_empty);
    let irqs = queues.filter(is_direct).filter_map(|queue| queue.irq).collect();
    Remedy { irqs, to: to.clone() }
}

fn disk_far(disk: &Disk, nodes: &CpuList) -> Option<Complaint> {
    let node = disk.node.filter(|node| !nodes.contains(*node))?;
    let (device, folder) = (disk.device.clone()?, disk.folder.display().to_string());
    Some(Complaint::DiskFar { device, folder, node })
}

fn without_memory(machine: &Topology, plan: &Plan) -> Vec<Complaint> {
    let is_told = machine.memory.iter().any(|node| !node.processors.is_empty());
    let seats = plan.threads.iter().enumerate().filter(|_| is_told);
    let complain = |(thread, seat): (usize, &super::Seat)| {
        let node = seat.node.filter(|_| seat.arena.is_none())?;
        Some(Complaint::NoMemory { thread, processor: seat.processor, node })
    };
    seats.filter_map(complain).collect()
}
