//! Devices that are none, in a process of their own on the load's core, as far away as real ones.

use crate::bench::core::Cores;
use crate::bench::running::Running;
use anyhow::Result;
use ssh_devices::{Device, Devices};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Each of these takes any number of users, who are the devices.
const ADDRESSES: usize = 16;

/// Their keys are made by then.
const PATIENCE: Duration = Duration::from_secs(30);

/// How they are.
#[derive(Debug, clap::Args)]
pub struct Asked {
    /// The port of all of them.
    #[arg(long)]
    pub port: u16,
    /// Where their keys are written, as OpenSSH has them.
    #[arg(long)]
    pub known_hosts: PathBuf,
    /// How long a byte takes, in each direction.
    #[arg(long)]
    pub latency_ms: u64,
    /// How long their configuration is.
    #[arg(long)]
    pub config_bytes: usize,
}

/// They listen until this process is ended.
///
/// # Errors
/// When an address is taken.
pub fn serve(asked: &Asked) -> Result<()> {
    let latency = Duration::from_millis(asked.latency_ms);
    let device = Device { latency, config_bytes: asked.config_bytes, ..Device::default() };
    let devices = Devices::start(asked.port, &vec![device; ADDRESSES])?;
    let mut text = String::new();
    for at in 0..ADDRESSES {
        let address = devices.address(at);
        writeln!(text, "[{}]:{} {}", address.ip(), address.port(), devices.host_key(at))?;
    }
    // Whoever waits for it finds all of it.
    let unfinished = asked.known_hosts.with_extension("unfinished");
    std::fs::write(&unfinished, text)?;
    std::fs::rename(unfinished, &asked.known_hosts)?;
    loop {
        std::thread::park();
    }
}

/// Devices that listen. They end with this.
pub struct Simulated {
    _running: Running,
    /// Their keys.
    pub known_hosts: PathBuf,
    /// One on each line: address, port and user.
    pub list: PathBuf,
}

impl Simulated {
    /// Starts so many.
    ///
    /// # Errors
    /// When they do not come up.
    pub async fn start(
        folder: &Path,
        count: usize,
        latency_ms: u64,
        config_bytes: usize,
    ) -> Result<Self> {
        let (port, known_hosts) = (ports::free()?, folder.join("known_hosts"));
        let args = vec![
            std::env::current_exe()?.display().to_string(),
            "devices".to_owned(),
            format!("--port={port}"),
            format!("--known-hosts={}", known_hosts.display()),
            format!("--latency-ms={latency_ms}"),
            format!("--config-bytes={config_bytes}"),
        ];
        let running = Running::start_on(Cores::Load, "devices", args, port, folder, PATIENCE);
        let mut running = running.await?;
        running.wait_for(PATIENCE, async || known_hosts.exists()).await?;
        let list = folder.join("devices");
        let line = |at: usize| format!("127.0.0.{} {port} sw{at}\n", 1 + at % ADDRESSES);
        std::fs::write(&list, (0..count).map(line).collect::<String>())?;
        Ok(Self { _running: running, known_hosts, list })
    }
}
