//! How a machine comes up: `systemd-nspawn --boot` over its folder, in its namespace and
//! control group, told to us by its notifications (sd_notify(3)).
//!
//! No machine is registered anywhere: that would need systemd as the first process of the
//! machine that this runs on, and a message bus.

use super::cgroup::Cgroup;
use super::disk::Disk;
use super::id::LabId;
use super::network::Network;
use super::store::MachineFolder;
use anyhow::{Context, Result, anyhow};
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use tokio::net::UnixDatagram;
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// systemd-nspawn's word for «it wants to boot again».
const BOOT_AGAIN: i32 = 133;

/// Enters the control groups whose doors are named before `--`, and becomes what follows.
const ENTER: &str =
    r#"while [ "$1" != -- ]; do echo 0 >"$1" || exit; shift; done; shift; exec "$@""#;

/// Whether a machine has power, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Power {
    /// It has none: never had, or this is how it ended.
    Off(String),
    /// It has, and is not ready yet.
    Booting,
    /// Everything that it starts at boot has started.
    Up {
        /// Its first process.
        leader: u32,
        /// How often it has come up.
        boots: u32,
    },
}

/// All it takes to boot a machine.
#[derive(Debug)]
pub(super) struct Launch {
    args: Vec<String>,
    cgroup: Cgroup,
    folder: MachineFolder,
    /// What systemd inside says comes here. A name without a file: it goes with us.
    notifications: UnixDatagram,
    notify_name: String,
    /// Kept as long as the machine can be switched on.
    _disks: Vec<Disk>,
}

impl Launch {
    pub(super) fn new(
        id: LabId,
        name: &str,
        (programs, disks): (&[PathBuf], Vec<Disk>),
        folder: &MachineFolder,
        cgroup: &Cgroup,
    ) -> Result<Self> {
        let notify_name = id.part(name);
        let address = SocketAddr::from_abstract_name(&notify_name)?;
        let socket = bind(&Network::namespace(id, name), address)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            args: args(id, name, (programs, &disks), folder),
            cgroup: cgroup.clone(),
            folder: folder.clone(),
            notifications: UnixDatagram::from_std(socket)?,
            notify_name,
            _disks: disks,
        })
    }

    /// Boots, and boots again when the machine asks for it, until it is off.
    pub(super) async fn run(self: Arc<Self>, power: Arc<watch::Sender<Power>>, boots_before: u32) {
        for boots in boots_before + 1.. {
            power.send_replace(Power::Booting);
            let how = match self.boot(&power, boots).await {
                Ok(status) if status.code() == Some(BOOT_AGAIN) => continue,
                Ok(status) => format!("systemd-nspawn ended with {status}"),
                Err(err) => format!("{err:#}"),
            };
            let forgotten = self.folder.forget_leader();
            let also = forgotten.err().map(|err| format!("; its leader is not forgotten: {err}"));
            power.send_replace(Power::Off(how + &also.unwrap_or_default()));
            return;
        }
    }

    async fn boot(&self, power: &watch::Sender<Power>, boots: u32) -> Result<ExitStatus> {
        let mut child = self.spawn()?;
        let (mut datagram, mut leader) = ([0; 4096], 0);
        loop {
            let count = tokio::select! {
                status = child.wait() => return Ok(status?),
                count = self.notifications.recv(&mut datagram) => count?,
            };
            let said = String::from_utf8_lossy(&datagram[..count]);
            for line in said.lines() {
                if let Some(pid) = line.strip_prefix("X_NSPAWN_LEADER_PID=") {
                    leader = pid.parse().context("systemd-nspawn's leader")?;
                } else if line == "READY=1" {
                    std::fs::write(self.folder.leader(), leader.to_string())?;
                    power.send_replace(Power::Up { leader, boots });
                }
            }
        }
    }

    fn spawn(&self) -> Result<Child> {
        let console = File::options().create(true).append(true).open(self.folder.console())?;
        let mut command = Command::new("sh");
        command.args(["-c", ENTER, "sh"]).args(self.cgroup.doors());
        // It ends with us; what it has started does not, and is found by its control group.
        command.args(["--", "setpriv", "--pdeathsig", "KILL", "--"]).args(&self.args);
        command.env("NOTIFY_SOCKET", format!("@{}", self.notify_name));
        // What is of a network namespace a machine may change: its namespace is its own.
        command.env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network");
        command.stdin(Stdio::null()).stdout(console.try_clone()?).stderr(console);
        command.process_group(0).kill_on_drop(true).spawn().context("cannot start systemd-nspawn")
    }
}

/// A socket in another network: names without a file are each network's own.
fn bind(network: &Path, address: SocketAddr) -> Result<std::os::unix::net::UnixDatagram> {
    let network = File::open(network)?;
    // The thread stays there, and ends.
    let bound = std::thread::spawn(move || {
        setns(network, CloneFlags::CLONE_NEWNET)?;
        anyhow::Ok(std::os::unix::net::UnixDatagram::bind_addr(&address)?)
    });
    bound.join().map_err(|_| anyhow!("the thread that binds has panicked"))?
}

fn args(
    id: LabId,
    name: &str,
    (programs, disks): (&[PathBuf], &[Disk]),
    folder: &MachineFolder,
) -> Vec<String> {
    // In the machine's network from the start, so that /sys shows its interfaces, and no others.
    let network = Network::namespace(id, name);
    let enter = ["nsenter".to_owned(), format!("--net={}", network.display()), "--".to_owned()];
    let mut args: Vec<String> = enter.into();
    args.extend(
        [
            "systemd-nspawn",
            "--quiet",
            "--boot",
            "--register=no",
            "--keep-unit",
            "--notify-ready=yes",
            "--console=pipe",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
            "--capability=CAP_NET_ADMIN",
            // The appliance's usual engine; systemd's filter leaves it out.
            "--system-call-filter=io_uring_setup io_uring_enter io_uring_register",
        ]
        .map(str::to_owned),
    );
    args.push(format!("--directory={}", folder.root().display()));
    args.push(format!("--machine={}", id.part(name)));
    args.push(format!("--hostname={name}"));
    for program in programs {
        let place = program.file_name().unwrap_or_default().display();
        args.push(format!("--bind-ro={}:/usr/bin/{place}", program.display()));
    }
    args.extend(disks.iter().map(Disk::arg));
    args
}
