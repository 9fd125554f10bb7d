//! Machines that nobody owns: a short description becomes the files that a kernel would show.

use crate::topology::{CpuList, Plan, Survey, Topology, read};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A machine. Processors are numbered as most kernels do: first a half of every core, then
/// the others.
#[derive(Debug, Clone)]
pub(super) struct MadeUp {
    pub(super) packages: u32,
    pub(super) cores: u32,
    pub(super) threads: u32,
    pub(super) online: &'static str,
    pub(super) allowed: &'static str,
    /// Nodes with memory; each package is a node.
    pub(super) memory: &'static str,
    pub(super) cards: Vec<Card>,
    pub(super) blocks: Vec<Block>,
}

/// A network interface on a card of its own.
#[derive(Debug, Clone)]
pub(super) struct Card {
    pub(super) name: &'static str,
    pub(super) node: i32,
    pub(super) state: &'static str,
    /// The handler of a queue's interrupt, before the number.
    pub(super) handler: &'static str,
    pub(super) first_irq: u32,
    /// Where the interrupt of each receive queue goes, and its RPS mask.
    pub(super) queues: Vec<(&'static str, &'static str)>,
}

/// A block device with one partition, which is mounted.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) name: &'static str,
    pub(super) node: i32,
    pub(super) queues: u32,
    pub(super) mounted_at: &'static str,
}

impl MadeUp {
    /// Writes it, reads it, and plans so many threads on it.
    pub(super) fn survey(&self, threads: usize) -> Survey {
        let root = self.write();
        survey(root.path(), &self.folders(), threads)
    }

    pub(super) fn folders(&self) -> Vec<PathBuf> {
        self.blocks.iter().map(|block| Path::new(block.mounted_at).join("objects")).collect()
    }

    pub(super) fn write(&self) -> TempDir {
        let root = tempfile::tempdir().expect("folder");
        let files = Files(root.path());
        self.processors(&files);
        self.cards.iter().for_each(|card| card.write(&files));
        let mut mounts = "1 0 0:20 / / rw - overlay overlay rw\n".to_owned();
        for (number, block) in (0..).zip(&self.blocks) {
            mounts += &format!("2 1 259:{number} / {} rw - xfs x rw\n", block.mounted_at);
            block.write(&files, number);
        }
        files.text("proc/self/mountinfo", &mounts);
        files
            .text("proc/self/status", &format!("Name:\tx\nCpus_allowed_list:\t{}\n", self.allowed));
        root
    }

    fn processors(&self, files: &Files) {
        let system = "sys/devices/system";
        files.text(&format!("{system}/cpu/online"), self.online);
        let all = self.packages * self.cores;
        let is_online = |at: &u32| CpuList::parse(self.online).expect("online").contains(*at);
        for at in (0..all * self.threads).filter(is_online) {
            let (package, core) = (at % all / self.cores, at % self.cores);
            let cpu = format!("{system}/cpu/cpu{at}");
            files.text(&format!("{cpu}/topology/physical_package_id"), &package.to_string());
            files.text(&format!("{cpu}/topology/core_id"), &core.to_string());
            let siblings = (at % all..all * self.threads).step_by(all as usize);
            let siblings: CpuList = siblings.filter(is_online).collect();
            files.text(&format!("{cpu}/topology/thread_siblings_list"), &siblings.to_string());
            files.folder(&format!("{cpu}/node{package}"));
        }
        files.text(&format!("{system}/node/online"), self.memory);
        files.text(&format!("{system}/node/has_memory"), self.memory);
        for package in 0..self.packages {
            let own = (0..all * self.threads).filter(|at| at % all / self.cores == package);
            let own: CpuList = own.filter(is_online).collect();
            files.text(&format!("{system}/node/node{package}/cpulist"), &own.to_string());
        }
    }
}

/// Reads what is below `root`, and plans so many threads there.
pub(super) fn survey(root: &Path, folders: &[PathBuf], threads: usize) -> Survey {
    let topology: Topology = read(root, folders);
    let plan = Plan::of(&topology, threads);
    Survey { engine: "uring", topology, plan }
}

impl Card {
    fn write(&self, files: &Files) {
        let device = format!("sys/devices/pci0/card-{}", self.name);
        files.text(&format!("{device}/numa_node"), &self.node.to_string());
        // Virtio stands one level below what has the interrupts.
        let net = format!("{device}/virtio0/net/{}", self.name);
        files.text(&format!("{net}/operstate"), self.state);
        files.link(&format!("{net}/device"), "../..");
        files.link(
            &format!("sys/class/net/{}", self.name),
            &format!("../../devices/pci0/card-{0}/virtio0/net/{0}", self.name),
        );
        files.text(&format!("{device}/msi_irqs/{}", self.first_irq), "msix");
        for (number, (to, rps)) in (0..).zip(&self.queues) {
            files.text(&format!("{net}/queues/rx-{number}/rps_cpus"), rps);
            files.text(&format!("{net}/queues/tx-{number}/xps_cpus"), "1");
            let irq = self.first_irq + 1 + number;
            files.text(&format!("{device}/msi_irqs/{irq}"), "msix");
            files.folder(&format!("proc/irq/{irq}/{}{number}", self.handler));
            files.text(&format!("proc/irq/{irq}/effective_affinity_list"), to);
        }
    }
}

impl Block {
    fn write(&self, files: &Files, number: u32) {
        let device = format!("sys/devices/pci0/disk-{}", self.name);
        files.text(&format!("{device}/numa_node"), &self.node.to_string());
        files.text(&format!("{device}/model"), "Fast 3.84 TB   ");
        let block = format!("{device}/block/{}", self.name);
        files.text(&format!("{block}/queue/rotational"), "0");
        files.text(&format!("{block}/queue/nr_requests"), "1023");
        files.link(&format!("{block}/device"), "../..");
        (0..self.queues).for_each(|queue| files.folder(&format!("{block}/mq/{queue}")));
        files.text(&format!("{block}/{}p1/partition", self.name), "1");
        files.link(
            &format!("sys/dev/block/259:{number}"),
            &format!("../../devices/pci0/disk-{0}/block/{0}/{0}p1", self.name),
        );
    }
}

/// A folder that is written to as if it were `/`.
pub(super) struct Files<'root>(pub(super) &'root Path);

impl Files<'_> {
    pub(super) fn text(&self, file: &str, text: &str) {
        let file = self.0.join(file);
        fs::create_dir_all(file.parent().expect("folder")).expect("made");
        fs::write(file, format!("{text}\n")).expect("written");
    }

    fn folder(&self, folder: &str) {
        fs::create_dir_all(self.0.join(folder)).expect("made");
    }

    fn link(&self, at: &str, to: &str) {
        let at = self.0.join(at);
        fs::create_dir_all(at.parent().expect("folder")).expect("made");
        symlink(to, at).expect("linked");
    }
}
