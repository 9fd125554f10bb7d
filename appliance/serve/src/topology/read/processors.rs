//! Processors and memory: `/sys/devices/system`, and what of it this process may use.

use crate::topology::CpuList;
use crate::topology::machine::{MemoryNode, Processor};
use crate::topology::tree::{Tree, line, list, number, numbered, text};

/// Those online; where sysfs does not say, those that this process may use.
pub(super) fn read(tree: &Tree) -> Vec<Processor> {
    let allowed = allowed(tree).unwrap_or_default();
    let online = list(&tree.path("sys/devices/system/cpu/online"));
    let online = online.unwrap_or_else(|| allowed.clone());
    online.iter().map(|number| processor(tree, number, allowed.contains(number))).collect()
}

/// Of the whole process: its affinity within its cgroup.
fn allowed(tree: &Tree) -> Option<CpuList> {
    let status = text(&tree.path("proc/self/status"))?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    CpuList::parse(list.trim())
}

fn processor(tree: &Tree, at: u32, is_allowed: bool) -> Processor {
    let folder = tree.path(&format!("sys/devices/system/cpu/cpu{at}"));
    let topology = folder.join("topology");
    Processor {
        number: at,
        is_allowed,
        package: number(&topology.join("physical_package_id")),
        core: number(&topology.join("core_id")),
        siblings: list(&topology.join("thread_siblings_list")),
        // A link for each node that it belongs to, which is one.
        node: numbered(&folder, "node").and_then(|nodes| nodes.first().copied()),
    }
}

/// The nodes that the cache makes its arenas on, which it reads for itself: `Processor::node`
/// comes from elsewhere because a node may have processors and no memory.
pub(super) fn memory(tree: &Tree) -> Vec<MemoryNode> {
    let folder = tree.path("sys/devices/system/node");
    if line(&folder.join("online")).is_none() {
        return Vec::new();
    }
    let node = |node: cache::MemoryNode| MemoryNode {
        number: node.id,
        processors: node.cpus.into_iter().collect(),
    };
    cache::memory_nodes(&folder).into_iter().map(node).collect()
}
