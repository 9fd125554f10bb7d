//! What a case ran on.

use anyhow::Result;
use serde::Serialize;

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
