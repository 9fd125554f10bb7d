//! Which memory is near which processor, as `/sys/devices/system/node` tells it.

use std::fs;
use std::path::Path;

/// Where the kernel tells it.
pub(crate) const NODES_FOLDER: &str = "/sys/devices/system/node";

/// Nodes beyond this are left out: the largest machines have a few dozen.
const MOST_NODES: u32 = 64;

/// A node that has memory, and so an arena.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The kernel's number.
    pub id: u32,
    /// Its processors.
    pub cpus: Vec<u32>,
}

/// The nodes with memory; one without processors where the kernel tells none.
#[must_use]
pub fn nodes(folder: &Path) -> Vec<Node> {
    let list = |name: &str| fs::read_to_string(folder.join(name)).map(|text| numbers(&text));
    let ids = list("has_memory").or_else(|_| list("online")).unwrap_or_default();
    let node = |id| Node { id, cpus: list(&format!("node{id}/cpulist")).unwrap_or_default() };
    let nodes: Vec<Node> = ids.into_iter().filter(|id| *id < MOST_NODES).map(node).collect();
    if nodes.is_empty() { vec![Node { id: 0, cpus: Vec::new() }] } else { nodes }
}

/// Reads a list like `0-3,8`; what is no number is left out.
fn numbers(text: &str) -> Vec<u32> {
    /// More than any kernel counts, so that a strange list cannot fill the memory.
    const MOST: u32 = 1 << 16;
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse::<u32>().ok()?.min(MOST))
    };
    text.split(',').filter_map(range).flatten().collect()
}

/// Which of a list of nodes a thread is on.
#[derive(Debug)]
pub(crate) struct Nearness(Vec<Option<usize>>);

impl Nearness {
    /// Of these nodes, in this order.
    pub(crate) fn of(nodes: &[Node]) -> Self {
        let cpus = nodes.iter().flat_map(|node| &node.cpus).max().map_or(0, |last| last + 1);
        let mut near = vec![None; cpus as usize];
        for (at, node) in nodes.iter().enumerate() {
            for cpu in &node.cpus {
                near[*cpu as usize] = Some(at);
            }
        }
        Self(near)
    }

    /// The node of the calling thread's processor.
    pub(crate) fn here(&self) -> Option<usize> {
        let cpu = nix::sched::sched_getcpu().ok()?;
        self.0.get(cpu).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("folder")).expect("made");
        fs::write(file, text).expect("written");
    }

    #[test]
    fn nodes_with_memory_are_read() {
        let folder = tempfile::tempdir().expect("folder");
        write(folder.path(), "online", "0-2\n");
        write(folder.path(), "has_memory", "0,2\n");
        write(folder.path(), "node0/cpulist", "0-1,4\n");
        write(folder.path(), "node2/cpulist", "2-3,5\n");
        let nodes = nodes(folder.path());
        let expected = [Node { id: 0, cpus: vec![0, 1, 4] }, Node { id: 2, cpus: vec![2, 3, 5] }];
        assert_eq!(nodes, expected);
        let near = Nearness::of(&nodes).0;
        assert_eq!(near, [Some(0), Some(0), Some(1), Some(1), Some(0), Some(1)]);
    }

    #[test]
    fn where_nothing_is_told_there_is_one_node() {
        let folder = tempfile::tempdir().expect("folder");
        let one = [Node { id: 0, cpus: Vec::new() }];
        assert_eq!(nodes(folder.path()), one);
        write(folder.path(), "has_memory", "what?");
        assert_eq!(nodes(folder.path()), one);
        assert_eq!(Nearness::of(&one).here(), None);
    }
}
