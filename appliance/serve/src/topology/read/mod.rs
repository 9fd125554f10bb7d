//! Reads a machine from sysfs and procfs, or from what a test put in their place. Nothing
//! is decided here, and nothing fails: what cannot be read is unknown.

mod disks;
mod interfaces;
mod processors;
mod queue_name;

use super::machine::Topology;
use super::tree::Tree;
use std::path::{Path, PathBuf};

/// Reads the machine below `root`, with these folders of objects: absolute, without links.
#[must_use]
pub fn read(root: &Path, folders: &[PathBuf]) -> Topology {
    let tree = Tree::below(root);
    Topology {
        processors: processors::read(&tree),
        memory: processors::memory(&tree),
        interfaces: interfaces::read(&tree),
        disks: disks::read(&tree, folders),
    }
}
