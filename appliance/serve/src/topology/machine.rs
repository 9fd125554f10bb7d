//! What a machine is made of. `None` is always «unknown»: the kernel did not say.

use super::CpuList;
use serde::Serialize;
use std::path::PathBuf;

/// A machine, as far as serving is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// Online processors, by number.
    pub processors: Vec<Processor>,
    /// Nodes that have memory, which is where arenas are, with their processors.
    pub memory: Vec<MemoryNode>,
    /// Interfaces with a device behind them; unknown where sysfs cannot be read.
    pub interfaces: Option<Vec<Interface>>,
    /// What is behind the folders of objects, in the order of the configuration.
    pub disks: Vec<Disk>,
}

/// A logical processor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Processor {
    /// The kernel's number.
    pub number: u32,
    /// Whether this process may run there.
    pub is_allowed: bool,
    /// Its socket.
    pub package: Option<u32>,
    /// Its physical core, numbered within the socket.
    pub core: Option<u32>,
    /// All processors of that core, itself among them.
    pub siblings: Option<CpuList>,
    /// Its NUMA node.
    pub node: Option<u32>,
}

/// Memory that is nearer to some processors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryNode {
    /// The kernel's number.
    pub number: u32,
    /// Its processors.
    pub processors: CpuList,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its NUMA node.
    pub node: Option<u32>,
    /// Whether it has a link.
    pub is_up: Option<bool>,
    /// Where packets come in, by number.
    pub receive: Vec<ReceiveQueue>,
    /// Where packets go out, by number.
    pub transmit: Vec<TransmitQueue>,
}

/// A queue that packets come in by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReceiveQueue {
    /// Its number.
    pub number: u32,
    /// The interrupt that tells of them.
    pub irq: Option<u32>,
    /// Where the interrupt goes.
    pub irq_processors: Option<CpuList>,
    /// Where the kernel hands them on to (RPS), when it does.
    pub rps: Option<CpuList>,
}

impl ReceiveQueue {
    /// Which processors take its packets in.
    #[must_use]
    pub fn delivered_to(&self) -> Option<&CpuList> {
        let rps = self.rps.as_ref().filter(|list| !list.is_empty());
        rps.or(self.irq_processors.as_ref()).filter(|list| !list.is_empty())
    }
}

/// A queue that packets go out by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransmitQueue {
    /// Its number.
    pub number: u32,
    /// Whose packets it takes (XPS).
    pub xps: Option<CpuList>,
}

/// What is behind a folder of objects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Disk {
    /// The folder, as it is configured.
    pub folder: PathBuf,
    /// The block device, whole.
    pub device: Option<String>,
    /// Its NUMA node.
    pub node: Option<u32>,
    /// Its hardware queues.
    pub queues: Option<usize>,
    /// How many requests each of them takes.
    pub depth: Option<u32>,
    /// Whether it spins.
    pub is_rotational: Option<bool>,
    /// What it calls itself.
    pub model: Option<String>,
}

impl Topology {
    /// The processor of this number.
    #[must_use]
    pub fn processor(&self, number: u32) -> Option<&Processor> {
        let at = self.processors.binary_search_by_key(&number, |each| each.number).ok()?;
        self.processors.get(at)
    }

    /// Interfaces that may carry something: those that are not known to be down.
    pub fn live_interfaces(&self) -> impl Iterator<Item = &Interface> {
        self.interfaces.iter().flatten().filter(|each| each.is_up != Some(false))
    }

    /// The processors that packets come in on, when that is known of every queue.
    #[must_use]
    pub fn receiving(&self) -> Option<CpuList> {
        let queues = self.live_interfaces().flat_map(|interface| &interface.receive);
        let lists: Option<Vec<&CpuList>> = queues.map(ReceiveQueue::delivered_to).collect();
        let all: CpuList = lists?.into_iter().flat_map(CpuList::iter).collect();
        (!all.is_empty()).then_some(all)
    }

    /// The node whose arena a processor's thread reads into.
    #[must_use]
    pub fn arena_of(&self, processor: u32) -> Option<u32> {
        let near = self.memory.iter().find(|node| node.processors.contains(processor));
        near.map(|node| node.number)
    }
}
