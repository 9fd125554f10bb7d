//! The lab: whole machines and networks on this one, for tests and to play with.
//!
//! A machine is `systemd-nspawn --boot` on a Debian root that all share, with an overlay of
//! its own: a real systemd that boots in half a second, can be rebooted, and can have its power
//! cut. Machines and clients (bare network namespaces) are joined by bridges and virtual
//! cables, as a [`Topology`] says, which is data: `tests/lab/NAME`. It needs root, and neither
//! systemd nor a message bus on the machine that it runs on.
//!
//! What it is not: another kernel. Machines share this one's, its clock and its memory, and a
//! power cut loses no byte that was written and not synced.
//!
//! Read in this order: [`topology`], [`root`](self) (the shared Debian), [`machine`], `launch`,
//! [`network`] and `partition`, [`sweep`] (nothing stays behind), [`cdn`] (Headend in it).

mod apt;
pub mod cdn;
mod cgroup;
mod clock;
pub mod content;
pub mod controller;
mod disk;
mod hosts;
pub mod id;
mod launch;
pub mod machine;
mod mirror;
pub mod network;
mod partition;
mod root;
pub mod shell;
pub mod store;
pub mod sweep;
pub mod topology;

pub use launch::Power;

use anyhow::{Context, Result, bail, ensure};
use id::LabId;
use machine::{Machine, Parts};
use network::Network;
use root::Roots;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use store::Store;
use topology::Topology;

/// A running lab. Dropping it removes every trace; [`Lab::stop`] does so in order.
#[derive(Debug)]
pub struct Lab {
    /// What it is made after.
    pub topology: Topology,
    /// Its machines, by name.
    pub machines: BTreeMap<String, Machine>,
    /// Its cables.
    pub network: Network,
    /// Where the programs of this build are.
    pub programs: PathBuf,
    /// Debian packages for bare machines, with their index, where there are such machines.
    pub mirror: Option<PathBuf>,
    traces: Traces,
}

/// Whatever carries a lab's name: goes with this.
#[derive(Debug)]
struct Traces {
    id: LabId,
    store: Store,
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(err) = sweep::remove(&self.store, self.id) {
            eprintln!("lab: {err:#}; `lab sweep` tries again");
        }
    }
}

impl Lab {
    /// Builds a topology, with programs from this folder, and boots its machines.
    ///
    /// # Errors
    /// What is missing here, or the first machine that does not come up. Nothing is left then.
    pub async fn start(topology: Topology, programs: &Path) -> Result<Self> {
        check_requirements()?;
        let store = Store::open()?;
        sweep::sweep(&store).context("clearing up what another lab has left")?;
        let roots = Roots::ensure(&store, &topology).await?;
        let traces = Traces { id: LabId::new()?, store };
        let run = traces.store.run(traces.id);
        std::fs::create_dir(&run)?;
        let network = Network::build(traces.id, &topology, &run).await?;
        let parts = Parts { run: &run, roots: &roots, programs };
        let mut machines = BTreeMap::new();
        for name in topology.machines.keys() {
            let machine = Machine::assemble(traces.id, name, &topology, &parts).await?;
            machines.insert(name.clone(), machine);
        }
        write_hosts(&run, &topology)?;
        let programs = programs.to_path_buf();
        let mirror = roots.mirror();
        let mut lab = Self { topology, machines, network, programs, mirror, traces };
        lab.boot_all().await?;
        Ok(lab)
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> LabId {
        self.traces.id
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.traces.store.run(self.id())
    }

    async fn boot_all(&mut self) -> Result<()> {
        for machine in self.machines.values_mut() {
            machine.switch_on()?;
        }
        for machine in self.machines.values_mut() {
            machine.wait_up().await?;
        }
        Ok(())
    }

    /// A machine.
    ///
    /// # Errors
    /// When the topology has none of that name.
    pub fn machine(&self, name: &str) -> Result<&Machine> {
        self.machines.get(name).with_context(|| format!("there is no machine {name}"))
    }

    /// The words that run a command of this machine at a device's place in the network, when
    /// they stand before it.
    ///
    /// # Errors
    /// When the topology has none of that name.
    pub fn at(&self, device: &str) -> Result<Vec<OsString>> {
        if !self.topology.devices().any(|name| name == device) {
            bail!("there is no machine or client {device}");
        }
        Ok(shell::at(&self.folder(), self.id(), device))
    }

    /// Takes the power from a machine: its cables go dark and all that it runs ends, at once.
    ///
    /// # Errors
    /// When there is no such machine.
    pub async fn cut_power(&mut self, name: &str) -> Result<()> {
        self.network.unplug(name).await?;
        self.machine_mut(name)?.kill().await
    }

    /// Gives a machine its power back, and waits until it is up. Cables that were cut for
    /// themselves stay cut.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restore_power(&mut self, name: &str) -> Result<()> {
        self.network.plug(name).await?;
        let machine = self.machine_mut(name)?;
        machine.switch_on()?;
        machine.wait_up().await
    }

    /// A machine, to reboot it or switch it off.
    ///
    /// # Errors
    /// When the topology has none of that name.
    pub fn machine_mut(&mut self, name: &str) -> Result<&mut Machine> {
        self.machines.get_mut(name).with_context(|| format!("there is no machine {name}"))
    }

    /// Shuts every machine down, and looks that no trace is left.
    ///
    /// # Errors
    /// As [`Lab::stop`], and when something is left.
    pub async fn stop_and_leave_nothing(self) -> Result<()> {
        let id = self.id();
        self.stop().await?;
        let left = sweep::find(&Store::open()?)?.remove(&id);
        ensure!(left.is_none(), "an orderly end has left {left:?}");
        Ok(())
    }

    /// Shuts every machine down and removes every trace.
    ///
    /// # Errors
    /// When a machine does not end; it is killed then, and no trace is left all the same.
    pub async fn stop(mut self) -> Result<()> {
        for machine in self.machines.values_mut() {
            machine.switch_off().await;
        }
        for machine in self.machines.values_mut() {
            machine.wait_off().await?;
        }
        Ok(())
    }
}

fn write_hosts(run: &Path, topology: &Topology) -> Result<()> {
    let text = match &topology.cdn {
        Some(cdn) => hosts::of_viewers(topology, cdn),
        None => hosts::of_machines(topology),
    };
    Ok(std::fs::write(shell::hosts(run), text)?)
}

/// What this machine lacks, told before anything is made.
///
/// # Errors
/// The first thing that is missing, and which package brings it.
pub fn check_requirements() -> Result<()> {
    ensure!(
        nix::unistd::geteuid().is_root(),
        "the lab needs root: it makes machines, mounts and network namespaces"
    );
    for (program, package) in [
        ("systemd-nspawn", "systemd-container"),
        ("mmdebstrap", "mmdebstrap"),
        ("ip", "iproute2"),
        ("nft", "nftables"),
        ("nsenter", "util-linux"),
        ("losetup", "mount"),
        ("apt-ftparchive", "apt-utils"),
    ] {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
        ensure!(is_there, "{program} is missing: setup/install.sh installs the package {package}");
    }
    Ok(())
}

/// Whether a test of the lab can be run here; where it is not, that is said. CI has to have all that it
/// takes.
///
/// # Errors
/// In CI, what is missing.
pub fn may_run() -> Result<bool> {
    match check_requirements() {
        Err(err) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {err:#}");
            Ok(false)
        }
        outcome => outcome.map(|()| true),
    }
}
