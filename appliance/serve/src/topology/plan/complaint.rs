//! What a person should look at, in words that say what to do.

use crate::topology::CpuList;
use serde::{Serialize, Serializer};
use std::fmt;

/// Something that costs, and can be changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Complaint {
    /// There are more threads than processors.
    #[error(
        "{threads} serving threads for {processors} processors: none has one to itself; set \
         serving.threads to {processors} or less"
    )]
    TooManyThreads {
        /// Threads that are configured.
        threads: usize,
        /// Processors that this process may use.
        processors: usize,
    },
    /// The kernel does not say where a queue's packets come in.
    #[error(
        "{interface} {queues}: the kernel does not say which processor their packets come in on"
    )]
    QueueUnknown {
        /// The interface.
        interface: String,
        /// Its queues, such as `rx-0 and rx-3`.
        queues: Queues,
    },
    /// A queue's packets come in where no thread stands.
    #[error(
        "{interface} {queue} is delivered to processor {at}, which serves nothing: thread \
         {thread} on processor {instead} takes its connections; {remedy}"
    )]
    QueueElsewhere {
        /// The interface.
        interface: String,
        /// The queue.
        queue: Queues,
        /// Where it goes.
        at: CpuList,
        /// Who takes what comes there.
        thread: usize,
        /// Where that one stands.
        instead: u32,
        /// What would help.
        remedy: Remedy,
    },
    /// Several queues of an interface come in on one processor, while others have none.
    #[error(
        "{interface} {queues} all go to processor {at}, and none of its queues to {without}: {remedy}"
    )]
    QueuesTogether {
        /// The interface.
        interface: String,
        /// The queues.
        queues: Queues,
        /// Where they go.
        at: u32,
        /// Processors of threads that receive nothing.
        without: CpuList,
        /// What would help.
        remedy: Remedy,
    },
    /// Fewer queues than threads.
    #[error(
        "{interface} has fewer receive queues ({queues}) than there are serving threads \
         ({threads}): connections leave the core that received them; give it more (ethtool -L \
         {interface} combined {threads}), or set serving.threads to {queues}"
    )]
    FewQueues {
        /// The interface.
        interface: String,
        /// How many it has.
        queues: usize,
        /// How many threads there are.
        threads: usize,
    },
    /// All threads are far from an interface.
    #[error(
        "{interface} is on node {node} but no serving thread is: every packet crosses nodes; \
         let threads run on node {node} (affinity, serving.threads), or move the card"
    )]
    InterfaceFar {
        /// The interface.
        interface: String,
        /// Where it is.
        node: u32,
    },
    /// All threads are far from a disk.
    #[error(
        "disk {device} ({folder}) is on node {node} but no serving thread is: every read crosses \
         nodes; let threads run on node {node} (affinity, serving.threads), or move the disk"
    )]
    DiskFar {
        /// The device.
        device: String,
        /// Its folder.
        folder: String,
        /// Where it is.
        node: u32,
    },
    /// A thread's node has no memory.
    #[error(
        "thread {thread} on processor {processor} has no arena near to it: node {node} has no \
         memory"
    )]
    NoMemory {
        /// The thread.
        thread: usize,
        /// Where it stands.
        processor: u32,
        /// Its node.
        node: u32,
    },
}

impl Serialize for Complaint {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// So many queues are named one by one.
const MOST_NAMED: usize = 4;

/// Receive queues of one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queues(pub CpuList);

impl fmt::Display for Queues {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() > MOST_NAMED {
            return write!(to, "rx-N (N in {})", self.0);
        }
        for (at, queue) in self.0.iter().enumerate() {
            write!(to, "{}rx-{queue}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// What moves a queue elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// The interrupts to move; without any, packets are handed on by RPS.
    pub irqs: CpuList,
    /// Where to.
    pub to: CpuList,
}

impl fmt::Display for Remedy {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (irqs, somewhere) = (&self.irqs, &self.to);
        match irqs.len() {
            0 => write!(to, "name some of {somewhere} in rps_cpus"),
            1 => write!(to, "write one of {somewhere} to /proc/irq/{irqs}/smp_affinity_list"),
            _ => write!(to, "write one of {somewhere} to smp_affinity_list of an IRQ of {irqs}"),
        }
    }
}
