//! What a case ran on.

use anyhow::{Context, Result};
use serde::Serialize;

/// What the kernel's TCP holds for all connections of this machine, in GB.
///
/// # Errors
/// When the kernel does not tell.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub fn tcp_memory_gb() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/net/sockstat")?;
    let line = text.lines().find_map(|line| line.strip_prefix("TCP: ")).context("no TCP")?;
    let pages = line.split(' ').skip_while(|word| *word != "mem").nth(1).context("no mem")?;
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)?.unwrap_or(4096);
    Ok(pages.parse::<u64>()? as f64 * page as f64 / 1e9)
}

/// A machine.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// As the kernel names it.
    pub cpu: String,
    /// Logical processors.
    pub cpus: usize,
    /// Kernel release.
    pub kernel: String,
}

impl Machine {
    /// This one.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn this() -> Result<Self> {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo")?;
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
        let cpu = model.map_or("?", |rest| rest.trim_start_matches([' ', '\t', ':'])).to_owned();
        // What this thread may run on is one of them: it is pinned.
        let cpus = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned();
        Ok(Self { cpu, cpus, kernel })
    }
}
