//! Network interfaces: their queues, and where the interrupts of these go.

use super::queue_name::receive_queue;
use crate::topology::CpuList;
use crate::topology::machine::{Interface, ReceiveQueue, TransmitQueue};
use crate::topology::tree::{Tree, line, list, names, numbered, text};
use std::collections::BTreeMap;
use std::path::Path;

/// Interfaces and queues beyond these are left out; machines that serve have a few ports, and
/// cards a queue for each processor.
const MOST_INTERFACES: usize = 64;
const MOST_QUEUES: usize = 1024;

/// Those with a device behind them: loopback, bridges and the like receive nothing that did
/// not come in by one of these.
pub(super) fn read(tree: &Tree) -> Option<Vec<Interface>> {
    let folder = tree.path("sys/class/net");
    let is_real = |name: &String| folder.join(name).join("device").exists();
    let real = names(&folder)?.into_iter().filter(is_real).take(MOST_INTERFACES);
    Some(real.map(|name| interface(tree, &folder.join(&name), name)).collect())
}

fn interface(tree: &Tree, folder: &Path, name: String) -> Interface {
    let device = tree.device(&folder.join("device"));
    let queues = folder.join("queues");
    let numbers = |prefix| {
        let found = numbered(&queues, prefix).unwrap_or_default();
        found.into_iter().take(MOST_QUEUES)
    };
    let mask = |queue: String| text(&queues.join(queue)).and_then(|it| CpuList::parse_mask(&it));
    let irqs = device.as_deref().map(|device| irqs(tree, device, &name)).unwrap_or_default();
    let receive = |number| {
        let irq = irqs.get(&number).copied().flatten();
        let irq_processors = irq.and_then(|irq| affinity(tree, irq));
        let rps = mask(format!("rx-{number}/rps_cpus"));
        ReceiveQueue { number, irq, irq_processors, rps }
    };
    let transmit = |number| TransmitQueue { number, xps: mask(format!("tx-{number}/xps_cpus")) };
    Interface {
        node: device.and_then(|device| tree.node_of(&device)),
        is_up: is_up(folder),
        receive: numbers("rx-").map(receive).collect(),
        transmit: numbers("tx-").map(transmit).collect(),
        name,
    }
}

fn is_up(folder: &Path) -> Option<bool> {
    match line(&folder.join("operstate"))?.as_str() {
        "up" => Some(true),
        "down" | "lowerlayerdown" | "notpresent" => Some(false),
        // Drivers that do not say are «unknown», and may well carry something.
        _ => None,
    }
}

/// The interrupt of each receive queue; `None` where two claim the same. Handlers are named
/// by a folder below `/proc/irq/N`; `/proc/interrupts` says the same with a column for each
/// processor.
fn irqs(tree: &Tree, device: &Path, interface: &str) -> BTreeMap<u32, Option<u32>> {
    let ours = tree.nearest(device, |folder| numbered(&folder.join("msi_irqs"), ""));
    let all = || numbered(&tree.path("proc/irq"), "").unwrap_or_default();
    let is_alone = ours.is_some();
    let mut found = BTreeMap::new();
    for irq in ours.unwrap_or_else(all) {
        let handlers = names(&tree.path(&format!("proc/irq/{irq}"))).unwrap_or_default();
        let queue = handlers.iter().find_map(|name| receive_queue(name, interface, is_alone));
        if let Some(queue) = queue {
            found.entry(queue).and_modify(|irq| *irq = None).or_insert(Some(irq));
        }
    }
    found
}

/// Where an interrupt goes now; where the kernel does not say, where it may go.
fn affinity(tree: &Tree, irq: u32) -> Option<CpuList> {
    let of = |file| list(&tree.path(&format!("proc/irq/{irq}/{file}")));
    let known = |list: &CpuList| !list.is_empty();
    of("effective_affinity_list").filter(known).or_else(|| of("smp_affinity_list")).filter(known)
}
