//! One machine: a root of its own over the shared one, a real systemd, a switch and a shell.

use super::cgroup::Cgroup;
use super::disk::Disk;
use super::id::LabId;
use super::launch::{Launch, Power};
use super::root::Roots;
use super::store::MachineFolder;
use super::topology::{Machine as Intent, Topology, role_folder};
use crate::process::output;
use anyhow::{Context, Result, bail, ensure};
use nix::mount::{MsFlags, mount};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A machine is up within a second, ten on a busy one; one that is not by then hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a shell inside knows of its surroundings.
const ENVIRONMENT: [&str; 4] = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "TERM=xterm-256color",
];

/// A machine of a lab.
#[derive(Debug)]
pub struct Machine {
    /// Its name, as it knows it itself.
    pub name: String,
    /// Its files, on the machine that the lab runs on.
    pub folder: MachineFolder,
    cgroup: Cgroup,
    launch: Arc<Launch>,
    power: Arc<watch::Sender<Power>>,
    boots: u32,
}

impl Machine {
    /// Puts a machine together. It has no power yet.
    pub(super) async fn assemble(
        id: LabId,
        name: &str,
        topology: &Topology,
        parts: &Parts<'_>,
    ) -> Result<Self> {
        let intent = &topology.machines.get(name).context("a machine of the topology")?.value;
        let folder = MachineFolder::of(parts.run, name);
        mount_root(&folder, parts.roots.of(intent))?;
        place_files(&folder.root(), name, intent, topology).await?;
        let programs = programs(parts.programs, intent)?;
        let cgroup = Cgroup::create(&id.part(name))?;
        let mut disks = Vec::new();
        for (disk, mib) in &intent.disks_mib {
            disks.push(Disk::make(&folder.disks(), disk, *mib).await?);
        }
        let launch = Launch::new(id, name, (&programs, disks), &folder, &cgroup)?;
        let launch = Arc::new(launch);
        let power = Arc::new(watch::Sender::new(Power::Off("it was never switched on".into())));
        Ok(Self { name: name.to_owned(), folder, cgroup, launch, power, boots: 0 })
    }

    /// Switches it on. It is not up yet.
    pub(super) fn switch_on(&self) -> Result<()> {
        ensure!(matches!(self.power(), Power::Off(_)), "{} is on already", self.name);
        self.power.send_replace(Power::Booting);
        tokio::spawn(Arc::clone(&self.launch).run(Arc::clone(&self.power), self.boots));
        Ok(())
    }

    /// Whether it has power.
    #[must_use]
    pub fn power(&self) -> Power {
        self.power.borrow().clone()
    }

    /// Has the machine boot again, by its own orderly way, and waits until it is up.
    ///
    /// # Errors
    /// When it does not come up; with the end of what it said.
    pub async fn reboot(&mut self) -> Result<()> {
        // The connection to systemd may end before its answer has come.
        let _ = self.run(["systemctl", "reboot"]).await;
        self.wait_up().await
    }

    /// Asks the machine to shut down, by its own orderly way, if it is up.
    pub(super) async fn switch_off(&self) {
        let _ = self.run(["systemctl", "poweroff"]).await;
    }

    /// SIGKILL to everything that it runs, all at once.
    pub(super) async fn kill(&mut self) -> Result<()> {
        let cgroup = self.cgroup.clone();
        tokio::task::spawn_blocking(move || cgroup.kill()).await??;
        self.wait_off().await
    }

    /// Waits until it is up once more than it was.
    pub(super) async fn wait_up(&mut self) -> Result<()> {
        let (mut power, boots_before) = (self.power.subscribe(), self.boots);
        let is_settled = |power: &Power| match power {
            Power::Off(_) => true,
            Power::Up { boots, .. } => *boots > boots_before,
            Power::Booting => false,
        };
        let settled = tokio::time::timeout(PATIENCE, power.wait_for(is_settled)).await;
        let settled = match settled {
            Ok(settled) => settled?.clone(),
            Err(_) => Power::Off(format!("it is not up after {} s", PATIENCE.as_secs())),
        };
        match settled {
            Power::Up { boots, .. } => {
                self.boots = boots;
                Ok(())
            }
            Power::Off(how) => bail!("{}: {how}\n{}", self.name, self.console()),
            Power::Booting => bail!("{} is booting", self.name),
        }
    }

    pub(super) async fn wait_off(&self) -> Result<()> {
        let mut power = self.power.subscribe();
        let off = power.wait_for(|power| matches!(power, Power::Off(_)));
        let off = tokio::time::timeout(PATIENCE, off).await;
        off.with_context(|| format!("{} is not off\n{}", self.name, self.console()))??;
        Ok(())
    }

    /// The end of what it said on its console.
    fn console(&self) -> String {
        let text = std::fs::read_to_string(self.folder.console()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// The words that run a command inside, when they stand before it.
    ///
    /// # Errors
    /// When it is not up.
    pub fn inside(&self) -> Result<Vec<OsString>> {
        match self.power() {
            Power::Up { leader, .. } => Ok(inside(leader)),
            Power::Booting => bail!("{} is booting", self.name),
            Power::Off(how) => bail!("{} is off: {how}", self.name),
        }
    }

    /// Runs a command inside, to its end, and gives its output.
    ///
    /// # Errors
    /// When the machine is not up, or the command does not end with 0; with what it printed.
    pub async fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Result<String> {
        let mut words = self.inside()?;
        words.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        output(&words[0], &words[1..]).await.with_context(|| self.name.clone())
    }
}

/// What goes into a machine.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// The folder of the lab.
    pub(super) run: &'a Path,
    /// The Debian roots.
    pub(super) roots: &'a Roots,
    /// Where the programs of this build are.
    pub(super) programs: &'a Path,
}

/// The words that run a command in the machine with this first process.
pub(super) fn inside(leader: u32) -> Vec<OsString> {
    let target = leader.to_string();
    let enter = ["nsenter", "--all", "--wdns=/root", "--target", &target, "--", "env", "-i"];
    enter.into_iter().chain(ENVIRONMENT).map(OsString::from).collect()
}

fn mount_root(folder: &MachineFolder, lower: &Path) -> Result<()> {
    let (upper, work, root) = (folder.upper(), folder.work(), folder.root());
    for folder in [&upper, &work, &root, &folder.disks()] {
        std::fs::create_dir_all(folder)?;
    }
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        lower.display(),
        upper.display(),
        work.display()
    );
    let kind = Some("overlay");
    mount(kind, &root, kind, MsFlags::empty(), Some(&*options)).with_context(|| {
        format!("cannot mount an overlay at {}: the file system must allow it", root.display())
    })
}

async fn place_files(root: &Path, name: &str, intent: &Intent, topology: &Topology) -> Result<()> {
    for folder in [role_folder(&intent.role.value), topology.folder.join(name)] {
        if folder.is_dir() {
            // Links stay links; owners are root's, whoever has checked this out.
            let from = folder.join(".");
            let args = ["-dR", "--preserve=mode"].map(OsStr::new);
            output("cp", args.into_iter().chain([from.as_os_str(), root.as_os_str()])).await?;
        }
    }
    // With an identity this is not a first boot, which would switch on what packages bring.
    let id = format!("{:032x}\n", rand::random::<u128>());
    std::fs::write(root.join("etc/machine-id"), id)?;
    std::fs::write(root.join("etc/hostname"), format!("{name}\n"))?;
    std::fs::write(root.join("etc/hosts"), super::hosts::of_machines(topology))?;
    // What a power cut leaves of the log is worth as much as what an orderly end leaves.
    std::fs::create_dir_all(root.join("var/log/journal"))?;
    Ok(())
}

fn programs(folder: &Path, intent: &Intent) -> Result<Vec<PathBuf>> {
    let programs: Vec<PathBuf> =
        intent.programs.iter().map(|program| folder.join(program)).collect();
    for program in &programs {
        ensure!(
            program.is_file(),
            "{} is not there: build it first, with cargo build -p appliance -p fleet",
            program.display()
        );
    }
    Ok(programs)
}
